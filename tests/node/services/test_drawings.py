"""Drawings between two associations: published, granted, read, superseded, withdrawn; what must not be is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.drawingfiles import DrawingFiles
from node.services.drawings import keeping, receiving, travelling
from node.services.drawings.keeping import About
from protocol import canon
from protocol.document import attachment
from protocol.errors import CallerFault, Malformed, Misdirected, NotFound, PeerFault, TooLarge
from protocol.link import chunk as chunks
from protocol.process.drawing import content, records
from protocol.process.drawing.records import How, Kind, May
from tests.node.services.town import Association, two_towns

PLAIN = b"%PDF-1.7 " + bytes(range(256)) * 6_000  # two pieces


class Two:
    """An owner in Toyota, a reader in Kyoto; their couriers' work done by hand."""

    def __init__(self, folder: Path) -> None:
        self.toyota, self.kyoto, self.owner, self.reader = two_towns()
        self.folder = folder
        self.files = {town: DrawingFiles(folder / name) for town, name in ((self.toyota, "a"), (self.kyoto, "b"))}

    def publish(self, drawing: bytes = b"", media: str = "application/pdf", plain: bytes = PLAIN) -> bytes:
        source = self.folder / "source"
        source.write_bytes(plain)
        town = self.toyota
        made = town.see(lambda tx: keeping.plan(town.house, tx, self.owner, drawing))
        sealed = self.files[town].seal(source, made.key, made.drawing, made.number)
        about = About(Kind.DRAWING, "AB-1203", "ブラケット", "AB-1203.pdf", media)
        return town.do(lambda tx: keeping.publish(town.house, tx, self.owner, made, sealed, about))

    def allow(self, version: bytes, may: May = May.FILE, reader: bytes = b"") -> None:
        town = self.toyota
        town.do(lambda tx: keeping.allow(town.house, tx, self.owner, version, reader or self.reader, may))

    def carry(self) -> None:
        """What each side has to tell the other, once."""
        for sender, other in ((self.toyota, self.kyoto), (self.kyoto, self.toyota)):
            for word in sender.see(lambda tx, s=sender: travelling.words(s.house, tx)):
                if word.body:
                    self.post(other, word.body)
                sender.do(lambda tx, w=word: travelling.told(tx, w))

    def post(self, to: Association, data: bytes) -> bytes:
        body, histories, asks = travelling.unwrap(data)
        assert not asks
        return to.do(lambda tx: travelling.receive(to.house, tx, body, histories))

    def ask(self, node: bytes, version: bytes, index: int, reader: bytes = b"") -> bytes:
        """What a node gets for one piece."""
        body, _, asks = travelling.unwrap(travelling.ask(version, reader or self.reader, index))
        assert asks
        piece = self.toyota.see(lambda tx: travelling.asked(tx, node, body))
        files = self.files[self.toyota].chunks
        leaves = [
            attachment.chunk_leaf(at, files.read_chunk(piece.root, at))
            for at in range(attachment.chunk_count(piece.size))
        ]
        wire = chunks.encode(piece.place, chunks.paths(leaves)[piece.place], files.read_chunk(piece.root, piece.place))
        return chunks.parse(wire, piece.root, piece.size, piece.place)

    def fetch(self, version: bytes) -> None:
        town = self.kyoto
        assert not town.do(lambda tx: receiving.want(town.house, tx, self.reader, version))
        (one,) = town.see(lambda tx: travelling.fetchings(town.house, tx, 10))
        files = self.files[town].chunks
        begun = files.begin(one.root.hex(), one.owner, one.size, "application/octet-stream")
        for index in begun.missing:
            files.put_chunk(one.root.hex(), index, self.ask(town.house.id, version, index))
        files.finish(one.root.hex(), one.root)
        town.do(lambda tx: receiving.arrived(tx, version, True))

    def open(self, version: bytes, how: How = How.FILE) -> bytes:
        town = self.kyoto
        found = town.do(lambda tx: receiving.open_version(town.house, tx, self.reader, version, how, "浦島"))
        at = found.version
        return b"".join(self.files[town].pieces(at.root, at.size, found.key, at.drawing, at.version))

    def seen(self, version: bytes) -> keeping.Seen:
        def work(tx):  # type: ignore[no-untyped-def]
            return keeping.look(tx, keeping.require_own(tx, self.owner, version))

        return self.toyota.see(work)  # type: ignore[no-any-return]

    def held(self) -> list[receiving.Held]:
        return self.kyoto.see(lambda tx: receiving.held(tx, self.reader))

    def delete(self) -> int:
        town, count = self.kyoto, 0
        for left in town.see(lambda tx: receiving.left_to_delete(town.house, tx, 10)):
            if left.file:
                self.files[town].delete(left.root)
            town.do(lambda tx, one=left: receiving.confirm_deleted(town.house, tx, one.version, one.reader))
            count += 1
        return count


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def test_from_one_to_the_other_and_the_reading_comes_back(two: Two) -> None:
    version = two.publish()
    two.allow(version)
    two.carry()
    assert [(one.version.title, one.may, one.here) for one in two.held()] == [("ブラケット", May.FILE, False)]
    with pytest.raises(CallerFault, match="not arrived"):
        two.open(version)
    two.fetch(version)
    assert two.open(version) == PLAIN
    assert two.open(version, How.VIEW) == PLAIN
    two.carry()
    (reader,) = two.seen(version).readers
    assert [(fact.times, fact.how, fact.person) for fact in reader.readings] == [
        (2, How.VIEW, "浦島"),
        (1, How.FILE, "浦島"),
    ]
    assert reader.told
    for path in two.folder.rglob("*"):
        assert path.name == "source" or not path.is_file() or PLAIN[:64] not in path.read_bytes()


def test_a_new_version_goes_to_the_readers_of_the_one_before(two: Two) -> None:
    first = two.publish()
    two.allow(first)
    two.allow(first, May.VIEW)
    drawing = two.seen(first).version.drawing
    second = two.publish(drawing, plain=b"%PDF-2 other")
    assert two.seen(second).version.supersedes == first
    two.carry()
    held = {one.hash: one for one in two.held()}
    assert (held[first].newer, held[second].newer, held[second].may) == (second, b"", May.VIEW)
    third = two.publish(drawing, media="application/dxf")  # cannot be looked at: nobody gets it unasked
    assert two.seen(third).readers == ()
    with pytest.raises(CallerFault, match="only PDF"):
        two.allow(third, May.VIEW)


def test_withdrawn(two: Two) -> None:
    version = two.publish()
    two.allow(version)
    two.carry()
    two.fetch(version)
    two.allow(version, May.NOTHING)
    with pytest.raises(NotFound):  # from now on, before the reader's node has heard of it
        two.ask(two.kyoto.house.id, version, 0)
    two.carry()
    with pytest.raises(CallerFault, match="withdrawn"):
        two.open(version)
    with pytest.raises(CallerFault, match="withdrawn"):
        two.kyoto.do(lambda tx: receiving.want(two.kyoto.house, tx, two.reader, version))
    row = two.kyoto.see(lambda tx: tx.drawings.get(version))
    assert row is not None
    assert row.wrapped == b""
    assert two.delete() == 1
    assert not two.files[two.kyoto].has(two.seen(version).version.root)
    two.carry()
    assert two.seen(version).readers[0].deleted > 0
    assert two.delete() == 0
    two.allow(version)  # and given again
    two.carry()
    two.fetch(version)
    assert two.open(version) == PLAIN
    assert two.seen(version).readers[0].deleted == 0


def test_an_old_word_changes_nothing(two: Two) -> None:
    version = two.publish()
    two.allow(version)
    old = [word.body for word in two.toyota.see(lambda tx: travelling.words(two.toyota.house, tx))]
    two.allow(version, May.NOTHING)
    two.carry()
    two.post(two.kyoto, old[0])
    assert two.held()[0].may is May.NOTHING


def test_only_a_preview(two: Two) -> None:
    version = two.publish()
    two.allow(version, May.VIEW)
    two.carry()
    two.fetch(version)
    with pytest.raises(CallerFault, match="preview"):
        two.open(version, How.FILE)
    assert two.open(version, How.VIEW) == PLAIN


def test_another_firms_drawing_answers_like_none(two: Two) -> None:
    version, stranger = two.publish(), two.toyota.enrol("竹の店")
    drawing = two.seen(version).version.drawing
    for work in (
        lambda tx: keeping.require_own(tx, stranger, version),
        lambda tx: keeping.shelf(tx, stranger, drawing),
        lambda tx: keeping.allow(two.toyota.house, tx, stranger, version, two.reader, May.FILE),
        lambda tx: receiving.look(tx, stranger, version),
        lambda tx: receiving.open_version(two.toyota.house, tx, stranger, version, How.FILE, ""),
        lambda tx: keeping.require_own(tx, two.owner, b"n" * 32),
    ):
        with pytest.raises(NotFound, match="no such drawing"):
            two.toyota.do(work)


def test_a_node_that_is_not_named_gets_nothing(two: Two) -> None:
    version = two.publish()
    two.allow(version)
    with pytest.raises(NotFound):
        two.ask(b"x" * 32, version, 0)
    with pytest.raises(NotFound):
        two.ask(two.kyoto.house.id, version, 0, reader=b"y" * 32)
    with pytest.raises(NotFound):
        two.ask(two.kyoto.house.id, b"n" * 32, 0)
    body, _, _ = travelling.unwrap(travelling.wrap(canon.encode((travelling.ASK_TAG, version, two.reader, 4_000))))
    with pytest.raises(Malformed, match="index"):
        two.toyota.see(lambda tx: travelling.asked(tx, two.kyoto.house.id, body))


def test_words_for_another_node_or_of_another_owner_are_refused(two: Two) -> None:
    version = two.publish()
    two.allow(version)
    (word,) = two.toyota.see(lambda tx: travelling.words(two.toyota.house, tx))
    with pytest.raises((Misdirected, NotFound)):
        two.post(two.toyota, word.body)
    raw = canon.decode(canon.decode(word.body)[1])
    row = two.toyota.see(lambda tx: tx.drawings.get(version))
    assert row is not None
    swapped = travelling.wrap(canon.encode((travelling.GIVEN_TAG, raw[2], raw[1])))
    with pytest.raises(PeerFault):
        two.post(two.kyoto, swapped)
    assert two.held() == []


def test_a_fact_of_somebody_who_was_never_given_it_is_refused(two: Two) -> None:
    version = two.publish()
    two.allow(version)
    two.carry()
    two.fetch(version)
    two.open(version)
    (word,) = two.kyoto.see(lambda tx: travelling.words(two.kyoto.house, tx))
    (two.folder / "other").mkdir()
    other = Two(two.folder / "other")
    with pytest.raises(NotFound):
        other.post(other.toyota, word.body)
    two.carry()
    two.post(two.toyota, word.body)  # twice is once
    assert len(two.seen(version).readers[0].readings) == 1


def test_a_bomb_of_versions(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MAX_DRAWINGS_TOLD", 2)
    for _ in range(3):
        two.allow(two.publish(plain=b"x"))
    words = two.toyota.see(lambda tx: travelling.words(two.toyota.house, tx))
    two.post(two.kyoto, words[0].body)
    two.post(two.kyoto, words[1].body)
    with pytest.raises(TooLarge, match="at most 2"):
        two.post(two.kyoto, words[2].body)
    assert len(two.held()) == 2
    monkeypatch.setattr(keeping, "MAX_DRAWING_VERSIONS", 1)
    with pytest.raises(CallerFault, match="at most 1 versions"):
        two.publish(two.held()[0].version.drawing)


def test_two_people_publish_at_once(two: Two) -> None:
    drawing = two.seen(two.publish()).version.drawing
    town = two.toyota
    made = town.see(lambda tx: keeping.plan(town.house, tx, two.owner, drawing))
    two.publish(drawing)
    sealed = content.Sealed(b"r" * 32, 1, b"d" * 32)
    about = About(Kind.SPECIFICATION, "1", "t", "n", "text/plain")
    with pytest.raises(CallerFault, match="meanwhile"):
        town.do(lambda tx: keeping.publish(town.house, tx, two.owner, made, sealed, about))
    wrong = About(Kind.SPECIFICATION, "", "t", "n", "text/plain")
    fresh = town.see(lambda tx: keeping.plan(town.house, tx, two.owner))
    with pytest.raises(CallerFault) as refused:
        town.do(lambda tx: keeping.publish(town.house, tx, two.owner, fresh, sealed, wrong))
    assert refused.value.field == "number"


def test_a_reader_at_the_owners_own_node(two: Two) -> None:
    neighbour, version = two.toyota.enrol("竹の店"), two.publish()
    two.allow(version, reader=neighbour)
    town = two.toyota
    found = town.do(lambda tx: receiving.open_version(town.house, tx, neighbour, version, How.FILE, "竹"))
    assert found.version.title == "ブラケット"
    two.allow(version, May.NOTHING, reader=neighbour)
    (left,) = town.see(lambda tx: receiving.left_to_delete(town.house, tx, 10))
    assert not left.file  # it is the owner's
    town.do(lambda tx: receiving.confirm_deleted(town.house, tx, version, neighbour))
    assert two.files[town].has(two.seen(version).version.root)
    reader = two.seen(version).readers[0]
    assert (reader.may, reader.deleted > 0, len(reader.readings)) == (May.NOTHING, True, 1)
    with pytest.raises(CallerFault, match="withdrawn"):
        town.do(lambda tx: receiving.open_version(town.house, tx, neighbour, version, How.FILE, "竹"))
    assert records.unsigned(two.seen(version).row.data) == two.seen(version).version


def test_files_that_cannot_be(two: Two, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    with pytest.raises(CallerFault, match="1 byte"):
        two.files[two.toyota].seal(empty, bytes(32), b"d" * 16, 1)
    assert list((tmp_path / "a").rglob(".sealing*")) == []
