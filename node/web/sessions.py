"""What browsers keep and prove: the session cookie, the form token against forgery, the language, security headers.

Owns cookies and headers. Who a token belongs to is asked of ``node.services.sessions``. Cookies are named after the
node, because browsers share them between ports of one host. ``__Host-``: only over TLS, only for this host.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from node.api.auth import address_of
from node.api.context import Context
from node.i18n import LANGUAGES

DEFAULT_LANGUAGE: Final = "ja"
YEAR_S: Final = 365 * 24 * 3600
MAX_FLASH_CHARS: Final = 600
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "X-CSRF-Token"

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), publickey-credentials-get=(self)",
}


class Cookies:
    """The cookies of one node: reads them from requests, writes them to answers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._mark = context.house.id.hex()[:8]

    def secure(self, request: web.Request) -> bool:
        """Whether the browser speaks TLS, with us or with the proxy before us."""
        return request.secure or self._context.base_url.startswith("https://")

    def _name(self, request: web.Request, kind: str) -> str:
        return f"__Host-{kind}-{self._mark}" if self.secure(request) else f"{kind}-{self._mark}"

    def get(self, request: web.Request, kind: str) -> str:
        """What the browser keeps under ``kind``, at most 4096 characters; empty if nothing."""
        return request.cookies.get(self._name(request, kind), "")[:4096]

    def set(self, request: web.Request, answer: web.StreamResponse, kind: str, value: str, *, days: int = 0) -> None:
        """Let the browser keep it; until it closes, or for ``days``. No script may read it."""
        answer.set_cookie(
            self._name(request, kind),
            value,
            max_age=days * 24 * 3600 or None,
            path="/",
            secure=self.secure(request),
            httponly=True,
            samesite="Strict",
        )

    def drop(self, request: web.Request, answer: web.StreamResponse, kind: str) -> None:
        """Let the browser forget it."""
        answer.del_cookie(
            self._name(request, kind), path="/", secure=self.secure(request), httponly=True, samesite="Strict"
        )


def new_token() -> str:
    """For a browser in which nobody is logged in: its forms need a token too."""
    return secrets.token_urlsafe(24)


def csrf_of(token: str) -> str:
    """The form token that belongs to a session (or guest) token; tells nothing of it."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"csrf\0" + token.encode()).digest()[:24]).decode()


def same_origin(context: Context, request: web.Request) -> bool:
    """Whether the browser says that our own page sent this. Old browsers say nothing: the token decides."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    own = {request.host, urlsplit(context.base_url).netloc}
    return urlsplit(origin).netloc in own and bool(urlsplit(origin).netloc)


def arrives_from_elsewhere(request: web.Request) -> bool:
    """A link on another site (or in a mail) was followed: a Strict cookie is not sent, though there may be one."""
    site, mode = request.headers.get("Sec-Fetch-Site"), request.headers.get("Sec-Fetch-Mode")
    return request.method == "GET" and site == "cross-site" and mode == "navigate"


def language_of(text: str) -> str:
    """One of LANGUAGES; the default for anything else."""
    return text if text in LANGUAGES else DEFAULT_LANGUAGE


def seal(token: str, text: str) -> str:
    """A short text for a cookie, which only this session's next page takes."""
    data = base64.urlsafe_b64encode(text[:MAX_FLASH_CHARS].encode()).decode()
    return f"{data}.{_mac(token, data)}"


def unseal(token: str, sealed: str) -> str:
    """The text again; empty if it was made for another session or by another."""
    data, _, mac = sealed.partition(".")
    if not mac or not hmac.compare_digest(mac, _mac(token, data)):
        return ""
    return base64.urlsafe_b64decode(data).decode("utf-8", "replace")


def _mac(token: str, data: str) -> str:
    return hmac.new(token.encode(), b"flash\0" + data.encode(), hashlib.sha256).hexdigest()[:32]


def caller(context: Context, request: web.Request) -> str:
    """The address that the request came from."""
    return address_of(request, context.trusted_proxies)
