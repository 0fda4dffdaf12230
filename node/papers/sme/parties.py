"""Mapping of firms, people and places: ``CITradeParty``, ``DefinedCITradeContact``, ``CISupplyChainEvent``.

Owns where the numbers of a firm stand. 法人番号 is written as the firm's ID and as its international ID (国際企業ID,
ISO 6523 ICD 0188); numbers whose check digit is wrong stay identifiers. People go to the personal part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from unicodedata import normalize

from node.papers.sme.rows import Moment, at, keyed, leaf, put_moment
from node.papers.ubl import codecs
from node.papers.ubl.groups import Group
from node.papers.ubl.names import Step
from node.papers.ubl.parties import CORPORATE, GLN, NAMELESS
from node.papers.ubl.rows import (
    Context,
    Leaf,
    Missing,
    Row,
    Values,
    fill_all,
    join,
    make_all,
    put,
    put_attribute,
    read_with,
    text_at,
)
from node.papers.ubl.tree import Node
from protocol.process import checks
from protocol.process.trade.papers import (
    Address,
    Contact,
    Delivery,
    Identifier,
    InvolvedParty,
    Location,
    Party,
    Period,
)
from protocol.process.trade.papers.base import MAX_WORD_CHARS

ROLES: Final = {"CN": "consignee", "UD": "end_customer", "MF": "manufacturer", "RE": "payee", "PC": "originator"}
"""企業役割コード (UNCL3035 as in ver.4.2) that have a role of ours."""


@dataclass(frozen=True)
class _Numbers:
    """The firm's ID and its international ID: ``corporate_number``, ``gln``, ``identifiers``."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        own = read_with(codecs.WORD, text_at(node, at("ID")), context, join(path, at("ID")))
        world, scheme = self._world(node, context, path)
        identifiers: list[Identifier] = []
        if world and scheme in (CORPORATE, "") and checks.is_corporate_number(world):
            values["corporate_number"] = world
        elif world and scheme == GLN and checks.is_gln(world):
            values["gln"] = world
        elif world and scheme:
            identifiers.append(Identifier(value=world, scheme=scheme))
        if own and checks.is_corporate_number(own) and values.get("corporate_number", own) == own:
            values["corporate_number"] = own
        elif own:
            if own.isdigit() and len(own) == 13:
                context.warn(join(path, at("ID")), f"{own} is not a 法人番号: its check digit is wrong")
            identifiers.insert(0, Identifier(value=own))
        if identifiers:
            values["identifiers"] = tuple(identifiers)

    def _world(self, node: Node, context: Context, path: str) -> tuple[str, str]:
        found, here = node.at(at("GlobalID")), join(path, at("GlobalID"))
        if found is None or found.children:
            return "", ""
        value = read_with(codecs.WORD, found.text, context, here) or ""
        scheme = read_with(codecs.WORD, found.attributes.get("schemeID", ""), context, f"{here}/@schemeID") or ""
        if value and scheme == CORPORATE and not checks.is_corporate_number(value):
            context.warn(here, f"{value[:20]} is not a 法人番号: its check digit is wrong")
        return value, scheme

    def make(self, struct: Party, node: Node, context: Context) -> None:
        own = next((one.value for one in struct.identifiers if not one.scheme), "")
        world = next((one for one in struct.identifiers if one.scheme), None)
        implied = False
        if world is None and struct.gln:
            world = Identifier(value=struct.gln, scheme=GLN)
        if world is None and struct.corporate_number:
            world, implied = Identifier(value=struct.corporate_number, scheme=CORPORATE), not own
        if own or struct.corporate_number:
            said_above = not own and implied
            put(node.make(at("ID")), codecs.WORD, own or struct.corporate_number, optional=said_above)
        if world is not None:
            made = node.make(at("GlobalID"))
            put(made, codecs.WORD, world.value, optional=implied)
            put_attribute(made, "schemeID", codecs.WORD, world.scheme, optional=world.scheme == CORPORATE)

    def describe(self) -> list[tuple[str, str]]:
        return [
            ("identifiers[scheme=].value or corporate_number", at("ID")),
            ("identifiers[scheme≠].value or gln or corporate_number", at("GlobalID")),
            ("identifiers[scheme≠].scheme", f"{at('GlobalID')}/@schemeID"),
        ]


@dataclass(frozen=True)
class _Name:
    """``name``. A party that a document neither names nor numbers is called ``?``; ``trading_name`` stands in."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        Leaf("name", at("Name")).fill(node, values, context, path)
        known = ("name", "endpoint", "identifiers", "corporate_number")
        if not any(field in values for field in known):
            values["name"] = NAMELESS
            context.warn(path, "the party has neither name nor number")

    def make(self, struct: Party, node: Node, context: Context) -> None:
        name = struct.name or struct.trading_name
        if name:
            stands_in = name == NAMELESS
            codec = codecs.StandIn(codecs.TEXT) if stands_in else codecs.TEXT
            put(node.make(at("Name")), codec, name, optional=stands_in)

    def describe(self) -> list[tuple[str, str]]:
        return [("name", at("Name"))]


@dataclass(frozen=True)
class _Registered:
    """``registration_number`` (T and 13 digits, in any usual spelling), else ``tax_number``."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        here = join(path, at("RegisteredID"))
        value = read_with(_REGISTERED, text_at(node, at("RegisteredID")), context, here)
        if value and checks.is_registration_number(value):
            values["registration_number"] = value
            if not checks.is_corporate_number(value[1:]):
                context.warn(here, f"{value} is not the number of a corporation")
        elif value:
            context.warn(here, f"{value[:20]} is not T and 13 digits")
            values["tax_number"] = value

    def make(self, struct: Party, node: Node, context: Context) -> None:
        said = struct.registration_number or struct.tax_number
        if said:
            put(node.make(at("RegisteredID")), _REGISTERED, said)

    def describe(self) -> list[tuple[str, str]]:
        return [("registration_number or tax_number", at("RegisteredID"))]


class _Registration(codecs.Words):
    """``T-1234567890123`` and full-width spellings mean the same."""

    def read(self, text: str) -> str:
        clean = super().read(text)
        plain = normalize("NFKC", clean).replace("-", "").upper()
        return plain if checks.is_registration_number(plain) else clean


_REGISTERED: Final = _Registration(MAX_WORD_CHARS)


@dataclass(frozen=True)
class _AddressLines:
    """An address as one to three lines. Ours are joined; what is read stands in ``lines``."""

    most: int

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found = []
        for name in ("LineOne", "LineTwo", "LineThree")[: self.most]:
            text = read_with(codecs.TEXT, text_at(node, at(name)), context, join(path, at(name)))
            if not text:
                break
            found.append(text)
        if found:
            values["lines"] = tuple(found)

    def make(self, struct: Address, node: Node, context: Context) -> None:
        first = struct.region + struct.city + struct.street
        lines = [line for line in (first, struct.building, *struct.lines) if line]
        if len(lines) > self.most:
            lines = [*lines[: self.most - 1], " ".join(lines[self.most - 1 :])]
        for name, line in zip(("LineOne", "LineTwo", "LineThree"), lines, strict=False):
            put(node.make(at(name)), codecs.TEXT, line)

    def describe(self) -> list[tuple[str, str]]:
        names = ("LineOne", "LineTwo", "LineThree")[: self.most]
        return [
            ("lines, and region, city, street, building joined", at("LineOne" if self.most == 1 else " ".join(names)))
        ]


def address(most: int, *inner: Row) -> Group:
    """The address of a party."""
    return Group(
        "address",
        at("PostalCITradeAddress"),
        Address,
        (leaf("postcode", "PostcodeCode", codecs.WORD), _AddressLines(most), *inner),
    )


PARTY: tuple[Row, ...] = (_Numbers(), _Name(), _Registered(), address(1))
PLAIN_PARTY: tuple[Row, ...] = (_Numbers(), _Name(), address(1))  # where there is no registration number
INVOICE_PARTY: tuple[Row, ...] = (
    Group(
        "endpoint",
        at("EndPointURICIUniversalCommunication"),
        Identifier,
        (leaf("value", "CompleteNumber", codecs.WORD, required=True), leaf("scheme", "ChannelCode", codecs.WORD)),
    ),
    _Numbers(),
    _Name(),
    _Registered(),
    address(3, leaf("country", "CountryID", codecs.CODE)),
)
SHORT_PARTY: tuple[Row, ...] = (_Numbers(), _Name(), _Registered())  # of a remittance


def party(name: str = "", **fields: Any) -> Party:
    """A party whose document may not name it."""
    return Party(name=name, **fields)


def firm(field: str, path: str, inner: tuple[Row, ...] = PARTY, *, required: bool = False) -> Group:
    """Buyer, seller or another party that has a field of its own."""
    return Group(field, at(path), party, inner, required)


def involved(role: str, path: str, inner: tuple[Row, ...] = PARTY) -> Row:
    """A party besides buyer and seller."""
    return keyed("involved", "role", role, path, InvolvedParty, (Group("party", "", party, inner),))


@dataclass(frozen=True)
class Related:
    """Related firms (関係企業) with their role codes. Reading stops at the first whose role we have no word for."""

    path: str
    inner: tuple[Row, ...] = PARTY

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        above, _, _ = at(self.path).rpartition("/")
        for step, child in node.items(at(self.path)):
            here = join(join(path, above), str(step))
            role = ROLES.get((text_at(child, at("RoleCode")) or "").strip(), "")
            if not role:
                context.warn(f"{here}/{at('RoleCode')}", "a role that we have no word for: kept as it is")
                return
            try:
                one = InvolvedParty(role=role, party=party(**fill_all(self.inner, child, context, here)))
            except Missing:
                return
            values["involved"] = (*values.get("involved", ()), one)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        codes = {role: code for code, role in ROLES.items()}
        above, _, name = at(self.path).rpartition("/")
        for index, one in enumerate((one for one in struct.involved if one.role in codes), 1):
            made = node.make(above).child(Step(name, index))
            made.item = True
            put(made.make(at("RoleCode")), codecs.CODE, codes[one.role])
            make_all(self.inner, one.party, made, context)

    def describe(self) -> list[tuple[str, str]]:
        head = "involved[role in consignee, end_customer, manufacturer, originator, payee]"
        return [(f"{head}.role", f"{at(self.path)}(n)/{at('RoleCode')}"), (f"{head}.party", f"{at(self.path)}(n)")]


_TELEPHONE = "TelephoneCIUniversalCommunication/CompleteNumber"
_FAX = "FaxCIUniversalCommunication/CompleteNumber"
_MAIL = "EmailURICIUniversalCommunication/URIID"
_PERSON: tuple[Row, ...] = (
    leaf("name", "PersonName"),
    leaf("department", "DepartmentName"),
    leaf("telephone", _TELEPHONE, codecs.WORD),
    leaf("fax", _FAX, codecs.WORD),
    leaf("mail", _MAIL, codecs.WORD),
)
CONTACT: tuple[Row, ...] = (leaf("id", "PersonID", codecs.WORD), *_PERSON)
CONTACT_WITHOUT_ID: tuple[Row, ...] = _PERSON
CONTACT_OF_PAYMENT: tuple[Row, ...] = _PERSON[:3]


def contact(role: str, path: str, inner: tuple[Row, ...] = CONTACT) -> Row:
    """The person to speak to at a party."""
    return keyed("contacts", "role", role, f"{path}/DefinedCITradeContact", Contact, inner)


@dataclass(frozen=True)
class Due:
    """The day of a delivery: the end of its period, or its start where it has no end."""

    path: str
    time: bool = False

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found: Values = {}
        Moment("end", self.path).fill(node, found, context, path)
        if found.get("end"):
            values["period"] = Period(end=found["end"])

    def make(self, struct: Delivery, node: Node, context: Context) -> None:
        period = struct.period
        day = "" if period is None else period.end or period.start
        if day:
            put_moment(node, self.path, day)

    def describe(self) -> list[tuple[str, str]]:
        return [("period.end, or period.start", at(self.path))]


LOCATION: tuple[Row, ...] = (
    Group("id", "", Identifier, (leaf("value", "ID", codecs.WORD, required=True),)),
    leaf("name", "Name"),
)


def event(path: str) -> tuple[Row, ...]:
    """When and where, in an event of the supply chain."""
    return (
        Due(f"{path}/OccurrenceDateTime"),
        Group("location", at(f"{path}/OccurrenceCILogisticsLocation"), Location, LOCATION),
    )


def delivery(path: str, event_path: str, ship_to: str = "ShipToCITradeParty") -> Group:
    """``delivery``: its day and place in an event, its party beside it."""
    return Group("delivery", at(path), Delivery, (*event(event_path), firm("party", ship_to, PLAIN_PARTY)))
