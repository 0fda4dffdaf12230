"""Which addresses a walk over the pages takes: found by their links, so that a new page cannot be forgotten.

Owns the choice: a few addresses of each page, those that differ in more than a number first. Fetches nothing and knows
no browser: whoever walks gives the text of a page and is told what comes next.
"""

from __future__ import annotations

import html
import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlsplit

from node.web.page import Page, Routes

#: Variables with few values that each show another page.
_KINDS = ("step", "kind")
_LINK = re.compile(r'\bhref="(/[^"#]*)')
_STATIC = re.compile(r'\b(?:href|src)="(/static/[^"#]+)')
_FETCHED = re.compile(r"url\([\"']?([^)\"']+)")
FILES = ("/pdf", "/ubl", "/download", "/files/{form}", "/list/{form}")
#: Pages that answer for as long as somebody listens, or with every paper there is.
ENDLESS = ("/live", "/books/archive")


def links_of(text: str) -> list[str]:
    """The addresses that a page leads to on this node, in their order."""
    return list(dict.fromkeys(html.unescape(found) for found in _LINK.findall(text)))


def assets_of(text: str) -> list[str]:
    """Style sheets, scripts and pictures that a page loads."""
    return list(dict.fromkeys(html.unescape(found) for found in _STATIC.findall(text)))


def loaded_by(style: str) -> list[str]:
    """What a style sheet loads, as it names it."""
    return [found for found in _FETCHED.findall(style) if not found.startswith("data:")]


class Walk:
    """One person's walk. ``most``: addresses of one page; ``skipped``: beginnings of paths that are not opened."""

    def __init__(
        self, pages: Iterable[Page], start: Iterable[str], *, most: int = 8, skipped: Iterable[str] = ()
    ) -> None:
        self._routes = Routes(tuple(pages))
        self._most = most
        self._skipped = tuple(skipped)
        self._waiting: deque[str] = deque()
        self._seen: set[str] = set()
        self._taken: Counter[tuple[str, ...]] = Counter()
        self.taken: dict[str, list[str]] = {}
        self.offer(start, always=True)

    def offer(self, links: Iterable[str], *, always: bool = False) -> None:
        """Addresses that could come next; ``always``: however many of their page were taken."""
        for link in links:
            if link in self._seen or (self._skipped and link.startswith(self._skipped)):
                continue
            self._seen.add(link)
            found = self.page_of(link)
            if found is None or found[0].path in ENDLESS:
                continue
            page, values = found
            parts = urlsplit(link)
            names = sorted(name for name, _ in parse_qsl(parts.query) if name != "lang")
            key = (page.path, *(values[name] for name in _KINDS if name in values), *names)
            enough = self._taken[key] >= (1 if names else self._most)
            if "lang=" in parts.query or (enough and not always):
                continue
            self._taken[key] += 1
            self.taken.setdefault(page.path, []).append(link)
            self._waiting.append(link)

    def next(self) -> str | None:
        """The address to open now, or None: there is none left."""
        return self._waiting.popleft() if self._waiting else None

    def page_of(self, link: str) -> tuple[Page, Mapping[str, str]] | None:
        """The page behind an address, with its variables."""
        found = self._routes.find("GET", urlsplit(link).path)
        return found if isinstance(found, tuple) else None


def is_file(path: str) -> bool:
    """Whether a page's path leads to a file that is saved."""
    return path.endswith(FILES)
