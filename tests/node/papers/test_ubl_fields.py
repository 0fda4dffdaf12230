"""The output is made from the fields: changing one changes exactly its element, and nothing of the source remains."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from node.papers import ubl
from node.papers.ubl import document
from protocol.errors import CallerFault
from protocol.process.trade import papers
from protocol.process.trade.papers import (
    Billing,
    Catalogue,
    DespatchAdvice,
    Kept,
    Order,
    OrderResponse,
    Paper,
    Personal,
    ReceivingAdvice,
    Scaled,
)
from tests.node.papers import full
from tests.node.papers.said import OURS, SAMPLES, said

Path_ = tuple[str | int, ...]

# Fields that stand in more than one element: in every amount; where a line's formula names it; at each quantity.
SPREAD = {"currency": 1_000, "line_id": 2, "unit": 2, "transaction_date": 2, "tax": 2, "rate": 2}
# What says how the rest of a bill is written, and not where it stands.
MANNERS = {"rounding", "effect", "negative", "tax_included", "kind", "category", "charge"}
# Of deliveries and catalogues: what follows from other fields, and what has no element and a default that is stated.
DERIVED = {"result", "passed", "sheet", "sheets", "replacement", "tax_included"}
# A unit that stands beside every quantity of an item; a number of which the electronic address is made.
WIDE = {**SPREAD, "unit": 8, "corporate_number": 2}
# Words that say where an item stands. Changing one moves the item, which is another matter.
WHERE = {("references", "kind"), ("involved", "role"), ("contacts", "role")}


def _leaves(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every field that says something: (path, value)."""
    if isinstance(value, Scaled) or not isinstance(value, (msgspec.Struct, tuple)):
        if value is not None and value != "":
            yield path, value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            if field != "kept":
                yield from _leaves(getattr(value, field), (*path, field))
    else:
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))


def _changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, Scaled):
        return Scaled(value=value.value + 1, scale=value.scale)
    if len(value) == 10 and value[4:5] == "-" and value[7:8] == "-" and value[:4].isdigit():
        return (datetime.date.fromisoformat(value) + datetime.timedelta(days=1)).isoformat()
    if len(value) >= 8 and value[2:3] == ":" and value[5:6] == ":":
        return ("10" if value[:2] != "10" else "11") + value[2:]
    return {"accepted": "refused", "changed": "refused", "refused": "accepted"}.get(value, value + "9")


def _put(struct: Any, path: Path_, value: Any) -> Any:
    name, rest = path[0], path[1:]
    if isinstance(name, int):
        return (*struct[:name], _put(struct[name], rest, value) if rest else value, *struct[name + 1 :])
    return replace(struct, **{name: _put(getattr(struct, name), rest, value) if rest else value})


def _plain(where: Path_) -> tuple[str, ...]:
    return tuple(step for step in where if isinstance(step, str))


def _differences(paper: Paper, personal: Personal) -> Iterator[tuple[Path_, Any, int]]:
    """For every field that is stated: how many elements differ after it alone has changed."""
    paper = replace(paper, origin=document.AS_IT_CAME)  # no schema check: the values are nonsense
    before = said(ubl.write(paper, personal))
    for part in (paper, personal):
        for where, value in _leaves(part):
            if _plain(where) in WHERE or where == ("origin",):
                continue
            if isinstance(paper, Billing) and where[-1] in MANNERS:
                continue
            if isinstance(paper, ReceivingAdvice | DespatchAdvice | Catalogue) and where[-1] in DERIVED:
                continue
            if where == ("tax_included",) and any("UBLExtensions" in one[0] for one in before):
                continue  # our extension comes first and moves the indices of the others
            changed = _put(part, where, _changed(value))
            body, people = (changed, personal) if part is paper else (paper, changed)
            after = said(ubl.write(body, people))
            gone, come = before - after, after - before
            same_places = {one[0] for one in gone} == {one[0] for one in come}
            assert same_places or not gone or not come or where[-1] in SPREAD, (where, gone, come)
            yield where, value, max(sum(gone.values()), sum(come.values()))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_changing_one_field_of_a_document_changes_exactly_its_element(path: Path) -> None:
    reading = ubl.read(path.read_bytes())
    tried = 0
    spread = SPREAD if isinstance(reading.body, Order | OrderResponse | Billing) else WIDE
    for where, value, elements in _differences(reading.body, reading.personal):
        assert elements == 1 or 1 < elements <= spread.get(str(where[-1]), 1), (where, value, elements)
        tried += 1
    assert tried > 5


# What UBL has no element for, in papers that state every field (docs/papers-ubl.md says so too).
UNSAID = {
    ("references", "document"),
    ("references", "line_id"),
    ("references", "attachment"),
    ("terms", "means", "method"),
    ("terms", "means", "amount"),
    ("terms", "means", "percent"),
    ("terms", "means", "institution"),
    ("terms", "means", "start_date"),
    ("terms", "means", "maturity"),
    ("terms", "means", "account", "bank"),
    ("terms", "means", "account", "bank_name"),
    ("terms", "means", "account", "branch"),
    ("terms", "means", "account", "branch_name"),
    ("terms", "means", "account", "kind"),
    ("terms", "means", "account", "iban"),
    ("terms", "means", "account", "bic"),
    ("contacts", "department"),
    ("notes",),
}
# Of these only some items have a place: a drawing, a consignee and the like have none.
PARTLY = {"references", "involved"}


@pytest.mark.parametrize(
    ("paper", "personal"),
    [
        (full.order(), full.personal(*full.ORDER_ROLES)),
        (full.order_response(), full.personal(*full.RESPONSE_ROLES)),
    ],
    ids=["order", "order_response"],
)
def test_every_field_there_is_has_one_element_or_is_known_to_have_none(
    paper: Order | OrderResponse, personal: Personal
) -> None:
    stated = {_plain(where)[0] for where, _ in _leaves(paper)}
    assert stated == set(paper.__struct_fields__) - {"kept", "origin"}, "full.py states every field"
    lost = {_plain_path(path) for path in ubl.unsaid(paper, personal)}
    for where, value, elements in _differences(paper, personal):
        plain = _plain(where)
        if elements == 0:
            assert plain in UNSAID or plain[0] in PARTLY, (where, value)
            assert any(plain[: len(one)] == one for one in lost), (where, "is lost and nobody is told")
        else:
            assert elements == 1 or elements <= SPREAD.get(str(where[-1]), 1), (where, value, elements)
            assert plain not in UNSAID, where


def _plain_path(path: str) -> tuple[str, ...]:
    return tuple(step.partition("[")[0] for step in path.split("."))


@pytest.mark.parametrize("make", [full.order, full.order_response])
def test_a_paper_of_our_own_making_is_valid_and_reads_back(make: Callable[[], Order | OrderResponse]) -> None:
    paper, personal = make(), full.personal(*full.ORDER_ROLES)
    data = ubl.write(paper, personal)
    assert ubl.validate(data) == []
    reading = ubl.read(data)
    assert reading.warnings == ()
    assert reading.body.kept == ()
    for field in set(paper.__struct_fields__) - {"origin", "references", "involved", "terms"}:
        assert getattr(reading.body, field) == getattr(paper, field), field


def test_the_source_is_not_stored() -> None:
    """Emptying what is kept leaves a document made of the fields alone."""
    reading = ubl.read_order((SAMPLES / "order-07-drawings.xml").read_bytes())
    body = replace(reading.body, kept=(), note="別の注記")
    out = ubl.write(body, reading.personal)
    assert "別の注記" in out.decode()
    assert "EmbeddedDocumentBinaryObject" not in out.decode()
    assert ubl.read_order(out).body.lines == reading.body.lines


def test_a_kept_spelling_is_used_only_while_it_means_the_field() -> None:
    kept = (Kept(path="=cac:OrderLine(1)/cac:LineItem/cbc:Quantity", value="0020.00"),)
    body = replace(_one_line(), kept=kept, origin=document.ORIGIN)
    assert b">0020.00<" in ubl.write(body)
    other = _put(body, ("lines", 0, "quantity"), Scaled(value=21))
    assert b">21<" in ubl.write(other)
    assert b"0020.00" not in ubl.write(other)


def _one_line() -> Order:
    body = ubl.read_order((SAMPLES / "order-02-one-line.xml").read_bytes()).body
    assert isinstance(body, Order)
    return replace(body, kept=())


@pytest.mark.parametrize("gone", [0, 4, 9])
def test_what_is_kept_of_a_line_stays_with_it_when_another_goes(gone: int) -> None:
    source = (SAMPLES / "order-01-ten-lines.xml").read_text("utf-8")
    for number in range(1, 11):
        source = source.replace(
            f"<cbc:ID>HK-{1000 + number}</cbc:ID>", f'<cbc:ID schemeAgencyID="of-{number}">HK-{1000 + number}</cbc:ID>'
        )
    reading = ubl.read_order(source.encode())
    lines = reading.body.lines
    body = replace(reading.body, lines=(*lines[:gone], *lines[gone + 1 :]), totals=None, taxes=())
    out = ubl.write(body).decode()
    assert f'of-{gone + 1}"' not in out
    for number in range(1, 11):
        if number != gone + 1:
            assert f'<cbc:ID schemeAgencyID="of-{number}">HK-{1000 + number}</cbc:ID>' in out


def test_a_renamed_line_keeps_what_was_kept_of_it() -> None:
    reading = ubl.read_order((SAMPLES / "order-07-drawings.xml").read_bytes())
    body = _put(reading.body, ("lines", 0, "line_id"), "A1")
    assert "HK-A-0912-3" in ubl.write(body, reading.personal).decode()


def test_the_personal_part_can_be_erased() -> None:
    for path in OURS:
        reading = ubl.read(path.read_bytes())
        whole, without = said(ubl.write(reading.body, reading.personal)), said(ubl.write(reading.body))
        lost = whole - without
        assert all("Contact" in one[0] or "Person" in one[0] for one in lost), (path.name, lost)
        assert not any("ElectronicMail" in one[0] or "Person[" in one[0] for one in without)
        business = papers.encode(reading.body)
        for contact in reading.personal.contacts:
            assert not contact.mail or contact.mail.encode() not in business


def test_no_field_may_say_what_xml_cannot() -> None:
    body = _put(_one_line(), ("lines", 0, "item", "name"), "a\x0bb")
    with pytest.raises(CallerFault, match=r"cac:OrderLine/cac:LineItem/cac:Item/cbc:Name: holds a character"):
        ubl.write(body)
