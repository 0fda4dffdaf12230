"""Mapping of firms, people, places and deliveries: ``cac:Party``, ``cac:Contact``, ``cac:Address``, ``cac:Delivery``.

Owns where the numbers of a firm stand in UBL. Numbers whose check digit is right go to their strict field; all others
stay identifiers, with a warning where the scheme says what they should be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from node.papers.ubl import codecs
from node.papers.ubl.groups import Group, Keyed, Many
from node.papers.ubl.names import Step
from node.papers.ubl.rows import (
    Attribute,
    Context,
    Fixed,
    Leaf,
    Row,
    Values,
    join,
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
    Identifier,
    InvolvedParty,
    Location,
    Party,
    Period,
)

CORPORATE, GLN = "0188", "0088"  # ISO 6523: 法人番号 and GLN
REGISTRATION = "0221"  # 登録番号
NAMELESS = "?"  # stands in the name of a party that a document does not name
_IDENTIFICATION = "cac:PartyIdentification"
_LEGAL_ID = "cac:PartyLegalEntity/cbc:CompanyID"
_TAX_ID = "cac:PartyTaxScheme/cbc:CompanyID"
_NAME = "cac:PartyLegalEntity/cbc:RegistrationName"
_TRADING_NAME = "cac:PartyName/cbc:Name"

IDENTIFIER: tuple[Row, ...] = (
    Leaf("value", "", codecs.WORD, required=True),
    Attribute("scheme", "", "schemeID", codecs.WORD),
)
ADDRESS: tuple[Row, ...] = (
    Leaf("street", "cbc:StreetName"),
    Leaf("building", "cbc:AdditionalStreetName"),
    Leaf("city", "cbc:CityName"),
    Leaf("postcode", "cbc:PostalZone", codecs.WORD),
    Leaf("region", "cbc:CountrySubentity"),
    Many("lines", "cac:AddressLine", leaf="cbc:Line"),
    Leaf("country", "cac:Country/cbc:IdentificationCode", codecs.CODE),
)
PERIOD: tuple[Row, ...] = (
    Leaf("start", "cbc:StartDate", codecs.DAY),
    Leaf("start_time", "cbc:StartTime", codecs.TIME),
    Leaf("end", "cbc:EndDate", codecs.DAY),
    Leaf("end_time", "cbc:EndTime", codecs.TIME),
    Leaf("description", "cbc:Description"),
)
CONTACT: tuple[Row, ...] = (
    Leaf("id", "cbc:ID", codecs.WORD),
    Leaf("name", "cbc:Name"),
    Leaf("telephone", "cbc:Telephone", codecs.WORD),
    Leaf("fax", "cbc:Telefax", codecs.WORD),
    Leaf("mail", "cbc:ElectronicMail", codecs.WORD),
)


@dataclass(frozen=True)
class _Identifiers:
    """``gln`` when the first identification is a valid one; ``identifiers`` for all others."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found: list[Identifier] = []
        for step, child in node.items(_IDENTIFICATION):
            here = join(path, f"{step}/cbc:ID")
            inner = child.at("cbc:ID")
            value = read_with(codecs.WORD, text_at(child, "cbc:ID"), context, here)
            scheme = read_with(codecs.WORD, inner.attributes.get("schemeID", "") if inner else "", context, here)
            if not value or scheme is None:
                break
            _warn_number(value, scheme, context, here)
            found.append(Identifier(value=value, scheme=scheme))
        if found and found[0].scheme == GLN and checks.is_gln(found[0].value):
            values["gln"] = found.pop(0).value
        if found:
            values["identifiers"] = tuple(found)

    def make(self, struct: Party, node: Node, context: Context) -> None:
        for index, one in enumerate(_identifiers(struct), 1):
            item = node.child(Step(_IDENTIFICATION, index))
            item.item = True
            made = item.make("cbc:ID")
            put(made, codecs.WORD, one.value)
            put_attribute(made, "schemeID", codecs.WORD, one.scheme)

    def describe(self) -> list[tuple[str, str]]:
        return [
            ("gln or identifiers[1].value", f"{_IDENTIFICATION}(1)/cbc:ID"),
            ("identifiers[n].value", f"{_IDENTIFICATION}(n)/cbc:ID"),
            ("identifiers[n].scheme", f"{_IDENTIFICATION}(n)/cbc:ID/@schemeID"),
        ]


def _identifiers(party: Party) -> Iterator[Identifier]:
    if party.gln:
        yield Identifier(value=party.gln, scheme=GLN)
    yield from party.identifiers


@dataclass(frozen=True)
class _Name:
    """``name`` is the registered name. A party that a document neither names nor numbers is called ``?``."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        Leaf("name", _NAME).fill(node, values, context, path)
        Leaf("trading_name", _TRADING_NAME).fill(node, values, context, path)
        if not any(field in values for field in ("name", "trading_name", "endpoint", "identifiers")):
            values["name"] = NAMELESS
            context.warn(path, "the party has neither name nor number")

    def make(self, struct: Party, node: Node, context: Context) -> None:
        if struct.trading_name:
            put(node.make(_TRADING_NAME), codecs.TEXT, struct.trading_name)
        if struct.name:
            stands_in = struct.name == NAMELESS
            codec = codecs.StandIn(codecs.TEXT) if stands_in else codecs.TEXT
            put(node.make(_NAME), codec, struct.name, optional=stands_in)

    def describe(self) -> list[tuple[str, str]]:
        return [("name", _NAME), ("trading_name", _TRADING_NAME)]


@dataclass(frozen=True)
class _LegalId:
    """``corporate_number`` for a valid 法人番号, else ``legal_id``. A 法人番号 that the document gives only as endpoint
    or identification is the corporate number too."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found, here = node.at(_LEGAL_ID), join(path, _LEGAL_ID)
        if found is not None and (text := text_at(node, _LEGAL_ID)) and text.strip():
            value = read_with(codecs.WORD, text, context, here)
            scheme = read_with(codecs.WORD, found.attributes.get("schemeID", ""), context, f"{here}/@schemeID")
            if value and scheme == CORPORATE and checks.is_corporate_number(value):
                values["corporate_number"] = value
            elif value and scheme is not None:
                _warn_number(value, scheme, context, here)
                values["legal_id"] = Identifier(value=value, scheme=scheme)
        if "corporate_number" not in values:
            others = [values["endpoint"]] if "endpoint" in values else []
            others += values.get("identifiers", ())
            known = [one.value for one in others if one.scheme == CORPORATE and checks.is_corporate_number(one.value)]
            if known:
                values["corporate_number"] = known[0]

    def make(self, struct: Party, node: Node, context: Context) -> None:
        said = struct.legal_id
        if said is None and struct.corporate_number:
            said = Identifier(value=struct.corporate_number, scheme=CORPORATE)
        if said is not None:
            made = node.make(_LEGAL_ID)
            put(made, codecs.WORD, said.value, optional=struct.legal_id is None)
            put_attribute(made, "schemeID", codecs.WORD, said.scheme)

    def describe(self) -> list[tuple[str, str]]:
        return [("corporate_number or legal_id.value", _LEGAL_ID), ("legal_id.scheme", f"{_LEGAL_ID}/@schemeID")]


def _warn_number(value: str, scheme: str, context: Context, path: str) -> None:
    if scheme == CORPORATE and not checks.is_corporate_number(value):
        context.warn(path, f"{value[:20]} is not a 法人番号: its check digit is wrong")
    elif scheme == GLN and not checks.is_gln(value):
        context.warn(path, f"{value[:20]} is not a GLN: its check digit is wrong")


@dataclass(frozen=True)
class _TaxId:
    """``registration_number`` for a 登録番号, else ``tax_number``."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, _TAX_ID), context, join(path, _TAX_ID))
        if value and checks.is_registration_number(value):
            values["registration_number"] = value
            if not checks.is_corporate_number(value[1:]):
                context.warn(join(path, _TAX_ID), f"{value} is not the number of a corporation")
        elif value:
            values["tax_number"] = value

    def make(self, struct: Party, node: Node, context: Context) -> None:
        said = struct.registration_number or struct.tax_number
        if said:
            put(node.make(_TAX_ID), codecs.WORD, said)

    def describe(self) -> list[tuple[str, str]]:
        return [("registration_number or tax_number", _TAX_ID)]


@dataclass(frozen=True)
class _Endpoint:
    """``endpoint``: the electronic address. A paper of ours that has none is reached by its number."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        group = Group("endpoint", "cbc:EndpointID", Identifier, IDENTIFIER)
        group.fill(node, values, context, path)
        if "endpoint" in values:
            one = values["endpoint"]
            _warn_number(one.value, one.scheme, context, join(path, "cbc:EndpointID"))

    def make(self, struct: Party, node: Node, context: Context) -> None:
        said = struct.endpoint or default_endpoint(struct)
        if said is not None:
            made = node.make("cbc:EndpointID")
            put(made, codecs.WORD, said.value, soft=struct.endpoint is None)
            put_attribute(made, "schemeID", codecs.WORD, said.scheme)

    def describe(self) -> list[tuple[str, str]]:
        return [("endpoint.value", "cbc:EndpointID"), ("endpoint.scheme", "cbc:EndpointID/@schemeID")]


def default_endpoint(party: Party) -> Identifier | None:
    """The electronic address that a firm's own numbers give."""
    if party.corporate_number:
        return Identifier(value=party.corporate_number, scheme=CORPORATE)
    if party.gln:
        return Identifier(value=party.gln, scheme=GLN)
    number = party.registration_number
    return Identifier(value=number, scheme=REGISTRATION) if number else None


PARTY: tuple[Row, ...] = (
    _Endpoint(),
    _Identifiers(),
    _Name(),
    Group("address", "cac:PostalAddress", Address, ADDRESS),
    Fixed(
        "cac:PostalAddress/cac:Country/cbc:IdentificationCode",
        lambda party, context: "JP" if party.corporate_number else "",
        note="JP for a firm with a 法人番号",
    ),
    _TaxId(),
    Fixed(
        "cac:PartyTaxScheme/cac:TaxScheme/cbc:ID",
        lambda party, context: "VAT",
        lambda party, node: node.at(_TAX_ID) is not None,
        note="VAT",
    ),
    _LegalId(),
    Group("legal_address", "cac:PartyLegalEntity/cac:RegistrationAddress", Address, ADDRESS),
)


def party(name: str = "", **fields: Any) -> Party:
    """A party whose document may not name it."""
    return Party(name=name, **fields)


def involved(role: str, path: str) -> Keyed:
    """A party besides buyer and seller."""
    return Keyed("involved", "role", role, path, InvolvedParty, (Group("party", "", party, PARTY),))


def contact(role: str, party_path: str) -> Keyed:
    """The person to speak to at a party."""
    return Keyed("contacts", "role", role, f"{party_path}/cac:Contact", Contact, CONTACT)


LOCATION: tuple[Row, ...] = (
    Group("id", "cbc:ID", Identifier, IDENTIFIER),
    Leaf("name", "cbc:Name"),
    Group("address", "cac:Address", Address, ADDRESS),
)


def delivery(period: str) -> tuple[Row, ...]:
    """Rows of a ``cac:Delivery`` whose period is ``cac:RequestedDeliveryPeriod`` or ``cac:PromisedDeliveryPeriod``."""
    priority = "cac:Shipment/cbc:ShippingPriorityLevelCode"
    return (
        Group("period", period, Period, PERIOD),
        Group("location", "cac:DeliveryLocation", Location, LOCATION),
        Group("party", "cac:DeliveryParty", party, PARTY),
        Leaf("despatch_date", "cac:Despatch/cbc:RequestedDespatchDate", codecs.DAY),
        Leaf("service", priority, codecs.CODE),
        Fixed(
            "cac:Shipment/cbc:ID",
            lambda struct, context: "NA",
            lambda struct, node: node.at(priority) is not None,
            note="NA",
        ),
    )


REQUESTED = delivery("cac:RequestedDeliveryPeriod")
PROMISED = delivery("cac:PromisedDeliveryPeriod")
DELIVERY_TERMS: tuple[Row, ...] = (
    Leaf("code", "cbc:ID", codecs.CODE),
    Leaf("description", "cbc:SpecialTerms"),
    Leaf("place", "cac:DeliveryLocation/cbc:ID"),
)
