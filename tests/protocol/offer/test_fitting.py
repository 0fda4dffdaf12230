"""What fits what, and why."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.offer import fitting
from protocol.offer.fitting import CRITERIA, Facts, Outcome, Rule, judge
from protocol.offer.kinds import KINDS
from tests.protocol.offer import samples


def facts(kind: str, side: str, area: str = "23211", **changes: Any) -> Facts:
    details = {**samples.details(kind, side), **changes}
    return Facts(kind, side, "", area, "2026-10-19", "2026-10-23", {n: v for n, v in details.items() if v is not None})


def outcome(fit: fitting.Fit, name: str) -> Outcome:
    return {verdict.name: verdict.outcome for verdict in fit.verdicts}[name]


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_request_of_every_kind_fits_its_offer_whichever_way_round(kind: str) -> None:
    offer, request = facts(kind, "offer"), facts(kind, "request")
    assert judge(offer, request).fits, judge(offer, request)
    assert judge(offer, request) == judge(request, offer)


def test_every_criterion_names_fields_of_its_kind() -> None:
    for kind, criteria in CRITERIA.items():
        for one in criteria:
            for name in (one.offered, one.requested):
                assert name in {"area", "days"} or KINDS[kind].field(name) is not None, (kind, name)
        for other in KINDS[kind].answers:
            shared = [one for one in criteria if KINDS[other].field(one.offered) is not None]
            assert len(shared) > 4


def test_work_too_much_finds_an_idle_press() -> None:
    fit = judge(facts("overflow", "request"), facts("capacity", "offer", area="38201"))
    assert fit.fits
    assert outcome(fit, "force_kn") is Outcome.FITS
    assert outcome(fit, "area") is Outcome.UNKNOWN
    assert outcome(fit, "lot_least") is Outcome.FITS


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"force_kn": 500}, "force_kn"),
        ({"quantity": 99}, "lot_least"),
        ({"materials": ("SUS304", "A5052")}, "materials"),
        ({"tolerance_um": 20}, "tolerance_um"),
    ],
)
def test_one_thing_that_does_not_fit_is_named_with_both_values(changes: dict[str, Any], name: str) -> None:
    fit = judge(facts("capacity", "request", **changes), facts("capacity", "offer"))
    assert not fit.fits
    assert fit.nearly
    found = next(verdict for verdict in fit.verdicts if verdict.name == name)
    assert found.outcome is Outcome.NOT
    assert found.requested == next(iter(changes.values()))
    assert found.offered is not None


def test_another_process_is_not_even_nearly() -> None:
    fit = judge(facts("capacity", "request", process="plating"), facts("capacity", "offer"))
    assert not fit.fits
    assert not fit.nearly


def test_three_who_want_the_same_fit_each_other() -> None:
    one, other = facts("joint_purchase", "request"), facts("joint_purchase", "request", quantity=90, item="紙袋")
    assert judge(one, other).fits
    assert not judge(one, facts("joint_purchase", "request", item="段ボール")).nearly


def test_bringing_and_seeking_cross() -> None:
    one = facts("gap_filling", "request", brings=("making",), seeks=("selling",))
    assert judge(one, facts("gap_filling", "request", brings=("selling",), seeks=("making",))).fits
    assert not judge(one, facts("gap_filling", "request", brings=("making",), seeks=("making",))).fits


def test_what_nobody_says_is_unknown_or_left_out() -> None:
    fit = judge(facts("capacity", "request", materials=None), facts("capacity", "offer", force_kn=None))
    assert outcome(fit, "materials") is Outcome.UNKNOWN
    assert outcome(fit, "force_kn") is Outcome.UNKNOWN
    assert "roughness_nm" not in {verdict.name for verdict in fit.verdicts}


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ("ちりめんじゃこ", "チリメンジャコ 1kg", True),
        ("紙袋 200枚箱", "紙袋", True),
        ("竹ざる", "竹籠", False),
        ("CNC旋盤", "cnc旋盤加工", True),
        ("酒", "米", False),
        ("酒", "酒", True),
        ("200", "200", True),
        ("…", "…", False),
    ],
)
def test_words_are_alike_by_pairs_of_letters(left: str, right: str, alike: bool) -> None:
    found = fitting.alikeness((left,), (right,))
    assert (found >= fitting.WORDS_NEEDED) is alike
    assert found == fitting.alikeness((right,), (left,))


@pytest.mark.parametrize(
    ("rule", "offered", "requested", "expected"),
    [
        (Rule.PLACE, "26100", "26", Outcome.FITS),
        (Rule.PLACE, "26100", "27100", Outcome.UNKNOWN),
        (Rule.PLACE, "26100", "13101", Outcome.NOT),
        (Rule.NEAR, "26100", "01", Outcome.UNKNOWN),
        (Rule.DAYS, ("2026-10-19", ""), ("2026-10-19", "2026-10-19"), Outcome.FITS),
        (Rule.DAYS, ("2026-10-20", "2026-10-21"), ("2026-10-18", "2026-10-19"), Outcome.NOT),
        (Rule.DAYS, ("2026-10-10", "2026-10-11"), ("2026-10-18", ""), Outcome.NOT),
        (Rule.SHARES, ("FR", "DE"), ("DE",), Outcome.FITS),
        (Rule.COVERS, ("SPCC",), ("spcc",), Outcome.FITS),
        (Rule.COVERS, ("SPCC",), ("SPCC", "A5052"), Outcome.NOT),
    ],
)
def test_places_days_and_lists(rule: Rule, offered: Any, requested: Any, expected: Outcome) -> None:
    assert fitting._compare(rule, offered, requested) is expected
