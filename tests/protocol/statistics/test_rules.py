"""Disclosure rules: what the size classes let through, the exact rules let through as well."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.limits import STATS_CAP
from protocol.statistics import rules
from protocol.statistics.rules import Parameters

P10 = Parameters(3, 10, bytes(16))
amounts = st.integers(1, 40).flatmap(lambda bits: st.integers(1, 2**bits - 1))
parameters = st.builds(Parameters, st.integers(3, 6), st.integers(1, 100), st.just(bytes(16)))


@pytest.mark.parametrize(
    ("contributions", "good"),
    [
        ([], False),
        ([5, 5], False),
        ([5, 5, 0], False),
        ([100, 100, 10], True),
        ([100, 100, 9], False),
        ([100, 5, 9, 0], False),
        ([100, 5, 9, 0, 5], True),
        ([-100, 100, 10], True),
        ([101, 1, 10], False),
    ],
)
def test_minimum_frequency_and_p_percent(contributions: list[int], good: bool) -> None:
    assert rules.passes(contributions, P10) is good


@given(st.lists(amounts, max_size=12), parameters)
def test_size_classes_never_let_through_what_the_rules_forbid(contributions: list[int], at: Parameters) -> None:
    counts = rules.class_counts(contributions, 65_535)
    if rules.classes_pass(counts, at):
        assert rules.passes(contributions, at)


@given(st.lists(st.lists(amounts, min_size=1, max_size=3), max_size=7), st.integers(0, 3), parameters)
def test_with_nodes_as_units_any_few_may_be_missing(nodes: list[list[int]], missing: int, at: Parameters) -> None:
    """Whichever nodes are lost, the companies of the rest are protected."""
    assume(all(1 <= abs(sum(node)) <= STATS_CAP for node in nodes))  # what a node may state at all
    if rules.classes_pass(rules.class_counts([sum(node) for node in nodes], 65_535), at, missing):
        for lost in range(missing + 1):
            for rest in itertools.combinations(nodes, len(nodes) - lost):
                assert rules.passes([company for node in rest for company in node], at)


@given(st.lists(amounts, max_size=12), st.integers(1, 4))
def test_counting_too_few_stays_on_the_safe_side(contributions: list[int], most: int) -> None:
    if rules.classes_pass(rules.class_counts(contributions, most), P10):
        assert rules.passes(contributions, P10)


def test_the_cap_is_a_rule() -> None:
    assert rules.size_class(STATS_CAP) == rules.CLASSES - 1
    for value in (STATS_CAP + 1, -STATS_CAP - 1, 0):
        with pytest.raises(Malformed, match="magnitude"):
            rules.size_class(value)


def test_a_difference_without_units_harms_nobody() -> None:
    assert rules.may_open((0,) * rules.CLASSES, P10)
    assert not rules.may_open(rules.class_counts([7], 9), P10)


@pytest.mark.parametrize("wrong", [Parameters(2, 10, bytes(16)), Parameters(3, 0, bytes(16)), Parameters(3, 10, b"")])
def test_parameters_that_protect_nobody_are_refused(wrong: Parameters) -> None:
    with pytest.raises(Malformed, match="rules"):
        wrong.digest()
