"""``yui demo``, as a person starts it: twice in a row, every document accounted for, nothing left behind."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import psutil
import pytest

from cli.cluster.nodes import command, environment


def processes_in(folder: Path) -> list[int]:
    """Processes that have ``folder`` on their command line."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or ())
    ]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_twice_in_a_row(tmp_path: Path) -> None:
    for _ in range(2):
        done = subprocess.run(
            [*command(), "demo", "--json", "--folder", str(tmp_path)],
            check=False,
            capture_output=True,
            text=True,
            env=environment(),
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        counts = ["documents", "received", "receipted", "proved", "lost", "duplicated", "seconds"]
        assert list(found) == [*counts, "sales", "joint"]
        assert found["documents"] == found["received"] == found["receipted"] == found["proved"] >= 60
        assert (found["lost"], found["duplicated"]) == (0, 0)
        sales = found["sales"]
        assert (sales["nodes"], sales["shops"], sales["differences"], sales["forbidden"]) == (6, 24, 0, 0)
        assert sales["sum"] == sales["truth"] > 0
        assert sales["withheld"] > 0
        joint = found["joint"]
        assert (joint["nodes"], joint["same_result"], joint["differences"]) == (6, 3, 0)
        assert joint["shops"] >= 20  # a shop that sold none of it pledges nothing
        assert joint["billed"] == joint["settled"] > 0
        assert joint["granted"] - joint["came"] == 12
        assert joint["together"] < joint["alone"]
        assert (joint["group_members"], joint["group_same_at"]) == (4, 3)
        assert processes_in(tmp_path) == []
    assert len(list(tmp_path.glob("demo-*"))) == 2
