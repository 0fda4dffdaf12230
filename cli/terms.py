"""`yui terms …`: what a member agreed with one partner."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.item import Member, decimal
from cli.output import yes_no
from node.i18n import _

app = family(_("Terms with one partner: closing day, payment, rounding."))
Partner = Annotated[
    str, typer.Argument(metavar="PARTNER", help=_("Id, first digits of it, corporate number or exact name."))
]


@command(app, "show", _("Show the terms with a partner."))
def show(partner: Partner, member: Member = "") -> None:
    """Show terms."""
    _shown(call("terms.show", member=member, partner=partner))


@command(app, "set", _("Set terms with a partner; what is not named stays."))
def put(
    partner: Partner,
    closing_day: Annotated[int | None, typer.Option(min=0, max=31, help=_("0: none; 31: end of the month."))] = None,
    pay_months: Annotated[int | None, typer.Option(min=0, max=12, help=_("Months from closing to payment."))] = None,
    pay_day: Annotated[int | None, typer.Option(min=1, max=31, help=_("Day of payment; 31: the last."))] = None,
    shift: Annotated[str | None, typer.Option(help=_("Where no bank works: next, previous or none."))] = None,
    rounding: Annotated[str | None, typer.Option(help=_("down, half_up or up."))] = None,
    rate: Annotated[str | None, typer.Option(help=_("Percent of the list price, such as 85 or 72.5."))] = None,
    account_kana: Annotated[str | None, typer.Option(help=_("Name of the transfer account in kana."))] = None,
    note: Annotated[str | None, typer.Option(help=_("Note for yourselves."))] = None,
    member: Member = "",
) -> None:
    """Set terms."""
    given: dict[str, Any] = {
        "closing_day": closing_day,
        "pay_months": pay_months,
        "pay_day": pay_day,
        "shift": shift,
        "rounding": rounding,
        "rate": None if rate is None else _scaled(rate),
        "account_kana": account_kana,
        "note": note,
    }
    fields = {name: value for name, value in given.items() if value is not None}
    if not fields:
        raise Failure(Exit.BAD_INPUT, _("name at least one of the terms"))
    _shown(call("terms.put", member=member, partner=partner, fields=fields))


def _scaled(text: str) -> dict[str, int]:
    whole, _point, rest = text.partition(".")
    if not (whole + rest).isdecimal() or len(rest) > 9:
        raise Failure(Exit.BAD_INPUT, _("{text}: not a number").format(text=text))
    return {"value": int(whole + rest), "scale": len(rest)} if rest else {"value": int(whole)}


def _shown(found: dict[str, Any]) -> None:
    terms = found["terms"]
    output.facts(
        found,
        [
            (_("Partner"), found["partner"]),
            (_("Closing day"), terms["closing_day"] or _("none")),
            (_("Months to payment"), terms["pay_months"]),
            (_("Day of payment"), terms["pay_day"]),
            (_("Where no bank works"), terms["shift"]),
            (_("Rounding"), terms["rounding"]),
            (_("Price rate"), decimal(terms["rate"])),
            (_("Transfer account"), terms["account_kana"]),
            (_("Transfer fee borne by the payee"), yes_no(terms["fee_by_payee"])),
            (_("Note"), terms["note"]),
        ],
    )
