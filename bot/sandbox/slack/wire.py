"""How Slack spells its objects in answers and payloads.

https://docs.slack.dev/reference/objects/
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox import seed
from bot.sandbox.slack.model import Bookmark, Channel, Json, Message, User, UserGroup, View
from bot.sandbox.slack.text import escape
from bot.sandbox.slack.workspace import Workspace


def user_object(ws: Workspace, user: User) -> Json:
    """A user; ``profile.email`` only with the scope ``users:read.email``."""
    zone = datetime.fromtimestamp(ws.now(), UTC).astimezone(ZoneInfo(user.tz))
    offset = zone.utcoffset()
    body: Json = {
        "id": user.id,
        "team_id": user.team or ws.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile_object(ws, user),
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": user.updated,
    }
    if user.deleted:
        return body
    return body | {
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": zone.tzname(),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_admin": user.is_admin,
        "is_owner": user.is_admin,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": False,
        "is_email_confirmed": not user.is_bot,
        "who_can_share_contact_card": "EVERYONE",
    }


def profile_object(ws: Workspace, user: User) -> Json:
    """A user's profile."""
    first, _, last = user.real_name.partition(" ")
    profile: Json = {
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "fields": None,
        "status_text": escape(user.status_text),
        "status_emoji": user.status_emoji,
        "status_expiration": user.status_expiration,
        "avatar_hash": "sandbox",
        "image_24": f"{ws.base_url}/page/avatar.png",
        "image_48": f"{ws.base_url}/page/avatar.png",
        "image_72": f"{ws.base_url}/page/avatar.png",
        "first_name": first,
        "last_name": last,
        "team": user.team or ws.team_id,
    }
    if user.is_bot:
        profile |= {"bot_id": ws.bot_id, "api_app_id": ws.app_id, "always_active": True}
    elif ws.manifest.grants("users:read.email"):
        profile["email"] = user.email
    return profile


def usergroup_object(ws: Workspace, group: UserGroup, *, with_users: bool) -> Json:
    """A user group."""
    body: Json = {
        "id": group.id,
        "team_id": ws.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": group.description,
        "handle": group.handle,
        "is_external": False,
        "date_create": group.date_update,
        "date_update": group.date_update,
        "date_delete": 0,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": group.updated_by,
        "updated_by": group.updated_by,
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
        "user_count": len(group.users),
        "channel_count": 0,
    }
    return body | {"users": list(group.users)} if with_users else body


def channel_object(ws: Workspace, channel: Channel, viewer: str) -> Json:
    """A conversation as ``viewer`` gets it."""
    body: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "is_org_shared": False,
        "context_team_id": ws.team_id,
        "updated": channel.updated or channel.created * 1000,
    }
    if channel.is_im:
        return body | {"user": channel.other(viewer), "is_user_deleted": False, "priority": 0}
    canvas = ws.canvases.get(channel.canvas_id or "")
    empty = not (canvas and any(canvas.sections.values()))
    return body | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_general": channel.is_general,
        "unlinked": 0,
        "is_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "parent_conversation": None,
        "creator": channel.creator,
        "is_ext_shared": False,
        "shared_team_ids": [ws.team_id],
        "pending_connected_team_ids": [],
        "is_member": viewer in channel.members,
        "topic": dict(channel.topic),
        "purpose": dict(channel.purpose),
        "previous_names": list(channel.previous_names),
        "properties": (
            {"canvas": {"file_id": channel.canvas_id, "is_empty": empty, "quip_thread_id": ""}}
            if channel.canvas_id
            else {}
        ),
    }


def channel_name(channel: Channel) -> str:
    """The name interactive payloads give: private conversations are not named."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def message_object(
    ws: Workspace, channel: Channel, message: Message, *, with_metadata: bool = False
) -> Json:
    """A message as in ``conversations.history``."""
    body: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": ws.team_id,
        **message.fields,
    }
    if message.subtype:
        body["subtype"] = message.subtype
    if message.by_app:
        body |= {"bot_id": ws.bot_id, "app_id": ws.app_id, "bot_profile": bot_profile(ws)}
    if message.username:
        body["username"] = message.username
    if message.blocks:
        body["blocks"] = message.blocks
    if message.attachments:
        body["attachments"] = message.attachments
    if message.edited:
        body["edited"] = dict(message.edited)
    if message.reactions:
        body["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)}
            for name, users in message.reactions.items()
        ]
    if with_metadata and message.metadata is not None:
        body["metadata"] = message.metadata
    if any(pin.ts == message.ts for pin in channel.pins):
        body["pinned_to"] = [channel.id]
    return body | _thread_fields(channel, message)


def _thread_fields(channel: Channel, message: Message) -> Json:
    if message.thread_ts and message.thread_ts != message.ts:
        parent = channel.messages.get(message.thread_ts)
        return {
            "thread_ts": message.thread_ts,
            "parent_user_id": parent.user if parent else message.user,
        }
    if not message.replies:
        return {}
    replies = [channel.messages[ts] for ts in message.replies]
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "reply_users": users[:5],
        "is_locked": False,
        "subscribed": True,
    }


def bot_profile(ws: Workspace) -> Json:
    """Who posted, for messages of the app."""
    return {
        "id": ws.bot_id,
        "app_id": ws.app_id,
        "user_id": ws.bot.id,
        "name": ws.bot.real_name,
        "icons": {"image_48": f"{ws.base_url}/page/avatar.png"},
        "deleted": False,
        "updated": ws.bot.updated,
        "team_id": ws.team_id,
    }


def bookmark_object(channel: Channel, bookmark: Bookmark) -> Json:
    """A bookmark."""
    return {
        "id": bookmark.id,
        "channel_id": channel.id,
        "title": bookmark.title,
        "link": bookmark.link,
        "emoji": bookmark.emoji,
        "icon_url": None,
        "type": "link",
        "entity_id": None,
        "date_created": bookmark.created,
        "date_updated": bookmark.updated,
        "rank": "U",
        "last_updated_by_user_id": bookmark.user,
        "last_updated_by_team_id": seed.TEAM_ID,
        "shortcut_id": None,
        "app_id": None,
    }


def view_object(ws: Workspace, view: View) -> Json:
    """A view as in ``views.*`` answers and interactive payloads."""
    body: dict[str, Any] = {
        "id": view.id,
        "team_id": ws.team_id,
        "type": view.type,
        "blocks": view.blocks,
        "private_metadata": view.private_metadata,
        "callback_id": view.callback_id,
        "state": {"values": view.state},
        "hash": view.hash,
        "title": view.title,
        "clear_on_close": view.clear_on_close,
        "notify_on_close": view.notify_on_close,
        "close": view.close,
        "submit": view.submit,
        "previous_view_id": view.previous_view_id,
        "root_view_id": view.root_view_id,
        "app_id": ws.app_id,
        "external_id": view.external_id,
        "app_installed_team_id": ws.team_id,
        "bot_id": ws.bot_id,
    }
    if view.type == "modal":
        body["submit_disabled"] = view.submit_disabled
    else:
        body["title"] = {"type": "plain_text", "text": "View Title", "emoji": True}
    return body
