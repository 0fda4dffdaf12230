"""A node that is told to stop under load: it ends in seconds, and what it acknowledged is there."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from cli.bench import kill, rawstore
from cli.bench.pair import pair


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_sigterm_under_load_ends_cleanly_in_seconds(tmp_path: Path) -> None:
    with pair(tmp_path) as nodes:
        sender = nodes.buyer.node
        gate = kill.Gate()
        clients = kill.Clients(nodes, gate)
        clients.start()
        gate.open(2_000)
        with closing(rawstore.connect(sender.store)) as store:
            while not rawstore.arrivals(store):
                time.sleep(0.01)
        again = threading.Timer(1.0, sender.start)
        seconds = sender.stop()
        marker = json.loads((sender.folder / "marker.json").read_bytes())
        again.start()
        clients.finish()
        again.join()
        sender.wait_ready()
        kill.settle(nodes, print)
        for node in nodes.nodes:
            node.stop()
        counted = kill.count(nodes, clients)
    assert seconds < 10
    assert marker["clean"] is True
    assert counted["acknowledged"] == counted["receipted"] == 2_000
    assert [counted[name] for name in ("lost", "duplicated", "damaged", "undelivered")] == [0, 0, 0, 0]
