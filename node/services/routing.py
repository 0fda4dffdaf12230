"""Where a paper that came as a file goes: to whom, and into which dealing.

A file of other software names firms and numbers, not members and dealings. Owns only that look-up; a person may always
state both. Knows no format.
"""

from __future__ import annotations

from typing import Any, Final

from node.services import addressing, reading, searching
from node.services.transaction import Tx
from protocol.errors import CallerFault
from protocol.process.trade.papers import (
    Billing,
    Catalogue,
    CorrectiveInvoice,
    DespatchAdvice,
    Invoice,
    Order,
    OrderResponse,
    Paper,
    Party,
    PaymentNotice,
    Quotation,
    ReceivingAdvice,
    RequestForQuotation,
    SelfBilledResponse,
    SelfBilledStatement,
)

_BY_BUYER: Final = (Order, ReceivingAdvice, SelfBilledStatement, RequestForQuotation, PaymentNotice)
_PAGE: Final = 500
_PAGES: Final = 10


def recipient(tx: Tx, paper: Paper, to: str) -> bytes:
    """Whom the paper is for: as stated, else by the electronic address or number of the other firm in it."""
    if to:
        return addressing.resolve(tx, to, "to")
    given: Any = paper
    party: Party | None = given.seller if isinstance(paper, _BY_BUYER) else getattr(paper, "buyer", None)
    if party is not None and party.endpoint is not None:
        return addressing.resolve(tx, f"{party.endpoint.scheme}:{party.endpoint.value}", "to")
    if party is not None and party.corporate_number:
        return addressing.resolve(tx, party.corporate_number, "to")
    raise CallerFault("to", "the document names no endpoint of the other party: state whom it is for")


def thread_of(tx: Tx, member: bytes, to: bytes, paper: Paper) -> bytes:
    """The dealing with ``to`` that a paper belongs to, by the number that it names; empty where it begins one.

    Raises CallerFault on ``thread`` where a paper needs a dealing and the number is none of this member's with ``to``,
    or that of several.
    """

    def found(kind: str, number: str, *, sent: bool) -> bytes:
        return _found(tx, member, to, kind, number, sent=sent)

    if isinstance(paper, Order | RequestForQuotation):
        return b""
    if isinstance(paper, Catalogue):
        return found("catalogue", paper.number, sent=True)
    if isinstance(paper, Quotation):
        asked = next((one.number for one in paper.references if one.kind == "request_for_quotation"), "")
        return found("request_for_quotation", asked, sent=False) if asked else b""
    if isinstance(paper, PaymentNotice):
        first = paper.items[0]
        return found(first.kind, first.number, sent=first.kind == "self_billed_statement")
    if isinstance(paper, SelfBilledResponse):
        number, kind = paper.statement, "self_billed_statement"
        return found(kind, number, sent=False) or _none("self-billed statement", number, "received")
    if isinstance(paper, CorrectiveInvoice):
        return found("invoice", paper.corrects, sent=True) or _none("invoice", paper.corrects, "sent")
    number = getattr(paper, "order", "")
    if isinstance(paper, Invoice | SelfBilledStatement):
        number = number or next((line.order for line in paper.lines if line.order), "")
        return found("order", number, sent=isinstance(paper, SelfBilledStatement)) if number else b""
    if isinstance(paper, OrderResponse | DespatchAdvice):
        return found("order", number, sent=False) or _none("order", number, "received")
    return found("order", number, sent=True) or _none("order", number, "sent")


def past_of(tx: Tx, member: bytes, paper: Paper, thread: bytes) -> Paper | None:
    """What the paper answers or carries out, in its dealing: its order, or the statement that it answers; else None.

    A format may want it repeated.
    """
    kind, number = "order", getattr(paper, "order", "")
    if isinstance(paper, SelfBilledResponse):
        kind, number = "self_billed_statement", paper.statement
    if not number or isinstance(paper, Billing):
        return None
    rows = tx.holdings.before(member, _PAGE, kind=kind)
    for _ in range(_PAGES):
        for row in rows:
            if row.business_key == number and row.thread == thread:
                return searching.paper_of(reading.full(tx, member, row.document).stored)
        if len(rows) < _PAGE:
            break
        rows = tx.holdings.before(member, _PAGE, kind=kind, before=rows[-1].position)
    return None


def _found(tx: Tx, member: bytes, partner: bytes, kind: str, number: str, *, sent: bool) -> bytes:
    wanted = (number, "sent" if sent else "received", partner)
    rows = tx.holdings.before(member, _PAGE, kind=kind)
    threads: dict[bytes, None] = {}
    for _ in range(_PAGES):
        for row in rows:
            if (row.business_key, row.direction, row.partner) == wanted and row.verdict != reading.HELD:
                threads[row.thread] = None
        if len(rows) < _PAGE:
            break
        rows = tx.holdings.before(member, _PAGE, kind=kind, before=rows[-1].position)
    if len(threads) > 1:
        raise CallerFault("thread", f"several papers ({kind}) are numbered {number[:64]}: name the dealing")
    return next(iter(threads), b"")


def _none(kind: str, number: str, direction: str) -> bytes:
    raise CallerFault("thread", f"no {kind} numbered {number[:64]} was {direction} with this firm: name the dealing")
