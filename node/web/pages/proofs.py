"""パスキーと確認コード: the ways to prove who one is beside the password, at the login and in the settings."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from aiohttp import web

from node.services import codes, login, passkeys, users
from node.services.passkeys import REFUSED, Site
from node.services.sessions import Opened
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.links import absolute, qr
from node.web.page import Page
from node.web.pages.login import local, verified
from node.web.visit import Visit
from protocol.errors import CallerFault

TRIES_PER_MINUTE: Final = 20
ENROL, ASK, OWES_CODE = "passkey-enrol", "passkey-ask", "owes-code"


class Credential(msgspec.Struct, frozen=True):
    """What a script of ours sends: the browser's answer, as its ``toJSON`` gives it."""

    credential: dict[str, Any]
    label: str = ""
    next: str = ""


def site_of(visit: Visit) -> Site:
    """Where the visitor reached us."""
    return Site(absolute(visit, ""))


# --- passkeys


async def enrolment(visit: Visit) -> web.StreamResponse:
    """What to ask the authenticator for a new passkey."""
    who, house, site = visit.who, visit.context.house, site_of(visit)
    try:
        options, challenge = await visit.read(lambda tx: passkeys.enrolment(house, tx, site, who.user, who.shown_name))
    except CallerFault as fault:
        return _refused(visit, fault)
    visit.site.ceremonies.keep(visit.token, ENROL, challenge, house.clock())
    return web.json_response(options)


async def enrol(visit: Visit) -> web.StreamResponse:
    """The authenticator's answer."""
    given = await visit.json(Credential)
    who, house, site, address = visit.who, visit.context.house, site_of(visit), visit.address
    challenge = visit.site.ceremonies.take(visit.token, ENROL, house.clock())
    if challenge is None:
        return _refused(visit, CallerFault("passkey", REFUSED))

    def work(tx: Tx) -> object:
        return passkeys.enrol(house, tx, site, who.user, given.credential, challenge, given.label, address)

    try:
        await visit.write(work)
    except CallerFault as fault:
        return _refused(visit, fault)
    return web.json_response({"location": "/settings"})


async def remove(visit: Visit) -> web.StreamResponse:
    """Take a passkey out."""
    _, who, house, address, text = visit.say, visit.who, visit.context.house, visit.address, visit.path("passkey")
    await visit.write(lambda tx: passkeys.remove(house, tx, who.user, text, address))
    return visit.see_other("/settings", _("The passkey was removed."))


async def ask(visit: Visit) -> web.StreamResponse:
    """What to ask a passkey at the login."""
    await visit.site.limit(visit, "passkey", TRIES_PER_MINUTE)
    house = visit.context.house
    try:
        options, challenge = passkeys.question(house, site_of(visit))
    except CallerFault as fault:
        return _refused(visit, fault)
    visit.site.ceremonies.keep(visit.token, ASK, challenge, house.clock())
    return web.json_response(options)


async def answer(visit: Visit) -> web.StreamResponse:
    """The passkey's answer: a session."""
    given, house, site = await visit.json(Credential), visit.context.house, site_of(visit)
    challenge = visit.site.ceremonies.take(visit.token, ASK, house.clock())
    if challenge is None:
        return _refused(visit, CallerFault("passkey", REFUSED))
    address, agent = visit.address, visit.agent

    def work(tx: Tx) -> Opened:
        return passkeys.log_in(house, tx, site, given.credential, challenge, address=address, agent=agent)

    try:
        visit.enter(await visit.write(work))
    except CallerFault as fault:
        return _refused(visit, fault)
    return web.json_response({"location": local(given.next)})


def _refused(visit: Visit, fault: CallerFault) -> web.Response:
    return web.json_response({"message": visit.say(fault.rule)}, status=422)


# --- codes


async def show_code(visit: Visit) -> web.StreamResponse:
    """The second step of the login."""
    if visit.site.ceremonies.see(visit.token, OWES_CODE, visit.context.house.clock()) is None:
        return visit.see_other("/login")
    return visit.render("login_code.html", form=Form.empty(visit.say))


async def take_code(visit: Visit) -> web.StreamResponse:
    """The code: a session, or one more wrong attempt."""
    _, form, house, ceremonies = visit.say, await visit.form(), visit.context.house, visit.site.ceremonies
    owed = ceremonies.see(visit.token, OWES_CODE, house.clock())
    if owed is None:
        return visit.see_other("/login", _("Please log in again after the pause."))
    tried, wanted = owed
    code, address, agent = form.text("code", _("Confirmation code"), most=20), visit.address, visit.agent

    def work(tx: Tx) -> Opened:
        login.require_unlocked(tx, tried.name, house.clock())
        user = users.require_active(tx, tried.name, tried.hashed)
        codes.use(house, tx, user, code)
        return login.succeeded(house, tx, user, "totp", address=address, agent=agent)

    if form.ok:
        try:
            opened = await visit.write(work)
        except CallerFault as fault:
            if fault.code != "locked":
                counted = await visit.write(lambda tx: login.failed(house, tx, tried, address))
                fault = CallerFault("code", counted.rule if counted.code == "locked" else fault.rule)
            form.refuse(fault, {"name": "code"})
        else:
            ceremonies.take(visit.token, OWES_CODE, house.clock())
            visit.enter(opened)
            return visit.see_other(wanted)
    return visit.render("login_code.html", status=422, form=form)


async def code_page(visit: Visit) -> web.StreamResponse:
    """Setting the app up."""
    return await _code_page(visit, Form.empty(visit.say))


async def _code_page(visit: Visit, form: Form, status: int = 200) -> web.Response:
    who, house = visit.who, visit.context.house
    found = await visit.read(lambda tx: (codes.setup(house, tx, who.user), codes.is_on(tx, who.user.id)))
    setup, on = found
    picture = qr(setup.address) if setup is not None else ""
    return visit.render("settings/code.html", status=status, form=form, setup=setup, on=on, picture=picture)


async def begin_code(visit: Visit) -> web.StreamResponse:
    """A secret for the app."""
    who, house, form = visit.who, visit.context.house, await visit.form()
    try:
        await visit.write(lambda tx: codes.begin(house, tx, who.user))
    except CallerFault as fault:
        form.refuse(fault)
        return await _code_page(visit, form, status=422)
    return visit.see_other("/settings/code")


async def confirm_code(visit: Visit) -> web.StreamResponse:
    """The first code."""
    _, form, who, house, address = visit.say, await visit.form(), visit.who, visit.context.house, visit.address
    await visit.site.limit(visit, "code", TRIES_PER_MINUTE, key=who.user.id.hex())
    code = form.text("code", _("Confirmation code"), most=20)
    if form.ok:
        try:
            await visit.write(lambda tx: codes.confirm(house, tx, who.user, code, address))
        except CallerFault as fault:
            form.refuse(fault)
        else:
            return visit.see_other("/settings", _("From now on a code is asked for after the password."))
    return await _code_page(visit, form, status=422)


async def remove_code(visit: Visit) -> web.StreamResponse:
    """No code any more; the password is asked for, so that a device left open does not do it."""
    _, form, who, house, address = visit.say, await visit.form(), visit.who, visit.context.house, visit.address
    await visit.site.limit(visit, "password", TRIES_PER_MINUTE, key=who.user.id.hex())
    if not await verified(visit, who.user.password_hash, form.value("password")):
        form.wrong("password", _("The password is not right."))
        return await _code_page(visit, form, status=422)
    await visit.write(lambda tx: codes.remove(house, tx, who.user, address))
    return visit.see_other("/settings", _("The code app was removed."))


PAGES = (
    Page("POST", "/settings/passkeys/options", "own", enrolment),
    Page("POST", "/settings/passkeys", "own", enrol),
    Page("POST", "/settings/passkeys/{passkey}/remove", "own", remove),
    Page("POST", "/login/passkey/options", "public", ask),
    Page("POST", "/login/passkey", "public", answer),
    Page("GET", "/login/code", "public", show_code),
    Page("POST", "/login/code", "public", take_code),
    Page("GET", "/settings/code", "own", code_page),
    Page("POST", "/settings/code", "own", confirm_code),
    Page("POST", "/settings/code/begin", "own", begin_code),
    Page("POST", "/settings/code/remove", "own", remove_code),
)
