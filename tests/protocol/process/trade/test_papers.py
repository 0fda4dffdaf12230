"""One paper, one spelling: what is written is read back, and every other spelling is refused."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.limits import MAX_DOCUMENT_BYTES, MAX_INT
from protocol.process.trade.papers import (
    PAPERS,
    TYPE_OF,
    VERSIONS,
    Contact,
    Item,
    Kept,
    Order,
    OrderLine,
    Paper,
    Part,
    Party,
    Personal,
    Scaled,
    decode,
    decode_personal,
    encode,
    is_known,
)
from tests.protocol.process.catalogue.desk import CatalogueDesk
from tests.protocol.process.dealings import Desk
from tests.protocol.process.deed.test_fold import DeedDesk
from tests.protocol.process.moves import MOVES
from tests.protocol.process.replenishment.desk import ReplenishmentDesk


def every_paper() -> list[Paper]:
    """One of each type at least."""
    desk = CatalogueDesk()
    catalogues = (desk.ask(), desk.offer("1"), desk.withdraw())
    shop = ReplenishmentDesk()
    reports = (shop.report(), proposal := shop.propose(), shop.answer_proposal(proposal))
    table = DeedDesk()
    terms = table.terms("buyer")
    deed = (terms, agreed := table.say("seller", "accepted", terms), table.report("buyer", "fulfilled", terms, agreed))
    return [*(move(Desk()).body for move in MOVES.values()), *(fact.body for fact in (*catalogues, *reports, *deed))]


def order(**more: Any) -> Order:
    line = OrderLine(line_id="1", item=Item(name="軸受"), quantity=Scaled(1), **more.pop("line", {}))
    return Order(
        number="PO-1",
        issue_date="2026-11-22",
        currency="JPY",
        buyer=Party(name="A"),
        seller=Party(name="B"),
        lines=(line,),
        **more,
    )


def spelled(value: Any) -> bytes:
    return bytes(msgpack.packb(value, use_bin_type=True))


def test_registry() -> None:
    assert {TYPE_OF[type(paper)] for paper in every_paper()} == set(PAPERS)
    assert all(is_known(name, version) for name in PAPERS for version in VERSIONS[name])
    assert not is_known("order", 2)
    assert not is_known("poem", 1)


@pytest.mark.parametrize("paper", every_paper(), ids=lambda paper: type(paper).__name__)
def test_there_and_back(paper: Paper) -> None:
    name = TYPE_OF[type(paper)]
    body = encode(paper)
    assert decode(name, 1, body) == paper
    assert encode(decode(name, 1, body)) == body
    assert msgspec.json.decode(msgspec.json.encode(paper), type=type(paper)) == paper


def test_wire_is_a_map_with_sorted_keys_and_without_defaults() -> None:
    raw = msgpack.unpackb(encode(order()))
    assert list(raw) == sorted(raw)
    assert raw == {
        "number": "PO-1", "issue_date": "2026-11-22", "currency": "JPY",
        "buyer": {"name": "A"}, "seller": {"name": "B"},
        "lines": [{"line_id": "1", "item": {"name": "軸受"}, "quantity": {"value": 1}}],
    }  # fmt: skip


def assert_refused(raw: Any, field: str, rule: str) -> None:
    with pytest.raises(CallerFault) as caught:
        decode("order", 1, spelled(raw))
    assert caught.value.field == field
    assert rule in caught.value.rule


def raw_order() -> dict[str, Any]:
    raw: dict[str, Any] = msgpack.unpackb(encode(order()))
    return raw


@pytest.mark.parametrize(
    ("field", "value", "path", "rule"),
    [
        ("value", -1, "lines[0].quantity.value", ">= 0"),
        ("value", MAX_INT + 1, "lines[0].quantity.value", "<= 9007199254740991"),
        ("value", 2**64 - 1, "lines[0].quantity.value", "<= 9007199254740991"),
        ("value", 1.0, "lines[0].quantity.value", "Expected `int`, got `float`"),
        ("value", None, "lines[0].quantity.value", "Expected `int`, got `None`"),
        ("value", "1", "lines[0].quantity.value", "Expected `int`, got `str`"),
        ("value", True, "lines[0].quantity.value", "Expected `int`, got `bool`"),
        ("scale", 10, "lines[0].quantity.scale", "<= 9"),
        ("scale", -1, "lines[0].quantity.scale", ">= 0"),
        ("unit", "x", "lines[0].quantity", "unknown field `unit`"),
    ],
)
def test_numbers_out_of_shape(field: str, value: Any, path: str, rule: str) -> None:
    raw = raw_order()
    raw["lines"][0]["quantity"] = dict(sorted({"value": 1, field: value}.items()))
    assert_refused(raw, path, rule)


@pytest.mark.parametrize(
    ("field", "value", "path", "rule"),
    [
        ("number", "x" * 129, "number", "length <= 128"),
        ("note", "x" * 4001, "note", "length <= 4000"),
        ("poem", "x", "", "unknown field `poem`"),
        ("lines", [{"line_id": "1"}] * 1001, "lines", "length <= 1000"),
        ("lines", {}, "lines", "Expected `array`"),
        ("note", b"x", "note", "Expected `str`, got `bytes`"),
        ("note", msgpack.ExtType(4, b"x"), "note", "got `ext`"),
    ],
)
def test_fields_out_of_shape(field: str, value: Any, path: str, rule: str) -> None:
    assert_refused(dict(sorted((raw_order() | {field: value}).items())), path, rule)


def test_missing_field_is_named() -> None:
    raw = raw_order()
    del raw["seller"]
    assert_refused(raw, "", "missing required field `seller`")


@pytest.mark.parametrize(
    "mutate",
    [
        lambda raw: dict(reversed(raw.items())),
        lambda raw: dict(sorted((raw | {"note": ""}).items())),
        lambda raw: dict(sorted((raw | {"tax_included": False}).items())),
        lambda raw: dict(sorted((raw | {"references": []}).items())),
        lambda raw: dict(sorted((raw | {"terms": None}).items())),
    ],
    ids=["order of keys", "empty text", "false", "empty list", "nil"],
)
def test_other_spellings_of_the_same_paper(mutate: Any) -> None:
    with pytest.raises(Malformed, match="canonical"):
        decode("order", 1, spelled(mutate(raw_order())))


def test_bytes_that_are_another_spelling() -> None:
    body = encode(order())
    for wrong in (
        body.replace(b"\xa5value\x01", b"\xa5value\xcc\x01"),  # an integer not in shortest form
        body.replace(b"\xa6number", b"\xd9\x06number"),  # a text not in shortest form
        body.replace(b"\xa6number\xa4PO-1", b"\xa6number\xa4PO-1\xa6number\xa4PO-1").replace(
            b"\x86", b"\x87", 1
        ),  # twice
    ):
        assert wrong != body
        with pytest.raises(Malformed, match="canonical"):
            decode("order", 1, wrong)


@pytest.mark.parametrize(
    "body", [b"", b"\x81", b"\xc1", encode(order()) + b"\x00", encode(order())[:-1], b"\x91" * 5_000]
)
def test_what_is_no_message(body: bytes) -> None:
    with pytest.raises((Malformed, CallerFault)):
        decode("order", 1, body)


def test_text_that_is_not_utf8() -> None:
    with pytest.raises(Malformed):
        decode("order", 1, encode(order(note="abcd")).replace(b"abcd", b"ab\xff\xfe"))


def test_size_is_judged_before_anything_else() -> None:
    with pytest.raises(TooLarge):
        decode("order", 1, b"\xc1" * (MAX_DOCUMENT_BYTES + 1))


@pytest.mark.parametrize("name", ["order", "poem"])
def test_unknown_type_or_version(name: str) -> None:
    with pytest.raises(CallerFault, match="version 9 is not known") as caught:
        decode(name, 9, b"")
    assert (caught.value.field, caught.value.code) == ("type", "unknown-type")


@pytest.mark.parametrize("text", ["か\u3099", "e\u0301", "\u212b", "ｶ\uf900"])
def test_text_not_in_normal_form(text: str) -> None:
    line = OrderLine(line_id="1", item=Item(name=text), quantity=Scaled(1))
    with pytest.raises(CallerFault) as caught:
        decode("order", 1, encode(msgspec.structs.replace(order(), lines=(line,))))
    assert (caught.value.field, caught.value.code) == ("lines[0].item.name", "malformed")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(0, MAX_INT))
def test_normal_form_of_any_text(text: str, number: int) -> None:
    """The quick look at the whole body says the same as a look at each text, whatever bytes lie between them."""
    line = OrderLine(line_id="1", item=Item(name=text), quantity=Scaled(number))
    paper = msgspec.structs.replace(order(), lines=(line,), note=text)
    if unicodedata.is_normalized("NFC", text) and not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", text):
        assert decode("order", 1, encode(paper)) == paper
    else:
        with pytest.raises(CallerFault, match=r"normal form C|control character"):
            decode("order", 1, encode(paper))


@pytest.mark.parametrize("length", [30, 31, 32, 139, 140, 255, 256, 3_000])
def test_text_that_begins_with_a_combining_mark(length: int) -> None:
    """Legal by itself, at any length: the byte before it is a length, not a letter."""
    paper = order(note="\u0301" + "x" * (length - 2))
    assert decode("order", 1, encode(paper)) == paper


def test_personal_part() -> None:
    personal = Personal(
        contacts=(Contact(role="buyer", name="山田 太郎", mail="yamada@example.jp"),), notes=("call him",)
    )
    assert decode_personal(encode(personal)) == personal
    with pytest.raises(CallerFault, match="unknown field"):
        decode_personal(encode(order()))


def test_papers_name_nobody() -> None:
    """No struct of a business part has a field for a person's name, mail or telephone."""
    from tests.protocol.process.describe import structs

    for paper in PAPERS.values():
        assert Contact not in structs(paper, {})


def test_kept_elements_come_out_again() -> None:
    kept = (Kept(path="/Order/cbc:UUID", value="x", attributes=(("a", "1"), ("b", "2"))),)
    assert decode("order", 1, encode(order(origin="ubl-2.1", kept=kept))) == order(origin="ubl-2.1", kept=kept)


def test_parts_are_frozen_and_keyword_only() -> None:
    for struct in {type(paper) for paper in every_paper()}:
        config = struct.__struct_config__
        assert (config.frozen, config.omit_defaults, config.forbid_unknown_fields) == (True, True, True)
    with pytest.raises(AttributeError):
        order().number = "other"  # type: ignore[misc]  # that it is refused is the test
    assert issubclass(Order, Part)
