"""*Link account*: who somebody is at PagerDuty and GitHub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slack_sdk.models.blocks import Block, ExternalDataSelectElement

from blocks import kit, text
from blocks.forms.base import Answers, labelled, modal, option, text_input
from blocks.ids import ActionId, BlockId, CallbackId, LinkButton
from bot.domain.incident import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_sdk.models.blocks import Option

    from bot.domain.identities import Account


@dataclass(frozen=True, kw_only=True)
class Place:
    """One vendor, as far as it is used: the account that is linked and how it is known; ``fixed`` by muster.yml."""

    account: str = ""  # its id
    name: str = ""
    known: str = ""
    fixed: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was sent."""

    click: LinkButton
    pager: str | None
    login: str


def options(accounts: Sequence[Account]) -> list[dict[str, Any]]:
    """PagerDuty's users to choose from, ready for the answer to Slack's question."""
    return [_option(each.id, each.name or each.email, each.email).to_dict() for each in accounts]


def _option(account: str, name: str, email: str) -> Option:
    return option(account, name, email or None)


def build(
    click: LinkButton,
    *,
    person: str,
    own: bool,
    pager: Place | None = None,
    github: Place | None = None,
) -> dict[str, Any]:
    """The form about one member (Slack id); a vendor that is None is not used here."""
    whom = "your" if own else f"{text.mention(Actor(name=person, slack_id=person))}'s"
    blocks: list[Block] = [
        kit.section(f"These are {whom} accounts. They decide in whose name I act.")
    ]
    if pager is not None:
        blocks += _pager(pager)
    if github is not None:
        blocks += _github(github)
    if pager is None and github is None:
        blocks = [
            kit.section("Neither PagerDuty nor GitHub is used here: there is nothing to link.")
        ]
    editable = any(place is not None and not place.fixed for place in (pager, github))
    submit = "Link" if editable else None
    return modal("Link account", CallbackId.LINK_ACCOUNT, blocks, submit=submit, metadata=click)


def _pager(place: Place) -> list[Block]:
    if place.fixed:
        return [_said("PagerDuty", place)]
    initial = _option(place.account, place.name, "") if place.account else None
    select = ExternalDataSelectElement(
        action_id=ActionId.PICK_PAGER_USER.value,
        placeholder=kit.plain_text("Name or e-mail address", 150),
        initial_option=initial,
        min_query_length=0,
    )
    field = labelled(
        "PagerDuty user",
        BlockId.PAGER_USER,
        select,
        hint="Actions in Slack are done at PagerDuty in this user's name.",
    )
    return [field, *([_known("PagerDuty", place)] if place.account else [])]


def _github(place: Place) -> list[Block]:
    if place.fixed:
        return [_said("GitHub", place)]
    field = labelled(
        "GitHub login",
        BlockId.GITHUB_LOGIN,
        text_input(initial=place.name, placeholder="octocat"),
        hint="Issues of action items are assigned to it, once GitHub has confirmed that it exists.",
    )
    return [field]


def _said(vendor: str, place: Place) -> Block:
    return kit.context(
        f"*{vendor}:* muster.yml says {text.inline(place.fixed, 120)} (people); it is changed there."
    )


def _known(vendor: str, place: Place) -> Block:
    return kit.context(
        f"*{vendor}:* {text.inline(place.name, 120)}, {text.inline(place.known, 120, empty='known')}"
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    click = LinkButton.decode(view.get("private_metadata"))
    pager = answers.choice(BlockId.PAGER_USER)
    login = answers.words(BlockId.GITHUB_LOGIN, limit=100)
    wanted = click.verb or click.change
    if wanted and not (pager or login):
        answers.refuse(BlockId.PAGER_USER, "Choose who you are at PagerDuty, or close this form.")
    answers.check()
    return Form(click=click, pager=pager, login=login)
