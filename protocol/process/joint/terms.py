"""A round as it is announced: goods with tiers and packs, freight, who closes it and when, and how costs are shared.

Owns the record ``yui/joint-round/1``, signed by the organising association. Nothing in it changes: other terms are
another round. It has no field for sales prices, customers, areas or penalties. Source: ``docs/protocol.md`` §19.2.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, NamedTuple

from protocol import canon, keys, shape
from protocol.document.header import NETWORKS
from protocol.errors import CallerFault, Malformed, NotAuthorised
from protocol.keys import SigningKey
from protocol.limits import (
    MAX_JOINT_CONDUCTORS,
    MAX_JOINT_DROPS,
    MAX_JOINT_ITEMS,
    MAX_JOINT_MONEY,
    MAX_JOINT_QUANTITY,
    MAX_PRICE_TIERS,
    MIN_JOINT_CONDUCTORS,
)
from protocol.process.joint import signed

TAG: Final = "yui/joint-round/1"
MAX_BYTES: Final = 64 * 1024
MAX_GRAMS: Final = 10**9
THOUSAND: Final = 1000


class Rule(Enum):
    """By what a cost is shared."""

    QUANTITY = "quantity"
    VALUE = "value"
    WEIGHT = "weight"
    DROP = "drop"


class Conductor(NamedTuple):
    """An association that closes the round if it is the first that can: its node's key, and the member in whose name
    the order then goes out (best a member of its own, since it reads every delivery line)."""

    key: bytes
    buyer: bytes


class Tier(NamedTuple):
    """Yen for one unit, net of tax, from this total quantity on."""

    since: int
    price: int


class Item(NamedTuple):
    """Goods. Quantities are whole ``unit`` (UN/ECE Rec 20). The supplier ships whole ``pack``; a firm may take
    multiples of ``step``; below ``minimum`` in total nothing is ordered. ``tax``: thousandths."""

    code: str
    name: str
    unit: str
    grams: int
    pack: int
    step: int
    minimum: int
    tax: int
    tiers: tuple[Tier, ...]


class Freight(NamedTuple):
    """Yen for the order, yen for each drop, free from this value of goods on (0: never), tax in thousandths."""

    flat: int
    drop: int
    free: int
    tax: int


class Rebate(NamedTuple):
    """Thousandths off the goods, from this value of goods on."""

    since: int
    thousandths: int


class Drop(NamedTuple):
    """Where goods are set down. ``area``: code of the municipality; its place in millionths of a degree."""

    code: str
    name: str
    area: str
    latitude: int
    longitude: int


class Market(NamedTuple):
    """What the organiser states about buying power: thousandths of what is bought in the named market, and whence."""

    name: str
    share: int
    source: str


class Round(NamedTuple):
    """``deadline`` and ``extended`` (0: none) in µs UTC. ``supplier``: member id, empty where it has none.
    ``alone``: the freight that one firm pays for a delivery of its own."""

    network: str
    nonce: bytes
    name: str
    supplier: bytes
    supplier_name: str
    conductors: tuple[Conductor, ...]
    deadline: int
    extended: int
    items: tuple[Item, ...]
    freight: Freight
    alone: Freight
    rebates: tuple[Rebate, ...]
    freight_rule: Rule
    rebate_rule: Rule
    origin: Drop
    drops: tuple[Drop, ...]
    market: Market
    time: int

    @property
    def attempts(self) -> int:
        """How often the round may be closed: once, or once more after the extension."""
        return 2 if self.extended else 1

    @property
    def majority(self) -> int:
        """How many conductors decide."""
        return len(self.conductors) // 2 + 1

    def due(self, attempt: int) -> int:
        """The deadline of an attempt, µs."""
        return self.extended if attempt else self.deadline

    def number_of(self, public: bytes) -> int:
        """The place of a conductor, the organiser is 0; NotAuthorised for anybody else."""
        for at, conductor in enumerate(self.conductors):
            if conductor.key == public:
                return at
        raise NotAuthorised("conductor: only an association that the round names may do this")


def sign(key: SigningKey, found: Round) -> bytes:
    """The bytes that travel; ``key`` is the organiser's, the first conductor's. Shapes are checked as on receipt."""
    if key.public != found.conductors[0].key:
        raise CallerFault("conductors[0]", "the organiser signs the round")
    rules = {"freight_rule": found.freight_rule.value, "rebate_rule": found.rebate_rule.value}
    fields = found._replace(**rules)  # type: ignore[arg-type]
    parse_record(canon.encode((TAG, *fields)))
    return signed.sign(key, TAG, fields)


def verify(data: bytes) -> tuple[Round, bytes]:
    """The round and its hash, by which everything else names it; signed by the organiser that it names."""
    envelope = signed.parse(data, MAX_BYTES)
    found = parse_record(envelope.record)
    return found, canon.digest(signed.verify(envelope, found.conductors[0].key))


def parse_record(record: bytes) -> Round:
    """The round of a record. Malformed, naming the field, where its terms contradict each other."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_BYTES), TAG, 19)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    deadline = shape.time_us(raw[7], "deadline")
    extended = shape.time_us(raw[8], "extended")
    if extended and extended <= deadline:
        raise Malformed("extended: later than the deadline")
    rebates = tuple(_rebate(item) for item in shape.array(raw[12], "rebates", MAX_PRICE_TIERS))
    _require_rising([rebate.since for rebate in rebates], "rebates.since")
    _require_rising([rebate.thousandths for rebate in rebates], "rebates.thousandths")
    drops = tuple(_drop(item, "drops") for item in shape.array(raw[16], "drops", MAX_JOINT_DROPS))
    if not drops or len({drop.code for drop in drops}) != len(drops):
        raise Malformed("drops: at least one, no code twice")
    found = Round(
        raw[1],
        shape.fixed(raw[2], "nonce", 16),
        shape.text(raw[3], "name", 200, empty=False),
        shape.hash_or_empty(raw[4], "supplier"),
        shape.text(raw[5], "supplier_name", 200, empty=False),
        _conductors(raw[6]),
        deadline,
        extended,
        _items(raw[9]),
        _freight(raw[10], "freight"),
        _freight(raw[11], "alone"),
        rebates,
        _rule(raw[13], "freight_rule"),
        _rule(raw[14], "rebate_rule"),
        _drop(raw[15], "origin"),
        drops,
        _market(raw[17]),
        shape.time_us(raw[18], "time"),
    )
    _require_rules(found)
    return found


def _require_rules(found: Round) -> None:
    if found.rebate_rule is Rule.DROP:
        raise Malformed("rebate_rule: quantity, value or weight")
    if Rule.WEIGHT in {found.freight_rule, found.rebate_rule} and not all(item.grams for item in found.items):
        raise Malformed("items.grams: stated for all goods where costs are shared by weight")
    if found.alone.drop:
        raise Malformed("alone.drop: one firm has one drop, so its freight is flat")


def _conductors(value: Any) -> tuple[Conductor, ...]:
    found = []
    for item in shape.array(value, "conductors", MAX_JOINT_CONDUCTORS):
        key, buyer = shape.exactly(item, "conductors", 2)
        keys.require_valid_public(shape.fixed(key, "conductors.key", 32))
        found.append(Conductor(key, shape.hash32(buyer, "conductors.buyer")))
    if len(found) < MIN_JOINT_CONDUCTORS:
        raise Malformed(f"conductors: at least {MIN_JOINT_CONDUCTORS}, so that the loss of one stops nothing")
    if len({conductor.key for conductor in found}) != len(found):
        raise Malformed("conductors: no key twice")
    return tuple(found)


def _items(value: Any) -> tuple[Item, ...]:
    found = tuple(_item(item) for item in shape.array(value, "items", MAX_JOINT_ITEMS))
    if not found or len({item.code for item in found}) != len(found):
        raise Malformed("items: at least one, no code twice")
    return found


def _item(value: Any) -> Item:
    raw = shape.exactly(value, "items", 9)
    tiers = tuple(_tier(item) for item in shape.array(raw[8], "items.tiers", MAX_PRICE_TIERS))
    if not tiers:
        raise Malformed("items.tiers: at least one")
    _require_rising([tier.since for tier in tiers], "items.tiers.since")
    _require_rising([-tier.price for tier in tiers], "items.tiers.price (a larger quantity is cheaper)")
    step = shape.integer(raw[5], "items.step", 1, MAX_JOINT_QUANTITY)
    pack = shape.integer(raw[4], "items.pack", 1, MAX_JOINT_QUANTITY)
    if pack % step:
        raise Malformed("items.pack: a multiple of the step")
    return Item(
        shape.text(raw[0], "items.code", 64, empty=False),
        shape.text(raw[1], "items.name", 200, empty=False),
        shape.text(raw[2], "items.unit", 8, empty=False),
        shape.integer(raw[3], "items.grams", 0, MAX_GRAMS),
        pack,
        step,
        shape.integer(raw[6], "items.minimum", 0, MAX_JOINT_MONEY),
        _thousandths(raw[7], "items.tax"),
        tiers,
    )


def _tier(value: Any) -> Tier:
    since, price = shape.exactly(value, "items.tiers", 2)
    return Tier(
        shape.integer(since, "items.tiers.since", 1, MAX_JOINT_MONEY),
        shape.integer(price, "items.tiers.price", 1, MAX_JOINT_MONEY),
    )


def _freight(value: Any, name: str) -> Freight:
    raw = shape.exactly(value, name, 4)
    yen = [shape.integer(item, name, 0, MAX_JOINT_MONEY) for item in raw[:3]]
    return Freight(yen[0], yen[1], yen[2], _thousandths(raw[3], f"{name}.tax"))


def _rebate(value: Any) -> Rebate:
    since, off = shape.exactly(value, "rebates", 2)
    return Rebate(shape.integer(since, "rebates.since", 1, MAX_JOINT_MONEY), _thousandths(off, "rebates.thousandths"))


def _drop(value: Any, name: str) -> Drop:
    raw = shape.exactly(value, name, 5)
    return Drop(
        shape.text(raw[0], f"{name}.code", 64, empty=False),
        shape.text(raw[1], f"{name}.name", 200, empty=False),
        shape.text(raw[2], f"{name}.area", 16),
        shape.integer(raw[3], f"{name}.latitude", -90_000_000, 90_000_000),
        shape.integer(raw[4], f"{name}.longitude", -180_000_000, 180_000_000),
    )


def _market(value: Any) -> Market:
    raw = shape.exactly(value, "market", 3)
    name = shape.text(raw[0], "market.name", 200, empty=False)
    return Market(name, _thousandths(raw[1], "market.share"), shape.text(raw[2], "market.source", 200, empty=False))


def _rule(value: Any, name: str) -> Rule:
    try:
        return Rule(value)
    except ValueError:
        raise Malformed(f"{name}: quantity, value, weight or drop") from None


def _thousandths(value: Any, name: str) -> int:
    return shape.integer(value, name, 0, THOUSAND)


def _require_rising(numbers: list[int], name: str) -> None:
    if numbers != sorted(set(numbers)):
        raise Malformed(f"{name}: each tier above the one before")
