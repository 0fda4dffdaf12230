"""Background jobs: they do their work, survive a failure, and end at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from node import jobs
from node.api.context import Context
from node.config import Config
from node.jobs import Jobs
from node.services.erasing import asking
from node.services.trade import Submission
from tests.cli.running import made
from tests.node.services.erasing.pair import note, personal, row_of
from tests.node.services.town import Association, order


async def until(condition: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the files and rows of another task are watched
            await asyncio.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "data")


async def test_backup_and_drop_folder_run_and_stop_at_once(folder: Path) -> None:
    town = Association("豊田")
    buyer, seller = town.enrol("金太郎機械"), town.enrol("花咲堂")
    context = Context(town.house, town.store, folder)
    drop = folder / "out" / seller.hex()
    drop.mkdir(parents=True)
    running = Jobs(context, Config())
    await running.start()
    await until(lambda: town.see(lambda tx: tx.meta.get_int(jobs.LAST_BACKUP)) > 0)
    await until(lambda: town.see(lambda tx: tx.meta.get(f"drop/{seller.hex()}")) is not None)
    town.submit(buyer, Submission(seller, order("PO-1")))
    context.arrivals.notify()
    await until(lambda: list(drop.glob("*.json")))
    context.tables.read("品名,単価\n紙袋,12".encode(), "items.csv")
    await asyncio.wait_for(running.stop(), 5)
    assert [worker._process for worker in (context.ubl, context.pdf, context.tables)] == [None] * 3
    assert len(list((folder / "backups").glob("*/manifest.json"))) == 1


def test_a_backup_is_due_soon_after_the_first_member_came() -> None:
    """The first backup is of an empty node: the next does not wait for a day."""
    town = Association("豊田")
    made = town.house.clock()
    town.do(lambda tx: tx.meta.set_int(jobs.LAST_BACKUP, made))

    def due(after_us: int, every_hours: int = 24) -> bool:
        return town.see(lambda tx: jobs.backup_due(tx, made + after_us, every_hours))

    assert [due(0), due(23 * jobs.HOUR_US), due(24 * jobs.HOUR_US)] == [False, False, True]
    town.enrol("金太郎機械")
    assert [due(jobs.HOUR_US // 10), due(jobs.HOUR_US), due(jobs.HOUR_US, 0)] == [False, True, False]
    town.do(lambda tx: tx.meta.set_int(jobs.LAST_BACKUP, made + jobs.HOUR_US))
    town.enrol("花咲堂")
    assert not due(2 * jobs.HOUR_US)


async def test_a_failing_job_is_tried_again_and_stops_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "AFTER_FAILURE_S", 0.01)
    town = Association("豊田")
    context = Context(town.house, town.store, folder)
    running = Jobs(context, Config())
    attempts = []

    def fails() -> bool:
        attempts.append(1)
        raise OSError("disk on fire")

    monkeypatch.setattr(running._drop, "step", fails)
    await running.start()
    await until(lambda: len(attempts) > 2)
    await until(lambda: town.see(lambda tx: tx.meta.get_int(jobs.LAST_BACKUP)) > 0)
    await running.stop()


async def test_what_is_left_of_an_erasing_the_node_does_by_itself(folder: Path) -> None:
    town = Association("豊田")
    buyer, seller = town.enrol("金太郎機械"), town.enrol("花咲堂")
    paper = town.submit(buyer, Submission(seller, order("PO-1")))[0]
    said = town.submit(buyer, Submission(seller, note("M-1"), personal(), thread=paper.id))[0].id
    running = Jobs(Context(town.house, town.store, folder), Config())
    await running.start()
    town.do(lambda tx: asking.ask(town.house, tx, buyer, said, by="owner"))
    running._context.arrivals.notify()
    await until(lambda: row_of(town, buyer, said).partner_state == "erased")
    assert row_of(town, seller, said).state == "erased"
    await asyncio.wait_for(running.stop(), 5)
