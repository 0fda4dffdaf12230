"""The table is whole: every type has a row, every state can be reached and left, every reason is a sentence."""

from __future__ import annotations

import pytest

from protocol.process.catalogue.table import TABLE as CATALOGUE
from protocol.process.deed.table import TABLE as DEED
from protocol.process.replenishment.table import TABLE as REPLENISHMENT
from protocol.process.trade.check import _BY_STRUCT
from protocol.process.trade.papers import PAPERS
from protocol.process.trade.table import SUBJECT, TABLE, Role, State, called, step_for, why_not


def test_every_paper_has_a_row_and_rules() -> None:
    assert [*TABLE, *CATALOGUE, *REPLENISHMENT, *DEED] == list(PAPERS)
    assert list(_BY_STRUCT) == list(PAPERS.values())


def test_steps_do_not_overlap() -> None:
    for name, row in TABLE.items():
        keys = [(state, step.says) for step in row.steps for state in step.states]
        assert len(keys) == len(set(keys)), name


def test_every_state_is_reached() -> None:
    """``held`` is what contradictions lead to; no paper leads there by itself."""
    reached = {State.NEW, State.HELD} | {step.becomes for row in TABLE.values() for step in row.steps}
    assert reached - {None} == set(SUBJECT)


def test_what_opens_is_written_by_one_side_on_nothing() -> None:
    for name, row in TABLE.items():
        assert row.opens == any(State.NEW in step.states for step in row.steps), name
        assert not row.opens or len(row.writers) == 1


def test_an_order_can_always_be_decided_while_held() -> None:
    held = {name: row.writers for name, row in TABLE.items() for step in row.steps if State.HELD in step.states}
    assert held["order"] == (Role.BUYER,)
    assert held["order_response"] == (Role.SELLER,)


@pytest.mark.parametrize(
    ("name", "state", "says", "reason"),
    [
        ("despatch_advice", State.REFUSED, "", "a refused order cannot be shipped"),
        ("invoice", State.ENQUIRED, "", "an enquiry cannot be invoiced"),
        (
            "order_response",
            State.ORDERED,
            "perhaps",
            "an order that is not yet answered cannot be answered as “perhaps”",
        ),
        ("order_change", State.COUNTERED, "", "an order answered with changes cannot be changed"),
    ],
)
def test_reasons(name: str, state: State, says: str, reason: str) -> None:
    assert step_for(name, state, says) is None
    assert why_not(name, state, says) == reason


def test_every_reason_is_a_sentence() -> None:
    for name in TABLE:
        for state in SUBJECT:
            assert why_not(name, state, "").startswith(SUBJECT[state] + " ")


def test_sides_and_names() -> None:
    assert Role.BUYER.other is Role.SELLER
    assert Role.SELLER.other is Role.BUYER
    assert (called("order_response"), called("payment_notice")) == ("an order response", "a payment notice")
