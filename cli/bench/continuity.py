"""``yui bench continuity``: how long a burned node's members are away, and what keeping their copies costs.

Owns one run on six real nodes: a home, a partner, a host that takes the members in, three more guardians. Documents are
counted from the host's raw file. Everything else goes through the command line, the admin socket and the member API.
"""

from __future__ import annotations

import json
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
from cli.bench.orders import TEMPLATES, Firm, Submissions, template
from cli.bench.report import Report, Target
from cli.cluster.member_api import MemberApi
from cli.cluster.nodes import Failed, Node, befriend, free_ports, stop_all, yui

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
FLAT: Final = 1.25
MB: Final = 2**20
FILE_MB: Final = 5


class Size(NamedTuple):
    """How much: members of the home, documents of all of them together, MB of attachments that go with some of these,
    and documents that the partner's node finds when it was away."""

    members: int
    documents: int
    attachments: int = 0
    backlog: int = 0


class _Backlog(NamedTuple):
    """How a node that was away caught up. ``early``, ``late``: its memory in MB after a tenth, and at most."""

    documents_per_s: float
    early: float
    late: float


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
        self._back: list[_Member] = []  # members as they are at the host

    def measure(self) -> Report:
        self._found()
        members = self._enrol()
        seller = self._ask(PARTNER, "member.add", profile=_profile(SELLER))["member"]
        self._await_known(seller)
        before = self._cpu()
        sent_s = self._send(members, seller, self.size.documents, "B")
        safe_s = self._await_safe()
        spent = {key: used - before[key] for key, used in self._cpu().items()}
        size = sum(row["size"] for row in self._ask(HOME, "guardian.status"))
        counted = self.documents
        files = self._send_files(members, seller)
        files_safe_s = self._await_safe() if files else 0.0
        paper = " ".join(self.nodes[HOME].yui("key", "paper")["words"])
        self.nodes[HOME].kill()
        shutil.rmtree(self.nodes[HOME].folder)
        first_s, all_s = self._come_back(members, paper)
        files_s = self._await_files(files)
        found, double = self._count([member.id for member in members])
        lost = self.documents - found
        backlog = self._catch_up(self._back, seller) if self.size.backlog else _Backlog(0.0, 0.0, 0.0)
        keepers = sum(spent[key] for key in (HOST, *KEEPERS)) / (1 + len(KEEPERS))
        figures = {
            "members": self.size.members,
            "documents": counted + files,
            "first_back_s": first_s,
            "all_back_s": all_s,
            "lost": lost,
            "duplicated": double,
            "sent_s": sent_s,
            "safe_after_s": safe_s,
            "cpu_us_per_document_home": spent[HOME] * 1e6 / counted,
            "cpu_us_per_document_guardian": keepers * 1e6 / counted,
            "copy_bytes_per_document": size / counted,
            "host_rss_mb": psutil.Process(self.nodes[HOST].pid).memory_info().rss / 2**20,
            "attachments": files,
            "attachments_mb": files * FILE_MB,
            "attachments_safe_after_s": files_safe_s,
            "attachments_back_s": files_s,
            "backlog_documents": self.size.backlog,
            "backlog_documents_per_s": backlog.documents_per_s,
            "backlog_rss_mb_early": backlog.early,
            "backlog_rss_mb_most": backlog.late,
        }
        targets = [
            Target("one member works elsewhere (s)", first_s, FIRST_S),
            Target("all members work elsewhere (s)", all_s, ALL_S),
            Target("documents lost", figures["lost"], 0),
            Target("documents twice", double, 0),
        ]
        if self.size.backlog:
            growth = backlog.late / backlog.early
            targets.append(Target("memory while a backlog comes in (most / early)", growth, FLAT))
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

    def _send(self, members: Sequence[_Member], seller: str, documents: int, prefix: str) -> float:
        """Each member's share of the orders; seconds until the partner has all."""
        began = time.monotonic()
        self._submit(self.nodes[HOME], members, seller, documents, prefix)
        self._await_held(seller)
        return time.monotonic() - began

    def _submit(self, node: Node, members: Sequence[_Member], seller: str, documents: int, prefix: str) -> None:
        share = documents // len(members)
        for at, member in enumerate(members):
            orders = Submissions(member.firm, SELLER, seller, f"{prefix}{at:03d}")
            with closing(MemberApi(node.api, member.token)) as api:
                for start in range(0, share, PER_REQUEST):
                    numbers = orders.numbers(start, min(PER_REQUEST, share - start))
                    self.documents += len(api.send(orders.body(numbers))["documents"])

    def _await_held(self, seller: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while self._held(PARTNER, seller) < self.documents:
            if time.monotonic() > until:
                raise Failed("the partner does not get all orders")
            time.sleep(0.3)

    def _send_files(self, members: Sequence[_Member], seller: str) -> int:
        """Orders with a file each, until there are as many MB as asked for; how many."""
        count = self.size.attachments // FILE_MB
        for at in range(count):
            member = members[at % len(members)]
            order = template(member.firm, SELLER, at % TEMPLATES) | {"number": f"F-{at:05d}"}
            with closing(MemberApi(self.nodes[HOME].api, member.token)) as api:
                root = _upload(api, os.urandom(FILE_MB * MB))
                paper = {"type": "order", "to": seller, "body": order, "attachments": [{"root": root}]}
                self.documents += len(api.post("/v1/documents", {"documents": [paper]})["documents"])
        self._await_held(seller)
        return count

    def _catch_up(self, members: Sequence[_Member], seller: str) -> _Backlog:
        """The partner's node goes, orders are written at the new home all the same, it comes back and takes them."""
        self.nodes[PARTNER].kill()
        before = self._held(PARTNER, seller)
        self._submit(self.nodes[HOST], members, seller, self.size.backlog, "L")
        self.warn(f"{self.documents - before} documents wait")
        self.nodes[PARTNER].start(directly=True)
        self.nodes[PARTNER].wait_ready()
        self._ask(HOST, "peer.retry", peer=PARTNER)
        node = psutil.Process(self.nodes[PARTNER].pid)
        began = time.monotonic()
        early = most = 0.0
        while (here := self._held(PARTNER, seller)) < self.documents:
            used = node.memory_info().rss / MB
            most = max(most, used)
            if not early and here - before > self.size.backlog // 10:
                early = used
            if time.monotonic() - began > PATIENCE_S:
                raise Failed("the partner does not get what waited")
            time.sleep(0.3)
        took = time.monotonic() - began
        return _Backlog((self.documents - before) / took, early or most, most)

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
        yui("return", "association", folder=self.nodes[HOST].folder, given=paper, seconds=PATIENCE_S)
        for member in members[1:]:
            self._must_work(member)
        return first, time.monotonic() - began

    def _await_files(self, files: int) -> float:
        """Seconds until every attachment is whole at the host."""
        began = time.monotonic()
        while self._complete(HOST) < files:
            if time.monotonic() - began > PATIENCE_S:
                raise Failed("not every attachment comes back")
            time.sleep(0.3)
        return time.monotonic() - began

    def _complete(self, key: str) -> int:
        with closing(sqlite3.connect(f"file:{self.nodes[key].store}?mode=ro", uri=True)) as store:
            return int(store.execute("SELECT count(*) FROM attachments WHERE complete = 1").fetchone()[0])

    def _must_work(self, member: _Member) -> None:
        """Its programs get an answer at the host."""
        token = self._ask(HOST, "token.create", label="bench", member=member.id)["token"]
        with closing(MemberApi(self.nodes[HOST].api, token)) as api:
            api.get("/v1/feed", after=0, limit=1)
        self._back.append(member._replace(token=token))

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


def _upload(api: MemberApi, content: bytes) -> str:
    """An attachment, uploaded; its root."""
    made = api.post("/v1/attachments", {"size": len(content), "media_type": "application/octet-stream"})
    chunk = made["chunk_bytes"]
    place = f"/v1/attachments/uploads/{made['upload']}"
    for at in range(made["chunks"]):
        api.call("PUT", f"{place}/{at}", content[at * chunk : (at + 1) * chunk], media="application/octet-stream")
    return str(json.loads(api.call("POST", f"{place}/complete", b""))["root"])


def _profile(firm: Firm) -> dict[str, Any]:
    return {"name": firm.name}
