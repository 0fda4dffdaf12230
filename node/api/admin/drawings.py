"""Admin commands: drawings of members. Owns their plain shapes; what they mean is below.

Staff bring files and look who has read what. They open nothing: what is in a drawing is for the people of its readers.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any

from node.api.admin.command import Ask, Command, local_member
from node.api.context import Context
from node.drawings import Drawings
from node.services import addressing, reading
from node.services.drawings import keeping, receiving
from node.services.drawings.keeping import About, Seen, Shelf
from node.services.drawings.receiving import Held
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound, WorldFault
from protocol.limits import CHUNK_BYTES
from protocol.process.drawing.records import Kind, May


class Begin(Ask, frozen=True):
    """A file of ``size`` bytes comes in pieces. ``upload``: go on with one that was interrupted."""

    size: int
    member: str = ""
    upload: str = ""


class PieceAsk(Ask, frozen=True):
    """``data``: base64."""

    upload: str
    index: int
    data: str


class ReaderAsk(Ask, frozen=True):
    """``may``: view, file or nothing."""

    member: str
    may: str = "file"


class Add(Ask, frozen=True):
    """Publish what was uploaded. ``drawing``: id or first digits of the drawing of which it is a new version."""

    upload: str
    number: str
    title: str
    name: str
    media_type: str = "application/octet-stream"
    kind: str = "drawing"
    member: str = ""
    drawing: str = ""
    readers: tuple[ReaderAsk, ...] = ()


class OfMember(Ask, frozen=True):
    """``member`` may be left out at a node with one."""

    member: str = ""


class One(Ask, frozen=True):
    """A drawing by its number or the first digits of its id; or a version by those of its hash."""

    drawing: str
    member: str = ""


class AllowAsk(Ask, frozen=True):
    """``version``: 0 is the last one."""

    drawing: str
    reader: str
    may: str
    version: int = 0
    member: str = ""


def courier(context: Context) -> Drawings:
    """What carries drawings; WorldFault in a process that serves nobody."""
    found = context.drawings
    if not isinstance(found, Drawings):
        raise WorldFault("the node is not running: start it with `yui serve`", code="not-running")
    return found


def _member(tx: Tx, text: str) -> bytes:
    members = [row.member for row in tx.members.all(local=True)]
    return members[0] if not text and len(members) == 1 else local_member(tx, text)


def may_of(text: str) -> May:
    """The word; CallerFault for another."""
    try:
        return May(text)
    except ValueError:
        raise CallerFault("may", "view, file or nothing") from None


def kind_of(text: str) -> Kind:
    """The word; CallerFault for another."""
    try:
        return Kind(text)
    except ValueError:
        raise CallerFault("kind", "drawing or specification") from None


def find(tx: Tx, owner: bytes, text: str) -> bytes:
    """The drawing of ``owner`` that a person means: its number, or first digits of its id."""
    found = {
        one.drawing
        for one in keeping.shelves(tx, owner)
        if one.last.version.number == text or (len(text) >= 6 and one.drawing.hex().startswith(text.lower()))
    }
    if len(found) != 1:
        raise NotFound("drawing", "no such drawing" if not found else "several are called so: give its id")
    return found.pop()


def begin(context: Context, ask: Begin) -> dict[str, Any]:
    """How far a file has come, from nothing on."""
    owner = context.store.read(lambda tx: _member(tx, ask.member))
    if ask.upload:
        found = context.files.find(ask.upload)
        if found.owner != owner.hex() or found.size != ask.size:
            raise NotFound("upload", "no such upload")
    else:
        name = context.house.entropy(16).hex()
        found = context.files.begin(name, owner, ask.size, "application/octet-stream")
    return {"upload": found.name, "chunk_bytes": CHUNK_BYTES, "missing": list(found.missing)}


def piece(context: Context, ask: PieceAsk) -> dict[str, Any]:
    """One piece; the same one twice is once."""
    try:
        data = base64.b64decode(ask.data, validate=True)
    except binascii.Error:
        raise CallerFault("data", "base64") from None
    return {"missing": len(context.files.put_chunk(ask.upload, ask.index, data).missing)}


async def add(context: Context, ask: Add) -> dict[str, Any]:
    """Publish what was uploaded."""

    def whom(tx: Tx) -> tuple[bytes, bytes, list[tuple[bytes, May]]]:
        owner = _member(tx, ask.member)
        drawing = find(tx, owner, ask.drawing) if ask.drawing else b""
        readers = [(addressing.resolve_loosely(tx, one.member, "readers"), may_of(one.may)) for one in ask.readers]
        return owner, drawing, readers

    about = About(kind_of(ask.kind), ask.number, ask.title, ask.name, ask.media_type)
    owner, drawing, readers = await asyncio.to_thread(context.store.read, whom)
    if (await asyncio.to_thread(context.files.find, ask.upload)).owner != owner.hex():
        raise NotFound("upload", "no such upload")
    root = await asyncio.to_thread(context.files.finish, ask.upload)
    try:
        version = await courier(context).publish(owner, drawing, context.files.path(root), about)
    finally:
        if await asyncio.to_thread(context.store.read, lambda tx: tx.attachments.get(root)) is None:
            await asyncio.to_thread(context.files.delete, root)
    await courier(context).allow(owner, version, readers)
    return await asyncio.to_thread(context.store.read, lambda tx: shown(tx, keeping.look(tx, _row(tx, version))))


def _row(tx: Tx, version: bytes) -> Any:
    return tx.drawings.get(version)


def listed(context: Context, ask: OfMember) -> list[dict[str, Any]]:
    """A member's drawings, the latest first, each with its last version."""
    return context.store.read(lambda tx: [shown(tx, one.last) for one in keeping.shelves(tx, _member(tx, ask.member))])


def show(context: Context, ask: One) -> dict[str, Any]:
    """A drawing with all versions, readers and readings."""

    def work(tx: Tx) -> dict[str, Any]:
        owner = _member(tx, ask.member)
        return shelf(tx, keeping.shelf(tx, owner, find(tx, owner, ask.drawing)))

    return context.store.read(work)


async def allow(context: Context, ask: AllowAsk) -> dict[str, Any]:
    """Say what a firm may do with a version from now on."""
    may = may_of(ask.may)

    def whom(tx: Tx) -> tuple[bytes, bytes, bytes, bytes]:
        owner = _member(tx, ask.member)
        drawing = find(tx, owner, ask.drawing)
        for one in keeping.shelf(tx, owner, drawing).versions:
            if ask.version in (0, one.version.version):
                return owner, drawing, one.hash, addressing.resolve_loosely(tx, ask.reader, "reader")
        raise NotFound("version", "no such version")

    owner, drawing, version, reader = await asyncio.to_thread(context.store.read, whom)
    await courier(context).allow(owner, version, [(reader, may)])
    return await asyncio.to_thread(context.store.read, lambda tx: shelf(tx, keeping.shelf(tx, owner, drawing)))


def received(context: Context, ask: OfMember) -> list[dict[str, Any]]:
    """What a member was given to read, the latest first."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        found = receiving.held(tx, _member(tx, ask.member))
        names = reading.names_of(tx, {one.version.owner for one in found})
        return [held(names, one) for one in found]

    return context.store.read(work)


async def fetch(context: Context, ask: One) -> dict[str, Any]:
    """Fetch the content of a version for a member."""

    def whom(tx: Tx) -> tuple[bytes, bytes]:
        reader = _member(tx, ask.member)
        found = [one.hash for one in receiving.held(tx, reader) if one.hash.hex().startswith(ask.drawing.lower())]
        if len(found) != 1 or len(ask.drawing) < 6:
            raise NotFound("drawing", "no such drawing")
        return reader, found[0]

    reader, version = await asyncio.to_thread(context.store.read, whom)
    await courier(context).want(reader, version)
    return await asyncio.to_thread(context.store.read, lambda tx: held({}, receiving.look(tx, reader, version)))


def shelf(tx: Tx, found: Shelf) -> dict[str, Any]:
    """A drawing as plain values."""
    return {"drawing": found.drawing.hex(), "versions": [shown(tx, one) for one in found.versions]}


def shown(tx: Tx, one: Seen) -> dict[str, Any]:
    """A version of an owner as plain values."""
    names = reading.names_of(tx, {each.reader for each in one.readers})
    return {
        **_plain(one.hash, one.version),
        "readers": [
            {
                "member": each.reader.hex(),
                "name": names.get(each.reader, ""),
                "may": each.may.value,
                "since": each.since,
                "told": each.told,
                "deleted": each.deleted,
                "readings": [
                    {"times": fact.times, "how": fact.how.value, "person": fact.person, "time": fact.time}
                    for fact in each.readings
                ],
            }
            for each in one.readers
        ],
    }


def held(names: dict[bytes, str], one: Held) -> dict[str, Any]:
    """A version as its reader sees it, as plain values."""
    return {
        **_plain(one.hash, one.version),
        "owner": one.version.owner.hex(),
        "owner_name": names.get(one.version.owner, ""),
        "may": one.may.value,
        "since": one.since,
        "here": one.here,
        "wanted": one.wanted,
        "deleted": one.deleted,
        "newer": one.newer.hex(),
        "readings": [
            {"times": fact.times, "how": fact.how.value, "person": fact.person, "time": fact.time}
            for fact in one.readings
        ],
    }


def _plain(hashed: bytes, version: Any) -> dict[str, Any]:
    return {
        "hash": hashed.hex(),
        "drawing": version.drawing.hex(),
        "kind": version.kind.value,
        "number": version.number,
        "title": version.title,
        "version": version.version,
        "supersedes": version.supersedes.hex(),
        "size": version.size,
        "digest": version.digest.hex(),
        "media_type": version.media_type,
        "name": version.name,
        "time": version.time,
    }


COMMANDS = (
    Command("drawing.begin", Begin, begin),
    Command("drawing.piece", PieceAsk, piece),
    Command("drawing.add", Add, add),
    Command("drawing.list", OfMember, listed, offline=True),
    Command("drawing.show", One, show, offline=True),
    Command("drawing.allow", AllowAsk, allow),
    Command("drawing.received", OfMember, received, offline=True),
    Command("drawing.fetch", One, fetch),
)
