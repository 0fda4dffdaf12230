"""The shape every paper shares: text, numbers, references, what a foreign format said. Knows no single paper.

A paper is the ``business`` part of a document. On the wire it is a canonical msgpack map with sorted keys, in the API
the same struct is a JSON object. Defaults are never written, so there is one encoding of one meaning. There is no
null, no float and no free-form value. See ``docs/process.md``, "Papers".
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from protocol.limits import MAX_INT, MAX_LINES, MAX_SCALE, MAX_TEXT_CHARS

MAX_WORD_CHARS: Final = 128
MAX_KEPT: Final = 2_000

Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
"""Text for people, NFC."""
Word = Annotated[str, Meta(max_length=MAX_WORD_CHARS)]
"""A number, code or identifier."""
Code = Annotated[str, Meta(max_length=35)]
"""A word out of a code list."""
Date = Annotated[str, Meta(max_length=10, extra_json_schema={"format": "date"})]
"""``YYYY-MM-DD``; an empty default means not stated."""
TimeOfDay = Annotated[str, Meta(max_length=32)]
"""``HH:MM:SS`` with an optional fraction and offset; local to the writer, information only."""
Amount = Annotated[int, Meta(ge=0, le=MAX_INT)]
"""Minor units of the paper's ``currency`` (yen: 1 = ¥1). Never negative: what goes back has a paper of its own."""
SignedAmount = Annotated[int, Meta(ge=-MAX_INT, le=MAX_INT)]
"""Minor units; only the rounding of the payable amount may be below zero."""
Count = Annotated[int, Meta(ge=0, le=MAX_INT)]
"""A number of things or days."""
DocumentId = Annotated[str, Meta(max_length=64)]
"""Lower-case hex of a document id (32 bytes), or empty."""


class Part(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """Root of every struct inside a paper."""


class Scaled(Part, frozen=True):
    """``value`` × 10^-``scale``: quantities, unit prices, rates. 12.50 and 12.5 are two spellings, both kept."""

    value: Annotated[int, Meta(ge=0, le=MAX_INT)]
    scale: Annotated[int, Meta(ge=0, le=MAX_SCALE)] = 0


class Identifier(Part, frozen=True, kw_only=True):
    """An identifier under a scheme (ISO 6523 ICD such as ``0188``, or the issuer's own word)."""

    value: Word
    scheme: Word = ""


class Period(Part, frozen=True, kw_only=True):
    """From a day to a day, both included; either may be open."""

    start: Date = ""
    end: Date = ""
    start_time: TimeOfDay = ""
    end_time: TimeOfDay = ""
    description: Text = ""


class Reference(Part, frozen=True, kw_only=True):
    """Points at another paper. ``kind`` is a paper type or one of :data:`REFERENCE_KINDS`; ``number`` its number.

    ``document`` is its document id where it is known: numbers repeat over the years, ids never do.
    """

    kind: Code
    number: Word = ""
    document: DocumentId = ""
    date: Date = ""
    line_id: Word = ""
    type_code: Code = ""
    description: Text = ""
    uri: Text = ""
    attachment: DocumentId = ""


REFERENCE_KINDS: Final = (
    "catalogue",
    "contract",
    "drawing",
    "other",
    "originator",
    "project",
    "previous_order",
    "sales_order",
)


class Kept(Part, frozen=True, kw_only=True):
    """One element of a foreign format for which Yui has no field: path, attributes sorted by name, value."""

    path: Text
    value: Annotated[str, Meta(max_length=200_000)] = ""
    attributes: tuple[tuple[Word, Text], ...] = ()


Lines = Meta(max_length=MAX_LINES)


#: ``origin`` of what a guest said through a link: its node signed it, not the guest. ADR 21.
THROUGH_LINK: Final = "guest-link"


class Paper(Part, frozen=True, kw_only=True):
    """What every paper carries.

    ``number`` is the business number its writer gave it (the document's business key). ``currency`` (ISO 4217) may be
    empty only where the paper states no money. ``origin`` names the syntax the paper was read from (``ubl-2.1``) and
    ``kept`` holds what that syntax said beyond the fields here.
    ``origin`` ``guest-link``: said by a guest through a link, and signed for it by a key that its node holds.
    """

    number: Word
    issue_date: Date
    issue_time: TimeOfDay = ""
    currency: Annotated[str, Meta(max_length=3)] = ""
    language: Code = ""
    note: Text = ""
    references: Annotated[tuple[Reference, ...], Lines] = ()
    origin: Word = ""
    kept: Annotated[tuple[Kept, ...], Meta(max_length=MAX_KEPT)] = ()
