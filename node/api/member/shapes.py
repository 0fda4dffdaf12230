"""What the member API takes and gives: one struct each, which is JSON, check and schema at once.

Owns the words of the API. Ids are 64 hexadecimal digits, times µs since 1970 UTC, amounts minor units. Knows no
handler.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from protocol.limits import MAX_API_DOCUMENTS, MAX_ATTACHMENT_BYTES, MAX_FOLLOWS
from protocol.process.trade.papers import PAPERS, Personal

_MEDIA_TYPE = r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(; ?[A-Za-z0-9.+-]+=[A-Za-z0-9.+-]+)*$"
Position = Annotated[int, Meta(ge=0, le=2**62)]  # of a list: no store counts further
Sum = Annotated[int, Meta(ge=-(2**62), le=2**62)]  # minor units
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Body = Annotated[
    msgspec.Raw,
    Meta(
        description="The paper of the stated type; money in minor units, quantities as {value, scale}.",
        extra_json_schema={"anyOf": [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in PAPERS.values()]},
    ),
]


class Shape(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Root of what comes in."""


class Answer(Struct, frozen=True, kw_only=True):
    """Root of what goes out: every field is there."""


class AttachmentUse(Shape, frozen=True):
    """An attachment that was uploaded before, by its root."""

    root: Hash


class Submission(Shape, frozen=True):
    """One paper to send. ``to``: member id, corporate number (13 digits), or ``scheme:id`` of a card.

    ``thread`` and ``follows`` are for papers that go on with a dealing; without ``follows`` the paper follows the
    dealing's latest documents. ``business_key``: the paper's number if left out.
    """

    type: Annotated[str, Meta(extra_json_schema={"enum": list(PAPERS)})]
    to: Annotated[str, Meta(min_length=1, max_length=200)]
    body: Body
    thread: str = ""
    follows: Annotated[tuple[Hash, ...], Meta(max_length=MAX_FOLLOWS)] = ()
    business_key: Annotated[str, Meta(max_length=128)] = ""
    revision: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    personal: Personal | None = None
    attachments: tuple[AttachmentUse, ...] = ()


class Submissions(Shape, frozen=True):
    """Papers to send: all of them are stored or none is.

    ``together``: one signature over all of them, for senders of many; each still proves alone.
    """

    documents: Annotated[list[Submission], Meta(min_length=1, max_length=MAX_API_DOCUMENTS)]
    together: bool = False


class Received(Answer, frozen=True):
    """The partner's receipt: 相手に到着. ``time`` is null where the receipt itself is not here (after a return)."""

    verdict: str
    time: int | None


class MarksShown(Answer, frozen=True):
    """stored 保存済, safe 控え済, received 相手に到着, processed 相手が対応, held: a person decides."""

    stored: int
    safe: int | None
    received: Received | None
    processed: str | None
    held: str | None


class Submitted(Answer, frozen=True):
    """A document that is durably stored here. ``verdict``: applied, waiting or held."""

    id: str
    thread: str
    verdict: str
    reason: str


class Warned(Answer, frozen=True):
    """Something to look at in a file that was read: the element, and the rule that it breaks."""

    field: str
    rule: str


class SubmittedList(Answer, frozen=True):
    """In the order in which they were given. ``stored``: µs; all are durable. ``warnings``: of a file's reader."""

    documents: list[Submitted]
    stored: int
    warnings: list[Warned] = []


class DocumentItem(Answer, frozen=True):
    """A document in a list. ``cursor`` is its place in the member's feed."""

    id: str
    cursor: int
    type: str
    direction: str
    author: str
    partner: str
    partner_name: str
    thread: str
    number: str
    revision: int
    time: int
    size: int
    verdict: str
    reason: str
    marks: MarksShown


class DocumentList(Answer, frozen=True):
    """``next`` goes on with the list; 0: nothing is left."""

    documents: list[DocumentItem]
    next: int


class AttachmentShown(Answer, frozen=True):
    """An attachment of a document. ``complete``: every byte is here."""

    root: str
    size: int
    media_type: str
    complete: bool


class Decided(Answer, frozen=True):
    """What a person decided about a held document."""

    decision: str
    by: str
    time: int
    note: str


class DocumentFull(Answer, frozen=True):
    """A document with its body. ``body`` is null when its type is not known here yet; ``erased`` names lost parts."""

    document: DocumentItem
    network: str
    version: int
    epoch: str
    follows: list[str]
    keep_until: int
    body: Any
    personal: Personal | None
    erased: list[str]
    attachments: list[AttachmentShown]
    waits_for: list[str]
    decisions: list[Decided]
    links: dict[str, str]


class ThreadItem(Answer, frozen=True):
    """A dealing in a list. ``turn``: whose turn it is: buyer, seller, or empty for nobody's."""

    thread: str
    state: str
    partner: str
    partner_name: str
    first_type: str
    number: str
    amount: int | None
    currency: str
    updated: int
    turn: str
    documents: int


class ThreadList(Answer, frozen=True):
    """``next`` goes on with the list (as ``before``); empty: nothing is left."""

    threads: list[ThreadItem]
    next: str


class ThreadFull(Answer, frozen=True):
    """A dealing: its folded state, and its documents oldest first."""

    thread: ThreadItem
    state: Any
    documents: list[DocumentItem]


class FeedPage(Answer, frozen=True):
    """What is new behind the cursor, oldest first. Ask again with ``next``; it never goes back."""

    documents: list[DocumentItem]
    next: int


class DecisionGiven(Shape, frozen=True):
    """A person's decision about a held document: ``apply`` it beside the other, or ``refuse`` it."""

    decision: Literal["apply", "refuse"]
    note: Annotated[str, Meta(max_length=1_000)] = ""


class HeldItem(Answer, frozen=True):
    """A held document, and the id of the one that first carried its number."""

    document: DocumentItem
    first: str


class HeldList(Answer, frozen=True):
    """What a person has to decide, oldest first."""

    held: list[HeldItem]


class DecisionTaken(Answer, frozen=True):
    """What is now so."""

    document: str
    verdict: str


class CardShown(Answer, frozen=True):
    """A member in the directory."""

    member: str
    name: str
    kana: str
    corporate_number: str
    industry: str
    area: str
    description: str
    words: list[str]
    endpoint: str
    local: bool


class CardList(Answer, frozen=True):
    """Found members. ``next``: offset that goes on; 0: nothing is left."""

    members: list[CardShown]
    next: int


class AttachmentGiven(Shape, frozen=True):
    """An attachment to upload: its size in bytes and its media type."""

    size: Annotated[int, Meta(ge=0, le=MAX_ATTACHMENT_BYTES)]
    media_type: Annotated[str, Meta(min_length=3, max_length=127, pattern=_MEDIA_TYPE)]


class AttachmentState(Answer, frozen=True):
    """An attachment on its way in. ``missing``: chunks (of ``chunk_bytes``, the last may be shorter) to upload."""

    upload: str
    size: int
    media_type: str
    chunk_bytes: int
    chunks: int
    missing: list[int]
    root: str


class Me(Answer, frozen=True):
    """Who the token speaks for."""

    member: str
    name: str
    node: str
    network: str
    scopes: list[str]
    label: str


class Health(Answer, frozen=True):
    """``status``: ok, or what is wrong in one word."""

    status: str


class DocumentQuery(Shape, frozen=True):
    """Filters; all must fit. Days are ``YYYY-MM-DD`` of issue, amounts minor units, ``partner`` as ``to``."""

    text: str = ""
    type: str = ""
    partner: str = ""
    verdict: str = ""
    direction: str = ""
    since: str = ""
    until: str = ""
    amount_min: Sum | None = None
    amount_max: Sum | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    before: Position = 0


class ThreadQuery(Shape, frozen=True):
    """Filters; all must fit."""

    state: str = ""
    turn: str = ""
    partner: str = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    before: Annotated[str, Meta(max_length=100)] = ""


class FeedQuery(Shape, frozen=True):
    """``after``: the last cursor; ``wait``: seconds to wait for something new; ``direction``: only sent or received."""

    after: Position = 0
    limit: Annotated[int, Meta(ge=1, le=250)] = 100
    wait: Annotated[int, Meta(ge=0, le=60)] = 0
    direction: str = ""


class DirectoryQuery(Shape, frozen=True):
    """``q``: words of name, reading or description; ``industry`` (JSIC) and ``area`` begin as given."""

    q: Annotated[str, Meta(max_length=100)] = ""
    corporate_number: Annotated[str, Meta(max_length=13)] = ""
    industry: Annotated[str, Meta(max_length=8)] = ""
    area: Annotated[str, Meta(max_length=6)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    offset: Annotated[int, Meta(ge=0, le=10_000)] = 0


class PdfQuery(Shape, frozen=True):
    """``lang``: ja or en; ``fax``: 1 for larger letters without grey; ``form``: delivery_note (納品書) of a despatch
    advice."""

    lang: str = "ja"
    fax: Annotated[int, Meta(ge=0, le=1)] = 0
    form: str = ""


class UblQuery(Shape, frozen=True):
    """Where a UBL document goes: ``to`` as in a submission; left out: by the endpoint of the party in it."""

    to: str = ""
    thread: str = ""


class UblForm(Shape, frozen=True):
    """``form`` of a bill: jp-pint or bis-billing; left out: as it was read, else by the seller's country."""

    form: str = ""
