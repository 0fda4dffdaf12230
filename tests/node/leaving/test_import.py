"""An export archive at another node: read there, twice is once, wrong ones refused; and the way back to work."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.leaving import reading
from node.leaving.archive import Wish
from node.services import archived, books, items, members, proof
from node.services import reading as papers
from node.services.books import Asked
from node.services.drafting import Step
from node.services.trade import Submission
from protocol.errors import CallerFault, NotFound
from protocol.identity import words
from protocol.identity.control import Proof
from protocol.identity.genesis import Rank
from protocol.keys import Purpose
from tests.node.leaving.leaver import Leaver, leaver, write
from tests.node.services.october import order, step
from tests.node.services.town import Association, two_towns


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaver]:
    with leaver(tmp_path_factory.mktemp("node")) as found:
        yield found


@pytest.fixture(scope="module")
def whole(world: Leaver, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(world, tmp_path_factory.mktemp("out") / "all.zip", Wish(pdf=False))


def take_in(town: Association, path: Path, *, damaged: bool = False) -> archived.Found:
    """As the command does, without its socket."""
    reader = reading.Reader(path)
    member = bytes.fromhex(reader.about["member"])
    about = reader.about
    town.do(lambda tx: archived.begin(town.house, tx, member, about["network"], about["documents"]))
    for group in reader.groups():
        done = town.do(lambda tx, g=group: archived.take(town.house, tx, member, g))
        assert done.bad == [] or damaged
    for name, rows in reader.records():
        town.do(lambda tx, n=name, r=rows: archived.keep(town.house, tx, member, n, r))
    return town.do(lambda tx: archived.finish(town.house, tx, member, damaged=damaged))


def test_its_past_is_readable_there(world: Leaver, whole: Path) -> None:
    there = Association("京の隣")
    found = take_in(there, whole)
    old = world.town
    held = {document for _, document in old.see(lambda tx: tx.holdings.dealings_of(world.member))}
    assert (found.expected, found.documents, found.missing) == (len(held), len(held), 0)
    assert {document for _, document in there.see(lambda tx: tx.holdings.dealings_of(world.member))} == held
    asked = Asked(amount_min=25300, since="2026-10-07")
    here = there.see(lambda tx: books.search(tx, world.member, asked, 50)).lines
    assert [(line.number, line.amount) for line in here] == [
        (line.number, line.amount) for line in old.see(lambda tx: books.search(tx, world.member, asked, 50)).lines
    ]
    assert len(here) == 1
    view = there.see(lambda tx: papers.full(tx, world.member, here[0].document))
    assert view.stored.parts
    assert there.see(lambda tx: proof.export(there.house, tx, world.member, here[0].document))
    kept = there.see(lambda tx: items.search(tx, world.member))
    assert [(one.item.number, one.item.name) for one in kept] == [("=A-1", "抹茶あめ")]
    assert there.see(lambda tx: len(tx.desk.all_terms(world.member))) == 1
    again = take_in(there, whole)
    assert again == found
    with pytest.raises(NotFound):
        there.submit(world.member, Submission(world.partner, order("PO-9")))


def test_half_of_it_is_not_readable_and_goes_on(world: Leaver, whole: Path) -> None:
    there = Association("半ば")
    reader = reading.Reader(whole)
    there.do(lambda tx: archived.begin(there.house, tx, world.member, "test", reader.about["documents"]))
    for group, _ in zip(reader.groups(), range(4), strict=False):
        there.do(lambda tx, g=group: archived.take(there.house, tx, world.member, g))
    with pytest.raises(NotFound):
        there.see(lambda tx: archived.require_readable(tx, world.member))
    with pytest.raises(CallerFault, match="documents are here"):
        there.do(lambda tx: archived.finish(there.house, tx, world.member))
    take_in(there, whole)
    there.see(lambda tx: archived.require_readable(tx, world.member))


def test_what_nobody_signed_is_left_out(world: Leaver, whole: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(whole) as file:
        file.extractall(tmp_path / "all")
    row = json.loads((tmp_path / "all" / "index.json").read_bytes())["documents"][0]
    path = tmp_path / "all" / row["files"]["proof"]
    data = path.read_bytes()
    at = data.index("風呂敷".encode())
    path.write_bytes(data[:at] + "振呂敷".encode() + data[at + 9 :])
    there = Association("疑い")
    found = take_in(there, tmp_path / "all", damaged=True)
    assert (found.documents, found.missing) == (found.expected - 1, 1)


def test_another_network_and_a_member_at_home_are_refused(world: Leaver, whole: Path) -> None:
    there = Association("よそ")
    with pytest.raises(CallerFault, match="network"):
        there.do(lambda tx: archived.begin(there.house, tx, world.member, "live", 1))
    with pytest.raises(CallerFault, match="at home"):
        take_in(world.town, whole)
    with pytest.raises(NotFound):
        there.do(lambda tx: archived.take(there.house, tx, world.member, []))


def test_it_goes_on_working_there_with_its_words(tmp_path: Path) -> None:
    """Its old node is gone. With the archive and the words the new one is its home: the open dealing goes on."""
    town, kyoto, _, seller = two_towns()
    made = town.do(lambda tx: members.enrol(town.house, tx, "浦島商店"))
    member = made.member
    card = town.see(lambda tx: members.history(town.house, tx, member))
    kyoto.do(lambda tx: members.learn_history(kyoto.house, tx, card))
    thread = town.submit(member, Submission(seller, order("PO-7")))[0].thread
    town.send_all(kyoto)
    step(kyoto, seller, thread, Step.ANSWER, "2026-10-06")
    kyoto.send_all(town)
    from node.api.context import Context

    world = Leaver(town, kyoto, member, seller, b"", Context(town.house, town.store, tmp_path), thread)
    path = write(world, tmp_path / "all.zip", Wish(pdf=False))
    world.context.close()
    harbour = Association("竜宮")
    harbour.accept(kyoto)
    kyoto.accept(harbour)
    harbour.greet(kyoto)
    take_in(harbour, path)
    key = words.key_of(words.entropy_of(" ".join(made.words)))
    drafted = harbour.do(lambda tx: archived.draft(harbour.house, tx, member, Rank.WORDS))
    stranger = Proof("words", harbour.house.node.public, harbour.house.node.sign(Purpose.CONTROL, drafted.record.hash))
    with pytest.raises(Exception, match="role"):
        harbour.do(lambda tx: archived.open_here(harbour.house, tx, member, drafted, [stranger]))
    signed = Proof("words", key.public, key.sign(Purpose.CONTROL, drafted.record.hash))
    back = harbour.do(lambda tx: archived.open_here(harbour.house, tx, member, drafted, [signed]))
    assert back.documents == 2
    for _ in range(4):
        harbour.send_all(kyoto)
        kyoto.send_all(harbour)
    step(kyoto, seller, thread, Step.SHIP, "2026-10-08")
    kyoto.send_all(harbour)
    step(harbour, member, thread, Step.INSPECT, "2026-10-09")
    harbour.send_all(kyoto)
    rows = kyoto.see(lambda tx: tx.documents.by_thread(thread))
    assert len(rows) == 4
