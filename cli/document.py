"""`yui document …`: papers of every kind, and their proofs."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family, read_file
from cli.exits import Exit, Failure
from cli.output import moment, money, short
from node import rules, words
from node.i18n import _
from protocol.limits import MAX_XML_BYTES

app = family(_("Documents of every kind: send, search, show, prove."))
Document = Annotated[str, typer.Argument(metavar="DOCUMENT", help=_("Id of the document, or its first 8 digits."))]
Member = Annotated[str, typer.Option(help=_("Member of this node; not needed where there is only one."))]
From = Annotated[
    str, typer.Option("--from", help=_("The sending member of this node: name or first digits of the id."))
]
To = Annotated[
    str, typer.Option("--to", help=_("The receiving member: name, id, corporate number, or scheme:id of its card."))
]
Thread = Annotated[str, typer.Option(help=_("A dealing to go on with: its id, or any document of it."))]


@command(app, "send", _("Send a paper from a JSON file (its fields) or an XML file (UBL, SME Common EDI)."))
def send(
    type: Annotated[
        str, typer.Argument(metavar="TYPE", help=_("order, order_response, quotation, despatch_advice, invoice, …"))
    ],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=_("JSON, UBL or SME Common EDI; - reads standard input."))
    ],
    sender: From = "",
    to: To = "",
    thread: Thread = "",
    key: Annotated[str, typer.Option(help=_("Number under which the paper is known, if not its own."))] = "",
    revision: Annotated[int, typer.Option(min=0, help=_("Version of the paper under the same number."))] = 0,
) -> None:
    """Send a paper."""
    data = sys.stdin.buffer.read() if str(file) == "-" else read_paper(file)
    if is_xml(data):
        shown_sent(send_ubl(data, sender, to, thread, type))
        return
    value = as_json(file, data)
    body, personal = value, None
    if isinstance(value, dict) and "body" in value:
        body, personal = value["body"], value.get("personal")
    shown_sent(
        call(
            "document.send",
            member=sender,
            to=to,
            type=type,
            body=body,
            personal=personal,
            thread=thread,
            key=key,
            revision=revision,
        )
    )


def read_paper(file: Path) -> bytes:
    """The bytes of a paper's file; a Failure for one that is larger than any paper."""
    data = read_file(file)
    if len(data) > MAX_XML_BYTES:
        text = _("{file} has {size} bytes; a paper has at most {most}. Nothing was stored.")
        raise Failure(Exit.BAD_INPUT, text.format(file=file, size=f"{len(data):,}", most=f"{MAX_XML_BYTES:,}"))
    return data


def as_json(file: Path, data: bytes) -> Any:
    """What a file says in JSON; a Failure that says where it does not."""
    if not data.strip():
        raise Failure(Exit.BAD_INPUT, _("{file} is empty. Nothing was stored.").format(file=file))
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        text = _("{file} is neither XML nor JSON (line {line}, column {column}). Nothing was stored.")
        raise Failure(Exit.BAD_INPUT, text.format(file=file, line=error.lineno, column=error.colno)) from None
    except ValueError:
        raise Failure(
            Exit.BAD_INPUT, _("{file} is neither XML nor JSON. Nothing was stored.").format(file=file)
        ) from None


def is_xml(data: bytes) -> bool:
    """Whether a file is meant as XML, also with a byte order mark or in UTF-16."""
    return data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.lstrip(b"\xef\xbb\xbf \t\r\n\0")[:1] == b"<"


def send_ubl(data: bytes, sender: str, to: str, thread: str, type: str = "") -> dict[str, Any]:
    """Send UBL or SME Common EDI; the answer. ``type``: no other paper than this."""
    xml = base64.b64encode(data).decode()
    found: dict[str, Any] = call("document.send_ubl", member=sender, to=to, thread=thread, xml=xml, type=type)
    for warning in found.get("warnings", ()):
        output.say(_("Note: {what}").format(what=" ".join(str(item) for item in warning.values() if item)))
    return found


def shown_sent(found: dict[str, Any]) -> None:
    """What became of a paper that was sent."""
    output.facts(
        found,
        [
            (_("Document"), found["document"]),
            (_("Type"), words.paper(found["type"])),
            (_("Number"), found["number"]),
            (_("Dealing"), found["thread"]),
            (_("Verdict"), " ".join(filter(None, (words.verdict(found["verdict"]), found["reason"])))),
        ],
    )
    if found["verdict"] == "held":
        output.say(_("It is held because another document has this number: `yui held list`."))


@command(app, "list", _("List documents, newest first."))
def list_documents(
    member: Member = "",
    type: Annotated[str, typer.Option(help=_("Only of this type."))] = "",
    direction: Annotated[str, typer.Option(help=_("sent or received."))] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    before: Annotated[int, typer.Option(min=0, help=_("Go on behind this cursor."))] = 0,
) -> None:
    """List documents."""
    shown_list(call("document.search", member=member, type=type, direction=direction, limit=limit, before=before))


@command(app, "search", _("Search documents by words, day, amount, partner, type."))
def search(
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help=_("Words that must all be in it."))] = "",
    member: Member = "",
    type: Annotated[str, typer.Option(help=_("Only of this type."))] = "",
    partner: Annotated[str, typer.Option(help=_("Only with this member."))] = "",
    direction: Annotated[str, typer.Option(help=_("sent or received."))] = "",
    verdict: Annotated[str, typer.Option(help=_("applied, held, waiting, refused."))] = "",
    since: Annotated[str, typer.Option(help=_("Issued on this day or later (YYYY-MM-DD)."))] = "",
    until: Annotated[str, typer.Option(help=_("Issued on this day or earlier (YYYY-MM-DD)."))] = "",
    amount_min: Annotated[int | None, typer.Option(help=_("At least this amount (minor units; yen)."))] = None,
    amount_max: Annotated[int | None, typer.Option(help=_("At most this amount (minor units; yen)."))] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    before: Annotated[int, typer.Option(min=0, help=_("Go on behind this cursor."))] = 0,
) -> None:
    """Search documents."""
    shown_list(
        call(
            "document.search",
            member=member,
            text=text,
            type=type,
            partner=partner,
            direction=direction,
            verdict=verdict,
            since=since,
            until=until,
            amount_min=amount_min,
            amount_max=amount_max,
            limit=limit,
            before=before,
        )
    )


def marks(found: dict[str, Any]) -> str:
    """The marks of a document in words."""
    said = [_("stored")]
    if found["safe"]:
        said.append(_("safe"))
    if found["received"]:
        verdict = found["received"]["verdict"]
        said.append(
            _("received") if verdict == "applied" else _("received: {verdict}").format(verdict=words.verdict(verdict))
        )
    if found["processed"]:
        said.append(_("processed"))
    if found["held"]:
        said.append(_("held"))
    return " ".join(said)


def shown_list(found: dict[str, Any]) -> None:
    """A page of documents."""
    rows = [
        (
            short(row["id"]),
            words.paper(row["type"]),
            row["number"],
            "→" if row["direction"] == "sent" else "←",
            row["partner_name"] or short(row["partner"]),
            moment(row["time"]),
            words.verdict(row["verdict"]),
            marks(row["marks"]),
        )
        for row in found["documents"]
    ]
    columns = [_("Id"), _("Type"), _("Number"), "", _("Partner"), _("Time"), _("Verdict"), _("Marks")]
    output.table(found, columns, rows)
    if found["next"]:
        output.say(_("There is more: --before {cursor}").format(cursor=found["next"]))


@command(app, "show", _("Show a document: fields, marks, dealing."))
def show(document: Document, member: Member = "") -> None:
    """Show a document."""
    shown_full(call("document.show", document=document, member=member))


def shown_full(found: dict[str, Any]) -> None:
    """One document for people."""
    if output.Mode.json:
        output.emit(found)
        return
    item, dealing = found["document"], found.get("dealing")
    rows: list[tuple[str, object]] = [
        (_("Document"), item["id"]),
        (_("Type"), words.paper(item["type"])),
        (_("Number"), item["number"]),
        (_("Partner"), item["partner_name"] or item["partner"]),
        (_("Direction"), words.direction(item["direction"])),
        (_("Time"), moment(item["time"])),
        (_("Verdict"), " ".join(filter(None, (words.verdict(item["verdict"]), item["reason"])))),
        (_("Marks"), marks(item["marks"])),
        (_("Dealing"), item["thread"]),
    ]
    if dealing:
        rows.append((_("State of the dealing"), words.state(dealing["state"])))
        rows.append((_("Whose turn"), words.role(dealing["turn"]) if dealing["turn"] else "–"))
        rows.append((_("Amount"), money(dealing["amount"], dealing["currency"])))
    rows += [
        (_("Attachment"), f"{use['root']} {output.size(use['size'])} {use['media_type']}")
        for use in found["attachments"]
    ]
    rows += [(_("Erased"), part) for part in found["erased"]]
    rows += [(_("Waits for"), short(missing)) for missing in found["waits_for"]]
    output.facts(found, rows)
    for line in dealing["lines"] if dealing else ():
        output.line(
            _("line {line}: ordered {ordered}, accepted {accepted}, shipped {shipped}, passed {passed}").format(
                line=line["line_id"],
                ordered=nano(line["ordered"]),
                accepted=nano(line["accepted"]),
                shipped=nano(line["despatched"]),
                passed=nano(line["passed"]),
            )
        )
    output.line(json.dumps(found["body"], ensure_ascii=False, indent=2))


def nano(value: int) -> str:
    """A quantity in nano as a decimal."""
    whole, part = divmod(value, 10**9)
    return str(whole) if not part else f"{whole}.{part:09d}".rstrip("0")


@command(app, "ubl", _("Write a paper as UBL."))
def ubl(
    document: Document,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=_("File to write (default: standard output)."))
    ] = None,
    member: Member = "",
    form: Annotated[
        str, typer.Option(help=_("For a bill: jp-pint or bis-billing, instead of what its seller's country uses."))
    ] = "",
) -> None:
    """Write UBL."""
    found = call("document.ubl", document=document, member=member, form=form)
    data = base64.b64decode(found.pop("xml"))
    for fault in () if output.Mode.json else found["faults"]:
        reason = f"{fault['field']}: {rules.said(fault['rule'])}"
        output.warn(_("Not valid UBL 2.1, as it was when it came: {reason}").format(reason=reason))
    if out is None:
        sys.stdout.buffer.write(data)
        return
    write_new(out, data)
    output.facts({**found, "file": str(out), "bytes": len(data)}, [(_("File"), out)])


@command(app, "export", _("Write a proof file, readable without a node; or, with --pdf, the document to print."))
def export(
    document: Document,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=_("File to write (default: ID.yui-proof or ID.pdf)."))
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help=_("As a PDF to print, file or fax."))] = False,
    lang: Annotated[str, typer.Option(help=_("Language of the PDF: ja or en."))] = "ja",
    fax: Annotated[bool, typer.Option("--fax", help=_("PDF with larger letters and without grey."))] = False,
    form: Annotated[str, typer.Option(help=_("delivery_note: the delivery note of a despatch advice (PDF)."))] = "",
    link: Annotated[str, typer.Option(help=_("Address to print as a QR code (PDF)."))] = "",
    sme: Annotated[
        bool, typer.Option("--sme", help=_("As a message of the SME Common EDI ver.4.1 (default: ID.xml)."))
    ] = False,
    member: Member = "",
) -> None:
    """Write a proof file, a PDF or XML."""
    if sme:
        _export_sme(out, document, member)
        return
    if pdf:
        _export_pdf(out, {"document": document, "member": member, "lang": lang, "fax": fax, "form": form, "link": link})
        return
    found = call("document.export", document=document, member=member)
    data = base64.b64decode(found.pop("proof"))
    path = out or Path(f"{short(found['document'])}.yui-proof")
    write_new(path, data)
    output.facts(
        {**found, "file": str(path), "bytes": len(data)}, [(_("File"), path), (_("Size"), output.size(len(data)))]
    )


def _export_sme(out: Path | None, document: str, member: str) -> None:
    found = call("document.sme", document=document, member=member)
    data = base64.b64decode(found.pop("xml"))
    path = out or Path(f"{short(found['document'])}.xml")
    write_new(path, data)
    output.facts({**found, "file": str(path), "bytes": len(data)}, [(_("File"), path)])


def _export_pdf(out: Path | None, wanted: dict[str, Any]) -> None:
    found = call("document.pdf", **wanted)
    data = base64.b64decode(found.pop("pdf"))
    path = out or Path(f"{short(found['document'])}.pdf")
    write_new(path, data)
    output.facts(
        {**found, "file": str(path), "bytes": len(data)}, [(_("File"), path), (_("Size"), output.size(len(data)))]
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, for its owner alone: it holds a paper."""
    try:
        with open(path, "xb", opener=_private) as file:
            file.write(data)
    except FileExistsError:
        raise Failure(Exit.REFUSED, _("{path} exists already").format(path=path)) from None
    except OSError as error:
        raise Failure(
            Exit.REFUSED, _("{path}: cannot be written: {reason}").format(path=path, reason=error.strerror)
        ) from None


@command(app, "verify", _("Prove a proof file on this machine alone; exit code 5 when it does not hold."))
def verify(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Prove a file, without a node."""
    from cli.verifying import report
    from protocol import proof
    from protocol.errors import YuiError

    data = read_file(file)
    try:
        proven = proof.verify(data)
    except YuiError as error:
        problem: dict[str, object] = {"holds": False, "code": error.code, "detail": str(error)}
        raise Failure(
            Exit.NOT_VERIFIED, _("{file} does not hold: {reason}").format(file=file, reason=error), problem
        ) from None
    found, rows = report(proven)
    output.facts(found, rows)
    if not output.Mode.json and found["body"] is not None:
        output.line(json.dumps(found["body"], ensure_ascii=False, indent=2))
