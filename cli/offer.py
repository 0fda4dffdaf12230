"""`yui offer …`: offers and requests: publish, list, show, search, withdraw, what fits."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family, read_file
from cli.exits import Exit, Failure
from cli.output import moment, short
from node.i18n import _

app = family(_("Offers and requests: publish, find, see what fits, withdraw."))
Offer = Annotated[str, typer.Argument(metavar="OFFER", help=_("Id of the offer, or its first digits."))]
Whose = Annotated[str, typer.Option("--member", help=_("The member: name, id or its first digits."))]


@command(app, "publish", _("Publish an offer or request from a JSON file; with --revise a later version of one."))
def publish(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("JSON; fields as `yui offer kinds` lists them."))],
    member: Whose,
    revise: Annotated[str, typer.Option(metavar="OFFER", help=_("Replace what this one says."))] = "",
) -> None:
    """Publish."""
    try:
        given: Any = jsonlib.loads(read_file(file))
    except ValueError as error:
        raise Failure(Exit.BAD_INPUT, _("{file}: not JSON: {error}").format(file=file, error=error)) from None
    if not isinstance(given, dict):
        raise Failure(Exit.BAD_INPUT, _("{file}: must hold one object").format(file=file))
    _shown(call("offer.publish", **{**given, "member": member, "series": revise}))


@command(app, "list", _("List a member's offers and requests."))
def list_offers(member: Whose) -> None:
    """List."""
    _table(call("offer.list", member=member))


@command(app, "show", _("Show an offer; of this node's members with what fits it."))
def show(offer: Offer, member: Whose = "") -> None:
    """Show."""
    _shown(call("offer.show", offer=offer, member=member))


@command(app, "search", _("Search the offers and requests of the whole federation that are known here."))
def search(
    text: Annotated[str, typer.Argument(metavar="[WORDS]", help=_("All of them have to be there."))] = "",
    kind: Annotated[str, typer.Option(help=_("One kind only; see `yui offer kinds`."))] = "",
    side: Annotated[str, typer.Option(help=_("offer or request"))] = "",
    area: Annotated[str, typer.Option(help=_("Prefecture (2 digits) or municipality (5 or 6)."))] = "",
    industry: Annotated[str, typer.Option(help=_("JSIC, by its beginning."))] = "",
    starts: Annotated[str, typer.Option("--from", help=_("First day, YYYY-MM-DD."))] = "",
    ends: Annotated[str, typer.Option("--to", help=_("Last day, YYYY-MM-DD."))] = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help=_("At most this many."))] = 50,
) -> None:
    """Search."""
    found = call(
        "offer.search", text=text, kind=kind, side=side, area=area, industry=industry, starts=starts, ends=ends,
        limit=limit,
    )  # fmt: skip
    _table(found["offers"], found)


@command(app, "withdraw", _("Withdraw a member's offer; other nodes are told."))
def withdraw(offer: Offer, member: Whose) -> None:
    """Withdraw."""
    _shown(call("offer.withdraw", offer=offer, member=member))


@command(app, "fits", _("Show what fits a member's offers and requests, and what does not fit."))
def fits(member: Whose) -> None:
    """What fits."""
    found = call("offer.fits", member=member)
    rows = [
        (short(one["of"]), short(one["other"]["offer"]), one["other"]["title"], one["other"]["name"], _how(one))
        for one in found
    ]
    output.table(found, [_("Ours"), _("Theirs"), _("Title"), _("Firm"), _("How")], rows, empty=_("nothing fits yet"))


@command(app, "kinds", _("List the kinds of offers and their fields."))
def kinds() -> None:
    """The vocabulary."""
    found = call("offer.kinds")
    rows = [
        (kind["kind"], field["name"], field["type"], field["unit"], field["needed"], field["law"])
        for kind in found
        for field in kind["fields"]
    ]
    output.table(found, [_("Kind"), _("Field"), _("Type"), _("Unit"), _("Needed"), _("Law")], rows)


def _table(offers: list[dict[str, Any]], whole: Any = None) -> None:
    rows = [
        (short(one["offer"]), one["kind"], one["side"], one.get("title", ""), one["name"], one.get("area", ""),
         one["state"], moment(one["expires"]))
        for one in offers
    ]  # fmt: skip
    heads = [_("Id"), _("Kind"), _("Side"), _("Title"), _("Firm"), _("Area"), _("State"), _("Until")]
    output.table(whole if whole is not None else offers, heads, rows, empty=_("no offers"))


def _how(one: dict[str, Any]) -> str:
    wrong = [each["name"] for each in one["criteria"] if each["outcome"] == "not"]
    unknown = [each["name"] for each in one["criteria"] if each["outcome"] == "unknown"]
    parts = [_("fits") if one["fits"] else _("does not fit: {names}").format(names=", ".join(wrong))]
    if unknown:
        parts.append(_("unknown: {names}").format(names=", ".join(unknown)))
    return "; ".join(parts)


def _shown(found: dict[str, Any]) -> None:
    facts: list[tuple[str, Any]] = [
        (_("Id"), found["offer"]),
        (_("Kind"), f"{found['kind']} ({found['side']})"),
        (_("Firm"), found["name"]),
        (_("State"), found["state"]),
        (_("Until"), moment(found["expires"])),
        (_("As of"), moment(found["as_of"])),
    ]
    if found["state"] != "withdrawn":
        facts += [(_("Title"), found["title"]), (_("Text"), found["text"]), (_("Area"), found["area"])]
        facts += [(_("Days"), f"{found['starts']} – {found['ends']}")] if found["starts"] or found["ends"] else []
        facts += [
            (name, ", ".join(value) if isinstance(value, list) else value) for name, value in found["details"].items()
        ]
    facts += [
        (_("Fits"), f"{one['other']['title']} ({one['other']['name']}): {_how(one)}") for one in found.get("fits", [])
    ]
    output.facts(found, facts)
