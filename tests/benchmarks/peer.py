"""The baseline of ``declare``: a minimal Bolt app as tutorials write it, doing the Slack work inside its listeners.

``python -m tests.benchmarks.peer``: SLACK_API_URL, SLACK_BOT_TOKEN and SLACK_APP_TOKEN as for the bot. Bolt's thread
pool has five threads. It makes the same Slack calls for an incident as the bot makes.
"""

from __future__ import annotations

import logging
import os
import re
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient


def build() -> App:
    web = WebClient(os.environ["SLACK_BOT_TOKEN"], os.environ["SLACK_API_URL"], timeout=60)
    app = App(client=web, logger=logging.getLogger("peer"))
    room = web.conversations_create(name="incidents")["channel"]["id"]

    @app.event(re.compile(".+"))
    def noticed(event: dict[str, Any]) -> None:
        """What the workspace tells besides: Bolt acknowledges it, so that nothing is sent again meanwhile."""

    @app.command("/incident")
    def declare(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        field = {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "value"},
        }
        view = {
            "type": "modal",
            "callback_id": "declare",
            "title": {"type": "plain_text", "text": "Declare"},
            "submit": {"type": "plain_text", "text": "Declare"},
            "blocks": [field],
        }
        client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("declare")
    def submitted(ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
        ack()
        title = view["state"]["values"]["title"]["value"]["value"]
        name = f"incident-{title.lower().replace(' ', '-')}"
        card = [
            {"type": "header", "text": {"type": "plain_text", "text": title}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*Status:* triggered"}},
        ]
        client.chat_postMessage(channel=room, text=title, blocks=card)
        channel = client.conversations_create(name=name)["channel"]["id"]
        posted = client.chat_postMessage(channel=channel, text=title, blocks=card)
        client.pins_add(channel=channel, timestamp=posted["ts"])
        client.conversations_setTopic(channel=channel, topic="triggered")
        client.conversations_setPurpose(channel=channel, purpose=title)
        client.bookmarks_add(
            channel_id=channel, title="Announcement", type="link", link="https://example.com"
        )
        client.conversations_invite(channel=channel, users=body["user"]["id"])

    return app


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    SocketModeHandler(build(), os.environ["SLACK_APP_TOKEN"]).start()  # type: ignore[no-untyped-call]
