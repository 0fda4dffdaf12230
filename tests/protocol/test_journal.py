"""Entries are linked, heads are signed, and whatever is missing or changed is named."""

import pytest

from protocol import canon, journal
from protocol.errors import BadSignature, Malformed
from protocol.journal import Entry, Kind
from tests.vectors import world
from tests.vectors.world import key

MEMBER, EPOCH = world.AUTHOR.id, world.author_log().epoch.hash
START = journal.open_epoch(MEMBER, EPOCH)


def chain(count: int) -> list[Entry]:
    return world.entries(count)


def test_entries_count_from_one_and_link() -> None:
    entries = chain(3)
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [entry.previous for entry in entries] == [b"", entries[0].hash, entries[1].hash]
    end = journal.require_chain(START, entries)
    assert (end.seq, end.hash) == (3, entries[2].hash)
    assert journal.require_chain(START, []) == START


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_missing_entry_is_named(at: int) -> None:
    entries = chain(3)
    del entries[at]
    if at == 2:
        assert journal.require_chain(START, entries).seq == 2
    else:
        with pytest.raises(Malformed, match=f"entry {at + 1} is missing or out of order"):
            journal.require_chain(START, entries)


@pytest.mark.parametrize("change", [{"kind": "received"}, {"object": bytes(32)}, {"verdict": "held"}])
def test_a_changed_entry_is_named(change: dict[str, object]) -> None:
    entries = chain(3)
    entries[1] = entries[1]._replace(**change)  # type: ignore[arg-type]
    with pytest.raises(Malformed, match="entry 2 was changed"):
        journal.require_chain(START, entries)


@pytest.mark.parametrize("change", [{"member": bytes(32)}, {"epoch": bytes(32)}, {"seq": 7}, {"previous": bytes(32)}])
def test_an_entry_of_another_place_is_refused(change: dict[str, object]) -> None:
    entries = chain(3)
    entries[1] = entries[1]._replace(**change)  # type: ignore[arg-type]
    with pytest.raises(Malformed, match="entry 2 is missing or out of order"):
        journal.require_chain(START, entries)


def test_order_matters() -> None:
    entries = chain(3)
    with pytest.raises(Malformed):
        journal.require_chain(START, [entries[1], entries[0], entries[2]])


def test_heads() -> None:
    at = journal.require_chain(START, chain(2))
    signature = journal.sign_head(key("maker 1"), at)
    journal.verify_head(key("maker 1").public, at, signature)
    assert journal.parse_head(journal.encode_head(at)) == at
    assert journal.parse_head(journal.encode_head(START)) == START
    with pytest.raises(BadSignature):
        journal.verify_head(key("maker 1").public, START, signature)
    with pytest.raises(BadSignature):
        journal.verify_head(key("maker 2").public, at, signature)


@pytest.mark.parametrize(
    "fields",
    [
        [MEMBER, EPOCH, 0, bytes(32)],
        [MEMBER, EPOCH, 1, b""],
        [MEMBER, EPOCH, -1, b""],
        [MEMBER[:31], EPOCH, 0, b""],
        [MEMBER, b"", 0, b""],
        [MEMBER, EPOCH, 2**53, bytes(32)],
        [MEMBER, EPOCH, 0],
    ],
)
def test_heads_of_another_shape(fields: list[object]) -> None:
    with pytest.raises(Malformed):
        journal.parse_head(canon.encode([journal.HEAD_TAG, *fields]))


def test_every_kind_can_be_entered() -> None:
    at = START
    for kind in Kind:
        entry, at = journal.append(at, kind, bytes(32), "applied")
        assert journal.entry_hash(entry) == entry.hash == at.hash
