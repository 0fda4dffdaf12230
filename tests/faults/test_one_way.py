"""A network that works in one direction only, between two real nodes: nothing is lost, nothing is taken twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.bench.orders import template
from cli.bench.pair import BUYER, SELLER, await_member, enrol
from cli.bench.rawstore import connect
from cli.cluster.nodes import befriend, stop_all
from tests.faults import namespaces
from tests.faults.namespaces import Placed

_HELD = "SELECT documents.id FROM holdings JOIN documents ON documents.position = holdings.document"
_WAITING = "SELECT count(*) FROM outgoing WHERE document IS NOT NULL AND verdict IS NULL"
CUT_S = 8.0
PATIENCE_S = 90.0


def until(found: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < end, what
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_either_direction_may_be_cut_while_both_sides_send(tmp_path: Path) -> None:
    if reason := namespaces.missing():
        pytest.skip(reason)
    with namespaces.cable() as cable:
        a, b = nodes = [Placed(tmp_path / side, cable, side) for side in "ab"]
        try:
            for node in nodes:
                node.init()
                node.start()
            for node in nodes:
                node.wait_ready()
            befriend(a, b)
            buyer = enrol(a, BUYER.name, BUYER.corporate_number)
            seller = enrol(b, SELLER.name, SELLER.corporate_number)
            await_member(a, seller.id)
            await_member(b, buyer.id)
            sent: list[str] = []

            def send(node: Placed, who: Any, to: Any) -> None:
                body = {**template(BUYER, SELLER, 0), "number": f"W-{len(sent):03d}"}
                path = tmp_path / "order.json"
                path.write_text(json.dumps(body, ensure_ascii=False), "utf-8")
                sent.append(node.yui("order", "send", str(path), "--from", who.id, "--to", to.id)["document"])

            def arrived() -> bool:
                return all(len(held(node)) == len(sent) for node in nodes) and not any(map(waiting, nodes))

            send(a, buyer, seller)
            until(arrived, "the first order does not arrive")
            for side in "abab":
                cable.cut(side)
                began = time.monotonic()
                while time.monotonic() - began < CUT_S:
                    send(a, buyer, seller)
                    send(b, seller, buyer)
                assert not arrived(), "the cut has cut nothing"
                cable.mend(side)
                for node in nodes:
                    node.yui("peer", "retry", (node is a and "b") or "a")
                until(arrived, f"after a cut of {side}: not everything arrives")
            for node in nodes:
                assert sorted(held(node)) == sorted(sent)
                assert node.yui("quarantine", "list") == []
        finally:
            stop_all(nodes)


def held(node: Placed) -> list[str]:
    """Documents in the node's file, each as often as somebody there holds it."""
    store = connect(node.store)
    try:
        return [row[0].hex() for row in store.execute(_HELD).fetchall()]
    finally:
        store.close()


def waiting(node: Placed) -> int:
    """Documents without a receipt."""
    store = connect(node.store)
    try:
        return int(store.execute(_WAITING).fetchone()[0])
    finally:
        store.close()
