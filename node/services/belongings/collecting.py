"""What is new of a member's belongings since the last time, read from one snapshot of its home's store.

Owns the order: histories before the documents that need them, documents before the journal entries that name them; so
whoever has all items up to a *reach* can rebuild everything up to it. A cursor says how far it came. Never reads what
belongs to another member.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from node.services import dealings, members
from node.services.belongings import items, state
from node.services.belongings.items import Item, What
from node.services.house import House
from node.store import HoldingRow, JournalRow, Tx
from protocol import canon, shape
from protocol.journal import MAX_SEQ
from protocol.limits import MAX_INT, MIB

_CURSOR: Final = "yui/belongings-cursor/2"
_STEP: Final = 100  # holdings read at once
_ENTRIES: Final = 400  # journal entries in one item
_MAX_CURSOR_BYTES: Final = 16 * MIB


class Cursor(NamedTuple):
    """How far a member's belongings were collected.

    ``holding``: feed position; ``epochs``: journal entries by epoch; ``tips``: control logs by member,
    and the last head by its epoch; ``state``: digests of rows that cannot be derived, by name.
    """

    holding: int = 0
    epochs: dict[bytes, int] = {}
    tips: dict[bytes, bytes] = {}
    state: dict[bytes, bytes] = {}


class Reach(NamedTuple):
    """Up to where everything has been collected: the journal's position, and the last positions of two counters."""

    epoch: bytes
    seq: int
    head: bytes
    holding: int
    outgoing: int


class Collected(NamedTuple):
    """New items. ``more``: there are others, and ``reach`` is None; else everything up to ``reach`` is covered."""

    items: list[Item]
    cursor: bytes
    more: bool
    reach: Reach | None


def read_back(tx: Tx, member: bytes, copied: Mapping[bytes, str]) -> Cursor:
    """Where to go on for a member that was rebuilt here a moment ago, from what guardians keep.

    ``copied``: verdicts by document in those copies. What they lack, or say otherwise, gets a place behind the cursor.
    """
    cursor = Cursor(holding=_last_holding(tx, member), epochs=dict(tx.journal.epochs(member)))
    after = 0
    while rows := tx.holdings.after(member, after, _STEP):
        for row in rows:
            if row.position <= cursor.holding and copied.get(row.document) != row.verdict:
                tx.holdings.set_verdict(member, row.document, row.verdict, row.reason)
        after = min(rows[-1].position, cursor.holding)
        if rows[-1].position >= cursor.holding:
            break
    return cursor


def collect(house: House, tx: Tx, member: bytes, cursor: bytes, max_bytes: int, *, thorough: bool = True) -> Collected:
    """The next items of a member at home here, of about ``max_bytes`` in all, at least one if there is one.

    ``thorough`` False: only what the journal speaks of; rows that changed without it are looked for another time.
    """
    at = decode(cursor)
    basket = _Basket(max_bytes)
    own = _history(house, tx, member, at)
    if own is not None:
        basket.add(own)
        basket.add(items.of(What.MEMBER, [_name(tx, member)]))
        at = at._replace(tips={**at.tips, member: members.require_log(house, tx, member).standing.hash})
    at = _holdings(house, tx, member, at, basket)
    if not basket.is_full():
        at = _journal(tx, member, at, basket)
    if thorough and not basket.is_full():
        at = _state(house, tx, member, at, basket)
    if basket.is_full():
        return Collected(basket.items, encode(at), True, None)
    return Collected(basket.items, encode(at), False, _reach(tx, member))


class _Basket:
    """Items until there are enough."""

    def __init__(self, room: int) -> None:
        self.items: list[Item] = []
        self._room = room

    def is_full(self) -> bool:
        """No room for another item."""
        return self._room <= 0

    def add(self, item: Item) -> None:
        """One more; nothing is turned away."""
        for piece in items.split(item):
            self.items.append(piece)
            self._room -= len(piece.payload) + 24


def _name(tx: Tx, member: bytes) -> str:
    row = tx.members.get(member)
    return row.name if row is not None else ""


def _history(house: House, tx: Tx, member: bytes, at: Cursor) -> Item | None:
    """A member's log if it has grown since it was collected."""
    log = members.find_log(house, tx, member)
    if log is None or at.tips.get(member) == log.standing.hash:
        return None
    return Item(What.HISTORY.value, members.history(house, tx, member))


def _holdings(house: House, tx: Tx, member: bytes, at: Cursor, basket: _Basket) -> Cursor:
    while not basket.is_full():
        rows = tx.holdings.after(member, at.holding, _STEP)
        if not rows:
            break
        stored = tx.documents.full_many([row.document for row in rows])
        given = tx.given.get_many([row.document for row in rows])
        for row in rows:
            tips = dict(at.tips)
            for other in dict.fromkeys((row.partner, row.author, row.audience)):
                history = _history(house, tx, other, at) if other not in (member, b"") else None
                if history is not None:
                    basket.add(history)
                    tips[other] = members.require_log(house, tx, other).standing.hash
            found = dealings.document_of(stored[row.document])
            basket.add(items.document(found))
            for root, size, media in ((ref.root, ref.size, ref.media_type) for ref in found.header.attachments):
                basket.add(items.of(What.FILE, (row.document, root, size, media)))
            basket.add(_held(row))
            verdict = given.get((row.document, member))
            if verdict is not None:
                said = (row.document, verdict.verdict, verdict.epoch, verdict.seq, verdict.reason)
                basket.add(items.of(What.GIVEN, said))
            at = at._replace(holding=row.position, tips=tips)
            if basket.is_full():
                return at
    return at


def _held(row: HoldingRow) -> Item:
    found = items.Held(row.document, row.direction, row.verdict, row.reason, row.partner, row.time, row.read)
    return items.of(What.HOLDING, found)


def _journal(tx: Tx, member: bytes, at: Cursor, basket: _Basket) -> Cursor:
    for epoch, last in _epochs(tx, member):
        while at.epochs.get(epoch, 0) < last:
            rows = tx.journal.after(member, epoch, at.epochs.get(epoch, 0), _ENTRIES)
            basket.add(items.of(What.ENTRIES, (epoch, [_entry(row) for row in rows])))
            at = at._replace(epochs={**at.epochs, epoch: rows[-1].seq})
            if basket.is_full():
                return at
    head = tx.heads.get(member)
    if head is None or at.tips.get(head.epoch) == head.hash:
        return at  # nothing was entered since: a member that does nothing gets no frames
    basket.add(items.of(What.HEAD, (head.epoch, head.seq, head.hash, head.signature)))
    return at._replace(tips={**at.tips, head.epoch: head.hash})


def _epochs(tx: Tx, member: bytes) -> list[tuple[bytes, int]]:
    """Epochs with entries, in the order in which they were written."""
    found = tx.journal.epochs(member)
    if len(found) < 2:
        return found
    first = {epoch: tx.journal.after(member, epoch, 0, 1)[0].time for epoch, _ in found}
    return sorted(found, key=lambda item: (first[item[0]], item[0]))


def _entry(row: JournalRow) -> tuple[object, ...]:
    return (row.seq, row.previous, row.kind, row.object, row.verdict, row.hash, row.time)


def _state(house: House, tx: Tx, member: bytes, at: Cursor, basket: _Basket) -> Cursor:
    known = dict(at.state)
    for name, digest, item in state.collect(house, tx, member, known):
        if item is not None:
            basket.add(item)
        known[name] = digest
        if basket.is_full():
            break
    return at._replace(state=known)


def _reach(tx: Tx, member: bytes) -> Reach:
    head = tx.heads.get(member)
    return Reach(
        head.epoch if head else b"",
        head.seq if head else 0,
        head.hash if head else b"",
        _last_holding(tx, member),
        tx.outgoing.last_position(),
    )


def current(house: House, tx: Tx, member: bytes) -> bytes:
    """The cursor behind everything that is here now: for a home whose copies are where it came from."""
    at = Cursor(holding=_last_holding(tx, member), epochs=dict(tx.journal.epochs(member)))
    tips = {}
    for other in {member, *(partner for partner, _ in tx.holdings.dealings_of(member))}:
        log = members.find_log(house, tx, other)
        if log is not None:
            tips[other] = log.standing.hash
    known = {name: digest for name, digest, _ in state.collect(house, tx, member, {})}
    return encode(at._replace(tips=tips, state=known))


def _last_holding(tx: Tx, member: bytes) -> int:
    last = tx.holdings.before(member, 1)
    return last[0].position if last else 0


# --- cursors


def encode(at: Cursor) -> bytes:
    """A cursor as it is kept."""
    epochs = [(epoch, seq) for epoch, seq in sorted(at.epochs.items())]
    return canon.encode((_CURSOR, at.holding, epochs, _pairs(at.tips), _pairs(at.state)))


def decode(data: bytes) -> Cursor:
    """A cursor; empty bytes are the beginning."""
    if not data:
        return Cursor()
    raw = shape.record(canon.decode(data, max_bytes=_MAX_CURSOR_BYTES), _CURSOR, 5)
    epochs = dict(_epoch(item) for item in shape.array(raw[2], "epochs", 10_000))
    return Cursor(shape.integer(raw[1], "holding", 0, MAX_INT), epochs, _unpair(raw[3]), _unpair(raw[4]))


def _epoch(value: object) -> tuple[bytes, int]:
    epoch, seq = shape.exactly(value, "epochs", 2)
    return shape.hash32(epoch, "epochs.epoch"), shape.integer(seq, "epochs.seq", 0, MAX_SEQ)


def _pairs(found: dict[bytes, bytes]) -> bytes:
    """Names and digests of 32 bytes each, side by side: one value however many there are."""
    return b"".join(name + digest for name, digest in sorted(found.items()))


def _unpair(value: object) -> dict[bytes, bytes]:
    data = shape.binary(value, "pairs", _MAX_CURSOR_BYTES)
    return dict(_walk(data))


def _walk(data: Sequence[int] | bytes) -> Iterator[tuple[bytes, bytes]]:
    flat = bytes(data)
    for at in range(0, len(flat), 64):
        yield flat[at : at + 32], flat[at + 32 : at + 64]
