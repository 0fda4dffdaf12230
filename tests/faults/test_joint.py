"""October on three real nodes: the organiser is killed before the deadline, a deputy closes, sums to the yen."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.bench.pair import await_member, enrol
from cli.cluster.nodes import Node, befriend, free_ports, stop_all

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
JAPAN = datetime.timezone(datetime.timedelta(hours=9))
LEAD_S = 45  # from the announcement to the deadline
FIRMS = {
    "すずめ屋": ("1999900000008", 0),
    "桃の里商店": ("6999900000011", 1),
    "ぶんぶく商店": ("6999900000003", 2),
    "わらしべ商会": ("5999900000004", 2),
}


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Node]]:
    ports = free_ports(6)
    names = ("kyoto", "shikoku", "toyota")
    found = [Node(tmp_path / name, name, *ports[2 * at : 2 * at + 2]) for at, name in enumerate(names)]
    try:
        for node in found:
            node.init()
            node.start()
        for node in found:
            node.wait_ready()
        for one, other in ((0, 1), (0, 2), (1, 2)):
            befriend(found[one], found[other])
        yield found
    finally:
        stop_all(found)


def until(what: Callable[[], Any], seconds: float = 90) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.5)
    raise AssertionError("it did not come")


def test_october_with_the_organiser_killed(nodes: list[Node], tmp_path: Path) -> None:
    kyoto, shikoku, toyota = nodes
    ids = {name: enrol(nodes[home], name, number).id for name, (number, home) in FIRMS.items()}
    for name, (_, home) in FIRMS.items():
        for at, node in enumerate(nodes):
            if at != home:
                await_member(node, ids[name])
    deadline = datetime.datetime.now(JAPAN) + datetime.timedelta(seconds=LEAD_S)
    asked = {
        "name": "紙袋の共同発注 10月",
        "buyer": ids["すずめ屋"],
        "deputies": [
            {"node": "shikoku", "buyer": ids["桃の里商店"]},
            {"node": "toyota", "buyer": ids["ぶんぶく商店"]},
        ],
        "supplier": ids["わらしべ商会"],
        "deadline": deadline.isoformat(),
        "items": [{"code": "bags", "name": "紙袋", "unit": "BX", "tiers": [[1, 4800], [10, 4320], [30, 3960]]}],
        "freight": {"flat": 6000},
        "alone": {"flat": 3600},
        "drops": [
            {"code": "kyoto", "name": "すずめ屋", "latitude": 35_011_600, "longitude": 135_768_100},
            {"code": "shikoku", "name": "桃の里商店", "latitude": 34_342_800, "longitude": 134_046_600},
            {"code": "toyota", "name": "ぶんぶく商店", "latitude": 35_082_400, "longitude": 137_156_300},
        ],
        "origin": {"code": "supplier", "name": "わらしべ商会", "latitude": 35_082_400, "longitude": 137_156_300},
        "market": {"name": "包装用紙袋", "share": 12, "source": "estimate"},
    }
    file = tmp_path / "round.json"
    file.write_text(json.dumps(asked), "utf-8")
    name = kyoto.yui("joint", "open", str(file))["round"]
    pledges = (("すずめ屋", kyoto, "9-1+1"), ("桃の里商店", shikoku, "8-1+1"), ("ぶんぶく商店", toyota, "12-2+2"))
    for firm, node, want in pledges:
        until(lambda node=node: [one for one in node.yui("joint", "list") if one["round"] == name])  # type: ignore[misc]
        node.yui("joint", "pledge", name, f"bags={want}", "--member", ids[firm], "--drop", node.name)
    for firm, node, _ in pledges:
        until(lambda node=node, firm=firm: node.yui("joint", "show", name, "--member", ids[firm])["pledges"][0]["safe"])  # type: ignore[misc]
    until(lambda: shikoku.yui("joint", "show", name)["taken"] == toyota.yui("joint", "show", name)["taken"] == 3)
    assert [own["member"] for own in shikoku.yui("joint", "show", name)["pledges"]] == [ids["桃の里商店"]]
    kyoto.kill()
    results = [until(lambda node=node: node.yui("joint", "show", name)["results"]) for node in (shikoku, toyota)]  # type: ignore[misc]
    assert results[0] == results[1]
    assert (results[0][0]["state"], results[0][0]["items"]) == ("concluded", [[30, 3960]])
    slip = until(lambda: toyota.yui("joint", "show", name)["slips"])[0]
    assert (slip["granted"], slip["pays"], slip["alone"], slip["saved"]) == ({"bags": 12}, 49_920, 55_440, 5_520)
    ordered = until(lambda: shikoku.yui("joint", "orders", name, "--send", "--tax", "100=12480"))
    assert ordered["net"] == 124_800
    assert sum(share["passed_on"] for share in ordered["shares"]) == 124_800 + 12_480
    assert [stop["drop"] for stop in ordered["stops"]] == ["toyota", "kyoto", "shikoku"]
    assert shikoku.yui("joint", "orders", name, "--send")["order"] == ordered["order"]
    received = until(lambda: toyota.yui("order", "list", "--member", ids["わらしべ商会"], "--direction", "received"))
    rows = received["documents"] if isinstance(received, dict) else received
    assert [row["number"] for row in rows] == [ordered["number"]]
    kyoto.start()
    kyoto.wait_ready()
    assert until(lambda: kyoto.yui("joint", "show", name)["results"]) == results[0]
    assert until(lambda: kyoto.yui("joint", "show", name)["slips"])[0]["pays"] == 41_600
