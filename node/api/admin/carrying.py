"""Admin commands: files that carry a link's stream by hand. Pieces come and go as base64; the file is the caller's."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from node.api.admin.command import Ask, Command
from node.api.context import Context
from node.services import carrying, peers
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound, WorldFault
from protocol.keys import NodeId
from protocol.link.carried import FILE_ID_BYTES, Content, Load

T = TypeVar("T")


class ChunkOffice(Protocol):
    """What the running node does with chunks of attachments."""

    async def give_chunk(self, node: NodeId, root: bytes, index: int) -> bytes:
        """One chunk with its path, if a document for ``node`` names it."""
        ...

    async def take_chunk(self, node: NodeId, root: bytes, index: int, body: bytes) -> bytes:
        """One chunk that a document from ``node`` waits for."""
        ...


class Begin(Ask, frozen=True):
    """``peer``: its name or the first digits of its id."""

    peer: str


class Piece(Ask, frozen=True):
    """The next piece of ``file`` (hex) for ``peer`` (hex): the batch behind position ``after``."""

    peer: str
    file: str
    number: int
    after: int = 0


class ChunkPiece(Ask, frozen=True):
    """The next piece: chunk ``index`` of the attachment ``root`` (hex)."""

    peer: str
    file: str
    number: int
    root: str
    index: int


class Came(Ask, frozen=True):
    """A piece that was carried here, in base64."""

    piece: str


def _offices(context: Context) -> ChunkOffice:
    if context.peers is None:
        raise WorldFault("this node does not serve peers now", code="not-running")
    office: ChunkOffice = context.peers
    return office


def begin(context: Context, ask: Begin) -> dict[str, Any]:
    """Whom a file is for, and how much waits for it."""

    def work(tx: Tx) -> dict[str, Any]:
        node = peers.find(tx, ask.peer)
        carrying.label(context.house, tx, node, b"", 1)
        waiting = tx.outgoing.count_pending().get(node, (0, 0))[0]
        row = tx.peers.get(node)
        name = row.name if row is not None else ""
        return {
            "peer": node.hex(),
            "name": name,
            "file": context.house.entropy(FILE_ID_BYTES).hex(),
            "waiting": waiting,
        }

    return context.store.read(work)


def next_piece(context: Context, ask: Piece) -> dict[str, Any]:
    """The stream's next batch, sealed; no ``piece`` when there is nothing more."""
    peer, file = _hex(ask.peer, "peer"), _hex(ask.file, "file")
    written = context.store.read(lambda tx: carrying.write_batch(context.house, tx, peer, file, ask.number, ask.after))
    if written is None:
        return {"piece": "", "after": ask.after, "documents": 0, "attachments": []}
    attachments = [{"root": ref.root.hex(), "size": ref.size} for ref in written.attachments]
    return {
        "piece": base64.b64encode(written.piece).decode(),
        "after": written.after,
        "documents": written.documents,
        "attachments": attachments,
    }


async def chunk_piece(context: Context, ask: ChunkPiece) -> dict[str, Any]:
    """One chunk of an attachment, sealed."""
    root = _hex(ask.root, "root")
    wire = await _offices(context).give_chunk(NodeId(_hex(ask.peer, "peer")), root, ask.index)
    return await _sealed(context, ask.peer, ask.file, ask.number, Load(Content.CHUNK, root, ask.index, wire))


async def end_piece(context: Context, ask: Piece) -> dict[str, Any]:
    """The file's last piece: who takes it in knows that nothing was cut off."""
    return await _sealed(context, ask.peer, ask.file, ask.number, Load(Content.END))


async def _sealed(context: Context, peer: str, file: str, number: int, load: Load) -> dict[str, Any]:
    node, name = _hex(peer, "peer"), _hex(file, "file")
    work: Callable[[Tx], bytes] = lambda tx: carrying.write(context.house, tx, node, name, number, load)  # noqa: E731
    return {"piece": base64.b64encode(await asyncio.to_thread(context.store.read, work)).decode()}


async def take(context: Context, ask: Came) -> dict[str, Any]:
    """Enter what a piece brings; the same piece twice changes nothing."""
    house = context.house
    opened = carrying.open_piece(house.network, house.node, house.id, _bytes(ask.piece))
    label, load = opened
    found: dict[str, Any] = {
        "content": load.content.value,
        "sender": label.sender.hex(),
        "name": await asyncio.to_thread(context.store.read, partial(_name, node=label.sender)),
        "file": label.file.hex(),
        "number": label.number,
        "verdicts": {},
        "repeated": False,
        "gap": False,
    }
    if load.content is Content.BATCH:
        entered = await asyncio.wrap_future(context.submit(lambda tx: carrying.take_batch(house, tx, opened)))
        context.news(entered.news)
        found.update(verdicts=entered.verdicts, repeated=entered.repeated, gap=entered.gap)
    elif load.content is Content.CHUNK:
        try:
            await _offices(context).take_chunk(NodeId(label.sender), load.root, load.at, load.wire)
        except NotFound:
            found["repeated"] = True  # nothing waits for it (any more)
    return found


def _name(tx: Tx, node: bytes) -> str:
    row = tx.peers.get(node)
    return row.name if row is not None else ""


def _hex(text: str, field: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise CallerFault(field, "hexadecimal digits") from None


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise CallerFault("piece", "base64") from None


COMMANDS = (
    Command("carry.begin", Begin, begin),
    Command("carry.next", Piece, next_piece),
    Command("carry.chunk", ChunkPiece, chunk_piece),
    Command("carry.end", Piece, end_piece),
    Command("carry.take", Came, take),
)
