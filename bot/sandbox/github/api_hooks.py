"""Webhooks of repositories: https://docs.github.com/rest/repos/webhooks."""

from urllib.parse import urlsplit

from bot.sandbox.github import errors
from bot.sandbox.github.calls import Answer, Call, Route
from bot.sandbox.github.model import Hook, Repository
from bot.sandbox.github.webhooks import Delivery

MAX_HOOKS = 20


def hook_of(call: Call) -> tuple[Repository, Hook]:
    """The webhook of the path."""
    repository = call.need_push()
    found = repository.hooks.get(int(call.params["id"]))
    if found is None:
        raise errors.not_found()
    return repository, found


def hooks(call: Call) -> Answer:
    """GET .../hooks: 404 without admin rights."""
    repository = call.repository
    if not call.can_push(repository):
        raise errors.not_found()
    return call.page(
        list(repository.hooks.values()), lambda hook: call.desk.render.hook(repository, hook)
    )


def create_hook(call: Call) -> Answer:
    """POST .../hooks: sends a ping at once."""
    repository, fields, desk = call.need_push(), call.fields, call.desk
    config = fields.get("config")
    if not isinstance(config, dict) or not urlsplit(str(config.get("url", ""))).netloc:
        raise errors.validation("Hook", "url", "missing_field")
    url, events = str(config["url"]), [str(one) for one in fields.get("events") or ["push"]]
    if any(hook.url == url for hook in repository.hooks.values()):
        text = "Hook already exists on this repository"
        raise errors.ApiError(
            422,
            "Validation Failed",
            errors=[{"resource": "Hook", "code": "custom", "message": text}],
        )
    if len(repository.hooks) >= MAX_HOOKS:
        raise errors.invalid(f"A repository can have at most {MAX_HOOKS} webhooks")
    now = desk.store.now()
    hook = Hook(
        desk.store.new_id(),
        url,
        config.get("secret"),
        events,
        now,
        now,
        # A form is what one gets without asking for JSON.
        content_type=str(config.get("content_type") or "form"),
        insecure_ssl=str(config.get("insecure_ssl") or "0"),
        active=fields.get("active", True) is not False,
    )
    repository.hooks[hook.id] = hook
    desk.webhooks.ping(repository, hook, call.by)
    return desk.render.hook(repository, hook)


def show_hook(call: Call) -> Answer:
    """GET .../hooks/{id}."""
    return call.desk.render.hook(*hook_of(call))


def update_hook(call: Call) -> Answer:
    """PATCH .../hooks/{id}."""
    (repository, hook), fields = hook_of(call), call.fields
    config = fields.get("config") or {}
    hook.url = str(config.get("url") or hook.url)
    hook.secret = config.get("secret", hook.secret)
    hook.content_type = str(config.get("content_type") or hook.content_type)
    hook.events = [str(one) for one in fields.get("events") or hook.events]
    hook.active = bool(fields.get("active", hook.active))
    hook.updated_at = call.desk.store.now()
    return call.desk.render.hook(repository, hook)


def delete_hook(call: Call) -> Answer:
    """DELETE .../hooks/{id}."""
    repository, hook = hook_of(call)
    del repository.hooks[hook.id]


def ping_hook(call: Call) -> Answer:
    """POST .../hooks/{id}/pings."""
    repository, hook = hook_of(call)
    call.desk.webhooks.ping(repository, hook, call.by)


def sent(call: Call) -> list[Delivery]:
    """What was sent to the webhook of the path, newest first."""
    _, hook = hook_of(call)
    return [one for one in reversed(call.desk.webhooks.deliveries) if one.hook is hook]


def deliveries(call: Call) -> Answer:
    """GET .../hooks/{id}/deliveries."""
    return call.page(sent(call), Delivery.shown)


def redeliver(call: Call) -> Answer:
    """POST .../hooks/{id}/deliveries/{delivery}/attempts: 202, the GUID stays the same."""
    found = next((one for one in sent(call) if str(one.id) == call.params["delivery"]), None)
    if found is None:
        raise errors.not_found()
    call.desk.webhooks.redeliver(found)
    return {}


REPO = "/repos/{owner}/{repo}"
HOOK = f"{REPO}/hooks/{{id:[0-9]+}}"
ROUTES = (
    Route("GET", f"{REPO}/hooks", hooks),
    Route("POST", f"{REPO}/hooks", create_hook, 201),
    Route("GET", HOOK, show_hook),
    Route("PATCH", HOOK, update_hook),
    Route("DELETE", HOOK, delete_hook, 204),
    Route("POST", f"{HOOK}/pings", ping_hook, 204),
    Route("GET", f"{HOOK}/deliveries", deliveries),
    Route("POST", f"{HOOK}/deliveries/{{delivery}}/attempts", redeliver, 202),
)
