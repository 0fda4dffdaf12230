"""Sales from the command line to the partitions, and what is left when the node stops in between."""

from __future__ import annotations

import asyncio
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from node import selling
from node.api.context import Context
from protocol.errors import Malformed
from tests.cli.running import yui
from tests.node.api.town import administering
from tests.node.pos.test_taking import GOOD, HEAD

LINE = GOOD.replace("2026-10", "2025-10")  # the town's clock stands in October 2025
COUNT = "SELECT count(*) FROM lines"


def counted(context: Context) -> int:
    ((found,),) = selling.ask(context.store, context.warehouse, COUNT, {})
    return int(found)


async def test_a_file_from_the_command_line(tmp_path: Path) -> None:
    async with administering(tmp_path) as (town, context):
        member = town.enrol("ぶんぶく商店")
        file = tmp_path / "pos.csv"
        file.write_text(HEAD + LINE + LINE.replace("2025-10-01", "2000-13-01"), encoding="utf-8")

        async def run(*more: str) -> Any:
            ran = await asyncio.to_thread(yui, tmp_path, "pos", "import", str(file), "--store", "本店", "--json", *more)
            assert ran.code == 0, ran.err
            return ran.json

        try:
            seen = await run("--dry-run")
            assert (seen["new"], seen["bad"], seen["stored"]) == (1, 1, False)
            assert await asyncio.to_thread(counted, context) == 0
            done = await run()
            assert (done["new"], done["stored"], done["batch"]) == (1, True, 1)
            assert done["problems"][0]["line"] == 3
            again = await run()
            assert (again["new"], again["same"], again["stored"]) == (0, 1, False)
            assert await asyncio.to_thread(counted, context) == 1
            (batch,) = context.store.read(lambda tx: tx.pos.of_member(member))
            assert (batch.state, batch.new, batch.digest.hex()) == ("folded", 1, done["digest"])
            assert list((tmp_path / "pos" / "work").iterdir()) == []
        finally:
            context.close()


async def test_a_batch_whose_partition_could_not_be_written_is_put_in_later(tmp_path: Path) -> None:
    async with administering(tmp_path) as (town, context):
        member = town.enrol("ぶんぶく商店")
        file = tmp_path / "pos.csv"

        def bring(text: str) -> dict[str, Any]:
            file.write_text(text, encoding="utf-8")
            sold = selling.Sold(file, file.name, member, "test", "本店")
            return selling.bring(context.store, context.warehouse, context.house.clock, sold)

        try:
            await asyncio.to_thread(bring, HEAD + LINE)
            in_the_way = tmp_path / "pos" / "2025-10.2.parquet.part"
            in_the_way.mkdir()
            with pytest.raises(Malformed):
                await asyncio.to_thread(bring, HEAD + LINE.replace("R1", "R2"))
            assert [row.position for row in context.store.read(lambda tx: tx.pos.waiting())] == [2]
            assert await asyncio.to_thread(counted, context) == 1  # the old partition, whole
            in_the_way.rmdir()
            again = await asyncio.to_thread(bring, HEAD + LINE.replace("R1", "R2"))
            assert (again["new"], again["same"], again["stored"]) == (0, 1, False)
            assert context.store.read(lambda tx: tx.pos.waiting()) == []
            assert await asyncio.to_thread(counted, context) == 2
            assert [one.name for one in (tmp_path / "pos").glob("*.parquet*")] == ["2025-10.2.parquet"]
        finally:
            context.close()


async def test_partitions_that_are_lost_are_made_again_from_the_store(tmp_path: Path) -> None:
    async with administering(tmp_path) as (town, context):
        member = town.enrol("ぶんぶく商店")
        file = tmp_path / "pos.csv"
        file.write_text(HEAD + LINE, encoding="utf-8")
        sold = selling.Sold(file, file.name, member, "test", "本店")
        try:
            bring = partial(selling.bring, context.store, context.warehouse, context.house.clock, sold)
            await asyncio.to_thread(bring)
            shutil.rmtree(tmp_path / "pos")
            assert (await asyncio.to_thread(bring))["same"] == 1
            assert await asyncio.to_thread(counted, context) == 1
        finally:
            context.close()
