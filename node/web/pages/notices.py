"""お知らせ: what one is told of and how, the browsers that take notices, the link that ends the mails, firms to call.

Owns these pages only: what a notice is and when it climbs is ``services.notices``.
"""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from node.i18n import N_
from node.services import access, sessions
from node.services.notices import browsers, choosing, climbing
from node.services.notices.kinds import KINDS, MAIL, PUSH, WAYS
from node.services.transaction import Tx
from node.web import static
from node.web.forms import Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault

PATH = "/settings/notices"
CALLS = "/association/calls"
WAY_WORDS = {MAIL: N_("Mail"), PUSH: N_("This and other browsers")}
BROWSERS_PER_MINUTE = 10


async def index(visit: Visit) -> web.StreamResponse:
    """Kinds and ways, browsers, and for owners when a notice climbs."""
    return await _index(visit, Form.empty(visit.say))


async def _index(visit: Visit, form: Form, status: int = 200) -> web.Response:
    who, house, member = visit.who, visit.context.house, visit.member

    def work(tx: Tx) -> dict[str, Any]:
        return {
            "choices": choosing.choices_of(tx, who.user),
            "rule": choosing.rule_of(tx, member),
            "browsers": tx.notices.subscriptions(who.user.id),
            "person": tx.notices.person(who.user.id),
            "key": browsers.known_key(house, tx),
        }

    found = await visit.read(work)
    if not found["key"]:
        made = await visit.write(lambda tx: browsers.vapid_key(house, tx))
        found["key"] = browsers.public_text(made)
    rule = found["rule"]
    if not form.values:
        values = {"owner_hours": rule.owner_hours, "staff_hours": rule.staff_hours, "telephone": rule.telephone}
        form = Form.of(visit.say, values)
    more = {"kinds": KINDS, "ways": WAYS, "way_words": WAY_WORDS, "settings": who.settings}
    return visit.render("settings/notices.html", status=status, form=form, **more, **found)


async def choose(visit: Visit) -> web.StreamResponse:
    """What was ticked."""
    form, user = await visit.form(), visit.who.user
    chosen = {name: frozenset(way for way in WAYS if way in form.all(name)) for name in KINDS}
    await visit.write(lambda tx: choosing.choose(tx, user, chosen))
    return visit.see_other(PATH, visit.say(N_("Saved.")))


async def set_rule(visit: Visit) -> web.StreamResponse:
    """When a notice climbs, and the number that the association calls."""
    _, form, member = visit.say, await visit.form(), visit.member
    owner_hours = form.integer("owner_hours", _("Business hours until the owner is told"))
    staff_hours = form.integer("staff_hours", _("Business hours more until the association calls"))
    telephone = form.text("telephone", _("Telephone"), required=False, most=30)
    if form.ok and owner_hours is not None and staff_hours is not None:
        own, more = owner_hours, staff_hours
        try:
            await visit.write(lambda tx: choosing.set_rule(tx, member, own, more, telephone))
        except CallerFault as fault:
            form.refuse(fault)
        else:
            return visit.see_other(PATH, _("Saved."))
    return await _index(visit, form, status=422)


class Subscription(msgspec.Struct, forbid_unknown_fields=True):
    """What a browser gives: its push address and keys (base64url)."""

    endpoint: str
    p256dh: str
    auth: str


async def add_browser(visit: Visit) -> web.StreamResponse:
    """This browser takes notices from now on."""
    asked, house, user, agent = await visit.json(Subscription), visit.context.house, visit.who.user, visit.agent
    await visit.site.limit(visit, "browsers", BROWSERS_PER_MINUTE, key=user.id.hex())
    public, secret = browsers.decoded(asked.p256dh), browsers.decoded(asked.auth)
    await visit.write(lambda tx: browsers.add(house, tx, user, asked.endpoint, public, secret, agent))
    return web.json_response({"ok": True})


async def drop_browser(visit: Visit) -> web.StreamResponse:
    """One browser less."""
    user, subscription = visit.who.user.id, visit.path_hash("browser")
    await visit.write(lambda tx: tx.notices.drop_subscription(user, subscription))
    return visit.see_other(PATH, visit.say(N_("Removed.")))


# --- the link in a mail


async def stop_page(visit: Visit) -> web.StreamResponse:
    """Asks once: mail programs open links by themselves."""
    token = visit.path("token")
    await visit.site.limit(visit, "stop", 30)
    await visit.read(lambda tx: choosing.by_token(tx, token))
    return visit.render("settings/stop.html", token=token, done=False)


async def stop(visit: Visit) -> web.StreamResponse:
    """No more notices by mail."""
    token = visit.path("token")
    await visit.site.limit(visit, "stop", 30)
    await visit.write(lambda tx: choosing.stop_mail(tx, token))
    return visit.render("settings/stop.html", token=token, done=True)


async def worker(visit: Visit) -> web.StreamResponse:
    """The script that shows a notice while no page is open; it must lie at the top."""
    text = (static.FOLDER / "worker.js").read_bytes()
    return web.Response(
        body=text, content_type="text/javascript", charset="utf-8", headers={"Cache-Control": "no-cache"}
    )


# --- the association's list of telephones


async def calls(visit: Visit) -> web.StreamResponse:
    """Whom to telephone, and whom mail does not reach."""

    def work(tx: Tx) -> dict[str, Any]:
        found = climbing.to_call(tx)
        callers = [user for one in found if one.called_by and (user := tx.users.get(one.called_by)) is not None]
        return {"calls": found, "bounces": climbing.bounces(tx), "names": sessions.names_of(tx, callers)}

    return visit.render("association/calls.html", **await visit.read(work))


async def call_made(visit: Visit) -> web.StreamResponse:
    """Somebody telephoned."""
    member, who, house, address = visit.path_hash("member"), visit.who.user, visit.context.house, visit.address

    def work(tx: Tx) -> None:
        climbing.called(house, tx, member, who)
        access.note(house, tx, "called", member=member, user=who, address=address)

    await visit.write(work)
    return visit.see_other(CALLS, visit.say(N_("Noted.")))


PAGES = (
    Page("GET", PATH, "today.read", index),
    Page("POST", PATH, "today.read", choose),
    Page("POST", f"{PATH}/rule", "people.manage", set_rule),
    Page("POST", f"{PATH}/browsers", "today.read", add_browser),
    Page("POST", f"{PATH}/browsers/{{browser}}/remove", "today.read", drop_browser),
    Page("GET", "/notices/stop/{token}", "public", stop_page),
    Page("POST", "/notices/stop/{token}", "public", stop),
    Page("GET", "/worker.js", "public", worker),
    Page("GET", CALLS, "association.members", calls),
    Page("POST", f"{CALLS}/{{member}}", "association.members", call_made),
)
