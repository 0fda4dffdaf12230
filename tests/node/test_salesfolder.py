"""The watched folder: whole files are taken over once and put away with what was found; others wait or are refused."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from node import selling
from node.api.context import Context
from node.salesfolder import QUIET_S, SalesFolder
from node.services.selling import uploads
from node.services.selling.uploads import Reading, Waiting
from tests.node.pos.test_taking import GOOD, HEAD
from tests.node.services.town import Association

LINE = GOOD.replace("2026-10", "2025-10")  # the town's clock stands in October 2025


class Watched:
    """One member with a folder that is looked at by hand."""

    def __init__(self, folder: Path) -> None:
        self.town = Association("豊田")
        self.member = self.town.enrol("ぶんぶく商店")
        self.context = Context(self.town.house, self.town.store, folder)
        self.folder = folder / "in" / self.member.hex()
        self.folder.mkdir(parents=True)
        self.watching = SalesFolder(
            self.town.store, self.context.warehouse, folder / "in", self.town.house.clock
        )  # fmt: skip

    def put(self, name: str, text: str, *, age: float = QUIET_S + 60) -> Path:
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        os.utime(file, (time.time() - age,) * 2)
        return file

    def lines(self) -> int:
        ((found,),) = selling.ask(self.context.store, self.context.warehouse, "SELECT count(*) FROM lines", {})
        return int(found)

    def put_away(self, where: str) -> list[dict[str, object]]:
        folder = self.folder / where
        return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    found = Watched(tmp_path)
    house = found.town.house
    identity = bytes(32)
    reading = Reading(store="本店")
    found.town.do(lambda tx: uploads.bring(house, tx, found.member, "owner", identity, "a.csv", reading))
    waiting = Waiting(reading=reading, state="taken")
    found.town.do(lambda tx: uploads.note(house, tx, found.member, "owner", identity, waiting))
    yield found
    found.context.close()


def test_a_whole_file_is_taken_over_and_put_away(watched: Watched) -> None:
    bad = LINE.replace("2025-10-01", "2025-13-01").replace("R1", "R2")
    watched.put("pos.csv", HEAD + LINE + bad)
    assert watched.watching.step() == 1
    assert watched.lines() == 1
    (told,) = watched.put_away("done")
    assert (told["new"], told["bad"]) == (1, 1)
    assert [one["line"] for one in told["problems"]] == [3]  # type: ignore[attr-defined]
    assert watched.watching.step() == 0
    watched.put("pos.csv", HEAD + LINE)  # the same name and the same sales again
    assert watched.watching.step() == 1
    assert watched.lines() == 1
    assert [told["same"] for told in watched.put_away("done")] == [0, 1]
    assert [path.name for path in watched.folder.iterdir()] == ["done"]


def test_what_is_not_whole_or_no_file_of_sales_stays(watched: Watched) -> None:
    watched.put("now.csv", HEAD + LINE, age=0)
    watched.put("empty.csv", "")
    watched.put("note.pdf", "x")
    (watched.folder / "link.csv").symlink_to(watched.put("elsewhere.bin", HEAD + LINE))
    assert watched.watching.step() == 0
    assert watched.lines() == 0


def test_a_file_that_cannot_be_read_is_refused_and_named(watched: Watched) -> None:
    watched.put("other.csv", "a,b\n1,2\n")
    watched.put("bad.csv", HEAD + LINE.replace("2025-10-01", "2025-13-01"))
    assert watched.watching.step() == 2
    bad, other = watched.put_away("refused")
    assert bad["bad"] == 1
    assert "no column for" in str(other["refused"])
    assert watched.lines() == 0


def test_folders_of_nobody_are_left_alone(watched: Watched) -> None:
    stranger = watched.folder.parent / ("ab" * 32)
    stranger.mkdir()
    (watched.folder.parent / "notes").mkdir()
    file = stranger / "pos.csv"
    file.write_text(HEAD + LINE, encoding="utf-8")
    os.utime(file, (1, 1))
    assert watched.watching.step() == 1
    assert [path.suffix for path in sorted((stranger / "refused").iterdir())] == [".csv", ".json"]
    assert watched.lines() == 0
