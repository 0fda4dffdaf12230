"""UBL bytes to a paper and back. Puts the pieces together: parser, mapping, rules, what is kept, schema.

Reading warns, writing is strict (ADR 0002). What a document says beyond the fields is kept in the paper and comes out
again. Which kinds of documents there are is :mod:`node.papers.ubl.kinds`. Knows no process, no store, no subprocess.
"""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec.structs import replace

from node.papers.ubl import AS_IT_CAME, delivering, forms, kept, names, offering, parties, schema, tree, wanted, xml
from node.papers.ubl.kinds import BELOW_ZERO, REPLACING, Kind, kind_in, kind_of, require_known, word
from node.papers.ubl.leftovers import differences
from node.papers.ubl.reading import Finding, Reading
from node.papers.ubl.rows import Context, Missing, fill_all, make_all
from node.papers.ubl.schema import Grammar
from node.papers.ubl.settle import settle
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.limits import MAX_DOCUMENT_BYTES
from protocol.process.trade import papers
from protocol.process.trade.papers import (
    Billing,
    Catalogue,
    DespatchAdvice,
    Order,
    Paper,
    Personal,
    ReceivingAdvice,
)
from protocol.process.trade.papers.base import THROUGH_LINK

ORIGIN = "ubl-2.1"  # valid UBL 2.1 when it was read, so it is when it is written


def read(data: bytes, type: str = "") -> Reading:
    """The paper in a UBL document; ``type`` empty: whichever it is, else that type of paper and no other.

    Raises:
        Malformed, TooLarge: see :func:`node.papers.ubl.xml.parse`; also a root element that is not known here.
        CallerFault: something no paper may say (negative or overflowing amount, no number, no date); names the element.
    """
    parsed = xml.parse(data)
    tag = str(parsed.root.tag)
    require_known(tag)
    grammar = schema.grammar()
    said = tree.from_element(parsed.root, grammar)
    kind = kind_in(tag, said)
    if type and kind.type != type:
        raise Malformed(f"the document is {word(kind.type)}, not {word(type)}")
    context = _reader(kind)
    context.digest = hashlib.sha256(data).hexdigest()
    context.findings += [Finding("", oddity) for oddity in parsed.oddities]
    body, personal = _filled(kind, said, context)
    invalid = schema.check(parsed.root)
    context.findings += invalid
    body = replace(body, origin=AS_IT_CAME if invalid else ORIGIN)
    body = settle(body, context.findings, lenient=kind.lenient)
    if kind is REPLACING:
        context.warn("cac:BillingReference", f"read as taking the place of invoice {body.corrects[:40]}")
    return _with_kept(body, personal, said, kind, grammar, context.findings)


def _reader(kind: Kind) -> Context:
    return Context(lenient=kind.lenient, sign=-1 if kind is BELOW_ZERO else 1)


def _filled(kind: Kind, said: Node, context: Context) -> tuple[Any, Personal]:
    try:
        found = fill_all(kind.rows, said, context, "")
        values = {**dict.fromkeys(kind.absent, ()), **found, **dict(kind.fixed)}
        return kind.struct(**values), Personal(**fill_all(kind.contacts, said, context, ""))
    except Missing as broken:
        raise CallerFault(str(broken), context.why(str(broken))) from None


def _with_kept(
    body: Any, personal: Personal, said: Node, kind: Kind, grammar: Grammar, findings: list[Finding]
) -> Reading:
    made = _made(body, personal, kind)
    persons = grammar.of_type(*kept.PERSON_TYPES)
    business, private = kept.take(made, said, persons)
    if any(f"{kind.line}(" in entry.path for entry in (*business, *private)):
        business.insert(0, kept.ids_entry(kind.line, _line_ids(body)))
    body = replace(body, kept=tuple(business))
    personal = replace(personal, kept=tuple(private))
    content = papers.encode(body)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise TooLarge(f"the paper has {len(content)} bytes, the limit is {MAX_DOCUMENT_BYTES}: attach what is large")
    papers.decode(kind.type, papers.VERSION, content)
    papers.decode_personal(papers.encode(personal))
    return Reading(body, personal, tuple(findings))


def _line_ids(body: Any) -> list[str]:
    """What the lines are known by: items of a catalogue by the seller's number."""
    if isinstance(body, Catalogue):
        return [one.item.seller_id or one.item.gtin or f"#{place}" for place, one in enumerate(body.items, 1)]
    return [line.line_id for line in body.lines]


def _made(body: Any, personal: Personal, kind: Kind, form: forms.Form | None = None) -> Node:
    """What the fields alone make."""
    made = Node(names.Step(names.short(kind.tag)))
    context = Context(currency=body.currency, lenient=kind.lenient, form=form)
    make_all(kind.rows, body, made, context)
    make_all(kind.contacts, personal, made, context)
    return made


def write(body: Paper, personal: Personal | None = None, form: str = "") -> bytes:
    """The UBL document that ``body`` and ``personal`` say, made from their fields and from what they keep.

    Strict: the result is valid UBL 2.1, and a paper of our own making also has what Peppol wants. Only a paper
    whose document was not valid UBL 2.1 when it was read (``origin`` ``ubl``: a later version, or faulty) comes out
    as it came in; :func:`validate` tells. ``form``: one of :data:`node.papers.ubl.forms.NAMES`, for a bill: made anew
    from its fields to that specification, whatever it was read from.

    Raises CallerFault naming the element or field, Malformed for kept entries that are none.
    """
    people = personal or Personal()
    if body.origin == THROUGH_LINK:
        body = replace(body, origin="")
    chosen = _form(body, form)
    if chosen is not None and isinstance(body, Billing):
        body = forms.complete(replace(body, origin="", kept=()), chosen)
        wanted.require(body, chosen)
        people = replace(people, kept=())
    elif not body.origin and isinstance(body, DespatchAdvice | ReceivingAdvice):
        body = delivering.complete(body)
    elif not body.origin and isinstance(body, Catalogue):
        body = offering.complete(body)
    kind = kind_of(body)
    made = _made(body, people, kind, chosen)
    kept.lay(made, (*body.kept, *people.kept), {kind.line: _line_ids(body)})
    if not body.origin:
        _require(made, kind, body)
    root = tree.to_element(made, kind.tag, schema.grammar())
    if body.origin != AS_IT_CAME:
        for finding in schema.check(root):
            raise CallerFault(finding.field, finding.rule, code="not-ubl")
    return xml.serialise(root)


def _form(body: Paper, name: str) -> forms.Form | None:
    """The form that a bill is written to anew; None for one that comes out as it was read, and for other papers."""
    if not isinstance(body, Billing):
        if name:
            raise CallerFault("form", "only bills have a choice of forms")
        return None
    if name:
        if name not in forms.NAMES:
            raise CallerFault("form", f"must be one of {', '.join(forms.NAMES)}")
        return forms.named(name)
    return None if body.origin else forms.of(body)


def unsaid(body: Paper, personal: Personal | None = None) -> list[str]:
    """Paths of the fields that UBL has no place for and :func:`write` therefore leaves out."""
    kind, people = kind_of(body), personal or Personal()
    context = _reader(kind)
    context.lenient = True
    read_back, contacts = _filled(kind, _made(body, people, kind), context)
    return [*differences(body, read_back), *differences(people, contacts)]


def _require(made: Node, kind: Kind, body: Paper) -> None:
    for path, field in kind.mandatory:
        node = made.at(path)
        if node is None or not node.text or node.text == parties.NAMELESS:
            raise CallerFault(field, f"must be stated in a Peppol {kind.type.replace('_', ' ')}", code="not-peppol")
    for index, line in enumerate(body.lines if isinstance(body, Order) else ()):
        for field, text in (("unit", line.unit), ("item.name", line.item.name)):
            if not text:
                raise CallerFault(f"lines[{index}].{field}", "must be stated in a Peppol order", code="not-peppol")


def validate(data: bytes) -> list[Finding]:
    """What in a document is not valid UBL 2.1; empty when valid. Raises Malformed for what is no such document."""
    root = xml.parse(data).root
    require_known(str(root.tag))
    return schema.check(root)
