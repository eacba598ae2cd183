"""The post-mortem in messages, and what is said when GitHub's copy is people's own by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slack_sdk.models.blocks import MarkdownBlock

from blocks import kit, text
from bot.domain import postmortem as domain

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.domain.postmortem import Postmortem
    from bot.ports import Message
    from bot.ports_documents import PullRequest


def part(incident: Incident, post: Postmortem, number: int) -> Message | None:
    """Message 0 is the headline, the others are the document's parts; None beyond the last."""
    shown = domain.parts(post.markdown)
    if number == 0:
        count = text.plural(len(shown), "message")
        words = f"🎓 Post-mortem of {incident.name}, draft {post.revision}: {count} in this thread"
        return kit.message(words, [kit.section(words)])
    if number > len(shown):
        return None
    words = shown[number - 1]
    # Said without the block (where Slack does not know it) it must not call anybody either.
    return kit.message(text.escape(words), [MarkdownBlock(text=words)])


def closed(repo: str, pull: PullRequest) -> str:
    """Its pull request is merged or closed: what can be done."""
    name = f"{repo}#{pull.number}"
    if pull.merged:
        return (
            f"pull request {name} is merged, so I left GitHub as it is. Change the file there by a commit of your own: "
            f"{pull.url}"
        )
    return (
        f"pull request {name} was closed, so I left GitHub as it is. Reopen it and draft again to go on with it: "
        f"{pull.url}"
    )


def edited(repo: str, branch: str, path: str) -> str:
    """The file was changed by people: what can be done."""
    return (
        f"{path} on the branch {branch} of {repo} has changes I did not make, so I left it as it is. "
        "Take over from the new draft what you need; or delete the file on that branch and draft again, "
        "then I write it anew."
    )
