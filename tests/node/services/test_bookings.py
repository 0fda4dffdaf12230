"""Bookings attempted from several nodes whose links are cut and heal: nothing is given twice, each loser hears why."""

from __future__ import annotations

import itertools
import random
from typing import NamedTuple

import pytest

from node.services import deeds, greeting
from node.services.deeds import Wish
from protocol.errors import CallerFault
from tests.node.services.offers import fair
from tests.node.services.town import Association

HOUR = 3_600_000_000
DAY = 24 * HOUR
NAMES = ("豊田", "大阪", "金沢", "今治")
AT_ONCE = 50


class Counted(NamedTuple):
    attempted: int
    granted: int
    refused: int
    doubles: int
    untold: int


def run(attempts: int, seed: int) -> Counted:
    """One press of Kyoto's; four firms want hours of it, whether they hear of each other's or not."""
    chance = random.Random(seed)
    home = Association("京都")
    giver = home.enrol("花咲堂")
    towns = [Association(name) for name in NAMES]
    firms = [town.enrol(f"{town.name}の店") for town in towns]
    for town in towns:
        for one, other in ((town, home), (home, town)):
            one.accept(other)
        for one, other in ((town, home), (home, town)):
            one.learn_from(other)
        assert town.greet(home) == greeting.OK
    series = fair.publish(home, giver).series
    for town in towns:
        fair.tell(home, town)
    base = home.now // DAY * DAY + 2 * DAY
    asked: dict[bytes, int] = {}
    waiting: list[bytes] = []
    granted: set[bytes] = set()
    refused: set[bytes] = set()
    while len(asked) < attempts or waiting:
        for _ in range(min(AT_ONCE, attempts - len(asked))):
            at = chance.randrange(len(towns))
            starts = base + chance.randrange(200 * 24) * HOUR
            wish = Wish(starts=starts, ends=starts + chance.randint(1, 12) * HOUR, until=home.now + 300 * DAY)
            town, firm = towns[at], firms[at]
            made = town.do(lambda tx, t=town, f=firm, w=wish: deeds.answer(t.house, tx, f, series, w))
            asked[made.submitted[0].thread] = at
        for town in towns:
            if len(asked) == attempts or chance.random() < 0.6:  # else cut off for now
                town.send_all(home)
        rows = home.see(lambda tx: [row for row, _ in deeds.listed(tx, giver) if row.turn])
        chance.shuffle(rows)
        for row in rows:
            try:
                home.do(lambda tx, r=row: deeds.agree(home.house, tx, giver, r.thread))
                granted.add(row.thread)
            except CallerFault as fault:
                reason = fault.rule
                home.do(lambda tx, r=row, why=reason: deeds.decline(home.house, tx, giver, r.thread, why))
                refused.add(row.thread)
        waiting = [thread for thread in asked if thread not in granted and thread not in refused]
        for town in towns:
            if not waiting or chance.random() < 0.6:
                home.send_all(town)
    for town in towns:
        home.send_all(town)
    given = home.see(lambda tx: [tx.deeds.get(giver, at) for at in granted])
    spans = sorted((row.starts, row.ends) for row in given if row is not None)
    doubles = sum(one[1] > other[0] for one, other in itertools.pairwise(spans))
    untold = 0
    for thread, at in asked.items():
        town, firm = towns[at], firms[at]
        shown = town.see(lambda tx, t=town, f=firm, h=thread: deeds.show(t.house, tx, f, h))
        if thread in granted:
            assert shown.row.state == "agreed"
        else:
            untold += "taken from" not in shown.steps[-1].fact.body.reason  # type: ignore[attr-defined]
    return Counted(len(asked), len(granted), len(refused), doubles, untold)


@pytest.mark.parametrize("attempts", [200, pytest.param(2_000, marks=pytest.mark.slow)])
def test_no_hour_is_given_twice_however_links_are_cut(attempts: int) -> None:
    found = run(attempts, seed=67)
    print(found)
    assert (found.attempted, found.doubles, found.untold) == (attempts, 0, 0)
    assert found.granted + found.refused == attempts
    assert min(found.granted, found.refused) > 0
