"""The object that every bench prints."""

from __future__ import annotations

import json

import pytest

from cli.bench import delivery, floors, report
from cli.bench.report import Report, Target


def test_a_target_is_at_most_or_at_least() -> None:
    assert Target("ms", 15.0, 15).met
    assert not Target("ms", 15.1, 15).met
    assert Target("per_s", 3000, 3000, at_least=True).met
    assert not Target("per_s", 2999, 3000, at_least=True).met


def test_the_object_has_every_field_and_is_met_only_if_all_targets_are() -> None:
    good, bad = Target("a", 1, 2), Target("b", 3, 2)
    found = Report("delivery", {"a": 1.23456}, {"sign_per_s": 30000.0}, [good, bad]).as_json()
    assert list(found) == ["bench", "commit", "machine", "figures", "floors", "targets", "met"]
    assert found["figures"] == {"a": 1.235}
    assert found["floors"] == {"sign_per_s": 30000}
    assert found["targets"][1] == {"name": "b", "figure": 3, "target": 2, "met": False}
    assert found["met"] is False
    assert Report("x", {}, {}, [good]).met
    json.dumps(found)


def test_medians_are_per_figure() -> None:
    assert report.medians([{"a": 1, "b": 9}, {"a": 5, "b": 7}, {"a": 2, "b": 8}]) == {"a": 2, "b": 8}


def test_losses_of_runs_are_added_up_and_never_hidden_by_a_median() -> None:
    runs = [{"lost": 0.0, "duplicated": 0.0, "documents": 10.0, "ms": 3.0} for _ in range(4)]
    runs.append({"lost": 1.0, "duplicated": 2.0, "documents": 10.0, "ms": 90.0})
    assert delivery.combined(runs) == {"lost": 1.0, "duplicated": 2.0, "documents": 50.0, "ms": 3.0, "runs": 5}


def test_the_cpu_target_is_four_times_a_signature_and_a_verification() -> None:
    floor = {"sign_per_s": 20_000.0, "verify_per_s": 10_000.0, "fsync_per_s": 1_000.0}
    assert floors.cpu_us(floor) == 150.0
    figures = dict.fromkeys(
        ("documents_per_s", "single_order_ms_p50", "rss_mb_sender", "rss_mb_receiver", "lost", "duplicated"), 0.0
    ) | {"cpu_us_per_document": 600.0}
    assert delivery.targets(figures, floor)[0] == Target("cpu_us_per_document", 600.0, 600.0)


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_percentiles_by_nearest_rank(percent: int, value: int) -> None:
    assert delivery.percentile([float(at) for at in range(100, 0, -1)], percent) == value
