"""What peers sent and could not be taken: judged again, or put aside, when a person says so."""

from __future__ import annotations

from typing import NamedTuple

from node.services import exchange, intake, receipting
from node.services.custody import Custody
from node.services.house import House
from node.services.intake import RECEIVED
from node.store import GivenRow, QuarantineRow, Tx
from protocol.document import envelope
from protocol.errors import CallerFault, NotFound, PeerFault
from protocol.link.receipt import Verdict

OPEN, RETRIED, DROPPED = "open", "retried", "dropped"


class Retried(NamedTuple):
    """What became of it, and which peers have news to fetch."""

    verdict: str
    reason: str
    news: frozenset[bytes]


def retry(house: House, tx: Tx, number: int) -> Retried:
    """Judge a document again as if it came now. It stays in quarantine, with the new reason, if it is still bad."""
    house.require_signing()
    row = _open(tx, number)
    peer = exchange.require_peer(tx, row.node)
    try:
        document = envelope.parse(row.content)
    except PeerFault as fault:
        return Retried(Verdict.QUARANTINED.value, str(fault), frozenset())
    reception = exchange.Reception(house, tx, row.node, peer)
    arrival = reception.admit(document)
    if arrival is None:
        return Retried(Verdict.QUARANTINED.value, reception.leaves[-1].reason, frozenset())
    if tx.documents.known([document.id]):
        tx.quarantine.set_state(number, RETRIED)
        return Retried(Verdict.APPLIED.value, "it came again meanwhile", frozenset())
    custody = Custody(house, tx)
    entered = intake.take(house, tx, custody, [arrival])
    tx.given.add_many(
        [
            GivenRow(document.id, item.arrival.member, None, item.verdict, item.epoch, item.seq, item.reason)
            for item in entered
            if item.arrival.direction == RECEIVED
        ]
    )
    settled = intake.settle_waiting(house, tx, custody, [document.id])
    custody.close()
    tx.quarantine.set_state(number, RETRIED)
    news = receipting.tell_later(house, tx, [*entered, *settled])
    return Retried(entered[0].verdict, entered[0].reason, frozenset(news))


def listed(tx: Tx, state: str, after: int, limit: int) -> list[QuarantineRow]:
    """Records in a state behind number ``after``, oldest first; none for a state that there is not."""
    return tx.quarantine.all(state, after=after, limit=limit) if state in (OPEN, RETRIED, DROPPED) else []


def drop(tx: Tx, number: int) -> None:
    """Put a record aside for good."""
    _open(tx, number)
    tx.quarantine.set_state(number, DROPPED)


def _open(tx: Tx, number: int) -> QuarantineRow:
    row = tx.quarantine.get(number)
    if row is None:
        raise NotFound("number", "no such record in quarantine")
    if row.state != OPEN:
        raise CallerFault("number", f"is {row.state} already", code="decided")
    return row
