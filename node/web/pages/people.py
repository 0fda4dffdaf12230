"""設定・利用者: a member's people, their roles, invitations, and the access log. For owners."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from node.i18n import N_
from node.services import access, joining, sessions, users
from node.services.policy import Role
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.links import absolute, qr
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound

ROLE_WORDS: Final = {
    Role.OWNER: N_("Owner"),
    Role.CLERK: N_("Clerk"),
    Role.VIEWER: N_("Viewer"),
    Role.SUPPORTER: N_("Supporter (municipality, bank, adviser)"),
    Role.STAFF: N_("Association staff"),
    Role.ADMIN: N_("Administrator"),
}
ROLE_SUPPORT: Final = {
    Role.OWNER: N_("Everything, also people, payments and consent."),
    Role.CLERK: N_("Writes and sends papers."),
    Role.VIEWER: N_("Reads only."),
    Role.SUPPORTER: N_("Sees sums of the area only."),
    Role.STAFF: N_("Looks after members and connections."),
    Role.ADMIN: N_("As staff, and decides who is staff."),
}
LOG_ROWS: Final = 100


def role_choices(visit: Visit, member: bytes | None) -> list[tuple[str, str, str]]:
    """The roles of a house, for radio buttons."""
    return [
        (role.value, visit.say(ROLE_WORDS[role]), visit.say(ROLE_SUPPORT[role])) for role in joining.roles_for(member)
    ]


async def index(visit: Visit) -> web.StreamResponse:
    """Who there is, and who is invited."""
    form = await visit.form()
    form.values.setdefault("role", [Role.CLERK.value])
    return await page(visit, visit.member, "/people", form)


async def page(visit: Visit, member: bytes | None, base: str, form: Form, status: int = 200) -> web.Response:
    """The people of a house: used for members and for the association's own (:mod:`node.web.pages.staff`)."""
    now = visit.context.house.clock()

    def work(tx: Tx) -> dict[str, object]:
        found = users.list_of_house(tx, member)
        return {
            "people": found,
            "names": sessions.names_of(tx, found),
            "seen": {user.id: sessions.last_login(tx, user.id) for user in found},
            "invitations": joining.open_for(tx, member, now),
        }

    found = await visit.read(work)
    choices = role_choices(visit, member)
    role_words = {role.value: word for role, word in ROLE_WORDS.items()}
    return visit.render(
        "people/index.html", status=status, form=form, base=base, choices=choices, role_words=role_words, **found
    )


async def invite(visit: Visit) -> web.StreamResponse:
    """A link for a new user, shown once."""
    return await make_invitation(visit, visit.member, "/people")


async def make_invitation(visit: Visit, member: bytes | None, base: str) -> web.StreamResponse:
    """The step itself, for any house."""
    form = await visit.form()
    made = await invitation(visit, member, form)
    return await page(visit, member, base, form, status=422) if made is None else show_link(visit, made, base)


async def invitation(visit: Visit, member: bytes | None, form: Form) -> joining.Link | None:
    """A link for whom the form names; None where it is wrong, which then stands beside its fields."""
    _, who, house, address = visit.say, visit.who, visit.context.house, visit.address
    note = form.text("note", _("For whom"), most=joining.MAX_NOTE_CHARS)
    role = form.choice("role", _("Role"), [role.value for role in joining.roles_for(member)])
    if not form.ok:
        return None
    try:
        return await visit.write(
            lambda tx: joining.invite(house, tx, member, role, note=note, by=who.user, address=address)
        )
    except NotFound:
        raise
    except CallerFault as fault:
        form.refuse(fault)
        return None


def show_link(visit: Visit, made: joining.Link, base: str) -> web.Response:
    """The link, once: it is kept nowhere."""
    link = absolute(visit, made.path)
    secret = made.secret if made.row.user is None else ""  # a letter invites; who comes back needs none
    return visit.render(
        "people/link.html", status=201, link=link, secret=secret, picture=qr(link), row=made.row, base=base
    )


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Make an invitation useless."""
    return await make_withdrawal(visit, visit.member, "/people")


async def make_withdrawal(visit: Visit, member: bytes | None, base: str) -> web.StreamResponse:
    """The step itself, for any house."""
    hashed, who, house, address = visit.path_hash("invitation"), visit.who, visit.context.house, visit.address
    await visit.write(lambda tx: joining.withdraw(house, tx, member, hashed, by=who.user, address=address))
    return visit.see_other(base, visit.say(N_("The invitation was withdrawn.")))


async def person(visit: Visit) -> web.StreamResponse:
    """One of them."""
    return await show_person(visit, visit.member, "/people", None)


async def show_person(
    visit: Visit, member: bytes | None, base: str, form: Form | None, status: int = 200
) -> web.Response:
    """One user of a house: role, stop, a link to log in again."""
    text, now = visit.path("user"), visit.context.house.clock()

    def work(tx: Tx) -> dict[str, object]:
        user = users.require(tx, member, text)
        return {
            "user": user,
            "shown_name": sessions.settings_of(tx, user.id).shown_name or user.name,
            "sessions": sessions.list_of(tx, user.id, now),
        }

    found = await visit.read(work)
    if form is None:
        form = Form.of(visit.say, {"role": getattr(found["user"], "role", "")})
    choices = role_choices(visit, member)
    return visit.render("people/person.html", status=status, form=form, base=base, choices=choices, **found)


async def change_role(visit: Visit) -> web.StreamResponse:
    """Another role."""
    return await make_role_change(visit, visit.member, "/people")


async def make_role_change(visit: Visit, member: bytes | None, base: str) -> web.StreamResponse:
    """The step itself, for any house."""
    _, form, who, house, address = visit.say, await visit.form(), visit.who, visit.context.house, visit.address
    text = visit.path("user")
    role = form.choice("role", _("Role"), [role.value for role in joining.roles_for(member)])
    if form.ok:

        def work(tx: Tx) -> None:
            users.change_role(house, tx, users.require(tx, member, text), role, by=who.user, address=address)

        try:
            await visit.write(work)
        except NotFound:
            raise
        except CallerFault as fault:
            form.refuse(fault)
        else:
            return visit.see_other(base, _("The role was changed."))
    return await show_person(visit, member, base, form, status=422)


async def stop(visit: Visit) -> web.StreamResponse:
    """Stop a user, or let it in again."""
    return await make_stop(visit, visit.member, "/people")


async def make_stop(visit: Visit, member: bytes | None, base: str) -> web.StreamResponse:
    """The step itself, for any house."""
    _, form, who, house, address = visit.say, await visit.form(), visit.who, visit.context.house, visit.address
    text, stopped = visit.path("user"), form.value("stop") == "1"

    def work(tx: Tx) -> None:
        users.stop(house, tx, users.require(tx, member, text), stopped, by=who.user, address=address)

    try:
        await visit.write(work)
    except NotFound:
        raise
    except CallerFault as fault:
        form.refuse(fault)
        return await show_person(visit, member, base, form, status=422)
    return visit.see_other(base, _("This person cannot log in any more.") if stopped else _("This person can log in."))


async def recover(visit: Visit) -> web.StreamResponse:
    """A link for somebody who lost password or device."""
    return await make_recovery(visit, visit.member, "/people")


async def make_recovery(visit: Visit, member: bytes | None, base: str) -> web.StreamResponse:
    """The step itself, for any house."""
    who, house, address, text = visit.who, visit.context.house, visit.address, visit.path("user")

    def work(tx: Tx) -> joining.Link:
        return joining.recover(house, tx, users.require(tx, member, text), by=who.user, address=address)

    return show_link(visit, await visit.write(work), base)


async def log(visit: Visit) -> web.StreamResponse:
    """Who came, who looked, who changed what."""
    member, start = visit.member, before(visit)
    rows = await visit.read(lambda tx: access.page(tx, member, LOG_ROWS, start))
    return visit.render("people/log.html", rows=rows, what=access.WHAT, base="/people/log", most=LOG_ROWS)


def before(visit: Visit) -> int:
    """Behind which line of the log the page begins."""
    text = visit.query.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 2**62


PAGES = (
    Page("GET", "/people", "people.manage", index),
    Page("POST", "/people", "people.manage", invite),
    Page("GET", "/people/log", "access.read", log),
    Page("POST", "/people/invitations/{invitation}/withdraw", "people.manage", withdraw),
    Page("GET", "/people/{user}", "people.manage", person),
    Page("POST", "/people/{user}", "people.manage", change_role),
    Page("POST", "/people/{user}/stop", "people.manage", stop),
    Page("POST", "/people/{user}/recover", "people.manage", recover),
)
