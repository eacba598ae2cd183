"""``/pages/<token>``: acknowledge a page without Slack. A signed link, a tiny page, one button.

GET shows and changes nothing but "seen", so that programs that open links in mail acknowledge nothing; POST
acknowledges.
The token is never logged, kept by a browser's cache, or sent on to another site.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import structlog
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from bot.domain.page_link import PATH
from bot.errors import Busy, UserError
from bot.services.page_links import LinkState

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.services.page_links import LinkView, PageLinks

log = structlog.get_logger()

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
STATUS = {LinkState.UNKNOWN: 404, LinkState.EXPIRED: 410}
_STYLE = """
:root{color-scheme:light dark}
body{font:18px/1.5 system-ui,sans-serif;margin:0;padding:24px;display:flex;justify-content:center;
background:#f6f7f9;color:#1d2b3a}
main{max-width:34rem;width:100%}
h1{font-size:1.4rem;line-height:1.3;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
p{margin:.4rem 0;overflow-wrap:anywhere}
.quiet{color:#5b6673;font-size:.95rem}
button{font:inherit;font-weight:600;width:100%;padding:.9rem;margin:1.2rem 0;border:0;border-radius:10px;
background:#0b6e4f;color:#fff;cursor:pointer}
button:focus-visible,a:focus-visible{outline:3px solid #2b7de9;outline-offset:3px}
a{color:#0b5cad}
@media (prefers-color-scheme:dark){body{background:#12181f;color:#e8edf2}.quiet{color:#a3aebb}a{color:#8ec3ff}}
"""


class AcknowledgePages:
    """The page behind the link."""

    def __init__(self, links: PageLinks) -> None:
        """Given the use case."""
        self._links = links

    def routes(self) -> list[Route]:
        """Plain routes, like those of webhooks."""
        return [Route(PATH + "/{token}", self._answer, methods=["GET", "POST"])]

    async def _answer(self, request: Request) -> Response:
        """Every problem ends in a page that says what to do; nothing of the address reaches a log."""
        token = str(request.path_params["token"])
        try:
            if request.method == "POST":
                view = await self._links.acknowledge(token)
                if view.state is LinkState.USED:  # so that loading the page again presses nothing
                    return RedirectResponse(request.url.path, 303, headers=HEADERS)
                return _page(view)
            return _page(await self._links.look(token, seen=request.method == "GET"))
        except Busy:
            text = "I am busy just now and nothing was changed. Load this page again in a moment."
            return _html(503, "One moment", [text], headers={"Retry-After": "2"})
        except UserError as refusal:
            return _html(403, "Not acknowledged", [str(refusal)])


def _page(view: LinkView) -> Response:
    lines = [escape(line) for line in view.lines]
    if view.state is LinkState.OPEN:
        form = '<form method="post"><button type="submit">Acknowledge</button></form>'
        lines.append(form)
    if view.url:
        lines.append(
            f'<a href="{escape(view.url, quote=True)}" rel="noreferrer">Open it in Slack</a>'
        )
    return _html(STATUS.get(view.state, 200), view.heading, lines, escaped=True)


def _html(
    status: int,
    heading: str,
    lines: list[str],
    *,
    escaped: bool = False,
    headers: dict[str, str] | None = None,
) -> Response:
    shown = lines if escaped else [escape(line) for line in lines]
    body = "".join(line if line.startswith("<form") else f"<p>{line}</p>" for line in shown)
    title = escape(heading)
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f'<body><main><p class="quiet">Muster</p><h1>{title}</h1>{body}</main></body></html>'
    )
    return HTMLResponse(page, status, headers={**HEADERS, **(headers or {})})
