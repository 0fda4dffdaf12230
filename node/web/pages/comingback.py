"""復帰: who lost its association types its 24 words here, by a one-time address from staff, and sees how far it is.

The words are in the request and in memory, nowhere else: not in a draft, a session, the store or the log (ADR 0054). A
page that reports what is wrong with them shows them again, to whoever has just typed them.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from node import rules
from node.i18n import N_
from node.services import welcoming
from node.services.welcoming import Welcome
from node.web.forms import Form
from node.web.links import absolute, qr
from node.web.page import Page
from node.web.pages.moves import RETURNS, STAFF
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound, WorldFault
from protocol.identity.words import WORD_COUNT

WELCOME: Final = f"{STAFF}/welcome"
TRIES_PER_MINUTE: Final = 10
LOOKS_PER_MINUTE: Final = 60
LOOK_AGAIN_S: Final = 3
FIELDS: Final = tuple(f"word{number}" for number in range(1, WORD_COUNT + 1))
UNLISTED: Final = N_("Word {number} is not in the list of words: look for a wrong letter.")
MISSING: Final = N_("Word {number} is missing.")
UNFIT: Final = N_("The words do not fit together: two may have changed places, or one is another word.")
NOBODYS: Final = N_("No member has these words. Is it the right sheet? You can try {n} more times.")
SILENT: Final = N_("No other association answers now. Nothing was changed: try again in some minutes.")


async def invite(visit: Visit) -> web.StreamResponse:
    """Staff take a member in: its address, shown once."""
    form, house, who, address = await visit.form(), visit.context.house, visit.who, visit.address
    note = form.text("note", visit.say(N_("For whom")), most=welcoming.MAX_NOTE_CHARS)
    if form.ok:
        try:
            made = await visit.write(lambda tx: welcoming.invite(house, tx, note, who.user, address))
        except CallerFault as fault:
            form.refuse(fault)
        else:
            link = absolute(visit, made.path)
            return visit.render("association/welcome.html", status=201, link=link, picture=qr(link), row=made.row)
    return visit.render("association/welcome.html", status=422, form=form, link="")


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Staff take back an address."""
    await visit.form()
    house, who, given, address = visit.context.house, visit.who, visit.path("id"), visit.address
    await visit.write(lambda tx: welcoming.withdraw(house, tx, given, who.user, address))
    return visit.see_other(STAFF, visit.say(N_("Withdrawn: this address opens nothing any more.")))


async def show(visit: Visit) -> web.StreamResponse:
    """The 24 fields; or how far it has come."""
    return await _page(visit, await _look(visit), Form.empty(visit.say))


async def _look(visit: Visit) -> Welcome:
    await visit.site.limit(visit, "return", LOOKS_PER_MINUTE)
    house, secret = visit.context.house, visit.path("secret")
    return await visit.read(lambda tx: welcoming.look(house, tx, secret))


async def _page(visit: Visit, welcome: Welcome, form: Form, status: int = 200) -> web.Response:
    returns = visit.context.returns
    found = await visit.read(lambda tx: tx.members.get_many(welcome.members))
    home = [member for member in welcome.members if member in found and found[member].local]
    back = bool(home) and len(home) == len(welcome.members)
    away = [member for member in welcome.members if member not in home]
    rows = [_row(visit, returns.describe(member)) for member in away] if returns is not None else []
    runs = returns is not None and any(returns.is_under_way(member) for member in away)
    answer = visit.render(
        "join/return.html", status=status, form=form, fields=FIELDS, welcome=welcome, rows=rows, back=back, runs=runs,
        names=[found[member].name for member in home], states=RETURNS, path=welcoming.PATH + visit.path("secret"),
    )  # fmt: skip
    if runs:
        answer.headers["Refresh"] = str(LOOK_AGAIN_S)
    return answer


def _row(visit: Visit, found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "why": rules.said(str(found["error"] or found["note"]), visit.language)}


async def begin(visit: Visit) -> web.StreamResponse:
    """The words were typed: find whose they are, and bring it back."""
    welcome, form = await _look(visit), await visit.form()
    await visit.site.limit(visit, "words", TRIES_PER_MINUTE)
    await visit.site.limit(visit, "words-of", TRIES_PER_MINUTE, key=visit.path("secret"))
    try:
        await _bring(visit, form)
    except NotFound:
        raise
    except WorldFault:
        form.wrong("", SILENT)
    except CallerFault as fault:
        form.wrong(FIELDS[0], fault.rule)
    if form.ok:
        return visit.see_other(welcoming.PATH + visit.path("secret"))
    return await _page(visit, welcome, form, status=422)


async def _bring(visit: Visit, form: Form) -> None:
    found = welcoming.read([form.value(name)[:400] for name in FIELDS])
    _judge(visit, form, found)
    if not form.ok:
        return
    try:
        key = welcoming.key_of(found)
    except CallerFault:
        form.wrong(FIELDS[0], UNFIT)
        return
    returns = visit.context.returns
    if returns is None:
        raise WorldFault("this node does not serve peers now", code="not-running")
    house, secret, address = visit.context.house, visit.path("secret"), visit.address
    members = await returns.find_by(key)
    if not members:
        left = await visit.write(lambda tx: welcoming.refused(house, tx, secret, address))
        form.wrong(FIELDS[0], NOBODYS, n=left)
        return
    await visit.write(lambda tx: welcoming.begun(house, tx, secret, members, address))
    here = await visit.read(lambda tx: {row.member for row in tx.members.all(local=True)})
    for member in members:
        if member not in here:
            returns.begin_with(member, key)


def _judge(visit: Visit, form: Form, found: list[str]) -> None:
    """What is wrong with single words, beside each."""
    for number, name in enumerate(FIELDS, 1):
        if number > len(found) or not found[number - 1]:
            form.wrong(name, MISSING, number=number)
    for number in welcoming.unlisted(found[:WORD_COUNT]):
        form.wrong(FIELDS[number - 1], UNLISTED, number=number)
    if form.ok and len(found) > WORD_COUNT:
        form.wrong(FIELDS[0], UNFIT)


PAGES = (
    Page("POST", WELCOME, "association.moves", invite),
    Page("POST", f"{WELCOME}/{{id}}/withdraw", "association.moves", withdraw),
    Page("GET", welcoming.PATH + "{secret}", "public", show),
    Page("POST", welcoming.PATH + "{secret}", "public", begin),
)
