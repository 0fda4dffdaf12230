"""Admin commands: documents and orders on behalf of the node's members, for the command line.

Same services as the member API; the difference is who may call. What is written here carries ``by``: the command line
of the node, in the journal of the member.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from node.api.admin.command import Ask, Command, document_of, local_member, readable_member, tell
from node.api.context import Context
from node.api.member import shown as member_shown
from node.api.member import sme, threads, ubl
from node.api.member.documents import read_paper
from node.papers.pdf import Context as PdfContext
from node.papers.pdf import require
from node.papers.ubl import AS_IT_CAME
from node.services import addressing, answering, printing, proof, reading, routing, searching, trade
from node.services.reading import View
from node.services.searching import Filters
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import TYPE_OF, Order, Paper, Personal


class UblOf(Ask, frozen=True):
    """A document as UBL. ``form`` of a bill: jp-pint or bis-billing."""

    document: str
    member: str = ""
    form: str = ""


class SendUbl(Ask, frozen=True):
    """A paper as UBL or SME Common EDI: ``xml`` in base64. ``to`` empty: by the other firm in it."""

    member: str
    xml: str
    to: str = ""
    thread: str = ""
    type: str = ""


class SendDocument(Ask, frozen=True):
    """Any paper as JSON."""

    member: str
    to: str
    type: str
    body: msgspec.Raw
    personal: Personal | None = None
    thread: str = ""
    key: str = ""
    revision: int = 0


class AnswerOrder(Ask, frozen=True):
    """``response``: accepted, refused or changed; ``changes``: lines as JSON objects of an order response."""

    order: str
    response: str
    number: str = ""
    reason: str = ""
    lines: msgspec.Raw = msgspec.Raw(b"[]")
    member: str = ""


class Search(Ask, frozen=True):
    """Filters as in the member API. ``member`` empty: the only one of this node."""

    member: str = ""
    text: str = ""
    type: str = ""
    partner: str = ""
    verdict: str = ""
    direction: str = ""
    since: str = ""
    until: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    limit: int = 50
    before: int = 0


class PdfWanted(Ask, frozen=True):
    """A document by id or its first 8 digits, and how it shall be printed; ``link`` becomes a QR code."""

    document: str
    member: str = ""
    lang: str = "ja"
    form: str = ""
    fax: bool = False
    link: str = ""


class DocumentNamed(Ask, frozen=True):
    """A document by id or its first 8 digits."""

    document: str
    member: str = ""


def member_or_only(tx: Tx, text: str) -> bytes:
    if text:
        return local_member(tx, text)
    rows = tx.members.all(local=True)
    if len(rows) != 1:
        raise CallerFault("member", f"this node has {len(rows)} members: say for which")
    return rows[0].member


def send_ubl(context: Context, ask: SendUbl) -> dict[str, Any]:
    """Send a paper written in UBL or SME Common EDI; the root element tells which."""
    try:
        xml = base64.b64decode(ask.xml, validate=True)
    except ValueError:
        raise CallerFault("xml", "base64") from None
    read = context.ubl.read(xml, ask.type)

    def work(tx: Tx) -> tuple[dict[str, Any], frozenset[bytes]]:
        member = local_member(tx, ask.member, "from")
        to = addressing.resolve_loosely(tx, ask.to, "to") if ask.to else routing.recipient(tx, read.body, "")
        thread = _thread(tx, ask.thread, member) if ask.thread else routing.thread_of(tx, member, to, read.body)
        personal = ubl.personal_or_none(read.personal)
        return _submit(context, tx, member, trade.Submission(to, read.body, personal, thread))

    answer, news = context.commit(work)
    tell(context, news)
    return {**answer, "warnings": [warning._asdict() for warning in read.warnings]}


def send(context: Context, ask: SendDocument) -> dict[str, Any]:
    """Send any paper."""
    paper = read_paper(ask.type, ask.body, "body")

    def work(tx: Tx) -> tuple[dict[str, Any], frozenset[bytes]]:
        member = local_member(tx, ask.member, "from")
        to = addressing.resolve_loosely(tx, ask.to, "to")
        thread = _thread(tx, ask.thread, member) if ask.thread else b""
        wanted = trade.Submission(to, paper, ask.personal, thread, key=ask.key, revision=ask.revision)
        return _submit(context, tx, member, wanted)

    answer, news = context.commit(work)
    tell(context, news)
    return answer


def answer_order(context: Context, ask: AnswerOrder) -> dict[str, Any]:
    """Accept, refuse or change an order that a member of this node received."""

    def work(tx: Tx) -> tuple[dict[str, Any], frozenset[bytes]]:
        member, document = _order(tx, ask.order, local_member(tx, ask.member) if ask.member else None)
        view = reading.full(tx, member, document)
        order = searching.paper_of(view.stored)
        if not isinstance(order, Order):
            raise CallerFault("order", "is not an order")
        number = ask.number or answering.next_number(tx, member, order)
        paper = answering.response(order, ask.response, number, ask.reason, bytes(ask.lines), context.house.clock())
        row = view.view.holding
        return _submit(context, tx, member, trade.Submission(row.partner, paper, thread=row.thread))

    answer, news = context.commit(work)
    tell(context, news)
    return answer


def _order(tx: Tx, text: str, member: bytes | None) -> tuple[bytes, bytes]:
    """An order by id, or by its number where only one received order has it."""
    try:
        return document_of(tx, text, member)
    except (CallerFault, NotFound):
        rows = tx.holdings.before(member, 500, kind="order")
        found = [row for row in rows if row.business_key == text]
        found = [row for row in found if row.direction == "received"] or found
        if len(found) > 1:
            raise CallerFault("order", f"several orders are numbered {text[:64]}: name one by its id") from None
        if not found:
            raise NotFound("order", "no order has this id or number") from None
        return found[0].member, found[0].document


def _thread(tx: Tx, text: str, member: bytes) -> bytes:
    """A dealing by its id, or by any document of it."""
    _, document = document_of(tx, text, member)
    row = tx.documents.get(document)
    if row is None:
        raise NotFound("thread", "no such dealing")
    return row.thread


def _submit(
    context: Context, tx: Tx, member: bytes, wanted: trade.Submission
) -> tuple[dict[str, Any], frozenset[bytes]]:
    done = trade.submit(context.house, tx, member, [wanted])
    made = done.submitted[0]
    return {
        "document": made.id.hex(),
        "thread": made.thread.hex(),
        "type": _type(wanted.paper),
        "number": wanted.key or wanted.paper.number,
        "to": wanted.to.hex(),
        "verdict": made.verdict,
        "reason": made.reason,
    }, done.news


def _type(paper: Paper) -> str:
    return TYPE_OF[type(paper)]


def shown(view: View) -> dict[str, Any]:
    """A document in a list, as plain values."""
    plain: dict[str, Any] = msgspec.to_builtins(member_shown.item(view))
    return plain


def search(context: Context, ask: Search) -> dict[str, Any]:
    """A page of a member's documents."""

    def work(tx: Tx) -> dict[str, Any]:
        member = readable_member(tx, ask.member) if ask.member else member_or_only(tx, "")
        partner = addressing.resolve_loosely(tx, ask.partner, "partner") if ask.partner else b""
        filters = Filters(
            ask.text,
            ask.type,
            partner,
            ask.verdict,
            ask.direction,
            ask.since,
            ask.until,
            ask.amount_min,
            ask.amount_max,
        )
        page = searching.search(tx, member, filters, ask.limit, ask.before)
        return {"documents": [shown(view) for view in page.found], "next": page.next}

    return context.store.read(work)


def show(context: Context, ask: DocumentNamed) -> dict[str, Any]:
    """One document with body, marks and dealing."""

    def work(tx: Tx) -> dict[str, Any]:
        member, document = document_of(tx, ask.document, _optional(tx, ask.member))
        view = reading.full(tx, member, document)
        answer: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(member_shown.full(view)))
        try:
            dealing = threads.full(tx, member, view.stored.row.thread)
            answer["dealing"] = {**msgspec.to_builtins(dealing.thread), "lines": dealing.state["lines"]}
        except NotFound:
            answer["dealing"] = None
        return answer

    return context.store.read(work)


def show_order(context: Context, ask: DocumentNamed) -> dict[str, Any]:
    """As ``document.show``, for an order that may also be named by its number."""

    def work(tx: Tx) -> str:
        return _order(tx, ask.document, _optional(tx, ask.member))[1].hex()

    return show(context, DocumentNamed(document=context.store.read(work), member=ask.member))


def _optional(tx: Tx, text: str) -> bytes | None:
    return readable_member(tx, text) if text else None


def export(context: Context, ask: DocumentNamed) -> dict[str, Any]:
    """The proof file of a document, in base64."""

    def work(tx: Tx) -> dict[str, Any]:
        member, document = document_of(tx, ask.document, _optional(tx, ask.member))
        data = proof.export(context.house, tx, member, document)
        return {"document": document.hex(), "proof": base64.b64encode(data).decode()}

    return context.store.read(work)


def give_pdf(context: Context, ask: PdfWanted) -> dict[str, Any]:
    """A document as PDF, in base64."""
    wish = printing.Wish(ask.lang, ask.form, ask.fax, ask.link)

    def work(tx: Tx) -> tuple[bytes, Paper, PdfContext]:
        member, document = document_of(tx, ask.document, _optional(tx, ask.member))
        return document, *printing.prepare(context.house, tx, member, document, wish)

    document, paper, around = context.store.read(work)
    require(around)
    return {"document": document.hex(), "pdf": base64.b64encode(context.pdf.render(paper, around)).decode()}


def give_ubl(context: Context, ask: UblOf) -> dict[str, Any]:
    """A paper as UBL, in base64; ``faults``: why it is not valid UBL 2.1, where it was not when it came."""

    def work(tx: Tx) -> tuple[bytes, Paper, Personal | None]:
        member, document = document_of(tx, ask.document, _optional(tx, ask.member))
        view = reading.full(tx, member, document)
        return document, ubl.with_form(searching.paper_of(view.stored)), member_shown.bodies(view)[1]

    document, paper, personal = context.store.read(work)
    xml = context.ubl.write(paper, personal, ask.form)
    faults = context.ubl.validate(xml) if paper.origin == AS_IT_CAME and not ask.form else []
    return {
        "document": document.hex(),
        "xml": base64.b64encode(xml).decode(),
        "faults": [fault._asdict() for fault in faults],
    }


def give_sme(context: Context, ask: DocumentNamed) -> dict[str, Any]:
    """A paper as a message of the SME Common EDI, in base64."""

    def work(tx: Tx) -> tuple[bytes, Paper, Personal | None, Paper | None]:
        member, document = document_of(tx, ask.document, _optional(tx, ask.member))
        view = reading.full(tx, member, document)
        paper = sme.with_form(searching.paper_of(view.stored))
        past = routing.past_of(tx, member, paper, view.stored.row.thread)
        return document, paper, member_shown.bodies(view)[1], past

    document, paper, personal, past = context.store.read(work)
    xml = context.ubl.write_sme(paper, personal, past)
    return {"document": document.hex(), "xml": base64.b64encode(xml).decode()}


COMMANDS = (
    Command("document.sme", DocumentNamed, give_sme, offline=True),
    Command("document.send_ubl", SendUbl, send_ubl),
    Command("document.send", SendDocument, send),
    Command("document.search", Search, search, offline=True),
    Command("document.show", DocumentNamed, show, offline=True),
    Command("document.export", DocumentNamed, export, offline=True),
    Command("document.pdf", PdfWanted, give_pdf, offline=True),
    Command("document.ubl", UblOf, give_ubl, offline=True),
    Command("order.show", DocumentNamed, show_order, offline=True),
    Command("order.answer", AnswerOrder, answer_order),
)
