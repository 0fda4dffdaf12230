"""Frames of members and what guardians acknowledged, on every engine."""

from __future__ import annotations

from node.store import GuardAckRow, GuardChunkRow, GuardedRow, GuardFrameRow, Store

M, N, G, E = (letter * 32 for letter in (b"M", b"N", b"G", b"E"))


def frame(place: int, member: bytes = M) -> GuardFrameRow:
    hashed = bytes([place]) * 32
    return GuardFrameRow(member, place, E, place, hashed, b"r", b"s", place, 10 * place, place, 0, 100 + place, None)


def test_frames_are_kept_in_order_with_their_sealed_bytes(store: Store) -> None:
    rows = [frame(place) for place in (1, 2, 3)]
    for row in rows:
        store.write(lambda tx, row=row: tx.guarding.add_frame(row, b"sealed%d" % row.place))  # type: ignore[misc]
    store.write(lambda tx: tx.guarding.add_frame(frame(1, N), b"other"))
    assert store.read(lambda tx: tx.guarding.last_frame(M)) == rows[2]
    assert store.read(lambda tx: tx.guarding.frame_at(M, 2)) == rows[1]
    assert store.read(lambda tx: tx.guarding.frame_hashed(M, b"\2" * 32)) == rows[1]
    assert store.read(lambda tx: tx.guarding.frame_hashed(N, b"\2" * 32)) is None
    assert store.read(lambda tx: tx.guarding.frames_after(M, 1, 9)) == [(rows[1], b"sealed2"), (rows[2], b"sealed3")]
    assert store.read(lambda tx: tx.guarding.frames_after(M, 1, 1)) == [(rows[1], b"sealed2")]
    assert store.read(lambda tx: tx.guarding.sealed(M, 3)) == b"sealed3"
    assert store.read(lambda tx: tx.guarding.size(M)) == (3, 21)


def test_when_a_holding_was_safe_is_the_first_frame_that_reaches_it(store: Store) -> None:
    for place in (1, 2, 3):
        store.write(lambda tx, place=place: tx.guarding.add_frame(frame(place), b"x"))  # type: ignore[misc]
    store.write(lambda tx: tx.guarding.mark_kept(M, 0, 2, 500))
    store.write(lambda tx: tx.guarding.mark_kept(M, 0, 3, 900))
    assert store.read(lambda tx: tx.guarding.kept_at(M, 20)) == 500
    assert store.read(lambda tx: tx.guarding.kept_at(M, 21)) == 900
    assert store.read(lambda tx: tx.guarding.kept_at(M, 31)) is None


def test_a_member_begins_once_and_is_forgotten_whole(store: Store) -> None:
    store.write(lambda tx: tx.guarding.begin(M))
    row = GuardedRow(M, b"vault", 3, b"h", b"p", b"c", 7)
    store.write(lambda tx: tx.guarding.put(row))
    store.write(lambda tx: tx.guarding.begin(M))
    assert store.read(lambda tx: tx.guarding.all()) == [row]
    ack = GuardAckRow(M, G, 5, finding="lost")
    store.write(lambda tx: tx.guarding.put_acks([ack]))
    assert store.read(lambda tx: tx.guarding.ack(M, G)) == ack
    assert store.read(lambda tx: tx.guarding.ack(N, G)) == GuardAckRow(N, G)
    assert store.read(lambda tx: tx.guarding.acks_of(M)) == [ack]
    chunk = GuardChunkRow(M, 1, E, 0, b"n" * 32)
    store.write(lambda tx: tx.guarding.add_chunks([chunk, chunk._replace(place=2)]))
    assert store.read(lambda tx: tx.guarding.chunks_after(M, 0, 9)) == [chunk]
    assert store.read(lambda tx: tx.guarding.chunks_named(M, [b"n" * 32])) == [chunk]
    store.write(lambda tx: tx.guarding.drop(M))
    assert store.read(lambda tx: tx.guarding.get(M)) is None
    assert store.read(lambda tx: tx.guarding.acks_of(M)) == []
