"""A canary: marked words in a personal part are in the files of both homes, and after its erasing in none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.store import Tx, open_sqlite
from tests.node.services.erasing.pair import MARK, Dealing, has_part
from tests.node.services.town import Association


def on_disk(town: Association, folder: Path) -> Path:
    """From here on the town works on a real file."""
    folder.mkdir()
    path = folder / "node.db"
    path.write_bytes(town.store.serialize())
    town.store.close()
    town.store = open_sqlite(path)  # type: ignore[assignment]
    return folder


def marked(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes())


@pytest.fixture
def dealing() -> Iterator[Dealing]:
    found = Dealing()
    yield found
    found.toyota.store.close()
    found.kyoto.store.close()


def test_nothing_is_left_in_the_files_of_either_home(dealing: Dealing, tmp_path: Path) -> None:
    dealing.pass_years(12)  # so that the order goes as well
    one, other = on_disk(dealing.toyota, tmp_path / "one"), on_disk(dealing.kyoto, tmp_path / "other")
    again = dealing.write_note("M-2")  # and something that is still in the WAL
    dealing.work()
    for folder in (one, other):
        assert "node.db" in marked(folder) or "node.db-wal" in marked(folder)
    for document in (dealing.order, dealing.note, again):
        assert dealing.ask(document).state == "erased"
    dealing.work()
    assert not has_part(dealing.kyoto, again)
    assert (marked(one), marked(other)) == ([], [])


def test_who_reads_meanwhile_only_delays_it(dealing: Dealing, tmp_path: Path) -> None:
    dealing.pass_years(12)
    dealing.ask(dealing.order)
    dealing.ask(dealing.note)
    folder = on_disk(dealing.toyota, tmp_path / "one")
    fresh = dealing.write_note("M-2")

    def while_reading(tx: Tx) -> list[str]:
        assert tx.documents.count()
        dealing.ask(fresh)
        return marked(folder)

    assert dealing.toyota.store.read(while_reading)
    dealing.toyota.do(lambda tx: None)
    assert marked(folder) == []
