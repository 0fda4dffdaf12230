"""A member with a past: two epochs, a dealing with another association, one with a neighbour, attachments, records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from node.api.context import Context
from node.leaving import archive
from node.leaving.archive import Wish
from node.services import attachments, items, terms, users
from node.services.drafting import Step
from node.services.items import OwnItem
from node.services.terms import PartnerTerms
from node.services.trade import Submission
from node.store import Tx
from protocol.document.header import AttachmentRef
from protocol.identity.control import Reason
from protocol.limits import CHUNK_BYTES
from protocol.process.trade.papers import Contact, Personal, Reference, Scaled
from tests.node.services.october import order, step
from tests.node.services.town import Association, two_towns

CANARY = "カナリア商会の秘密"  # in everything of the stranger
DRAWING = bytes(range(256)) * (9 * CHUNK_BYTES // (4 * 256))
NAME = "図面 1/2.bin"


class Leaver(NamedTuple):
    """``member`` of ``town`` deals with ``partner`` of ``other`` and with a neighbour; a stranger has canaries."""

    town: Association
    other: Association
    member: bytes
    partner: bytes
    stranger: bytes
    context: Context
    thread: bytes


@contextmanager
def leaver(folder: Path) -> Iterator[Leaver]:
    """All of it, in memory and in ``folder``."""
    town, other, member, partner = two_towns()
    context = Context(town.house, town.store, folder)
    try:
        ref = upload(town, context, member, DRAWING)
        reference = Reference(kind="drawing", attachment=ref.root.hex(), description=NAME)
        paper = order("PO-1", references=(reference,))
        personal = Personal(contacts=(Contact(role="buyer", name="浦島 太郎", telephone="0565-00-0000"),))
        thread = town.submit(member, Submission(partner, paper, personal, attachments=(ref,)))[0].thread
        context_of(other, folder / "other").files  # noqa: B018  its folder
        town.send_all(other)
        other.do(lambda tx: attachments.completed(other.house, tx, ref.root, ref.size, ref.media_type))
        town.send_all(other)
        step(other, partner, thread, Step.ANSWER, "2026-10-06")
        other.send_all(town)
        town.restart(Reason.RESTART)
        context.house = town.house
        for what, who in ((Step.SHIP, partner), (Step.INSPECT, member), (Step.BILL, partner)):
            one, two = (town, other) if who == member else (other, town)
            step(one, who, thread, what, "2026-10-20")
            one.send_all(two)
        stranger = neighbours(town, member)
        yield Leaver(town, other, member, partner, stranger, context, thread)
    finally:
        context.close()


def context_of(town: Association, folder: Path) -> Context:
    """Another node's."""
    folder.mkdir(exist_ok=True)
    return Context(town.house, town.store, folder)


def upload(town: Association, context: Context, member: bytes, data: bytes) -> AttachmentRef:
    """An attachment that ``member`` brought."""
    name = hashlib.sha256(data).hexdigest()
    context.files.begin(name, member, len(data), "application/octet-stream")
    for at in range(-(-len(data) // CHUNK_BYTES)):
        context.files.put_chunk(name, at, data[at * CHUNK_BYTES : (at + 1) * CHUNK_BYTES])
    root = context.files.finish(name)

    def work(tx: Tx) -> None:
        attachments.completed(town.house, tx, root, len(data), "application/octet-stream")
        attachments.brought(tx, member, root)

    town.do(work)
    return AttachmentRef(root, len(data), "application/octet-stream")


def neighbours(town: Association, member: bytes) -> bytes:
    """Records of the member, and a stranger full of canaries at the same node."""
    neighbour, stranger = town.enrol("隣の店"), town.enrol(CANARY)
    town.submit(member, Submission(neighbour, order("PO-2", quantity=3)))
    town.submit(stranger, Submission(neighbour, order(f"{CANARY}-1")))
    given = PartnerTerms(closing_day=20, note="月末締めに変更予定")

    def work(tx: Tx) -> None:
        for who, word in ((member, "抹茶あめ"), (stranger, CANARY)):
            items.put(town.house, tx, who, [OwnItem(number="=A-1", name=word, price=Scaled(240))])
            mine = given if who == member else PartnerTerms(note=CANARY)
            terms.put(town.house, tx, who, neighbour, mine)
        users.add(town.house, tx, member, "taro", "owner", "hash-that-stays")
        users.add(town.house, tx, stranger, "stranger.canary", "owner", "hash-that-stays")

    town.do(work)
    return stranger


def write(world: Leaver, path: Path, wish: Wish | None = None) -> Path:
    """The archive as a file."""
    with path.open("wb") as file:
        for piece in archive.stream(world.context, world.member, wish or Wish()):
            file.write(piece)
    return path
