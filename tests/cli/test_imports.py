"""`yui import` on a folder whose node does not run: said first, then done."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.cli.running import yui
from tests.node.api.town import administering


async def test_items_from_a_file(tmp_path: Path) -> None:
    async with administering(tmp_path) as (town, context):
        town.enrol("金太郎機械")
        file = tmp_path / "a.csv"
        file.write_bytes("品番,品名,単価\nB-1,金具,230\nB-2,,1\n".encode("cp932"))

        async def run(*arguments: str) -> tuple[int, dict[str, object]]:
            ran = await asyncio.to_thread(yui, tmp_path, "import", "items", str(file), *arguments, "--json")
            return ran.code, json.loads(ran.out or "{}")

        try:
            code, seen = await run("--dry-run")
            assert (code, seen["new"], seen["left_out"], seen["stored"]) == (0, 1, 1, False)
            code, done = await run()
            assert (code, done["stored"]) == (0, True)
            again = (await run())[1]
            assert (again["same"], again["new"]) == (1, 0)
        finally:
            context.close()
