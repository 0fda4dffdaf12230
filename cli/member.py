"""`yui member …`: who is served here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.output import moment, short, yes_no
from node.i18n import _

app = family(_("Members of this node."))
Member = Annotated[str, typer.Argument(metavar="MEMBER", help=_("Name, or first digits of the id."))]

File = Annotated[Path, typer.Argument(metavar="FILE", help=_("A zip file."))]

Kana = Annotated[str, typer.Option(help=_("Reading of the name."))]
Number = Annotated[str, typer.Option("--corporate-number", help=_("Corporate number (法人番号), 13 digits."))]
Registration = Annotated[
    str, typer.Option("--registration-number", help=_("Invoice registration number, T and 13 digits."))
]
Industry = Annotated[str, typer.Option(help=_("Industry (JSIC code)."))]
Area = Annotated[str, typer.Option(help=_("Area code (全国地方公共団体コード)."))]
Description = Annotated[str, typer.Option(help=_("What the firm does."))]
Words = Annotated[list[str] | None, typer.Option("--word", help=_("Search word (may be repeated)."))]
Endpoint = Annotated[str, typer.Option(help=_("Peppol address, scheme:id."))]


@command(app, "add", _("Enrol a member. Shows its 24 recovery words once."))
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_("Name of the firm."))],
    kana: Kana = "",
    corporate_number: Number = "",
    registration_number: Registration = "",
    industry: Industry = "",
    area: Area = "",
    description: Description = "",
    word: Words = None,
    endpoint: Endpoint = "",
    unlisted: Annotated[bool, typer.Option("--unlisted", help=_("Do not publish a card in the directory."))] = False,
    branch: Annotated[
        bool, typer.Option("--branch", help=_("Another branch of a firm that is in the directory already."))
    ] = False,
) -> None:
    """Enrol a member."""
    profile = {
        "name": name,
        "kana": kana,
        "corporate_number": corporate_number,
        "registration_number": registration_number,
        "industry": industry,
        "area": area,
        "description": description,
        "words": word or [],
        "endpoint": endpoint,
    }
    found = call("member.add", profile=profile, listed=not unlisted, branch=branch)
    named = ", ".join(found["guardians"]) or "–"
    output.facts(found, [(_("Member"), found["name"]), (_("Id"), found["member"]), (_("Guardians"), named)])
    if output.Mode.json:
        return
    output.line("")
    output.line(_("Recovery words. Write them on paper and give them to the member; they are shown only now:"))
    words = found["words"]
    for start in range(0, len(words), 6):
        output.line("  " + "  ".join(f"{at + 1:2d} {words[at]}" for at in range(start, start + 6)))
    output.line("")
    output.say(
        _(
            "Whoever holds these words can move the member and undo what this node did. The association has seen them "
            "now: the member can replace them with `yui key revoke MEMBER --role words`."
        )
    )


@command(app, "list", _("List members."))
def list_members(
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help=_("Also members of other nodes that are known here."))
    ] = False,
) -> None:
    """List members."""
    found = call("member.list", everywhere=everywhere)
    rows = [
        (
            row["name"],
            short(row["member"]),
            row["epoch"],
            yes_no(row["local"]),
            _("suspended") if row["suspended"] else "",
            moment(row["created"]),
        )
        for row in found
    ]
    output.table(
        found,
        [_("Name"), _("Id"), _("Epoch"), _("Here"), "", _("Since")],
        rows,
        empty=_("no members yet: `yui member add NAME`"),
    )


@command(app, "show", _("Show a member."))
def show(member: Member) -> None:
    """Show a member."""
    _show(call("member.show", member=member))


@command(app, "card", _("Change a member's card in the directory."))
def card(
    member: Member,
    name: Annotated[str | None, typer.Option(help=_("Name of the firm."))] = None,
    kana: Annotated[str | None, typer.Option(help=_("Reading of the name."))] = None,
    corporate_number: Annotated[str | None, typer.Option(help=_("Corporate number (法人番号), 13 digits."))] = None,
    registration_number: Annotated[
        str | None, typer.Option(help=_("Invoice registration number, T and 13 digits."))
    ] = None,
    industry: Annotated[str | None, typer.Option(help=_("Industry (JSIC code)."))] = None,
    area: Annotated[str | None, typer.Option(help=_("Area code (全国地方公共団体コード)."))] = None,
    description: Annotated[str | None, typer.Option(help=_("What the firm does."))] = None,
    endpoint: Annotated[str | None, typer.Option(help=_("Peppol address, scheme:id."))] = None,
) -> None:
    """Change a member's card."""
    given = {
        "name": name,
        "kana": kana,
        "corporate_number": corporate_number,
        "registration_number": registration_number,
        "industry": industry,
        "area": area,
        "description": description,
        "endpoint": endpoint,
    }
    changes = {key: value for key, value in given.items() if value is not None}
    _show(call("member.card", member=member, changes=changes))


@command(app, "suspend", _("Stop a member: its documents are refused in both directions, nothing is deleted."))
def suspend(member: Member) -> None:
    """Stop a member."""
    _show(call("member.suspend", member=member))


@command(app, "resume", _("Let a suspended member go on."))
def resume(member: Member) -> None:
    """Let a member go on."""
    _show(call("member.resume", member=member))


@command(app, "drop", _("Write what a member receives as files too (from now on), or stop it."))
def drop(member: Member, state: Annotated[str, typer.Argument(metavar="on|off")]) -> None:
    """Switch the drop folder."""
    if state not in ("on", "off"):
        from cli.exits import Exit, Failure

        raise Failure(Exit.BAD_INPUT, _("on or off"))
    found = call("member.drop", member=member, on=state == "on")
    output.facts(found, [(_("Folder"), found["folder"]), (_("On"), yes_no(found["on"]))])


@command(app, "export", _("Write everything of a member into one file: documents, attachments, journal, records."))
def export(
    member: Member,
    file: File,
    lang: Annotated[str, typer.Option(help=_("Language of PDFs and index: ja or en."))] = "ja",
    without_pdf: Annotated[bool, typer.Option("--without-pdf", help=_("Draw no documents: much quicker."))] = False,
    force: Annotated[bool, typer.Option("--force", help=_("Replace a file that is there already."))] = False,
) -> None:
    """Export a member."""
    from cli import archives

    archives.export(file, member, lang, pdf=not without_pdf, force=force)


@command(
    app,
    "import",
    _("Take in the export archive of a member of another node: its books and documents are readable here."),
)
def take_in(
    file: File,
    check: Annotated[bool, typer.Option("--check", help=_("Verify only; nothing is stored."))] = False,
    damaged: Annotated[
        bool, typer.Option("--damaged", help=_("Take in what holds of an archive with faults."))
    ] = False,
) -> None:
    """Import a member's past."""
    from cli import archives

    archives.take_in(file, check=check, damaged=damaged)


@command(app, "find", _("Look members up, here and at peers: by words, corporate number, industry, area."))
def find(
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help=_("Words of name, reading or description."))] = "",
    corporate_number: Number = "",
    industry: Industry = "",
    area: Area = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
) -> None:
    """Search the directory."""
    found = call(
        "directory.search", text=text, corporate_number=corporate_number, industry=industry, area=area, limit=limit
    )
    rows = [
        (
            row["name"],
            row["kana"],
            row["corporate_number"],
            row["industry"],
            row["area"],
            short(row["member"]),
            short(row["node"]),
        )
        for row in found
    ]
    columns = [_("Name"), _("Reading"), _("Corporate number"), _("Industry"), _("Area"), _("Id"), _("Node")]
    output.table(found, columns, rows)


def _show(found: dict[str, Any]) -> None:
    card = found.get("card") or {}
    rows = [
        (_("Member"), found.get("name") or card.get("name", "")),
        (_("Id"), found["member"]),
        (_("Home"), found.get("home", "")),
        (_("Epoch"), found.get("epoch", "")),
        (_("Suspended"), yes_no(bool(found.get("suspended")))),
    ]
    labels = {
        "kana": _("Reading"),
        "corporate_number": _("Corporate number"),
        "registration_number": _("Registration number"),
        "industry": _("Industry"),
        "area": _("Area"),
        "description": _("Description"),
        "endpoint": _("Peppol address"),
    }
    rows += [(label, card[name]) for name, label in labels.items() if card.get(name)]
    rows += [(_("Dealings: {state}").format(state=state), count) for state, count in found.get("dealings", {}).items()]
    output.facts(found, rows)
