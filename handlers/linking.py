"""Accounts elsewhere: *Link account*, its form, ``/incident link``, and completing the click it was pressed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import text
from blocks.forms import link_account, message_view
from blocks.ids import ActionId, CallbackId, LinkButton
from blocks.linking import linked
from bot.domain.identities import KNOWN_BY, Vendor
from bot.domain.lifecycle import EscalationTarget
from bot.errors import NotFound, UserError
from bot.services.linking import Click, Wish
from handlers import grammar
from handlers.command import Command

if TYPE_CHECKING:
    from bot.services.linking import Linked, Standing
    from handlers.turn import Handler, Turn


async def command(turn: Turn, rest: str) -> None:
    """``link [@user]``: one's own accounts, or (admins) those of somebody else."""
    await turn.desk.incidents.may_act(turn.user)
    person, more = grammar.person_first(rest)
    if rest and (person is None or more):
        msg = "Name the person with @, for example /incident link @ana; /incident link alone links yours."
        raise UserError(msg)
    await _open(turn, LinkButton(user=person))


async def ask(turn: Turn) -> None:
    """**Link account**: the form, for whoever pressed or whom the button names."""
    click = LinkButton.decode(turn.action.get("value"))
    if click.number is not None:
        await turn.incident(click.number)
    await _open(turn, click)


async def _open(turn: Turn, click: LinkButton) -> None:
    user = click.user or turn.user.id
    standing = await turn.desk.linking.standing(user, by=turn.user)
    view = link_account.build(
        click,
        person=user,
        own=user == turn.user.id,
        pager=_place(standing, Vendor.PAGERDUTY) if standing.pager else None,
        github=_place(standing, Vendor.GITHUB) if standing.github else None,
    )
    await turn.open(view)


def _place(standing: Standing, vendor: Vendor) -> link_account.Place:
    link, fixed = standing.links.get(vendor), standing.named.get(vendor, "")
    if link is None:
        return link_account.Place(fixed=fixed)
    name = link.name or link.email or link.account
    return link_account.Place(
        account=link.account, name=name, known=KNOWN_BY[link.known_by], fixed=fixed
    )


async def users(turn: Turn) -> None:
    """PagerDuty's users that fit what is typed."""
    typed = text.unescape(str(turn.body.get("value") or ""))
    found = await turn.desk.linking.suggested(typed[:100])
    await turn.done(options=link_account.options(found))


async def submit(turn: Turn) -> None:
    """Keep the links, then do what was refused before; say what happened to what was done already."""
    form = link_account.parse(turn.view)
    click = form.click
    if click.number is not None:
        await turn.incident(click.number)
    wish = Wish(
        user=click.user or turn.user.id,
        pager=form.pager,
        login=form.login,
        number=click.number,
        change=click.change,
    )
    done = await turn.desk.linking.link(wish, by=turn.user, once=turn.once)
    lines = [*_lines(done, own=wish.user == turn.user.id), *await _complete(turn, click, done)]
    await turn.replace(message_view("Link account", linked(lines)))


def _lines(done: Linked, *, own: bool) -> list[str]:
    whose = "You are" if own else f"{done.standing.person.name} is"
    found: list[str] = []
    link = done.standing.links.get(Vendor.PAGERDUTY)
    if link is not None:
        found.append(
            f"{whose} {link.name or link.email or link.account} at PagerDuty ({KNOWN_BY[link.known_by]})."
        )
    if Vendor.PAGERDUTY in done.unlinked:
        found.append("The PagerDuty account that was linked by hand is not linked any more.")
    if done.checking:
        found.append(f"I ask GitHub whether {done.checking} exists, and tell you then.")
    elif login := done.standing.links.get(Vendor.GITHUB):
        found.append(f"{whose} {login.name} at GitHub ({KNOWN_BY[login.known_by]}).")
    if Vendor.GITHUB in done.unlinked:
        found.append("The GitHub account that was linked by hand is not linked any more.")
    return found


async def _complete(turn: Turn, click: LinkButton, done: Linked) -> list[str]:
    """The click the account was linked for."""
    known = Vendor.PAGERDUTY in done.standing.links
    name = f"INC-{click.number}"
    if not known or click.number is None or click.user not in {None, turn.user.id}:
        return []
    if done.click is Click.DONE:
        done_before = (
            f"What you pressed on {name} was done already, in my name with a note that it was you; I do not do it "
            "twice. From now on what you do carries your name."
        )
        return [done_before]
    if done.click is Click.UNDER_WAY:
        under_way = (
            f"What you pressed on {name} is on its way to PagerDuty at this moment, in my name; should it have to be "
            "sent again, it will carry your name."
        )
        return [under_way]
    if done.click is Click.WAITING:
        return [f"What you pressed on {name} waits for PagerDuty yet; it will carry your name."]
    if not click.verb:
        return []
    return [await _now(turn, click)]


async def _now(turn: Turn, click: LinkButton) -> str:
    number, once = click.number or 0, f"{turn.once}/completed"
    try:
        if click.verb == "reassign":
            after = await turn.desk.incidents.reassign(
                number, to=turn.user.id, by=turn.user, once=once, message=click.text
            )
            return f"{after.name} is yours now, at PagerDuty as well."
        target = EscalationTarget()
        after = await turn.desk.incidents.escalate(
            number, to=target, person=turn.user.id, by=turn.user, once=once, message=click.text
        )
    except NotFound:
        raise
    except UserError as error:  # the account is linked; only the click came too late
        return f"What you pressed before was not done: {error}"
    return f"{after.name} is escalated to you, at PagerDuty as well."


COMMANDS: dict[str, Command] = {
    "link": Command(
        "link [@user]", "link your PagerDuty and GitHub accounts (admins: anybody's)", command
    ),
}
ACTIONS: dict[ActionId, Handler] = {ActionId.LINK_ACCOUNT: ask}
OPTIONS: dict[ActionId, Handler] = {ActionId.PICK_PAGER_USER: users}
VIEWS: dict[CallbackId, Handler] = {CallbackId.LINK_ACCOUNT: submit}
