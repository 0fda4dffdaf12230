"""A UBL document as plain nodes: what stands where. Between the XML library and the mapping.

Owns the index of siblings, the place of elements that UBL 2.1 does not know, and the schema's order when a document is
made. Knows no field of any paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lxml import etree

from node.papers.ubl import names, xml
from node.papers.ubl.names import Step
from node.papers.ubl.schema import Grammar
from protocol.errors import CallerFault

if TYPE_CHECKING:
    from node.papers.ubl.codecs import Codec

STATEMENT = "urn:yui:order-statement:1"  # our own extension: items of a Japanese order that UBL has no element for
_NO_PLACE: Mapping[str, int] = {}


class Node:
    """An element. ``text``: None for one that only holds others; ``raw``: foreign XML inside an extension.

    The rest is set on nodes made from a field. ``codec`` says how its text compares; ``optional``: a default that the
    document may not say; ``soft``: one instead of which it may say anything. ``item``: one item of a list of the body;
    ``closed``: names of children that only fields may make. ``after``: for a name that its parent's sequence lacks,
    the sibling it follows.
    """

    __slots__ = (
        "after",
        "attribute_codecs",
        "attributes",
        "children",
        "closed",
        "codec",
        "explicit",
        "item",
        "optional",
        "optional_attributes",
        "raw",
        "soft",
        "step",
        "text",
    )

    def __init__(self, step: Step) -> None:
        self.step = step
        self.text: str | None = None
        self.raw: str | None = None
        self.attributes: dict[str, str] = {}
        self.children: dict[Step, Node] = {}
        self.codec: Codec[Any] | None = None
        self.attribute_codecs: dict[str, Codec[Any]] = {}
        self.optional = False
        self.optional_attributes: set[str] = set()
        self.soft = False
        self.item = False
        self.closed: set[str] = set()
        self.explicit = False
        self.after: str | None = None

    def child(self, step: Step) -> Node:
        """The child at ``step``, made if it is not there."""
        found = self.children.get(step)
        if found is None:
            found = self.children[step] = Node(step)
        return found

    def at(self, path: str) -> Node | None:
        """The node at a path below this one, or None."""
        node: Node | None = self
        for step in names.parse_path(path):
            node = node.children.get(step) if node else None
        return node

    def make(self, path: str) -> Node:
        """The node at a path below this one, made if it is not there."""
        node = self
        for step in names.parse_path(path):
            node = node.child(step)
        return node

    def items(self, path: str, *, start: int = 1) -> Iterator[tuple[Step, Node]]:
        """Siblings of the last step's name in a row from index ``start``."""
        *above, last = names.parse_path(path)
        node: Node | None = self
        for step in above:
            node = node.children.get(step) if node else None
        index = start
        while node is not None:
            step = Step(last.name, index)
            found = node.children.get(step)
            if found is None:
                return
            yield step, found
            index += 1


def from_element(root: etree._Element, grammar: Grammar) -> Node:
    """The nodes of a parsed document. Comments and processing instructions are not part of it."""
    node = Node(Step(names.short(str(root.tag))))
    _fill(node, root, grammar, str(root.tag))
    return node


def _fill(node: Node, element: etree._Element, grammar: Grammar, name: str) -> None:
    for key, value in element.attrib.items():
        node.attributes[str(key)] = str(value)
    if not len(element):
        node.text = element.text or ""
        return
    if name == names.EXTENSION_CONTENT and not _is_statement(element):
        node.raw = _foreign(element)
        return
    node.text = _stray(element)
    ranks = grammar.ranks(name)
    counts: dict[str, int] = {}
    previous = ""
    for child in element:
        short = names.short(str(child.tag))
        start = 0 if short == "ext:UBLExtension" and _holds_statement(child) and 0 not in counts.values() else 1
        index = counts[short] = counts[short] + 1 if short in counts else start
        below = node.child(Step(short, index))
        if ranks is not None:
            if short in ranks:
                previous = short
            else:
                below.after = previous
        _fill(below, child, grammar, short)


def _stray(element: etree._Element) -> str | None:
    """Text that stands between child elements, where UBL has none; None when there is only white space."""
    pieces = [element.text or "", *(child.tail or "" for child in element)]
    text = "".join(pieces)
    return text if text.strip() else None


def _is_statement(content: etree._Element) -> bool:
    return len(content) == 1 and str(content[0].tag) == f"{{{STATEMENT}}}OrderStatement"


def _holds_statement(extension: etree._Element) -> bool:
    content = extension.find(names.tag(names.EXTENSION_CONTENT))
    return content is not None and _is_statement(content)


def _foreign(content: etree._Element) -> str:
    """Children of an extension as canonical XML, with the prefixes that their texts may mean."""
    pieces = [_escape(content.text)]
    for child in content:
        words = {word.partition(":")[0] for text in _texts(child) if ":" in text for word in text.split()}
        used = sorted(prefix for prefix in child.nsmap if prefix in words)
        pieces.append(
            etree.tostring(
                child, method="c14n", exclusive=True, inclusive_ns_prefixes=used, with_comments=False, with_tail=False
            ).decode("utf-8")
        )
        pieces.append(_escape(child.tail))
    return "".join(pieces)


def _texts(element: etree._Element) -> Iterator[str]:
    for one in element.iter():
        yield from (one.text or "", one.tail or "", *(str(value) for value in one.attrib.values()))


def _escape(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_element(root: Node, root_tag: str, grammar: Grammar, *, known_only: bool = False) -> etree._Element:
    """The XML of ``root`` with every sequence in the schema's order.

    ``known_only`` leaves out what UBL 2.1 does not declare at its place. Raises CallerFault naming the element for text
    that XML cannot say.
    """
    # Foreign elements without a namespace would fall into a default one.
    default = "doc" if _holds_bare(root) else None
    prefixes: dict[Any, str] = {default: root_tag[1:].partition("}")[0], "cac": names.CAC, "cbc": names.CBC}
    element = etree.Element(root_tag, nsmap=prefixes)
    _emit(root, element, grammar, root_tag, "", known_only)
    _indent(element, "\n")
    return element


def _indent(element: etree._Element, margin: str) -> None:
    """Two spaces a level. Texts of leaves and everything inside an extension stay as they are."""
    if not len(element) or element.text or element.tag == names.tag(names.EXTENSION_CONTENT):
        return
    element.text = margin + "  "
    for child in element:
        _indent(child, margin + "  ")
        child.tail = margin + "  "
    element[-1].tail = margin


def _holds_bare(node: Node) -> bool:
    if node.step.name.startswith("{}"):
        return True
    if node.raw is not None:
        return any(not str(element.tag).startswith("{") for element in _parse_raw(node.raw).iterdescendants())
    return any(_holds_bare(child) for child in node.children.values())


def _emit(node: Node, element: etree._Element, grammar: Grammar, name: str, path: str, known_only: bool) -> None:
    try:
        for key, value in node.attributes.items():
            element.set(names.attribute(key), value)
        if node.text:
            element.text = node.text
    except ValueError:
        raise CallerFault(path, "holds a character that XML does not allow") from None
    if node.raw is not None:
        _emit_raw(node.raw, element)
    ranks = grammar.ranks(name)
    for child in _sorted(node, ranks):
        if known_only and ranks is not None and child.step.name not in ranks:
            continue
        below = f"{path}/{child.step}" if path else str(child.step)
        made = etree.SubElement(element, names.tag(child.step.name))
        _emit(child, made, grammar, child.step.name, below, known_only)


def _parse_raw(raw: str) -> etree._Element:
    """Foreign XML that was kept: a stranger's, so it passes the same gate again."""
    return xml.parse(f"<x>{raw}</x>".encode()).root


def _emit_raw(raw: str, element: etree._Element) -> None:
    parsed = _parse_raw(raw)
    element.text = parsed.text
    for child in list(parsed):
        element.append(child)


def _sorted(node: Node, ranks: Mapping[str, int] | None) -> list[Node]:
    """Children by place in the sequence, then index; what has no place follows the sibling it followed."""
    if ranks is None:
        return list(node.children.values())
    last = len(ranks)

    def place(child: Node) -> tuple[float, int]:
        rank = ranks.get(child.step.name)
        if rank is not None:
            return rank, child.step.number
        return (ranks.get(child.after, -1) + 0.5 if child.after is not None else last), 0

    return sorted(node.children.values(), key=place)
