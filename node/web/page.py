"""One page: a row from which the route and the checks are made. Owns the row and how a path is matched."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from node.services.policy import OPERATIONS

if TYPE_CHECKING:
    from node.web.visit import Visit

Handler = Callable[["Visit"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Page:
    """``path`` with ``{name}`` for variables; ``operation``: the row of the policy table that says who may.

    ``streams``: its handler reads the form itself (:mod:`node.web.upload`), also one with large files.
    """

    method: str
    path: str
    operation: str
    handler: Handler
    streams: bool = False


class Routes:
    """Every page by method and path; a fixed word goes before a variable."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = tuple(pages)
        self.paths = frozenset(page.path for page in pages if page.method == "GET")
        seen: set[tuple[str, str]] = set()
        for page in pages:
            assert page.operation in OPERATIONS, f"{page.path}: {page.operation} is no row of the policy table"
            assert (page.method, page.path) not in seen, f"{page.method} {page.path} twice"
            seen.add((page.method, page.path))
        ordered = sorted(pages, key=lambda page: (page.path.count("{"), -len(page.path)))
        self._patterns = [(_pattern(page.path), page) for page in ordered]

    def find(self, method: str, path: str) -> tuple[Page, Mapping[str, str]] | frozenset[str]:
        """The page and its variables; else the methods that the path has (none: there is no such path)."""
        wanted = "GET" if method == "HEAD" else method
        methods: set[str] = set()
        for pattern, page in self._patterns:
            found = pattern.fullmatch(path)
            if found is not None and page.method == wanted:
                return page, found.groupdict()
            if found is not None:
                methods.add(page.method)
        return frozenset(methods)


def _pattern(path: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", path)
    text = "".join(f"(?P<{piece}>[^/]+)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
    return re.compile(text)
