"""Joint rounds to which a member has pledged: its own words and what it was told mean nothing without their terms.

Words and slips are shelves as others are (:mod:`node.services.belongings.state`); the rounds belong to nobody, so they
go beside them. Owns how they come back: a round proves itself by its organiser's signature and its name. Receipts are
not among it: conductors give them again. Without its words a firm would begin to count anew, and contradict itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from node.services.house import House
from node.store import Tx
from node.store.joint import RoundRow
from protocol import shape
from protocol.errors import YuiError
from protocol.limits import MAX_INT
from protocol.process.joint import terms

NAME: Final = "joint_pledged"
COLUMNS: Final = ("round", "data", "time")
OWN_SHELF: Final = "joint_own"


def rows(tx: Tx, member: bytes) -> list[tuple[Any, ...]]:
    """The rounds of a member's words, as signed."""
    return [(row.round, row.data, row.time) for row in tx.joint.pledged_by(member)]


def keep(house: House, tx: Tx, found: Sequence[Sequence[Any]]) -> list[str]:
    """Put rounds back that are not known here; what was left out."""
    told = []
    for row in found:
        raw = shape.exactly(row, NAME, len(COLUMNS))
        name = shape.hash32(raw[0], f"{NAME}.round")
        try:
            signed, hashed = terms.verify(shape.binary(raw[1], f"{NAME}.data", terms.MAX_BYTES))
        except YuiError as fault:
            told.append(f"{NAME}: {name.hex()[:12]}: {fault}")
            continue
        if hashed != name or signed.network != house.network:
            told.append(f"{NAME}: {name.hex()[:12]}: is another round")
        elif tx.joint.get(name) is None:
            tx.joint.put(RoundRow(name, raw[1], shape.integer(raw[2], f"{NAME}.time", 0, MAX_INT)))
    return told
