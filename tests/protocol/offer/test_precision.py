"""Matching against pairs that a person labelled, each with a reason (tests/fixtures/offer_pairs.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from protocol.offer import kinds
from protocol.offer.fitting import Facts, judge
from protocol.offer.kinds import KINDS

PAIRS = Path(__file__).resolve().parents[2] / "fixtures" / "offer_pairs.json"


def facts(one: dict[str, Any]) -> Facts:
    details = kinds.read(one["kind"], one["side"], one["details"])
    return Facts(one["kind"], one["side"], "", one["area"], one["starts"], one["ends"], details)


def test_what_is_said_to_fit_mostly_does() -> None:
    pairs = json.loads(PAIRS.read_text("utf-8"))
    assert len(pairs) >= 200
    assert {pair["one"]["kind"] for pair in pairs} == set(KINDS)
    assert all(pair["because"] for pair in pairs)
    found = [(judge(facts(pair["one"]), facts(pair["other"])).fits, pair["fits"]) for pair in pairs]
    right = sum(said and meant for said, meant in found)
    assert right / sum(said for said, _ in found) >= 0.92  # precision; what it costs stands in docs/performance.md
    assert right / sum(meant for _, meant in found) >= 0.92  # recall
