"""共同発注: a firm sees the rounds it can join, pledges, takes its pledge back, and reads what came of it.

Owns what these pages show. What others pledge is never here: only totals, from three firms on.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from aiohttp import web

from node import units
from node.i18n import N_
from node.services.joint import overview, receiving, rounds
from node.services.joint.overview import Card
from node.web.forms import Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, Malformed, NotFound
from protocol.limits import MAX_JOINT_MONEY, MAX_JOINT_QUANTITY
from protocol.process.joint import metering, sharing
from protocol.process.joint.closing import Caution, Reason
from protocol.process.joint.metering import Meter
from protocol.process.joint.pledge import Want
from protocol.process.joint.terms import Item, Round, Rule

TOGETHER: Final = "/together"
WANTED, LEAST, MOST = N_("Quantity wanted"), N_("At least"), N_("At most")
CAME: Final = N_("Quantity that came")
EXTRA: Final = N_("Yen that I would pay more than alone")
DROP: Final = N_("Where it is delivered")
STEPS_OF: Final = N_("{label}: enter a multiple of {step} (you entered {value}).")
LEAST_ABOVE: Final = N_("At least: not more than the quantity wanted.")
MOST_BELOW: Final = N_("At most: not less than the quantity wanted.")
NOTHING_WANTED: Final = N_("Enter a quantity for at least one item.")
STATES: Final = {
    overview.OPEN: N_("open to join"),
    overview.CLOSING: N_("being closed"),
    overview.CONCLUDED: N_("concluded"),
    overview.CALLED_OFF: N_("called off"),
}
RULES: Final = {
    Rule.QUANTITY: N_("by quantity"),
    Rule.VALUE: N_("by value"),
    Rule.WEIGHT: N_("by weight"),
    Rule.DROP: N_("the same for every place of delivery"),
}
REASONS: Final = {
    Reason.NONE: "",
    Reason.NOBODY: N_("Nobody pledged."),
    Reason.SHORT: N_("What was pledged does not come to whole packs or to the least quantity."),
    Reason.DEARER: N_("Somebody would have paid more than alone."),
    Reason.TOO_LARGE: N_("The amounts are too large."),
}
CAUTIONS: Final = {
    Caution.MARKET_SHARE: N_(
        "The group buys a fifth or more of this market. Competition law: ask a lawyer or the Fair Trade Commission's"
        " consultation first."
    ),
    Caution.LARGE_FIRM: N_(
        "A large firm takes part. The exemption for cooperatives is for small firms: ask before you go on."
    ),
    Caution.ONE_FIRM: N_("One firm takes more than half."),
}


def words(visit: Visit) -> dict[str, Any]:
    """What every template of rounds needs."""
    return {
        "states": STATES, "rules": RULES, "reasons": REASONS, "cautions": CAUTIONS,
        "unit": lambda code: units.word(code, visit.say), "percent": _percent,
    }  # fmt: skip


def _percent(thousandths: int) -> Decimal:
    return Decimal(thousandths) / 10


async def index(visit: Visit) -> web.StreamResponse:
    """What can be joined, what came of others."""
    house, member = visit.context.house, visit.member
    cards = await visit.read(lambda tx: overview.listed(house, tx, member))
    return visit.render("together/index.html", cards=cards, **words(visit))


async def show(visit: Visit) -> web.StreamResponse:
    """One round, with the form."""
    card = await _card(visit)
    own = visit.who.member.name if visit.who.member is not None else ""
    return await _round(visit, card, Form.of(visit.say, _typed(card, own)))


async def _card(visit: Visit) -> Card:
    house, member, name = visit.context.house, visit.member, visit.path_hash("round")
    return await visit.read(lambda tx: overview.one(house, tx, name, member))


def _typed(card: Card, own_name: str) -> dict[str, Any]:
    """The form as the last pledge has it. No place of delivery is chosen for a firm unless it bears its name."""
    own = card.own.pledge if card.own is not None else None
    wants = {want.item: want for want in own.wants} if own is not None else {}
    rows = []
    for at, item in enumerate(card.round.items):
        want = wants.get(at)
        row: dict[str, Any] = {"name": item.name, "wanted": "", "least": "", "most": ""}
        if want is not None:
            row |= {"wanted": want.wanted, "least": want.wanted - want.less, "most": want.wanted + want.more}
        rows.append(row)
    named = [at for at, drop in enumerate(card.round.drops) if drop.name == own_name]
    slip = card.told.slip if card.told is not None else None
    said = card.came.quantities if card.came is not None else {}
    return {
        "came": [
            {"name": card.round.items[at].name, "ordered": quantity, "quantity": said.get(at, quantity)}
            for at, quantity in (slip.granted if slip is not None else ())
        ],
        "wants": rows,
        "drop": str(own.drop) if own is not None else next((str(at) for at in named), ""),
        "extra": own.extra if own is not None and own.extra else "",
        "large": "1" if own is not None and own.large else "",
    }


async def _round(visit: Visit, card: Card, form: Form, status: int = 200) -> web.Response:
    house, found = visit.context.house, card.round
    runs = await visit.read(lambda tx: overview.runs(house, tx, found))
    meter = _meter(visit, card)
    own = card.own.pledge if card.has_pledged and card.own is not None else None
    return visit.render(
        "together/round.html",
        status=status,
        card=card,
        form=form,
        runs=runs,
        meter=meter,
        tiers=[
            _tiers(item, meter.wanted[at] if meter and meter.wanted else None) for at, item in enumerate(found.items)
        ],
        alone=sharing.alone(found, [(want.item, want.wanted) for want in own.wants]) if own else None,
        together=metering.estimate(found, meter, own) if own and meter else 0,
        drops=[("", "–"), *((str(at), drop.name) for at, drop in enumerate(found.drops))],
        least_firms=metering.LEAST_FIRMS,
        **words(visit),
    )


def _meter(visit: Visit, card: Card) -> Meter | None:
    """As last heard; it is asked for behind the page."""
    courier = visit.context.joint
    if courier is None or card.state != overview.OPEN:
        return None
    found: Meter | None = courier.meter(card.name, visit.member)
    return found


def _tiers(item: Item, total: int | None) -> tuple[Item, int | None, metering.Reached | None]:
    return item, total, metering.reached(item, total) if total else None


async def say(visit: Visit) -> web.StreamResponse:
    """Pledge, or replace the pledge."""
    form, card, house, member = await visit.form(), await _card(visit), visit.context.house, visit.member
    found = card.round
    wants = read_wants(form, found, visit.say)
    drop = form.choice("drop", visit.say(DROP), [str(at) for at in range(len(found.drops))])
    extra = form.integer("extra", visit.say(EXTRA), required=False, most=MAX_JOINT_MONEY) or 0
    large = form.ticked("large")
    if form.ok and not wants:
        form.wrong("", NOTHING_WANTED)
    if form.ok:
        try:
            await visit.write(
                lambda tx: rounds.say(house, tx, member, card.name, wants, drop=int(drop), extra=extra, large=large)
            )
        except CallerFault as fault:
            if isinstance(fault, NotFound):
                raise
            form.wrong("", fault.rule)
        except Malformed as fault:
            form.wrong("", str(fault))
    if not form.ok:
        for at, item in enumerate(found.items):
            form.values[f"wants.{at}.name"] = [item.name]
        return await _round(visit, card, form, 422)
    return visit.see_other(f"{TOGETHER}/{card.name.hex()}", visit.say(N_("Your pledge goes to the associations.")))


def read_wants(form: Form, found: Round, say_: Any) -> list[Want]:
    """What was typed into the lines; what is wrong stands beside its field."""
    wants = []
    for at, item in enumerate(found.items):
        values = [
            form.integer(f"wants.{at}.{field}", say_(label), required=False, most=2 * MAX_JOINT_QUANTITY)
            for field, label in (("wanted", WANTED), ("least", LEAST), ("most", MOST))
        ]
        wanted = values[0]
        if not wanted:
            if values[1] or values[2]:
                form.wrong(f"wants.{at}.wanted", say_(N_("Enter: {label}."), label=say_(WANTED)))
            continue
        least, most = (wanted if value is None else value for value in values[1:])
        for field, label, value in (("wanted", WANTED, wanted), ("least", LEAST, least), ("most", MOST, most)):
            if value % item.step:
                form.wrong(f"wants.{at}.{field}", STEPS_OF, label=say_(label), step=item.step, value=value)
        if least > wanted:
            form.wrong(f"wants.{at}.least", LEAST_ABOVE)
        if most < wanted:
            form.wrong(f"wants.{at}.most", MOST_BELOW)
        wants.append(Want(at, wanted, max(0, wanted - least), max(0, most - wanted)))
    return wants


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Take the pledge back: free, without a reason."""
    await visit.form()
    card, house, member = await _card(visit), visit.context.house, visit.member
    path = f"{TOGETHER}/{card.name.hex()}"
    if not card.has_pledged:
        return visit.see_other(path, visit.say(N_("There is no pledge of yours.")))
    try:
        await visit.write(lambda tx: rounds.say(house, tx, member, card.name, ()))
    except CallerFault as fault:
        if isinstance(fault, NotFound):
            raise
        return visit.see_other(path, visit.say(fault.rule))
    return visit.see_other(path, visit.say(N_("Your pledge was taken back.")))


async def came(visit: Visit) -> web.StreamResponse:
    """Say what came; until the settlement it can be said again."""
    form, card, house, member = await visit.form(), await _card(visit), visit.context.house, visit.member
    slip = card.told.slip if card.told is not None else None
    if slip is None or card.state != overview.CONCLUDED:
        raise NotFound("round", "not concluded, or without a part of this firm")
    found = {
        at: form.integer(f"came.{row}.quantity", visit.say(CAME), most=quantity)
        for row, (at, quantity) in enumerate(slip.granted)
    }
    if form.ok:
        said = {at: quantity or 0 for at, quantity in found.items()}
        try:
            await visit.write(lambda tx: receiving.say(house, tx, member, card.name, said))
        except CallerFault as fault:
            if isinstance(fault, NotFound):
                raise
            form.wrong("", fault.rule)
    if not form.ok:
        for row, (at, quantity) in enumerate(slip.granted):
            form.values[f"came.{row}.name"] = [card.round.items[at].name]
            form.values[f"came.{row}.ordered"] = [str(quantity)]
        return await _round(visit, card, form, 422)
    return visit.see_other(f"{TOGETHER}/{card.name.hex()}", visit.say(N_("What came goes to the associations.")))


PAGES = (
    Page("GET", TOGETHER, "joint.read", index),
    Page("GET", TOGETHER + "/{round}", "joint.read", show),
    Page("POST", TOGETHER + "/{round}", "joint.write", say),
    Page("POST", TOGETHER + "/{round}/withdraw", "joint.write", withdraw),
    Page("POST", TOGETHER + "/{round}/came", "joint.write", came),
)
