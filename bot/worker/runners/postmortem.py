"""The post-mortem where people work on it: the channel's canvas, else messages; and a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blocks import postmortem as shown
from bot.domain import postmortem as domain
from bot.errors import ProviderError, Reason
from bot.services import postmortems
from bot.store import effects as effect_store
from bot.worker import markdown
from bot.worker.posting import LOST, post_current
from bot.worker.runners.messages import message_link

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.domain.postmortem import Postmortem
    from bot.ports_documents import CodeHost, PullRequest
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

#: Slack's answers that mean "no canvas here", and what that is for people.
REFUSALS = {
    "team_tier_cannot_create_channel_canvases": "this workspace's plan has no canvases in channels",
    "free_team_canvas_tab_already_exists": "this workspace's plan allows one canvas in a channel, and there is one",
    "free_teams_cannot_edit_standalone_canvases": "this workspace's plan does not let me edit canvases",
    "canvas_disabled_user_team": "canvases are switched off in this workspace",
    "restricted_action": "an administrator restricted who may use canvases",
    "missing_scope": "the Slack app lacks the scope canvases:write (see manifest.yml)",
    "access_denied": "Slack does not let me write there",
    "is_archived": "the channel is archived",
    "channel_not_found": "I am not in the channel",
    "not_in_channel": "I am not in the channel",
    "canvas_creation_failed": "Slack could not make it",
    "canvas_editing_failed": "Slack could not write it",
    "canvas_tab_creation_failed": "Slack could not make it",
    "channel_canvas_creation_failed": "Slack could not make it",
}
OCCUPIED = "channel_canvas_already_exists"
#: What a token without the right answers, and what it needs.
RIGHTS = {"403", "404"}


# --- the canvas ---------------------------------------------------------------------------------------------------


async def write_canvas(world: World, effect: Claimed) -> Settle | None:
    """Write the draft into the channel's canvas; where there can be none it comes as messages, and says why."""
    incident, post = await world.afterwards.postmortems.current(effect.incident or 0)
    channel = incident.places.channel
    if post is None or _outdated(post, effect):
        return None
    number = incident.number
    if channel is None or incident.places.archived:
        why = "the channel is archived" if channel else "the incident has no channel"
        return _without(effect, number, why)
    try:
        if post.canvas and post.canvas_channel == channel:
            return await _again(world, effect, post, channel)
        return await _first(world, post, incident, channel, effect)
    except ProviderError as error:
        if error.code not in REFUSALS or error.reason is Reason.RATE_LIMITED:
            raise
        why = REFUSALS[error.code]
        detail = error.detail if error.code.endswith("_failed") else error.code
        return _without(effect, number, f"{why} ({detail})")


def _outdated(post: Postmortem, effect: Claimed) -> bool:
    """A newer draft is on its way."""
    return bool(effect.payload["revision"] != post.revision)


async def _again(world: World, effect: Claimed, post: Postmortem, channel: str) -> Settle | None:
    number = post.incident
    if not effect.payload.get("replaces"):
        return lambda tx: postmortems.canvas_kept(tx, number)
    canvas = post.canvas or ""
    try:
        await world.chat.replace_canvas(canvas, post.markdown)
    except ProviderError as error:
        if error.code != "canvas_not_found":
            raise
        incident = await world.load(number)
        return await _first(world, post, incident, channel, effect)
    return lambda tx: postmortems.canvas_written(tx, number, channel, canvas, again=True)


async def _first(
    world: World, post: Postmortem, incident: Incident, channel: str, effect: Claimed
) -> Settle:
    """Make the canvas. One that is there and that we did not set out to make is people's own."""
    number = incident.number
    found = await world.chat.canvas_of(channel)
    begun = post.canvas_begun == channel
    if found is not None and not begun:
        return _without(effect, number, "the channel has a canvas of your own, which I leave alone")
    if found is None:
        if not begun:
            await world.afterwards.postmortems.begin_canvas(number, channel)
        title = f"Post-mortem {incident.name}"
        try:
            found = await world.chat.create_canvas(channel, title, post.markdown)
        except ProviderError as error:
            if error.code != OCCUPIED:
                raise
            return _without(effect, number, "the channel has a canvas already, which I leave alone")
    else:  # made by an attempt whose answer was lost
        await world.chat.replace_canvas(found, post.markdown)
    canvas = found
    return lambda tx: postmortems.canvas_written(tx, number, channel, canvas, again=False)


def _without(effect: Claimed, number: int, why: str) -> Settle:
    """No canvas: not done, and not to be tried again; the run log shows what was done instead."""
    words = f"no canvas: {why}. The draft comes as messages instead."

    def settle(tx: Tx) -> None:
        effect_store.settle(tx.session, effect.id, tx.now, state="cancelled")
        postmortems.share(tx, number, words)

    return settle


# --- messages -----------------------------------------------------------------------------------------------------


async def share(world: World, effect: Claimed) -> Settle | None:
    """One message of the draft: posted, edited when it is there already, deleted when the draft became shorter."""
    incident, post = await world.afterwards.postmortems.current(effect.incident or 0)
    if post is None or _outdated(post, effect):
        return None
    part: int = effect.payload["part"]
    channel, thread = await _place(world, incident, post)
    if channel is None:
        return None
    place = (channel, thread)
    known = post.messages if post.place == place else ()
    here = known[part] if part < len(known) else ""
    message = shown.part(incident, post, part)
    if message is None:
        if here:
            await world.chat.delete(channel, here)
        return lambda tx: postmortems.message_posted(tx, incident.number, part, place, "", "")
    within = thread or (known[0] if part and known else None)
    ts = await _said(world, effect, channel, here, message, within)
    url = message_link(world, channel, ts) or ""
    return lambda tx: postmortems.message_posted(tx, incident.number, part, place, ts, url)


async def _said(
    world: World, effect: Claimed, channel: str, here: str, message: Any, thread: str | None
) -> str:
    if here:
        try:
            await world.chat.update(channel, here, message, key=effect.key)
        except ProviderError as error:
            if error.code not in LOST:
                raise
        else:
            return here
    return await post_current(world, effect, channel, message, thread=thread)


async def _place(
    world: World, incident: Incident, post: Postmortem
) -> tuple[str | None, str | None]:
    """The channel; else the announcement's thread; else whoever drafted it, directly."""
    places = incident.places
    if places.channel and not places.archived:
        return places.channel, None
    if not incident.private and places.announcement_channel and places.announcement_ts:
        return places.announcement_channel, places.announcement_ts
    author = await world.work.read(lambda tx: postmortems.drafted_by(tx, post.incident))
    return (await world.chat.direct(author), None) if author else (None, None)


# --- the pull request ---------------------------------------------------------------------------------------------


async def propose(world: World, effect: Claimed) -> Settle | None:
    """Branch, file, pull request: each looked for before it is made. What people changed is left alone."""
    incident, post = await world.afterwards.postmortems.current(effect.incident or 0)
    if post is None or _outdated(post, effect):
        return None
    repo, code = "", world.the_tickets
    try:
        for repo in world.afterwards.postmortems.repositories(incident, post):
            base = await _default_branch(code(), repo)
            if base is not None:
                return await _propose(code(), incident, post, (repo, base), world.workspace_url)
    except ProviderError as error:
        raise _mendable(error, repo) from None
    if repo:
        raise _mendable(ProviderError("github", Reason.NOT_FOUND, "not found", code="404"), repo)
    return None


async def _default_branch(code: CodeHost, repo: str) -> str | None:
    """None when the repository cannot be seen: its name may only have been guessed from the service's."""
    try:
        return await code.default_branch(repo)
    except ProviderError as error:
        if error.reason is not Reason.NOT_FOUND:
            raise
        return None


async def _propose(
    code: CodeHost, incident: Incident, post: Postmortem, where: tuple[str, str], workspace: str
) -> Settle:
    number, branch, (repo, base) = incident.number, domain.branch_of(incident), where
    pull = await code.pull_of(repo, branch)
    if pull is not None and pull.state != "open":
        return _left(number, repo, shown.closed(repo, pull), pull)
    await _branch(code, repo, branch, base)
    if not await _written(code, incident, post, repo):
        return _left(number, repo, shown.edited(repo, branch, domain.path_of(incident)), pull)
    if pull is None:
        title, body = markdown.pull_title(incident), markdown.pull_body(incident, workspace)
        pull = await code.open_pull(repo, branch, base, title=title, body=body)
    made = pull
    return lambda tx: postmortems.proposed(tx, number, repo, made.number, made.url)


async def _branch(code: CodeHost, repo: str, branch: str, base: str) -> None:
    if await code.branch_head(repo, branch) is not None:
        return
    start = await code.branch_head(repo, base)
    if start is None:
        detail = f"{repo} is empty: commit a README to {base} first, then press Retry"
        raise ProviderError("github", Reason.INVALID, detail)
    await code.create_branch(repo, branch, start)


async def _written(code: CodeHost, incident: Incident, post: Postmortem, repo: str) -> bool:
    """Whether the branch has this draft now; False when the file there is not one we wrote."""
    branch, path = domain.branch_of(incident), domain.path_of(incident)
    there = await code.file(repo, path, branch)
    if there is not None and there.sha not in post.written:
        return False
    if there is None or there.sha != domain.git_id(post.markdown):
        verb = "Draft" if there is None else "Update"
        message = f"{verb} the post-mortem of {incident.name}"
        try:
            await code.write_file(
                repo, path, branch, post.markdown, message=message,
                replaces=there.sha if there else None,
            )  # fmt: skip
        except ProviderError as error:
            if error.reason is not Reason.CONFLICT:
                raise
            # Somebody was faster: whose it is shows at the next look.
            raise ProviderError("github", Reason.UNAVAILABLE, error.detail) from None
    return True


def _left(number: int, repo: str, why: str, pull: PullRequest | None) -> Settle:
    url = pull.url if pull else ""
    return lambda tx: postmortems.left_alone(tx, number, repo, why, url)


def _mendable(error: ProviderError, repo: str) -> ProviderError:
    """A token without the right: say which one is needed."""
    if error.code not in RIGHTS or error.reason is Reason.RATE_LIMITED:
        return error
    detail = (
        f"{error.detail}. Give GITHUB_TOKEN Contents and Pull requests: read and write for {repo} "
        "(GitHub > Settings > Developer settings > Fine-grained tokens), then press Retry"
    )
    return ProviderError(error.provider, error.reason, detail, code=error.code)
