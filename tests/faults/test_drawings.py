"""A drawing between two real nodes: brought, granted, fetched over a killed owner, withdrawn, deleted, confirmed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.bench.pair import pair

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SIZE = 60 * 1024 * 1024


def until(what: Callable[[], Any], seconds: float = 90) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come")


def test_a_drawing_over_an_interrupted_line(tmp_path: Path) -> None:
    file = tmp_path / "AB-1203.dxf"
    file.write_bytes(os.urandom(SIZE))
    with pair(tmp_path) as found:
        a, b = found.nodes
        made = a.yui(
            "drawing", "add", str(file), "--number", "AB-1203", "--title", "ブラケット", "--to", found.seller.id
        )
        assert made["size"] == SIZE
        (given,) = until(lambda: b.yui("drawing", "received"))
        b.yui("drawing", "fetch", given["hash"])
        pieces = b.folder / "drawings" / "incoming"
        came = until(lambda: [path for path in pieces.rglob("*") if path.name.isdigit()])
        a.kill()
        assert 0 < len(came) < 61
        first = {path.name: path.stat().st_mtime_ns for path in pieces.rglob("*") if path.name.isdigit()}
        b.stop()  # and the reader's node starts again too
        b.start()
        b.wait_ready()
        a.start()
        a.wait_ready()
        kept = {path.name: path.stat().st_mtime_ns for path in pieces.rglob("*") if path.name.isdigit()}
        assert {name: kept[name] for name in first if name in kept} == {
            name: first[name] for name in first if name in kept
        }
        until(lambda: b.yui("drawing", "received")[0]["here"])
        a.yui("drawing", "withdraw", "AB-1203", found.seller.id)
        until(lambda: a.yui("drawing", "show", "AB-1203")["versions"][0]["readers"][0]["deleted"])
        assert [path for path in (b.folder / "drawings").rglob("*") if path.is_file()] == []
        assert b.yui("drawing", "received")[0]["may"] == "nothing"
