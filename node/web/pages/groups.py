"""グループ: the groups to which this firm belongs, who is in them, what was said and shared; every step of a person."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

from aiohttp import web

from node.i18n import N_
from node.services import addressing, reading
from node.services.desk import partners
from node.services.groups import acting
from node.services.groups.acting import Seen
from node.services.transaction import Tx
from node.web.forms import MISSING, Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound
from protocol.limits import MAX_GROUP_TEXT_CHARS
from protocol.process.group.facts import MAX_NAME_CHARS, Kind

PATH: Final = "/groups"
STATES: Final = {
    "member": N_("member"),
    "keeper": N_("keeper"),
    "invited": N_("invited"),
    "former": N_("left"),
}
SAID: Final = {
    Kind.FOUND: N_("founded the group"),
    Kind.INVITE: N_("invited {name}"),
    Kind.JOIN: N_("joined"),
    Kind.LEAVE: N_("left the group"),
    Kind.KEEPER: N_("made {name} a keeper"),
    Kind.VOTE_EXCLUDE: N_("votes to exclude {name}"),
    Kind.VOTE_KEEPER: N_("votes to make {name} a keeper"),
    Kind.VOTE_DISSOLVE: N_("votes to dissolve the group"),
    Kind.EXCLUDE: N_("excluded {name}, as most voted"),
    Kind.DISSOLVE: N_("dissolved the group, as most voted"),
    Kind.MESSAGE: N_("says"),
    Kind.ANNOUNCEMENT: N_("announces"),
    Kind.DOCUMENT: N_("shares a document"),
    Kind.ORDER: N_("points at a joint order"),
}
#: What a button or form of the page may do; of these some are about a firm.
STEPS: Final = {kind.value: kind for kind in Kind if kind not in {Kind.FOUND, Kind.DOCUMENT, Kind.ORDER}}
ABOUT_FIRM: Final = {Kind.INVITE, Kind.KEEPER, Kind.VOTE_EXCLUDE, Kind.VOTE_KEEPER, Kind.EXCLUDE}
TEXTS: Final = {Kind.MESSAGE, Kind.ANNOUNCEMENT}


async def index(visit: Visit) -> web.StreamResponse:
    """My groups, and a form for a new one."""
    return await _index(visit, await visit.form())


async def _index(visit: Visit, form: Form, status: int = 200) -> web.Response:
    member = visit.member
    found = await visit.read(lambda tx: acting.listed(tx, member))
    return visit.render("groups/index.html", status=status, form=form, found=found, states=STATES)


async def begin(visit: Visit) -> web.StreamResponse:
    """Found a group."""
    form, member, house = await visit.form(), visit.member, visit.context.house
    name = form.text("name", visit.say(N_("Name of the group")), most=MAX_NAME_CHARS)
    if form.ok:
        try:
            group = await visit.write(lambda tx: acting.found(house, tx, member, name))
        except CallerFault as fault:
            form.refuse(fault, {"group": "name", "text": "name"})
        else:
            return visit.see_other(f"{PATH}/{group.hex()}", visit.say(N_("Saved.")))
    return await _index(visit, form, status=422)


async def show(visit: Visit) -> web.StreamResponse:
    """One group."""
    return await _show(visit, await visit.form())


async def _show(visit: Visit, form: Form, status: int = 200) -> web.Response:
    member, group = visit.member, visit.path_hash("group")

    def work(tx: Tx) -> tuple[Seen, Mapping[bytes, str], list[tuple[str, str]]]:
        seen = acting.require(tx, member, group)
        standing = seen.group.standing
        firms = standing.members | standing.invited | {one.fact.author for one in seen.facts}
        names = reading.names_of(tx, firms | {one.fact.subject for one in seen.facts if one.fact.subject})
        known = [(one.member.hex(), one.name) for one in partners.mine(tx, member)]
        return seen, names, [one for one in known if bytes.fromhex(one[0]) not in standing.members]

    seen, names, mine = await visit.read(work)
    said = [
        (one, names.get(one.fact.author, ""), visit.say(SAID[one.fact.kind], name=names.get(one.fact.subject, "")))
        for one in reversed(seen.facts)
    ]
    return visit.render(
        "groups/show.html", status=status, form=form, seen=seen, names=names, mine=mine, said=said, states=STATES,
        most=MAX_GROUP_TEXT_CHARS,
    )  # fmt: skip


async def act(visit: Visit) -> web.StreamResponse:
    """One step that changes who is what: owners decide it."""
    return await _act(visit, set(STEPS.values()) - TEXTS)


async def say(visit: Visit) -> web.StreamResponse:
    """Say something to all."""
    return await _act(visit, TEXTS)


async def _act(visit: Visit, allowed: Set[Kind]) -> web.StreamResponse:
    form, member, group, house = await visit.form(), visit.member, visit.path_hash("group"), visit.context.house
    await visit.read(lambda tx: acting.require(tx, member, group))
    kind = STEPS.get(form.value("kind"))
    if kind is None or kind not in allowed:
        raise NotFound("kind", "no such step")
    firm = form.value("partner") or form.value("firm").strip()
    text = form.text("text", visit.say(N_("Message")), most=MAX_GROUP_TEXT_CHARS) if kind in TEXTS else ""
    if kind in ABOUT_FIRM and not firm:
        form.wrong("firm", MISSING, label=visit.say(N_("Firm")))

    def work(tx: Tx) -> None:
        subject = addressing.resolve(tx, firm, "firm") if kind in ABOUT_FIRM else b""
        acting.act(house, tx, member, group, kind, subject=subject, text=text)

    if form.ok:
        try:
            await visit.write(work)
        except NotFound as fault:
            form.refuse(CallerFault("firm", fault.rule))
        except CallerFault as fault:
            form.refuse(fault, {"group": "text" if kind in TEXTS else "firm", "subject": "firm"})
    if form.ok:
        return visit.see_other(f"{PATH}/{group.hex()}", visit.say(N_("Saved.")))
    return await _show(visit, form, status=422)


PAGES = (
    Page("GET", PATH, "groups.read", index),
    Page("POST", PATH, "groups.manage", begin),
    Page("GET", f"{PATH}/{{group}}", "groups.read", show),
    Page("POST", f"{PATH}/{{group}}/act", "groups.manage", act),
    Page("POST", f"{PATH}/{{group}}/say", "groups.write", say),
)
