"""`yui order …`: the main job: send an order, see what came, answer it."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family, read_file
from cli.document import (
    From,
    Member,
    Thread,
    To,
    as_json,
    is_xml,
    read_paper,
    send_ubl,
    shown_full,
    shown_list,
    shown_sent,
)
from cli.exits import Exit, Failure
from node.i18n import _

app = family(_("Orders: send, list, show, answer."))
Order = Annotated[
    str, typer.Argument(metavar="ORDER", help=_("Id of the order (or its first 8 digits), or its number."))
]


@command(app, "send", _("Send orders written in UBL 2.1 / Peppol BIS, or as JSON."))
def send(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=_("UBL (.xml) or JSON files."))],
    sender: From = "",
    to: To = "",
    thread: Thread = "",
) -> None:
    """Send orders."""
    contents = [(file, _read_order(file)) for file in files]  # all of them, before any is sent
    sent: list[dict[str, Any]] = []
    with output.progress(_("sending"), len(files)) as advance:
        for file, content in contents:
            try:
                sent.append(_send_one(file, content, sender, to, thread))
            except Failure as failure:
                raise _partly(failure, sent) from None
            except KeyboardInterrupt:
                stopped = _("stopped while {file} was being sent: look with `yui order list` whether it went")
                raise _partly(Failure(Exit.REFUSED, stopped.format(file=file)), sent) from None
            advance(1)
    if len(sent) == 1:
        shown_sent(sent[0])
        return
    rows = [(item["document"][:12], item["number"], item["verdict"], item["reason"]) for item in sent]
    output.table(sent, [_("Id"), _("Number"), _("Verdict"), ""], rows)


def _read_order(file: Path) -> bytes | dict[str, Any]:
    """XML as bytes, anything else as JSON."""
    data = read_paper(file)
    if is_xml(data):
        return data
    found: dict[str, Any] = as_json(file, data)
    return found


def _send_one(file: Path, content: bytes | dict[str, Any], sender: str, to: str, thread: str) -> dict[str, Any]:
    try:
        if isinstance(content, bytes):
            return send_ubl(content, sender, to, thread, "order")
        found: dict[str, Any] = call("document.send", member=sender, to=to, type="order", body=content, thread=thread)
        return found
    except Failure as failure:
        raise Failure(failure.code, f"{file}: {failure}", {**failure.problem, "file": str(file)}) from None


def _partly(failure: Failure, sent: list[dict[str, Any]]) -> Failure:
    """The same failure, saying which orders of the same command went before it: they must not be sent again."""
    if not sent:
        return failure
    numbers = ", ".join(str(item["number"]) for item in sent)
    told = _("Sent before it, and not to be sent again: {numbers}").format(numbers=numbers)
    kept = f"{len(sent)} orders that were sent before it"
    return Failure(failure.code, f"{failure} {told}", {**failure.problem, "kept": kept, "sent": sent})


@command(app, "list", _("List orders, newest first."))
def list_orders(
    member: Member = "",
    direction: Annotated[str, typer.Option(help=_("sent or received."))] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    before: Annotated[int, typer.Option(min=0, help=_("Go on behind this cursor."))] = 0,
) -> None:
    """List orders."""
    shown_list(call("document.search", member=member, type="order", direction=direction, limit=limit, before=before))


@command(app, "show", _("Show an order: fields, marks, how far its lines have come."))
def show(order: Order, member: Member = "") -> None:
    """Show an order."""
    shown_full(call("order.show", document=order, member=member))


@command(app, "answer", _("Answer an order that was received: --accept, --refuse, or --change LINES."))
def answer(
    order: Order,
    accept: Annotated[bool, typer.Option("--accept", help=_("All of it, as ordered."))] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help=_("Nothing of it."))] = False,
    change: Annotated[
        Path | None,
        typer.Option(
            "--change",
            metavar="FILE",
            help=_(
                "Answer per line: JSON array of response lines (line_id, order_line_id, status, quantity, promises, …)."
            ),
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help=_("Why, in words."))] = "",
    number: Annotated[str, typer.Option(help=_("Number of the answer (default: from the order's)."))] = "",
    member: Member = "",
) -> None:
    """Answer an order."""
    if accept + refuse + (change is not None) != 1:
        raise Failure(Exit.BAD_INPUT, _("one of --accept, --refuse, --change FILE"))
    lines: Any = []
    if change is not None:
        try:
            lines = jsonlib.loads(read_file(change))
        except ValueError as error:
            raise Failure(Exit.BAD_INPUT, _("{file}: not JSON: {error}").format(file=change, error=error)) from None
    response = "accepted" if accept else "refused" if refuse else "changed"
    shown_sent(
        call("order.answer", order=order, response=response, reason=reason, number=number, member=member, lines=lines)
    )
