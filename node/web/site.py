"""The way of one request to a page: session, language, policy, form token, handler, errors, headers.

Owns that order and nothing of what a page shows. A page that is not the visitor's to see answers like one that does
not exist; one that only another role of the same house may use says which.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import structlog
from aiohttp import web
from limits import RateLimitItemPerMinute

from node import zones
from node.api.context import Context
from node.api.problem import Refused, problem_of
from node.i18n import N_
from node.services import drafts, preferences
from node.services import sessions as logins
from node.services.desk import live
from node.services.policy import ASSOCIATION_ROLES, MEMBER_ROLES, OPERATIONS, PUBLIC, Role, allows
from node.services.sessions import TOUCH_EVERY_US, Visitor
from node.services.transaction import Tx
from node.web import drafting, menu, static
from node.web.ceremonies import Ceremonies
from node.web.forms import Form
from node.web.page import Page, Routes
from node.web.render import Renderer
from node.web.sessions import (
    CSRF_FIELD,
    CSRF_HEADER,
    HEADERS,
    Cookies,
    arrives_from_elsewhere,
    csrf_of,
    language_of,
    new_token,
    same_origin,
    unseal,
)
from node.web.visit import Visit
from protocol.errors import InvariantBroken, NotFound, YuiError

FORM_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
LIVE: Final = "/live"
PER_VISITOR: Final = 600  # requests a minute of one session
PER_GUEST: Final = 240  # of one address without a session
PASSWORDS_AT_ONCE: Final = 2
COOKIE_DAYS: Final = {"lang": 365, "yui": 7}  # the others go when the browser closes

ROLE_WORDS: Final = {
    Role.OWNER: N_("owners"),
    Role.CLERK: N_("clerks"),
    Role.VIEWER: N_("viewers"),
    Role.SUPPORTER: N_("supporters"),
    Role.STAFF: N_("association staff"),
    Role.ADMIN: N_("administrators"),
}
log = structlog.get_logger("web")


class Site:
    """The pages of one node. ``passwords``: how many hashes are computed at once, each taking 64 MB."""

    def __init__(self, context: Context, pages: tuple[Page, ...]) -> None:
        self.context = context
        self.routes = Routes(pages)
        self.renderer = Renderer()
        self.cookies = Cookies(context)
        self.passwords = asyncio.Semaphore(PASSWORDS_AT_ONCE)
        self.ceremonies = Ceremonies()

    # --- one request

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer it, whatever goes wrong."""
        started, template, status = time.perf_counter(), "unmatched", 500
        try:
            if request.path.startswith(static.PREFIX):
                template = static.PREFIX
                answer = await static.serve(request)
            else:
                found = self.routes.find(request.method, request.path)
                page = found[0] if isinstance(found, tuple) else None
                template = page.path if page is not None else template
                answer = await self._visit(request, found)
            status = answer.status
            return answer
        finally:
            if template != LIVE:  # open as long as its page: no time of an answer
                self.context.metrics.request(request.method, template, status, time.perf_counter() - started)

    async def _visit(self, request: web.Request, found: Any) -> web.StreamResponse:
        visit = await self._greet(request, found)
        try:
            answer = await self._answer(visit, found)
        except YuiError as error:
            answer = self._refusal(visit, error)
        except web.HTTPException as error:
            answer = self._http(visit, error)
        except Exception as error:  # noqa: BLE001 - a person gets a page with a number; the log has the rest
            answer = self._ours(visit, error)
        return self._dress(visit, answer)

    async def _greet(self, request: web.Request, found: Any) -> Visit:
        """Who comes: a session, or a browser in which nobody is logged in."""
        token, visitor, waits = self.cookies.get(request, "yui"), None, 0
        context, now = self.context, self.context.house.clock()
        if token:
            visitor, waits = await asyncio.to_thread(context.store.read, lambda tx: _who(tx, token, now))
        kept = self.cookies.get(request, "guest")
        current = token if visitor is not None else kept or new_token()
        chosen = self.cookies.get(request, "lang")
        if visitor is not None and visitor.settings.language:
            chosen = visitor.settings.language
        zones.show_in(visitor.settings.zone if visitor is not None else "")
        page, match = found if isinstance(found, tuple) else (_NOWHERE, {})
        visit = Visit(self, request, page, match, current, visitor, language_of(chosen), waits=waits)
        if visitor is None and current != kept:
            visit.cookies["guest"] = current
        if visitor is not None and not visit.by_itself and now - visitor.session.last_used > TOUCH_EVERY_US:
            hashed = visitor.session.hash
            context.submit(lambda tx: tx.sessions.touch(hashed, now))  # nobody waits for it
        sealed = self.cookies.get(request, "flash")
        if sealed:
            visit.flash = unseal(current, sealed)
        return visit

    async def _answer(self, visit: Visit, found: Any) -> web.StreamResponse:
        await self._within_rate(visit)
        if isinstance(found, frozenset):
            if found:
                raise web.HTTPMethodNotAllowed(visit.request.method, found)
            raise NotFound("page", "no such page")
        if "lang" in visit.query and visit.request.method == "GET":
            return await self._change_language(visit)
        if visit.visitor is None and visit.page.operation != PUBLIC:
            return await self._log_in_first(visit)
        self._require_allowed(visit)
        if visit.request.method == "POST" and not visit.page.streams:
            await self._read_form(visit)
        return await visit.page.handler(visit)

    # --- the checks

    async def _within_rate(self, visit: Visit) -> None:
        visitor = visit.visitor
        if visitor is not None:
            item, key = RateLimitItemPerMinute(PER_VISITOR), visitor.session.hash.hex()
        else:
            item, key = RateLimitItemPerMinute(PER_GUEST), visit.address
        if not await self.context.limits.limiter.hit(item, "web", key):
            raise Refused(429, "too-many-requests", "too many requests: wait a moment and try again")

    async def limit(self, visit: Visit, kind: str, per_minute: int, key: str = "") -> None:
        """Refuse more than so many of ``kind`` a minute from one address (or ``key``)."""
        item = RateLimitItemPerMinute(per_minute)
        if not await self.context.limits.limiter.hit(item, f"web-{kind}", key or visit.address):
            raise Refused(429, "too-many-requests", "too many requests: wait a moment and try again")

    async def _change_language(self, visit: Visit) -> web.StreamResponse:
        language = language_of(visit.query["lang"])
        visit.cookies["lang"] = language
        visitor = visit.visitor
        if visitor is not None:
            user = visitor.user.id
            await visit.write(lambda tx: preferences.speak(tx, user, language))
        rest = {name: value for name, value in visit.query.items() if name != "lang"}
        return visit.see_other(str(visit.request.rel_url.with_query(rest)))

    async def _log_in_first(self, visit: Visit) -> web.StreamResponse:
        """To the login page and back; what was typed when the session had ended is kept for its user."""
        request = visit.request
        if request.method == "GET" and arrives_from_elsewhere(request):
            return visit.render("arrive.html", path=str(request.rel_url))
        token, path = self.cookies.get(request, "yui"), self._form_of(request)
        if request.method == "GET":
            wanted = str(request.rel_url) if request.path != "/" else ""
            return visit.see_other(_login_path(wanted), visit.say(ENDED) if token else "")
        kept = ""
        if token and request.content_type == FORM_TYPES[0]:
            form = Form.parse(visit.say, await request.read())
            fields, identity = drafting.fields_of(form), drafting.id_of(form.value(drafting.ID))
            if self._is_ours(visit, form.value(CSRF_FIELD), token):
                house = self.context.house
                draft = await visit.write(lambda tx: drafts.park(house, tx, token, path, fields, identity))
                kept = "" if draft is None else draft.id.hex()
        wanted = f"{path}?draft={kept}" if kept else path
        return visit.see_other(_login_path(wanted), visit.say(KEPT if kept else ENDED))

    def _form_of(self, request: web.Request) -> str:
        """The page with the form that was sent: the same path, else the one that the browser says it came from."""
        if isinstance(self.routes.find("GET", request.path), tuple):
            return request.path
        came = urlsplit(request.headers.get("Referer", ""))
        known = came.netloc == request.host and isinstance(self.routes.find("GET", came.path), tuple)
        return came.path if known else "/"

    def _require_allowed(self, visit: Visit) -> None:
        operation, role = visit.page.operation, visit.role
        if operation == PUBLIC or allows(operation, role):
            return
        roles = OPERATIONS[operation]
        family = MEMBER_ROLES if role in MEMBER_ROLES else ASSOCIATION_ROLES
        if not roles & family:
            raise NotFound("page", "no such page")
        raise WrongRole(roles)

    async def _read_form(self, visit: Visit) -> None:
        """Read the form, and refuse what did not come from a page of ours."""
        request = visit.request
        if request.content_type == FORM_TYPES[0]:
            visit.posted = Form.parse(visit.say, await request.read())
        elif request.content_type == FORM_TYPES[1]:
            visit.posted = Form.of_multipart(visit.say, await request.post())
        self.require_ours(visit, visit.posted)

    def require_ours(self, visit: Visit, form: Form | None) -> None:
        """Refuse what did not come from a page of ours, by the token in the form or header."""
        given = visit.request.headers.get(CSRF_HEADER, "") or (form.value(CSRF_FIELD) if form is not None else "")
        if not self._is_ours(visit, given, visit.token):
            log.warning("forged_form", path=visit.page.path)
            raise Refused(403, "forged", "this form is too old or came from elsewhere: open the page again")

    def _is_ours(self, visit: Visit, given: str, token: str) -> bool:
        return same_origin(self.context, visit.request) and hmac.compare_digest(
            given.encode("utf-8", "replace"), csrf_of(token).encode()
        )

    # --- what went wrong

    def _refusal(self, visit: Visit, error: YuiError) -> web.StreamResponse:
        if isinstance(error, WrongRole):
            words = visit.say(N_("{list} and {last}"))
            roles = _listed([visit.say(ROLE_WORDS[role]) for role in Role if role in error.roles], words)
            return visit.render("errors/role.html", status=403, roles=roles)
        if isinstance(error, NotFound):
            return visit.render("errors/not_found.html", status=404)
        if isinstance(error, InvariantBroken):
            log.critical("invariant_broken", error=str(error), path=visit.page.path)
            return self._ours(visit, error)
        status = problem_of(error).status
        return visit.render("errors/refused.html", status=status, error=error, code=error.code)

    def _http(self, visit: Visit, error: web.HTTPException) -> web.StreamResponse:
        if error.status < 400:
            return web.Response(status=error.status, headers=error.headers)
        if error.status in (404, 405):
            answer = visit.render("errors/not_found.html", status=error.status)
        else:
            answer = visit.render("errors/refused.html", status=error.status, error=error, code="http")
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer

    def _ours(self, visit: Visit, error: Exception) -> web.StreamResponse:
        incident = secrets.token_hex(3).upper()
        method, path = visit.request.method, visit.page.path
        log.error("internal_error", incident=incident, method=method, path=path, exc_info=error)
        return visit.render("errors/ours.html", status=500, incident=incident)

    # --- around every answer

    def _dress(self, visit: Visit, answer: web.StreamResponse) -> web.StreamResponse:
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", "no-store")
        if self.cookies.secure(visit.request):
            answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if answer.prepared:
            return answer
        if visit.flash and "flash" not in visit.cookies and answer.status != 303 and not visit.by_itself:
            visit.cookies["flash"] = None  # shown
        for kind, kept in visit.cookies.items():
            if kept is None:
                self.cookies.drop(visit.request, answer, kind)
            else:
                self.cookies.set(visit.request, answer, kind, kept, days=COOKIE_DAYS.get(kind, 0))
        return answer

    def frame(self, visit: Visit) -> dict[str, Any]:
        """What ``base.html`` shows around every page."""
        return menu.frame(visit, self.routes.paths)


def _who(tx: Tx, token: str, now: int) -> tuple[Visitor | None, int]:
    """The visitor, and how many dealings wait for its member: the number in the menu."""
    visitor = logins.check(tx, token, now)
    member = None if visitor is None else visitor.user.member
    return visitor, live.waits(tx, member) if member is not None else 0


class WrongRole(YuiError):
    """The page is for other roles of the same house."""

    code = "wrong-role"

    def __init__(self, roles: frozenset[Role]) -> None:
        super().__init__("another role may do this")
        self.roles = roles


ENDED: Final = N_("Please log in again after the pause.")
KEPT: Final = N_("Please log in again after the pause. Your entries are in a draft.")


async def _nowhere(_visit: Visit) -> web.StreamResponse:
    raise NotFound("page", "no such page")


_NOWHERE: Final = Page("GET", "", PUBLIC, _nowhere)


def _login_path(wanted: str) -> str:
    return f"/login?{urlencode({'next': wanted})}" if wanted else "/login"


def _listed(words: list[str], pattern: str) -> str:
    if len(words) < 2:
        return "".join(words)
    separator = "、" if "、" in pattern or "と" in pattern else ", "
    return pattern.format(list=separator.join(words[:-1]), last=words[-1])
