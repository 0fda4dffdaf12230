"""The one order of a round where it arrives: the supplier's side takes the first, and holds another for a person.

Owns which document was the first of a round for a supplier. Whoever of the conductors orders, the paper has the same
number; authors differ, so that the ordinary business key does not see it. Source: ``docs/protocol.md`` §19.9.
"""

from __future__ import annotations

import re
from typing import Final

from node.store import Tx
from protocol.document.envelope import Document
from protocol.process.joint import billing, terms

_NUMBER: Final = re.compile(r"J-[0-9a-f]{24}")
_KEPT: Final = "joint-order/"
MAX_LOOKED_AT: Final = 200  # rounds, the latest


def first_of_round(tx: Tx, document: Document) -> bytes:
    """The document that came before as the order of the same round, to the same supplier; empty if this is the first
    (it is remembered then), or no order of a round."""
    header = document.header
    number = header.business_key.key
    if header.type != "order" or not _NUMBER.fullmatch(number) or not _may_order(tx, number, header.author):
        return b""
    name = f"{_KEPT}{header.audience.id.hex()}/{number}"
    first = tx.meta.get(name)
    if first is None:
        tx.meta.set(name, document.id)
        return b""
    if first == document.id:
        return b""
    row = tx.documents.get(first)
    return b"" if row is not None and row.author == header.author else first  # its own changes are judged as any


def _may_order(tx: Tx, number: str, author: bytes) -> bool:
    """Whether the author is one in whose name a conductor orders; nobody else's paper counts as the first."""
    for row in tx.joint.all(MAX_LOOKED_AT):
        if billing.names_round(row.round) == number:
            return any(conductor.buyer == author for conductor in terms.verify(row.data)[0].conductors)
    return False
