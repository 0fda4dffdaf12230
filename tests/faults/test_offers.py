"""Offers between two real nodes by command: published here, found and fitting there, withdrawn, while one restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.bench.pair import await_member, enrol
from cli.cluster.nodes import Node, befriend, free_ports, stop_all
from tests.faults.test_joint import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Node]]:
    ports = free_ports(4)
    found = [Node(tmp_path / name, name, *ports[2 * at : 2 * at + 2]) for at, name in enumerate(("shikoku", "toyota"))]
    try:
        for node in found:
            node.init()
            node.start()
        for node in found:
            node.wait_ready()
        befriend(*found)
        yield found
    finally:
        stop_all(found)


def write(folder: Path, name: str, **said: Any) -> str:
    file = folder / f"{name}.json"
    file.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    return str(file)


def test_an_idle_press_is_found_by_who_has_too_much_work(nodes: list[Node], tmp_path: Path) -> None:
    shikoku, toyota = nodes
    press = enrol(shikoku, "打出小槌プレス", "7999900000010").id
    shop = enrol(toyota, "一寸法師精密", "8999900000001").id
    await_member(toyota, press)
    days = {"starts": "2026-10-19", "ends": "2026-10-23"}
    details = {"process": "pressing", "force_kn": 441, "lot_least": 100, "materials": ["SPCC"], "hours_week": 40}
    offer = write(tmp_path, "offer", kind="capacity", side="offer", title="45tプレスの空き", details=details, **days)
    published = shikoku.yui("offer", "publish", offer, "--member", press)
    found = until(lambda: toyota.yui("offer", "search", "プレス", "--kind", "capacity")["offers"])
    assert [one["offer"] for one in found] == [published["offer"]]
    assert found[0]["name"] == "打出小槌プレス"
    wanted = {"process": "pressing", "item": "ブラケット B-1", "quantity": 500, "force_kn": 400}
    request = write(
        tmp_path, "request", kind="overflow", side="request", title="ブラケット500個", **days,
        details={**wanted, "customer_consent": "obtained"},
    )  # fmt: skip
    asked = toyota.yui("offer", "publish", request, "--member", shop)
    assert [(one["other"]["offer"], one["fits"]) for one in asked["fits"]] == [(published["offer"], True)]
    theirs = until(lambda: shikoku.yui("offer", "fits", "--member", press))
    assert [(one["other"]["offer"], one["other"]["name"]) for one in theirs] == [(asked["offer"], "一寸法師精密")]
    toyota.kill()
    shikoku.yui("offer", "withdraw", published["offer"][:12], "--member", press)
    toyota.start()
    toyota.wait_ready()
    assert until(lambda: not toyota.yui("offer", "search", "プレス")["offers"] or None)
    assert toyota.yui("offer", "fits", "--member", shop) == []
    assert toyota.yui("offer", "search")["sources"][0]["told"] > 0
