"""Counting what two nodes hold, from their SQLite files alone.

Owns its own reading of the files: sqlite3, msgpack and SHA-256, and not one line of the code that wrote them
(``tests/cli/bench/test_rawstore.py`` checks the imports), so that an error there cannot hide itself here. Opens the
files read-only. The record layouts are those of ``docs/protocol.md`` §5, §7 and §8.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import msgpack

HEADER_TAG, HEADER_FIELDS = "yui/doc/1", 16
RECEIPT_TAG, RECEIPT_FIELDS = "yui/receipt-signed/1", 4
SENT, RECEIVED = "sent", "received"


class Held(NamedTuple):
    """What one store holds of documents in one direction.

    ``whole``: document id → the business key of its header, for every document whose bytes hash to its id and whose
    parts hash to what the header says, that a journal entered and a member holds as applied. ``numbers``: (author,
    audience, type, key, revision) → how many such documents. ``entered``: document id → entries of its journal.
    """

    whole: dict[bytes, str]
    numbers: Counter[tuple[bytes, bytes, str, str, int]]
    entered: Counter[bytes]
    damaged: list[bytes]


class Account(NamedTuple):
    """The result of a count. ``lost_*`` and ``doubled_*``: document ids; empty means all is well."""

    acknowledged: int
    receipted: int
    lost_at_sender: list[bytes]
    lost_at_receiver: list[bytes]
    doubled: list[bytes]
    damaged: list[bytes]

    @property
    def lost(self) -> int:
        """Documents that somebody was promised and that are not where they must be."""
        return len(self.lost_at_sender) + len(self.lost_at_receiver)

    @property
    def duplicated(self) -> int:
        """Documents that took effect more than once."""
        return len(self.doubled)


def account(sender: Path, receiver: Path, acknowledged: Iterable[bytes]) -> Account:
    """Count: each acknowledged document exactly once at the sender, each receipted one exactly once at the receiver.

    ``acknowledged``: ids out of the API's 2xx answers. A receipt counts when the sender stored it, by the verdict
    ``applied`` in one of its leaves.
    """
    promised = list(acknowledged)
    with closing(connect(sender)) as here, closing(connect(receiver)) as there:
        at_sender, at_receiver = held(here, SENT), held(there, RECEIVED)
        receipted = receipts(here)
    return Account(
        acknowledged=len(promised),
        receipted=len(receipted),
        lost_at_sender=[document for document in promised if document not in at_sender.whole],
        lost_at_receiver=[document for document in receipted if document not in at_receiver.whole],
        doubled=_doubled(at_sender) + _doubled(at_receiver) + _repeated(promised),
        damaged=at_sender.damaged + at_receiver.damaged,
    )


def undelivered(sender: Path, receiver: Path, acknowledged: Iterable[bytes]) -> list[bytes]:
    """Acknowledged documents that the receiver does not hold, or for which the sender stored no receipt."""
    with closing(connect(sender)) as here, closing(connect(receiver)) as there:
        arrived, receipted = held(there, RECEIVED).whole, receipts(here)
    return [document for document in acknowledged if document not in arrived or document not in receipted]


def connect(path: Path) -> sqlite3.Connection:
    """A read-only connection; it writes nothing and never checkpoints."""
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=10)
    connection.execute("PRAGMA query_only = ON")
    return connection


def held(connection: sqlite3.Connection, direction: str) -> Held:
    """What the store holds in ``direction`` (sent or received)."""
    parts = _part_hashes(connection)
    holdings: Counter[int] = Counter()
    query = "SELECT document FROM holdings WHERE direction = ? AND verdict = 'applied'"
    for (position,) in connection.execute(query, (direction,)):
        holdings[position] += 1
    entered = Counter(
        object_id for (object_id,) in connection.execute("SELECT object FROM journal WHERE kind = ?", (direction,))
    )
    found = Held({}, Counter(), entered, [])
    for position, document, header in connection.execute("SELECT position, id, header FROM documents"):
        if not holdings[position]:
            continue
        fields = _header(document, header)
        if fields is None or parts.get(position, {}) != {name: digest for name, digest, _ in fields[13]}:
            found.damaged.append(document)
            continue
        if not entered[document]:
            continue
        key, revision = fields[10]
        found.whole[document] = key
        found.numbers[(fields[4], fields[9][1], fields[2], key, revision)] += 1
    return found


def receipts(connection: sqlite3.Connection) -> set[bytes]:
    """Ids of the documents that the stored receipts call applied."""
    found: set[bytes] = set()
    for (wire,) in connection.execute("SELECT wire FROM receipts WHERE direction = 'got'"):
        outer = msgpack.unpackb(wire)
        if outer[0] != RECEIPT_TAG or len(outer) != RECEIPT_FIELDS:
            raise ValueError("a stored receipt is none")
        found.update(leaf[0] for leaf in outer[3] if leaf[4] == "applied" and leaf[3])  # seq 0: no document
    return found


def is_sound(path: Path) -> bool:
    """Whether SQLite finds nothing wrong with the file."""
    with closing(connect(path)) as connection:
        return [row[0] for row in connection.execute("PRAGMA integrity_check")] == ["ok"]


def pending(connection: sqlite3.Connection) -> int:
    """Documents for other nodes for which no final verdict is stored.

    By the small index of what is pending: the planner would walk every document ever sent, milliseconds at each look.
    """
    query = "SELECT count(*) FROM outgoing INDEXED BY outgoing_pending WHERE verdict IS NULL AND document IS NOT NULL"
    return int(connection.execute(query).fetchone()[0])


def arrivals(connection: sqlite3.Connection) -> int:
    """A number that grows with every document that a member of this node holds."""
    return int(connection.execute("SELECT coalesce(max(position), 0) FROM holdings").fetchone()[0])


def index_lag(connection: sqlite3.Connection) -> int:
    """Positions of documents that are not in the search index yet."""
    last = int(connection.execute("SELECT coalesce(max(position), 0) FROM documents").fetchone()[0])
    row = connection.execute("SELECT value FROM meta WHERE key = 'search.indexed'").fetchone()
    return last - (int(row[0]) if row else 0)


def _header(document: bytes, header: bytes) -> list[Any] | None:
    if hashlib.sha256(header).digest() != document:
        return None
    fields: list[Any] = msgpack.unpackb(header)
    return fields if len(fields) == HEADER_FIELDS and fields[0] == HEADER_TAG else None


def _part_hashes(connection: sqlite3.Connection) -> dict[int, dict[str, bytes]]:
    """Document position → part name → hash. A part's slot is its document's position × 8 and its ordinal."""
    found: dict[int, dict[str, bytes]] = {}
    for slot, name, salt, content in connection.execute("SELECT slot, name, salt, content FROM parts"):
        digest = hashlib.sha256(b"yui/part/1\0" + salt + content).digest()
        found.setdefault(slot // 8, {})[name] = digest
    return found


def _doubled(store: Held) -> list[bytes]:
    """Documents entered twice, and of each business key all documents but one that took effect."""
    twice = [document for document, entries in store.entered.items() if entries > 1]
    surplus = {key[3] for key, count in store.numbers.items() if count > 1}
    by_number: dict[str, list[bytes]] = {}
    for document, number in store.whole.items():
        if number in surplus:
            by_number.setdefault(number, []).append(document)
    return twice + [document for documents in by_number.values() for document in sorted(documents)[1:]]


def _repeated(promised: list[bytes]) -> list[bytes]:
    return [document for document, count in Counter(promised).items() if count > 1]
