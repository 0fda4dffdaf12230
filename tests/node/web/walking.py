"""A walk over every page of two associations whose firms are in the middle of their dealings; both languages.

Pages are found by their links (``cli.bench.crawl``): a new one is looked at by every rule without being named here.
"""

from __future__ import annotations

from typing import NamedTuple

from cli.bench.crawl import Walk, links_of
from node.services import consent
from node.services.drafting import Step
from node.services.users import UserRow
from node.web.app import AREAS
from tests.node.services import october
from tests.node.web.harness import Shown, TwoWebs, Web

PAGES = [page for area in AREAS for page in area.PAGES if page.method == "GET"]
UNTIL = (Step.ANSWER, Step.SHIP, Step.INSPECT, Step.BILL, Step.PAY)
DAY = "2025-10-09"  # the towns' own


class Seen(NamedTuple):
    """A page that a person saw. ``page``: its row's path."""

    page: str
    link: str
    shown: Shown


def deal(webs: TwoWebs) -> list[str]:
    """A dealing that stops at each step, one only ordered, one asked for; their ids."""
    towns = (webs.toyota.town, webs.kyoto.town, webs.buyer, webs.seller)
    threads = [october.start(*towns, october.order("PO-0", day=DAY))]
    threads += [
        october.billed(*towns, october.order(f"PO-{at}", day=DAY), until=step, day=DAY)
        for at, step in enumerate(UNTIL, 1)
    ]
    webs.deliver()
    return [thread.hex() for thread in threads]


def let_look(web: Web, firm: bytes) -> None:
    """The firm's owner lets the administrator look."""
    owner, admin = (_user(web, name) for name in ("owner", "admin"))
    code = web.town.do(lambda tx: consent.allow(web.town.house, tx, owner)).code
    web.town.do(lambda tx: consent.begin(web.town.house, tx, firm, admin, code))


def _user(web: Web, name: str) -> UserRow:
    found = web.town.see(lambda tx: tx.users.by_name(name))
    assert found is not None
    return found


async def walk(web: Web, login: str, start: list[str], *, language: str = "ja", most: int = 1) -> list[Seen]:
    """What one person (or nobody: an empty login) sees, following the links from ``start``."""
    browser = web.browser() if not login else await web.logged_in(login)
    browser.cookies[f"lang-{web.town.house.id.hex()[:8]}"] = language
    way = Walk(PAGES, start, most=most)
    found: list[Seen] = []
    while (link := way.next()) is not None:
        shown = await browser.ask("GET", link)
        if shown.location:
            way.offer([shown.location])
        way.offer(links_of(shown.text))
        page = way.page_of(link)
        assert page is not None
        found.append(Seen(page[0].path, link, shown))
    return found
