"""Names and paths of UBL: prefixes for namespaces, and the text form of a place in a document.

A *step* is a name and its index among siblings of the same name: ``cac:OrderLine[2]`` (``[1]`` is left out). A *path*
is steps joined by ``/``, from below the root; the root itself is the empty path. An attribute is ``path/@name``.
Names outside UBL's three component namespaces are written ``{namespace}local``. Owns nothing but this notation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from protocol.errors import Malformed
from protocol.limits import MAX_XML_DEPTH, MAX_XML_NODES

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
CAC = f"{_UBL}CommonAggregateComponents-2"
CBC = f"{_UBL}CommonBasicComponents-2"
EXT = f"{_UBL}CommonExtensionComponents-2"
PREFIXES = {"cac": CAC, "cbc": CBC, "ext": EXT}
_BY_NAMESPACE = {namespace: prefix for prefix, namespace in PREFIXES.items()}
ORDER = f"{{{_UBL}Order-2}}Order"
ORDER_RESPONSE = f"{{{_UBL}OrderResponse-2}}OrderResponse"
INVOICE = f"{{{_UBL}Invoice-2}}Invoice"
CREDIT_NOTE = f"{{{_UBL}CreditNote-2}}CreditNote"
DESPATCH_ADVICE = f"{{{_UBL}DespatchAdvice-2}}DespatchAdvice"
RECEIPT_ADVICE = f"{{{_UBL}ReceiptAdvice-2}}ReceiptAdvice"
CATALOGUE = f"{{{_UBL}Catalogue-2}}Catalogue"
ROOTS = (ORDER, ORDER_RESPONSE, INVOICE, CREDIT_NOTE, DESPATCH_ADVICE, RECEIPT_ADVICE, CATALOGUE)
EXTENSION_CONTENT = "ext:ExtensionContent"

_NAME = r"[^\W\d][\w.\-\u00b7]*"  # XML 1.0 NCName, near enough: lxml checks it again when it makes the element
_STEP = re.compile(rf"(?:(cac|cbc|ext|sme|udt):({_NAME})|(?:\{{([^{{}}\s]*)\}})({_NAME}))(?:\[(\d{{1,6}})\])?")
_ATTRIBUTE = re.compile(rf"(?:\{{([^{{}}\s]+)\}})?{_NAME}")
_XMLNS = "http://www.w3.org/2000/xmlns/"
_SPLIT = re.compile(r"/(?![^{]*\})")


class Step(NamedTuple):
    """One step of a path. ``name``: short form; ``number``: 1 for the first of its name."""

    name: str
    number: int = 1

    def __str__(self) -> str:
        return self.name if self.number == 1 else f"{self.name}[{self.number}]"


@lru_cache(maxsize=4096)
def short(tag: str) -> str:
    """``cbc:ID`` for lxml's ``{urn:…}ID``; tags of other namespaces stay in braces, those of none get ``{}``."""
    namespace, _, local = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
    prefix = _BY_NAMESPACE.get(namespace)
    return f"{prefix}:{local}" if prefix else f"{{{namespace}}}{local}"


@lru_cache(maxsize=4096)
def tag(name: str) -> str:
    """lxml's tag for a short name."""
    if name.startswith("{}"):
        return name[2:]
    if name.startswith("{"):
        return name
    prefix, _, local = name.partition(":")
    if prefix not in PREFIXES:  # the notation is shared with other formats
        raise Malformed(f"kept: {name[:80]!r} is not an element of UBL")
    return f"{{{PREFIXES[prefix]}}}{local}"


def split(path: str) -> list[str]:
    """The written steps of a path; a slash inside braces belongs to a namespace."""
    return _SPLIT.split(path) if "{" in path else path.split("/")


@lru_cache(maxsize=4096)
def parse_path(path: str) -> tuple[Step, ...]:
    """The steps of ``path``. Raises Malformed: it may come from a stranger's body."""
    if not path:
        return ()
    pieces = split(path)
    if len(pieces) > MAX_XML_DEPTH:
        raise Malformed(f"kept: a path has more than {MAX_XML_DEPTH} steps")
    return tuple(parse_step(piece) for piece in pieces)


@lru_cache(maxsize=4096)
def parse_step(text: str) -> Step:
    """One step. Raises Malformed."""
    found = _STEP.fullmatch(text)
    if found is None:
        raise Malformed(f"kept: {text[:80]!r} is not a step of a path")
    index = int(found[5] or 1)
    if index > MAX_XML_NODES:
        raise Malformed(f"kept: the index of {text[:80]!r} is too large")
    name = f"{found[1]}:{found[2]}" if found[1] else f"{{{found[3]}}}{found[4]}"
    if found[3] == _XMLNS:
        raise Malformed("kept: a namespace declaration is not an element")
    return Step(name, index)


@lru_cache(maxsize=4096)
def attribute(name: str) -> str:
    """lxml's name of an attribute: ``schemeID`` or ``{namespace}local``. Raises Malformed."""
    found = _ATTRIBUTE.fullmatch(name)
    if found is None or found[1] == _XMLNS or name == "xmlns":
        raise Malformed(f"kept: {name[:80]!r} is not the name of an attribute")
    return name
