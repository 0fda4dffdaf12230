"""The vocabulary: every kind can be written and read, and what is wrong is refused by its field and rule."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.errors import Malformed
from protocol.offer import kinds
from protocol.offer.fields import Needed, Type
from protocol.offer.kinds import KINDS
from protocol.offer.laws import LAWS
from tests.protocol.offer import samples

SIDES = ("offer", "request")
BAD: dict[Type, tuple[Any, ...]] = {
    Type.TEXT: ("", "  ", "a\tb", "x" * 2000, 3, None, "a\u202eb"),
    Type.NUMBER: (-1, 2**60, "3", True, 1.0, None),
    Type.YEN: (0, -1, 2**60, "3", True),
    Type.FLAG: (1, "true", None),
    Type.DATE: ("2026-02-30", "19.10.2026", 20261019, ""),
    Type.AREA: ("", "00", "48201", "2321", "Aichi", 23),
    Type.GTIN: ("2900000401010", "", 2900000401013, "12"),
    Type.UNIT: ("", "kg", "KILO", 3),
    Type.CHOICE: ("", "nothing", 3, ("cutting",)),
    Type.CHOICES: ((), ("nothing",), "cutting", ("cutting", "cutting"), (3,)),
    Type.WORDS: ((), ("",), ("x" * 61,), "text", ("a", "a"), tuple(map(str, range(21)))),
    Type.COUNTRIES: ((), ("fr",), ("FRA",), ("FR", "FR"), "FR"),
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_as_it_was_written(kind: str, side: str) -> None:
    given = samples.details(kind, side)
    read = kinds.read(kind, side, given)
    assert read == given
    assert list(read) == sorted(given)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_field_refuses_by_its_name(kind: str, side: str) -> None:
    given = samples.details(kind, side)
    for field in KINDS[kind].fields:
        for value in BAD[field.type]:
            if field.name == "lead_days" and value == 0:
                continue
            with pytest.raises(Malformed, match=rf"^{field.name}: "):
                kinds.read(kind, side, {**given, field.name: value})
        if field.needed_by(side):
            with pytest.raises(Malformed, match=rf"^{field.name}: needed in this {side} of {kind}"):
                kinds.read(kind, side, {name: value for name, value in given.items() if name != field.name})


@pytest.mark.parametrize(
    ("kind", "side", "given", "field"),
    [
        ("nothing", "offer", {}, "kind"),
        (3, "offer", {}, "kind"),
        ("stock", "both", {}, "side"),
        ("stock", "offer", [], "details"),
        ("stock", "offer", {"sales_price": 1}, "sales_price"),
        ("referral", "offer", {"territory": "23"}, "territory"),
        ("referral", "offer", {"customers": "x"}, "customers"),
        ("referral", "offer", {"price_yen": 1}, "price_yen"),
    ],
)
def test_what_the_vocabulary_has_not(kind: Any, side: str, given: Any, field: str) -> None:
    with pytest.raises(Malformed, match=rf"^{field}: "):
        kinds.read(kind, side, given)


@pytest.mark.parametrize(
    ("kind", "side", "changes", "field"),
    [
        ("joint_transport", "offer", {"carrier": None}, "carrier"),
        ("joint_transport", "offer", {"permit_number": None}, "permit_number"),
        ("stock", "offer", {"regulated": "alcohol"}, "permit_number"),
        ("people", "offer", {"purpose": None}, "purpose"),
        ("people", "offer", {"form": "contract"}, "purpose"),
        ("people", "offer", {"consent": False}, "consent"),
        ("people", "offer", {"form": "dispatch", "purpose": None}, "permit_number"),
        ("people", "request", {"form": "dispatch", "purpose": None, "trade": "construction"}, "form"),
        ("capacity", "offer", {"export_class": "listed"}, "export_item"),
        ("capacity", "offer", {"export_item": "2(12)"}, "export_item"),
        ("joint_investment", "offer", {"not_solicitation": False}, "not_solicitation"),
        ("joint_investment", "offer", {"parties_most": 50}, "parties_most"),
        ("shared_equipment", "offer", {"permit": "crane"}, "permit_number"),
    ],
)
def test_what_has_to_hold_between_fields(kind: str, side: str, changes: dict[str, Any], field: str) -> None:
    given = {**samples.details(kind, side), **changes}
    with pytest.raises(Malformed, match=rf"^{field}: "):
        kinds.read(kind, side, {name: value for name, value in given.items() if value is not None})


def test_no_kind_can_say_what_firms_may_not_agree_on() -> None:
    names = {field.name for kind in KINDS.values() for field in kind.fields}
    assert not {name for name in names if "customer" in name and name != "customer_consent"}
    assert not names & {"territory", "area", "sales_price", "resale_price", "margin", "customer"}
    referral = KINDS["referral"]
    assert not referral.placed
    assert {field.type for field in referral.fields} == {Type.WORDS, Type.CHOICES}


def test_the_tables_are_sound() -> None:
    for kind in KINDS.values():
        names = [field.name for field in kind.fields]
        assert len(set(names)) == len(names)
        for name in filter(None, (kind.gate, kind.topic)):
            field = kind.field(name)
            assert field is not None
        gate = kind.field(kind.gate)
        assert gate is None or (gate.type is Type.CHOICE and gate.needed is Needed.BOTH)
        assert {field.law for field in kind.fields} - {""} <= set(LAWS)
        assert set(kind.answers) <= set(KINDS)
    assert KINDS["stock"].field("nothing") is None


def test_who_may_fit_whom() -> None:
    assert kinds.partners("overflow", "request") == (("overflow", "offer"), ("capacity", "offer"))
    assert kinds.partners("capacity", "offer") == (("capacity", "request"), ("overflow", "request"))
    assert kinds.partners("capacity", "request") == (("capacity", "offer"),)
    assert kinds.partners("joint_purchase", "request") == (("joint_purchase", "offer"), ("joint_purchase", "request"))
