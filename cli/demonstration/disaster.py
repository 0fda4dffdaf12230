"""The disaster: a node and its disk are destroyed, its members come back at another one; every document is counted.

Owns the story and its counts. Six real nodes; everything goes through the command line and the member API, as people
and their programs do it. What a node does inside is not known here.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from cli import client
from cli.cluster.member_api import MemberApi
from cli.cluster.nodes import Failed, stop_all
from cli.demonstration import sixnodes
from cli.demonstration.firms import ASSOCIATIONS, FIRMS, KYOTO, SHIKOKU, TOYOTA, Association, Firm
from cli.demonstration.sixnodes import KEEPERS, ONIGASHIMA, PLACES, RYUGU, TSUKI
from node.i18n import _

SAFE_S = 60.0
SETTLED_S = 120.0
ENTITIES = {key: f"{9_999_900_000_100 + at:013d}" for at, key in enumerate(PLACES)}
GUARDIANS = {  # by home: of Kyoto's firms, and of the same firms once they are at Shikoku
    KYOTO: (SHIKOKU, RYUGU, ONIGASHIMA, TSUKI),
    SHIKOKU: (TOYOTA, RYUGU, ONIGASHIMA, TSUKI),
}
LOST, WITH_WORDS = KYOTO, "F08"
FIRMS_HERE = ("F01", "F02", "F05", "F06", "F07", "F08", "F09", "F10")
ORDERS_EACH_WAY = 4
LATER = 3


class Losses(NamedTuple):
    """What became of the documents of the firms whose node was destroyed."""

    before: int
    found: int
    waiting: int
    delivered: int
    lost: int
    duplicated: int


class Outcome(NamedTuple):
    """The account. Seconds are counted from the first command of the return on."""

    losses: Losses
    seconds_first: float
    seconds_all: float
    fenced: bool
    rows: tuple[tuple[str, int, int, int, int], ...]  # firm, before, found, waiting, now

    @property
    def complete(self) -> bool:
        """Nothing lost, nothing twice, and the old disk can do nothing."""
        return not self.losses.lost and not self.losses.duplicated and self.fenced


class Disaster:
    """The six nodes and what happens to them."""

    def __init__(self, place: Path, say: Callable[[str], None]) -> None:
        self.place = place
        self.say = say
        self.nodes = sixnodes.nodes_in(place)
        self.members: dict[str, str] = {}
        self.words: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.sent: dict[str, tuple[str, str]] = {}  # document: (author, recipient)
        self.paper = ""

    def tell(self) -> Outcome:
        """The whole story."""
        self._found()
        self._trade()
        before = dict(self.sent)
        self._wait_safe()
        old = self._destroy()
        waiting = self._partners_go_on()
        first, last, found = self._come_back(before)
        self._settle(waiting)
        outcome = self._count(before, waiting, found, first, last)
        return outcome._replace(fenced=self._old_disk_wakes(old))

    def stop(self) -> None:
        """Stop every node."""
        stop_all(self.nodes.values())

    # --- before

    def _found(self) -> None:
        sixnodes.found(self.nodes, combinations(PLACES, 2), guardians_only=KEEPERS)
        self.say(_("six nodes run and know each other: {names}").format(names=_names(PLACES.values())))
        for home, keepers in GUARDIANS.items():
            for keeper in keepers:
                self._agree(home, keeper)
        self.say(
            _("{home} has signed with {names} that they keep encrypted copies").format(
                home=PLACES[LOST].name, names=_names(PLACES[key] for key in GUARDIANS[LOST])
            )
        )
        for key in FIRMS_HERE:
            self._enrol(FIRMS[key])
        self.paper = " ".join(self.nodes[LOST].yui("key", "paper")["words"])
        self._await_directory()
        self.say(
            _("{count} firms enrolled; those at {home} have four guardians each").format(
                count=len(FIRMS_HERE), home=PLACES[LOST].name
            )
        )

    def _agree(self, home: str, keeper: str) -> None:
        self._ask(
            home, "guardian.agree", peer=self._id(keeper), part="home", entity=ENTITIES[keeper], places=["JP"]
        )  # fmt: skip
        done = self._ask(keeper, "guardian.agree", peer=self._id(home), part="guardian")
        if done["state"] != "in-force":
            raise Failed(f"{PLACES[keeper].name}: the agreement is not in force: {done}")

    def _id(self, key: str) -> str:
        found: str = self._ask(key, "return.who")["node"]
        return found

    def _ask(self, key: str, command: str, **given: Any) -> Any:
        """A command of the node's staff, over its admin socket."""
        return client.ask(self.nodes[key].folder, command, **given)

    def _enrol(self, firm: Firm) -> None:
        node = self.nodes[firm.association]
        made = node.yui(
            *("member", "add", firm.name, "--kana", firm.kana, "--corporate-number", firm.corporate_number),
            *("--area", ASSOCIATIONS[firm.association].area),
        )
        self.members[firm.key] = made["member"]
        self.words[firm.key] = " ".join(made["words"])
        self._give_token(firm.key, firm.association)

    def _give_token(self, firm: str, place: str) -> None:
        made = self.nodes[place].yui("token", "create", f"demo-{place}", "--member", self.members[firm])
        self.tokens[firm] = made["token"]

    def _await_directory(self) -> None:
        until = time.monotonic() + SETTLED_S
        for key in (TOYOTA, KYOTO, SHIKOKU):
            while set(self.members.values()) - {
                row["member"] for row in self._ask(key, "directory.search", limit=200)
            }:  # fmt: skip
                if time.monotonic() > until:
                    raise Failed(f"{PLACES[key].name}: the directory does not fill")
                time.sleep(0.2)

    # --- trade

    def _trade(self) -> None:
        for firm, partner in self._pairs():
            for number in range(ORDERS_EACH_WAY):
                self._order(firm, partner, f"{firm}-{partner}-{number}")
                self._order(partner, firm, f"{partner}-{firm}-{number}")
        self._await(self.sent)
        self.say(_("{count} orders sent and received").format(count=len(self.sent)))

    def _pairs(self) -> list[tuple[str, str]]:
        """(firm at the node that will be lost, partner elsewhere)."""
        lost = [key for key in FIRMS_HERE if FIRMS[key].association == LOST]
        others = [key for key in FIRMS_HERE if FIRMS[key].association != LOST]
        return [(firm, others[at % len(others)]) for at, firm in enumerate(lost)]

    def _order(self, author: str, recipient: str, number: str) -> str:
        line = {
            "line_id": "1", "item": {"name": "見本の品"}, "quantity": {"value": 5}, "unit": "H87",
            "price": {"value": {"value": 300}}, "amount": 1500,
        }  # fmt: skip
        body = {
            "number": number, "issue_date": "2026-10-28", "currency": "JPY",
            "buyer": {"name": FIRMS[author].name}, "seller": {"name": FIRMS[recipient].name}, "lines": [line],
        }  # fmt: skip
        asked = {"documents": [{"type": "order", "to": self.members[recipient], "body": body}]}
        with self._api(author) as api:
            answer = api.post("/v1/documents", asked, key=secrets.token_hex(16))
        document: str = answer["documents"][0]["id"]
        self.sent[document] = (author, recipient)
        return document

    def _api(self, firm: str) -> _Api:
        return _Api(self.nodes[self._place_of(firm)].api, self.tokens[firm])

    def _place_of(self, firm: str) -> str:
        place = FIRMS[firm].association
        return SHIKOKU if place == LOST and not self.nodes[LOST].folder.exists() else place

    def _held(self, firm: str) -> Counter[str]:
        """Documents of a firm at its node, and how often each is listed."""
        found: Counter[str] = Counter()
        after = 0
        with self._api(firm) as api:
            while True:
                page = api.get("/v1/feed", after=after, limit=200)
                found.update(item["id"] for item in page["documents"])
                if not page["documents"]:
                    return found
                after = page["next"]

    def _await(self, documents: Iterable[str]) -> None:
        """Return when both sides hold all of these."""
        wanted: dict[str, set[str]] = {}
        for document in documents:
            for firm in self.sent[document]:
                wanted.setdefault(firm, set()).add(document)
        until = time.monotonic() + SETTLED_S
        for firm, expected in wanted.items():
            while missing := expected - set(self._held(firm)):
                if time.monotonic() > until:
                    raise Failed(
                        f"{FIRMS[firm].name}: {len(missing)} documents do not arrive\n"
                        f"{self.nodes[self._place_of(firm)].log_tail()}"
                    )
                time.sleep(0.3)

    def _wait_safe(self) -> None:
        until = time.monotonic() + SAFE_S
        while True:
            rows = self._ask(LOST, "guardian.status")
            if all(row["complete"] >= row["k"] and not row["missing"] for row in rows):
                break
            if time.monotonic() > until:
                raise Failed(f"not everything is safe: {json.dumps(rows, ensure_ascii=False)[:2000]}")
            time.sleep(0.3)
        self.say(_("everything is safe: copies are at guardians elsewhere"))

    # --- the fire and after it

    def _destroy(self) -> Path:
        """Kill the node and delete its disk; a copy of the disk is kept aside, to wake up later."""
        node = self.nodes[LOST]
        node.kill()
        old = self.place / "old-disk"
        shutil.copytree(node.folder, old, ignore=shutil.ignore_patterns("admin.sock"))
        shutil.rmtree(node.folder)
        self.say(_("{name} is destroyed, with its disk").format(name=node.name))
        return old

    def _partners_go_on(self) -> list[str]:
        """Partners keep sending to firms whose node is gone."""
        sent = [
            self._order(partner, firm, f"{partner}-{firm}-later-{number}")
            for firm, partner in self._pairs()
            for number in range(LATER)
        ]
        self.say(_("partners have sent {count} more orders to them, which wait").format(count=len(sent)))
        return sent

    def _come_back(self, before: dict[str, tuple[str, str]]) -> tuple[float, float, dict[str, int]]:
        """Seconds until the first firm worked again and until all did, and what each had then of what it had before."""
        lost = [key for key in FIRMS_HERE if FIRMS[key].association == LOST]
        claimant, home = self._id(SHIKOKU), self._peer_id(SHIKOKU, LOST)
        began = time.monotonic()
        self.nodes[SHIKOKU].yui("return", "member", given=self.words[WITH_WORDS])
        self._give_token(WITH_WORDS, SHIKOKU)
        found = {WITH_WORDS: self._had(WITH_WORDS, before)}
        first = time.monotonic() - began
        self.say(
            _("{firm} is back at {place} with its owner's words, after {seconds} s").format(
                firm=FIRMS[WITH_WORDS].name, place=PLACES[SHIKOKU].name, seconds=f"{first:.1f}"
            )
        )
        for keeper in GUARDIANS[LOST][1:]:
            self._ask(keeper, "guardian.consent", claimant=claimant, home=home)
        self.say(_("three guardians have agreed that the association's key brings the others back"))
        self.nodes[SHIKOKU].yui("return", "association", given=self.paper)
        for firm in lost:
            if firm != WITH_WORDS:
                self._give_token(firm, SHIKOKU)
                found[firm] = self._had(firm, before)
        last = time.monotonic() - began
        self.say(_("all {count} firms work again after {seconds} s").format(count=len(lost), seconds=f"{last:.1f}"))
        return first, last, found

    def _peer_id(self, at: str, peer: str) -> str:
        rows = self._ask(at, "return.who")["peers"]
        found: str = next(row["node"] for row in rows if row["name"] == PLACES[peer].name)
        return found

    def _had(self, firm: str, before: dict[str, tuple[str, str]]) -> int:
        return len(set(self._held(firm)) & {document for document, pair in before.items() if firm in pair})

    def _settle(self, waiting: Sequence[str]) -> None:
        """What waited arrives, and trade goes on both ways."""
        fresh = [self._order(firm, partner, f"{firm}-{partner}-after") for firm, partner in self._pairs()]
        self._await([*waiting, *fresh])
        self.say(_("what waited has arrived; the firms that came back order again"))

    def _count(
        self,
        before: dict[str, tuple[str, str]],
        waiting: Sequence[str],
        found: dict[str, int],
        first: float,
        last: float,
    ) -> Outcome:
        rows = []
        lost = duplicated = delivered = 0
        for firm, at_once in found.items():
            held = self._held(firm)
            had = {document for document, pair in before.items() if firm in pair}
            late = {document for document in waiting if firm in self.sent[document]}
            expected = {document for document, pair in self.sent.items() if firm in pair}
            lost += len(expected - set(held))
            duplicated += sum(count - 1 for count in held.values()) + len(set(held) - expected)
            delivered += len(late & set(held))
            rows.append((FIRMS[firm].name, len(had), at_once, len(late), len(held)))
        losses = Losses(
            sum(row[1] for row in rows), sum(row[2] for row in rows), len(waiting), delivered, lost, duplicated
        )
        return Outcome(losses, first, last, False, tuple(rows))

    def _old_disk_wakes(self, old: Path) -> bool:
        """The destroyed node's disk is found and started: nothing can be sent from it any more."""
        node = self.nodes[LOST]
        tokens = dict(self.tokens)
        shutil.copytree(old, node.folder)
        node.start(directly=True)
        node.wait_ready()
        until = time.monotonic() + SETTLED_S
        while time.monotonic() < until:
            rows = node.yui("member", "list")
            if not any(row["local"] for row in rows):
                break
            time.sleep(0.5)
        local = [row for row in node.yui("member", "list") if row["local"]]
        self.tokens = tokens
        self.say(
            _("the old disk wakes up and finds that its members have moved: it is fenced")
            if not local
            else _("the old disk still believes that members are at home there")
        )
        return not local


class _Api:
    """The member API for one use."""

    def __init__(self, address: str, token: str) -> None:
        self._api = MemberApi(address, token)

    def __enter__(self) -> MemberApi:
        return self._api

    def __exit__(self, *_error: object) -> None:
        self._api.close()


def _names(places: Iterable[Association]) -> str:
    return ", ".join(item.name for item in places)
