"""What a document says: the multiset of (path, attributes, value) over its elements. The measure of every test here.

Independent of the code under test: it only uses the XML library. A path carries the index of each step among siblings
of the same name, so that the order of repeated elements counts. The value of an element with children is the text
between them, if it is not only white space.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lxml import etree

from tests.conftest import ROOT

Said = tuple[str, tuple[tuple[str, str], ...], str]
FIXTURES = ROOT / "tests" / "fixtures" / "ubl"
SAMPLES = ROOT / "node" / "papers" / "ubl" / "samples"
PUBLISHED = ROOT.parent / "shared" / "data"
OURS = [*sorted(SAMPLES.glob("*.xml")), *sorted(FIXTURES.glob("*.xml"))]


KINDS = ("Order", "OrderResponse", "Invoice", "CreditNote", "DespatchAdvice", "ReceiptAdvice", "Catalogue")


def published(*kinds: str) -> list[Path]:
    """Every document of ``kinds`` among the published samples beside the project; none where they are absent."""
    found: list[Path] = []
    for folder in ("peppol/examples", "ubl-2.1/examples", "jp-pint/examples"):
        found += sorted((PUBLISHED / folder).glob("*.xml"))
    wanted = kinds or KINDS
    return [path for path in found if etree.QName(etree.parse(path).getroot()).localname in wanted]


def parse(data: bytes) -> etree._Element:
    """The root, whatever the encoding; comments and processing instructions are no part of what is said."""
    for encoding in ("cp932", "euc_jp"):
        name = {"cp932": b"Shift_JIS", "euc_jp": b"EUC-JP"}[encoding]
        if name in data[:80]:
            data = data.decode(encoding).partition("?>")[2].encode()
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False, no_network=True)
    return etree.fromstring(data, parser)


def said(data: bytes) -> Counter[Said]:
    """The multiset of a document."""
    found: Counter[Said] = Counter()
    _walk(parse(data), "", found)
    return found


def _walk(element: etree._Element, path: str, found: Counter[Said]) -> None:
    children = list(element)
    value = element.text or ""
    if children:
        value = "".join([value, *(child.tail or "" for child in children)])
        value = value if value.strip() else ""
    if value or element.attrib or not children:
        found[path, tuple(sorted((str(k), str(v)) for k, v in element.attrib.items())), value] += 1
    counts: Counter[str] = Counter()
    for child in children:
        counts[str(child.tag)] += 1
        _walk(child, f"{path}/{child.tag}[{counts[str(child.tag)]}]", found)
