"""支払: what is due, the file for the bank looked over and made, and marked as paid by a person. Owns the pages' order.

What a file holds and what hinders it is ``services.transfers``. Downloading a file pays nothing and says so.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

from aiohttp import web

from node.i18n import N_
from node.services import advising, bankdays, payments, transfers
from node.services.transaction import Tx
from node.services.transfers import Chosen, Made, MadeMeanwhile, Prepared
from node.web import piece
from node.web.forms import Form
from node.web.page import Page
from node.web.render import as_day, moment, money
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound

DAY: Final = N_("Day of the transfer")
MADE: Final = N_(
    "The bank file is made (payments: {n}, {total}). Nothing is paid yet: press “Mark as paid” after the transfer."
)
FASTER: Final = N_(
    "{who} made a file with one of these bills at {time}. Look at the list again before you make another."
)
CHANGED: Final = N_("One of these bills has changed meanwhile. Look at the amounts again.")
NOTHING_CHOSEN: Final = N_("Choose at least one bill.")
NOT_YEN: Final = N_("A bill that is not in yen cannot go into this file.")
PAID_BEFORE: Final = N_("One of these bills is paid already. Choose again.")
TICK_AGAIN: Final = N_("A bill stands in another file already. Tick the box if you want to pay it again.")
SETTLED: Final = N_("Marked as paid: {n} bills. Payment notices sent: {notices}.")
ENDED: Final = N_("This file was marked as paid or withdrawn before.")
TOO_MUCH: Final = N_("A bill in this file is not open to that amount any more. Withdraw the file and make a new one.")
STATES: Final = {"made": N_("made, not yet paid"), "paid": N_("paid"), "withdrawn": N_("withdrawn")}
#: Where a problem of the preview is mended: by the first word of its field.
MOST: Final = 500


def today(visit: Visit) -> str:
    """The day here."""
    return as_day(visit.context.house.clock()).isoformat()


async def index(visit: Visit) -> web.StreamResponse:
    """What is due, with boxes; the files that were made; what was marked. ``?dealing=``: its bills are ticked."""
    return await _listed(visit, Form.empty(visit.say))


async def _listed(visit: Visit, form: Form, status: int = 200) -> web.Response:
    member, day = visit.member, today(visit)

    def work(tx: Tx) -> Any:
        return transfers.to_pay(tx, member, day), transfers.files(tx, member, 20), payments.log(tx, member, 20)

    due, files, log = await visit.read(work)
    open_yen = [one for one in due if one.due.bill.currency == transfers.CURRENCY]
    first = min((one.due.pay_on for one in open_yen if one.file is None), default="")
    asked = [one for one in open_yen if one.file is None and one.due.bill.thread.hex() == visit.query.get("dealing")]
    offered = asked or [one for one in open_yen if one.file is None and one.due.pay_on <= first]
    chosen = set(form.all("bill")) or {_key(one.key) for one in offered}
    return visit.render(
        "payments/index.html",
        status=status,
        form=form,
        due=due,
        piece=piece.cut(due, form.value(piece.FIELD) or visit.query.get(piece.FIELD, "")),
        files=files,
        log=log,
        chosen=chosen,
        key=lambda one: _key(one.key),
        states=STATES,
        may_prepare=visit.allows("payments.prepare"),
        may_pay=visit.allows("payments.pay"),
    )


def _key(chosen: Chosen) -> str:
    thread, kind, number = chosen
    return f"{thread.hex()}:{kind}:{number}"


def _chosen(form: Form) -> list[Chosen]:
    found = []
    for value in form.all("bill")[:MOST]:
        thread, _, rest = value.partition(":")
        kind, _, number = rest.partition(":")
        if len(thread) != 64 or not set(thread) <= set("0123456789abcdef"):
            raise NotFound("bill", "no such bill")
        found.append((bytes.fromhex(thread), kind, number))
    return found


async def look(visit: Visit) -> web.StreamResponse:
    """The preview of a file: what the bank will read, line by line, and what hinders it; or, asked so, make it."""
    member, form, here = visit.member, await visit.form(), today(visit)
    chosen = _chosen(form)
    if not chosen:
        form.wrong("bill", NOTHING_CHOSEN)
        return await _listed(visit, form, 422)
    try:
        day = await _day(visit, form, chosen)
        found = await visit.read(lambda tx: transfers.prepare(tx, member, chosen, day, here))
    except NotFound:
        raise
    except CallerFault as fault:
        form.errors.clear()
        form.wrong("bill", NOT_YEN if fault.code == "currency" else PAID_BEFORE)
        form.values["bill"] = []
        return await _listed(visit, form, 422)
    if form.value("action") != "make":
        return await _previewed(visit, form, found)
    return await _make(visit, form, chosen, found)


async def _day(visit: Visit, form: Form, chosen: list[Chosen]) -> str:
    """The day typed; before anybody typed one, the first day of payment of the bills, today at the earliest."""
    if any(form.value(f"day.{part}") for part in ("year", "month", "day")):
        typed = form.day("day", visit.say(DAY))
        if typed is not None:
            return typed.isoformat()
    member, here = visit.member, today(visit)
    due = await visit.read(lambda tx: transfers.to_pay(tx, member, here))
    days = [one.due.pay_on for one in due if one.key in set(chosen)]
    day = bankdays.shifted(max(min(days, default=here), here), "next")
    if "day" not in form.errors:
        form.fill({"day": datetime.date.fromisoformat(day)})
    return day


async def _previewed(visit: Visit, form: Form, found: Prepared, status: int = 200) -> web.Response:
    day = found.preview.day.isoformat()
    bills = [one.due.bill for one in found.bills]
    notes = await visit.read(
        lambda tx: [(bill.number, note) for bill in bills for note in advising.of_payment(tx, bill.thread, day)]
    )
    by_place: dict[int, list[str]] = {}
    whole, own = [], []
    for one in found.preview.problems:
        text = visit.say(one.rule, **dict(one.values))
        if one.place is not None:
            by_place.setdefault(one.place, []).append(text)
        elif one.field == "day":
            form.errors.setdefault("day", text)
        elif one.field.startswith("payer."):
            own.append(text)
        else:
            whole.append(text)
    stopped = bool(found.preview.problems) or found.own_missing
    return visit.render(
        "payments/preview.html",
        status=status,
        form=form,
        found=found,
        seen=found.seen,
        notes=notes,
        by_place=by_place,
        whole=whole,
        own=own,
        stopped=stopped,
        keys=[_key(one.key) for one in found.bills],
        bills_of=lambda partner: [one.due for one in found.bills if one.due.bill.partner == partner],
        shifted=[one.due for one in found.bills if one.due.pay_on != one.due.bill.due],
    )


async def _make(visit: Visit, form: Form, chosen: list[Chosen], found: Prepared) -> web.StreamResponse:
    house, member, here, by = visit.context.house, visit.member, today(visit), visit.who.user.name
    if not form.ok or found.preview.problems or found.own_missing:
        return await _previewed(visit, form, found, 422)
    day, seen, again = found.preview.day.isoformat(), form.value("seen") or "?", form.ticked("again")
    try:
        made = await visit.write(
            lambda tx: transfers.make(house, tx, member, by, chosen, day, here, seen=seen, again=again)
        )
    except MadeMeanwhile as fault:
        _say_who(visit, form, fault.file)
        now = await visit.read(lambda tx: transfers.prepare(tx, member, chosen, day, here))
        return await _previewed(visit, form, now, 409)
    except CallerFault as fault:
        if fault.code != "again":
            raise
        form.wrong("again", TICK_AGAIN)
        return await _previewed(visit, form, found, 422)
    flash = visit.say(MADE, n=len(made.record.payees), total=money(made.total))
    return visit.see_other(f"/payments/files/{made.id.hex()}", flash)


def _say_who(visit: Visit, form: Form, file: Made | None) -> None:
    if file is None:
        form.wrong("", CHANGED)
    else:
        form.wrong("", FASTER, who=file.by, time=moment(file.time, visit.language == "ja"))


# --- one file


def _identity(visit: Visit) -> bytes:
    text = visit.path("file")
    if len(text) != 32 or not set(text) <= set("0123456789abcdef"):
        raise NotFound("file", "no such file")
    return bytes.fromhex(text)


async def show(visit: Visit) -> web.StreamResponse:
    """A file that was made: its payments, its state, and what a person can say of it."""
    return await _file_shown(visit, Form.of(visit.say, {"notify": "1"}))


async def _file_shown(visit: Visit, form: Form, status: int = 200) -> web.Response:
    member, identity = visit.member, _identity(visit)
    found = await visit.read(lambda tx: transfers.file(tx, member, identity))
    if not form.value("day.year"):
        form.fill({"day": datetime.date.fromisoformat(found.day)})
    return visit.render(
        "payments/file.html",
        status=status,
        file=found,
        form=form,
        states=STATES,
        may_prepare=visit.allows("payments.prepare"),
        may_pay=visit.allows("payments.pay"),
    )


async def download(visit: Visit) -> web.StreamResponse:
    """The bytes for the bank."""
    member, identity = visit.member, _identity(visit)
    found = await visit.read(lambda tx: transfers.file(tx, member, identity))
    headers = {"Content-Disposition": f'attachment; filename="{found.record.name}"'}
    return web.Response(body=found.record.data, content_type="application/octet-stream", headers=headers)


async def paid(visit: Visit) -> web.StreamResponse:
    """The bank paid it: mark the bills, tell the partners."""
    house, member, identity, form = visit.context.house, visit.member, _identity(visit), await visit.form()
    by, here = visit.who.user.name, today(visit)
    day, notify = form.day("day", visit.say(DAY)), form.ticked("notify")
    if day is None or not form.ok:
        return await _file_shown(visit, form, 422)
    if form.value("action") == "check":  # Enter in a field, where no script runs
        return await _file_shown(visit, form)
    on = day.isoformat()
    try:
        found = await visit.write(lambda tx: transfers.settle(house, tx, member, by, identity, on, here, notify=notify))
    except CallerFault as fault:
        form.wrong("", ENDED if fault.code == "ended" else TOO_MUCH)
        return await _file_shown(visit, form, 409)
    flash = visit.say(SETTLED, n=len(found.marked), notices=found.notices)
    return visit.see_other(f"/payments/files/{identity.hex()}", flash)


async def withdraw(visit: Visit) -> web.StreamResponse:
    """The file will not go to the bank."""
    house, member, identity, by = visit.context.house, visit.member, _identity(visit), visit.who.user.name
    try:
        await visit.write(lambda tx: transfers.withdraw(house, tx, member, by, identity))
    except CallerFault:
        form = Form.of(visit.say, {"notify": "1"})
        form.wrong("", ENDED)
        return await _file_shown(visit, form, 409)
    return visit.see_other("/payments", visit.say(N_("The file was withdrawn. Its bills are to be paid again.")))


async def undo(visit: Visit) -> web.StreamResponse:
    """Take back that a bill was paid."""
    house, member, by, form = visit.context.house, visit.member, visit.who.user.name, await visit.form()
    text = form.value("payment")
    if len(text) != 32 or not set(text) <= set("0123456789abcdef"):
        raise NotFound("payment", "no such payment")
    try:
        await visit.write(lambda tx: payments.undo(house, tx, member, by, bytes.fromhex(text)))
    except CallerFault as fault:
        if fault.code != "undone":
            raise
    return visit.see_other("/payments", visit.say(N_("Taken back. Both entries stay in the list.")))


PAGES = (
    Page("GET", "/payments", "books.read", index),
    Page("POST", "/payments", "payments.prepare", look),
    Page("POST", "/payments/undo", "payments.pay", undo),
    Page("GET", "/payments/files/{file}", "books.read", show),
    Page("GET", "/payments/files/{file}/download", "payments.prepare", download),
    Page("POST", "/payments/files/{file}/paid", "payments.pay", paid),
    Page("POST", "/payments/files/{file}/withdraw", "payments.prepare", withdraw),
)
