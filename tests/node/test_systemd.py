"""The service unit is one that systemd understands, and keeps the process from what it does not need."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "node" / "systemd" / "yui.service"
#: Keys that a systemd of 2022 does not know yet and passes over, as the unit says.
NEWER = ("RestartSteps", "RestartMaxDelaySec")
MOST_EXPOSED = 5.0

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")


@needs_systemd
def test_the_unit_is_understood(tmp_path: Path) -> None:
    unit = tmp_path / "yui.service"
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/yui/bin/yui", "/bin/true"), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "yui.service" in line]
    assert [line for line in ours if not any(key in line for key in NEWER)] == []
    assert done.returncode == 0, done.stderr


@needs_systemd
def test_the_unit_is_closed_to_what_it_does_not_need() -> None:
    command = ["systemd-analyze", "security", "--offline=yes", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd cannot judge a unit that is not installed")
    level = float(done.stdout.strip().splitlines()[-1].split(":")[1].split()[0])
    assert level <= MOST_EXPOSED
