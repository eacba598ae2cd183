"""``api.test``, ``apps.*``, ``auth.*``, ``team.*`` and ``bots.*``.

https://docs.slack.dev/reference/methods
"""

from bot.sandbox import seed
from bot.sandbox.slack import wire
from bot.sandbox.slack.call import Call, Method
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Json


def api_test(call: Call) -> Json:
    """Fails on request."""
    error = call.args.text("error")
    if error:
        raise SlackError(error, args={"error": error})
    return {"args": {}}


def connections_open(call: Call) -> Json:
    """Hands out the address of one WebSocket, good once."""
    ticket = call.app.socket.new_ticket()
    base = call.ws.base_url.replace("http", "ws", 1)
    return {"url": f"{base}/slack/socket?ticket={ticket}&app_id={call.ws.app_id}"}


def auth_test(call: Call) -> Json:
    """Who the token is."""
    ws = call.ws
    return {
        "url": f"{ws.base_url}/",
        "team": seed.TEAM_NAME,
        "user": ws.bot.name,
        "team_id": ws.team_id,
        "user_id": ws.bot.id,
        "bot_id": ws.bot_id,
        "is_enterprise_install": False,
    }


def team_info(call: Call) -> Json:
    """The workspace."""
    ws = call.ws
    return {
        "team": {
            "id": ws.team_id,
            "name": seed.TEAM_NAME,
            "domain": seed.TEAM_DOMAIN,
            "email_domain": "example.com",
            "url": f"{ws.base_url}/",
            "icon": {"image_default": True},
        }
    }


def bots_info(call: Call) -> Json:
    """The app's bot."""
    ws = call.ws
    if call.args.text("bot", ws.bot_id) != ws.bot_id:
        raise SlackError("bot_not_found")
    return {"bot": {key: value for key, value in wire.bot_profile(ws).items() if key != "team_id"}}


#: ``apps.connections.open`` is published as tier 1, but Slack itself asks apps to open up to ten
#: connections and to reconnect at once; no bot has been seen refused, so it is not limited here.
METHODS = {
    "api.test": Method(api_test, 4, takes="none"),
    "apps.connections.open": Method(connections_open, None, takes="app"),
    "auth.test": Method(auth_test, None),
    "team.info": Method(team_info, 3, ("team:read",)),
    "bots.info": Method(bots_info, 3, ("users:read",)),
}
