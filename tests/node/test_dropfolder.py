"""The drop folder: what is received from the moment it is switched on, each under one name for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import node.papers.ubl
from node.dropfolder import DropFolder
from node.papers import sme
from node.papers.ubl import read_order
from node.papers.ubl.worker import Worker
from node.services.erasing import asking
from node.services.trade import Submission
from protocol.process.trade.papers import Personal
from protocol.process.trade.papers.parties import Contact
from protocol.process.trade.retention import YEAR_US
from tests.node.services.town import Association, order

SAMPLE = (Path(node.papers.ubl.__file__).parent / "samples" / "order-02-one-line.xml").read_bytes()


class Drop:
    """Two firms of one association; the seller's folder can be switched on."""

    def __init__(self, folder: Path, worker: Worker) -> None:
        self.town = Association("豊田")
        self.buyer, self.seller = self.town.enrol("金太郎機械"), self.town.enrol("花咲堂")
        self.root = folder
        self.folder = folder / self.seller.hex()
        self.drop = DropFolder(self.town.store, folder, worker)

    def send(self, number: str) -> str:
        return self.town.submit(self.buyer, Submission(self.seller, order(number)))[0].id.hex()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def drop(tmp_path: Path) -> Iterator[Drop]:
    worker = Worker()
    yield Drop(tmp_path / "out", worker)
    worker.close()


def test_nothing_is_written_where_no_folder_is(drop: Drop) -> None:
    drop.send("PO-1")
    assert not drop.drop.step()
    assert not drop.root.exists()


def test_what_comes_after_it_was_switched_on_is_written_once(drop: Drop) -> None:
    drop.send("PO-1")
    drop.folder.mkdir(parents=True)
    drop.drop.step()
    assert drop.names() == []
    document = drop.send("PO-2")
    drop.drop.step()
    (name,) = [name for name in drop.names() if name.endswith(".json")]
    assert document in name
    written = json.loads((drop.folder / name).read_bytes())
    assert written["body"]["number"] == "PO-2"
    assert written["document"]["direction"] == "received"
    (drop.folder / name).unlink()  # the other software took it
    drop.drop.step()
    assert [name for name in drop.names() if name.endswith(".json")] == []


def test_a_crash_before_the_cursor_gives_the_same_name_again(drop: Drop) -> None:
    drop.folder.mkdir(parents=True)
    drop.drop.step()
    drop.send("PO-1")
    before = drop.town.see(lambda tx: tx.meta.get_int(f"drop/{drop.seller.hex()}"))
    drop.drop.step()
    first = drop.names()
    drop.town.do(lambda tx: tx.meta.set_int(f"drop/{drop.seller.hex()}", before))
    drop.drop.step()
    assert drop.names() == first
    assert not [name for name in first if name.startswith(".")]


def test_an_order_that_can_be_ubl_lies_beside_as_ubl(drop: Drop) -> None:
    drop.folder.mkdir(parents=True)
    drop.drop.step()
    paper = read_order(SAMPLE).body
    drop.town.submit(drop.buyer, Submission(drop.seller, paper))
    drop.drop.step()
    (name,) = [name for name in drop.names() if name.endswith(".xml")]
    assert paper.number.encode() in (drop.folder / name).read_bytes()


def test_many_are_written_in_steps(drop: Drop) -> None:
    drop.folder.mkdir(parents=True)
    drop.drop.step()
    drop.town.submit(drop.buyer, *(Submission(drop.seller, order(f"PO-{at}")) for at in range(60)))
    while drop.drop.step():
        pass
    assert len([name for name in drop.names() if name.endswith(".json")]) == 60


def test_the_papers_also_appear_as_sme_common_edi(drop: Drop) -> None:
    drop.folder.mkdir(parents=True)
    drop.drop.step()
    drop.send("PO-9")
    drop.drop.step()
    (name,) = [name for name in drop.names() if name.endswith(".sme.xml")]
    written = (drop.folder / name).read_bytes()
    assert sme.validate(written) == []
    assert sme.read(written).body.number == "PO-9"


def test_what_was_erased_goes_from_files_that_are_still_there(drop: Drop) -> None:
    drop.folder.mkdir(parents=True)
    drop.drop.step()
    person = Personal(contacts=(Contact(role="buyer", name="浦島花子"),))
    first = drop.town.submit(drop.buyer, Submission(drop.seller, order("PO-1"), person))[0]
    drop.drop.step()
    texts = [path for path in drop.folder.iterdir() if "浦島花子" in path.read_text("utf-8")]
    assert any(path.suffix == ".json" for path in texts)
    drop.town.now += 12 * YEAR_US
    house = drop.town.house
    drop.town.do(lambda tx: asking.ask(house, tx, drop.seller, first.id, by="owner"))
    drop.drop.erase()
    assert texts == [path for path in texts if path.exists()]
    assert [path for path in drop.folder.iterdir() if "浦島花子" in path.read_text("utf-8")] == []
