"""Admin commands: an export archive of a member of another node, taken in step by step. The file is the caller's."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from node.api.admin.command import Ask, Command
from node.api.context import Context
from node.services import archived, attachments
from node.services.belongings.items import Item
from node.services.transaction import Tx
from protocol.document import attachment
from protocol.errors import CallerFault, NotFound


class Begin(Ask, frozen=True):
    """``member`` as hex; ``expected``: documents in the archive."""

    member: str
    network: str
    expected: int


class Items(Ask, frozen=True):
    """[kind, payload in base64] of belongings."""

    member: str
    items: list[tuple[str, str]]


class Records(Ask, frozen=True):
    """Rows of a table: items, prices or terms."""

    member: str
    name: str
    rows: list[dict[str, Any]]


class File(Ask, frozen=True):
    """An attachment of the archive; with ``chunk`` (base64) its piece ``index``."""

    member: str
    root: str
    size: int
    media_type: str
    index: int = -1
    chunk: str = ""


class Finish(Ask, frozen=True):
    """``damaged``: also if documents are missing."""

    member: str
    damaged: bool = False


def begin(context: Context, ask: Begin) -> dict[str, Any]:
    """An archive is coming."""
    member = _hex(ask.member, "member")
    state = context.commit(lambda tx: archived.begin(context.house, tx, member, ask.network, ask.expected))
    return {"expected": state.expected}


def take(context: Context, ask: Items) -> dict[str, Any]:
    """Enter a few items."""
    member = _hex(ask.member, "member")
    found = [Item(kind, _bytes(payload)) for kind, payload in ask.items]
    done = context.commit(lambda tx: archived.take(context.house, tx, member, found))
    return {"documents": done.documents, "entries": done.entries, "bad": done.bad}


def keep(context: Context, ask: Records) -> dict[str, Any]:
    """Enter own records."""
    member = _hex(ask.member, "member")
    try:
        new = context.commit(lambda tx: archived.keep(context.house, tx, member, ask.name, ask.rows))
    except (KeyError, TypeError, ValueError) as error:
        raise CallerFault(ask.name, f"a record is not of its shape: {error}") from None
    return {"new": new}


def bring(context: Context, ask: File) -> dict[str, Any]:
    """A chunk of an attachment that one of the member's documents names; the indexes that are missing."""
    member, root = _hex(ask.member, "member"), _hex(ask.root, "root")

    def named(tx: Tx) -> bool:
        archived.begun(tx, member)
        documents = [document for _, document in tx.attachments.uses([root])]
        return bool(documents and tx.holdings.get_many(member, documents))

    if not context.store.read(named):
        raise NotFound("root", "no document of the member names it")
    attachment.chunk_count(ask.size)
    if context.files.has(root):
        _complete(context, root, ask)
        return {"missing": []}
    incoming = context.files.begin(root.hex(), member, ask.size, ask.media_type)
    if ask.index >= 0:
        incoming = context.files.put_chunk(root.hex(), ask.index, _bytes(ask.chunk))
    if not incoming.missing:
        context.files.finish(root.hex(), root)
        _complete(context, root, ask)
    return {"missing": list(incoming.missing)}


def _complete(context: Context, root: bytes, ask: File) -> None:
    house = context.house
    news = context.commit(lambda tx: attachments.completed(house, tx, root, ask.size, ask.media_type))
    if news:
        context.news(news)


def finish(context: Context, ask: Finish) -> dict[str, Any]:
    """Expected against found; from now on it may be read."""
    member = _hex(ask.member, "member")
    return context.commit(lambda tx: archived.finish(context.house, tx, member, damaged=ask.damaged))._asdict()


def _hex(text: str, field: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise CallerFault(field, "64 hexadecimal digits")
    return found


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise CallerFault("content", "base64") from None


COMMANDS = (
    Command("member.import", Begin, begin),
    Command("member.import_items", Items, take),
    Command("member.import_records", Records, keep),
    Command("member.import_file", File, bring),
    Command("member.import_end", Finish, finish),
)
