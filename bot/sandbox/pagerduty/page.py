"""The small page behind an incident's `html_url`."""

from html import escape

from aiohttp import web

from bot.sandbox.pagerduty.desk import Desk
from bot.sandbox.pagerduty.errors import ApiError
from bot.sandbox.pagerduty.model import Incident
from bot.sandbox.pagerduty.times import iso

FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}}
small,time{{color:#666}} li{{margin:.3rem 0}} h1{{font-size:1.4rem}}</style>
<body><p><small>A stand-in for PagerDuty, in the sandbox</small></p>{content}</body></html>"""


def incident_page(incident: Incident) -> str:
    """One incident with its notes and history."""
    owners = ", ".join(stamp.user.name for stamp in incident.assignments) or "nobody"
    priority = incident.priority.name if incident.priority else "no priority"
    lines = "".join(
        f"<li><time>{iso(entry.at)}</time> {escape(entry.summary)}"
        + (f"<blockquote>{escape(entry.note)}</blockquote>" if entry.note else "")
        + "</li>"
        for entry in reversed(incident.log)
    )
    return (
        f"<h1>[#{incident.number}] {escape(incident.title)}</h1>"
        f"<p><b>{incident.status}</b> · {incident.urgency} urgency · {escape(priority)}</p>"
        f"<p>Service: {escape(incident.service.name)} · assigned to {escape(owners)}</p>"
        f"<p>{escape(incident.body or '')}</p><h2>Timeline</h2><ul>{lines}</ul>"
    )


async def show(desk: Desk, request: web.Request) -> web.Response:
    """GET /ui/{kind}/{id}: an incident, or just the name of anything else."""
    kind, own = request.match_info["kind"], request.match_info["id"]
    account = desk.account
    try:
        if kind == "incidents":
            incident = account.incident(own)
            title, content = f"#{incident.number} {incident.title}", incident_page(incident)
        else:
            thing = (
                account.users.get(own)
                or account.services.get(own)
                or account.policies.get(own)
                or account.schedules.get(own)
                or account.teams.get(own)
            )
            title = thing.name if thing else "Not found"
            content = f"<h1>{escape(title)}</h1>"
    except ApiError:
        title, content = "Not found", "<h1>Not found</h1>"
    text = FRAME.format(title=escape(title), content=content)
    status = 404 if title == "Not found" else 200
    return web.Response(text=text, content_type="text/html", status=status)
