"""Nodes killed with ``kill -9`` under load at both ends: what was promised is there, exactly once."""

from __future__ import annotations

import pytest

from cli.bench import kill

KILLS, DOCUMENTS = 10, 1_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_promised_is_lost_or_doubled() -> None:
    told: list[str] = []
    report = kill.run(KILLS, DOCUMENTS, seed=7, tell=told.append)
    assert report.met, (report.as_json(), told)
    assert report.figures["kills_under_load"] >= KILLS // 2  # or the run proved little
    assert report.figures["receipted"] == report.figures["acknowledged"] >= DOCUMENTS
