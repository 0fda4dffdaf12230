"""Admin commands: joint orders. Owns the plain shapes of rounds, pledges and results; what they mean is below."""

from __future__ import annotations

import datetime
from typing import Any

from node.api.admin.command import Ask, Command, local_member, tell
from node.api.context import Context
from node.services import addressing, peers, reading
from node.services.joint import receiving, rounds, settling, stopping
from node.services.joint.rounds import JAPAN, Own, Seen, Told
from node.services.joint.seats import Seats
from node.services.transaction import Tx
from protocol.errors import CallerFault, Malformed, NotFound
from protocol.process.checks import is_date, is_registration_number
from protocol.process.joint import billing, sharing, shortage
from protocol.process.joint.pledge import Want
from protocol.process.joint.terms import Conductor, Drop, Freight, Item, Market, Rebate, Round, Rule, Tier

MAX_INVOICE = 64  # characters


class ItemAsk(Ask, frozen=True):
    """``tiers``: from quantity, yen. ``tax`` in thousandths."""

    code: str
    name: str
    unit: str
    tiers: tuple[tuple[int, int], ...]
    grams: int = 0
    pack: int = 1
    step: int = 1
    minimum: int = 0
    tax: int = 100


class DropAsk(Ask, frozen=True):
    """A place; degrees in millionths."""

    code: str
    name: str
    area: str = ""
    latitude: int = 0
    longitude: int = 0


class FreightAsk(Ask, frozen=True):
    """Yen."""

    flat: int = 0
    drop: int = 0
    free: int = 0
    tax: int = 100


class MarketAsk(Ask, frozen=True):
    """``share`` in thousandths of what is bought in this market."""

    name: str
    share: int
    source: str


class DeputyAsk(Ask, frozen=True):
    """``node``: name or id of a peer; ``buyer``: one of its members."""

    node: str
    buyer: str


class Open(Ask, frozen=True):
    """A round. ``buyer``: the member of this node in whose name it orders. Times: ISO 8601, in Japan if not said."""

    name: str
    buyer: str
    deputies: tuple[DeputyAsk, ...]
    deadline: str
    items: tuple[ItemAsk, ...]
    drops: tuple[DropAsk, ...]
    market: MarketAsk
    supplier: str = ""
    supplier_name: str = ""
    extended: str = ""
    freight: FreightAsk = FreightAsk()
    alone: FreightAsk = FreightAsk()
    rebates: tuple[tuple[int, int], ...] = ()
    freight_rule: str = "quantity"
    rebate_rule: str = "value"
    origin: DropAsk = DropAsk(code="origin", name="origin")


class Listed(Ask, frozen=True):
    """All rounds that are known here."""


class One(Ask, frozen=True):
    """A round by its first digits; ``member``: whose part is shown, by default everybody's of this node."""

    round: str
    member: str = ""


class WantAsk(Ask, frozen=True):
    """``item``: its code."""

    item: str
    wanted: int
    less: int = 0
    more: int = 0


class PledgeAsk(Ask, frozen=True):
    """``drop``: its code; empty: the first."""

    round: str
    wants: tuple[WantAsk, ...]
    member: str = ""
    drop: str = ""
    extra: int = 0
    large: bool = False


class Orders(Ask, frozen=True):
    """``send``: send the one order. ``taxes``: rate in thousandths → yen on the supplier's bill, to pass it on."""

    round: str
    send: bool = False
    taxes: dict[str, int] = {}


class CameAsk(Ask, frozen=True):
    """``came``: code of the item → quantity; of items that are left out everything came. ``member``: whose."""

    round: str
    came: dict[str, int] = {}
    member: str = ""


class SettleAsk(Ask, frozen=True):
    """The supplier's bill: number, day, its tax (rate in thousandths → yen). ``assume``: the silent got everything."""

    round: str
    taxes: dict[str, int]
    invoice: str
    day: str
    registration: str = ""
    due: str = ""
    assume: bool = False


def _time(text: str, field: str) -> int:
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise CallerFault(field, "a day and time such as 2026-10-15T17:00") from None
    return int((found if found.tzinfo else found.replace(tzinfo=JAPAN)).timestamp() * 1_000_000)


def _name(tx: Tx, text: str) -> bytes:
    """The round whose hash begins so."""
    found = [row.round for row in tx.joint.all(rounds.MAX_ROUNDS) if row.round.hex().startswith(text.lower())]
    if len(found) != 1 or not text:
        raise NotFound("round", "no such round is known here" if not found else "several begin so: give more digits")
    return found[0]


def _member(tx: Tx, text: str) -> bytes:
    members = [row.member for row in tx.members.all(local=True)]
    return members[0] if not text and len(members) == 1 else local_member(tx, text)


def _terms(context: Context, tx: Tx, ask: Open) -> Round:
    house = context.house
    conductors = [Conductor(house.node.public, local_member(tx, ask.buyer, "buyer"))]
    for deputy in ask.deputies:
        peer = tx.peers.get(peers.find(tx, deputy.node))
        if peer is None or peer.state != "accepted":
            raise CallerFault("deputies", f"{deputy.node}: not an accepted peer")
        conductors.append(Conductor(peer.key, addressing.resolve_loosely(tx, deputy.buyer, "deputies")))
    supplier = addressing.resolve_loosely(tx, ask.supplier, "supplier") if ask.supplier else b""
    names = reading.names_of(tx, {supplier}) if supplier else {}
    try:
        rules = Rule(ask.freight_rule), Rule(ask.rebate_rule)
    except ValueError:
        raise CallerFault("freight_rule", "quantity, value, weight or drop") from None
    return Round(
        house.network,
        house.entropy(16),
        ask.name,
        supplier,
        ask.supplier_name or names.get(supplier, ""),
        tuple(conductors),
        _time(ask.deadline, "deadline"),
        _time(ask.extended, "extended") if ask.extended else 0,
        tuple(
            Item(
                each.code,
                each.name,
                each.unit,
                each.grams,
                each.pack,
                each.step,
                each.minimum,
                each.tax,
                tuple(Tier(*tier) for tier in each.tiers),
            )
            for each in ask.items
        ),
        _freight(ask.freight),
        _freight(ask.alone),
        tuple(Rebate(*rebate) for rebate in ask.rebates),
        *rules,
        _drop(ask.origin),
        tuple(_drop(drop) for drop in ask.drops),
        Market(ask.market.name, ask.market.share, ask.market.source),
        house.clock(),
    )


def _freight(ask: FreightAsk) -> Freight:
    return Freight(ask.flat, ask.drop, ask.free, ask.tax)


def _drop(ask: DropAsk) -> Drop:
    return Drop(ask.code, ask.name, ask.area, ask.latitude, ask.longitude)


def open_round(context: Context, ask: Open) -> dict[str, Any]:
    """Announce a round."""

    def work(tx: Tx) -> dict[str, Any]:
        try:
            name = rounds.announce(context.house, tx, _terms(context, tx, ask))
        except Malformed as fault:
            raise CallerFault("round", str(fault)) from None
        return _shown(tx, rounds.look(context.house, tx, name))

    return context.commit(work)


def listed(context: Context, ask: Listed) -> list[dict[str, Any]]:
    """The latest first."""
    return context.store.read(
        lambda tx: [_shown(tx, rounds.look(context.house, tx, row.round)) for row in tx.joint.all(rounds.MAX_ROUNDS)]
    )


def show(context: Context, ask: One) -> dict[str, Any]:
    """A round with our members' parts."""

    def work(tx: Tx) -> dict[str, Any]:
        member = _member(tx, ask.member) if ask.member else b""
        return _shown(tx, rounds.look(context.house, tx, _name(tx, ask.round), member))

    return context.store.read(work)


def pledge(context: Context, ask: PledgeAsk) -> dict[str, Any]:
    """Pledge for a member; a later pledge replaces an earlier one."""

    def work(tx: Tx) -> dict[str, Any]:
        name, member = _name(tx, ask.round), _member(tx, ask.member)
        found = rounds.look(context.house, tx, name).round
        codes = {item.code: at for at, item in enumerate(found.items)}
        drops = {drop.code: at for at, drop in enumerate(found.drops)}
        if ask.drop and ask.drop not in drops:
            raise CallerFault("drop", f"one of {', '.join(drops)}")
        for want in ask.wants:
            if want.item not in codes:
                raise CallerFault("wants", f"one of {', '.join(codes)}")
        wants = [Want(codes[want.item], want.wanted, want.less, want.more) for want in ask.wants]
        if not wants:
            raise CallerFault("wants", "at least one: to withdraw is another command")
        place = drops[ask.drop] if ask.drop else 0
        try:
            rounds.say(
                context.house, tx, member, name, wants, drop=place, extra=ask.extra, large=ask.large
            )  # fmt: skip
        except Malformed as fault:
            raise CallerFault("wants", str(fault)) from None
        return _shown(tx, rounds.look(context.house, tx, name, member))

    return context.commit(work)


def withdraw(context: Context, ask: One) -> dict[str, Any]:
    """Withdraw a member's pledge, free until the deadline."""

    def work(tx: Tx) -> dict[str, Any]:
        name, member = _name(tx, ask.round), _member(tx, ask.member)
        rounds.say(context.house, tx, member, name, ())
        return _shown(tx, rounds.look(context.house, tx, name, member))

    return context.commit(work)


def orders(context: Context, ask: Orders) -> dict[str, Any]:
    """What a concluded round comes to, at a conductor: lines, stops, shares; the order sent and a bill passed on."""

    def work(tx: Tx) -> tuple[dict[str, Any], frozenset[bytes]]:
        machines: Seats = context.joint.seats if context.joint is not None else Seats()
        name, news, order = _name(tx, ask.round), frozenset[bytes](), b""
        outcome = rounds.require_outcome(context.house, tx, machines, name)
        if ask.send:
            order, news = rounds.send_order(context.house, tx, machines, name)
        row = tx.joint.get(name)
        names = reading.names_of(tx, {share.pledge.member for share in outcome.shares})
        plan = stopping.plan_of(outcome)
        came, found = receiving.known(tx, name), outcome.round
        settled = receiving.arrived(tx, name, outcome)
        passed = {}
        if ask.taxes:
            taxes = {int(rate): yen for rate, yen in ask.taxes.items() if rate.isdecimal()}
            passed = {part.share.pledge.member: part.total for part in billing.pass_on(settled, taxes)}
        sent = tx.joint.settled(name)
        shares = [
            {
                "member": share.pledge.member.hex(),
                "name": names.get(share.pledge.member, ""),
                "drop": found.drops[share.pledge.drop].code,
                "granted": {found.items[at].code: quantity for at, quantity in share.granted},
                "goods": share.goods,
                "rebate": share.rebate,
                "freight": share.freight,
                "settled": share.settled,
                "pays": share.pays,
                "alone": share.alone,
                "came": _codes(found, came.get(share.pledge.member)),
                "passed_on": passed.get(share.pledge.member, 0) if passed else None,
                "settlement": sent.get(share.pledge.member, b"").hex(),
            }
            for share in outcome.shares
        ]
        shown = {
            "round": name.hex(),
            "number": billing.names_round(name),
            "order": (order or (row.ordered if row else b"")).hex(),
            "shares": shares,
            "net": sum(share.pays for share in outcome.shares),
            "net_of_what_came": sum(share.pays for share in settled.shares),
            "missing": [
                {"drop": found.drops[one.drop].code, "item": found.items[one.item].code, "quantity": one.quantity}
                for one in shortage.missing(outcome, came)
            ],
            "stops": [{"drop": found.drops[at].code, "metres": metres} for at, metres in plan],
        }
        return shown, news

    shown, news = context.commit(work)
    tell(context, news)
    return shown


def _codes(found: Round, came: dict[int, int] | None) -> dict[str, int] | None:
    return None if came is None else {found.items[at].code: quantity for at, quantity in sorted(came.items())}


def arrived(context: Context, ask: CameAsk) -> dict[str, Any]:
    """A member says what came to it."""

    def work(tx: Tx) -> dict[str, Any]:
        name, member = _name(tx, ask.round), _member(tx, ask.member)
        seen = rounds.look(context.house, tx, name, member)
        slip = next((told.slip for told in reversed(seen.told) if told.slip is not None), None)
        codes = {item.code: at for at, item in enumerate(seen.round.items)}
        unknown = [code for code in ask.came if code not in codes]
        if unknown:
            raise CallerFault("came", f"one of {', '.join(codes)}")
        said = dict(slip.granted if slip is not None else ()) | {codes[code]: each for code, each in ask.came.items()}
        receiving.say(context.house, tx, member, name, said)
        return _shown(tx, rounds.look(context.house, tx, name, member))

    return context.commit(work)


def settle(context: Context, ask: SettleAsk) -> dict[str, Any]:
    """Send every firm its settlement by what came, at the conductor that ordered."""
    machines: Seats = context.joint.seats if context.joint is not None else Seats()
    if not all(rate.isdecimal() for rate in ask.taxes):
        raise CallerFault("taxes", "rates in thousandths, such as 100 for 10 percent")
    for field, day in (("day", ask.day), ("due", ask.due or ask.day)):
        if not is_date(day):
            raise CallerFault(field, "a day as YYYY-MM-DD")
    if not ask.invoice or len(ask.invoice) > MAX_INVOICE:
        raise CallerFault("invoice", f"the number of the supplier's invoice, at most {MAX_INVOICE} characters")
    if ask.registration and not is_registration_number(ask.registration):
        raise CallerFault("registration", "T and 13 digits")
    bill = settling.Bill(ask.invoice, ask.day, ask.registration, {int(rate): yen for rate, yen in ask.taxes.items()})

    def work(tx: Tx) -> tuple[dict[str, Any], frozenset[bytes]]:
        name = _name(tx, ask.round)
        sent = settling.send(context.house, tx, machines, name, bill, due=ask.due, assume=ask.assume)
        names = reading.names_of(tx, set(sent.documents))
        shown = [
            {
                "member": member.hex(),
                "name": names.get(member, ""),
                "number": billing.names_settlement(name, member),
                "document": document.hex(),
                "amount": sent.amounts[member],
            }
            for member, document in sent.documents.items()
        ]
        return {"round": name.hex(), "settlements": shown, "bill": sent.bill, "own": sent.own}, sent.news

    shown, news = context.commit(work)
    tell(context, news)
    return shown


def _shown(tx: Tx, seen: Seen) -> dict[str, Any]:
    found = seen.round
    members = {own.member for own in seen.own} | {told.member for told in seen.told}
    names = reading.names_of(tx, members)
    return {
        "round": seen.name.hex(),
        "name": found.name,
        "supplier": found.supplier_name,
        "deadline": found.deadline,
        "extended": found.extended,
        "items": [
            {"code": item.code, "name": item.name, "unit": item.unit, "pack": item.pack, "tiers": list(item.tiers)}
            for item in found.items
        ],
        "drops": [drop.code for drop in found.drops],
        "conductors": [conductor.key.hex() for conductor in found.conductors],
        "taken": seen.taken,
        "results": [
            {
                "attempt": result.attempt,
                "state": result.state.value,
                "reason": result.reason.value,
                "firms": result.firms,
                "items": [list(pair) for pair in result.items],
                "goods": result.goods,
                "rebate": result.rebate,
                "freight": result.freight,
                "cautions": [caution.value for caution in result.cautions],
            }
            for result in seen.closed
        ],
        "pledges": [_own(found, names, own) for own in seen.own],
        "slips": [_slip(found, names, told) for told in seen.told if told.slip is not None],
        "arrivals": _arrivals(tx, seen, members),
    }


def _arrivals(tx: Tx, seen: Seen, members: set[bytes]) -> list[dict[str, Any]]:
    found = []
    for member in sorted(members):
        came = receiving.own(tx, seen.name, member)
        if came is not None:
            said = _codes(seen.round, came.quantities)
            found.append({"member": member.hex(), "came": said, "taken": came.receipts, "late": came.late})
    return found


def _own(found: Round, names: dict[bytes, str], own: Own) -> dict[str, Any]:
    return {
        "member": own.member.hex(),
        "name": names.get(own.member, ""),
        "wants": [
            {"item": found.items[want.item].code, **want._asdict() | {"item": want.item}} for want in own.pledge.wants
        ],
        "withdrawn": not own.pledge.wants,
        "drop": found.drops[own.pledge.drop].code,
        "taken": own.receipts,
        "late": own.late,
        "safe": own.receipts >= found.majority,
        "alone": sharing.alone(found, [(want.item, want.wanted) for want in own.pledge.wants]),
    }


def _slip(found: Round, names: dict[bytes, str], told: Told) -> dict[str, Any]:
    slip = told.slip
    assert slip is not None
    return {
        "member": told.member.hex(),
        "name": names.get(told.member, ""),
        "attempt": slip.attempt,
        "granted": {found.items[at].code: quantity for at, quantity in slip.granted},
        "goods": slip.goods,
        "rebate": slip.rebate,
        "freight": slip.freight,
        "settled": slip.settled,
        "pays": slip.pays,
        "alone": told.alone,
        "saved": told.alone - slip.pays,
    }


COMMANDS = (
    Command("joint.open", Open, open_round),
    Command("joint.list", Listed, listed, offline=True),
    Command("joint.show", One, show, offline=True),
    Command("joint.pledge", PledgeAsk, pledge),
    Command("joint.withdraw", One, withdraw),
    Command("joint.orders", Orders, orders),
    Command("joint.arrived", CameAsk, arrived),
    Command("joint.settle", SettleAsk, settle),
)
