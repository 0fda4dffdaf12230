"""How far an open round has come, as one conductor holds it: firms and totals, once enough firms are in it.

Owns the record ``yui/joint-meter/1``. Nothing follows from it: it is one conductor's word, and pledges change until the
deadline. Below ``LEAST_FIRMS`` no totals are told, since the total of two gives the other one away. Source:
``docs/protocol.md`` §19.11.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from protocol import canon, shape
from protocol.errors import Malformed, Misdirected
from protocol.keys import SigningKey
from protocol.limits import MAX_INT, MAX_JOINT_ITEMS, MAX_JOINT_PLEDGES, MAX_JOINT_QUANTITY
from protocol.process.joint import filling, sharing, signed
from protocol.process.joint.pledge import Pledge
from protocol.process.joint.terms import Item, Round, Rule

TAG: Final = "yui/joint-meter/1"
LEAST_FIRMS: Final = 3


class Meter(NamedTuple):
    """``firms`` that have pledged, the ``wanted`` quantity of each item together (empty below LEAST_FIRMS); ``time``:
    µs, by the conductor's clock."""

    round: bytes
    firms: int
    wanted: tuple[int, ...]
    time: int


class Reached(NamedTuple):
    """An item's price at a total, and how many more units bring the next one (0: there is none)."""

    price: int
    more: int
    next_price: int


def of(found: Round, name: bytes, pledges: Iterable[Pledge], now: int) -> Meter:
    """The meter of the pledges that stand."""
    totals, firms = [0] * len(found.items), 0
    for pledge in pledges:
        firms += 1
        for want in pledge.wants:
            totals[want.item] += want.wanted
    return Meter(name, firms, tuple(totals) if firms >= LEAST_FIRMS else (), now)


def sign(key: SigningKey, meter: Meter) -> bytes:
    """The bytes that travel."""
    return signed.sign(key, TAG, meter)


def verify(data: bytes, found: Round, name: bytes) -> tuple[Meter, int]:
    """A meter and the number of the conductor that says it.

    Raises:
        Malformed, BadSignature: as of every signed record. Misdirected: of another round, or of no conductor of it.
    """
    envelope = signed.parse(data)
    number = found.number_of(envelope.public)
    raw = shape.record(canon.decode(signed.verify(envelope, envelope.public)), TAG, 5)
    wanted = tuple(
        shape.integer(each, "wanted", 0, MAX_JOINT_PLEDGES * MAX_JOINT_QUANTITY)
        for each in shape.array(raw[3], "wanted", MAX_JOINT_ITEMS)
    )
    meter = Meter(
        shape.hash32(raw[1], "round"),
        shape.integer(raw[2], "firms", 0, MAX_JOINT_PLEDGES),
        wanted,
        shape.integer(raw[4], "time", 0, MAX_INT),
    )
    if meter.round != name:
        raise Misdirected("round: another one")
    if len(wanted) != (len(found.items) if meter.firms >= LEAST_FIRMS else 0):
        raise Malformed("wanted: one number for each item, from three firms on")
    return meter, number


def reached(item: Item, total: int) -> Reached:
    """What a total of an item comes to, in whole packs as the supplier ships it."""
    packed = max(filling.to_pack(item, total), item.tiers[0].since)
    following = next((tier for tier in item.tiers if tier.since > packed), None)
    more = following.since - total if following else 0
    return Reached(filling.price_at(item, packed), more, following.price if following else 0)


def estimate(found: Round, meter: Meter, own: Pledge) -> int:
    """About what a firm would pay if the round closed as the meter has it, yen net of tax; 0 below LEAST_FIRMS.

    Drops are taken for as many as there are firms, and nobody's share is settled yet: the slip says what it comes to.
    """
    if not meter.wanted:
        return 0
    totals = [(at, total) for at, total in enumerate(meter.wanted) if total]
    prices = {at: reached(found.items[at], total).price for at, total in totals}
    mine = [(want.item, want.wanted) for want in own.wants if want.item in prices]
    goods, all_goods = (sharing.goods_by_tax(found, part, prices) for part in (mine, totals))
    off = sharing.rebate_of(found, all_goods)
    rebate = sum(off[tax] * yen // all_goods[tax] for tax, yen in goods.items() if all_goods.get(tax))
    drops = min(meter.firms, len(found.drops))
    freight = sharing.freight_of(found.freight, sum(all_goods.values()), drops)
    if found.freight_rule is Rule.DROP:
        share = freight // drops
    else:
        whole = sharing.weigh(found, found.freight_rule, totals, prices)
        share = freight * sharing.weigh(found, found.freight_rule, mine, prices) // whole if whole else 0
    return sum(goods.values()) - rebate + share
