"""Documents that are held because another one carries the same business key: a person decides.

Owns the decision and its traces: the journal, the other side's receipt, what followed the document. What has reached
its recipient's home is decided there, and nowhere else; before that, by its author. Between members of one node the
recipient decides, and the author may take it back.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services import dealings, intake, members, outbox, receipting, trade
from node.services.custody import Custody
from node.services.house import House
from node.services.intake import RECEIVED, SENT
from node.store import DecisionRow, HoldingRow, Tx
from protocol.errors import CallerFault, ImpossibleStep, NotFound
from protocol.journal import Kind
from protocol.link.receipt import Verdict

APPLY = "apply"
REFUSE = "refuse"
_PAGE = 100


class Held(NamedTuple):
    """A held document beside the one that came first with its key."""

    holding: HoldingRow
    first: bytes


def waiting(tx: Tx, member: bytes, limit: int = 100) -> list[Held]:
    """What ``member`` has to decide, oldest first."""
    found: list[Held] = []
    cursor = 0
    while len(found) < limit and (rows := tx.holdings.after(member, cursor, _PAGE, verdict=Verdict.HELD.value)):
        found += [Held(row, _first(tx, row)) for row in rows if decides(tx, row)]
        cursor = rows[-1].position
    return found[:limit]


def _first(tx: Tx, row: HoldingRow) -> bytes:
    found = tx.keys_used.get(row.author, row.audience, row.type, row.business_key, row.revision)
    return found or row.document


def decides(tx: Tx, row: HoldingRow) -> bool:
    """Is it this member's to decide?"""
    return row.direction == RECEIVED or (row.direction == SENT and not outbox.queued(tx, [row.document]))


def decide(
    house: House, tx: Tx, member: bytes, document: bytes, decision: str, by: str, note: str = ""
) -> frozenset[bytes]:
    """Let a held document take effect (``apply``) or not (``refuse``); the peers that have news to fetch.

    Raises NotFound; CallerFault when it is not held (somebody decided before) or not this side's to decide;
    ImpossibleStep when the state of its dealing does not allow it any more.
    """
    house.require_signing()
    members.require_local(tx, member)
    if decision not in (APPLY, REFUSE):
        raise CallerFault("decision", "apply or refuse")
    holding = tx.holdings.get(member, document)
    if holding is None:
        raise NotFound("document", "no such document")
    if holding.verdict != Verdict.HELD.value:
        raise CallerFault("document", f"is not held any more: {holding.verdict}", code="decided")
    both_here = holding.direction == SENT and dealings.reached(tx, document)
    if not decides(tx, holding) or (both_here and decision == APPLY):
        raise CallerFault("document", "is with its recipient, whose people decide", code="theirs")
    tx.decisions.add(DecisionRow(document, by, decision, house.clock(), note))
    refusal = (note or "decided by a person") if decision == REFUSE else ""
    if holding.direction != RECEIVED and not both_here:
        return _let_go(house, tx, holding, refusal)
    custody = Custody(house, tx)
    entered = intake.decide(house, tx, custody, document, refusal)
    custody.close()
    return frozenset(receipting.tell_later(house, tx, entered))


def _let_go(house: House, tx: Tx, holding: HoldingRow, refusal: str) -> frozenset[bytes]:
    """A document of our own that nobody else has seen: it is sent now, or never."""
    member, document = holding.member, holding.document
    verdict, reason = (
        dealings.verdict_of(tx, holding.thread, document) if not refusal else (Verdict.REFUSED.value, refusal)
    )
    if not refusal and verdict != Verdict.APPLIED.value:
        raise ImpossibleStep("document", reason)
    tx.holdings.set_verdict(member, document, verdict, reason)
    custody = Custody(house, tx)
    custody.enter(member, Kind.DECIDED, document, verdict)
    custody.close()
    dealings.refresh(house, tx, (holding.thread,))
    return frozenset() if refusal else trade.release(house, tx, member, document)
