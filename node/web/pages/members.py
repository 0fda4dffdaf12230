"""会員: the members of the association, their people, that their papers move; looking at papers by a member's leave."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from node.i18n import N_
from node.services import access, association, consent, dealings, directory, joining, members, reading, sessions, users
from node.services.directory import Profile
from node.services.guarding import enrolling
from node.services.transaction import Tx
from node.web import menu, paperview
from node.web.forms import Form
from node.web.page import Page
from node.web.pages import people
from node.web.visit import Visit
from protocol.errors import CallerFault
from protocol.process import checks

BASE: Final = "/association/members"
DUPLICATE: Final = N_("A member with this corporate number is in the directory already: {name}.")
BAD_NUMBER: Final = N_("The corporate number's check digit does not fit. Check the 13 digits.")
BAD_REGISTRATION: Final = N_("The registration number's check digit does not fit. Check T and 13 digits.")


async def index(visit: Visit) -> web.StreamResponse:
    """All of them."""
    found = await visit.read(association.members)
    now = visit.context.house.clock()
    return visit.render("association/members.html", members=found, silent=now - association.SILENT_MEMBER_US)


async def form_page(visit: Visit) -> web.StreamResponse:
    """A new member: the form."""
    return visit.render("association/enrol.html", form=Form.empty(visit.say))


async def enrol(visit: Visit) -> web.StreamResponse:
    """A new member: its 24 words are on this page and nowhere else."""
    _, form, house, who, address = visit.say, await visit.form(), visit.context.house, visit.who, visit.address
    profile = Profile(
        name=form.text("name", _("Name of the firm"), most=100),
        kana=form.text("kana", _("Kana"), required=False, most=100),
        corporate_number=form.text("corporate_number", _("Corporate number"), required=False, most=13),
        registration_number=form.text("registration_number", _("Registration number"), required=False, most=14),
        description=form.text("description", _("What the firm does"), required=False, most=200),
    )
    if profile.corporate_number and not checks.is_corporate_number(profile.corporate_number):
        form.wrong("corporate_number", BAD_NUMBER)
    if profile.registration_number and not checks.is_registration_number(profile.registration_number):
        form.wrong("registration_number", BAD_REGISTRATION)
    if form.ok and profile.corporate_number:
        number = profile.corporate_number
        same = await visit.read(lambda tx: directory.find(tx, corporate_number=number))
        if same:
            form.wrong("corporate_number", DUPLICATE, name=same[0].name)
    if not form.ok:
        return visit.render("association/enrol.html", status=422, form=form)

    def work(tx: Tx) -> members.Enrolled:
        made = enrolling.enrol(house, tx, profile.name)
        directory.publish(house, tx, made.member, profile)
        access.note(house, tx, "member-enrolled", member=made.member, user=who.user, address=address)
        return made

    try:
        made = await visit.write(work)
    except CallerFault as fault:
        form.refuse(fault)
        return visit.render("association/enrol.html", status=422, form=form)
    return visit.render("association/words.html", status=201, words24=made.words, member=made.member, name=profile.name)


async def show(visit: Visit) -> web.StreamResponse:
    """One member."""
    return await _show(visit, Form.of(visit.say, {"role": "owner"}))


async def _show(visit: Visit, form: Form, status: int = 200) -> web.Response:
    wanted, house, who = visit.path_hash("member"), visit.context.house, visit.who

    def work(tx: Tx) -> dict[str, Any]:
        row = association.member(tx, wanted)
        found = users.list_of_house(tx, wanted)
        return {
            "member": row,
            "card": directory.card_of(tx, wanted),
            "people": found,
            "names": sessions.names_of(tx, found),
            "seen": {user.id: sessions.last_login(tx, user.id) for user in found},
            "invitations": joining.open_for(tx, wanted, house.clock()),
            "movements": association.movements(tx, wanted),
            "leave": consent.leave_of(tx, wanted, who.user.id, house.clock()),
        }

    found = await visit.read(work)
    choices = people.role_choices(visit, wanted)
    role_words = {role.value: word for role, word in people.ROLE_WORDS.items()}
    return visit.render(
        "association/member.html",
        status=status,
        copies=menu.copies_of(visit, wanted),
        form=form,
        choices=choices,
        role_words=role_words,
        **found,
    )


async def invite(visit: Visit) -> web.StreamResponse:
    """A link for one of the member's people."""
    wanted, form = visit.path_hash("member"), await visit.form()
    await visit.read(lambda tx: association.member(tx, wanted))
    made = await people.invitation(visit, wanted, form)
    if made is None:
        return await _show(visit, form, status=422)
    return people.show_link(visit, made, f"{BASE}/{wanted.hex()}")


async def recover(visit: Visit) -> web.StreamResponse:
    """A link for somebody of the member who lost password or device."""
    wanted = visit.path_hash("member")
    return await people.make_recovery(visit, wanted, f"{BASE}/{wanted.hex()}")


async def suspend(visit: Visit) -> web.StreamResponse:
    """Stop a member's dealings, or let it go on; nothing is deleted."""
    _, wanted, form, house = visit.say, visit.path_hash("member"), await visit.form(), visit.context.house
    stopped, who, address = form.value("stop") == "1", visit.who, visit.address

    def work(tx: Tx) -> None:
        members.suspend(tx, wanted, stopped)
        what = "member-suspended" if stopped else "member-resumed"
        access.note(house, tx, what, member=wanted, user=who.user, address=address)

    await visit.write(work)
    done = _("The member's dealings are stopped.") if stopped else _("The member can go on.")
    return visit.see_other(f"{BASE}/{wanted.hex()}", done)


# --- looking by leave


async def begin_view(visit: Visit) -> web.StreamResponse:
    """Six digits that the member told."""
    wanted, form, house, who, address = (
        visit.path_hash("member"), await visit.form(), visit.context.house, visit.who, visit.address
    )  # fmt: skip
    await visit.site.limit(visit, "view", 10, key=who.user.id.hex())
    await visit.read(lambda tx: association.member(tx, wanted))
    code = form.text("code", visit.say(N_("Six-digit code")), most=20)
    if form.ok:
        outcome = await visit.write(lambda tx: consent.begin(house, tx, wanted, who.user, code, address))
        if not isinstance(outcome, CallerFault):
            return visit.see_other(f"{BASE}/{wanted.hex()}/papers")
        form.refuse(outcome)
    form.values.setdefault("role", ["owner"])
    return await _show(visit, form, status=422)


async def papers_of(visit: Visit) -> web.StreamResponse:
    """The papers of a member that lets us look; noted in its log."""
    wanted, house, who, address = visit.path_hash("member"), visit.context.house, visit.who, visit.address
    await visit.read(lambda tx: association.member(tx, wanted))
    leave = await visit.write(lambda tx: consent.look(house, tx, wanted, who.user, "papers", address))

    def work(tx: Tx) -> dict[str, Any]:
        return {"member": association.member(tx, wanted), "views": association.papers_of(tx, wanted)}

    found = await visit.read(work)
    return visit.render("association/papers.html", leave=leave, **found)


async def paper_of(visit: Visit) -> web.StreamResponse:
    """One paper of a member that lets us look; noted in its log."""
    wanted, document = visit.path_hash("member"), visit.path_hash("document")
    house, who, address = visit.context.house, visit.who, visit.address
    await visit.read(lambda tx: consent.require(tx, wanted, who.user.id, house.clock()))
    found = await visit.read(lambda tx: reading.full(tx, wanted, document))
    detail = f"{found.view.holding.type} {found.view.holding.business_key}"
    leave = await visit.write(lambda tx: consent.look(house, tx, wanted, who.user, detail, address))
    paper = dealings.paper_of(found.stored)
    content = None if paper is None else paperview.shown(paper, visit.say)
    return visit.render("association/paper.html", leave=leave, view=found.view, content_of=content, member=wanted)


# --- the association's own people


async def staff(visit: Visit) -> web.StreamResponse:
    """Who is staff."""
    return await people.page(visit, None, "/association/staff", Form.of(visit.say, {"role": "staff"}))


async def invite_staff(visit: Visit) -> web.StreamResponse:
    """A link for a new one."""
    return await people.make_invitation(visit, None, "/association/staff")


async def withdraw_staff(visit: Visit) -> web.StreamResponse:
    """Make an invitation useless."""
    return await people.make_withdrawal(visit, None, "/association/staff")


async def staff_person(visit: Visit) -> web.StreamResponse:
    """One of them."""
    return await people.show_person(visit, None, "/association/staff", None)


async def change_staff_role(visit: Visit) -> web.StreamResponse:
    """Staff or administrator."""
    return await people.make_role_change(visit, None, "/association/staff")


async def stop_staff(visit: Visit) -> web.StreamResponse:
    """Stop one, or let it in again."""
    return await people.make_stop(visit, None, "/association/staff")


async def recover_staff(visit: Visit) -> web.StreamResponse:
    """A link for one who lost password or device."""
    return await people.make_recovery(visit, None, "/association/staff")


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Make an invitation of a member useless."""
    wanted = visit.path_hash("member")
    return await people.make_withdrawal(visit, wanted, f"{BASE}/{wanted.hex()}")


PAGES = (
    Page("GET", BASE, "association.members", index),
    Page("GET", f"{BASE}/new", "association.members", form_page),
    Page("POST", f"{BASE}/new", "association.members", enrol),
    Page("GET", f"{BASE}/{{member}}", "association.members", show),
    Page("POST", f"{BASE}/{{member}}/invite", "association.members", invite),
    Page("POST", f"{BASE}/{{member}}/invitations/{{invitation}}/withdraw", "association.members", withdraw),
    Page("POST", f"{BASE}/{{member}}/suspend", "association.members", suspend),
    Page("POST", f"{BASE}/{{member}}/{{user}}/recover", "association.members", recover),
    Page("POST", f"{BASE}/{{member}}/view", "association.view", begin_view),
    Page("GET", f"{BASE}/{{member}}/papers", "association.view", papers_of),
    Page("GET", f"{BASE}/{{member}}/papers/{{document}}", "association.view", paper_of),
    Page("GET", "/association/staff", "association.staff", staff),
    Page("POST", "/association/staff", "association.staff", invite_staff),
    Page("POST", "/association/staff/invitations/{invitation}/withdraw", "association.staff", withdraw_staff),
    Page("GET", "/association/staff/{user}", "association.staff", staff_person),
    Page("POST", "/association/staff/{user}", "association.staff", change_staff_role),
    Page("POST", "/association/staff/{user}/stop", "association.staff", stop_staff),
    Page("POST", "/association/staff/{user}/recover", "association.staff", recover_staff),
)
