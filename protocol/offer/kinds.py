"""The kinds of offers and requests, each with its typed part: one vocabulary for every node.

Owns the tables of fields, what has to hold between them, and which offers may fit which requests. ``offer`` is what a
firm has or does, ``request`` what it looks for. A kind that is *together* fits among its own requests and offers too:
three who want to buy have found each other. *Referral* has no field for territory, customer or price, since firms may
not agree on these (独占禁止法); nor has any kind a field for sales prices. No field names a person. The production
kinds are shaped after Catena-X ManufacturingCapability 3.1.0 (CX-0115, CC-BY-4.0), simplified. Source:
``docs/protocol.md`` §20.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from protocol.limits import MAX_OFFER_QUANTITY, MAX_OFFER_YEN
from protocol.offer import fields
from protocol.offer.fields import Field, Needed, Type, unfit

BOTH, OFFER, REQUEST = Needed.BOTH, Needed.OFFER, Needed.REQUEST
Details = Mapping[str, Any]


class Side(Enum):
    """Who has, and who looks for."""

    OFFER = "offer"
    REQUEST = "request"


class Kind(NamedTuple):
    """``dated``: the days from and until are needed. ``placed``: it has an area. ``together``: fits among its own side
    too. ``answers``: kinds whose offers fit a request of this kind, beside its own. ``gate``: the field in which both
    must agree before anything else is compared. ``topic``: the field whose words say what it is about."""

    name: str
    fields: tuple[Field, ...]
    check: Callable[[Details, str], None]
    dated: bool = False
    placed: bool = True
    together: bool = False
    answers: tuple[str, ...] = ()
    gate: str = ""
    topic: str = ""

    def field(self, name: str) -> Field | None:
        """The field of this name."""
        return next((field for field in self.fields if field.name == name), None)


PROCESSES: Final = (
    "cutting", "pressing", "sheet_metal", "welding", "casting", "forging", "moulding", "plating", "heat_treatment",
    "painting", "assembly", "inspection", "printing", "sewing", "weaving", "woodwork", "bottling", "food", "packing",
    "electronics", "software", "design", "other",
)  # fmt: skip
CERTIFICATES: Final = (
    "iso9001", "iso14001", "iatf16949", "jisq9100", "iso13485", "iso22000", "fssc22000", "haccp", "jfs", "gmp",
    "jas_organic", "halal", "kosher", "ce", "fda",
)  # fmt: skip
TEMPERATURES: Final = ("ambient", "chilled", "frozen")
PERMITTED_CARRIERS: Final = ("general", "light", "forwarding")
CARRIERS: Final = (*PERMITTED_CARRIERS, "hired_carrier")
REGULATED: Final = ("none", "food", "alcohol", "used", "medicine", "hazardous")
FORMS: Final = ("secondment", "dispatch", "contract", "side_job")
PURPOSES: Final = ("keep_jobs", "guidance", "training", "group")
TRADES: Final = (
    "management", "expert", "office", "sales", "service", "security", "farming", "manufacturing", "transport",
    "construction", "carrying", "port",
)  # fmt: skip
NO_DISPATCH: Final = ("security", "construction", "port")  # 労働者派遣法4条
STAGES: Final = (
    "research", "design", "prototyping", "making", "inspection", "packing", "storage", "delivery", "selling", "export",
    "after_sales", "promotion",
)  # fmt: skip
PERMITS: Final = ("none", "food_business", "warehouse", "crane", "pressure", "hazardous")
EXPORT_CLASSES: Final = ("not_listed", "listed", "catch_all_checked", "not_yet_classified", "no_goods")


def _text(name: str, needed: Needed = Needed.NO, most: int = 100, law: str = "") -> Field:
    return Field(name, Type.TEXT, needed, 1, most, law=law)


def _number(name: str, unit: str, needed: Needed = Needed.NO, low: int = 1, high: int = MAX_OFFER_QUANTITY) -> Field:
    return Field(name, Type.NUMBER, needed, low, high, unit)


def _yen(name: str, needed: Needed = Needed.NO) -> Field:
    return Field(name, Type.YEN, needed, 1, MAX_OFFER_YEN, "yen")


def _choice(name: str, choices: tuple[str, ...], needed: Needed = Needed.NO, law: str = "") -> Field:
    return Field(name, Type.CHOICE, needed, choices=choices, law=law)


def _choices(name: str, choices: tuple[str, ...], needed: Needed = Needed.NO) -> Field:
    return Field(name, Type.CHOICES, needed, 1, len(choices), choices=choices)


def _flag(name: str, needed: Needed = Needed.NO, law: str = "") -> Field:
    return Field(name, Type.FLAG, needed, law=law)


_PERMIT_NUMBER: Final = _text("permit_number", most=60)
_EXPORT: Final = (
    _choice("export_class", EXPORT_CLASSES, law="export"),
    _text("export_item", most=40, law="export"),
)
_SIZE: Final = (
    _number("length_mm", "mm", high=100_000),
    _number("width_mm", "mm", high=100_000),
    _number("height_mm", "mm", high=100_000),
)
_MAKING: Final = (
    Field("materials", Type.WORDS, low=1, high=20),
    *_SIZE,
    _number("force_kn", "kN", high=500_000),
    _number("tolerance_um", "µm", high=100_000),
    _number("roughness_nm", "nm", high=1_000_000),
    _choices("certificates", CERTIFICATES),
)
_SHARE_OF_MARKET: Final = Field("market_share", Type.NUMBER, Needed.NO, 0, 1000, "‰", law="antimonopoly")


def _no_rule(details: Details, side: str) -> None:
    """Nothing holds between the fields of this kind."""


def _carried(details: Details, side: str) -> None:
    if side == Side.OFFER.value and "carrier" not in details:
        raise unfit("carrier", "an offer says by whose permit goods of others are carried")
    if details.get("carrier") in PERMITTED_CARRIERS and "permit_number" not in details:
        raise unfit("permit_number", "needed with this carrier")


def _stocked(details: Details, side: str) -> None:
    if side == Side.OFFER.value and details["regulated"] not in {"none", "food"} and "permit_number" not in details:
        raise unfit("permit_number", "needed for goods that take a permit to sell")


def _lent(details: Details, side: str) -> None:
    form, offers = details["form"], side == Side.OFFER.value
    if form == "secondment" and "purpose" not in details:
        raise unfit("purpose", "a secondment has one of the four purposes that the law knows")
    if form != "secondment" and "purpose" in details:
        raise unfit("purpose", "only of a secondment")
    if form == "secondment" and offers and details.get("consent") is not True:
        raise unfit("consent", "those who would go have to agree first")
    if form == "dispatch" and details["trade"] in NO_DISPATCH:
        raise unfit("form", "no dispatch for construction, security or port work")
    if form == "dispatch" and offers and "permit_number" not in details:
        raise unfit("permit_number", "needed to dispatch workers")


def _invested(details: Details, side: str) -> None:
    if details["not_solicitation"] is not True:
        raise unfit("not_solicitation", "has to be confirmed: an offer here is an invitation to talk, not to subscribe")


def _equipped(details: Details, side: str) -> None:
    if side == Side.OFFER.value and details["permit"] != "none" and "permit_number" not in details:
        raise unfit("permit_number", "needed with this permit")


def _exported(details: Details, side: str) -> None:
    if details.get("export_class") == "listed" and "export_item" not in details:
        raise unfit("export_item", "the item of 輸出貿易管理令 別表第一")
    if details.get("export_class") != "listed" and "export_item" in details:
        raise unfit("export_item", "only with the class listed")


_ALL: Final = (
    Kind(
        "joint_purchase",
        (
            _text("item", BOTH),
            Field("gtin", Type.GTIN),
            _number("quantity", "", BOTH),
            Field("unit", Type.UNIT, BOTH),
            _number("pack", "", high=100_000),
            Field("decide_until", Type.DATE),
            _SHARE_OF_MARKET,
        ),
        _no_rule,
        together=True,
        topic="item",
    ),
    Kind(
        "joint_transport",
        (
            Field("origin", Type.AREA, BOTH),
            Field("destination", Type.AREA, BOTH),
            _choice("temperature", TEMPERATURES, BOTH),
            _number("weight_kg", "kg", BOTH, high=100_000),
            _number("volume_l", "l", high=1_000_000),
            _number("pallets", "", high=1_000),
            _choice("vehicle", ("kei", "t2", "t4", "t10", "trailer", "rail", "ship")),
            _flag("return_trip"),
            _choice("loading", ("shipper", "carrier"), law="subcontract"),
            _choice("carrier", CARRIERS, law="carriage"),
            _PERMIT_NUMBER._replace(law="carriage"),
        ),
        _carried,
        dated=True,
        placed=False,
        together=True,
        gate="temperature",
    ),
    Kind(
        "stock",
        (
            _text("item", BOTH),
            Field("gtin", Type.GTIN),
            _number("quantity", "", BOTH),
            Field("unit", Type.UNIT, BOTH),
            _yen("price_yen"),
            Field("best_before", Type.DATE),
            _choice("temperature", TEMPERATURES),
            _choice("regulated", REGULATED, BOTH, law="regulated"),
            _PERMIT_NUMBER._replace(law="regulated"),
        ),
        _stocked,
        answers=("goods",),
        gate="regulated",
        topic="item",
    ),
    Kind(
        "goods",
        (
            _text("item", BOTH),
            Field("gtin", Type.GTIN),
            Field("unit", Type.UNIT, BOTH),
            _yen("price_yen", OFFER),
            _number("lot_least", ""),
            _number("quantity", ""),
            _number("lead_days", "d", low=0, high=730),
            _text("terms", most=300),
            _choice("regulated", REGULATED, BOTH, law="regulated"),
            _PERMIT_NUMBER._replace(law="regulated"),
        ),
        _stocked,
        gate="regulated",
        topic="item",
    ),
    Kind(
        "capacity",
        (
            _choice("process", PROCESSES, BOTH),
            *_MAKING,
            _text("machine"),
            _number("machines", "", high=1_000),
            _number("axes", "", high=12),
            _number("hours_week", "h", high=10_000),
            _number("lot_least", ""),
            _number("quantity", ""),
            _number("lead_days", "d", low=0, high=730),
            _text("capability_ref", most=200),
            *_EXPORT,
        ),
        _exported,
        dated=True,
        gate="process",
    ),
    Kind(
        "people",
        (
            _choice("trade", TRADES, BOTH),
            _text("skill", BOTH),
            _number("persons", "", BOTH, high=1_000),
            _number("hours_day", "h", high=12),
            _choice("form", FORMS, BOTH, law="labour"),
            _choice("purpose", PURPOSES, law="labour"),
            _flag("consent", law="consent"),
            _PERMIT_NUMBER._replace(law="dispatch"),
        ),
        _lent,
        dated=True,
        gate="trade",
        topic="skill",
    ),
    Kind(
        "gap_filling",
        (
            _text("theme", BOTH),
            _choices("brings", STAGES, BOTH),
            _choices("seeks", STAGES, BOTH),
            *_EXPORT,
        ),
        _exported,
        together=True,
        topic="theme",
    ),
    Kind(
        "overflow",
        (
            _choice("process", PROCESSES, BOTH),
            _text("item", BOTH),
            *_MAKING,
            _number("quantity", "", BOTH),
            _number("lot_least", ""),
            _yen("price_yen"),
            _flag("drawing"),
            _choice("customer_consent", ("obtained", "to_be_asked", "no_customer"), REQUEST, law="subcontract"),
            *_EXPORT,
        ),
        _exported,
        dated=True,
        answers=("capacity",),
        gate="process",
    ),
    Kind(
        "referral",
        (
            Field("specialities", Type.WORDS, BOTH, 1, 10),
            _choices("certificates", CERTIFICATES),
            Field("languages", Type.WORDS, Needed.NO, 1, 10),
        ),
        _no_rule,
        placed=False,
        topic="specialities",
    ),
    Kind(
        "joint_investment",
        (
            _choice("object", ("facility", "vehicle", "software", "brand", "company", "building"), BOTH),
            _text("purpose_text", BOTH),
            _yen("amount_yen", BOTH),
            _yen("share_yen"),
            _number("term_months", "", high=600),
            _choice("form", ("co_ownership", "partnership", "llp", "company", "cooperative")),
            Field("parties_most", Type.NUMBER, Needed.NO, 2, 49, law="securities"),
            _flag("not_solicitation", BOTH, law="securities"),
        ),
        _invested,
        together=True,
        gate="object",
        topic="purpose_text",
    ),
    Kind(
        "joint_machine",
        (
            _choice("process", PROCESSES, BOTH),
            _text("machine", BOTH),
            _text("maker_model"),
            _number("machines", "", BOTH, high=1_000),
            _yen("amount_yen"),
            Field("decide_until", Type.DATE),
            _SHARE_OF_MARKET,
        ),
        _no_rule,
        together=True,
        gate="process",
        topic="machine",
    ),
    Kind(
        "shared_equipment",
        (
            _choice(
                "category",
                ("machine_tool", "measuring", "kitchen", "cold_store", "warehouse", "vehicle", "room", "laboratory",
                 "printing", "other"),
                BOTH,
            ),
            _text("equipment", BOTH),
            *_SIZE,
            _number("hours_week", "h", high=168),
            _yen("price_hour_yen"),
            _choice("operator", ("with", "self")),
            _choice("permit", PERMITS, OFFER, "equipment"),
            _PERMIT_NUMBER._replace(law="equipment"),
            _flag("insured"),
        ),
        _equipped,
        gate="category",
        topic="equipment",
    ),
    Kind(
        "abroad",
        (
            Field("countries", Type.COUNTRIES, BOTH, 1, 20),
            _choices(
                "activities",
                ("exporting", "importing", "exhibition", "partner", "production", "online", "visitors", "legal"),
                BOTH,
            ),
            _text("product", BOTH),
            Field("languages", Type.WORDS, Needed.NO, 1, 10),
            _choices("certificates", CERTIFICATES),
            _EXPORT[0]._replace(needed=BOTH),
            _EXPORT[1],
        ),
        _exported,
        placed=True,
        together=True,
        topic="product",
    ),
)  # fmt: skip

#: Every kind by its name, in the order in which people are shown them.
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in _ALL})


def read(kind: str, side: str, given: Any) -> dict[str, Any]:
    """The typed part of an offer of this kind: no field unknown, none missing, each within its bounds, in the order
    of their names. Malformed names the field and the rule."""
    found = KINDS.get(kind) if type(kind) is str else None
    if found is None:
        raise unfit("kind", f"one of {', '.join(KINDS)}")
    if side not in {one.value for one in Side}:
        raise unfit("side", "offer or request")
    if type(given) is not dict:
        raise unfit("details", "must be a map of fields")
    known = {field.name: field for field in found.fields}
    for name in given:
        if name not in known:
            raise unfit(name, f"{kind} has no such field")
    for field in found.fields:
        if field.name not in given and field.needed_by(side):
            raise unfit(field.name, f"needed in this {'offer' if side == 'offer' else 'request'} of {kind}")
    details = {name: fields.read(known[name], given[name]) for name in sorted(given)}
    found.check(details, side)
    return details


def partners(kind: str, side: str) -> tuple[tuple[str, str], ...]:
    """The (kind, side) that may fit an offer or request of this kind."""
    other = Side.REQUEST.value if side == Side.OFFER.value else Side.OFFER.value
    found = [(kind, other)]
    if KINDS[kind].together:
        found.append((kind, side))
    if side == Side.REQUEST.value:
        found += [(name, other) for name in KINDS[kind].answers]
    else:
        found += [(one.name, other) for one in KINDS.values() if kind in one.answers]
    return tuple(found)
