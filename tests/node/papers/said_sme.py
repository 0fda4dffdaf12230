"""What a message of the SME Common EDI says: the multiset of (path, attributes, value) over its elements.

Independent of the code under test. What ``docs/papers-sme.md`` says is mended counts as mended: empty elements say
nothing, and a moment or truth value is in the namespace of the data types whichever it stood in.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from lxml import etree

from node.papers.sme.grammar import UDT
from tests.conftest import ROOT
from tests.node.papers.said import PUBLISHED, Said, parse

SCHEMAS = PUBLISHED / "sme-edi" / "xsd-4.1"
INSTANCES = sorted((PUBLISHED / "sme-edi").rglob("*.xml"))
FIXTURES = sorted((ROOT / "tests" / "fixtures" / "sme").glob("*.xml"))
_INNER = frozenset({"DateTime", "DateTimeString", "Indicator", "IndicatorString"})
_XS = "{http://www.w3.org/2001/XMLSchema}"


def said(data: bytes) -> Counter[Said]:
    """The multiset of a document."""
    found: Counter[Said] = Counter()
    _walk(parse(data), "", found)
    return found


def _walk(element: etree._Element, path: str, found: Counter[Said]) -> bool:
    """Counts what ``element`` says; whether it says anything."""
    children = list(element)
    value = "" if children else (element.text or "").strip()
    attributes = tuple(sorted((str(key), str(text)) for key, text in element.attrib.items() if "}" not in str(key)))
    counts: Counter[str] = Counter()
    told = False
    for child in children:
        name = str(child.tag)
        local = name.rpartition("}")[2]
        if local in _INNER:
            name = f"{{{UDT}}}{local}"
        # Only those that say something are counted: an empty one is no place.
        inner: Counter[Said] = Counter()
        if _walk(child, f"{path}/{name}[{counts[name] + 1}]", inner):
            counts[name] += 1
            found.update(inner)
            told = True
    if value or attributes:
        found[path, attributes, value] += 1
    return told or bool(value or attributes)


@lru_cache(maxsize=16)
def schema(message: str) -> etree.XMLSchema:
    """The official schema. Three of them name one element three times in a row, which is not deterministic: once, with
    the number of times, says the same."""
    tree = etree.parse(SCHEMAS / f"{message}.xsd")
    for sequence in tree.iter(f"{_XS}sequence"):
        elements = sequence.findall(f"{_XS}element")
        for before, after in pairwise(elements):
            if before.get("name") == after.get("name") and before.get("minOccurs") == "0":
                _merge(sequence, [one for one in elements if one.get("name") == before.get("name")])
                break
    return etree.XMLSchema(tree)


def _merge(sequence: etree._Element, same: list[etree._Element]) -> None:
    same[0].set("maxOccurs", str(len(same)))
    for one in same[1:]:
        sequence.remove(one)


def message_of(path: Path) -> str:
    """The message of a file: the local name of its root."""
    return etree.QName(etree.parse(path).getroot()).localname
