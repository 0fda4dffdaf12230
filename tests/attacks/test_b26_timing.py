"""Row 26, by the side door: what is another's costs the node exactly what nothing costs, and no count tells of others.

A firm asks for things of another firm of its own association, and for things that are nowhere, over the API and on
the pages: status, length, and the statements that the store was asked are the same. Likewise for two partners, one of
which trades with others on terms of its own. The slow test looks with a clock: hundreds of requests in random order,
and a sign test over the pairs.
"""

from __future__ import annotations

import asyncio
import math
import random
import re
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from node.api.context import Context
from node.api.member import app as member
from node.api.member.app import OPERATIONS as OPERATIONS_OF_API
from node.api.operation import Operation
from node.services import drafts, indexing, items, sharing, terms
from node.services.importing import uploads
from node.services.items import OwnItem, OwnPrice
from node.services.policy import MEMBER_ROLES, OPERATIONS, Role
from node.services.terms import PartnerTerms
from node.services.transaction import Tx
from node.web import site
from node.web.app import AREAS
from node.web.mount import mount
from protocol.process.trade.papers import Scaled
from tests.attacks.test_b26_idor import FOREIGN, Matrix
from tests.node import drawing_town
from tests.node.api.town import BUYER, SELLER, STRANGER
from tests.node.services.town import Association
from tests.node.web.harness import Browser, Web

QUIET = "月の宮"  # as long a name as the seller's; nobody trades with it
NOWHERE = dict.fromkeys(
    ("document", "thread", "root", "guest", "file", "version", "offer", "series", "group"), "0" * 64
)
SHORT = ("upload", "enquiry", "draft", "user", "drawing")
FILES = ("take_transfer", "download_books", "export_member")
PAGES_WITH_LISTS = (
    "/", "/dealings", "/books", "/catalogue", "/partners", "/payments", "/enquiries", "/drafts", "/search?q=PO",
)  # fmt: skip
FIXED = {"list": "pdf", "step": "answer", "form": "sme", "side": "purchases", "kind": "order", "chunk": "0"}
FIXED["round"] = "0" * 64  # rounds are announced to every association: nobody's secret
WITH_LISTS = [
    one
    for one in OPERATIONS_OF_API
    if one.method == "GET" and one.scope and "{" not in one.path and one.name not in FILES
]
VALUES = re.compile(r"x'[0-9a-f]*'|'[^']*'|\b\d+\b", re.IGNORECASE)
ROUNDS = 150
CHANCE = 1e-6  # of a false alarm for one question


Said = tuple[int, bytes]  # status and body


class Question(NamedTuple):
    """``ask`` with False: of what is another's; with True: of what is nowhere, or of the partner with nothing."""

    name: str
    ask: Callable[[bool], Awaitable[Said]]


class World(Matrix):
    """The API's firms with pages: the buyer has every kind of thing, and agreed with the seller on everything."""

    browser: Browser
    quiet: bytes

    async def open(self) -> None:
        await self.furnish()
        web = Web(self.town, self.context, self.client)
        await asyncio.to_thread(self._belongings)
        web.add_user("by-the-side", "owner", self.members[STRANGER])
        self.browser = await web.logged_in("by-the-side")

    def _belongings(self) -> None:
        house, town, buyer, seller = self.town.house, self.town, self.members[BUYER], self.members[SELLER]
        self.quiet = town.enrol(QUIET)
        goods = [OwnItem(number=f"A-{at}", name="座金", unit="C62", price=Scaled(100 + at)) for at in range(30)]
        prices = {"A-1": OwnPrice(price=Scaled(77))}

        def agree(tx: Tx, firm: bytes, other: bytes) -> None:
            items.put(house, tx, firm, goods)
            terms.put(house, tx, firm, other, PartnerTerms(note="secret"))
            items.put_prices(house, tx, firm, other, prices)
            sharing.publish(house, tx, firm, other, "2025-10-09")

        town.do(partial(agree, firm=buyer, other=seller))
        town.do(partial(agree, firm=seller, other=buyer))
        self.ids["draft"] = town.do(
            lambda tx: drafts.keep_form(house, tx, buyer, "owner", "/partners/outside/edit", {"name": ["x"]})
        ).id.hex()
        self.ids["file"] = town.do(lambda tx: uploads.bring_paper(house, tx, buyer, "owner", "a.xml", b"<a/>")).id.hex()
        self.ids["user"] = self._user_id(buyer)

    def _user_id(self, firm: bytes) -> str:
        name = f"{Role.CLERK.value}-{firm.hex()[:8]}"
        found = self.town.see(lambda tx: tx.users.by_name(name))
        assert found is not None
        return found.id.hex()

    # --- what is asked

    def questions(self) -> Iterator[Question]:
        """Every operation and page that names what belongs to somebody, and those that name a partner."""
        token = self.roles[STRANGER, Role.OWNER]
        nowhere = {**NOWHERE, **dict.fromkeys(SHORT, "0" * 32)}

        for operation in FOREIGN:
            yield Question(f"{operation.method} {operation.path}", partial(self._call, operation, token, nowhere))
        for page in (page for area in AREAS for page in area.PAGES if page.method == "GET"):
            names = set(re.findall(r"\{(\w+)\}", page.path)) - set(FIXED)
            if names and OPERATIONS.get(page.operation, frozenset()) & MEMBER_ROLES:
                assert names <= {*nowhere, "partner"}, f"what belongs to whom on {page.path}?"
                yield Question(f"GET {page.path}", partial(self._look, page.path, nowhere))
        for part in ("terms", "prices", "catalogue", "closing"):
            yield Question(f"GET /v1/partners/{{partner}}/{part}", partial(self._partner, part, token))

    async def _call(self, operation: Operation, token: str, nowhere: dict[str, str], missing: bool) -> Said:
        answer = await self.attempt(operation, token, self.path_of(operation, **(nowhere if missing else {})))
        return answer.status, answer.body

    async def _look(self, path: str, nowhere: dict[str, str], missing: bool) -> Said:
        known = {**FIXED, **self.ids, "partner": self.members[SELLER].hex()}
        if missing:
            known |= {**nowhere, "partner": self.quiet.hex()}
        shown = await self.browser.ask("GET", re.sub(r"\{(\w+)\}", lambda found: known[found[1]], path))
        return shown.status, shown.body

    async def _partner(self, part: str, token: str, missing: bool) -> Said:
        firm = self.quiet if missing else self.members[SELLER]
        answer = await self.call("", "GET", f"/v1/partners/{firm.hex()}/{part}", token=token)
        return answer.status, answer.body

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """The statements that the store is asked meanwhile, without their values and those of the search index."""
        said: list[str] = []
        connection = self.town.store._connection
        connection.set_trace_callback(lambda sql: said.extend([VALUES.sub("?", sql)][sql.startswith("--") :]))
        try:
            yield said
        finally:
            connection.set_trace_callback(None)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(site, "PER_VISITOR", 10**9)
    town = Association("豊田")
    context = Context(town.house, town.store, tmp_path)
    drawing_town.courier(context)
    app = member.build(context)
    mount(app)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        found = World(town, context, client)
        try:
            await found.open()
            yield found
        finally:
            context.arrivals.close()
            context.close()


async def test_the_store_is_asked_the_same(world: World) -> None:
    different, asked = [], 0
    for question in world.questions():
        for missing in (False, True):
            await question.ask(missing)  # what is made at the first request is there now
        with world.watched() as foreign:
            one = await question.ask(False)
        with world.watched() as nothing:
            other = await question.ask(True)
        asked += bool(foreign)
        if (one[0], len(one[1])) != (other[0], len(other[1])) or foreign != nothing:
            different.append((question.name, one[0], other[0], set(foreign) ^ set(nothing)))
    assert different == []
    assert asked > 40, "nothing was looked at"


async def test_lists_and_counts_do_not_move_with_what_others_do(world: World) -> None:
    """Before and after others traded, wrote terms and offered a catalogue: the same bytes from the same statements."""
    token = world.roles[STRANGER, Role.OWNER]
    own = await world.send("SO-1", STRANGER, SELLER)
    lists = [item.path for item in WITH_LISTS]
    pages = PAGES_WITH_LISTS

    async def look() -> dict[str, tuple[int, bytes, list[str]]]:
        found = {}
        for path in lists:
            with world.watched() as said:
                answer = await world.call("", "GET", path, token=token)
            body = re.sub(rb'"as_of":\d+', b"", answer.body)  # how fresh an offer is: the time of the answer
            found[path] = (answer.status, body, said)
        for path in pages:
            with world.watched() as said:
                shown = await world.browser.ask("GET", path)
            found[path] = (shown.status, shown.body, said)
        return found

    await look()
    before = await look()
    for number in range(30):
        await world.send(f"PO-{number + 100}")
    world.town.do(indexing.catch_up)
    goods = [OwnItem(number=f"B-{at}", name="座金", unit="C62", price=Scaled(100 + at)) for at in range(20)]
    world.town.do(lambda tx: items.put(world.town.house, tx, world.members[BUYER], goods))
    after = await look()
    assert [path for path in before if before[path] != after[path]] == []
    assert own in before["/v1/documents"][1].decode()


# ---------------------------------------------------------------------- with a clock


def slower(pairs: list[tuple[float, float]]) -> float:
    """The probability that the one is so often slower than the other by chance (two-sided sign test)."""
    differ = [one > other for one, other in pairs if one != other]
    most = max(sum(differ), len(differ) - sum(differ))
    tail: float = sum(math.comb(len(differ), count) for count in range(most, len(differ) + 1)) / 2 ** len(differ)
    return min(1.0, 2 * tail)


async def timed(question: Question, dice: random.Random) -> list[tuple[float, float]]:
    """Seconds of both askings, ``ROUNDS`` times, one after the other in random order."""
    pairs = []
    for _ in range(ROUNDS):
        taken = {}
        for missing in dice.sample((False, True), 2):
            began = time.perf_counter()
            await question.ask(missing)
            taken[missing] = time.perf_counter() - began
        pairs.append((taken[False], taken[True]))
    return pairs


UNSEEN_S = 0.15e-3  # a network's own unrest is more
#: Read from the disk before their owner is compared; their names are 128 random bits that only the owner was told.
UNGUESSABLE = {"GET /v1/attachments/uploads/{upload}"}


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_clock_cannot_tell(world: World) -> None:
    dice = random.Random(26)
    told = {}
    for question in world.questions():
        if question.name.startswith("GET") and question.name not in UNGUESSABLE:
            pairs = await timed(question, dice)
            if slower(pairs) < CHANCE:
                pairs = await timed(question, dice)  # a machine that changed its pace meanwhile does not do it twice
            told[question.name] = slower(pairs), [statistics.median(taken) for taken in zip(*pairs, strict=True)]
    assert len(told) > 30
    seen = {
        name: [f"{median * 1e3:.3f} ms" for median in medians]
        for name, (chance, medians) in told.items()
        if chance < CHANCE and abs(medians[0] - medians[1]) > UNSEEN_S
    }
    assert seen == {}


@pytest.mark.parametrize(("more", "told"), [(0.0, False), (0.3e-3, True)])
def test_the_clock_would_tell(more: float, told: bool) -> None:
    """A planted difference of 0.3 ms under a noise of 0.5 ms is seen, none is not."""
    dice = random.Random(1)
    pairs = [(dice.gauss(3e-3 + more, 0.35e-3), dice.gauss(3e-3, 0.35e-3)) for _ in range(ROUNDS)]
    assert (slower(pairs) < CHANCE) == told
