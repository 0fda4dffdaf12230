"""A message of the SME Common EDI as plain nodes, and back. Owns what is mended on the way in and guaranteed
on the way out.

The official instances are not valid: they put ``DateTime`` into the message's namespace, leave elements empty and miss
others. Reading mends what can be mended without guessing (:func:`from_element` says what it did). Writing
(:func:`to_element`) gives every sequence its order and its number, fills what ver.4.1 demands and nobody states with
empty text, and leaves out what ver.4.1 cannot say; a number that is demanded and not there is refused.

``DateTimeString`` is read as ``udt:DateTime`` with the attribute :data:`STRING`, so that a place has one name; likewise
``IndicatorString``. Knows no field.
"""

from __future__ import annotations

import base64
import binascii
import re
from fractions import Fraction
from typing import Any, Final
from unicodedata import normalize

from lxml import etree

from node.papers.sme.grammar import ATTRIBUTES, INDICATOR, MOMENT, NUMBERS, UDT, WORDS, Child, Grammar
from node.papers.ubl.codecs import spell
from node.papers.ubl.names import Step
from node.papers.ubl.reading import Finding
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault

STRING: Final = "asString"
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_LOCATIONS: Final = frozenset({f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation"})
_DECIMAL: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_DATETIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INNER: Final = {MOMENT: ("DateTime", "DateTimeString"), INDICATOR: ("Indicator", "IndicatorString")}


# ---- in ----------------------------------------------------------------------------------------------------------


def from_element(root: etree._Element, grammar: Grammar, findings: list[Finding]) -> Node:
    """The nodes of a parsed message. What was mended or cannot be written again is told in ``findings``."""
    return _Reader(root, grammar, findings).read()


class _Reader:
    def __init__(self, root: etree._Element, grammar: Grammar, findings: list[Finding]) -> None:
        self._root = root
        self._namespace = str(root.tag)[1:].partition("}")[0]
        self._grammar = grammar
        self._findings = findings
        self._empty = self._moved = 0

    def read(self) -> Node:
        name = f"sme:{self._grammar.message}"
        node = Node(Step(name))
        self._fill(node, self._root, name, "")
        if self._moved:
            self._tell("", f"{self._moved} values stood in the wrong namespace: read as udt:DateTime or udt:Indicator")
        if self._empty:
            self._tell("", f"{self._empty} empty elements were left out")
        return node

    def _tell(self, path: str, rule: str) -> None:
        self._findings.append(Finding(path, rule))

    def _fill(self, node: Node, element: etree._Element, name: str, path: str) -> None:
        node.attributes.update((str(key), str(value)) for key, value in element.attrib.items())
        kind = self._grammar.kind(name)
        if kind in _INNER:
            self._fill_inner(node, element, kind, path)
            return
        if not len(element):
            if kind != "" or (element.text or "").strip():
                node.text = self._mended(element.text or "", kind, path)
            return
        text = "".join([element.text or "", *(child.tail or "" for child in element)])
        if text.strip():
            self._tell(path, "has text between its elements: it is left out")
        self._fill_children(node, element, name, path)

    def _fill_children(self, node: Node, element: etree._Element, name: str, path: str) -> None:
        ranks = self._grammar.ranks(name) or {}
        counts: dict[str, int] = {}
        previous = ""
        for child in element:
            short = self._short(str(child.tag))
            step = Step(short, counts.get(short, 0) + 1)
            below = Node(step)
            here = f"{path}/{step}" if path else str(step)
            self._fill(below, child, short, here)
            if below.text is None and not below.children and not below.attributes:
                self._empty += 1
                continue
            if short in ranks:
                previous = short
                declared = self._grammar.child(name, short)
                if declared is not None and declared.most is not None and step.number > declared.most:
                    self._tell(here, f"stands more than {declared.most} times: kept, and not written")
            else:
                below.after = previous
                self._tell(here, "is not an element of ver.4.1 here: kept, and not written")
            counts[short] = step.number
            node.children[step] = below

    def _short(self, tag: str) -> str:
        namespace, _, local = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
        if namespace == self._namespace:
            return f"sme:{local}"
        return f"udt:{local}" if namespace == UDT else f"{{{namespace}}}{local}"

    def _fill_inner(self, node: Node, element: etree._Element, kind: str, path: str) -> None:
        """A moment or truth value: one child, whichever way it is written."""
        plain, string = _INNER[kind]
        inner = next((child for child in element if etree.QName(child).localname in (plain, string)), None)
        source = element if inner is None else inner
        text = source.text or ""
        if len(element) > (inner is not None) or len(source) > (inner is None and len(element)):
            self._tell(path, "has more than one value: only the first is read")
        if not text.strip():
            return
        made = node.child(Step(f"udt:{plain}"))
        if inner is None:
            self._moved += 1
        else:
            made.attributes.update((str(key), str(value)) for key, value in inner.attrib.items())
            self._moved += etree.QName(inner).namespace != UDT
        if inner is not None and etree.QName(inner).localname == string:
            made.attributes[STRING] = "1"
            made.text = text
        else:
            made.text = self._mended_inner(text, kind, f"{path}/udt:{plain}")
            if not _is_inner(made.text, kind):
                made.attributes[STRING] = "1"
                self._tell(path, f"{text[:40]!r} is no udt:{plain}: kept as udt:{string}")

    def _mended_inner(self, text: str, kind: str, path: str) -> str:
        clean = normalize("NFKC", text).strip()
        if kind == MOMENT and _DATE.fullmatch(clean):
            self._tell(path, "is a day without a time: read as its midnight")
            return f"{clean}T00:00:00"
        return text

    def _mended(self, text: str, kind: str | None, path: str) -> str | None:
        """Text of a leaf; None for one that holds nothing."""
        if not text.strip():
            return None
        if kind in NUMBERS and not _DECIMAL.fullmatch(text.strip()):
            clean = normalize("NFKC", text).strip()
            if _GROUPED.fullmatch(clean):
                clean = clean.replace(",", "")
            if _DECIMAL.fullmatch(clean):
                self._tell(path, f"{text[:40]!r} is no decimal number: read as {clean}")
                return clean
            self._tell(path, f"{text[:40]!r} is no number: kept, and not written")
        return text


def _is_inner(text: str, kind: str) -> bool:
    clean = text.strip()
    if kind == INDICATOR:
        return clean in ("true", "false", "0", "1")
    return is_datetime(clean)


def is_datetime(text: str) -> bool:
    """Whether text is an ``xs:dateTime``."""
    found = _DATETIME.fullmatch(text)
    if found is None:
        return False
    year, month, day, hour, minute, second = (int(found[at]) for at in range(1, 7))
    if not (1 <= month <= 12 and 1 <= day <= 31 and minute <= 59 and second <= 59 and year):
        return False
    late = hour == 24 and minute == second == 0 and not (found[7] or "").strip(".0")
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 30 if month in (4, 6, 9, 11) else 31 if month != 2 else 29 if leap else 28
    zone = found[8] or "Z"
    right_zone = zone == "Z" or (int(zone[1:3]) < 14 and int(zone[4:]) <= 59) or zone[1:] == "14:00"
    return day <= longest and (hour <= 23 or late) and right_zone


# ---- out ---------------------------------------------------------------------------------------------------------


def to_element(root: Node, grammar: Grammar, filled: list[Finding] | None = None) -> etree._Element:
    """The XML of ``root``, valid ver.4.1. ``filled`` takes the numbers that ver.4.1 demands and nothing states.

    Raises CallerFault naming the element for a text that XML cannot say.
    """
    tag = grammar.root
    message = tag[1:].partition("}")[0]
    prefixes: dict[Any, str] = {None: message, "udt": UDT}
    element = etree.Element(tag, nsmap=prefixes)
    for key, value in root.attributes.items():
        if key in _LOCATIONS:
            element.set(key, value)
    _Writer(grammar, message, filled).fill(root, element, f"sme:{grammar.message}", "")
    etree.indent(element, "  ")
    return element


class _Writer:
    def __init__(self, grammar: Grammar, message: str, filled: list[Finding] | None) -> None:
        self._grammar = grammar
        self._filled = filled
        self._namespaces = {"sme": message, "udt": UDT}

    def fill(self, node: Node, element: etree._Element, name: str, path: str) -> bool:
        """Put what stands in ``node`` into ``element``, in order and number; whether there was anything."""
        found = False
        by_name: dict[str, list[Node]] = {}
        for child in node.children.values():
            by_name.setdefault(child.step.name, []).append(child)
        made: dict[str, list[etree._Element]] = {}
        for declared in self._grammar.children(name) or ():
            places = sorted(by_name.get(declared.name, ()), key=lambda child: child.step.number)
            for child in places[: declared.most]:
                below = self._element(declared.name)
                here = f"{path}/{child.step}" if path else str(child.step)
                if self._emit(child, below, declared, here):
                    made.setdefault(declared.name, []).append(below)
                    found = True
        if found or not path:
            self._put(element, name, path, made)
        return found or not path

    def _put(self, element: etree._Element, name: str, path: str, made: dict[str, list[etree._Element]]) -> None:
        for declared in self._grammar.children(name) or ():
            there = made.get(declared.name, [])
            element.extend(there)
            for _ in range(declared.least - len(there)):
                below = self._filler(declared, f"{path}/{declared.name}" if path else declared.name)
                if declared.kind in NUMBERS:
                    below.text = _number(declared.name, made)
                element.append(below)
                made.setdefault(declared.name, []).append(below)

    def _element(self, name: str) -> etree._Element:
        prefix, _, local = name.partition(":")
        return etree.Element(f"{{{self._namespaces[prefix]}}}{local}")

    def _emit(self, node: Node, element: etree._Element, declared: Child, path: str) -> bool:
        if declared.kind in _INNER:
            return self._emit_inner(node, element, declared.kind, path)
        if not declared.kind:
            return self.fill(node, element, declared.name, path)
        attributes = {key: value for key, value in node.attributes.items() if key in ATTRIBUTES[declared.kind]}
        if not is_value(node.text or "", declared.kind) or (not node.text and not attributes):
            return False
        self._set(element, node.text or "", attributes, path)
        return True

    def _emit_inner(self, node: Node, element: etree._Element, kind: str, path: str) -> bool:
        plain, string = _INNER[kind]
        inner = node.children.get(Step(f"udt:{plain}"))
        if inner is None or not inner.text:
            return False
        as_string = STRING in inner.attributes or not _is_inner(inner.text, kind)
        below = etree.SubElement(element, f"{{{UDT}}}{string if as_string else plain}")
        given = inner.attributes.get("format")
        fits = as_string and given is not None and (given != "102" or re.fullmatch("[0-9]{8}", inner.text.strip()))
        self._set(below, inner.text, {"format": given} if fits and given is not None else {}, f"{path}/udt:{plain}")
        return True

    def _set(self, element: etree._Element, text: str, attributes: dict[str, str], path: str) -> None:
        try:
            element.text = text
            for key, value in attributes.items():
                element.set(key, value)
        except ValueError:
            raise CallerFault(path, "holds a character that XML does not allow") from None

    def _filler(self, declared: Child, path: str) -> etree._Element:
        """What ver.4.1 demands and nobody states: nothing, in its proper form."""
        element = self._element(declared.name)
        if declared.kind in _INNER:
            etree.SubElement(element, f"{{{UDT}}}{_INNER[declared.kind][1]}")
        elif not declared.kind:
            self._put(element, declared.name, path, {})
        elif declared.kind in NUMBERS and self._filled is not None:
            self._filled.append(Finding(path, "is a number that ver.4.1 demands: one is written for it"))
        return element


def _number(name: str, made: dict[str, list[etree._Element]]) -> str:
    """A number that ver.4.1 demands and nothing states: what the numbers of a tax beside it tell, else 0."""

    def beside(other: str) -> Fraction | None:
        there = made.get(f"sme:{other}")
        return Fraction((there[0].text or "0").strip()) if there else None

    tax, net, gross = beside("CalculatedAmount"), beside("BasisAmount"), beside("GrandTotalAmount")
    rate = beside("RateApplicablePercent")
    found: Fraction | None = None
    if name == "sme:BasisAmount" and gross is not None and tax is not None:
        found = gross - tax
    elif name == "sme:GrandTotalAmount" and net is not None:
        found = net + (tax if tax is not None else net * rate / 100 if rate is not None else 0)
    elif name == "sme:CalculatedAmount" and net is not None and gross is not None:
        found = gross - net
    elif name == "sme:CalculatedRate" and rate is not None:
        found = rate / 100
    for scale in range(7):
        if found is not None and (found * 10**scale).denominator == 1:
            return spell(int(found * 10**scale), scale)
    return "0"


def is_value(text: str, kind: str) -> bool:
    """Whether ver.4.1 allows this text in a leaf of this kind."""
    if kind in WORDS:
        return True
    if kind in NUMBERS:
        return _DECIMAL.fullmatch(text.strip()) is not None
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
