"""Whole packs, tiers, tolerances; shares that sum exactly."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.process.joint import filling
from protocol.process.joint.filling import apportion
from protocol.process.joint.pledge import Want
from protocol.process.joint.terms import Item, Tier
from tests.vectors.world import octets

LOTS = [octets(f"lot {at}") for at in range(40)]
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=40)


@given(st.integers(0, 10**12), weights)
def test_shares_sum_and_are_fair(total: int, given_: list[int]) -> None:
    parts = apportion(total, given_, LOTS)
    assert sum(parts) == total
    whole = sum(given_)
    for part, weight in zip(parts, given_, strict=True):
        if whole:
            assert abs(part * whole - total * weight) < whole
            assert part == 0 or weight > 0


@given(st.integers(0, 10**6), weights, st.randoms())
def test_shares_do_not_depend_on_the_order(total: int, given_: list[int], chance: object) -> None:
    rows = list(zip(given_, LOTS, strict=False))
    found = dict(zip([lot for _, lot in rows], apportion(total, given_, LOTS), strict=True))
    chance.shuffle(rows)  # type: ignore[attr-defined]
    again = apportion(total, [weight for weight, _ in rows], [lot for _, lot in rows])
    assert dict(zip([lot for _, lot in rows], again, strict=True)) == found


def test_equal_remainders_go_by_lot() -> None:
    assert apportion(1, [1, 1, 1], [b"c", b"a", b"b"]) == [0, 1, 0]
    assert apportion(2, [0, 0, 0], [b"c", b"a", b"b"]) == [0, 1, 1]
    assert apportion(10, [3, 3, 4], [b"a", b"b", b"c"]) == [3, 3, 4]


def goods(pack: int, step: int, minimum: int, *tiers: tuple[int, int]) -> Item:
    return Item("x", "x", "C62", 1, pack, step, minimum, 100, tuple(Tier(*tier) for tier in tiers))


@pytest.mark.parametrize(
    ("item", "wants", "total", "price"),
    [
        (goods(1, 1, 0, (1, 48), (10, 43), (30, 39)), [(12, 2, 2), (9, 1, 1), (8, 1, 1)], 30, 39),  # one more: the tier
        (goods(1, 1, 0, (1, 48), (10, 43), (30, 39)), [(12, 2, 0), (9, 1, 0), (8, 1, 0)], 29, 43),  # not within reach
        (goods(10, 1, 0, (1, 48)), [(12, 2, 2), (9, 1, 1), (8, 1, 1)], 30, 48),  # whole packs, up
        (goods(10, 1, 0, (1, 48)), [(12, 3, 2), (9, 1, 1)], 20, 48),  # down
        (goods(10, 1, 0, (1, 48)), [(5, 5, 5), (10, 5, 5)], 10, 48),  # as near both ways: the lower
        (goods(10, 1, 40, (1, 48)), [(12, 2, 2), (9, 1, 1), (8, 1, 1)], 0, 0),  # below the minimum
        (goods(10, 1, 0, (1, 48)), [(12, 0, 2), (9, 0, 1), (4, 0, 1)], 0, 0),  # no whole pack within tolerances
        (goods(1, 1, 0, (20, 48)), [(12, 0, 2)], 0, 0),  # the supplier's first tier is not reached
        (goods(10, 5, 0, (1, 48)), [(15, 5, 5), (10, 5, 0)], 20, 48),
    ],
)
def test_fill(item: Item, wants: list[tuple[int, int, int]], total: int, price: int) -> None:
    asked = [Want(0, *want) for want in wants]
    found = filling.fill(item, asked, LOTS[: len(asked)])
    assert (found.total, found.price) == (total, price) if found else (total, price) == (0, 0)
    assert filling.total_of(item, asked) == total
    if found:
        assert sum(found.granted) == total
        for want, granted in zip(asked, found.granted, strict=True):
            assert want.wanted - want.less <= granted <= want.wanted + want.more
            assert granted % item.step == 0


def test_totals_are_the_best_of_all_that_are_possible() -> None:
    """Against every total there is."""
    for pack, minimum, wanted, less, more in product((1, 3, 4), (0, 7), range(1, 16), range(3), range(6)):
        item = goods(pack, 1, minimum, (2, 50), (6, 45), (12, 40))
        possible = [
            total
            for total in range(max(wanted - min(less, wanted), 2, minimum), wanted + more + 1)
            if total % pack == 0
        ]
        best = min(
            possible, key=lambda total: (filling.price_at(item, total), abs(total - wanted), total), default=0
        )  # fmt: skip
        assert filling.total_of(item, [Want(0, wanted, min(less, wanted), more)]) == best


def test_those_who_run_the_round_fill_first() -> None:
    item = goods(1, 1, 0, (1, 48), (30, 39))
    asked = [Want(0, 12, 2, 2), Want(0, 9, 1, 1), Want(0, 8, 1, 1)]
    assert filling.fill(item, asked, LOTS[:3], [1]).granted == (12, 10, 8)  # type: ignore[union-attr]
    assert filling.fill(item, asked, LOTS[:3], [2, 1]).granted == (12, 9, 9)  # type: ignore[union-attr]
    assert filling.fill(item, asked, LOTS[:3]).granted == (13, 9, 8)  # type: ignore[union-attr]
