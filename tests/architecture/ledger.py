"""What the product promises by name, retyped, because the tests must run without the document.

With ``MUSTER_CONTRACTS`` set, tests/architecture/test_ledger.py compares these tables with the document itself.
"""

from __future__ import annotations

#: Subcommands of ``/incident`` and their other names.
COMMANDS = (
    "declare", "new", "create", "list", "show", "ack", "reassign", "escalate", "resolve", "reopen", "severity",
    "status", "phase", "title", "summary", "role", "service", "page", "note", "timeline", "update", "oncall",
    "expert", "alerts", "statuspage", "action", "postmortem", "merge", "report", "doctor", "help",
)  # fmt: skip
#: Buttons by their visible label.
BUTTONS = (
    "Acknowledge", "Reassign", "Escalate", "Resolve", "Reopen", "Post-mortem", "More", "Subscribe",
    "Post an update", "Change severity", "Change phase", "Assign roles", "Services", "Page someone", "Add a note",
    "Timeline", "Merge", "Make private", "Open channel", "Charts", "Retry", "Dismiss", "Open incident", "Attach",
)  # fmt: skip
#: Modals and the labels of their fields.
MODALS = {
    "Declare an incident": (
        "Title", "Severity", "Service", "What is happening?", "Private incident",
    ),
    "Reassign": ("Assign to", "Message"),
    "Escalate": ("Escalate to", "Or page a person", "Message"),
    "Resolve": ("What fixed it?",),
    "Post an update": ("Phase", "Update", "Next update in"),
}  # fmt: skip
SHORTCUTS = ("Declare an incident", "Open an incident", "Add to timeline")
REACTIONS = ("pushpin",)
#: PagerDuty's events, and by which deed of the stand-in they come about.
PAGERDUTY_EVENTS = {
    "incident.triggered": "trigger",
    "incident.acknowledged": "acknowledge",
    "incident.unacknowledged": "acknowledgement_timeout",
    "incident.annotated": "note",
    "incident.delegated": "delegate",
    "incident.escalated": "escalate",
    "incident.priority_updated": "priority",
    "incident.reassigned": "reassign",
    "incident.reopened": "reopen",
    "incident.resolved": "resolve",
    "incident.responder.added": "responder",
    "incident.responder.replied": "responder_reply",
    "incident.status_update_published": "status_update",
    "service.created": "add_service",
    "service.updated": "rename_service",
    "service.deleted": "delete_service",
}
PROGRAMS = (
    "run", "sandbox", "doctor", "migrate", "replay", "sync", "import", "export", "backup", "report",
)  # fmt: skip

#: Promised, and the subject of the work that brings it. What is there already must not stand here.
NOT_YET = {
    "command statuspage": "The status page",
}
