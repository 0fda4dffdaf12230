"""`yui pos …`: sales of registers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.imports import mapping_in
from cli.item import Member
from cli.output import yes_no
from cli.terms import Partner
from node.i18n import _, language

app = family(_("Sales of registers (POS)."))


@command(app, "import", _("Take over a register's file; bad lines are named, the good ones kept."))
def bring(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("CSV (UTF-8, Shift_JIS) or Excel."))],
    member: Annotated[str, typer.Option(help=_("The member (default: the only one of this node)."))] = "",
    store: Annotated[str, typer.Option(help=_("The store, if the file does not name it."))] = "",
    layout: Annotated[str, typer.Option(help=_("Whose file it is: generic, smaregi, square."))] = "generic",
    mapping: Annotated[
        Path | None, typer.Option(metavar="JSON", help=_('Columns: {"columns": {"day": "営業日"}}.'))
    ] = None,
    tax: Annotated[str, typer.Option(help=_("Amounts where no column says: in, out, none."))] = "in",
    correct: Annotated[
        bool, typer.Option("--correct", help=_("Lines that differ from what is stored become new versions."))
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only say what would happen."))] = False,
) -> None:
    """Take a register's file over, or say what it would do."""
    if not file.is_file():
        raise Failure(Exit.BAD_INPUT, _("{file}: no such file").format(file=file))
    found = call(
        "pos.import", file=str(file.resolve()), member=member, store=store, layout=layout,
        mapping=None if mapping is None else mapping_in(mapping).get("columns"), tax=tax, correct=correct,
        commit=not dry_run, lang=language(),
    )  # fmt: skip
    output.facts(found, [
        (_("New"), str(found["new"])),
        (_("Changed"), str(found["changed"])),
        (_("As it is already"), str(found["same"])),
        (_("Left out"), str(found["bad"])),
        *((_("Line {n}").format(n=one["line"]), f"{one['column']}: {one['rule']}") for one in found["problems"]),
    ])  # fmt: skip


@command(app, "watch", _("Take over by itself what a register writes into a folder (on), or no longer (off)."))
def watch(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help=_("Name or id of the member."))],
    state: Annotated[str, typer.Argument(metavar="on|off")] = "on",
) -> None:
    """Switch the watched folder."""
    if state not in ("on", "off"):
        raise Failure(Exit.BAD_INPUT, _("on or off"))
    found = call("pos.watch", member=member, on=state == "on")
    output.facts(found, [(_("Folder"), found["folder"]), (_("On"), output.yes_no(found["on"]))])


@command(app, "grant", _("Let a supplier see the sales of its goods, week by week; prices and stores stay hidden."))
def grant(
    partner: Partner,
    since: Annotated[str, typer.Option(metavar="DAY", help=_("From which day on (default: today)."))] = "",
    prices: Annotated[bool, typer.Option("--prices", help=_("With what customers paid."))] = False,
    stores: Annotated[bool, typer.Option("--stores", help=_("By store, with its name."))] = False,
    member: Member = "",
) -> None:
    """Grant, or change what is granted."""
    _granted(call("pos.grant", partner=partner, member=member, since=since, prices=prices, stores=stores))


@command(app, "revoke", _("Show a supplier no more sales, from now on."))
def revoke(partner: Partner, member: Member = "") -> None:
    """Take a grant back."""
    _granted(call("pos.revoke", partner=partner, member=member))


def _granted(found: dict[str, Any]) -> None:
    output.facts(found, [
        (_("Partner"), found["partner_name"]),
        (_("In force"), yes_no(found["active"])),
        (_("From"), found["since"]),
        (_("With prices"), yes_no(found["prices"])),
        (_("By store"), yes_no(found["stores"])),
    ])  # fmt: skip


@command(app, "grants", _("List which suppliers see what, where the stores are, and what went out."))
def grants(member: Member = "") -> None:
    """What is granted and what was told."""
    found = call("pos.grants", member=member)
    output.facts(found, [
        *((one["partner_name"], _granted_words(one)) for one in found["grants"]),
        *((_("Area of {store}").format(store=store or _("all other stores")), area)
          for store, area in sorted(found["areas"].items())),
        *((one["week"], f"{one['partner_name']} · {one['lines']}") for one in found["told"]),
    ])  # fmt: skip


def _granted_words(one: dict[str, Any]) -> str:
    words = [_("since {day}").format(day=one["since"]) if one["active"] else _("revoked")]
    words += [_("with prices")] if one["prices"] else []
    words += [_("by store")] if one["stores"] else []
    return ", ".join(words)


@command(app, "report", _("Send a supplier what it has not been told yet, now."))
def report(partner: Partner, member: Member = "") -> None:
    """Report the weeks that are over."""
    found = call("pos.report", partner=partner, member=member)
    output.facts(found, [(_("Reports"), str(len(found["reports"])))])


@command(app, "area", _("Say in which municipality a store is, by its code (26104)."))
def area(
    code: Annotated[str, typer.Argument(metavar="CODE", help=_("Two digits of a prefecture, or five."))],
    store: Annotated[str, typer.Option(help=_("The store (default: all that are not named)."))] = "",
    member: Member = "",
) -> None:
    """Where a store is."""
    found = call("pos.area", area=code, store=store, member=member)
    rows = sorted(found["areas"].items())
    output.facts(found, [(name or _("all other stores"), value) for name, value in rows])
