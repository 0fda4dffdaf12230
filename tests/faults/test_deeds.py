"""A deed between two real nodes by command: countered, agreed, the provider killed on the way, booked once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.bench.pair import await_member, enrol
from cli.cluster.nodes import Failed, Node, befriend, free_ports, stop_all
from tests.faults.test_joint import until
from tests.faults.test_offers import write

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


def test_an_idle_press_is_booked_once_though_its_node_is_killed(nodes: list[Node], tmp_path: Path) -> None:
    shikoku, toyota = nodes
    press = enrol(shikoku, "打出小槌プレス", "7999900000010").id
    shop = enrol(toyota, "一寸法師精密", "8999900000001").id
    await_member(toyota, press)
    await_member(shikoku, shop)
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    details = {"process": "pressing", "force_kn": 441, "lot_least": 100, "materials": ["SPCC"], "hours_week": 40}
    file = write(
        tmp_path, "offer", kind="capacity", side="offer", title="45tプレスの空き", details=details, starts=day, ends=day
    )
    offer = shikoku.yui("offer", "publish", file, "--member", press)["offer"]
    until(lambda: toyota.yui("offer", "search", "プレス")["offers"])

    def state(node: Node, member: str, deed: str, wanted: str) -> Any:
        rows = node.yui("deed", "list", "--member", member)
        return next((row for row in rows if row["deed"] == deed and row["state"] == wanted), None)

    def ask(begins: str, ends: str) -> str:
        hours = ("--from", f"{day}T{begins}", "--to", f"{day}T{ends}")
        found = toyota.yui("deed", "answer", offer, "--member", shop, "--terms", "500個", "--amount", "48000", *hours)
        until(lambda: state(shikoku, press, found["deed"], "proposed"))
        return str(found["deed"])

    first, second = ask("09:00", "12:00"), ask("11:00", "15:00")
    shikoku.yui(
        "deed", "counter", first[:12], "--member", press, "--amount", "52000", "--thing", "プレス1号機",
        "--from", f"{day}T09:00", "--to", f"{day}T12:00",
    )  # fmt: skip
    until(lambda: toyota.yui("deed", "show", first, "--member", shop)["amount"] == 52_000 or None)
    shikoku.kill()
    assert toyota.yui("deed", "agree", first, "--member", shop)["state"] == "accepted"
    shikoku.start()
    shikoku.wait_ready()
    until(lambda: state(shikoku, press, first, "accepted"))
    assert shikoku.yui("deed", "agree", first, "--member", press)["state"] == "agreed"
    assert until(lambda: state(toyota, shop, first, "agreed"))
    shikoku.yui(
        "deed", "counter", second, "--member", press, "--thing", "プレス2号機",
        "--from", f"{day}T11:00", "--to", f"{day}T15:00",
    )  # fmt: skip
    third = ask("10:00", "10:30")
    with pytest.raises(Failed, match="taken"):
        shikoku.yui(
            "deed", "counter", third, "--member", press, "--thing", "プレス1号機",
            "--from", f"{day}T10:00", "--to", f"{day}T10:30",
        )  # fmt: skip
    shikoku.yui("deed", "refuse", third, "--member", press, "--reason", "その時間は埋まっています")
    assert until(lambda: state(toyota, shop, third, "ended"))
    done = toyota.yui("deed", "fulfilled", first, "--member", shop)
    assert (done["state"], done["record"]) == ("fulfilled", {"fulfilled": 1, "on_time": 1, "passed": 1})
    assert until(lambda: state(shikoku, press, first, "fulfilled"))
