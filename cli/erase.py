"""`yui erase …`: personal data of a paper is erased here and, if its home may, at the partner."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.output import moment, short
from node import words
from node.i18n import _

app = family(_("Erase personal data (names, telephone, mail, notes) of papers."))
DOCUMENT = Annotated[str, typer.Argument(metavar="DOCUMENT", help=_("Id of the document, or its first 8 digits."))]
MEMBER = Annotated[str, typer.Option(help=_("The member that asks, where two of this node hold it."))]


@command(app, "request", _("Erase it here and ask the partner; refused while the law keeps the paper."))
def request(document: DOCUMENT, member: MEMBER = "") -> None:
    """Ask for the personal part of a document to be erased."""
    found = call("erase.request", document=document, member=member, by=f"cli:{getpass.getuser()}")
    output.facts(found, _facts(found))


@command(app, "status", _("Whether it is still there, what keeps it and until when, what was asked."))
def status(document: DOCUMENT, member: MEMBER = "") -> None:
    """How one document stands."""
    found = call("erase.status", document=document, member=member)
    rows = [
        (_("Document"), short(found["document"])),
        (_("Personal data"), _here(found)),
        (_("Has to be kept"), _why(found["rule"], found["until"]) or _("no")),
    ]
    output.facts(found, rows + (_facts(found["erasure"])[1:] if found["erasure"] else []))


@command(app, "list", _("List what was asked, by members and by partners, the latest first."))
def listed(member: Annotated[str, typer.Option(help=_("Only of this member."))] = "") -> None:
    """List requests."""
    found = call("erase.list", member=member)
    rows = [
        (
            short(row["document"]),
            row["member_name"],
            row["partner_name"] or short(row["partner"]),
            moment(row["asked"]),
            _("member") if row["by"] else _("partner"),
            _state(row["state"], row["rule"], row["until"]),
            _state(row["partner_state"], row["partner_rule"], row["partner_until"]),
        )
        for row in found
    ]
    columns = [_("Document"), _("Member"), _("Partner"), _("Asked"), _("By"), _("Here"), _("At the partner")]
    output.table(found, columns, rows, empty=_("nothing was asked to be erased"))


def _facts(row: dict[str, Any]) -> list[tuple[str, str]]:
    partner = _state(row["partner_state"], row["partner_rule"], row["partner_until"])
    if row["errand"] == "ask":
        partner = _("will be asked")
    return [
        (_("Document"), short(row["document"])),
        (_("Here"), _state(row["state"], row["rule"], row["until"])),
        (_("At the partner"), partner),
        (_("Copies at guardians"), _copies(row)),
        (_("Note"), row["note"]),
    ]


def _copies(row: dict[str, Any]) -> str:
    if not row["copies_state"]:
        return ""
    how = words.copies(row["copies_state"])
    until = f" ({_('until {time}').format(time=moment(row['copies_until']))})" if row["copies_until"] else ""
    said = _("Confirmed by {said} of {of}.").format(said=row["copies_said"], of=row["copies_of"])
    return f"{how}{until}. {said}" if row["copies_of"] else f"{how}{until}"


def _here(found: dict[str, Any]) -> str:
    if not found["named"]:
        return _("none was written")
    return _("is there") if found["here"] else _("is erased")


def _state(state: str, rule: str, until: int) -> str:
    if state == "refused":
        return f"{_('stays')}: {_why(rule, until)}"
    return {"erased": _("erased"), "asked": _("asked, no answer yet")}.get(state, "")


def _why(rule: str, until: int) -> str:
    if not rule:
        return ""
    why = words.rule(rule)
    return f"{why} ({_('until {time}').format(time=moment(until))})" if until else why
