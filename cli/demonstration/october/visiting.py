"""A person at the pages, without a browser's window: opens pages, fills in their forms and sends them.

Owns cookies and forms. Knows the pages only as HTML says them. Whatever needs a screen is ``pictures``'.
"""

from __future__ import annotations

import http.cookiejar
import urllib.error
import urllib.request
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode, urljoin

from lxml import html

from cli.cluster.nodes import Failed

TIMEOUT_S: Final = 60.0
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Visitor:
    """One person. ``base``: a node's pages."""

    def __init__(self, base: str) -> None:
        trusted = http.cookiejar.DefaultCookiePolicy(secure_protocols=("https", "http"))  # as browsers do on localhost
        jar = http.cookiejar.CookieJar(trusted)
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.base = base
        self.address = base
        self.page: html.HtmlElement = html.fromstring("<html></html>")

    def log_in(self, name: str, password: str) -> None:
        """By name and password."""
        self.open("/login")
        self.send("/login", {"name": name, "password": password})

    def open(self, path: str) -> None:
        """Go to a page; Failed where there is none."""
        self._ask(urljoin(self.base, path), None)

    def send(self, action: str, changes: Mapping[str, str] = NOTHING, *, to: str = "") -> None:
        """Send the form of this page that goes to ``action``, filled in as it stands but for ``changes``.

        ``to``: where the button that is pressed sends it, if elsewhere.
        """
        form = next((one for one in self.page.forms if (one.get("action") or "") == action), None)
        if form is None:
            raise Failed(f"{self.address}: no form goes to {action}")
        kept = [(name, value) for name, value in form.form_values() if name not in changes]
        self._ask(urljoin(self.base, to or action), urlencode([*kept, *changes.items()]).encode())

    def text(self, path: str) -> str:
        """The text of the first element that an XPath finds on this page; Failed where there is none."""
        found = self.page.xpath(path)
        if not found:
            raise Failed(f"{self.address}: nothing at {path}")
        return str(found[0].xpath("string()")).strip()

    def _ask(self, address: str, body: bytes | None) -> None:
        request = urllib.request.Request(address, body, {"Accept": "text/html"})  # noqa: S310 - our own node
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                self.address = answer.geturl()
                self.page = html.fromstring(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                said = str(html.fromstring(error.read().decode() or "<p></p>").xpath("string()"))
            raise Failed(f"{address}: {error.code} {' '.join(said.split())[-300:]}") from None


def day_fields(days: Mapping[str, str]) -> dict[str, str]:
    """Days (YYYY-MM-DD by name) as the three fields that forms have for each; empty days are left as they stand."""
    return {
        f"{name}.{part}": str(int(value))
        for name, day in days.items()
        if day
        for part, value in zip(("year", "month", "day"), day.split("-"), strict=True)
    }
