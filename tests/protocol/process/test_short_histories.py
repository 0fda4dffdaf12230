"""Every pair and every triple of types, after and beside one another, in every order of arrival."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product

import pytest

from protocol.process.fact import Fact
from protocol.process.thread import fold
from protocol.process.trade.table import TABLE
from tests.protocol.process.dealings import Desk
from tests.protocol.process.moves import MOVES, OPENINGS

REPRESENTATIVE = {
    "request_for_quotation": "enquire",
    "quotation": "quote",
    "order": "order again",
    "order_response": "accept",
    "order_change": "buyer changes",
    "order_cancellation": "buyer cancels",
    "change_response": "accept buyer's change",
    "despatch_advice": "ship part",
    "receiving_advice": "receive",
    "invoice": "invoice part",
    "corrective_invoice": "replace invoice",
    "self_billed_statement": "state purchase",
    "self_billed_response": "confirm",
    "payment_notice": "pay",
    "message": "say",
}
Shape = Callable[[Desk, Fact, tuple[str, ...]], None]


def in_a_row(desk: Desk, first: Fact, names: tuple[str, ...]) -> None:
    last = first
    for name in names:
        last = MOVES[name](desk, last)


def all_beside(desk: Desk, first: Fact, names: tuple[str, ...]) -> None:
    for name in names:
        MOVES[name](desk, first)


def two_beside_then_one(desk: Desk, first: Fact, names: tuple[str, ...]) -> None:
    one, other = (MOVES[name](desk, first) for name in names[:2])
    MOVES[names[2]](desk, one, other)


def one_then_two_beside(desk: Desk, first: Fact, names: tuple[str, ...]) -> None:
    one = MOVES[names[0]](desk, first)
    for name in names[1:]:
        MOVES[name](desk, one)


def two_in_a_row_beside_one(desk: Desk, first: Fact, names: tuple[str, ...]) -> None:
    MOVES[names[1]](desk, MOVES[names[0]](desk, first))
    MOVES[names[2]](desk, first)


def assert_any_order(facts: list[Fact]) -> None:
    """All permutations of what came after the opening, with the opening before, after and in the midst of them."""
    late = facts[-3:]
    early = facts[: -len(late)]
    wanted = fold(facts)
    for order in permutations(late):
        middle = len(order) // 2
        assert fold([*order, *early]) == wanted
        assert fold([*order[:middle], *early[::-1], *order[middle:]]) == wanted


def test_every_type_is_represented() -> None:
    assert list(REPRESENTATIVE) == list(TABLE)
    for name, move in REPRESENTATIVE.items():
        assert MOVES[move](Desk()).type == name


@pytest.mark.parametrize("opening", sorted(OPENINGS))
@pytest.mark.parametrize("shape", [in_a_row, all_beside])
def test_every_pair(opening: str, shape: Shape) -> None:
    for names in product(REPRESENTATIVE.values(), repeat=2):
        desk = Desk()
        shape(desk, OPENINGS[opening](desk), names)
        assert_any_order(desk.facts)


@pytest.mark.parametrize("shape", [all_beside, two_beside_then_one])
def test_every_triple_on_an_order(shape: Shape) -> None:
    triples(shape, "order")


@pytest.mark.slow
@pytest.mark.parametrize("opening", ["accepted", "held", "quote", "shipped and billed"])
@pytest.mark.parametrize(
    "shape", [in_a_row, all_beside, two_beside_then_one, one_then_two_beside, two_in_a_row_beside_one]
)
def test_every_triple(opening: str, shape: Shape) -> None:
    triples(shape, opening)


@pytest.mark.slow
@pytest.mark.parametrize("opening", sorted(OPENINGS))
def test_every_pair_of_moves(opening: str) -> None:
    """As above, with everything that each type can say."""
    for names in product(MOVES, repeat=2):
        desk = Desk()
        all_beside(desk, OPENINGS[opening](desk), names)
        assert_any_order(desk.facts)


def triples(shape: Shape, opening: str) -> None:
    for names in product(REPRESENTATIVE.values(), repeat=3):
        desk = Desk()
        shape(desk, OPENINGS[opening](desk), names)
        wanted = fold(desk.facts)
        for order in permutations(desk.facts[-3:]):
            assert fold([*order, *desk.facts[:-3]]) == wanted
