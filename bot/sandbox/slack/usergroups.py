"""User groups as people and apps change them; the app hears of it by events.

https://docs.slack.dev/reference/events/subteam_updated
"""

from bot.sandbox.slack import wire
from bot.sandbox.slack.fields import PersonError
from bot.sandbox.slack.model import Json, User, UserGroup
from bot.sandbox.slack.workspace import Workspace


def set_users(ws: Workspace, group: UserGroup, users: list[str], *, by: str) -> None:
    """Change the members of a group and send both events about it."""
    previous = group.users
    before = group.date_update
    group.users = list(dict.fromkeys(users))
    group.date_update, group.updated_by = ws.now(), by
    added = [user for user in group.users if user not in previous]
    removed = [user for user in previous if user not in group.users]
    subteam = wire.usergroup_object(ws, group, with_users=True)
    updated = {"type": "subteam_updated", "subteam": subteam, "event_ts": ws.new_ts()}
    ws.emit("subteam_updated", lambda: updated)
    members = {
        "type": "subteam_members_changed",
        "subteam_id": group.id,
        "team_id": ws.team_id,
        "date_previous_update": before,
        "date_update": group.date_update,
        "added_users": added,
        "added_users_count": len(added),
        "removed_users": removed,
        "removed_users_count": len(removed),
        "event_ts": ws.new_ts(),
    }
    ws.emit("subteam_members_changed", lambda: members)


def change(ws: Workspace, user: User, handle: str, names: list[str]) -> Json:
    """Somebody sets who is in a group; one that nobody knows is made."""
    users = [ws.user(name) for name in names]
    if not handle or not users or None in users:
        raise PersonError("say the handle, and users that exist")
    members = [one.id for one in users if one is not None]
    group = next((one for one in ws.usergroups.values() if one.handle == handle), None)
    if group is None:
        now = ws.now()
        group = UserGroup(
            ws.new_id("S"), handle, handle.title(), members, date_update=now, updated_by=user.id
        )
        ws.usergroups[group.id] = group
        subteam = wire.usergroup_object(ws, group, with_users=True)
        event = {"type": "subteam_created", "subteam": subteam, "event_ts": ws.new_ts()}
        ws.emit("subteam_created", lambda: event)
    else:
        set_users(ws, group, members, by=user.id)
    return {"usergroup": group.id}
