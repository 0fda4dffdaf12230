"""What the two nodes of the cast say to each other: batches, receipts, introductions, and a well-filled header."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from federation import introduction as introductions_
from federation.enrolment import Caller, Desk
from federation.introduction import Introduction
from protocol import canon
from protocol.document import envelope
from protocol.document.envelope import Document
from protocol.document.header import AttachmentRef, BusinessKey, Extension
from protocol.identity import descriptor, log
from protocol.identity.card import Card
from protocol.identity.descriptor import SPEAKS, Descriptor
from protocol.keys import NodeId
from protocol.link import batch, chunk, receipt
from protocol.link.batch import Batch, Item
from protocol.link.carried import Content, Label, Load
from protocol.link.receipt import Leaf
from tests.vectors import proof_cases, world
from tests.vectors.world import AUTHOR, NETWORK, RECIPIENT, START, key, node, octets

CARD = Card(
    NETWORK, AUTHOR.id, world.author_log().epoch.hash, 1, "豊田精機株式会社", "トヨダセイキ", "7180001000000",
    "T7180001000000", "2441", "23211", "ボルトとナット", ("ボルト", "M8"), "0188:7180001000000", START,
)  # fmt: skip


def answer() -> Document:
    """A document that follows two others, with attachments, extensions and a revision."""
    first, second = sorted((proof_cases.single().id, proof_cases.bulk()[0].id))
    header = proof_cases.single().header._replace(
        nonce=octets("nonce answer", 16),
        thread=proof_cases.single().id,
        follows=(first, second),
        business_key=BusinessKey("24-0017", 2),
        keep_until=0,
        attachments=(AttachmentRef(octets("root"), 3_000_000, "application/pdf"),),
        extensions=(Extension(7, False, b"\x01"), Extension(9, True, b"")),
    )
    return world.signed(envelope.draft(header, proof_cases.single().parts))


def batches() -> Iterator[tuple[str, bytes]]:
    start = Batch(NETWORK, node("toyota"), node("kyoto"), octets("incarnation", 16), 0, ())
    yield "batch: nothing", batch.sign(key("toyota"), start)
    history = log.encode_history(world.author_log())
    items = (
        Item(3, "history", history),
        Item(5, "document", envelope.encode(proof_cases.single())),
        Item(6, "document", envelope.encode(proof_cases.bulk()[1])),
    )
    yield (
        "batch: a history and two documents behind position 2",
        batch.sign(key("toyota"), start._replace(after=2, items=items)),
    )


def carried_pieces() -> Iterator[tuple[str, Label, Load]]:
    """A file of three pieces."""
    about = Label(NETWORK, node("toyota"), node("kyoto"), octets("file", 16), 1)
    yield "a batch", about, Load(Content.BATCH, wire=dict(batches())["batch: nothing"])
    part = chunk.encode(0, (), b"the only chunk")
    yield "a chunk", about._replace(number=2), Load(Content.CHUNK, octets("root"), 0, part)
    yield "the end", about._replace(number=3), Load(Content.END)


@cache
def five() -> bytes:
    """One receipt with five leaves, one of each verdict."""
    names = [item.id for item in proof_cases.bulk()]
    epoch = world.recipient_log().epoch.hash
    leaves = [
        Leaf(names[0], RECIPIENT.id, epoch, 1, "applied", False, ""),
        Leaf(names[1], RECIPIENT.id, epoch, 2, "applied", True, ""),
        Leaf(names[2], RECIPIENT.id, epoch, 3, "held", False, "same number as document 54c7ff01"),
        Leaf(names[3], RECIPIENT.id, epoch, 4, "waiting", False, "parent"),
        Leaf(names[4], RECIPIENT.id, b"", 0, "quarantined", False, "注文番号: 空です"),
    ]
    return receipt.sign(
        key("kyoto"), NETWORK, node("toyota"), octets("incarnation", 16), 6, leaves, START + 3_601_000_000
    )


def receipts() -> Iterator[tuple[str, bytes]]:
    yield "receipt: five leaves", five()
    nothing = receipt.sign(key("kyoto"), NETWORK, node("toyota"), octets("incarnation", 16), 6, [], START)
    yield "receipt: no leaf", nothing


def descriptor_of(name: str, certificate: bytes) -> Descriptor:
    """The descriptor of the node called ``name``."""
    return Descriptor(
        NETWORK, key(name).public, 1, "豊田商工会議所", "chamber", "23211", (f"https://{name}.example:7443",),
        (canon.digest(certificate),), "yui 0.1.0", SPEAKS, START,
    )  # fmt: skip


def _introduce(name: str) -> bytes:
    certificate = b"certificate of " + name.encode()
    return introductions_.encode(descriptor.sign(key(name), descriptor_of(name, certificate)), (certificate,))


def _any_certificate(_certificate: bytes, _node: NodeId) -> None:
    """X.509 is read elsewhere; here it may be any bytes."""


def introductions() -> Iterator[dict[str, Any]]:
    caller = Caller(NETWORK, _introduce("toyota"), key("toyota"), octets("nonce a"))
    desk = Desk(NETWORK, key("kyoto"))
    commit = caller.commitment()
    reply = desk.committed(commit, _introduce("kyoto"), octets("ticket", 16), octets("nonce b"), 0)
    met: Introduction = introductions_.parse(_introduce("kyoto"), NETWORK, _any_certificate)
    reveal = caller.answered(reply, met.certificates[0], _any_certificate)
    theirs, noted = desk.revealed(reveal, _any_certificate, 0, 0, START)
    ours = caller.noted(noted, START)
    assert ours.code == theirs.code
    yield {
        "name": "toyota calls kyoto",
        "introduction_a": _introduce("toyota"),
        "introduction_b": _introduce("kyoto"),
        "nonce_a": octets("nonce a"),
        "nonce_b": octets("nonce b"),
        "commit": commit,
        "answer": reply,
        "reveal": reveal,
        "noted": noted,
        "enrolment_id": ours.id,
        "code": ours.code,
    }
