"""Rows of a member that cannot be made again from its documents: items, prices, terms, drafts, logins and their like.

A shelf (one table) goes in boxes by the hash of the rows' keys: a box is sent again when anything in it changed, and
takes the place of the box before, deletions too. What the node's secret wraps is unwrapped here and wrapped again by
the new home's, inside what only the member's vault key opens. Whatever the rows say, they are put back as this
member's own, beside those of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from node.services import codes, guests, members, policy
from node.services.belongings import rounds
from node.services.belongings.items import Item, What, of
from node.services.house import House
from node.store import SHELVES, Shelf, Tx, WrappedKeyRow
from protocol import canon, shape
from protocol.errors import Malformed
from protocol.identity.words import ENTROPY_BYTES
from protocol.limits import MAX_HISTORY_BYTES, MIB

#: Into how many boxes a shelf goes; others are few rows and go in one.
BOXES: Final = {"items": 64, "item_prices": 64, "payments": 64, "guest_links": 16, "drafts": 16, "imports_done": 16}
GUEST_WORDS: Final = "guest_words"
_MAX_STATE_BYTES: Final = 64 * MIB
_MAX_BOXES: Final = 1024
_MAX_COLUMNS: Final = 64
_NEVER_SENT: Final = {"tokens": "last_used", "passkeys": "last_used"}  # a login does not change what is kept
_NO_VALUE: Final[Mapping[type, Any]] = {int: 0, str: "", bytes: b"", bool: False}
Row = tuple[Any, ...]


def collect(
    house: House, tx: Tx, member: bytes, known: Mapping[bytes, bytes]
) -> Iterator[tuple[bytes, bytes, Item | None]]:
    """(name, digest, item) of what changed since ``known``; None: only the digest is to be remembered."""
    stamps = tx.possessions.stamps(member)
    pledged = canon.digest(canon.encode(stamps.get(rounds.OWN_SHELF, ())))
    if known.get(_name(rounds.OWN_SHELF, "stamp")) != pledged:  # before the words that are said to them
        yield from _boxes(rounds.NAME, rounds.COLUMNS, lambda row: (row[0],), rounds.rows(tx, member), known)
    for shelf in SHELVES.values():
        name, stamp = _name(shelf.name, "stamp"), canon.digest(canon.encode(stamps.get(shelf.name, ())))
        if shelf.stamps and known.get(name) == stamp:
            continue
        rows = [_outward(house, shelf, row) for row in tx.possessions.rows(shelf.name, member)]
        yield from _boxes(shelf.name, [column.name for column in shelf.columns], shelf.key_of, rows, known)
        if shelf.stamps:
            yield name, stamp, None
    words = _words(house, tx, member)
    yield from _boxes(GUEST_WORDS, ["guest", "words", "history"], lambda row: (row[0],), words, known)


def differing(house: House, tx: Tx, member: bytes, known: Mapping[bytes, bytes]) -> list[str]:
    """Shelves of which a box is here with other rows than ``known`` (the digests of a cursor) says, or is not here."""
    wanted = {name: digest for name, digest in known.items() if name not in _STAMPS}
    found = set()
    for name, _, item in collect(house, tx, member, wanted):
        if item is not None and name not in _STAMPS:
            found.add(shelf_of(item))
    return sorted(found)


def shelf_of(item: Item) -> str:
    """The shelf of a box."""
    return shape.text(shape.exactly(canon.decode(item.payload, max_bytes=_MAX_STATE_BYTES), "state", 5)[0], "shelf", 64)


def _boxes(
    shelf: str, columns: Sequence[str], key_of: Any, rows: Sequence[Row], known: Mapping[bytes, bytes]
) -> Iterator[tuple[bytes, bytes, Item]]:
    count = BOXES.get(shelf, 1)
    boxes: list[list[Row]] = [[] for _ in range(count)]
    for row in rows:
        boxes[_box(key_of(row), count)].append(row)
    for number, box in enumerate(boxes):
        name, content = _name(shelf, str(number)), msgspec.msgpack.encode(box)
        digest = _digest(content)
        if known.get(name) != digest and (box or name in known):
            yield name, digest, of(What.STATE, (shelf, number, count, list(columns), content))


def _digest(content: bytes | Sequence[Row]) -> bytes:
    return canon.digest(content if isinstance(content, bytes) else msgspec.msgpack.encode(content))


def _digest_here(house: House, tx: Tx, member: bytes, shelf: str, number: int, count: int) -> bytes:
    """What a box with these rows would be named for, as they are here now."""
    if shelf == GUEST_WORDS:
        words = _words(house, tx, member)
        return _digest([row for row in words if _box((row[0],), count) == number])
    if shelf == rounds.NAME:
        return _digest([row for row in rounds.rows(tx, member) if _box((row[0],), count) == number])
    found = SHELVES.get(shelf)
    if found is None:
        raise Malformed(f"state: no shelf is called {shelf[:40]!r} here")
    rows = [_outward(house, found, row) for row in tx.possessions.rows(shelf, member)]
    return _digest([row for row in rows if _box(found.key_of(row), count) == number])


def _box(key: Row, count: int) -> int:
    return int.from_bytes(canon.digest(msgspec.msgpack.encode(key))[:4], "big") % count


def _name(shelf: str, part: str) -> bytes:
    return canon.digest(f"state box\0{shelf}\0{part}".encode())


_STAMPS: Final = frozenset(_name(shelf, "stamp") for shelf in SHELVES)


def _outward(house: House, shelf: Shelf, row: Row) -> Row:
    names = [column.name for column in shelf.columns]
    values = dict(zip(names, row, strict=True))
    if shelf.name in _NEVER_SENT:
        values[_NEVER_SENT[shelf.name]] = 0
    if shelf.name == "totp":
        values["secret"] = house.wrap.unwrap(codes.PURPOSE, values["user"], values["secret"])
    return tuple(values[name] for name in names)


def _words(house: House, tx: Tx, member: bytes) -> list[Row]:
    """Recovery words and history of partners without a node, which their owner's home holds for them."""
    found: list[Row] = []
    for guest in tx.guests.of(member):
        row = tx.wrapped_keys.get(guests.WORDS_KEY, guest.guest)
        if row is not None and guest.enrolled is None:
            secret = house.wrap.unwrap(guests.WORDS_KEY, guest.guest, row.wrapped)
            found.append((guest.guest, secret, members.history(house, tx, guest.guest)))
    return found


# --- put back


def rebuild(house: House, tx: Tx, member: bytes, item: Item, known: dict[bytes, bytes] | None = None) -> list[str]:
    """Put a box back in place of the one before; what was left out or changed. Malformed for a box of another kind.

    For a member that is at home here only a box is replaced that is as ``known`` says (digests by name): as it was when
    an old backup was put back. ``known`` is brought up to date. What was changed since then stays, and so does
    everything without ``known``: what is here is newer than any copy.
    """
    raw = shape.exactly(canon.decode(item.payload, max_bytes=_MAX_STATE_BYTES), "state", 5)
    name = shape.text(raw[0], "state.shelf", 64)
    count = shape.integer(raw[2], "state.boxes", 1, _MAX_BOXES)
    number = shape.integer(raw[1], "state.box", 0, count - 1)
    columns = [shape.text(one, "state.columns", 64) for one in shape.array(raw[3], "state.columns", _MAX_COLUMNS)]
    rows = _decoded(shape.binary(raw[4], "state.rows", _MAX_STATE_BYTES), len(columns))
    here = tx.members.get(member)
    if here is None or (here.local and known is None):
        return []
    if here.local and known is not None:
        box = _name(name, str(number))
        if _digest_here(house, tx, member, name, number, count) != known.get(box, _digest([])):
            return [f"{name}: was changed here since the backup was put back; that stays"]
        known[box] = _digest(raw[4])
    if name == GUEST_WORDS:
        return _keep_words(house, tx, member, rows)
    if name == rounds.NAME:
        return rounds.keep(house, tx, rows)
    shelf = SHELVES.get(name)
    if shelf is None:
        raise Malformed(f"state: no shelf is called {name[:40]!r} here")
    mine = [_inward(shelf, columns, row, member) for row in rows]
    mine = [row for row in mine if _box(shelf.key_of(row), count) == number]
    told = [f"{name}: {len(rows) - len(mine)} rows are in the wrong box"] if len(mine) < len(rows) else []
    gone = [key for key in tx.possessions.keys(name, member) if _box(key, count) == number]
    kept, said = _fitting(house, tx, member, shelf, mine)
    put = tx.possessions.replace(name, gone, kept)
    if put < len(kept):
        told.append(f"{name}: {len(kept) - put} rows have a name that is in use here")
    return told + said


def _decoded(data: bytes, width: int) -> list[list[Any]]:
    try:
        rows = msgspec.msgpack.decode(data, type=list[list[Any]])
    except msgspec.MsgspecError as fault:
        raise Malformed(f"state.rows: {fault}") from None
    if any(len(row) != width for row in rows):
        raise Malformed("state.rows: a row has another number of columns")
    return rows


def _inward(shelf: Shelf, columns: Sequence[str], row: Sequence[Any], member: bytes) -> Row:
    """A row as this node's table has it: what another version did not know is empty, what it had besides is dropped."""
    values = dict(zip(columns, row, strict=True))
    found: list[Any] = []
    for column in shelf.columns:
        value = values.get(column.name, None if column.nullable else _NO_VALUE[column.kind])
        if column.name == shelf.owner and not shelf.through:
            value = member
        if not (type(value) is column.kind or (value is None and column.nullable)):
            raise Malformed(f"state.{shelf.name}.{column.name}: not {column.kind.__name__}")
        if type(value) is int and not -(2**63) <= value < 2**63:
            raise Malformed(f"state.{shelf.name}.{column.name}: out of range")
        found.append(value)
    return tuple(found)


def _fitting(house: House, tx: Tx, member: bytes, shelf: Shelf, rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """Rows that may stand beside those of others, and what was changed or left out for that."""
    names = [column.name for column in shelf.columns]
    kept, told = [], []
    if shelf.through:
        theirs = {key[0] for key in tx.possessions.keys(shelf.through, member)}
        kept = [row for row in rows if row[names.index(shelf.owner)] in theirs]
        if len(kept) < len(rows):
            told.append(f"{shelf.name}: {len(rows) - len(kept)} rows belong to nobody of this member")
    elif shelf.name in ("users", "user_invitations"):
        kept = [row for row in rows if row[names.index("role")] in _ROLES]
        if len(kept) < len(rows):
            told.append(f"{shelf.name}: {len(rows) - len(kept)} rows have a role that no member gives")
    else:
        kept = list(rows)
    if shelf.name == "users":
        kept, renamed = _renamed(tx, member, kept, names.index("id"), names.index("name"))
        told += renamed
    if shelf.name == "totp":
        user, secret = names.index("user"), names.index("secret")
        kept = [_with(row, secret, house.wrap.wrap(codes.PURPOSE, row[user], row[secret])) for row in kept]
    return kept, told


_ROLES: Final = frozenset(role.value for role in policy.MEMBER_ROLES)


def _renamed(tx: Tx, member: bytes, rows: Sequence[Row], identity: int, name: int) -> tuple[list[Row], list[str]]:
    """Login names are unique at a node: whose name somebody else has here gets the member's number behind it."""
    found, told = [], []
    for row in rows:
        other = tx.users.by_name(row[name])
        if other is None or other.member == member:
            found.append(row)
            continue
        fresh = f"{row[name][:50]}.{member.hex()[:8]}"
        told.append(f"users: {row[name]} logs in as {fresh} here")
        found.append(_with(row, name, fresh))
    return found, told


def _with(row: Row, at: int, value: Any) -> Row:
    return (*row[:at], value, *row[at + 1 :])


def _keep_words(house: House, tx: Tx, member: bytes, rows: Sequence[Sequence[Any]]) -> list[str]:
    own = {row.guest for row in tx.guests.of(member)}
    told = []
    for row in rows:
        guest, secret, history = shape.exactly(row, "guest_words", 3)
        history = shape.binary(history, "guest_words.history", MAX_HISTORY_BYTES)
        if guest not in own or members.identify_history(history) != guest:
            told.append("guest_words: of nobody's guest")
            continue
        members.learn_history(house, tx, history)
        if tx.wrapped_keys.get(guests.WORDS_KEY, guest) is None:
            wrapped = house.wrap.wrap(guests.WORDS_KEY, guest, shape.fixed(secret, "guest_words.words", ENTROPY_BYTES))
            tx.wrapped_keys.add(WrappedKeyRow(guests.WORDS_KEY, guest, wrapped, house.clock()))
    return told
