"""Whether a message is valid ver.4.1, told without the official schemas: place, order, number, namespace, values.

A test compares the verdict with that of the schemas where they are at hand. Knows no field.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from node.papers.sme.grammar import ATTRIBUTES, INDICATOR, MOMENT, NUMBERS, UDT, Child, Grammar
from node.papers.sme.tree import is_datetime, is_value
from node.papers.ubl.reading import Finding

MAX_FINDINGS = 100
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_INNER = {MOMENT: ("DateTime", "DateTimeString"), INDICATOR: ("Indicator", "IndicatorString")}


def check(root: etree._Element, rules: Grammar) -> list[Finding]:
    """What is not valid, at most MAX_FINDINGS of it; empty when valid."""
    if str(root.tag) != rules.root:
        return [Finding("", "is not in the namespace of ver.4.1")]
    namespace = rules.root[1:].partition("}")[0]
    found: list[Finding] = []
    for finding in _class(root, f"sme:{rules.message}", rules, namespace, ""):
        found.append(finding)
        if len(found) == MAX_FINDINGS:
            break
    return found


def _class(element: etree._Element, name: str, rules: Grammar, namespace: str, path: str) -> Iterator[Finding]:
    yield from _attributes(element, frozenset(), path)
    if _text(element):
        yield Finding(path, "holds text between its elements")
    children = list(element)
    at = 0
    for declared in rules.children(name) or ():
        tag = f"{{{namespace}}}{declared.name.partition(':')[2]}"
        count = 0
        while at < len(children) and str(children[at].tag) == tag:
            count += 1
            step = declared.name if count == 1 else f"{declared.name}[{count}]"
            yield from _element(children[at], declared, rules, namespace, f"{path}/{step}" if path else step)
            at += 1
        here = f"{path}/{declared.name}" if path else declared.name
        if count < declared.least:
            yield Finding(here, "is missing")
        if declared.most is not None and count > declared.most:
            yield Finding(here, f"stands more than {declared.most} times")
    if at < len(children):
        yield Finding(path, f"{etree.QName(children[at]).localname!r} is not expected there")


def _element(element: etree._Element, declared: Child, rules: Grammar, namespace: str, path: str) -> Iterator[Finding]:
    if not declared.kind:
        yield from _class(element, declared.name, rules, namespace, path)
    elif declared.kind in _INNER:
        yield from _inner(element, declared.kind, path)
    else:
        yield from _attributes(element, ATTRIBUTES[declared.kind], path)
        yield from _leaf(element, declared.kind, path)


def _leaf(element: etree._Element, kind: str, path: str) -> Iterator[Finding]:
    text = element.text or ""
    if len(element):
        yield Finding(path, "holds elements and may hold only text")
    elif not is_value(text, kind) or (kind in NUMBERS and not text.strip()):
        yield Finding(path, f"{text[:40]!r} is not a value of kind {kind}")


def _inner(element: etree._Element, kind: str, path: str) -> Iterator[Finding]:
    plain, string = _INNER[kind]
    yield from _attributes(element, frozenset(), path)
    children = list(element)
    names = {f"{{{UDT}}}{plain}": plain, f"{{{UDT}}}{string}": string}
    if len(children) != 1 or str(children[0].tag) not in names or _text(element):
        yield Finding(path, f"must hold one udt:{plain} or udt:{string}")
        return
    inner = children[0]
    if names[str(inner.tag)] == string:
        yield from _attributes(inner, ATTRIBUTES["string"], path)
        return
    text = (inner.text or "").strip()
    right = is_datetime(text) if kind == MOMENT else text in ("true", "false", "0", "1")
    yield from _attributes(inner, frozenset(), path)
    if not right:
        yield Finding(f"{path}/udt:{plain}", f"{text[:40]!r} is not a value of udt:{plain}")


def _attributes(element: etree._Element, allowed: frozenset[str], path: str) -> Iterator[Finding]:
    for key in element.attrib:
        if str(key) not in allowed and str(key) not in (f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation"):
            yield Finding(path, f"may not have the attribute {etree.QName(str(key)).localname}")


def _text(element: etree._Element) -> str:
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()
