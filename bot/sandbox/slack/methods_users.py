"""``users.*`` and ``usergroups.*``.

https://docs.slack.dev/reference/methods#users
"""

from bot.sandbox.slack import wire
from bot.sandbox.slack.call import READ, Call, Method, any_of, cursor_metadata
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.methods_conversations import listing
from bot.sandbox.slack.model import Json, User, UserGroup
from bot.sandbox.slack.usergroups import set_users


def users_list(call: Call) -> Json:
    """Everybody of this workspace, those who left and the bot included."""
    here = [user for user in call.ws.users.values() if not user.team]
    users, cursor = call.page(here, default=1000)
    return {
        "members": [wire.user_object(call.ws, user) for user in users],
        "cache_ts": call.ws.now(),
        **cursor_metadata(cursor),
    }


def _user(call: Call) -> User:
    user = call.ws.users.get(call.args.need("user"))
    if user is None:
        raise SlackError("user_not_found")
    return user


def users_info(call: Call) -> Json:
    """One user."""
    return {"user": wire.user_object(call.ws, _user(call))}


def users_lookup_by_email(call: Call) -> Json:
    """A user by e-mail address; who left is not found."""
    email = call.args.need("email").casefold()
    for user in call.ws.users.values():
        if user.email.casefold() == email and not user.deleted:
            return {"user": wire.user_object(call.ws, user)}
    raise SlackError("users_not_found")


def users_profile_get(call: Call) -> Json:
    """The profile of a user, by default of the bot."""
    user = _user(call) if call.args.has("user") else call.ws.bot
    return {"profile": wire.profile_object(call.ws, user)}


def users_conversations(call: Call) -> Json:
    """The conversations a user is in, as far as the bot may know."""
    user = call.args.text("user", call.ws.bot.id)
    if user not in call.ws.users:
        raise SlackError("user_not_found")
    return listing(call, lambda channel: user in channel.members)


def _group(call: Call) -> UserGroup:
    group = call.ws.usergroups.get(call.args.need("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return group


def usergroups_list(call: Call) -> Json:
    """All user groups."""
    with_users = call.args.flag("include_users")
    return {
        "usergroups": [
            wire.usergroup_object(call.ws, group, with_users=with_users)
            for group in call.ws.usergroups.values()
        ]
    }


def usergroups_users_list(call: Call) -> Json:
    """The members of a user group."""
    return {"users": list(_group(call).users)}


def usergroups_users_update(call: Call) -> Json:
    """Replace the members, all or nothing; an empty group can only be disabled.

    https://docs.slack.dev/reference/methods/usergroups.users.update
    """
    if call.ws.usergroup_refusal:
        raise SlackError(call.ws.usergroup_refusal)
    group, users = _group(call), call.args.items("users")
    if not users:
        raise SlackError("no_users_provided")
    for user_id in users:
        user = call.ws.users.get(user_id)
        if user is not None and user.team:
            raise SlackError("failed_for_some_users")
        if user is None or user.deleted or user.is_bot or user.is_restricted:
            raise SlackError("invalid_users")
    set_users(call.ws, group, users, by=call.ws.bot.id)
    return {"usergroup": wire.usergroup_object(call.ws, group, with_users=True)}


METHODS = {
    "users.list": Method(users_list, 2, ("users:read",)),
    "users.info": Method(users_info, 4, ("users:read",)),
    "users.lookupByEmail": Method(users_lookup_by_email, 3, ("users:read.email",)),
    "users.profile.get": Method(users_profile_get, 4, ("users.profile:read",)),
    "users.conversations": Method(users_conversations, 3, any_of(READ)),
    "usergroups.list": Method(usergroups_list, 2, ("usergroups:read",)),
    "usergroups.users.list": Method(usergroups_users_list, 2, ("usergroups:read",)),
    "usergroups.users.update": Method(usergroups_users_update, 2, ("usergroups:write",)),
}
