"""``yui bench continuity``: how long a burned node's members are away, and what keeping their copies costs.

Owns one run on six real nodes: a home, a partner, a host that takes the members in, three more guardians. Documents are
counted from the host's raw file. Everything else goes through the command line, the admin socket and the member API.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil

from cli import client
from cli.bench import floors
from cli.bench.orders import Firm, Submissions
from cli.bench.report import Report, Target
from cli.cluster.member_api import MemberApi
from cli.cluster.nodes import Failed, Node, befriend, free_ports, stop_all

HOME, PARTNER, HOST = "home", "partner", "host"
KEEPERS: Final = ("keeper1", "keeper2", "keeper3")
PLACES: Final = {
    HOME: "23211",
    PARTNER: "26100",
    HOST: "37201",
    "keeper1": "47201",
    "keeper2": "01100",
    "keeper3": "33100",
}
ENTITY: Final = 9_999_900_000_200
SELLER: Final = Firm("花咲堂", "3999900000006", "京都府", "京都市")
PER_REQUEST: Final = 100
PATIENCE_S: Final = 900.0
FIRST_S, ALL_S = 60.0, 600.0


class Size(NamedTuple):
    """How much: members of the home, and documents of all of them together."""

    members: int
    documents: int


class _Member(NamedTuple):
    id: str
    words: str
    token: str
    firm: Firm


def run(size: Size, warn: Callable[[str], None]) -> Report:
    """One run. Failed where a step does not come to its end."""
    place = Path(tempfile.mkdtemp(prefix="yui-continuity-"))
    ports = free_ports(2 * len(PLACES))
    nodes = {key: Node(place / key, key, *ports[2 * at : 2 * at + 2]) for at, key in enumerate(PLACES)}
    try:
        return _Run(nodes, size, warn).measure()
    finally:
        stop_all(nodes.values())
        shutil.rmtree(place, ignore_errors=True)


class _Run:
    def __init__(self, nodes: dict[str, Node], size: Size, warn: Callable[[str], None]) -> None:
        self.nodes = nodes
        self.size = size
        self.warn = warn
        self.documents = 0

    def measure(self) -> Report:
        self._found()
        members = self._enrol()
        seller = self._ask(PARTNER, "member.add", profile=_profile(SELLER))["member"]
        self._await_known(seller)
        before = self._cpu()
        sent_s = self._send(members, seller)
        safe_s = self._await_safe()
        spent = {key: used - before[key] for key, used in self._cpu().items()}
        size = sum(row["size"] for row in self._ask(HOME, "guardian.status"))
        paper = " ".join(self.nodes[HOME].yui("key", "paper")["words"])
        self.nodes[HOME].kill()
        shutil.rmtree(self.nodes[HOME].folder)
        first_s, all_s = self._come_back(members, paper)
        found, double = self._count([member.id for member in members])
        keepers = sum(spent[key] for key in (HOST, *KEEPERS)) / (1 + len(KEEPERS))
        figures = {
            "members": self.size.members,
            "documents": self.documents,
            "first_back_s": first_s,
            "all_back_s": all_s,
            "lost": self.documents - found,
            "duplicated": double,
            "sent_s": sent_s,
            "safe_after_s": safe_s,
            "cpu_us_per_document_home": spent[HOME] * 1e6 / self.documents,
            "cpu_us_per_document_guardian": keepers * 1e6 / self.documents,
            "copy_bytes_per_document": size / self.documents,
            "host_rss_mb": psutil.Process(self.nodes[HOST].pid).memory_info().rss / 2**20,
        }
        targets = [
            Target("one member works elsewhere (s)", first_s, FIRST_S),
            Target("all members work elsewhere (s)", all_s, ALL_S),
            Target("documents lost", figures["lost"], 0),
            Target("documents twice", double, 0),
        ]
        return Report("continuity", figures, floors.measure(self.nodes[HOST].folder), targets)

    # --- before

    def _found(self) -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda key: self.nodes[key].init("--area", PLACES[key]), PLACES))
        for node in self.nodes.values():
            node.start(directly=True)
        for node in self.nodes.values():
            node.wait_ready()
        for one, other in combinations(PLACES, 2):
            befriend(self.nodes[one], self.nodes[other])
        for at, keeper in enumerate((HOST, *KEEPERS)):
            self._agree(HOME, keeper, ENTITY + at)
            if keeper != HOST:
                self._agree(HOST, keeper, ENTITY + at)

    def _agree(self, home: str, keeper: str, entity: int) -> None:
        self._ask(home, "guardian.agree", peer=keeper, part="home", entity=str(entity), places=["JP"])
        self._ask(keeper, "guardian.agree", peer=home, part="guardian")

    def _ask(self, key: str, command: str, **given: Any) -> Any:
        return client.ask(self.nodes[key].folder, command, **given)

    def _enrol(self) -> list[_Member]:
        found = []
        for at in range(self.size.members):
            firm = Firm(f"見本会社{at:03d}", "8999900000001", "愛知県", "豊田市")
            made = self._ask(HOME, "member.add", profile=_profile(firm))
            token = self._ask(HOME, "token.create", label="bench", member=made["member"])["token"]
            found.append(_Member(made["member"], " ".join(made["words"]), token, firm))
        return found

    def _await_known(self, member: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while not any(row["member"] == member for row in self._ask(HOME, "member.list", everywhere=True)):
            if time.monotonic() > until:
                raise Failed("the home never heard of the partner")
            time.sleep(0.3)

    def _send(self, members: Sequence[_Member], seller: str) -> float:
        """Each member's share of the orders; seconds until the partner has all."""
        share = self.size.documents // len(members)
        began = time.monotonic()
        for at, member in enumerate(members):
            orders = Submissions(member.firm, SELLER, seller, f"B{at:03d}")
            with closing(MemberApi(self.nodes[HOME].api, member.token)) as api:
                for start in range(0, share, PER_REQUEST):
                    numbers = orders.numbers(start, min(PER_REQUEST, share - start))
                    self.documents += len(api.send(orders.body(numbers))["documents"])
        until = time.monotonic() + PATIENCE_S
        while self._held(PARTNER, seller) < self.documents:
            if time.monotonic() > until:
                raise Failed("the partner does not get all orders")
            time.sleep(0.3)
        return time.monotonic() - began

    def _held(self, key: str, member: str) -> int:
        with closing(sqlite3.connect(f"file:{self.nodes[key].store}?mode=ro", uri=True)) as store:
            row = store.execute("SELECT count(*) FROM holdings WHERE member = ?", (bytes.fromhex(member),)).fetchone()
        return int(row[0])

    def _await_safe(self) -> float:
        began = time.monotonic()
        while True:
            rows = self._ask(HOME, "guardian.status")
            if all(row["complete"] >= row["k"] and not row["missing"] for row in rows):
                return time.monotonic() - began
            if time.monotonic() - began > PATIENCE_S:
                raise Failed("not everything becomes safe")
            time.sleep(0.3)

    def _cpu(self) -> dict[str, float]:
        """Processor seconds of each node so far."""
        found = {}
        for key, node in self.nodes.items():
            times = psutil.Process(node.pid).cpu_times()
            found[key] = times.user + times.system
        return found

    # --- after

    def _come_back(self, members: Sequence[_Member], paper: str) -> tuple[float, float]:
        here = self._ask(HOST, "return.who")
        home = next(row["node"] for row in here["peers"] if row["name"] == HOME)
        began = time.monotonic()
        self.nodes[HOST].yui("return", "member", given=members[0].words)
        self._must_work(members[0])
        first = time.monotonic() - began
        self.warn(f"first member back after {first:.1f} s")
        for keeper in KEEPERS:
            self._ask(keeper, "guardian.consent", claimant=here["node"], home=home)
        self.nodes[HOST].yui("return", "association", given=paper)
        for member in members[1:]:
            self._must_work(member)
        return first, time.monotonic() - began

    def _must_work(self, member: _Member) -> None:
        """Its programs get an answer at the host."""
        token = self._ask(HOST, "token.create", label="bench", member=member.id)["token"]
        with closing(MemberApi(self.nodes[HOST].api, token)) as api:
            api.get("/v1/feed", after=0, limit=1)

    def _count(self, members: Sequence[str]) -> tuple[int, int]:
        """Different documents that the members hold at the host, from its raw file, and how many are there twice."""
        ids = [bytes.fromhex(member) for member in members]
        with closing(sqlite3.connect(f"file:{self.nodes[HOST].store}?mode=ro", uri=True)) as store:
            rows = [
                store.execute(
                    "SELECT count(*), count(DISTINCT document) FROM holdings WHERE member = ?", (member,)
                ).fetchone()
                for member in ids
            ]
        return sum(row[1] for row in rows), sum(row[0] - row[1] for row in rows)


def _profile(firm: Firm) -> dict[str, Any]:
    return {"name": firm.name}
