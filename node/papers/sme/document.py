"""SME Common EDI bytes to a paper and back. Puts the pieces together: parser, mending, mapping, rules, what is kept.

Reading warns, writing is strict: what is written is valid ver.4.1, also for a document that was not. What a document
says beyond the fields is kept in the paper and comes out again, unless ver.4.1 cannot say it. Knows no process, no
store and no subprocess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
from lxml import etree
from msgspec.structs import replace

from node.papers.sme import billing, kinds, notes, packing, rows, tree, valid
from node.papers.sme.grammar import NUMBERS, VERSION, Grammar, grammar, message_of
from node.papers.sme.kinds import Kind
from node.papers.sme.rows import Sme
from node.papers.sme.settle import settle
from node.papers.ubl import kept, names, xml
from node.papers.ubl.leftovers import differences
from node.papers.ubl.reading import Finding, Reading
from node.papers.ubl.rows import Missing, fill_all, make_all
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.limits import MAX_DOCUMENT_BYTES
from protocol.process.trade import papers
from protocol.process.trade.papers import Kept, Order, Paper, Personal, SelfBilledResponse, SelfBilledStatement
from protocol.process.trade.papers.base import THROUGH_LINK

ORIGIN = "sme-4.1/"
_PERSONS = frozenset({"sme:DefinedCITradeContact"})
_MARK = "#sme "
MAX_MARKS = 2_000


def load() -> None:
    """Read the table of elements now, while files may be opened."""
    for message in kinds.MESSAGES:
        grammar(message)


def read(data: bytes) -> Reading:
    """The paper in a message of the SME Common EDI.

    Raises:
        Malformed, TooLarge: see :func:`node.papers.ubl.xml.parse`; also a root element that is not known here.
        CallerFault: something no paper may say (negative or overflowing amount, no date); names the element.
    """
    parsed = xml.parse(data)
    return read_root(parsed.root, data, parsed.oddities)


def read_root(root: etree._Element, data: bytes, oddities: tuple[str, ...] = ()) -> Reading:
    """As :func:`read`, of a document that is parsed already."""
    message, version = _message(root)
    rules = grammar(message)
    context = Sme(digest=hashlib.sha256(data).hexdigest(), message=message)
    context.findings += [Finding("", oddity) for oddity in oddities]
    if version != VERSION:
        context.warn("", f"ver.{version.replace('p', '.')} was read as ver.4.1, and is written as that")
    said = tree.from_element(root, rules, context.findings)
    kind = kinds.told_by(message, said)
    context.tax_included = notes.says_included(said, kind.notes)
    try:
        values = {"lines": (), **fill_all(kind.rows, said, context, "")}
        personal = Personal(**fill_all(kind.contacts, said, context, ""))
    except Missing as broken:
        raise CallerFault(str(broken), "is required") from None
    if "currency" not in values and any(getattr(line, "discount", None) is not None for line in values["lines"]):
        values["currency"] = context.currency
    values = {name: value for name, value in values.items() if name in kind.struct.__struct_fields__}
    body = settle(kind.struct(**values, origin=ORIGIN + kind.message), context.findings)
    return _with_kept(body, personal, said, kind, rules, context)


def _message(root: etree._Element) -> tuple[str, str]:
    """(message, version)."""
    found = message_of(str(root.tag))
    if found is None or found[0] not in kinds.MESSAGES:
        tag = str(root.tag)
        local, space = tag.rpartition("}")[2][:60], tag[1:].rpartition("}")[0][:120]
        raise Malformed(
            f"the document is {local!r} of namespace {space!r}, not a message of the SME Common EDI read here"
        )
    return found


def _with_kept(body: Any, personal: Personal, said: Node, kind: Kind, rules: Grammar, context: Sme) -> Reading:
    made = _made(body, personal, kind, context.marks, None)
    business, private = kept.take(made, said, _PERSONS)
    business = [one for one in business if not _demanded(one, rules, said)]
    if kind.lines and any(f"{kind.lines}(" in entry.path for entry in (*business, *private)):
        business.insert(0, kept.ids_entry(kind.lines, _ids(body)))
    business += [
        Kept(path=_MARK + at, value=msgspec.json.encode(marks).decode()) for at, marks in context.marks.items()
    ]
    body = replace(body, kept=tuple(packing.pack(business)))
    personal = replace(personal, kept=tuple(packing.pack(private)))
    content = papers.encode(body)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise TooLarge(f"the paper has {len(content)} bytes, the limit is {MAX_DOCUMENT_BYTES}: attach what is large")
    papers.decode(papers.TYPE_OF[type(body)], papers.VERSION, content)
    papers.decode_personal(papers.encode(personal))
    _laid(body, personal, kind, None, context.findings)
    return Reading(body, personal, tuple(context.findings))


def _demanded(entry: Kept, rules: Grammar, said: Node) -> bool:
    """Whether an entry tells that the document lacks a number that ver.4.1 demands beside what it says: ours stays."""
    if not entry.path.startswith("-"):
        return False
    above, _, last = entry.path[1:].rpartition("/")
    holder = said.at(above.replace("(", "[").replace(")", "]")) if "@" not in last else None
    if holder is None:
        return False
    declared = rules.child(holder.step.name, last)
    return declared is not None and declared.least > 0 and declared.kind in NUMBERS


def _ids(body: Any) -> list[str]:
    return [line.line_id for line in getattr(body, "lines", ())]


def _made(body: Any, personal: Personal, kind: Kind, marks: dict[str, list[str]], past: Paper | None) -> Node:
    """What the fields alone make."""
    made = Node(names.Step(f"sme:{kind.message}"))
    order = past if isinstance(past, Order) else None
    context = Sme(currency=body.currency or "JPY", message=kind.message, marks=marks, order=order)
    context.tax_included = bool(getattr(body, "tax_included", False))
    make_all(kind.rows, body, made, context)
    if isinstance(body, SelfBilledResponse) and isinstance(past, SelfBilledStatement):
        whole = Sme(currency=past.currency, message=kind.message, tax_included=past.tax_included)
        make_all(billing.repeated(past, kind.message), past, made, whole)
    make_all(kind.contacts, personal, made, context)
    return made


def write(body: Paper, personal: Personal | None = None, past: Paper | None = None) -> bytes:
    """The message that ``body`` and ``personal`` say: always valid ver.4.1.

    ``past``: the order that the paper answers, ships or receives, or the statement that it answers, where it is
    known: ver.4.1 wants its quantities and prices repeated. Raises CallerFault naming the element or field, Malformed
    for kept entries that are none.
    """
    if past is not None and body.origin in ("", THROUGH_LINK):
        body = kinds.completed(body, past)
    return xml.serialise(_laid(body, personal or Personal(), kinds.of(body), past, None))


def _laid(
    body: Any, personal: Personal, kind: Kind, past: Paper | None, filled: list[Finding] | None
) -> etree._Element:
    """The document: what the fields make, and what is kept laid over it."""
    marks, entries = _marks(body.kept)
    made = _made(body, personal, kind, marks, past)
    ours = list(_numbers(made, grammar(kind.message)))
    kept.lay(
        made, (*packing.unpack(entries), *packing.unpack(personal.kept)), {kind.lines: _ids(body)} if kind.lines else {}
    )
    for node, text in ours:
        if node.text is not None and not tree.is_value(node.text, "numeric"):
            node.text = text  # a spelling that ver.4.1 does not have, such as 1E2
    _forbid(made, body.currency or "JPY")
    return tree.to_element(made, grammar(kind.message), filled)


def _numbers(node: Node, rules: Grammar) -> Iterator[tuple[Node, str]]:
    """Every number that a field makes, and its text."""
    if node.codec is not None and node.text is not None and rules.kind(node.step.name) in NUMBERS:
        yield node, node.text
    for child in node.children.values():
        yield from _numbers(child, rules)


def _marks(entries: tuple[Kept, ...]) -> tuple[dict[str, list[str]], list[Kept]]:
    """Marks by place, and all other entries."""
    marks: dict[str, list[str]] = {}
    rest = []
    for entry in entries:
        if not entry.path.startswith(_MARK):
            rest.append(entry)
            continue
        try:
            found = msgspec.json.decode(entry.value, type=list[str])
        except msgspec.MsgspecError:
            raise Malformed("kept: the marks of a list are unreadable") from None
        marks[entry.path.removeprefix(_MARK)] = found[:MAX_MARKS]
    return marks, rest


def _forbid(node: Node, currency: str) -> None:
    """An entry may not give an amount of ours another currency, nor a quantity of ours a unit."""
    if node.codec is not None:
        if node.attributes.get("currencyID", currency).strip() != currency:
            del node.attributes["currencyID"]
        if rows.UNITLESS in node.closed:
            node.attributes.pop("unitCode", None)
    for child in node.children.values():
        _forbid(child, currency)


def unsaid(body: Paper, personal: Personal | None = None) -> list[str]:
    """Paths of the fields that the message has no place for and :func:`write` therefore leaves out."""
    kind, people = kinds.of(body), personal or Personal()
    made = _made(body, people, kind, {}, None)
    context = Sme(digest="0" * 64, message=kind.message, tax_included=bool(getattr(body, "tax_included", False)))
    heard = fill_all(kind.rows, made, context, "")
    known = {name: value for name, value in heard.items() if name in kind.struct.__struct_fields__}
    read_back = kind.struct(**{"lines": (), **known} if "lines" in kind.struct.__struct_fields__ else known)
    contacts = Personal(**fill_all(kind.contacts, made, context, ""))
    lost = [*_without_joined(differences(body, read_back)), *differences(people, contacts)]
    return [path for path in lost if path != "currency" or body.currency != rows.YEN]


def _without_joined(paths: Any) -> list[str]:
    """Pieces of an address are said, in one line."""
    joined = (".address.region", ".address.city", ".address.street", ".address.building", ".address.lines")
    return [path for path in paths if not any(part in path for part in joined)]


def validate(data: bytes) -> list[Finding]:
    """What in a message is not valid ver.4.1; empty when valid. Raises Malformed for what is no such message."""
    root = xml.parse(data).root
    message, _ = _message(root)
    return valid.check(root, grammar(message))
