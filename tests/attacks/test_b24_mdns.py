"""Row 24: multicast DNS is unauthenticated: it suggests addresses, in a bounded table, and does nothing else."""

from __future__ import annotations

import resource
import tracemalloc

import pytest

from federation.endpoint import Endpoint
from node.aio.discovery import Suggestion, Suggestions, read_service
from protocol.limits import MAX_SUGGESTIONS, SUGGESTION_LIFETIME_US

NODE = "ab" * 32


def _heard(number: int, now: int) -> Suggestion:
    return Suggestion(
        f"{number:064x}", Endpoint(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 7443), now
    )


def _flood(table: Suggestions, count: int) -> None:
    for number in range(count):
        table.note(f"yui-{number}._yui._tcp.local.", _heard(number, number))


def test_table_stays_flat_under_a_hundred_thousand_names() -> None:
    table = Suggestions()
    _flood(table, 1_000)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        _flood(table, 100_000)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(table) == MAX_SUGGESTIONS == 200
    assert grown < 512 * 1024
    assert [suggestion.heard for suggestion in table.current(100_000)][:2] == [99_999, 99_998]


@pytest.mark.slow
def test_a_million_names() -> None:
    table = Suggestions()
    _flood(table, 1_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _flood(table, 1_000_000)
    assert len(table) == MAX_SUGGESTIONS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024  # KiB


def test_one_name_again_and_again_is_one_entry() -> None:
    table = Suggestions()
    for time in range(10_000):
        table.note("yui-x._yui._tcp.local.", _heard(7, time))
    assert [suggestion.heard for suggestion in table.current(10_000)] == [9_999]
    table.forget("yui-x._yui._tcp.local.")
    table.forget("yui-x._yui._tcp.local.")
    assert table.current(10_000) == []


def test_what_is_not_heard_again_is_forgotten() -> None:
    table = Suggestions()
    table.note("a", _heard(1, 0))
    table.note("b", _heard(2, 10))
    assert len(table.current(SUGGESTION_LIFETIME_US - 1)) == 2
    assert [one.heard for one in table.current(SUGGESTION_LIFETIME_US)] == [10]
    assert table.current(SUGGESTION_LIFETIME_US + 10) == []
    assert len(table) == 0


GOOD = {b"id": NODE.encode(), b"v": b"1", b"port": b"7443"}


def test_good_record() -> None:
    assert read_service(dict(GOOD), ["192.168.1.5"], 7443) == Suggestion(NODE, Endpoint("192.168.1.5", 7443), 0)


@pytest.mark.parametrize(
    ("change", "addresses", "port"),
    [
        ({b"id": b""}, ["10.0.0.1"], 1),
        ({b"id": None}, ["10.0.0.1"], 1),
        ({b"id": NODE.encode() + b"0"}, ["10.0.0.1"], 1),
        ({b"id": b"\x1b[31m" * 13}, ["10.0.0.1"], 1),
        ({b"v": b"2"}, ["10.0.0.1"], 1),
        ({b"v": None}, ["10.0.0.1"], 1),
        ({}, [], 1),
        ({}, ["fe80::1%2"], 1),
        ({}, ["10.0.0.1"], 0),
        ({}, ["10.0.0.1"], 70_000),
    ],
)
def test_record_that_is_no_node(change: dict[bytes, bytes | None], addresses: list[str], port: int) -> None:
    assert read_service({**GOOD, **change}, addresses, port) is None
