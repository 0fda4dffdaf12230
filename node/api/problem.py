"""problem+json (RFC 9457): how every refusal of the HTTP APIs looks. Owns the shape and which error has which status.

``code`` is stable and meant for programs; ``field`` and ``rule`` say what was wrong; ``kept`` says what happened to
what was sent. Must not know operations. What is not one of our errors is our bug: it is logged and answered with an
incident number only.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog
from aiohttp import web

from protocol.errors import (
    BadSignature,
    CallerFault,
    Frozen,
    ImpossibleStep,
    InvariantBroken,
    Malformed,
    NotAuthorised,
    NotFound,
    PeerFault,
    TooLarge,
    WorldFault,
    YuiError,
)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:yui:problem:"
RETRY_AFTER_S = 5

log = structlog.get_logger("api")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One refusal. ``type`` is a URN made from ``code``; ``kept`` is what was stored of the request, in words."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    field: str = ""
    rule: str = ""
    kept: str = ""
    incident: str = ""


class Refused(YuiError):
    """A refusal that only HTTP knows: no token, a scope that is lacking, a key that is in flight, too many calls."""

    def __init__(
        self, status: int, code: str, detail: str, *, field: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail, code=code)
        self.status = status
        self.field = field
        self.headers = dict(headers or {})


# The first row whose class fits.
STATUS: tuple[tuple[type[YuiError], int, str], ...] = (
    (NotFound, 404, "Not found"),
    (ImpossibleStep, 409, "Impossible step"),
    (CallerFault, 422, "Invalid content"),
    (TooLarge, 413, "Too large"),
    (Malformed, 400, "Malformed"),
    (BadSignature, 422, "Bad signature"),
    (NotAuthorised, 403, "Not authorised"),
    (PeerFault, 422, "Invalid content"),
    (WorldFault, 503, "Unavailable"),
    (Frozen, 503, "This node may not sign"),
    (InvariantBroken, 500, "Broken promise"),
)
NOTHING = "nothing was stored"


def problem_of(error: YuiError) -> Problem:
    """The problem that tells of one of our errors."""
    if isinstance(error, Refused):
        return build(error.status, error.code, str(error), field=error.field)
    status, title = next(((code, title) for kind, code, title in STATUS if isinstance(error, kind)), (500, "Error"))
    field, rule = (error.field, error.rule) if isinstance(error, CallerFault) else ("", "")
    return build(status, error.code, str(error), title=title, field=field, rule=rule, kept=NOTHING)


def build(
    status: int, code: str, detail: str = "", *, title: str = "", field: str = "", rule: str = "", kept: str = ""
) -> Problem:
    """A problem; without ``title`` the status's own phrase."""
    title = title or _PHRASES.get(status, "Error")
    return Problem(TYPE_PREFIX + code, title, status, code, detail, field, rule, kept)


_PHRASES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    411: "Length required",
    413: "Too large",
    415: "Unsupported media type",
    422: "Invalid content",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def response(problem: Problem, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer that carries ``problem``."""
    return web.Response(
        body=msgspec.json.encode(problem), status=problem.status, content_type=MEDIA_TYPE, headers=headers
    )


def answer(error: YuiError) -> web.Response:
    """The answer to one of our errors, with the headers that its status wants."""
    problem = problem_of(error)
    headers = dict(error.headers) if isinstance(error, Refused) else {}
    if problem.status == 503:
        headers.setdefault("Retry-After", str(RETRY_AFTER_S))
    return response(problem, headers)


def of_http(error: web.HTTPException) -> web.Response:
    """aiohttp's own refusals (404, 405, 413, …) as problems; their meaningful headers are kept."""
    code = re.sub(r"[^a-z0-9]+", "-", error.reason.lower()).strip("-") or "error"
    headers = {name: error.headers[name] for name in _KEPT_HEADERS if name in error.headers}
    detail = "" if error.text is None or error.text.startswith(str(error.status)) else error.text
    return response(build(error.status, code, detail), headers)


def fault_of(error: msgspec.ValidationError, prefix: str = "") -> CallerFault:
    """msgspec's "Expected … - at `$.lines[0].amount`" as field and rule, below ``prefix``."""
    match = _AT.match(str(error))
    rule, field = (match["rule"], match["field"] or "") if match else (str(error), "")
    glue = "." if prefix and field and not field.startswith("[") else ""
    return CallerFault(f"{prefix}{glue}{field}", rule)


_AT = re.compile(r"^(?P<rule>.*?)(?: - at `\$\.?(?P<field>.*)`)?$", re.DOTALL)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: whatever goes wrong inside becomes a problem."""
    try:
        return await handler(request)
    except YuiError as error:
        if isinstance(error, InvariantBroken):
            log.critical("invariant_broken", error=str(error), path=_template(request))
        return answer(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return of_http(error)
    except Exception:
        incident = secrets.token_hex(6)
        log.exception("internal_error", incident=incident, method=request.method, path=_template(request))
        found = build(500, "internal-error", "our fault; the log knows more under the incident number", kept="")
        return response(msgspec.structs.replace(found, incident=incident))


def _template(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"
