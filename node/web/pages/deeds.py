"""取り決め: answer an offer, counter, agree, say what came of it; and what of a thing's time is taken.

Owns what these pages show. Times are typed and shown in Japan's time.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from node import offerwords
from node.i18n import N_
from node.services import deeds
from node.services.deeds import Shown, Wish
from node.services.offers import finding, holding
from node.services.trade import Outcome
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.render import as_day
from node.web.visit import Visit
from node.zones import JAPAN
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers.agreeing import CANCELLED, FULFILLED

PATH: Final = "/deeds"
STATES: Final = {
    "proposed": N_("terms proposed"),
    "accepted": N_("accepted, to be confirmed"),
    "ended": N_("nothing agreed"),
    "agreed": N_("agreed"),
    "fulfilled": N_("fulfilled"),
    "cancelled": N_("cancelled"),
    "held": N_("held for a person"),
}
STANDINGS: Final = {
    "open": N_("waits for an answer"),
    "accepted": N_("accepted, to be confirmed"),
    "agreed": N_("agreed"),
    "declined": N_("declined"),
    "lapsed": N_("its time is over"),
    "countered": N_("other terms were proposed"),
}
ANSWERS: Final = {
    "accepted": N_("Accepted the terms"),
    "declined": N_("Declined the terms"),
    "confirmed": N_("Confirmed the agreement"),
    "lapsed": N_("Said that the time of the terms is over"),
}
SUBJECT, TERMS, AMOUNT, THING = N_("What it is about"), N_("Terms"), N_("Price in all (yen)"), N_("What is booked")
STARTS, ENDS, UNTIL = N_("From (day)"), N_("To (day)"), N_("Binds until (day)")
AT: Final = N_("time of day, such as 9:30")
_CLOCK: Final = re.compile(r"(\d{1,2})[:：](\d{2})")
DAY_US: Final = 24 * 3600 * 1_000_000
MOST_TEXT: Final = 2_000


async def index(visit: Visit) -> web.StreamResponse:
    """Every agreement, the latest first."""
    rows = await visit.read(lambda tx: deeds.listed(tx, visit.member))
    return visit.render("deeds/index.html", rows=rows, states=STATES, kinds=offerwords.KINDS)


async def show(visit: Visit) -> web.StreamResponse:
    """One with its timeline and what can be done now."""
    return await _shown(visit, Form.empty(visit.say))


async def _shown(visit: Visit, form: Form, status: int = 200, fault: str = "") -> web.Response:
    thread, house, member = visit.path_hash("thread"), visit.context.house, visit.member
    now = house.clock()

    def work(tx: Tx) -> dict[str, Any]:
        found = deeds.show(house, tx, member, thread)
        around: list[Any] = []
        if found.row.mine and found.current.starts:
            paper = found.current
            wide = (paper.starts - 7 * DAY_US, paper.ends + 7 * DAY_US)
            around = deeds.taken(house, tx, member, deeds.calendar_of(paper), *wide)
        return {"found": found, "around": around, "record": deeds.record_of(tx, member, found.row.partner)}

    data = await visit.read(work)
    if not form.values:
        form = Form.of(visit.say, {"day": as_day(now)})
    return visit.render(
        "deeds/one.html", status=status, form=form, fault=fault, now=now, states=STATES, standings=STANDINGS,
        answers=ANSWERS, kinds=offerwords.KINDS, **data,
    )  # fmt: skip


# ---------------------------------------------------------------------- terms


async def begin(visit: Visit) -> web.StreamResponse:
    """The form with which an offer is answered."""
    row, said, name = await _offer(visit)
    form = Form.of(visit.say, {"subject": said.title})
    return await _edit(visit, form, f"{PATH}/offer/{row.series.hex()}", name, provides=row.side == "request")


async def answer(visit: Visit) -> web.StreamResponse:
    """Answer it."""
    row, _said, name = await _offer(visit)
    house, member = visit.context.house, visit.member
    form = await visit.form()
    wish = _wish(visit, form)
    at, provides = f"{PATH}/offer/{row.series.hex()}", row.side == "request"
    return await _send(
        visit, form, lambda tx: deeds.answer(house, tx, member, row.series, wish),
        lambda: _edit(visit, form, at, name, provides=provides, status=422),
    )  # fmt: skip


async def _offer(visit: Visit) -> tuple[Any, Any, str]:
    house, series, member = visit.context.house, visit.path_hash("series"), visit.member

    def work(tx: Tx) -> tuple[Any, Any, str]:
        row = finding.one(house, tx, series)
        if row.member == member:
            raise NotFound("offer", "others answer it")
        return row, holding.said(row), finding.name_of(tx, row.member)

    return await visit.read(work)


async def other_terms(visit: Visit) -> web.StreamResponse:
    """The form of a counter-proposal, filled with what lies on the table."""
    found = await _find(visit)
    paper = found.current
    form = Form.of(visit.say, {"subject": paper.subject, "terms": paper.terms, "thing": paper.thing})
    if paper.amount is not None:
        form.values["amount"] = [str(paper.amount)]
        form.values["tax_included"] = ["1"] if paper.tax_included else []
    for name, time in (("starts", paper.starts), ("ends", paper.ends)):
        if time:
            local = _local(time)
            form.fill({name: local.date()})
            form.values[f"{name}_at"] = [local.strftime("%H:%M")]
    return await _edit(visit, form, f"{PATH}/{found.row.thread.hex()}/counter", found.partner_name, found.row.mine)


async def counter(visit: Visit) -> web.StreamResponse:
    """Propose other terms."""
    found = await _find(visit)
    house, member, thread = visit.context.house, visit.member, found.row.thread
    form = await visit.form()
    wish = _wish(visit, form)
    at = f"{PATH}/{thread.hex()}/counter"
    return await _send(
        visit, form, lambda tx: deeds.counter(house, tx, member, thread, wish),
        lambda: _edit(visit, form, at, found.partner_name, found.row.mine, 422),
    )  # fmt: skip


async def _find(visit: Visit) -> Shown:
    thread, house, member = visit.path_hash("thread"), visit.context.house, visit.member
    return await visit.read(lambda tx: deeds.show(house, tx, member, thread))


async def _edit(
    visit: Visit, form: Form, action: str, partner: str, provides: bool = False, status: int = 200
) -> web.Response:
    return visit.render(
        "deeds/form.html", status=status, form=form, action=action, partner=partner, provides=provides, most=MOST_TEXT
    )


def _wish(visit: Visit, form: Form) -> Wish:
    say = visit.say
    until = form.day("until", say(UNTIL), required=False)
    amount = form.integer("amount", say(AMOUNT), required=False)
    return Wish(
        subject=form.text("subject", say(SUBJECT)),
        terms=form.value("terms").replace("\r\n", "\n").strip()[:MOST_TEXT],
        amount=amount,
        tax_included=amount is not None and form.ticked("tax_included"),
        starts=_moment(visit, form, "starts", STARTS),
        ends=_moment(visit, form, "ends", ENDS),
        thing=form.text("thing", say(THING), required=False, most=100),
        until=_us(until, datetime.time(23, 59, 59)) if until is not None else 0,
    )


def _moment(visit: Visit, form: Form, name: str, label: str) -> int:
    day = form.day(name, visit.say(label), required=False)
    typed = form.text(f"{name}_at", visit.say(label), required=False, most=10)
    if day is None:
        if typed and form.ok:
            form.wrong(name, N_("Enter: {label}."), label=visit.say(label))
        return 0
    found = _CLOCK.fullmatch(typed) if typed else None
    hour, minute = (int(found[1]), int(found[2])) if found is not None else (0, 0)
    if (typed and found is None) or hour > 24 or minute > 59 or (hour == 24 and minute):
        form.wrong(f"{name}_at", N_("Enter a time of day such as 9:30."))
        return 0
    if name == "ends" and not typed:
        hour = 24
    return _us(day, datetime.time(0)) + (hour * 60 + minute) * 60_000_000


def _us(day: datetime.date, clock: datetime.time) -> int:
    return int(datetime.datetime.combine(day, clock, JAPAN).timestamp()) * 1_000_000


def _local(time: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(time // 1_000_000, JAPAN)


async def _send(
    visit: Visit, form: Form, work: Callable[[Tx], Outcome], again: Callable[[], Awaitable[web.Response]]
) -> web.StreamResponse:
    if not form.ok:
        return await again()
    try:
        outcome = await visit.write(work)
    except CallerFault as fault:
        if isinstance(fault, NotFound):
            raise
        form.refuse(fault, {f"body.{name}": name for name in ("amount", "starts", "ends", "until", "subject")})
        return await again()
    visit.context.news(outcome.news)
    done = visit.say(N_("Signed and on its way to the other side."))
    return visit.see_other(f"{PATH}/{outcome.submitted[0].thread.hex()}", done)


# ---------------------------------------------------------------------- steps


async def agree(visit: Visit) -> web.StreamResponse:
    """Accept, or confirm."""
    form = await visit.form()
    terms = form.value("terms")
    seen = bytes.fromhex(terms) if re.fullmatch("[0-9a-f]{64}", terms) else b""
    return await _step(visit, form, lambda tx, at: deeds.agree(visit.context.house, tx, visit.member, at, seen))


async def decline(visit: Visit) -> web.StreamResponse:
    """Say no."""
    form = await visit.form()
    reason = form.text("reason", visit.say(N_("Reason")), required=False, most=500)
    return await _step(visit, form, lambda tx, at: deeds.decline(visit.context.house, tx, visit.member, at, reason))


async def lapse(visit: Visit) -> web.StreamResponse:
    """The time of our own terms is over."""
    form = await visit.form()
    return await _step(visit, form, lambda tx, at: deeds.lapse(visit.context.house, tx, visit.member, at))


async def fulfil(visit: Visit) -> web.StreamResponse:
    """What was agreed was done."""
    form = await visit.form()
    day = form.day("day", visit.say(N_("Day")))
    said = day.isoformat() if day is not None else ""

    def work(tx: Tx, at: bytes) -> Outcome:
        return deeds.report(
            visit.context.house, tx, visit.member, at, FULFILLED, day=said, on_time=form.ticked("on_time"),
            passed=form.ticked("passed"),
        )  # fmt: skip

    return await _step(visit, form, work)


async def cancel(visit: Visit) -> web.StreamResponse:
    """It should be cancelled; in force once both say so."""
    form = await visit.form()
    reason = form.text("reason", visit.say(N_("Reason")), required=False, most=500)
    return await _step(
        visit, form,
        lambda tx, at: deeds.report(visit.context.house, tx, visit.member, at, CANCELLED, reason=reason),
    )  # fmt: skip


async def _step(visit: Visit, form: Form, work: Callable[[Tx, bytes], Outcome]) -> web.StreamResponse:
    thread = visit.path_hash("thread")
    if not form.ok:
        return await _shown(visit, form, 422)
    try:
        outcome = await visit.write(lambda tx: work(tx, thread))
    except CallerFault as fault:
        if isinstance(fault, NotFound):
            raise
        return await _shown(visit, form, 422, visit.say(fault.rule))
    visit.context.news(outcome.news)
    return visit.see_other(f"{PATH}/{thread.hex()}", visit.say(N_("Signed and on its way to the other side.")))


PAGES = (
    Page("GET", PATH, "deeds.read", index),
    Page("GET", f"{PATH}/offer/{{series}}", "deeds.write", begin),
    Page("POST", f"{PATH}/offer/{{series}}", "deeds.write", answer),
    Page("GET", f"{PATH}/{{thread}}", "deeds.read", show),
    Page("GET", f"{PATH}/{{thread}}/counter", "deeds.write", other_terms),
    Page("POST", f"{PATH}/{{thread}}/counter", "deeds.write", counter),
    Page("POST", f"{PATH}/{{thread}}/agree", "deeds.write", agree),
    Page("POST", f"{PATH}/{{thread}}/decline", "deeds.write", decline),
    Page("POST", f"{PATH}/{{thread}}/lapse", "deeds.write", lapse),
    Page("POST", f"{PATH}/{{thread}}/fulfil", "deeds.write", fulfil),
    Page("POST", f"{PATH}/{{thread}}/cancel", "deeds.write", cancel),
)
