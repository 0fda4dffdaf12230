"""The gate that lets load through before a kill."""

from __future__ import annotations

import threading

from cli.bench.kill import Gate, targets


def test_the_gate_gives_what_is_allowed_and_ends_when_closed() -> None:
    gate = Gate()
    gate.open(50)
    assert [gate.take(20), gate.take(20)] == [0, 20]
    assert gate.in_flight == 2
    gate.done()
    gate.close()
    assert gate.take(20) is None
    assert (gate.taken, gate.in_flight) == (40, 1)


def test_a_waiting_client_goes_on_when_the_gate_opens() -> None:
    gate, got = Gate(), []
    waiting = threading.Thread(target=lambda: got.append(gate.take(10)))
    waiting.start()
    gate.open(10)
    waiting.join(5)
    assert got == [0]


def test_one_lost_document_fails_the_bench() -> None:
    names = ("lost", "duplicated", "damaged", "undelivered", "refused_requests", "unsound_stores")
    good = dict.fromkeys(names, 0.0) | {"kills": 200.0, "acknowledged": 20_000.0}
    assert all(target.met for target in targets(good, 200, 20_000))
    for name in names:
        assert not all(target.met for target in targets(good | {name: 1.0}, 200, 20_000))
    assert not all(target.met for target in targets(good | {"acknowledged": 19_999.0}, 200, 20_000))
