"""Five real processes answer a question: the opened sums are the truth to the yen, with all of them and without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.bench.asked import judge
from cli.cluster.region import region


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_five_processes_answer_and_then_four(tmp_path: Path) -> None:
    with region(tmp_path, goods=8) as there:
        asked = there.ask([jan[:12] for jan in there.goods[:4]])
        assert [node["state"] for node in asked["nodes"]] == ["ready"] * 5
        found = there.run(asked["question"])
        assert judge(there, found) > 0
        assert (len(found["nodes"]), found["named"]) == (5, [])

        asked = there.ask([jan[:12] for jan in there.goods[4:]])
        there.nodes[4].kill()
        found = there.run(asked["question"], patience=10)
        assert judge(there, found) > 0
        assert sorted(found["nodes"]) == ["N0", "N1", "N2", "N3"]
        assert [one["node"] for one in found["named"]] == ["N4"]
        ledger = there.nodes[1].yui("stats", "ledger")
        assert [row["event"] for row in ledger] == ["opened", "answered", "counted", "joined"] * 2
