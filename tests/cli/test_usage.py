"""A command line that cannot be understood: exit code 2, and with --json one JSON object that says what was wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "cli.main", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("order", "lst"), "lst"), (("order", "show"), "ORDER"), (("order", "list", "--limit", "many"), "--limit")],
)
def test_json_is_answered_in_json(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments, "--json")
    assert done.returncode == 2
    told = json.loads(done.stderr)
    assert told["code"] == "usage"
    assert said in told["detail"]
    assert run(*arguments).returncode == 2


def test_exit_codes_are_the_same_with_json() -> None:
    for flags in ((), ("--json",)):
        assert run("status", "--data", "/nowhere/at/all", *flags).returncode == 3
