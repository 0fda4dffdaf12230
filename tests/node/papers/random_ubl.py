"""Random documents that are valid UBL 2.1, made from the schemas alone: whatever the standard allows can come.

``Generator(seed).order()`` is the bytes of an Order. Element choice is random; leaves get values of their data type,
with the odd spellings that XML Schema allows. A negative amount would be refused, so there are none.
"""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Any

from lxml import etree

from node.papers.ubl import names, schema

_XS = "{http://www.w3.org/2001/XMLSchema}"
_TEXTS = [
    "歯車 M2×20",
    "a < b & c > d",
    "  padded  ",
    "line one\nline two",
    "㈱髙橋製作所 ①",
    "か\u3099",  # not in NFC
    "\u0301x",
    "\"quoted\" 'text'",
    "0",
    "-",
    "𠮷野家 🍣",
    "tab\there",
    "x" * 200,
    "back\\slash \\u3042",
    "]]>",
    "cr\rhere",
]
_IDS = [
    "1",
    "007",
    "A-1",
    "x/y#z",
    "発注-0042",
    " 12 ",
    "7180001044022",
    "1234567890123",
    "4569951116179",
    "T7180001044022",
]
_DECIMALS = [
    "0",
    "1",
    "100.00",
    "0.50",
    "007.5",
    "+3",
    ".5",
    "12.",
    "1234567.123456789",
    "0.1234567890123",
    "10.000",
    "-0",
]
_AMOUNTS = ["0", "100", "100.00", "0.5", "1234.5", "99.999", "+10", "007", "9007199254740"]
_DATES = ["2026-11-22", "2024-02-29", "2026-11-22Z", "2026-01-05+09:00"]
_TIMES = ["09:00:00", "23:59:59.123", "12:00:00+09:00", "24:00:00", "00:00:00Z"]
_SCHEMES = ["0188", "0088", "0192", "0221", "0160", "JAN", "x y"]
_UNITS = ["C62", "KGM", "EA", "H87", "MTR"]


@lru_cache(maxsize=1)
def leaf_types() -> dict[str, str]:
    """Element name to UBL data type, e.g. ``cbc:ID`` to ``IdentifierType``."""
    found: dict[str, str] = {}
    for prefix, module in (("cbc", "CommonBasicComponents"), ("ext", "CommonExtensionComponents")):
        root = etree.parse(str(schema.common_module(module))).getroot()
        bases = {t.get("name"): t.find(f".//{_XS}extension") for t in root.findall(f"{_XS}complexType")}
        for element in root.findall(f"{_XS}element"):
            base = bases.get(element.get("type"))
            if base is not None:
                found[f"{prefix}:{element.get('name')}"] = base.get("base", "").rpartition(":")[2]
    return found


class Generator:
    """A seeded source of documents. ``breadth``: how likely an optional element is, at the top of the document."""

    def __init__(self, seed: int, *, breadth: float = 0.35, elements: int = 400) -> None:
        self._random = random.Random(seed)
        self._breadth = breadth
        self._left = elements
        self._currency = self._random.choice(["JPY", "EUR", "BHD", "JPY", "JPY"])
        self._bill = False
        self._grammar = schema.grammar()

    def order(self) -> bytes:
        return self._document(names.ORDER)

    def order_response(self) -> bytes:
        return self._document(names.ORDER_RESPONSE)

    def document(self, tag: str) -> bytes:
        """Of any kind. Bills have amounts below zero too, and one currency."""
        self._bill = tag in (names.INVOICE, names.CREDIT_NOTE)
        return self._document(tag)

    def _document(self, tag: str) -> bytes:
        prefixes = self._random.choice([("cac", "cbc"), ("a", "b"), ("ns0", "ns1")])
        namespaces: dict[Any, str] = {
            self._random.choice([None, "d"]): tag[1:].partition("}")[0],
            prefixes[0]: names.CAC,
            prefixes[1]: names.CBC,
        }
        root = etree.Element(tag, nsmap=namespaces)
        self._children(root, tag, 0)
        encoding = self._random.choice(["UTF-8", "UTF-16"])
        data = etree.tostring(root, xml_declaration=True, encoding=encoding)
        assert isinstance(data, bytes)
        return data

    def _children(self, element: etree._Element, name: str, depth: int) -> None:
        for child in self._grammar.children(name) or ():
            for _ in range(self._times(child, depth)):
                self._left -= 1
                self._element(etree.SubElement(element, names.tag(child.name)), child.name, depth + 1)

    def _times(self, child: schema.Child, depth: int) -> int:
        if self._left <= 0 or depth > 9:
            return child.least
        times = child.least
        if self._random.random() < self._breadth * 0.72**depth:
            times = max(times, 1)
        while times and child.most is None and self._random.random() < 0.3:
            times += 1
        return times

    def _element(self, element: etree._Element, name: str, depth: int) -> None:
        if name == "ext:ExtensionContent":
            self._extension(element)
        elif self._grammar.children(name) is not None:
            self._children(element, name, depth)
        else:
            self._leaf(element, name, leaf_types()[name])

    def _extension(self, element: etree._Element) -> None:
        other = etree.SubElement(element, "{urn:example:other}Thing", nsmap={"o": "urn:example:other", "q": "urn:q"})
        other.set("{urn:example:attr}kind", "q:name")
        for text in self._random.sample(_TEXTS, 3):
            etree.SubElement(other, self._random.choice(["{urn:example:other}A", "B"])).text = text
        if self._random.random() < 0.5:
            other.text, other[0].tail = "mixed ", " & matched"

    def _leaf(self, element: etree._Element, name: str, kind: str) -> None:
        pick = self._random.choice
        if kind == "AmountType":
            line = self._bill and name == "cbc:LineExtensionAmount"
            element.set("currencyID", self._currency if line or self._random.random() < 0.9 else "USD")
            element.text = pick(_AMOUNTS)
            if self._bill and self._random.random() < 0.25:
                element.text = "-" + element.text.lstrip("+")
        elif kind in ("QuantityType", "MeasureType"):
            if kind == "MeasureType" or self._random.random() < 0.8:
                element.set("unitCode", pick(_UNITS))
            element.text = pick(_DECIMALS)
            if self._bill and kind == "QuantityType" and self._random.random() < 0.2:
                element.text = "-" + element.text.lstrip("+-")
        elif kind in ("NumericType", "PercentType", "RateType"):
            element.text = pick(_DECIMALS)
        elif kind == "DateType":
            element.text = pick(_DATES)
        elif kind == "TimeType":
            element.text = pick(_TIMES)
        elif kind == "IndicatorType":
            element.text = pick(["true", "false"])
        elif kind in ("BinaryObjectType", "GraphicType", "PictureType", "SoundType", "VideoType"):
            element.set("mimeCode", "application/pdf")
            element.text = "SGVsbG8="
        elif kind == "IdentifierType":
            self._identifier(element, name)
        elif kind == "CodeType":
            self._code(element, name)
        else:
            element.text = pick(_TEXTS)
            if self._random.random() < 0.2:
                element.set("languageID", pick(["ja", "en"]))

    def _identifier(self, element: etree._Element, name: str) -> None:
        element.text = self._random.choice(_IDS)
        if self._random.random() < 0.4:
            element.set("schemeID", self._random.choice(_SCHEMES))
        if self._random.random() < 0.1:
            element.set("schemeAgencyID", "か\u3099")

    def _code(self, element: etree._Element, name: str) -> None:
        pick = self._random.choice
        element.text = pick(["AB", "AP", "CA", "RE", "1", "3", "5", "7", "42", "S", "E", "Z", "JP", "", "x" * 40])
        if self._bill and name in ("cbc:InvoiceTypeCode", "cbc:CreditNoteTypeCode"):
            element.text = pick(["380", "381", "384", "389", "480", "261", "x"])
        if name == "cbc:DocumentCurrencyCode" and (self._bill or self._random.random() < 0.9):
            element.text = self._currency
        if self._random.random() < 0.3:
            element.set("listID", pick(["UNCL4343", "ISO4217"]))
