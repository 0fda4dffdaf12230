"""設定: what everybody decides for themselves: name, mail address, password, the devices that are logged in."""

from __future__ import annotations

from aiohttp import web

from node import zones
from node.i18n import N_
from node.services import access, codes, passkeys, preferences, sessions, users
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.pages.joining import new_password
from node.web.pages.login import verified
from node.web.pages.proofs import site_of
from node.web.visit import Visit
from protocol.errors import CallerFault

PASSWORDS_PER_MINUTE = 10
METHODS = {
    "password": N_("password"),
    "passkey": N_("passkey"),
    "totp": N_("password and code"),
    "link": N_("one-time link"),
}


#: Browsers and systems by what is in their names for themselves; the first that fits, as several claim to be others.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"))


def device(agent: str) -> str:
    """A browser's long name for itself in two words a person knows: Chrome, Windows; as it is where none fits."""
    browser = next((word for part, word in (*BROWSERS, ("Safari/", "Safari")) if part in agent), "")
    system = next((word for part, word in (*SYSTEMS, ("Linux", "Linux")) if part in agent), "")
    return ", ".join(filter(None, (browser, system))) or agent


async def index(visit: Visit) -> web.StreamResponse:
    """Everything on one page."""
    return await page(visit, _filled(visit), Form.empty(visit.say))


def _filled(visit: Visit) -> Form:
    """What the visitor chose so far."""
    settings = visit.who.settings
    chosen = {"shown_name": visit.who.shown_name, "email": settings.email, "zone": settings.zone or zones.JAPAN_NAME}
    return Form.of(visit.say, chosen)


async def page(visit: Visit, form: Form, password: Form, status: int = 200) -> web.Response:
    """The page with what was typed."""
    who, now = visit.who, visit.context.house.clock()

    def work(tx: Tx) -> dict[str, object]:
        return {
            "sessions": sessions.list_of(tx, who.user.id, now),
            "passkeys": passkeys.list_of(tx, who.user.id),
            "code_on": codes.is_on(tx, who.user.id),
        }

    found = await visit.read(work)
    return visit.render(
        "settings/index.html",
        status=status,
        form=form,
        password=password,
        methods=METHODS,
        device=device,
        zones=[(name, name.replace("_", " ")) for name in zones.names()],
        who=who,
        site=site_of(visit),
        **found,
    )


async def introduce(visit: Visit) -> web.StreamResponse:
    """Name, mail address and time zone."""
    _, form, user = visit.say, await visit.form(), visit.who.user.id
    shown_name = form.text("shown_name", _("Your name"), most=preferences.MAX_SHOWN_NAME_CHARS)
    email = form.text("email", _("Mail address"), required=False)
    zone = form.choice("zone", _("Time zone"), zones.names())
    if form.ok:
        try:
            await visit.write(lambda tx: preferences.introduce(tx, user, shown_name, email, zone))
        except CallerFault as fault:
            form.refuse(fault)
        else:
            return visit.see_other("/settings", _("Saved."))
    return await page(visit, form, Form.empty(_), status=422)


async def change_password(visit: Visit) -> web.StreamResponse:
    """A new password, after the old one; all other devices are logged out."""
    _, form, who, house, address = visit.say, await visit.form(), visit.who, visit.context.house, visit.address
    await visit.site.limit(visit, "password", PASSWORDS_PER_MINUTE, key=who.user.id.hex())
    if not await verified(visit, who.user.password_hash, form.value("old")):
        form.wrong("old", _("The password is not right."))
    hashed = await new_password(visit, form)
    if not form.ok:
        filled = _filled(visit)
        return await page(visit, filled, form, status=422)
    spared = who.session.hash
    await visit.write(lambda tx: users.change_password(house, tx, who.user, hashed, spared=spared, address=address))
    return visit.see_other("/settings", _("The password was changed. All other devices are logged out."))


async def end_session(visit: Visit) -> web.StreamResponse:
    """Log another device out."""
    hashed, who, house, address = visit.path_hash("session"), visit.who, visit.context.house, visit.address

    def work(tx: Tx) -> None:
        sessions.end(tx, who.user.id, hashed, house.clock())
        access.note(house, tx, "session-ended", member=who.user.member, user=who.user, address=address)

    await visit.write(work)
    return visit.see_other("/settings", visit.say(N_("This device is logged out.")))


PAGES = (
    Page("GET", "/settings", "own", index),
    Page("POST", "/settings", "own", introduce),
    Page("POST", "/settings/password", "own", change_password),
    Page("POST", "/settings/sessions/{session}/end", "own", end_session),
)
