"""Who and where: parties, addresses, places, and the personal part. Knows no process.

Names of firms are business data; names, mail and telephone of people are not: they go into :class:`Personal`, which is
a part of the document with its own key, so that it can be erased while everything else still proves.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol.process.trade.papers.base import MAX_KEPT, Code, Date, Identifier, Kept, Part, Period, Text, Word


class Address(Part, frozen=True, kw_only=True):
    """A postal address. ``country``: ISO 3166-1 alpha-2; ``region``: prefecture; ``lines``: what fits nowhere else."""

    country: Code = ""
    postcode: Word = ""
    region: Text = ""
    city: Text = ""
    street: Text = ""
    building: Text = ""
    lines: tuple[Text, ...] = ()


class Party(Part, frozen=True, kw_only=True):
    """A firm. ``name`` is its registered name.

    ``corporate_number`` is the 法人番号 (13 digits), ``registration_number`` the 登録番号 (T and 13 digits), ``gln`` a
    GLN; all three are strict: their check digits are checked. Anything else, and numbers that fail their check digit in
    a paper read from elsewhere, stand in ``identifiers``.
    """

    name: Text = ""
    trading_name: Text = ""
    corporate_number: Code = ""
    registration_number: Code = ""
    gln: Code = ""
    tax_number: Word = ""
    legal_id: Identifier | None = None
    endpoint: Identifier | None = None
    identifiers: tuple[Identifier, ...] = ()
    address: Address | None = None
    legal_address: Address | None = None


class InvolvedParty(Part, frozen=True, kw_only=True):
    """A party besides buyer and seller, with its ``role`` (:data:`PARTY_ROLES`)."""

    role: Code
    party: Party


PARTY_ROLES = (
    "accounting",  # who is invoiced
    "carrier",
    "consignee",
    "delivery",
    "despatch",  # who ships
    "end_customer",
    "manufacturer",
    "originator",  # for whom it is bought
    "payee",
    "payer",
    "tax_representative",
)


class Location(Part, frozen=True, kw_only=True):
    """A place: ``id`` may be a GLN or the owner's own code."""

    name: Text = ""
    id: Identifier | None = None
    address: Address | None = None


class Delivery(Part, frozen=True, kw_only=True):
    """What is asked (order) or promised (response) about delivery: when, where, to whom."""

    period: Period | None = None
    location: Location | None = None
    party: Party | None = None
    despatch_date: Date = ""
    service: Code = ""


class DeliveryTerms(Part, frozen=True, kw_only=True):
    """Who bears what on the way. ``code`` is an Incoterms rule or the parties' own word."""

    code: Code = ""
    description: Text = ""
    place: Text = ""


class Contact(Part, frozen=True, kw_only=True):
    """A person to speak to. ``role`` is ``buyer``, ``seller`` or one of :data:`PARTY_ROLES`."""

    role: Code
    id: Word = ""
    name: Text = ""
    department: Text = ""
    mail: Word = ""
    telephone: Word = ""
    fax: Word = ""


class Personal(Part, frozen=True, kw_only=True):
    """The ``personal`` part of a document: people, and notes that name them. Erasable; says nothing the fold reads."""

    contacts: Annotated[tuple[Contact, ...], Meta(max_length=64)] = ()
    notes: Annotated[tuple[Text, ...], Meta(max_length=64)] = ()
    kept: Annotated[tuple[Kept, ...], Meta(max_length=MAX_KEPT)] = ()
