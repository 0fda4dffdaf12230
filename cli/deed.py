"""`yui deed …`: from an offer to an agreement: propose terms, counter, agree, refuse, report, list."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.output import moment, short
from node.i18n import _

app = family(_("Agreements: answer an offer, counter, agree, refuse, say what came of it."))
Deed = Annotated[str, typer.Argument(metavar="DEED", help=_("Id of the agreement, or its first digits."))]
Whose = Annotated[str, typer.Option("--member", help=_("The member: name, id or its first digits."))]
Subject = Annotated[str, typer.Option(help=_("What it is about; the offer's title by default."))]
Words = Annotated[str, typer.Option(help=_("The terms in words."))]
Amount = Annotated[int | None, typer.Option(min=0, help=_("The whole price in yen."))]
Taxed = Annotated[bool, typer.Option("--tax-included", help=_("The price contains the tax."))]
From = Annotated[str, typer.Option("--from", help=_("When it begins, YYYY-MM-DDTHH:MM in Japan's time."))]
To = Annotated[str, typer.Option("--to", help=_("When it ends, YYYY-MM-DDTHH:MM in Japan's time."))]
Thing = Annotated[str, typer.Option(help=_("What is booked; said by the firm that provides."))]
Until = Annotated[str, typer.Option(help=_("How long it binds, YYYY-MM-DDTHH:MM in Japan's time; a week by default."))]


def _time(text: str, name: str) -> int:
    import datetime

    if not text:
        return 0
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise Failure(Exit.BAD_INPUT, _("{name}: a moment, YYYY-MM-DDTHH:MM").format(name=name)) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=9)))
    return int(found.timestamp()) * 1_000_000


@command(app, "answer", _("Answer an offer or request: propose terms."))
def answer(
    offer: Annotated[str, typer.Argument(metavar="OFFER", help=_("Id of the offer, or its first digits."))],
    member: Whose,
    subject: Subject = "",
    terms: Words = "",
    amount: Amount = None,
    tax_included: Taxed = False,
    starts: From = "",
    ends: To = "",
    thing: Thing = "",
    until: Until = "",
) -> None:
    """Answer."""
    _shown(
        call(
            "deed.propose", member=member, offer=offer, subject=subject, terms=terms, amount=amount,
            tax_included=tax_included, starts=_time(starts, "from"), ends=_time(ends, "to"), thing=thing,
            until=_time(until, "until"),
        )
    )  # fmt: skip


@command(app, "counter", _("Propose other terms instead of the other side's."))
def counter(
    deed: Deed,
    member: Whose,
    subject: Subject = "",
    terms: Words = "",
    amount: Amount = None,
    tax_included: Taxed = False,
    starts: From = "",
    ends: To = "",
    thing: Thing = "",
    until: Until = "",
) -> None:
    """Counter."""
    _shown(
        call(
            "deed.propose", member=member, deed=deed, subject=subject, terms=terms, amount=amount,
            tax_included=tax_included, starts=_time(starts, "from"), ends=_time(ends, "to"), thing=thing,
            until=_time(until, "until"),
        )
    )  # fmt: skip


@command(app, "agree", _("Agree to the terms that count, or confirm that they were accepted."))
def agree(deed: Deed, member: Whose) -> None:
    """Agree."""
    _shown(call("deed.agree", member=member, deed=deed))


@command(app, "refuse", _("Decline the terms that count."))
def refuse(deed: Deed, member: Whose, reason: Annotated[str, typer.Option(help=_("Why."))] = "") -> None:
    """Decline."""
    _shown(call("deed.refuse", member=member, deed=deed, reason=reason))


@command(app, "lapse", _("End own terms whose time is over."))
def lapse(deed: Deed, member: Whose) -> None:
    """Lapse."""
    _shown(call("deed.lapse", member=member, deed=deed))


@command(app, "fulfilled", _("Say that what was agreed was done."))
def fulfilled(
    deed: Deed,
    member: Whose,
    day: Annotated[str, typer.Option(help=_("When, YYYY-MM-DD; today by default."))] = "",
    on_time: Annotated[bool, typer.Option(help=_("It was delivered on time."))] = True,
    passed: Annotated[bool, typer.Option(help=_("It was accepted at the inspection."))] = True,
) -> None:
    """Fulfilled."""
    _shown(call("deed.report", member=member, deed=deed, word="fulfilled", day=day, on_time=on_time, passed=passed))


@command(app, "cancel", _("Say that an agreement should be cancelled; it is once both sides have said so."))
def cancel(deed: Deed, member: Whose, reason: Annotated[str, typer.Option(help=_("Why."))] = "") -> None:
    """Cancel."""
    _shown(call("deed.report", member=member, deed=deed, word="cancelled", reason=reason))


@command(app, "show", _("Show an agreement with its steps."))
def show(deed: Deed, member: Whose) -> None:
    """Show."""
    _shown(call("deed.show", member=member, deed=deed))


@command(app, "list", _("List a member's agreements and terms under way."))
def list_deeds(member: Whose) -> None:
    """List."""
    found = call("deed.list", member=member)
    rows = [
        (short(one["deed"]), one["subject"], one["name"], one["state"], _("yes") if one["turn"] else "",
         moment(one["starts"]) if one["starts"] else "")
        for one in found
    ]  # fmt: skip
    heads = [_("Id"), _("What it is about"), _("Firm"), _("State"), _("Waits for us"), _("From")]
    output.table(found, heads, rows, empty=_("no agreements"))


def _shown(found: dict[str, Any]) -> None:
    facts: list[tuple[str, Any]] = [
        (_("Id"), found["deed"]),
        (_("What it is about"), found["subject"]),
        (_("Firm"), found["name"]),
        (_("State"), found["state"]),
        (_("Terms"), found["terms"]),
        (_("Price in all"), "" if found["amount"] is None else str(found["amount"])),
    ]
    if found["starts"]:
        facts.append((_("When"), f"{moment(found['starts'])} – {moment(found['ends'])}"))
    facts += [(_("Binds until"), moment(found["until"])), (_("You can"), ", ".join(found["may"]))]
    facts += [
        (moment(step["time"]), " ".join(filter(None, (step["number"], step["type"], step["standing"]))))
        for step in found["steps"]
    ]
    output.facts(found, facts)
