"""Who waits for copies, and how long: documents before they leave, receipts before they are signed.

Owns the policy *guard first, with patience*: a document of a member with guardians goes out when it is safe, or when
it is 5 seconds old; kinds that the member set to ``strict`` never go before, those set to ``at-once`` do not wait.
Asked for every batch: nothing here costs a node anything whose members have no guardians.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from node.services.house import House, Safe
from node.store import Pending, Tx
from protocol.document import header
from protocol.limits import SAFE_PATIENCE_US
from protocol.link.batch import ItemKind
from protocol.link.receipt import Leaf

STRICT: Final = "strict"
AT_ONCE: Final = "at-once"
POLICIES: Final = frozenset({STRICT, AT_ONCE})
LOOK_AGAIN_US: Final = 60 * 1_000_000  # at a strict document


def ready(house: House, tx: Tx, peer: bytes, rows: Sequence[Pending]) -> Sequence[Pending]:
    """``rows`` up to the first that has to wait; then ``house.delayed`` says until when."""
    for at, row in enumerate(rows):
        safe = house.guarded.get(row.author)
        if safe is None or row.position <= safe.outgoing or row.kind != ItemKind.DOCUMENT.value:
            continue
        due = _due(house, safe, row)
        if due and not is_safe(house, tx, row.author, row.object):
            house.delayed[peer] = due
            return rows[:at]
    return rows


def _due(house: House, safe: Safe, row: Pending) -> int:
    """Until when a document that is not known to be safe waits (µs); 0: not at all."""
    policy = safe.policies.get(row.type)
    now = house.clock()
    if policy == STRICT:
        return now + LOOK_AGAIN_US
    written = header.parse(row.header).time
    if policy == AT_ONCE or not 0 <= now - written < SAFE_PATIENCE_US:  # a clock that was set back delays nothing
        return 0
    return written + SAFE_PATIENCE_US


def is_safe(house: House, tx: Tx, member: bytes, document: bytes) -> bool:
    """Do k guardians have copies of the member's document as it stands now?"""
    safe = house.guarded.get(member)
    if safe is None or not safe.holdings:
        return False
    row = tx.holdings.get(member, document)
    return row is not None and row.position <= safe.holdings


def said_safe(house: House, leaves: Sequence[Leaf]) -> Sequence[Leaf]:
    """``leaves`` of a receipt, each with the truth about the copies of its recipient."""
    return [leaf._replace(safe=True) if _covers(house, leaf) else leaf for leaf in leaves]


def awaited(house: House, leaves: Sequence[Leaf]) -> bool:
    """Is it worth waiting before this receipt is signed: will something of it become safe soon?"""
    for leaf in leaves:
        safe = house.guarded.get(leaf.recipient)
        if safe is not None and leaf.epoch and not safe.silent and not _covers(house, leaf):
            return True
    return False


def _covers(house: House, leaf: Leaf) -> bool:
    safe = house.guarded.get(leaf.recipient)
    return safe is not None and leaf.epoch == safe.epoch and bool(leaf.seq) and leaf.seq <= safe.seq
