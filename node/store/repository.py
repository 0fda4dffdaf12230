"""What every repository has: the connection of its transaction, and positions that are never reused."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from node.store import schema
from node.store.sql import Connection, ListQuery, Query, first, plain

_RESERVE = Query(
    first,
    sa.update(schema.counters)
    .where(schema.counters.c.name == sa.bindparam("counter"))
    .values(value=schema.counters.c.value + sa.bindparam("amount"))
    .returning(schema.counters.c.value),
)
_LAST = Query(first, sa.select(schema.counters.c.value).where(schema.counters.c.name == sa.bindparam("counter")))
_POSITIONS = ListQuery(
    plain, lambda v: sa.select(schema.documents.c.id, schema.documents.c.position).where(schema.documents.c.id.in_(v))
)
#: Every counter there is; the first migration makes their rows.
COUNTERS = ("documents", "holdings", "outgoing", "receipts", "quarantine", "cards", "decisions")
#: A position that no document has: looked up where there is none, so that nothing costs what another's costs.
NOWHERE = 0


class Session:
    """What the repositories of one transaction share: the connection, and which position a document has."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.positions: dict[bytes, int] = {}
        self._absent: set[bytes] = set()  # looked for in this transaction and not stored
        self.erased = False  # something that may not be found again: also not in what the engine has still to move

    def reserve(self, counter: str, amount: int) -> range:
        """The next ``amount`` numbers of ``counter``, from 1 on."""
        last = self.connection.one(_RESERVE, counter=counter, amount=amount)
        if last is None:
            raise LookupError(f"no counter {counter}")
        return range(last - amount + 1, last + 1)

    def last(self, counter: str) -> int:
        """The highest number that ``counter`` ever gave."""
        return self.connection.one(_LAST, counter=counter) or 0

    def find_positions(self, documents: Iterable[bytes]) -> dict[bytes, int]:
        """Positions by document id, of those that are stored (and perhaps of others that were asked for before)."""
        known, absent = self.positions, self._absent
        unknown = [document for document in documents if document not in known and document not in absent]
        if unknown:
            found = self.connection.by_values(_POSITIONS, unknown)
            known.update(found)
            if len(found) < len(unknown):
                absent.update(document for document in unknown if document not in known)
        return known

    def stored(self, positions: Iterable[tuple[bytes, int]]) -> None:
        """Documents were stored in this transaction, at these positions."""
        self.positions.update(positions)
        self._absent.clear()

    def position(self, document: bytes) -> int | None:
        """The position of one document, or None if it is not stored."""
        return self.find_positions((document,)).get(document)

    def forget(self) -> None:
        """A transaction or savepoint ended: what was known of positions may not hold."""
        self.positions.clear()
        self._absent.clear()


class Repository:
    """Base of the repositories: they differ in their tables only."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._db = session.connection
