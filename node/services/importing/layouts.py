"""The layout of a file: proposed, kept for the next file of the same partner, forgotten.

Owns which layout is proposed: the partner's, else the member's own for this kind, else a guess. Reading and its rules:
:mod:`node.papers.tabular`. Nothing of a file is stored here; what a person confirms goes to the service that owns it.
"""

from __future__ import annotations

import msgspec

from node.papers.tabular import LAYOUTS, Mapping, Preview, Table, guess, preview
from node.services.house import House
from node.store import LayoutRow, Tx
from protocol.errors import CallerFault


def propose(tx: Tx, member: bytes, table: Table, kind: str, partner: bytes = b"") -> tuple[Mapping, bool]:
    """The mapping to begin with, and whether it was remembered: only one whose titles the file has."""
    for owner in dict.fromkeys((partner, b"")):
        row = tx.importing.get(member, kind, owner)
        if row is None:
            continue
        kept = msgspec.json.decode(row.data, type=Mapping)
        if _fits(table, kept):
            return kept, True
    return guess(table, kind), False


def _fits(table: Table, mapping: Mapping) -> bool:
    titles = table.rows[mapping.header] if mapping.header < len(table.rows) else ()
    return bool(mapping.columns) and all(title in titles for title in mapping.columns.values())


def remember(house: House, tx: Tx, member: bytes, table: Table, mapping: Mapping, partner: bytes = b"") -> Preview:
    """Keep a mapping that fits the file, for ``partner`` (empty: for files of nobody in particular); the file under it.

    CallerFault names the column that the file does not have or the field that is missing; nothing is kept then.
    """
    seen = preview(table, mapping)
    tx.importing.put(LayoutRow(member, mapping.kind, partner, house.clock(), msgspec.json.encode(mapping)))
    return seen


def forget(tx: Tx, member: bytes, kind: str, partner: bytes = b"") -> None:
    """Forget a layout; none is fine."""
    if kind not in LAYOUTS:
        raise CallerFault("kind", f"one of {', '.join(LAYOUTS)}")
    tx.importing.drop(member, kind, partner)
