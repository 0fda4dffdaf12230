"""`yui joint …`: joint orders: announce a round, pledge, withdraw, look, order, say what came, settle."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family, read_file
from cli.exits import Exit, Failure
from cli.item import Member
from cli.output import moment, short
from node.i18n import _

app = family(_("Joint orders: open a round, pledge, withdraw, see what came of it, order."))
Round = Annotated[str, typer.Argument(metavar="ROUND", help=_("Id of the round, or its first digits."))]


@command(app, "open", _("Announce a round from a JSON file: goods with tiers, deputies, deadline, drops, market."))
def open_round(file: Annotated[Path, typer.Argument(metavar="FILE", help=_("JSON; see docs/operate/joint."))]) -> None:
    """Announce a round."""
    try:
        given: Any = jsonlib.loads(read_file(file))
    except ValueError as error:
        raise Failure(Exit.BAD_INPUT, _("{file}: not JSON: {error}").format(file=file, error=error)) from None
    if not isinstance(given, dict):
        raise Failure(Exit.BAD_INPUT, _("{file}: must hold one object").format(file=file))
    _shown(call("joint.open", **given))


@command(app, "list", _("List rounds, newest first."))
def list_rounds() -> None:
    """List rounds."""
    found = call("joint.list")
    rows = [(short(one["round"]), one["name"], one["supplier"], moment(one["deadline"]), _state(one)) for one in found]
    output.table(found, [_("Id"), _("Name"), _("Supplier"), _("Deadline"), _("State")], rows, empty=_("no rounds"))


@command(app, "show", _("Show a round: pledges of this node's members, what came of it, what each saves."))
def show(round: Round, member: Member = "") -> None:
    """Show a round."""
    _shown(call("joint.show", round=round, member=member))


@command(app, "pledge", _("Pledge for a member; a later pledge replaces an earlier one."))
def pledge(
    round: Round,
    wants: Annotated[
        list[str], typer.Argument(metavar="CODE=QUANTITY[-LESS][+MORE]…", help=_("For example bags=12-2+2."))
    ],
    drop: Annotated[str, typer.Option(help=_("Code of the drop (default: the first)."))] = "",
    extra: Annotated[int, typer.Option(min=0, help=_("Yen that may be paid above the price alone."))] = 0,
    large: Annotated[bool, typer.Option("--large", help=_("This firm is above the limits of a small firm."))] = False,
    member: Member = "",
) -> None:
    """Pledge."""
    parts = [_want(text) for text in wants]
    _shown(call("joint.pledge", round=round, wants=parts, member=member, drop=drop, extra=extra, large=large))


def _want(text: str) -> dict[str, Any]:
    code, _equals, rest = text.rpartition("=")
    rest, _plus, more = rest.partition("+")
    wanted, _minus, less = rest.partition("-")
    if not code or not all(part.isdecimal() for part in (wanted, less or "0", more or "0")):
        raise Failure(Exit.BAD_INPUT, _("{text}: must be CODE=QUANTITY[-LESS][+MORE]").format(text=text))
    return {"item": code, "wanted": int(wanted), "less": int(less or 0), "more": int(more or 0)}


@command(app, "withdraw", _("Withdraw a member's pledge, free until the deadline."))
def withdraw(round: Round, member: Member = "") -> None:
    """Withdraw."""
    _shown(call("joint.withdraw", round=round, member=member))


@command(app, "orders", _("At an association that runs the round: shares, stops; send the order, pass the bill on."))
def orders(
    round: Round,
    send: Annotated[bool, typer.Option("--send", help=_("Send the one order to the supplier."))] = False,
    tax: Annotated[
        list[str] | None,
        typer.Option(metavar="RATE=YEN", help=_("Tax on the supplier's bill, such as 100=12480 for 10 percent.")),
    ] = None,
) -> None:
    """Order."""
    taxes = dict(text.partition("=")[::2] for text in tax or [])
    if not all(rate.isdecimal() and yen.isdecimal() for rate, yen in taxes.items()):
        raise Failure(Exit.BAD_INPUT, _("--tax: must be RATE=YEN"))
    given = {rate: int(yen) for rate, yen in taxes.items()}
    found = call("joint.orders", round=round, send=send, taxes=given)
    rows = [
        (one["name"] or short(one["member"]), one["drop"], _pairs(one["granted"]),
         "–" if one["came"] is None else _pairs(one["came"]), one["pays"], one["alone"])
        for one in found["shares"]
    ]  # fmt: skip
    output.table(found, [_("Firm"), _("Drop"), _("Goods"), _("Came"), _("Pays"), _("Alone")], rows)


@command(app, "arrived", _("Say for a member what came to it; of goods that are not named everything came."))
def arrived(
    round: Round,
    came: Annotated[
        list[str] | None, typer.Argument(metavar="[CODE=QUANTITY]…", help=_("For example bags=10."))
    ] = None,
    member: Member = "",
) -> None:
    """Say what came."""
    pairs = [text.rpartition("=") for text in came or []]
    for code, _equals, quantity in pairs:
        if not code or not quantity.isdecimal():
            raise Failure(Exit.BAD_INPUT, _("{text}: must be CODE=QUANTITY").format(text=f"{code}={quantity}"))
    said = {code: int(quantity) for code, _equals, quantity in pairs}
    _shown(call("joint.arrived", round=round, came=said, member=member))


@command(app, "settle", _("Send every firm its settlement by what came, at the association that sent the order."))
def settle(
    round: Round,
    tax: Annotated[
        list[str],
        typer.Option(metavar="RATE=YEN", help=_("Tax on the supplier's bill, such as 100=12480 for 10 percent.")),
    ],
    invoice: Annotated[str, typer.Option(help=_("Number of the supplier's invoice."))],
    day: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help=_("Day of the supplier's invoice."))],
    registration: Annotated[str, typer.Option(help=_("Registration number of the supplier."))] = "",
    due: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help=_("Day by which firms pay."))] = "",
    assume: Annotated[
        bool, typer.Option("--assume-complete", help=_("Firms that have not said what came got everything."))
    ] = False,
) -> None:
    """Settle."""
    taxes = dict(text.partition("=")[::2] for text in tax)
    if not all(rate.isdecimal() and yen.isdecimal() for rate, yen in taxes.items()):
        raise Failure(Exit.BAD_INPUT, _("--tax: must be RATE=YEN"))
    found = call(
        "joint.settle",
        round=round, taxes={rate: int(yen) for rate, yen in taxes.items()}, invoice=invoice, day=day,
        registration=registration, due=due, assume=assume,
    )  # fmt: skip
    rows = [(one["name"] or short(one["member"]), one["number"], one["amount"]) for one in found["settlements"]]
    output.table(found, [_("Firm"), _("Number"), _("Amount")], rows)


def _pairs(granted: dict[str, int]) -> str:
    return ", ".join(f"{code} {quantity}" for code, quantity in granted.items())


def _state(one: dict[str, Any]) -> str:
    words = {
        "concluded": _("concluded"),
        "extended": _("extended"),
        "called_off": _("called off"),
    }
    return words[one["results"][-1]["state"]] if one["results"] else _("open")


def _shown(found: dict[str, Any]) -> None:
    facts: list[tuple[str, Any]] = [
        (_("Id"), found["round"]),
        (_("Name"), found["name"]),
        (_("Supplier"), found["supplier"]),
        (_("Deadline"), moment(found["deadline"])),
        (_("State"), _state(found)),
    ]
    for own in found["pledges"]:
        wants = ", ".join(f"{want['wanted']}-{want['less']}+{want['more']}" for want in own["wants"]) or _("withdrawn")
        taken = _("{wants}; receipted by {taken} of {all}")
        facts.append((own["name"], taken.format(wants=wants, taken=own["taken"], all=len(found["conductors"]))))
    for slip in found["slips"]:
        said = _("{goods}: pays ¥{pays}, alone ¥{alone}, saved ¥{saved}")
        numbers = {name: f"{slip[name]:,}" for name in ("pays", "alone", "saved")}
        facts.append((slip["name"], said.format(goods=_pairs(slip["granted"]), **numbers)))
    output.facts(found, facts)
