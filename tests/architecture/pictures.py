"""The pictures of the README's tour; tests/browser/screenshots.py takes them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "bot" / "sandbox" / "screenshots"
#: The pictures in the order of the walk, each with what the README says below it.
TOUR = {
    "announcement": "An incident is announced at once, with everything a reader must know and the buttons to act.",
    "declare": "Declaring takes one line. What looks the same is offered before a second incident is opened.",
    "channel": "Each incident has its channel: the card is pinned, links are bookmarks, a 📌 keeps what people say.",
    "panel": "`/incident` in the channel (or **More** on a card) opens the control panel.",
    "update": "A status update carries the phase and a promise when the next one comes.",
    "timeline": "The timeline says what happened, the run log which steps were taken; what failed has **Retry**.",
    "home": "Home: my incidents, what else is open, who is on call, and the last 30 days.",
    "report": "The report has the same numbers by severity and service, with Slack's own charts.",
    "pagerduty": "The same incident in PagerDuty, in the name of whoever acted.",
    "github": "And its issue in the repository of the service, with links both ways.",
}
#: What somebody who does not see a picture is told.
ALT = {
    "announcement": "The announcement of an incident",
    "declare": "Declaring, with a similar incident offered",
    "channel": "The incident's channel",
    "panel": "The control panel",
    "update": "Posting an update",
    "timeline": "Timeline and run log",
    "home": "Home with numbers",
    "report": "The report with charts",
    "pagerduty": "PagerDuty beside it",
    "github": "GitHub beside it",
}
