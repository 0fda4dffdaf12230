"""The closing: what comes of a round from the pledges that stand. Deterministic; every conductor computes the same.

Owns the outcome, its public record (``yui/joint-result/1``: totals only) and each firm's slip (``yui/joint-slip/1``:
its own numbers only). The result holds the root of a tree over all slips, so that a firm sees that its slip is part of
the result that everybody signed, and nothing of the others'. Source: ``docs/protocol.md`` §19.6–19.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import cached_property
from typing import Any, Final, NamedTuple

from protocol import canon, keys, shape
from protocol.errors import Malformed
from protocol.keys import Step
from protocol.limits import (
    MAX_INT,
    MAX_JOINT_ITEMS,
    MAX_JOINT_PLEDGES,
    MAX_JOINT_QUANTITY,
    MAX_PROOF_PATH,
    MAX_RECORD_BYTES,
)
from protocol.process.joint import filling, sharing
from protocol.process.joint.filling import Fill
from protocol.process.joint.pledge import Pledge
from protocol.process.joint.sharing import Share
from protocol.process.joint.terms import Round

RESULT_TAG: Final = "yui/joint-result/1"
SLIP_TAG: Final = "yui/joint-slip/1"
TOLD_TAG: Final = "yui/joint-told/1"
MAX_SLIP_BYTES: Final = 4096
MARKET_SHARE: Final = 200  # thousandths of a market from which people should ask a lawyer first
MAX_CAUTIONS: Final = 8


class State(Enum):
    """What became of an attempt."""

    CONCLUDED = "concluded"
    EXTENDED = "extended"
    CALLED_OFF = "called_off"


class Reason(Enum):
    """Why a round is extended or called off, or some goods are not ordered."""

    NONE = ""
    NOBODY = "nobody"  # no pledge stands
    SHORT = "short"  # no total in whole packs, at least the minimum, lies within the tolerances
    DEARER = "dearer"  # somebody would pay more than alone and than agreed
    TOO_LARGE = "too_large"  # sums above 2^53 - 1


class Caution(Enum):
    """What competition law wants looked at; none of them stops a round."""

    MARKET_SHARE = "market_share"
    LARGE_FIRM = "large_firm"
    ONE_FIRM = "one_firm"


class Result(NamedTuple):
    """What everybody in the round may see. ``items``: (total, price) of each, (0, 0) where it is not ordered.
    ``goods``, ``rebate``, ``freight``: yen, net of tax. ``slips``: root of the tree of slips; empty without any."""

    round: bytes
    attempt: int
    words: bytes
    state: State
    reason: Reason
    firms: int
    items: tuple[tuple[int, int], ...]
    goods: int
    rebate: int
    freight: int
    cautions: tuple[Caution, ...]
    slips: bytes


class Slip(NamedTuple):
    """One firm's own part of a result; ``salt`` from its pledge. Yen, net of tax."""

    round: bytes
    attempt: int
    member: bytes
    salt: bytes
    drop: int
    granted: tuple[tuple[int, int], ...]
    goods: int
    rebate: int
    freight: int
    settled: int
    pays: int


class Outcome:
    """A closing: what all see (``result``), and what conductors alone see (``shares``, ascending by member)."""

    def __init__(self, found: Round, result: Result, shares: Sequence[Share]) -> None:
        self.round = found
        self.result = result
        self.shares = tuple(shares)

    @cached_property
    def record(self) -> bytes:
        """The bytes of the public record."""
        return encode_result(self.result)

    @cached_property
    def slips(self) -> tuple[bytes, ...]:
        """Every firm's slip, in the order of the shares."""
        return tuple(_slip(self.result, share) for share in self.shares)

    @cached_property
    def paths(self) -> list[tuple[Step, ...]]:
        """For each slip, its way to the root that the result names."""
        return keys.tree(self.slips)[1] if self.slips else []


def close(found: Round, name: bytes, attempt: int, words: bytes, pledges: Sequence[Pledge]) -> Outcome:
    """The outcome of an attempt. ``words``: hash of the set that was agreed on; ``pledges``: those of it that stand."""
    pledges = sorted(pledges, key=lambda pledge: pledge.member)
    fills = _fills(found, name, pledges)
    reason = Reason.NONE if pledges else Reason.NOBODY
    if any(fill is None for fill in fills.values()):
        reason = Reason.SHORT
    ordered = {at: fill for at, fill in fills.items() if fill is not None}
    shares: list[Share] | None = []
    if ordered and (reason is Reason.NONE or attempt == found.attempts - 1):
        sums = sum(fill.total * fill.price for fill in ordered.values()) + freight_bound(found)
        shares = _shares(found, name, pledges, fills) if sums <= MAX_INT else None
        if shares is None:
            reason = Reason.DEARER if sums <= MAX_INT else Reason.TOO_LARGE
    if shares:
        return _outcome(found, name, attempt, words, reason, ordered, shares)
    state = State.EXTENDED if attempt < found.attempts - 1 else State.CALLED_OFF
    nothing = ((0, 0),) * len(found.items)
    result = Result(
        name, attempt, words, state, reason, len(pledges), nothing, 0, 0, 0, cautions_of(found, pledges), b""
    )
    return Outcome(found, result, ())


def freight_bound(found: Round) -> int:
    """The highest freight that an order of the round can cost."""
    return found.freight.flat + len(found.drops) * found.freight.drop


def _fills(found: Round, name: bytes, pledges: Sequence[Pledge]) -> dict[int, Fill | None]:
    """The fill of every item that somebody wants; its grants are in the order of those who want it."""
    fills: dict[int, Fill | None] = {}
    buyers = [conductor.buyer for conductor in found.conductors]
    for at, item in enumerate(found.items):
        asked = [(pledge, want) for pledge in pledges for want in pledge.wants if want.item == at]
        if not asked:
            continue
        places = {pledge.member: place for place, (pledge, _) in enumerate(asked)}
        first = [places[buyer] for buyer in dict.fromkeys(buyers) if buyer in places]
        lots = [sharing.lot(name, pledge.member) for pledge, _ in asked]
        fills[at] = filling.fill(item, [want for _, want in asked], lots, first)
    return fills


def _shares(found: Round, name: bytes, pledges: Sequence[Pledge], fills: dict[int, Fill | None]) -> list[Share] | None:
    """Everybody's share; None where somebody would pay more than alone and than agreed."""
    given = {at: iter(fill.granted) for at, fill in fills.items() if fill is not None}
    grants = [
        (pledge, granted)
        for pledge in pledges
        if (granted := _granted(pledge, given))
    ]  # fmt: skip
    prices = {at: fill.price for at, fill in fills.items() if fill is not None}
    shares, balanced = shares_of(found, name, grants, prices)
    return shares if balanced else None


def shares_of(
    found: Round,
    name: bytes,
    grants: Sequence[tuple[Pledge, tuple[tuple[int, int], ...]]],
    prices: dict[int, int],
    value: int | None = None,
) -> tuple[list[Share], bool]:
    """Everybody's share of what they get, and whether nobody pays more than alone or agreed; if not, nothing is
    settled between them. ``value``: yen of goods that decide rebate and free freight, by default of these goods."""
    lots = [sharing.lot(name, pledge.member) for pledge, _ in grants]
    by_tax = [sharing.goods_by_tax(found, granted, prices) for _, granted in grants]
    goods = [sum(sums.values()) for sums in by_tax]
    reached = sum(goods) if value is None else value
    rebates = _rebate_shares(found, grants, prices, by_tax, lots, reached)
    drops = [pledge.drop for pledge, _ in grants]
    total = sharing.freight_of(found.freight, reached, len(set(drops))) if grants else 0
    weights = [sharing.weigh(found, found.freight_rule, granted, prices) for _, granted in grants]
    freights = sharing.freight_shares(found, name, total, drops, weights, lots)
    alone = [sharing.alone(found, granted) for _, granted in grants]
    pays = [
        yen - sum(off for _, off in taken) + freight
        for yen, taken, freight in zip(goods, rebates, freights, strict=True)
    ]
    settled = sharing.settle(pays, alone, [pledge.extra for pledge, _ in grants], lots)
    even = [0] * len(grants) if settled is None else settled
    shares = [
        Share(pledge, granted, goods[at], rebates[at], freights[at], even[at], alone[at])
        for at, (pledge, granted) in enumerate(grants)
    ]
    return shares, settled is not None


def _granted(pledge: Pledge, given: dict[int, Any]) -> tuple[tuple[int, int], ...]:
    """What a firm gets, without goods that are not ordered or of which it gets none."""
    found = [(want.item, next(given[want.item])) for want in pledge.wants if want.item in given]
    return tuple((at, quantity) for at, quantity in found if quantity)


def _rebate_shares(
    found: Round,
    grants: Sequence[tuple[Pledge, tuple[tuple[int, int], ...]]],
    prices: dict[int, int],
    by_tax: Sequence[dict[int, int]],
    lots: Sequence[bytes],
    reached: int,
) -> list[tuple[tuple[int, int], ...]]:
    """For each firm what is off for each tax rate, among the firms with goods at that rate."""
    goods: dict[int, int] = {}
    for sums in by_tax:
        for tax, yen in sums.items():
            goods[tax] = goods.get(tax, 0) + yen
    shares: list[list[tuple[int, int]]] = [[] for _ in grants]
    for tax, off in sharing.rebate_of(found, goods, reached).items():
        weights = [
            sharing.weigh(
                found, found.rebate_rule, [part for part in granted if found.items[part[0]].tax == tax], prices
            )
            for _, granted in grants
        ]
        for at, yen in enumerate(filling.apportion(off, weights, lots)):
            if yen:
                shares[at].append((tax, yen))
    return [tuple(share) for share in shares]


def _outcome(
    found: Round,
    name: bytes,
    attempt: int,
    words: bytes,
    reason: Reason,
    ordered: dict[int, Fill],
    shares: Sequence[Share],
) -> Outcome:
    items = tuple((ordered[at].total, ordered[at].price) if at in ordered else (0, 0) for at in range(len(found.items)))
    result = Result(
        name,
        attempt,
        words,
        State.CONCLUDED,
        reason,
        len(shares),
        items,
        sum(share.goods for share in shares),
        sum(share.rebate for share in shares),
        sum(share.freight for share in shares),
        cautions_of(found, [share.pledge for share in shares], [share.goods for share in shares]),
        b"",
    )
    return Outcome(found, result._replace(slips=keys.root([_slip(result, share) for share in shares])), shares)


def cautions_of(found: Round, pledges: Sequence[Pledge], goods: Sequence[int] = ()) -> tuple[Caution, ...]:
    """What people should look at: the group's share of the market, a firm that is not small, one firm that takes more
    than half."""
    said = []
    if found.market.share >= MARKET_SHARE:
        said.append(Caution.MARKET_SHARE)
    if any(pledge.large for pledge in pledges):
        said.append(Caution.LARGE_FIRM)
    if len(goods) > 1 and 2 * max(goods) > sum(goods):
        said.append(Caution.ONE_FIRM)
    return tuple(said)


def _slip(result: Result, share: Share) -> bytes:
    pledge = share.pledge
    slip = Slip(
        result.round,
        result.attempt,
        pledge.member,
        pledge.salt,
        pledge.drop,
        share.granted,
        share.goods,
        share.rebate,
        share.freight,
        share.settled,
        share.pays,
    )
    return canon.encode((SLIP_TAG, *slip))


def encode_result(result: Result) -> bytes:
    """The bytes of a result's record."""
    fields = list(result)
    fields[3], fields[4] = result.state.value, result.reason.value
    fields[10] = [caution.value for caution in result.cautions]
    return canon.encode((RESULT_TAG, *fields))


def parse_result(record: bytes) -> Result:
    """The result of a record."""
    raw = shape.record(canon.decode(record), RESULT_TAG, 13)
    try:
        state, reason = State(raw[4]), Reason(raw[5])
        cautions = tuple(Caution(item) for item in shape.array(raw[11], "cautions", MAX_CAUTIONS))
    except ValueError:
        raise Malformed("state, reason or caution: not one of the list") from None
    return Result(
        shape.hash32(raw[1], "round"),
        shape.integer(raw[2], "attempt", 0, 1),
        shape.hash32(raw[3], "words"),
        state,
        reason,
        shape.integer(raw[6], "firms", 0, MAX_JOINT_PLEDGES),
        _pairs(raw[7], "items", MAX_INT),
        shape.integer(raw[8], "goods", 0, MAX_INT),
        shape.integer(raw[9], "rebate", 0, MAX_INT),
        shape.integer(raw[10], "freight", 0, MAX_INT),
        cautions,
        shape.hash_or_empty(raw[12], "slips"),
    )


def parse_slip(record: bytes) -> Slip:
    """The slip of a record."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_SLIP_BYTES), SLIP_TAG, 12)
    return Slip(
        shape.hash32(raw[1], "round"),
        shape.integer(raw[2], "attempt", 0, 1),
        shape.hash32(raw[3], "member"),
        shape.fixed(raw[4], "salt", 16),
        shape.integer(raw[5], "drop", 0, MAX_INT),
        _pairs(raw[6], "granted", 2 * MAX_JOINT_QUANTITY),
        *(shape.integer(raw[at], "yen", -MAX_INT, MAX_INT) for at in range(7, 12)),
    )


def _pairs(value: Any, name: str, most: int) -> tuple[tuple[int, int], ...]:
    found = []
    for item in shape.array(value, name, MAX_JOINT_ITEMS):
        first, second = shape.exactly(item, name, 2)
        found.append((shape.integer(first, name, 0, MAX_INT), shape.integer(second, name, 0, most)))
    return tuple(found)


def verify_slip(result: Result, record: bytes, path: Sequence[Step]) -> Slip:
    """A firm's slip, if it is part of the result; Malformed if it is not."""
    slip = parse_slip(record)
    if len(path) > MAX_PROOF_PATH or not result.slips or keys.climb(record, path) != result.slips:
        raise Malformed("slip: not one of this result")
    if (slip.round, slip.attempt) != (result.round, result.attempt):
        raise Malformed("slip: of another round or attempt")
    return slip


def tell(closed: bytes, slip: bytes, path: Sequence[Step]) -> bytes:
    """What one firm is sent: the record that ended the attempt, its slip, and the slip's way to the result."""
    return canon.encode((TOLD_TAG, closed, slip, tuple(path)))


def parse_told(data: bytes) -> tuple[bytes, bytes, tuple[Step, ...]]:
    """The three, as they came: :func:`deciding.verify_closed` and :func:`verify_slip` say whether they hold."""
    raw = shape.record(canon.decode(data, max_bytes=4 * MAX_RECORD_BYTES), TOLD_TAG, 4)
    path = []
    for item in shape.array(raw[3], "path", MAX_PROOF_PATH):
        left, sibling = shape.exactly(item, "path", 2)
        path.append(Step(shape.flag(left, "path.left"), shape.hash32(sibling, "path.sibling")))
    return (
        shape.binary(raw[1], "closed", 2 * MAX_RECORD_BYTES),
        shape.binary(raw[2], "slip", MAX_SLIP_BYTES),
        tuple(path),
    )
