"""Joint orders for programs of a firm: rounds known here, its own pledge, totals from three firms on, its slip."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from node.api.member.shapes import Answer, Shape
from node.api.operation import Call, Operation, Written
from node.services.joint import overview, receiving, rounds
from node.services.joint.overview import Card
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault, Malformed
from protocol.limits import MAX_JOINT_ITEMS, MAX_JOINT_MONEY, MAX_JOINT_QUANTITY
from protocol.process.joint import sharing
from protocol.process.joint.metering import Meter
from protocol.process.joint.pledge import Want

Quantity = Annotated[int, Meta(ge=0, le=2 * MAX_JOINT_QUANTITY)]


class TierShown(Answer, frozen=True):
    """Yen for one unit, net of tax, from this total on."""

    since: int
    price: int


class ItemShown(Answer, frozen=True):
    """Goods of a round. ``tax`` in thousandths; ``wanted``: of all firms together, nothing where it is not known."""

    code: str
    name: str
    unit: str
    pack: int
    step: int
    minimum: int
    tax: int
    tiers: list[TierShown]
    wanted: int | None


class DropShown(Answer, frozen=True):
    """Where goods are set down."""

    code: str
    name: str


class WantGiven(Shape, frozen=True):
    """``item``: its code. ``least`` and ``most``: what would do too; as ``wanted`` where they are left out."""

    item: Annotated[str, Meta(min_length=1, max_length=64)]
    wanted: Annotated[int, Meta(ge=1, le=MAX_JOINT_QUANTITY)]
    least: Quantity | None = None
    most: Quantity | None = None


class PledgeGiven(Shape, frozen=True):
    """``drop``: its code. ``extra``: yen that it may cost more than alone. ``large``: no small or medium firm."""

    wants: Annotated[list[WantGiven], Meta(min_length=1, max_length=MAX_JOINT_ITEMS)]
    drop: Annotated[str, Meta(min_length=1, max_length=64)]
    extra: Annotated[int, Meta(ge=0, le=MAX_JOINT_MONEY)] = 0
    large: bool = False


class PledgeShown(Answer, frozen=True):
    """The firm's last word; no ``wants``: taken back. ``safe``: a majority of the associations has it."""

    wants: list[WantGiven]
    drop: str
    extra: int
    large: bool
    receipts: int
    safe: bool
    alone: int


class SlipShown(Answer, frozen=True):
    """The firm's share, yen net of tax; ``alone``: what the same would have cost by itself."""

    granted: dict[str, int]
    drop: str
    goods: int
    rebate: int
    freight: int
    settled: int
    pays: int
    alone: int


class CameGiven(Shape, frozen=True):
    """``came``: code of the item → quantity, of every item that the firm was to get."""

    came: Annotated[dict[str, Quantity], Meta(min_length=1, max_length=MAX_JOINT_ITEMS)]


class CameShown(Answer, frozen=True):
    """What the firm has said came to it. ``late``: associations that had settled before they heard it."""

    came: dict[str, int]
    receipts: int
    late: int


class RoundShown(Answer, frozen=True):
    """``state``: open, closing, concluded, called_off; ``due``: µs. ``firms``: that have pledged, where it is known.
    ``settlement``: the dealing of the firm's settlement, empty before it has come."""

    round: str
    name: str
    supplier: str
    state: str
    due: int
    items: list[ItemShown]
    drops: list[DropShown]
    firms: int | None
    pledge: PledgeShown | None
    slip: SlipShown | None
    arrival: CameShown | None
    settlement: str


class RoundList(Answer, frozen=True):
    """Open ones first, by their deadline."""

    rounds: list[RoundShown]


def _shown(card: Card, meter: Meter | None) -> RoundShown:
    found = card.round
    wanted = meter.wanted if meter is not None else ()
    items = [
        ItemShown(
            code=item.code, name=item.name, unit=item.unit, pack=item.pack, step=item.step, minimum=item.minimum,
            tax=item.tax, tiers=[TierShown(since=tier.since, price=tier.price) for tier in item.tiers],
            wanted=wanted[at] if wanted else None,
        )
        for at, item in enumerate(found.items)
    ]  # fmt: skip
    return RoundShown(
        round=card.name.hex(), name=found.name, supplier=found.supplier_name, state=card.state, due=card.due,
        items=items, drops=[DropShown(code=drop.code, name=drop.name) for drop in found.drops],
        firms=meter.firms if meter is not None else None, pledge=_pledge(card), slip=_slip(card),
        arrival=_came(card), settlement=card.settlement.hex(),
    )  # fmt: skip


def _pledge(card: Card) -> PledgeShown | None:
    if card.own is None:
        return None
    said, found = card.own.pledge, card.round
    wants = [
        WantGiven(
            item=found.items[want.item].code, wanted=want.wanted, least=want.wanted - want.less,
            most=want.wanted + want.more,
        )
        for want in said.wants
    ]  # fmt: skip
    return PledgeShown(
        wants=wants, drop=found.drops[said.drop].code, extra=said.extra, large=said.large, receipts=card.own.receipts,
        safe=card.is_safe, alone=sharing.alone(found, [(want.item, want.wanted) for want in said.wants]),
    )  # fmt: skip


def _slip(card: Card) -> SlipShown | None:
    if card.told is None or card.told.slip is None:
        return None
    slip, found = card.told.slip, card.round
    return SlipShown(
        granted={found.items[at].code: quantity for at, quantity in slip.granted}, drop=found.drops[slip.drop].code,
        goods=slip.goods, rebate=slip.rebate, freight=slip.freight, settled=slip.settled, pays=slip.pays,
        alone=card.told.alone,
    )  # fmt: skip


def _came(card: Card) -> CameShown | None:
    if card.came is None:
        return None
    codes = {card.round.items[at].code: quantity for at, quantity in sorted(card.came.quantities.items())}
    return CameShown(came=codes, receipts=card.came.receipts, late=card.came.late)


def _meter(call: Call, card: Card) -> Meter | None:
    courier = call.context.joint
    if courier is None or card.state != overview.OPEN:
        return None
    found: Meter | None = courier.meter(card.name, call.member)
    return found


async def list_rounds(call: Call) -> object:
    """GET /v1/joint-orders."""
    house, member = call.context.house, call.member
    cards = await call.read(lambda tx: overview.listed(house, tx, member))
    return RoundList(rounds=[_shown(card, None) for card in cards])


async def read_round(call: Call) -> object:
    """GET /v1/joint-orders/{round}."""
    house, member, name = call.context.house, call.member, call.path_hash("round")
    card = await call.read(lambda tx: overview.one(house, tx, name, member))
    return _shown(card, _meter(call, card))


async def put_pledge(call: Call) -> object:
    """PUT /v1/joint-orders/{round}/pledge."""
    given: PledgeGiven = call.body
    house, member, name = call.context.house, call.member, call.path_hash("round")

    def work(tx: Tx) -> Written:
        found = overview.one(house, tx, name, member).round
        drops = {drop.code: at for at, drop in enumerate(found.drops)}
        if given.drop not in drops:
            raise CallerFault("drop", f"one of {', '.join(drops)}")
        codes = {item.code: at for at, item in enumerate(found.items)}
        wants = [_want(codes, at, one) for at, one in enumerate(given.wants)]
        try:
            rounds.say(house, tx, member, name, wants, drop=drops[given.drop], extra=given.extra, large=given.large)
        except Malformed as fault:
            raise CallerFault("wants", str(fault)) from None
        return Written(_shown(overview.one(house, tx, name, member), None), 200)

    return await call.write(work)


def _want(codes: dict[str, int], at: int, one: WantGiven) -> Want:
    if one.item not in codes:
        raise CallerFault(f"wants[{at}].item", f"one of {', '.join(codes)}")
    least = one.wanted if one.least is None else one.least
    most = one.wanted if one.most is None else one.most
    if not least <= one.wanted <= most:
        raise CallerFault(f"wants[{at}]", "least, wanted and most ascend")
    return Want(codes[one.item], one.wanted, one.wanted - least, most - one.wanted)


async def drop_pledge(call: Call) -> object:
    """DELETE /v1/joint-orders/{round}/pledge."""
    house, member, name = call.context.house, call.member, call.path_hash("round")

    def work(tx: Tx) -> Written:
        rounds.say(house, tx, member, name, ())
        return Written(_shown(overview.one(house, tx, name, member), None), 200)

    return await call.write(work)


async def put_arrival(call: Call) -> object:
    """PUT /v1/joint-orders/{round}/arrival."""
    given: CameGiven = call.body
    house, member, name = call.context.house, call.member, call.path_hash("round")

    def work(tx: Tx) -> Written:
        codes = {item.code: at for at, item in enumerate(overview.one(house, tx, name, member).round.items)}
        unknown = [code for code in given.came if code not in codes]
        if unknown:
            raise CallerFault(f"came.{unknown[0]}", f"one of {', '.join(codes)}")
        receiving.say(house, tx, member, name, {codes[code]: each for code, each in given.came.items()})
        return Written(_shown(overview.one(house, tx, name, member), None), 200)

    return await call.write(work)


OPERATIONS = (
    Operation("GET", "/v1/joint-orders", "list_joint_orders", "Joint orders that are known here", list_rounds,
              Scope.READ, answer=RoundList),
    Operation("GET", "/v1/joint-orders/{round}", "read_joint_order", "One joint order, with this member's part",
              read_round, Scope.READ, answer=RoundShown),
    Operation("PUT", "/v1/joint-orders/{round}/pledge", "put_joint_pledge",
              "Pledge, or replace the pledge; free until the deadline", put_pledge, Scope.WRITE, body=PledgeGiven,
              answer=RoundShown, idempotent_key=True),
    Operation("DELETE", "/v1/joint-orders/{round}/pledge", "drop_joint_pledge", "Take the pledge back", drop_pledge,
              Scope.WRITE, answer=RoundShown, idempotent_key=True),
    Operation("PUT", "/v1/joint-orders/{round}/arrival", "put_joint_arrival",
              "Say what came, until the settlement is sent", put_arrival, Scope.WRITE, body=CameGiven,
              answer=RoundShown, idempotent_key=True),
)  # fmt: skip
