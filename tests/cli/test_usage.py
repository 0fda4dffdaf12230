"""A command line that cannot be understood: exit code 2, and with --json one JSON object that says what was wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from cli import output


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


def test_help_has_japanese_headings() -> None:
    environment = os.environ | {"YUI_LANG": "ja"}
    command = [sys.executable, "-m", "cli.main", "peer", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    assert "オプション:" in told
    assert "コマンド:" in told


def test_a_long_list_is_written_line_by_line_in_little_time(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.process_time()
    output.table({}, ["名前", "番号"], [(f"金太郎機械{number}\x1b", number) for number in range(10_000)])
    assert time.process_time() - began < 2
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[0], lines[1].split("\t")[1]) == (10_001, "名前\t番号", "0")
    assert "\x1b" not in lines[1]
