"""A group over two real nodes by the command line: invited, joined, talked to over a stopped home, left."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.bench.pair import await_member, pair

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come")


def test_a_group_over_two_nodes(tmp_path: Path) -> None:
    with pair(tmp_path) as found:
        a, b = found.nodes
        await_member(b, found.buyer.id)
        group = a.yui("group", "found", "部品の会")["group"]
        a.yui("group", "invite", "部品の会", found.seller.id)
        until(lambda: b.yui("group", "list"))
        b.yui("group", "join", group[:12])
        until(lambda: len(a.yui("group", "show", group)["members"]) == 2)
        b.kill()
        a.yui("group", "say", group, "明日の集まり", "--announce")
        b.start()
        b.wait_ready()
        until(lambda: [fact for fact in b.yui("group", "show", group)["facts"] if fact["text"] == "明日の集まり"])
        b.yui("group", "leave", group)
        until(lambda: len(a.yui("group", "show", group)["members"]) == 1)
        assert b.yui("group", "show", group)["state"] == "former"
