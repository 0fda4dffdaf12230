"""下書き: forms that somebody began; go on with one, give it to a colleague, throw it away."""

from __future__ import annotations

import json

from aiohttp import web

from node.i18n import N_
from node.services import drafts, reading, sessions, users
from node.services.policy import Role, allows
from node.services.transaction import Tx
from node.web import drafting
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound


async def index(visit: Visit) -> web.StreamResponse:
    """The visitor's drafts, latest first."""
    member, user = visit.member, visit.who.user

    def work(tx: Tx) -> tuple[list[drafts.Draft], dict[bytes, str], list[tuple[str, str]]]:
        mine = drafts.mine(tx, member, user.name)
        names = reading.names_of(tx, {one.partner for one in mine if one.partner})
        house = [one for one in users.list_of_house(tx, member) if one.id != user.id and not one.disabled]
        said = sessions.names_of(tx, house)
        writers = [one for one in house if allows("dealings.write", Role(one.role))]
        return mine, names, [(one.name, said[one.id]) for one in writers]

    mine, names, colleagues = await visit.read(work)
    return visit.render("drafts/index.html", mine=mine, names=names, colleagues=colleagues, what=_what)


def _what(draft: drafts.Draft) -> str:
    """The page that a draft belongs to, in a word: the last of its path."""
    last = draft.form.rpartition("/")[2]
    return last if last.isalpha() else ""


async def keep(visit: Visit) -> web.StreamResponse:
    """Keep a form of another page; for scripts the answer is JSON."""
    form = await visit.form()
    path, script = form.value(drafting.PATH), visit.request.headers.get("Accept", "") == "application/json"
    found = visit.site.routes.find("GET", path)
    if not isinstance(found, tuple) or not visit.allows(found[0].operation):
        raise NotFound("draft_path", "no such page")
    try:
        kept = await drafting.keep(visit, form, path, form.value(drafting.TITLE))
    except CallerFault as fault:
        if script:
            return web.json_response({"said": visit.say(fault.rule)}, status=422)
        return visit.see_other("/drafts", visit.say(fault.rule))
    if not script:
        return visit.see_other("/drafts", visit.say(N_("The draft is kept.")))
    said = {"draft": kept.id.hex(), "said": visit.say(N_("Kept as a draft."))}
    return web.Response(text=json.dumps(said), content_type="application/json")


async def resume(visit: Visit) -> web.StreamResponse:
    """To the page of a draft, with what was typed."""
    member, user, identity = visit.member, visit.who.user.name, drafting.id_of(visit.path("draft"))
    draft = await visit.read(lambda tx: drafts.get(tx, member, user, identity))
    if not draft.form.startswith("/"):
        raise NotFound("draft", "no such draft")
    return visit.see_other(f"{draft.form}?draft={draft.id.hex()}")


async def act(visit: Visit) -> web.StreamResponse:
    """Throw a draft away, or give it to a colleague."""
    house, member, user = visit.context.house, visit.member, visit.who.user.name
    form, identity = await visit.form(), drafting.id_of(visit.path("draft"))
    if form.value("action") == "give":
        to = form.value("to")
        try:
            await visit.write(lambda tx: drafts.hand_over(house, tx, member, user, identity, to))
        except NotFound as fault:
            if fault.field != "to":
                raise
            return visit.see_other("/drafts", visit.say(N_("There is no such colleague.")))
        return visit.see_other("/drafts", visit.say(N_("The draft was handed over.")))
    await visit.write(lambda tx: drafts.drop(tx, member, user, identity))
    return visit.see_other("/drafts", visit.say(N_("The draft was thrown away.")))


PAGES = (
    Page("GET", "/drafts", "dealings.write", index),
    Page("POST", "/drafts", "dealings.write", keep),
    Page("GET", "/drafts/{draft}", "dealings.write", resume),
    Page("POST", "/drafts/{draft}", "dealings.write", act),
)
