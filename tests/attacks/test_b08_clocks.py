"""Row 8: a node whose clock is years off trades like any other. Real processes, under libfaketime.

Clock jumps while a node runs are in the simulator (``node/sim``).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from cli.bench.pair import BUYER, Pair, pair
from cli.cluster.nodes import Failed, Node, yui

LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
)
ORDER = Path(__file__).resolve().parents[2] / "node/papers/ubl/samples/order-02-one-line.xml"
PATIENCE_S = 60
DAY_S = 86_400


def library() -> str:
    found = [path for path in LIBRARIES if Path(path).exists()]
    if not found:
        pytest.skip("libfaketime is not installed: apt install faketime")
    return found[0]


def restart_with(monkeypatch: pytest.MonkeyPatch, nodes: Pair, offset: str) -> None:
    """Kyoto's node stops and starts again with its clock off by ``offset``."""
    node = nodes.seller.node
    node.stop()
    with monkeypatch.context() as wrong:
        wrong.setenv("LD_PRELOAD", library())
        wrong.setenv("FAKETIME", offset)
        wrong.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")  # a wall clock jumps, a monotonic one never does
        node.start(directly=True)
    node.wait_ready()


def until(node: Node, member: str, document: str, state: str = "") -> dict[str, Any]:
    """The order as ``member`` sees it, once it is there and its dealing stands in ``state``."""
    end = time.monotonic() + PATIENCE_S
    shown: dict[str, Any] = {}
    while time.monotonic() < end:
        try:
            shown = node.yui("order", "show", document[:12], "--member", member)
        except Failed:  # not there yet
            shown = {}
        if shown and (not state or shown["dealing"]["state"] == state):
            return shown
        time.sleep(0.3)
    raise AssertionError(f"{node.name}: not {state} after {PATIENCE_S} s: {shown}")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_nodes_whose_clocks_are_years_apart_trade(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library()
    with pair(tmp_path) as nodes:
        buyer, seller = nodes.nodes
        for offset in ("-4000d", "+4000d"):
            restart_with(monkeypatch, nodes, offset)
            file = numbered(tmp_path, offset)
            sent = buyer.yui("order", "send", "--from", BUYER.name, "--to", nodes.seller.id, str(file))["document"]
            there = until(seller, nodes.seller.id, sent)
            assert abs(there["document"]["marks"]["stored"] / 1_000_000 - time.time()) > 3_900 * DAY_S
            answer = seller.yui("order", "answer", sent[:12], "--accept", "--member", nodes.seller.id)["document"]
            until(buyer, nodes.buyer.id, sent, "accepted")
            for document in (sent, answer):
                proof = tmp_path / f"{document[:12]}.yui-proof"
                buyer.yui("document", "export", document[:12], "--member", nodes.buyer.id, "-o", str(proof))
                assert yui("document", "verify", str(proof))["holds"]


def numbered(folder: Path, label: str) -> Path:
    """The sample order under a number of its own."""
    file = folder / f"order{label}.xml"
    file.write_text(ORDER.read_text("utf-8").replace("KY-0007", f"KY{label}"), "utf-8")
    return file
