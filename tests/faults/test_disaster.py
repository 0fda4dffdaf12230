"""``yui demo --disaster``, as a person starts it: a node is lost with its disk, and no document of its members is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cli.cluster.nodes import command, environment
from tests.faults.test_demo import processes_in


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_document_comes_back(tmp_path: Path) -> None:
    done = subprocess.run(
        [*command(), "demo", "--disaster", "--json", "--folder", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["before"] == found["found"] >= 30
    assert found["waiting"] == found["delivered"] >= 10
    assert (found["lost"], found["duplicated"], found["old_disk_fenced"]) == (0, 0, True)
    assert 0 < found["seconds_first"] <= found["seconds_all"]
    assert processes_in(tmp_path) == []
