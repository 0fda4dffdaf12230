"""UBL bytes to a paper and back. Puts the pieces together: parser, mapping, rules, what is kept, schema.

Reading warns, writing is strict (ADR 0002). What a document says beyond the fields is kept in the paper and comes out
again. Knows no process, no store and no subprocess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from node.papers.ubl import kept, names, order, order_response, parties, schema, tree, xml
from node.papers.ubl.leftovers import differences
from node.papers.ubl.reading import Finding, Reading
from node.papers.ubl.rows import Context, Missing, Row, fill_all, make_all
from node.papers.ubl.schema import Grammar
from node.papers.ubl.settle import settle
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.limits import MAX_DOCUMENT_BYTES
from protocol.process.trade import papers
from protocol.process.trade.papers import Order, OrderResponse, Personal

ORIGIN = "ubl-2.1"  # valid UBL 2.1 when it was read, so it is when it is written
ORIGIN_OTHER = "ubl"  # not valid UBL 2.1 (a later version, or faulty): comes out as it came in
P = TypeVar("P", Order, OrderResponse)


class Kind(NamedTuple):
    """One kind of document: its root, its paper, its rows, and what Peppol wants of one that we make."""

    tag: str
    type: str
    struct: Callable[..., Any]
    rows: tuple[Row, ...]
    contacts: tuple[Row, ...]
    mandatory: tuple[tuple[str, str], ...]


_ENDPOINTS = (
    ("cac:BuyerCustomerParty/cac:Party/cbc:EndpointID", "buyer.endpoint"),
    ("cac:SellerSupplierParty/cac:Party/cbc:EndpointID", "seller.endpoint"),
)
ORDER = Kind(
    names.ORDER,
    "order",
    Order,
    order.ORDER,
    order.ORDER_CONTACTS,
    (
        *_ENDPOINTS,
        ("cac:BuyerCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName", "buyer.name"),
        ("cac:SellerSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName", "seller.name"),
        (
            "cac:SellerSupplierParty/cac:Party/cac:PostalAddress/cac:Country/cbc:IdentificationCode",
            "seller.address.country",
        ),
        (order.CURRENCY.path, "currency"),
    ),
)
ORDER_RESPONSE = Kind(
    names.ORDER_RESPONSE,
    "order_response",
    OrderResponse,
    order_response.ORDER_RESPONSE,
    order_response.RESPONSE_CONTACTS,
    _ENDPOINTS,
)
KINDS = {kind.tag: kind for kind in (ORDER, ORDER_RESPONSE)}
BY_TYPE = {kind.type: kind for kind in KINDS.values()}


def read(data: bytes, kind: Kind | None = None) -> Reading:
    """The paper in a UBL document; ``kind`` None: whichever of the known kinds it is.

    Raises:
        Malformed, TooLarge: see :func:`node.papers.ubl.xml.parse`; also a root element that is not known here.
        CallerFault: something no paper may say (negative or overflowing amount, no number, no date); names the element.
    """
    parsed = xml.parse(data)
    found = _kind(str(parsed.root.tag), kind)
    grammar = schema.grammar()
    said = tree.from_element(parsed.root, grammar)
    context = Context(digest=hashlib.sha256(data).hexdigest())
    context.findings += [Finding("", oddity) for oddity in parsed.oddities]
    try:
        values = {"lines": (), **fill_all(found.rows, said, context, "")}
        personal = Personal(**fill_all(found.contacts, said, context, ""))
    except Missing as broken:
        raise CallerFault(str(broken), "is required") from None
    invalid = schema.check(parsed.root)
    context.findings += invalid
    body = settle(found.struct(**values, origin=ORIGIN_OTHER if invalid else ORIGIN), context.findings)
    return _with_kept(body, personal, said, found, grammar, context.findings)


def _kind(root: str, wanted: Kind | None) -> Kind:
    found = KINDS.get(root)
    if found is None or (wanted is not None and found is not wanted):
        local = root.rpartition("}")[2][:60]
        expected = f"an {wanted.type.replace('_', ' ')}" if wanted else "an order or an order response"
        raise Malformed(f"the document is {local!r} of namespace {root[1:].rpartition('}')[0][:120]!r}, not {expected}")
    return found


def _with_kept(
    body: Order | OrderResponse, personal: Personal, said: Node, kind: Kind, grammar: Grammar, findings: list[Finding]
) -> Reading:
    made = _made(body, personal, kind)
    persons = grammar.of_type(*kept.PERSON_TYPES)
    business, private = kept.take(made, said, persons)
    if any(f"{order.LINE}(" in entry.path for entry in (*business, *private)):
        business.insert(0, kept.ids_entry(order.LINE, _line_ids(body)))
    body = replace(body, kept=tuple(business))
    personal = replace(personal, kept=tuple(private))
    content = papers.encode(body)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise TooLarge(f"the paper has {len(content)} bytes, the limit is {MAX_DOCUMENT_BYTES}: attach what is large")
    papers.decode(kind.type, papers.VERSION, content)
    papers.decode_personal(papers.encode(personal))
    return Reading(body, personal, tuple(findings))


def _line_ids(body: Order | OrderResponse) -> list[str]:
    return [line.line_id for line in body.lines]


def _made(body: Order | OrderResponse, personal: Personal, kind: Kind) -> Node:
    """What the fields alone make."""
    made = Node(names.Step(names.short(kind.tag)))
    context = Context(currency=body.currency)
    make_all(kind.rows, body, made, context)
    make_all(kind.contacts, personal, made, context)
    return made


def write(body: Order | OrderResponse, personal: Personal | None = None) -> bytes:
    """The UBL document that ``body`` and ``personal`` say, made from their fields and from what they keep.

    Strict: the result is valid UBL 2.1, and a paper of our own making also names what Peppol BIS wants. Only a paper
    whose document was not valid UBL 2.1 when it was read (``origin`` ``ubl``: a later version, or faulty) comes out
    as it came in; :func:`validate` tells.

    Raises CallerFault naming the element or field, Malformed for kept entries that are none.
    """
    kind = BY_TYPE[papers.TYPE_OF[type(body)]]
    people = personal or Personal()
    made = _made(body, people, kind)
    kept.lay(made, (*body.kept, *people.kept), {order.LINE: _line_ids(body)})
    if not body.origin:
        _require(made, kind, body)
    root = tree.to_element(made, kind.tag, schema.grammar())
    if body.origin != ORIGIN_OTHER:
        for finding in schema.check(root):
            raise CallerFault(finding.field, finding.rule, code="not-ubl")
    return xml.serialise(root)


def unsaid(body: Order | OrderResponse, personal: Personal | None = None) -> list[str]:
    """Paths of the fields that UBL has no place for and :func:`write` therefore leaves out."""
    kind, people = BY_TYPE[papers.TYPE_OF[type(body)]], personal or Personal()
    made, context = _made(body, people, kind), Context()
    read_back = kind.struct(**fill_all(kind.rows, made, context, ""))
    contacts = Personal(**fill_all(kind.contacts, made, context, ""))
    return [*differences(body, read_back), *differences(people, contacts)]


def _require(made: Node, kind: Kind, body: Order | OrderResponse) -> None:
    for path, field in kind.mandatory:
        node = made.at(path)
        if node is None or not node.text or node.text == parties.NAMELESS:
            raise CallerFault(field, "must be stated in a Peppol order", code="not-peppol")
    for index, line in enumerate(body.lines if isinstance(body, Order) else ()):
        for field, text in (("unit", line.unit), ("item.name", line.item.name)):
            if not text:
                raise CallerFault(f"lines[{index}].{field}", "must be stated in a Peppol order", code="not-peppol")


def validate(data: bytes) -> list[Finding]:
    """What in a document is not valid UBL 2.1; empty when valid. Raises Malformed for what is no such document."""
    root = xml.parse(data).root
    _kind(str(root.tag), None)
    return schema.check(root)
