"""A few real nodes whose members sell at registers, all of them in one cohort: where questions are tried and measured.

Owns the set-up and the open truth, by which what the nodes open is judged. The sales are invented from a seed.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from cli import client
from cli.cluster.member_api import MemberApi
from cli.cluster.nodes import Node, befriend, free_ports, stop_all

COHORT: Final = "みかわ"
FIRMS: Final = 3
DAYS: Final = 7
_TITLES: Final = ("営業日", "レシート番号", "行", "JANコード", "商品名", "数量", "単位", "小計", "税区分", "税率")
_SOLD: Final = 0.9  # of all goods, by each firm


class Line(NamedTuple):
    """One line of a register."""

    node: str
    firm: int
    jan: str
    day: date
    amount: int


class Region(NamedTuple):
    """``asker`` is the first of ``nodes``; ``goods``: JANs; ``lines``: what was sold from ``first`` to ``last``."""

    nodes: Sequence[Node]
    goods: Sequence[str]
    lines: Sequence[Line]
    first: date
    last: date

    @property
    def asker(self) -> Node:
        """Who asks and gathers."""
        return self.nodes[0]

    def ask(self, codes: Sequence[str]) -> Any:
        """Ask for the yen of each class of goods: the question, and how each node stands to it."""
        cells = [(code, self.first.isoformat(), self.last.isoformat()) for code in codes]
        return client.ask(self.asker.folder, "stats.ask", cohort=COHORT, figure="sales", cells=cells)

    def run(self, question: str, patience: int = 30) -> Any:
        """Gather; what came of it."""
        return client.ask(self.asker.folder, "stats.run", text=question, patience=patience)

    def truth(self, code: str, nodes: Sequence[str]) -> list[int]:
        """What each firm of these nodes sold of a class of goods, computed openly."""
        found: dict[tuple[str, int], int] = {}
        for line in self.lines:
            if line.node in nodes and line.jan.startswith(code):
                found[line.node, line.firm] = found.get((line.node, line.firm), 0) + line.amount
        return list(found.values())


@contextmanager
def region(folder: Path, nodes: int = 5, goods: int = 20, seed: int = 1) -> Iterator[Region]:
    """Running nodes below ``folder``, peers of the first one, all in one cohort, which answer whoever asks."""
    ports = free_ports(2 * nodes)
    made = [Node(folder / f"n{at}", f"N{at}", *ports[2 * at : 2 * at + 2]) for at in range(nodes)]
    last = date.today() - timedelta(days=1)  # noqa: DTZ011 - business days are local
    first = last - timedelta(days=DAYS - 1)
    jans = [_jan(at) for at in range(goods)]
    try:
        for node in made:
            node.init()
            node.start(directly=True)
        for node in made:
            node.wait_ready()
        lines = [line for node in made for line in _sell(node, jans, first, seed)]
        for node in made[1:]:
            befriend(made[0], node)
        made[0].yui("stats", "publish", COHORT, *(node.name for node in made[1:]))
        for node in made[1:]:
            node.yui("stats", "accept", COHORT)
            node.yui("stats", "policy", "auto")
        yield Region(made, jans, lines, first, last)
    finally:
        stop_all(made)


def _jan(at: int) -> str:
    """Number ``at`` of goods, from the range for use within a company, with its check digit."""
    body = f"29{at:010}"
    odd, even = sum(map(int, body[::2])), sum(map(int, body[1::2]))
    return body + str(-(odd + 3 * even) % 10)


def _sell(node: Node, jans: Sequence[str], first: date, seed: int) -> Iterator[Line]:
    """Three firms with a week's sales each, which count between regions because their owners say so."""
    for firm in range(FIRMS):
        dice = Random(f"{seed} {node.name} {firm}")  # noqa: S311 - invented sales
        lines = [
            Line(node.name, firm, jan, first + timedelta(days=dice.randrange(DAYS)), dice.randrange(100, 2000))
            for jan in jans
            if dice.random() < _SOLD
        ]
        member = node.yui("member", "add", f"商店 {node.name} {firm}")["member"]
        token = node.yui("token", "create", "programs", "--member", member)["token"]
        _bring(node, member, lines)
        _consent(node, token)
        yield from lines


def _bring(node: Node, member: str, lines: Sequence[Line]) -> None:
    path = node.folder.parent / f"{node.folder.name}-{member[:8]}.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(_TITLES)
        for at, line in enumerate(lines, 1):
            writer.writerow((line.day.isoformat(), f"R{at}", 1, line.jan, "品", 1, "個", line.amount, "税込", 10))
    node.yui("pos", "import", str(path), "--member", member, "--store", "本店")


def _consent(node: Node, token: str) -> None:
    api = MemberApi(node.api, token)
    try:
        given = {"allowed": [{"data": "sales", "reach": "federation"}]}
        api.call("PUT", "/v1/data-use", json.dumps(given).encode(), key="consent")
    finally:
        api.close()
