"""Where a paper that came as a file goes: to whom, and into which dealing.

A file of other software names firms and numbers, not members and dealings. Owns only that look-up; a person may always
state both. Knows no format.
"""

from __future__ import annotations

from typing import Any, Final

from node.services import addressing
from node.services.transaction import Tx
from protocol.errors import CallerFault
from protocol.process.trade.papers import (
    Catalogue,
    CorrectiveInvoice,
    DespatchAdvice,
    Invoice,
    Order,
    OrderResponse,
    Paper,
    Party,
    ReceivingAdvice,
    SelfBilledStatement,
)

_BY_BUYER: Final = (Order, ReceivingAdvice, SelfBilledStatement)
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


def thread_of(tx: Tx, member: bytes, paper: Paper) -> bytes:
    """The dealing that a paper belongs to, by the number that it names; empty where it begins one.

    Raises CallerFault on ``thread`` where a paper needs a dealing and the number is none of this member's.
    """
    if isinstance(paper, Order):
        return b""
    if isinstance(paper, Catalogue):
        return _found(tx, member, "catalogue", paper.number, sent=True)
    if isinstance(paper, CorrectiveInvoice):
        return _found(tx, member, "invoice", paper.corrects, sent=True) or _none("invoice", paper.corrects, "sent")
    number = getattr(paper, "order", "")
    if isinstance(paper, Invoice | SelfBilledStatement):
        number = number or next((line.order for line in paper.lines if line.order), "")
        return _found(tx, member, "order", number, sent=isinstance(paper, SelfBilledStatement)) if number else b""
    if isinstance(paper, OrderResponse | DespatchAdvice):
        return _found(tx, member, "order", number, sent=False) or _none("order", number, "received")
    return _found(tx, member, "order", number, sent=True) or _none("order", number, "sent")


def _found(tx: Tx, member: bytes, kind: str, number: str, *, sent: bool) -> bytes:
    rows = tx.holdings.before(member, _PAGE, kind=kind)
    for _ in range(_PAGES):
        for row in rows:
            if row.business_key == number and (row.direction == "sent") is sent:
                return row.thread
        if len(rows) < _PAGE:
            break
        rows = tx.holdings.before(member, _PAGE, kind=kind, before=rows[-1].position)
    return b""


def _none(kind: str, number: str, direction: str) -> bytes:
    raise CallerFault("thread", f"no {kind} numbered {number[:64]} was {direction}: name the dealing")
