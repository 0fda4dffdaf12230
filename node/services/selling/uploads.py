"""A register's file that somebody brought by page, from bringing it to taking it over.

Owns what is known of it while it waits: whose it is, how it is to be read, what reading it would do. The file itself
lies beside the partitions (``node.selling``). It belongs to the user who brought it, for a day, and waits among the
other files that the user brought (:mod:`node.services.importing.uploads`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from node.services.house import House
from node.services.importing import uploads
from node.store import FileRow, LayoutRow, Tx
from protocol.errors import NotFound

KIND: Final = uploads.SALES
MAX_STORE_CHARS: Final = 40


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is read. ``store``: whose sales, or empty when the file says; ``mapping``: field → title."""

    store: str = ""
    layout: str = "generic"
    tax: str = "in"
    mapping: dict[str, str] | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What reading it found: counts of lines, the columns, [line, column, rule, value] of the first bad ones."""

    encoding: str
    columns: dict[str, str]
    new: int
    changed: int
    same: int
    bad: int
    first_day: str
    last_day: str
    problems: list[tuple[int, str, str, str]]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: looking, looked, taking, taken, refused. ``fault``: why it was refused.

    ``titles``: of the columns; nothing else that stands in the file is kept here.
    """

    reading: Reading
    state: str = "looking"
    told: Told | None = None
    titles: list[str] = []
    fault: str = ""


class Upload(msgspec.Struct, frozen=True):
    """A file with what is known of it."""

    id: bytes
    name: str
    updated: int
    waiting: Waiting


def bring(house: House, tx: Tx, member: bytes, user: str, identity: bytes, name: str, reading: Reading) -> None:
    """A new file. How the member's last one was read counts where this one says nothing."""
    uploads.keep(tx, _row(house, member, user, identity, name, Waiting(reading=_remembered(tx, member, reading))))


def _remembered(tx: Tx, member: bytes, reading: Reading) -> Reading:
    kept = tx.importing.get(member, KIND, b"")
    if kept is None or reading.mapping is not None:
        return reading
    before = msgspec.json.decode(kept.data, type=Reading)
    return msgspec.structs.replace(reading, mapping=before.mapping) if before.layout == reading.layout else reading


def last_reading(tx: Tx, member: bytes) -> Reading:
    """How the member's last file was read: what the form begins with."""
    kept = tx.importing.get(member, KIND, b"")
    return Reading() if kept is None else msgspec.json.decode(kept.data, type=Reading)


def opened(tx: Tx, member: bytes, user: str, identity: bytes) -> Upload:
    """A user's own file. NotFound for any other, of whomever."""
    row = uploads.row_of(tx, member, user, identity)
    if row.kind != KIND:
        raise NotFound("file", "no such file")
    return Upload(row.id, row.name, row.updated, msgspec.json.decode(row.layout, type=Waiting))


def note(house: House, tx: Tx, member: bytes, user: str, identity: bytes, waiting: Waiting) -> None:
    """What is known of it now. Once it was taken over, how it was read is remembered for the next one."""
    row = uploads.row_of(tx, member, user, identity)
    tx.importing.put_file(_row(house, member, user, identity, row.name, waiting))
    if waiting.state == "taken":
        data = msgspec.json.encode(waiting.reading)
        tx.importing.put(LayoutRow(member, KIND, b"", house.clock(), data))


def drop(tx: Tx, member: bytes, user: str, identity: bytes) -> None:
    """Forget it."""
    opened(tx, member, user, identity)
    tx.importing.drop_file(identity)


def _row(house: House, member: bytes, user: str, identity: bytes, name: str, waiting: Waiting) -> FileRow:
    layout = msgspec.json.encode(waiting)
    return FileRow(identity, member, user, KIND, b"", name[:200], b"", house.clock(), layout, b"")
