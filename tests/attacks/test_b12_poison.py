"""Row B12: one malformed or oversized event stopped federation (Matrix CVE-2025-30355, exploited in the wild).

Each kind of poisoned item is put between two good documents, in a batch that is otherwise right. It is set aside alone,
with its bytes; what came before and after it is delivered; the receipt covers all of it, so the stream goes on.
"""

from collections.abc import Callable

import pytest

from node.services.trade import Submission
from protocol import canon
from protocol.document import envelope
from protocol.errors import TooLarge
from protocol.limits import MAX_DOCUMENT_BYTES, MAX_QUARANTINE_BYTES_PER_PEER
from protocol.link import batch as batches
from protocol.link.batch import Batch, Item
from tests.node.services.town import Association, order, two_towns


def good(toyota: Association, buyer: bytes, seller: bytes, number: str) -> bytes:
    sent = toyota.submit(buyer, Submission(seller, order(number)))[0]
    stored = toyota.see(lambda tx: tx.documents.full(sent.id))
    assert stored is not None
    return envelope.encode_raw(stored.row.header, stored.row.signature, canon.decode(stored.row.path), stored.parts)


def flipped(payload: bytes) -> bytes:
    return payload[:400] + bytes([payload[400] ^ 1]) + payload[401:]


def unsigned(payload: bytes) -> bytes:
    return envelope.encode(envelope.parse(payload)._replace(signature=bytes(64)))


def of_another_network(payload: bytes) -> bytes:
    raw = canon.decode(payload, max_bytes=MAX_DOCUMENT_BYTES)
    header = canon.decode(raw[1])
    return canon.encode([raw[0], canon.encode([header[0], "live", *header[2:]]), *raw[2:]])


POISONS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "nothing": ("document", lambda _: b""),
    "noise": ("document", lambda _: bytes(range(256))),
    "cut short": ("document", lambda payload: payload[:-1]),
    "too long": ("document", lambda payload: payload + bytes(MAX_DOCUMENT_BYTES)),
    "too deep": ("document", lambda _: b"\x91" * 5_000),
    "not canonical": ("document", lambda payload: b"\xdc\x00\x05" + payload[1:]),
    "one bit wrong": ("document", flipped),
    "signature wrong": ("document", unsigned),
    "another network": ("document", of_another_network),
    "a history that is a document": ("history", lambda payload: payload),
    "a history of nothing": ("history", lambda _: b"\x90"),
    "a receipt that is noise": ("receipt", lambda _: b"noise"),
    "holdings that are noise": ("holdings", lambda _: b"noise"),
    "an unknown kind of item": ("greeting", lambda _: b"hello"),
}


@pytest.mark.parametrize("name", POISONS)
def test_poison_is_set_aside_alone(name: str) -> None:
    toyota, kyoto, buyer, seller = two_towns()
    toyota.send_all(kyoto)
    kind, make = POISONS[name]
    first, middle, last = (good(toyota, buyer, seller, f"PO-{number}") for number in range(3))
    poison = make(middle)
    items = (Item(10_001, "document", first), Item(10_002, kind, poison), Item(10_003, "document", last))
    batch = Batch("test", toyota.house.id, kyoto.house.id, toyota.house.incarnation, 0, items)
    taken, receipt = kyoto.take(toyota, batches.sign(toyota.house.node, batch))
    assert taken.cursor == 10_003
    assert sorted(leaf.verdict for leaf in taken.leaves) == ["applied", "applied", "quarantined"]
    assert len(kyoto.see(lambda tx: tx.holdings.after(seller, 0, 10))) == 2
    quarantined = kyoto.see(lambda tx: tx.quarantine.by_object([leaf.document for leaf in taken.leaves]))
    assert [row.content for row in quarantined] == [poison]
    toyota.credit(kyoto, receipt)
    after = Batch(
        "test", toyota.house.id, kyoto.house.id, toyota.house.incarnation, 10_003, (Item(10_004, "document", middle),)
    )
    again, _ = kyoto.take(toyota, batches.sign(toyota.house.node, after))
    assert [leaf.verdict for leaf in again.leaves] == ["applied"], "the true document still arrives"


def test_the_same_poison_again_takes_no_more_room() -> None:
    toyota, kyoto, _, _ = two_towns()
    for position in range(1, 6):
        items = (Item(20_000 + position, "document", b"noise"),)
        batch = Batch("test", toyota.house.id, kyoto.house.id, toyota.house.incarnation, 0, items)
        kyoto.take(toyota, batches.sign(toyota.house.node, batch))
    assert kyoto.see(lambda tx: tx.quarantine.bytes_of(toyota.house.id)) == len(b"noise")


def test_a_peer_cannot_fill_the_disk_with_poison() -> None:
    toyota, kyoto, _, _ = two_towns()

    def poison(position: int) -> None:
        items = (Item(30_000 + position, "document", position.to_bytes(4, "big") + bytes(1_000_000)),)
        batch = Batch("test", toyota.house.id, kyoto.house.id, toyota.house.incarnation, 0, items)
        kyoto.take(toyota, batches.sign(toyota.house.node, batch))

    room = MAX_QUARANTINE_BYTES_PER_PEER // 1_000_004
    for position in range(room):
        poison(position)
    with pytest.raises(TooLarge, match="quarantine is full"):
        poison(room)
