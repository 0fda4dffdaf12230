"""Notices by web push: one HTTPS request for each browser, to addresses that strangers gave.

Owns how such a request is made: https, the name resolved once and only public addresses connected to, no redirects, no
cookies, no proxies, little time, little of the answer. What a push service answers is a status and nothing more.
"""

from __future__ import annotations

import json
import os
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec

from node.aio.request import TransportOptions, open_session
from node.aio.resolver import Lookup, system_lookup
from node.notices.encryption import authorization, padded, sealed
from node.notices.wording import words_of
from node.services.notices.browsers import problem_of
from node.services.notices.sending import Bundle, Result
from node.store import SubscriptionRow

TIMEOUT_S: Final = 15.0
KEEP_S: Final = 24 * 3600  # how long a push service keeps it for a browser that is switched off
CLAIM_S: Final = 12 * 3600
GONE: Final = (404, 410)


@dataclass(frozen=True)
class PushOptions:
    """``inside``: private addresses and other ports are allowed (tests); ``tls``: instead of the system's."""

    inside: bool = False
    tls: ssl.SSLContext | None = None
    timeout_s: float = TIMEOUT_S
    lookup: Lookup = system_lookup


class Pusher:
    """Carries notices to browsers. ``subject``: whom a push service may write to, mailto: or https:."""

    def __init__(self, subject: str, options: PushOptions | None = None) -> None:
        self._subject = subject
        self._options = options or PushOptions()

    async def carry(self, bundle: Bundle, key: ec.EllipticCurvePrivateKey, now: int) -> Result:
        """Send one bundle to every browser of its person: sent when one took it; final when none is left."""
        words = words_of(bundle)
        text = json.dumps({"title": words.title, "path": words.path, "tag": bundle.id.hex()}, ensure_ascii=False)
        results = [await self._send(browser, padded(text.encode()), key, now) for browser in bundle.browsers]
        gone = tuple(
            browser.id for browser, (status, _) in zip(bundle.browsers, results, strict=True) if status in GONE
        )
        if any(200 <= status < 300 for status, _ in results):
            return Result(True, gone=gone)
        errors = "; ".join(error for _, error in results if error)
        return Result(False, final=len(gone) == len(bundle.browsers), error=errors, gone=gone)

    async def _send(
        self, browser: SubscriptionRow, text: bytes, key: ec.EllipticCurvePrivateKey, now: int
    ) -> tuple[int, str]:
        options = self._options
        problem = problem_of(browser.endpoint, inside=options.inside)
        if problem:
            return 410, problem  # it would never be sent: forget it
        parts = urlsplit(browser.endpoint)
        own = ec.generate_private_key(ec.SECP256R1())
        body = sealed(text, browser.public, browser.secret, os.urandom(16), own)
        said = authorization(key, f"https://{parts.netloc}", self._subject, now // 1_000_000 + CLAIM_S)
        headers = {
            "Authorization": said,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEEP_S),
            "Urgency": "normal",
        }
        transport = TransportOptions(timeout_s=options.timeout_s, lookup=options.lookup)
        context = options.tls or ssl.create_default_context()
        try:
            async with (
                open_session(context, options.inside, transport) as session,
                session.post(browser.endpoint, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status, "" if answer.status < 300 else f"the push service said {answer.status}"
        except (aiohttp.ClientError, OSError) as error:
            cause = getattr(error, "os_error", None) or error
            return 0, f"{type(cause).__name__}: {cause}"[:200]
