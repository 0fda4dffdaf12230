"""Runs the command line in this process and keeps what it said."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from cli import output
from cli.client import Folder
from cli.main import build


class Ran(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def yui(folder: Path, *arguments: str, given: str = "") -> Ran:
    """``yui ARGUMENTS --data folder``; ``given`` is its standard input."""
    words = [*arguments, "--data", str(folder)]
    out, err, code = io.StringIO(), io.StringIO(), 0
    before = sys.stdin
    sys.stdin = io.StringIO(given)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                build(words)(words, prog_name="yui", standalone_mode=True)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdin = before
        Folder.path, output.Mode.json = None, False
    return Ran(code, out.getvalue(), err.getvalue())


INIT = ("init", "--name", "豊田商工会議所", "--host", "localhost", "--network", "test", "--json")


def made(folder: Path, *more: str) -> Path:
    """A fresh node in ``folder``."""
    ran = yui(folder, *INIT, *more)
    assert ran.code == 0, ran.err
    return folder
