"""`yui books …`: searching a member's books, and taking the documents away."""

from __future__ import annotations

import base64
import zipfile
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.item import Member
from cli.output import money, short
from node import words
from node.i18n import _

app = family(_("The books: search by day, amount and partner; export."))
Since = Annotated[str, typer.Option(help=_("First day of the transaction, YYYY-MM-DD."))]
Until = Annotated[str, typer.Option(help=_("Last day of the transaction, YYYY-MM-DD."))]
Least = Annotated[int | None, typer.Option("--min", help=_("Lowest amount in minor units (yen, cents)."))]
Most = Annotated[int | None, typer.Option("--max", help=_("Highest amount in minor units."))]
Partner = Annotated[str, typer.Option(help=_("Id, first digits of it, corporate number or exact name."))]
Type = Annotated[str, typer.Option(help=_("Type of document, such as invoice."))]
Direction = Annotated[str, typer.Option(help=_("sent or received."))]


@command(app, "search", _("Search: any combination of days, amounts, partner and type."))
def search(
    since: Since = "",
    until: Until = "",
    least: Least = None,
    most: Most = None,
    partner: Partner = "",
    type: Type = "",
    direction: Direction = "",
    number: Annotated[str, typer.Option(help=_("Exactly this number."))] = "",
    sort: Annotated[str, typer.Option(help=_("day or amount."))] = "day",
    oldest: Annotated[bool, typer.Option("--oldest", help=_("Smallest or oldest first."))] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    behind: Annotated[str, typer.Option(help=_("Go on behind this cursor."))] = "",
    member: Member = "",
) -> None:
    """Search the books."""
    found = call(
        "books.search", member=member, since=since, until=until, amount_min=least, amount_max=most, partner=partner,
        type=type, direction=direction, number=number, sort=sort, oldest=oldest, limit=limit, behind=behind,
    )  # fmt: skip
    rows = [
        (
            line["day"],
            words.paper(line["type"]),
            words.direction(line["direction"]),
            line["partner_name"] or short(line["partner"]),
            line["number"],
            money(line["amount"], line["currency"]),
            words.verdict(line["verdict"]),
            short(line["document"]),
        )
        for line in found["lines"]
    ]
    columns = [_("Day"), _("Type"), "", _("Partner"), _("Number"), _("Amount"), _("State"), _("Id")]
    output.table(found, columns, rows, empty=_("nothing found"))
    for total in found["totals"] if not output.Mode.json else ():
        output.say(
            _("{n} documents, {amount}").format(
                n=total["documents"], amount=money(total["amount"], total["currency"]) or _("no amounts")
            )
        )
    if found["next"] and not output.Mode.json:
        output.say(_("Go on with --behind {cursor}").format(cursor=found["next"]))


@command(app, "export", _("Write the documents found into a zip file, with an index in CSV."))
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("The zip file to write."))],
    since: Since = "",
    until: Until = "",
    least: Least = None,
    most: Most = None,
    partner: Partner = "",
    type: Type = "",
    direction: Direction = "",
    form: Annotated[
        list[str] | None, typer.Option(help=_("pdf, ubl, json, proof (may be repeated; default: pdf and proof)."))
    ] = None,
    lang: Annotated[str, typer.Option(help=_("Language of PDFs and index: ja or en."))] = "ja",
    member: Member = "",
) -> None:
    """Export the books."""
    asked: dict[str, Any] = {
        "member": member, "since": since, "until": until, "amount_min": least, "amount_max": most, "partner": partner,
        "type": type, "direction": direction, "forms": form or ["pdf", "proof"], "lang": lang, "oldest": True,
    }  # fmt: skip
    try:
        documents = _write(file, asked)
    except OSError as error:
        raise Failure(
            Exit.BAD_INPUT, _("{path}: cannot be written: {reason}").format(path=file, reason=error.strerror)
        ) from None
    found = {"file": str(file), "documents": documents}
    output.facts(found, [(_("File"), file), (_("Documents"), documents)])


def _write(file: Path, asked: dict[str, Any]) -> int:
    """The zip, page by page; how many documents are in it."""
    from node import bookarchive

    rows: list[list[str]] = []
    documents, behind = 0, ""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, output.progress(_("exporting"), None) as advance:
        while True:
            page = call("books.archive", behind=behind, **asked)
            for one in page["files"]:
                archive.writestr(one["name"], base64.b64decode(one["content"]))
            rows += page["rows"]
            documents += int(page["documents"])
            advance(page["documents"])
            behind = page["next"]
            if not behind:
                break
        archive.writestr(bookarchive.INDEX, bookarchive.index(rows))
    return documents
