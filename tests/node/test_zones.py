"""Time zones of people: moments are written where the reader is, days of the law stay Japan's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from node import zones
from node.web import render

AUTUMN = 1_760_500_920_000_000  # 2025-10-15 04:02 UTC


@pytest.fixture(autouse=True)
def _back() -> Iterator[None]:
    yield
    zones.show_in("")


@pytest.mark.parametrize(
    ("zone", "english", "stamp"),
    [
        ("", "Wed 15 Oct, 13:02", "2025-10-15 13:02:00"),
        ("Asia/Tokyo", "Wed 15 Oct, 13:02", "2025-10-15 13:02:00"),
        ("Europe/Berlin", "Wed 15 Oct, 06:02 CEST", "2025-10-15 06:02:00 CEST"),
        ("America/Sao_Paulo", "Wed 15 Oct, 01:02 UTC-03:00", "2025-10-15 01:02:00 UTC-03:00"),
        ("America/Los_Angeles", "Tue 14 Oct, 21:02 PDT", "2025-10-14 21:02:00 PDT"),
        ("Mars/Olympus", "Wed 15 Oct, 13:02", "2025-10-15 13:02:00"),
    ],
)
def test_moments_where_the_reader_is(zone: str, english: str, stamp: str) -> None:
    zones.show_in(zone)
    assert render.moment(AUTUMN, False) == english
    assert render.stamp(AUTUMN) == stamp


def test_plain_days_are_the_same_everywhere() -> None:
    for zone in ("", "America/Los_Angeles"):
        zones.show_in(zone)
        assert render.short_day("2026-10-15", True) == "10月15日(木)"


def test_japan_comes_first_and_odd_names_do_not_come() -> None:
    names = zones.names()
    assert names[0] == "Asia/Tokyo"
    assert len(names) == len(set(names)) > 300
    assert all("/" in name for name in names)
