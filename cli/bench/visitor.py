"""One browser of the pages bench: a kept connection, cookies, and how long each answer took.

Owns the request. Knows no page. Sessions are given to it: a login takes a third of a second on purpose.
"""

from __future__ import annotations

import gzip
import http.client
import time
from collections.abc import Sequence
from typing import NamedTuple

from cli.cluster.nodes import Failed

TOO_MANY = 429
MINUTE_S = 70.0
PER_SESSION = 400  # requests: a session may have 600 a minute


class Answer(NamedTuple):
    """``size``: bytes of head and body as they were transferred; ``text``: of what is text."""

    status: int
    location: str
    text: str
    size: int
    ms: float


class Visitor:
    """``tokens``: sessions of one user, used in turn. ``mark``: what the node's cookies are named after."""

    def __init__(self, port: int, mark: str, tokens: Sequence[str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._mark = mark
        self._tokens = tokens
        self._asked = 0
        self.language = "ja"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str) -> Answer:
        """One GET; redirects are not followed."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers={"Cookie": self._cookies(), "Accept-Encoding": "gzip"})
        response = self._connection.getresponse()
        body = response.read()
        ms = (time.perf_counter() - began) * 1e3
        head = sum(len(name) + len(value) + 4 for name, value in response.getheaders())
        kind = response.headers.get("Content-Type", "")
        plain = gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body
        text = plain.decode("utf-8", "replace") if kind.startswith("text/") else ""
        return Answer(response.status, response.headers.get("Location", ""), text, head + len(body), ms)

    def page(self, path: str) -> Answer:
        """One GET that must show something, when the node wants to answer again. Failed for an error of the node."""
        answer = self.get(path)
        until = time.monotonic() + MINUTE_S
        while answer.status == TOO_MANY and time.monotonic() < until:
            time.sleep(2)
            answer = self.get(path)
        if answer.status >= 500:
            raise Failed(f"GET {path}: {answer.status}")
        return answer

    def _cookies(self) -> str:
        # plain http on loopback, as the node was told: behind TLS the names begin with __Host-
        cookies = [f"lang-{self._mark}={self.language}"]
        if self._tokens:
            at = self._asked // PER_SESSION
            self._asked += 1
            if at >= len(self._tokens):
                raise Failed("the bench has used up its sessions")
            cookies.append(f"yui-{self._mark}={self._tokens[at]}")
        return "; ".join(cookies)
