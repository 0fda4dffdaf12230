"""What suppliers may see of the token's member's sales; what shops reported to it; proposals and their answers."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from msgspec import Meta

from node import supplying
from node.api.member.desk import Done, day_at, sent
from node.api.member.shapes import Answer, Shape, SubmittedList
from node.api.operation import Call, Operation, Written
from node.services import access, addressing
from node.services.policy import Scope
from node.services.supplying import grants, proposing, reporting, sold, weeks
from node.services.transaction import Tx
from protocol.errors import NotFound
from protocol.process.trade.papers import ProposedLine, Scaled

MOST_WEEKS = 26


class GrantGiven(Shape, frozen=True):
    """From the day ``since`` on (empty: today); ``prices`` and ``stores`` stay hidden unless they are true."""

    since: str = ""
    prices: bool = False
    stores: bool = False


class GrantShown(Answer, frozen=True):
    """What a partner sees. ``active`` false: it was revoked."""

    partner: str
    partner_name: str
    since: str
    prices: bool
    stores: bool
    active: bool
    changed: int
    by: str


class ToldShown(Answer, frozen=True):
    """A report that went out. ``lines``: how many."""

    partner: str
    week: str
    document: str
    lines: int
    prices: bool
    stores: bool
    time: int


class GrantsShown(Answer, frozen=True):
    """All grants, where the stores are (under the empty name: all others), and what went out, the latest first."""

    grants: list[GrantShown]
    areas: dict[str, str]
    told: list[ToldShown]


class AreaGiven(Shape, frozen=True):
    """``store`` empty: all that are not named. ``area``: two digits of a prefecture or five of a municipality."""

    area: Annotated[str, Meta(max_length=5)]
    store: Annotated[str, Meta(max_length=grants.MOST_STORE_CHARS)] = ""


class WeeksQuery(Shape, frozen=True):
    """``weeks``: how many, up to the last that is over."""

    weeks: Annotated[int, Meta(ge=1, le=MOST_WEEKS)] = sold.WEEKS


class ItemShown(Answer, frozen=True):
    """An item in one unit. ``number`` empty: none of the own items on sale. Figures in thousandths, by week."""

    key: str
    number: str
    name: str
    unit: str
    total: int
    by_week: list[int]
    by_area: dict[str, list[int]]


class SoldShown(Answer, frozen=True):
    """What shops reported. ``shops``: how many of them, by week; ``areas``: the same by area."""

    weeks: list[str]
    shops: list[int]
    areas: dict[str, list[int]]
    items: list[ItemShown]


class LineGiven(Shape, frozen=True):
    """An own item by its number."""

    number: Annotated[str, Meta(min_length=1, max_length=128)]
    quantity: Scaled
    reason: Annotated[str, Meta(max_length=500)] = ""


class ProposalGiven(Shape, frozen=True):
    """``valid_until``: YYYY-MM-DD."""

    lines: Annotated[list[LineGiven], Meta(min_length=1, max_length=1_000)]
    valid_until: str
    note: Annotated[str, Meta(max_length=4_000)] = ""


class ProposalShown(Answer, frozen=True):
    """A proposal. ``mine``: the member made it; ``state``: open, replaced, held, ordered, declined."""

    document: str
    thread: str
    partner: str
    partner_name: str
    mine: bool
    state: str
    number: str
    valid_until: str
    lines: tuple[ProposedLine, ...]
    note: str
    order: str


class ProposalList(Answer, frozen=True):
    """Proposals made and received, the latest thread first."""

    made: list[ProposalShown]
    received: list[ProposalShown]


class AnswerGiven(Shape, frozen=True):
    """``ordered`` makes an order at the prices of the supplier's catalogue in force."""

    answer: Literal["ordered", "declined"]
    reason: Annotated[str, Meta(max_length=4_000)] = ""


def _partner(tx: Tx, call: Call) -> bytes:
    return addressing.resolve(tx, call.path("partner"), "partner")


def _grant(one: grants.Given) -> GrantShown:
    row = one.row
    return GrantShown(
        partner=row.partner.hex(), partner_name=one.partner_name, since=row.since, prices=row.prices,
        stores=row.stores, active=row.active, changed=row.changed, by=row.by,
    )  # fmt: skip


def _told(one: grants.Told) -> ToldShown:
    row = one.row
    return ToldShown(
        partner=row.partner.hex(), week=row.week, document=row.document.hex(), lines=row.lines, prices=row.prices,
        stores=row.stores, time=row.time,
    )  # fmt: skip


def _proposal(one: proposing.Shown) -> ProposalShown:
    return ProposalShown(
        document=one.id.hex(), thread=one.thread.hex(), partner=one.partner.hex(), partner_name=one.partner_name,
        mine=one.mine, state=one.state, number=one.paper.number, valid_until=one.paper.valid_until,
        lines=one.paper.lines, note=one.paper.note, order=one.order,
    )  # fmt: skip


async def list_grants(call: Call) -> object:
    """GET /v1/sales-grants."""
    member = call.member
    return await call.read(
        lambda tx: GrantsShown(
            grants=[_grant(one) for one in grants.listed(tx, member)],
            areas=grants.areas(tx, member),
            told=[_told(one) for one in grants.told(tx, member)],
        )
    )


async def put_grant(call: Call) -> object:
    """PUT /v1/partners/{partner}/sales-grant."""
    given: GrantGiven = call.body
    member, since, house = call.member, day_at(call, given.since, "since"), call.context.house
    by = f"token:{call.principal.label}"

    def work(tx: Tx) -> Written:
        partner = _partner(tx, call)
        grants.grant(house, tx, member, partner, since, by, prices=given.prices, stores=given.stores)
        access.note(house, tx, "sales-granted", member=member, name=by, detail=partner.hex())
        return Written(next(_grant(one) for one in grants.listed(tx, member) if one.row.partner == partner), 200)

    return await call.write(work)


async def drop_grant(call: Call) -> object:
    """DELETE /v1/partners/{partner}/sales-grant."""
    member, house, by = call.member, call.context.house, f"token:{call.principal.label}"

    def work(tx: Tx) -> Written:
        partner = _partner(tx, call)
        grants.revoke(house, tx, member, partner, by)
        access.note(house, tx, "sales-revoked", member=member, name=by, detail=partner.hex())
        return Written(Done(), 200)

    return await call.write(work)


async def put_area(call: Call) -> object:
    """PUT /v1/store-areas."""
    given: AreaGiven = call.body
    member = call.member

    def work(tx: Tx) -> Written:
        grants.set_area(tx, member, given.store, given.area)
        return Written(Done(), 200)

    return await call.write(work)


async def report(call: Call) -> object:
    """POST /v1/partners/{partner}/sales-report."""
    member, today, context = call.member, day_at(call, ""), call.context
    partner = await call.read(lambda tx: _partner(tx, call))
    house, store, warehouse = context.house, context.store, context.warehouse
    found = await asyncio.to_thread(supplying.prepared, house, store, warehouse, member, partner, now=True)

    def work(tx: Tx) -> Written:
        done = reporting.send(house, tx, member, partner, found, today)
        return Written(SubmittedList(documents=[], stored=house.clock()), 200) if done is None else sent(call, done)

    return await call.write(work)


async def read_sold(call: Call) -> object:
    """GET /v1/supplied-sales."""
    member, query = call.member, call.query
    last = weeks.last_closed(supplying.today(call.context.house))
    wanted = tuple(weeks.between(weeks.before(last, query.weeks - 1), last))

    def work(tx: Tx) -> SoldShown:
        found = sold.seen(tx, member, wanted)
        shown = [
            ItemShown(
                key=one.key, number=one.number, name=one.name, unit=one.unit, total=one.total,
                by_week=list(one.by_week), by_area={area: list(counts) for area, counts in one.by_area.items()},
            )
            for one in found.items
        ]  # fmt: skip
        areas = {area: list(counts) for area, counts in found.areas.items()}
        return SoldShown(weeks=list(found.weeks), shops=list(found.shops), areas=areas, items=shown)

    return await call.read(work)


async def list_proposals(call: Call) -> object:
    """GET /v1/replenishments."""
    member = call.member
    return await call.read(
        lambda tx: ProposalList(
            made=[_proposal(one) for one in proposing.listed(tx, member, mine=True)],
            received=[_proposal(one) for one in proposing.listed(tx, member, mine=False)],
        )
    )


async def propose(call: Call) -> object:
    """POST /v1/partners/{partner}/replenishment."""
    given: ProposalGiven = call.body
    member, today, house = call.member, day_at(call, ""), call.context.house
    until = day_at(call, given.valid_until, "valid_until")

    def work(tx: Tx) -> Written:
        lines = [proposing.line_of(tx, member, one.number, one.quantity, one.reason) for one in given.lines]
        partner = _partner(tx, call)
        return sent(call, proposing.propose(house, tx, member, partner, lines, until, today, note=given.note))

    return await call.write(work)


async def answer(call: Call) -> object:
    """POST /v1/replenishments/{document}/answer."""
    given: AnswerGiven = call.body
    member, today, house = call.member, day_at(call, ""), call.context.house
    try:
        document = bytes.fromhex(call.path("document"))
    except ValueError:
        raise NotFound("proposal", "no such proposal") from None

    def work(tx: Tx) -> Written:
        if given.answer == "ordered":
            return sent(call, proposing.order(house, tx, member, document, today).outcome)
        return sent(call, proposing.decline(house, tx, member, document, today, reason=given.reason))

    return await call.write(work)


OPERATIONS = (
    Operation("GET", "/v1/sales-grants", "list_sales_grants",
              "Which suppliers see what of the sales, and what went out", list_grants, Scope.READ, answer=GrantsShown),
    Operation("PUT", "/v1/partners/{partner}/sales-grant", "put_sales_grant",
              "Let a supplier see the sales of its goods", put_grant, Scope.EXPORT,
              body=GrantGiven, answer=GrantShown, idempotent_key=True),
    Operation("DELETE", "/v1/partners/{partner}/sales-grant", "drop_sales_grant",
              "Show a supplier no more sales, from now on", drop_grant, Scope.EXPORT,
              answer=Done, idempotent_key=True),
    Operation("PUT", "/v1/store-areas", "put_store_area", "Say in which municipality a store is", put_area, Scope.WRITE,
              body=AreaGiven, answer=Done, idempotent_key=True),
    Operation("POST", "/v1/partners/{partner}/sales-report", "send_sales_report",
              "Send a supplier what it has not been told yet, now", report, Scope.WRITE,
              answer=SubmittedList, status=201, idempotent_key=True),
    Operation("GET", "/v1/supplied-sales", "read_supplied_sales", "What shops reported of the sales of the own goods",
              read_sold, Scope.READ, query=WeeksQuery, answer=SoldShown),
    Operation("GET", "/v1/replenishments", "list_replenishments", "Proposals to replenish, made and received",
              list_proposals, Scope.READ, answer=ProposalList),
    Operation("POST", "/v1/partners/{partner}/replenishment", "propose_replenishment",
              "Propose to a shop that reports what to order", propose, Scope.WRITE,
              body=ProposalGiven, answer=SubmittedList, status=201, idempotent_key=True),
    Operation("POST", "/v1/replenishments/{document}/answer", "answer_replenishment",
              "Order what a supplier proposed, or decline it", answer, Scope.WRITE,
              body=AnswerGiven, answer=SubmittedList, status=201, idempotent_key=True),
)  # fmt: skip
