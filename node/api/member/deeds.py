"""Agreements over the API: answer an offer, counter, agree, decline, report; what of a thing's time is taken."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from node.api.member.desk import sent
from node.api.member.shapes import Answer, Shape, SubmittedList
from node.api.operation import Call, Operation, Written
from node.services import deeds
from node.services.deeds import DeedRow, Shown, Wish
from node.services.policy import Scope
from node.services.trade import Outcome
from node.services.transaction import Tx
from protocol.limits import MAX_INT
from protocol.process.trade.papers import DeedProposal

Moment = Annotated[int, Meta(ge=0, le=MAX_INT)]
Said = Annotated[str, Meta(max_length=2_000)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class TermsGiven(Shape, frozen=True):
    """Terms. Times in µs UTC; ``until``: how long they bind, 0: a week; ``amount``: the whole price in yen; ``thing``:
    what is booked, said by the firm that provides."""

    subject: Annotated[str, Meta(max_length=200)] = ""
    terms: Said = ""
    amount: Annotated[int, Meta(ge=0, le=MAX_INT)] | None = None
    tax_included: bool = False
    starts: Moment = 0
    ends: Moment = 0
    thing: Annotated[str, Meta(max_length=100)] = ""
    until: Moment = 0


class AgreeGiven(Shape, frozen=True):
    """``terms``: the proposal that is agreed to; another one that counts by now is refused."""

    terms: Hash


class ReasonGiven(Shape, frozen=True):
    """A reason in words."""

    reason: Annotated[str, Meta(max_length=500)] = ""


class ReportGiven(Shape, frozen=True):
    """``fulfilled`` by who takes, with the day and how it was; ``cancelled`` by both."""

    word: Literal["fulfilled", "cancelled"]
    day: Annotated[str, Meta(max_length=10)] = ""
    on_time: bool = False
    passed: bool = False
    reason: Annotated[str, Meta(max_length=500)] = ""


class DeedLine(Answer, frozen=True):
    """An agreement in a list. ``mine``: the member provides; ``turn``: it acts next."""

    deed: str
    partner: str
    name: str
    mine: bool
    state: str
    turn: bool
    offer: str
    kind: str
    subject: str
    thing: str
    starts: int
    ends: int
    until: int
    updated: int


class DeedList(Answer, frozen=True):
    """The latest change first."""

    deeds: list[DeedLine]


class StepShown(Answer, frozen=True):
    """A signed step. ``standing``: of a proposal what became of it."""

    document: str
    type: str
    number: str
    ours: bool
    time: int
    standing: str
    verdict: str


class RecordShown(Answer, frozen=True):
    """What the member itself signed of the partner's deeds: how many, and how many of them."""

    fulfilled: int
    on_time: int
    passed: int


class DeedShown(Answer, frozen=True):
    """An agreement. ``current``: the proposal that counts, ``paper`` what it says; ``may``: steps possible now."""

    deed: DeedLine
    current: str
    paper: DeedProposal
    may: list[str]
    steps: list[StepShown]
    record: RecordShown


class TakenQuery(Shape, frozen=True):
    """``thing``: the name under which it is booked, or the offer's id; from ``starts`` until ``ends``, µs UTC."""

    thing: Annotated[str, Meta(min_length=1, max_length=128)]
    starts: Moment
    ends: Moment


class TakenList(Answer, frozen=True):
    """What is booked or kept free."""

    taken: list[DeedLine]


def _line(row: DeedRow, name: str) -> DeedLine:
    return DeedLine(
        deed=row.thread.hex(), partner=row.partner.hex(), name=name, mine=row.mine, state=row.state, turn=row.turn,
        offer=row.offer.hex(), kind=row.kind, subject=row.subject, thing=row.thing, starts=row.starts, ends=row.ends,
        until=row.until, updated=row.updated,
    )  # fmt: skip


def _deed(found: Shown, record: deeds.Record) -> DeedShown:
    outcomes = found.folded.state.outcomes
    steps = [
        StepShown(
            document=step.fact.id.hex(), type=step.fact.type, number=step.fact.business_key, ours=step.ours,
            time=step.fact.time, standing=step.terms.standing if step.terms is not None else "",
            verdict=outcomes[step.fact.id].verdict.value,
        )
        for step in found.steps
    ]  # fmt: skip
    return DeedShown(
        deed=_line(found.row, found.partner_name), current=found.current_id.hex(), paper=found.current,
        may=list(found.may), steps=steps, record=RecordShown(*record),
    )  # fmt: skip


async def listed(call: Call) -> object:
    """GET /v1/deeds."""
    member = call.member
    return await call.read(lambda tx: DeedList(deeds=[_line(*one) for one in deeds.listed(tx, member)]))


async def show(call: Call) -> object:
    """GET /v1/deeds/{deed}."""
    thread, house, member = call.path_hash("deed"), call.context.house, call.member

    def work(tx: Tx) -> DeedShown:
        found = deeds.show(house, tx, member, thread)
        return _deed(found, deeds.record_of(tx, member, found.row.partner))

    return await call.read(work)


async def taken(call: Call) -> object:
    """GET /v1/calendar."""
    asked: TakenQuery = call.query
    house, member = call.context.house, call.member
    return await call.read(
        lambda tx: TakenList(
            taken=[_line(row, "") for row in deeds.taken(house, tx, member, asked.thing, asked.starts, asked.ends)]
        )
    )


def _wish(given: TermsGiven) -> Wish:
    return Wish(
        subject=given.subject, terms=given.terms, amount=given.amount, tax_included=given.tax_included,
        starts=given.starts, ends=given.ends, thing=given.thing, until=given.until,
    )  # fmt: skip


async def _write(call: Call, work: object) -> object:
    assert callable(work)

    def run(tx: Tx) -> Written:
        done: Outcome = work(tx)
        return sent(call, done)

    return await call.write(run)


async def answer(call: Call) -> object:
    """POST /v1/offers/{offer}/answer."""
    series, wish, house, member = call.path_hash("offer"), _wish(call.body), call.context.house, call.member
    return await _write(call, lambda tx: deeds.answer(house, tx, member, series, wish))


async def counter(call: Call) -> object:
    """POST /v1/deeds/{deed}/proposal."""
    thread, wish, house, member = call.path_hash("deed"), _wish(call.body), call.context.house, call.member
    return await _write(call, lambda tx: deeds.counter(house, tx, member, thread, wish))


async def agree(call: Call) -> object:
    """POST /v1/deeds/{deed}/agreement."""
    given: AgreeGiven = call.body
    thread, house, member = call.path_hash("deed"), call.context.house, call.member
    return await _write(call, lambda tx: deeds.agree(house, tx, member, thread, bytes.fromhex(given.terms)))


async def decline(call: Call) -> object:
    """POST /v1/deeds/{deed}/refusal."""
    given: ReasonGiven = call.body
    thread, house, member = call.path_hash("deed"), call.context.house, call.member
    return await _write(call, lambda tx: deeds.decline(house, tx, member, thread, given.reason))


async def lapse(call: Call) -> object:
    """POST /v1/deeds/{deed}/lapse."""
    thread, house, member = call.path_hash("deed"), call.context.house, call.member
    return await _write(call, lambda tx: deeds.lapse(house, tx, member, thread))


async def report(call: Call) -> object:
    """POST /v1/deeds/{deed}/report."""
    given: ReportGiven = call.body
    thread, house, member = call.path_hash("deed"), call.context.house, call.member
    return await _write(
        call,
        lambda tx: deeds.report(
            house, tx, member, thread, given.word, day=given.day, on_time=given.on_time, passed=given.passed,
            reason=given.reason,
        ),
    )  # fmt: skip


_ERRORS = (401, 403, 404, 409, 422, 429)
OPERATIONS = (
    Operation("GET", "/v1/deeds", "list_deeds", "Agreements and terms under way", listed, Scope.READ, answer=DeedList),
    Operation("GET", "/v1/deeds/{deed}", "read_deed", "One agreement with its steps", show, Scope.READ,
              answer=DeedShown, errors=(401, 403, 404, 422, 429)),
    Operation("GET", "/v1/calendar", "read_calendar", "What of a thing's time is booked or kept free", taken,
              Scope.READ, query=TakenQuery, answer=TakenList),
    Operation("POST", "/v1/offers/{offer}/answer", "answer_offer", "Propose terms on an offer or request", answer,
              Scope.WRITE, body=TermsGiven, answer=SubmittedList, status=201, idempotent_key=True, errors=_ERRORS),
    Operation("POST", "/v1/deeds/{deed}/proposal", "counter_deed", "Propose other terms", counter, Scope.WRITE,
              body=TermsGiven, answer=SubmittedList, status=201, idempotent_key=True, errors=_ERRORS),
    Operation("POST", "/v1/deeds/{deed}/agreement", "agree_deed", "Accept terms, or confirm their acceptance", agree,
              Scope.WRITE, body=AgreeGiven, answer=SubmittedList, status=201, idempotent_key=True, errors=_ERRORS),
    Operation("POST", "/v1/deeds/{deed}/refusal", "decline_deed", "Decline terms", decline, Scope.WRITE,
              body=ReasonGiven, answer=SubmittedList, status=201, idempotent_key=True, errors=_ERRORS),
    Operation("POST", "/v1/deeds/{deed}/lapse", "lapse_deed", "End own terms whose time is over", lapse, Scope.WRITE,
              answer=SubmittedList, status=201, idempotent_key=True, errors=_ERRORS),
    Operation("POST", "/v1/deeds/{deed}/report", "report_deed", "Say that it was fulfilled, or should be cancelled",
              report, Scope.WRITE, body=ReportGiven, answer=SubmittedList, status=201, idempotent_key=True,
              errors=_ERRORS),
)  # fmt: skip
