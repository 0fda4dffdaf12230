"""The table of elements says what the official schemas say, where those are at hand."""

from __future__ import annotations

import pytest
from lxml import etree

from node.papers import sme
from node.papers.sme import grammar, kinds
from protocol.errors import Malformed
from tests.node.papers.random_sme import Generator
from tests.node.papers.said_sme import SCHEMAS

_XS = "{http://www.w3.org/2001/XMLSchema}"
_KINDS = {
    "IDType": "id",
    "TextType": "text",
    "CodeType": "code",
    "DateTimeType": "moment",
    "IndicatorType": "indicator",
    "AmountType": "amount",
    "QuantityType": "quantity",
    "PercentType": "percent",
    "RateType": "rate",
    "NumericType": "numeric",
    "BinaryObjectType": "binary",
}


def test_the_messages_of_the_table_are_those_that_are_read() -> None:
    assert set(grammar.messages()) == set(kinds.MESSAGES)


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="official schemas are not beside the project (../shared/data)")
@pytest.mark.parametrize("message", sorted(kinds.MESSAGES))
def test_the_table_is_that_of_the_official_schema(message: str) -> None:
    root = etree.parse(SCHEMAS / f"{message}.xsd").getroot()
    types = {str(one.get("name")): one for one in root.findall(f"{_XS}complexType")}
    rules = grammar.grammar(message)
    assert f"{{{root.get('targetNamespace')}}}{message}" == rules.root
    waiting, seen = [(f"sme:{message}", f"{message}Type")], set()
    while waiting:
        name, of = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        wanted: list[list[object]] = []
        for element in types[of].findall(f"{_XS}sequence/{_XS}element"):
            prefix, _, kind = str(element.get("type")).partition(":")
            short = f"sme:{element.get('name')}"
            most = element.get("maxOccurs", "1")
            row = [
                short,
                int(element.get("minOccurs", "1")),
                None if most == "unbounded" else int(most),
                _KINDS.get(kind, ""),
            ]
            if wanted and wanted[-1][0] == short:  # the same element again, right behind
                wanted[-1][1] += row[1]  # type: ignore[operator]
                wanted[-1][2] += row[2]  # type: ignore[operator]
            else:
                wanted.append(row)
            if prefix != "udt":
                waiting.append((short, kind))
        assert [list(child) for child in rules.children(name) or ()] == wanted, name


@pytest.mark.parametrize("message", sorted(kinds.MESSAGES))
def test_another_order_or_number_or_value_is_not_valid(message: str) -> None:
    data = Generator(message, 1).document()
    assert sme.validate(data) == []
    root = etree.fromstring(data)
    root.append(root[0])
    assert "is missing" in str(sme.validate(etree.tostring(root))[0])
    root = etree.fromstring(data)
    next(root.iter(f"{{{grammar.UDT}}}DateTime")).text = "2026-02-30T00:00:00"
    assert "udt:DateTime" in str(sme.validate(etree.tostring(root))[0])
    root = etree.fromstring(data)
    root[0].set("id", "x")
    assert "attribute" in str(sme.validate(etree.tostring(root))[0])


@pytest.mark.parametrize("data", [b"<a/>", b"<SMEOrder/>", b'<SMEOrder xmlns="urn:x"/>'])
def test_other_documents_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        sme.validate(data)
    with pytest.raises(Malformed):
        sme.read(data)
