"""Documents that are held because another one carries the same business key: a person decides.

Owns the decision and its traces: the journal, the other side's receipt, the dealing's fold.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services import dealings, exchange, members, trade
from node.services.custody import Custody
from node.services.house import House
from node.services.intake import RECEIVED, Arrival, Entered
from node.store import DecisionRow, HoldingRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.journal import Kind
from protocol.link.receipt import Verdict

APPLY = "apply"
REFUSE = "refuse"


class Held(NamedTuple):
    """A held document beside the one that came first with its key."""

    holding: HoldingRow
    first: bytes


def waiting(tx: Tx, member: bytes, limit: int = 100) -> list[Held]:
    """What ``member`` has to decide, oldest first."""
    rows = tx.holdings.after(member, 0, limit, verdict=Verdict.HELD.value)
    return [Held(row, _first(tx, row)) for row in rows]


def _first(tx: Tx, row: HoldingRow) -> bytes:
    found = tx.keys_used.get(row.author, row.audience, row.type, row.business_key, row.revision)
    return found or row.document


def decide(
    house: House, tx: Tx, member: bytes, document: bytes, decision: str, by: str, note: str = ""
) -> frozenset[bytes]:
    """Let a held document take effect (``apply``) or not (``refuse``); the peers that have news to fetch.

    Raises NotFound, or CallerFault when it is not held (somebody decided before).
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
    verdict, reason = _verdict(tx, holding, decision, note)
    tx.holdings.set_verdict(member, document, verdict, reason)
    tx.decisions.add(DecisionRow(document, by, decision, house.clock(), note))
    custody = Custody(house, tx)
    entry = custody.enter(member, Kind.DECIDED, document, verdict)
    custody.close()
    dealings.refresh(house, tx, (holding.thread,))
    if holding.direction != RECEIVED:
        return trade.release(house, tx, member, document) if decision == APPLY else frozenset()
    stored = tx.documents.full(document)
    if stored is None:
        raise NotFound("document", "no such document")
    arrival = Arrival(dealings.document_of(stored), member, RECEIVED, holding.partner)
    return frozenset(exchange.tell_later(house, tx, [Entered(arrival, verdict, reason, entry.epoch, entry.seq)]))


def _verdict(tx: Tx, holding: HoldingRow, decision: str, note: str) -> tuple[str, str]:
    if decision == REFUSE:
        return Verdict.REFUSED.value, note or "decided by a person"
    if holding.direction != RECEIVED:
        return Verdict.APPLIED.value, ""
    return dealings.verdict_of(tx, holding.thread, holding.document)
