"""A node full of papers: one firm, its partners, and their dealings in every state, written through the services.

Owns who trades with whom and how far each dealing went. The node does not run meanwhile. Firms are those of the demo,
goods those of the orders that other benches send. Knows no measurement.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from cli.bench import orders
from cli.demonstration import firms
from node.opening import Opened, open_folder
from node.services import consent, directory, guests, indexing, items, joining, members, sessions, sharing, trade, users
from node.services.desk import dealing
from node.services.drafting import Step
from node.services.items import OwnItem
from node.services.trade import Submission
from node.store import Tx
from protocol.process.trade.papers import Order, Scaled

T = TypeVar("T")
PASSWORD: Final = "bench bench bench"  # noqa: S105 - of throw-away nodes
ITEMS: Final = 200
SESSIONS: Final = 40
GUEST: Final = orders.Firm("かちかち山運送", "9999900000017", "香川県", "高松市")
WAY: Final = (Step.ANSWER, Step.SHIP, Step.INSPECT, Step.BILL, Step.PAY)
SOLD: Final = frozenset({Step.ANSWER, Step.SHIP, Step.BILL})
#: Of a hundred dealings these stop after so many papers and wait; all others are paid.
OPEN_OF_HUNDRED: Final = {3: 1, 19: 2, 27: 3, 35: 4, 43: 5, 51: 1, 59: 2, 67: 3, 75: 4, 83: 5}
AT_ONCE: Final = 20  # dealings in one transaction
DAYS: Final = 365


class Ledger(NamedTuple):
    """What was written. ``mark``: of the node's cookies; ``sessions``: by login name; ``links``: a guest's, a joiner's.

    ``firm``, ``partner``: hex ids of the firm and of one that it trades with; ``threads``: a dealing for each number of
    papers that there is in one. The administrator has the firm's leave to look.
    """

    mark: str
    documents: int
    firm: str
    partner: str
    threads: list[str]
    sessions: dict[str, list[str]]
    links: list[str]


class Firms(NamedTuple):
    """The firm and its partners: member ids with their cards."""

    own: tuple[bytes, orders.Firm]
    partners: list[tuple[bytes, orders.Firm]]


def fill(folder: Path, documents: int, today: datetime.date) -> Ledger:
    """Write ``documents`` papers (or a few more) into the node's folder, up to ``today``."""
    opened = open_folder(folder)
    with closing(opened.store):
        writing = _Writing(opened)
        trading = writing.do(writing.enrol)
        sessions = writing.do(lambda tx: writing.people(tx, trading.own[0]))
        links = writing.do(lambda tx: writing.links(tx, trading.own, today))
        writing.do(lambda tx: writing.offer(tx, trading, today))
        threads: dict[int, list[bytes]] = {}
        number, written = 0, 0
        while written < documents:
            begun = writing.do(partial(writing.dealings, trading=trading, first=number, today=today))
            number += AT_ONCE
            for thread, papers in begun:
                written += papers
                threads.setdefault(papers, []).append(thread)
        while writing.do(indexing.catch_up):
            pass
        return Ledger(
            opened.house.id.hex()[:8],
            written,
            trading.own[0].hex(),
            trading.partners[0][0].hex(),
            [found[-1].hex() for found in threads.values()],
            sessions,
            links,
        )


class _Writing:
    """Transactions on an open folder."""

    def __init__(self, opened: Opened) -> None:
        self.house = opened.house
        self.store = opened.store

    def do(self, work: Callable[[Tx], T]) -> T:
        """One transaction."""
        return self.store.write(work)

    def enrol(self, tx: Tx) -> Firms:
        """Every firm of the demo, at home here."""
        found = []
        for known in firms.FIRMS.values():
            member = members.enrol(self.house, tx, known.name).member
            card = directory.Profile(name=known.name, kana=known.kana, corporate_number=known.corporate_number)
            directory.publish(self.house, tx, member, card)
            home = firms.ASSOCIATIONS[known.association]
            found.append((member, orders.Firm(known.name, known.corporate_number, home.region, home.city)))
        return Firms(found[2], [*found[:2], *found[3:]])

    def people(self, tx: Tx, member: bytes) -> dict[str, list[str]]:
        """An owner of the firm and an administrator: their sessions, made without the third of a second of a login."""
        found, made = {}, {}
        for name, house in (("owner", member), ("admin", None)):
            user = made[name] = users.add(self.house, tx, house, name, name, users.password_hash(PASSWORD))
            found[name] = [sessions.open_for(self.house, tx, user, "password").token for _ in range(SESSIONS)]
        consent.begin(self.house, tx, member, made["admin"], consent.allow(self.house, tx, made["owner"]).code)
        return found

    def links(self, tx: Tx, own: tuple[bytes, orders.Firm], today: datetime.date) -> list[str]:
        """An order to a partner without a node, and somebody invited: the addresses of their links."""
        guest = guests.add(self.house, tx, own[0], GUEST.name, guests.Addresses())
        thread = self._dealing(tx, own, (guest, GUEST), 0, 1, today, "G")
        paper = guests.issue(self.house, tx, own[0], thread).path
        return [paper, joining.invite(self.house, tx, own[0], "clerk").path]

    def offer(self, tx: Tx, trading: Firms, today: datetime.date) -> None:
        """The firm's items, and the catalogue of its first partner for it."""
        own, supplier = trading.own[0], trading.partners[0][0]
        for seller, buyer in ((own, supplier), (supplier, own)):
            items.put(self.house, tx, seller, [_item(at) for at in range(ITEMS)])
            sharing.publish(self.house, tx, seller, buyer, today.isoformat())

    def dealings(self, tx: Tx, trading: Firms, first: int, today: datetime.date) -> list[tuple[bytes, int]]:
        """(thread, papers in it) of the next dealings: bought of one partner, sold to the next."""
        found = []
        for at in range(first, first + AT_ONCE):
            other = trading.partners[at % len(trading.partners)]
            buyer, seller = (trading.own, other) if at % 2 else (other, trading.own)
            papers = OPEN_OF_HUNDRED.get(at % 100, len(WAY) + 1)
            day = today - datetime.timedelta(days=at * 7 % DAYS if papers > len(WAY) else at % 20)
            found.append((self._dealing(tx, buyer, seller, at, papers, day), papers))
        return found

    def _dealing(
        self,
        tx: Tx,
        buyer: tuple[bytes, orders.Firm],
        seller: tuple[bytes, orders.Firm],
        at: int,
        papers: int,
        day: datetime.date,
        prefix: str = "B",
    ) -> bytes:
        body = json.dumps(orders.template(buyer[1], seller[1], at % orders.TEMPLATES), ensure_ascii=False)
        order = replace(msgspec.json.decode(body, type=Order), number=f"{prefix}-{at:06d}", issue_date=day.isoformat())
        sent = trade.submit(self.house, tx, buyer[0], [Submission(seller[0], order)])
        thread = sent.submitted[0].thread
        for step in WAY[: papers - 1]:
            writer, reader = (seller, buyer) if step in SOLD else (buyer, seller)
            paper = dealing.write_draft(tx, writer[0], thread, step, day.isoformat())
            trade.submit(self.house, tx, writer[0], [Submission(reader[0], paper, thread=thread)])
        return thread


def _item(at: int) -> OwnItem:
    return OwnItem(
        number=f"KB-{at:04d}",
        name=f"竹かご 六つ目編み 直径{10 + at}cm",
        unit="C62",
        price=Scaled(780 + at),
    )
