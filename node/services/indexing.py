"""What of a document people can search for, and keeping the index in step with what is stored.

Owns the choice of texts: numbers, who and what a paper names, its note; never the personal part. New documents are
indexed in the transaction that stores them; what is behind (after an upgrade, a rebuild) is caught up by a job.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from node.services import dealings
from node.store import INDEXED, StoredDocument, Tx
from protocol.process.trade.papers import Paper

STEP: Final = 200  # documents that one transaction catches up
_PARTIES: Final = ("buyer", "seller")
_OTHER_NUMBERS: Final = ("order", "sales_order_id", "customer_reference", "answers")


def text_of(key: str, paper: Paper | None) -> str:
    """The searchable text of a document with this business key: a line for each thing it names.

    An article is one line with all its numbers: articles come back daily, and the index remembers lines.
    """
    if paper is None:
        return key
    words = [key, paper.number, paper.note] if paper.number != key else [key, paper.note]
    for role in _PARTIES:
        party = getattr(paper, role, None)
        if party is not None:
            words.append(party.name)
    for name in _OTHER_NUMBERS:
        number = getattr(paper, name, "")
        if type(number) is str:
            words.append(number)
    words += [reference.number for reference in paper.references]
    for line in getattr(paper, "lines", ()):
        item = getattr(line, "item", None)
        if item is not None:
            words.append(
                f"{item.name} {item.description} {item.gtin} {item.seller_id} {item.buyer_id} {item.manufacturer_id}"
            )
    return "\n".join(filter(None, words))


def add(tx: Tx, positions: Sequence[int], texts: Sequence[str]) -> None:
    """Index documents that this transaction stored at ``positions`` (ascending), if the index is not behind."""
    if positions and tx.meta.get_int(INDEXED) == positions[0] - 1:
        tx.search.add(zip(positions, texts, strict=True))
        tx.meta.set_int(INDEXED, positions[-1])


def catch_up(tx: Tx, limit: int = STEP) -> int:
    """Index the next ``limit`` documents; how many there were. A writing transaction."""
    stored = tx.documents.after(tx.meta.get_int(INDEXED), limit)
    if stored:
        tx.search.add([(found.row.position, _text_of_stored(found)) for found in stored])
        tx.meta.set_int(INDEXED, stored[-1].row.position)
    return len(stored)


def _text_of_stored(found: StoredDocument) -> str:
    return text_of(found.row.business_key, dealings.paper_of(found))
