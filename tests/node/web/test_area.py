"""A supporter looks at the figures of the area: sums only, withheld cells as dashes, and nothing else of the node."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.services import datause, users
from node.services.area import publishing
from node.services.users import UserRow
from tests.node.services.area.test_area import ANJO, TOYOTA, District
from tests.node.web.harness import Web, web_of

WITHHELD = "－"


@pytest.fixture
def district() -> District:
    found = District()
    for industry in "EIM":
        for area in (TOYOTA, ANJO):
            found.firms(2 if (industry, area) == ("M", ANJO) else 5, industry, area)
    return found


async def test_a_supporter_sees_sums_and_nothing_else(district: District, tmp_path: Path) -> None:
    async with web_of(district.town, tmp_path) as web:
        web.settle_in("会社", district.buyers[0])
        supporter = await web.logged_in("supporter")
        shown = await supporter.get("/")
        assert shown.heading == "地域の数字"
        plain = shown.plain
        assert "製造業" in plain
        assert "愛知県 23211" in plain
        assert "3,000" in plain  # five firms with six bills of 100 yen
        assert WITHHELD in plain
        assert "<svg" in shown.text
        for path in ("/association", "/association/members", "/dealings", "/settings/data-use", "/people"):
            assert (await supporter.get(path)).status in (403, 404), path
        saved = await supporter.get("/area/download?month=2026-10")
        lines = saved.body.decode("utf-8-sig").splitlines()
        assert "2026-10,製造業,合計,6000,60,100,10,1" in lines
        assert sum(f",{WITHHELD}," in line for line in lines) >= 4
        assert not any(",1200," in line for line in lines)  # of the two firms
        seller = next(iter(district.town.see(lambda tx: datause.contributors(tx, *_AREA))))
        uses = district.town.see(lambda tx: datause.uses_of(tx, seller))
        assert {use.asker for use in uses} == {_supporter(web).name}


_AREA = (datause.Data.DEALINGS, datause.Reach.AREA)


def _supporter(web: Web) -> UserRow:
    rows = web.town.see(lambda tx: users.list_of_house(tx, None))
    return next(row for row in rows if row.role == "supporter")


@pytest.mark.parametrize(
    "question", ["?kind=flow", "?what=average&department=commerce", "?month=2020-01&kind=x&what=y"]
)
async def test_other_tables_departments_and_questions_that_are_none(
    district: District, tmp_path: Path, question: str
) -> None:
    async with web_of(district.town, tmp_path) as web:
        web.settle_in("会社", district.buyers[0])
        staff = await web.logged_in("staff")
        shown = await staff.get(f"/area{question}")
        assert shown.status == 200
        assert "製造業" in shown.plain
        assert ("宿泊業" in shown.plain) is ("department" not in question)


async def test_an_area_in_which_nobody_lets_anything_count(web: Web) -> None:
    staff = await web.logged_in("staff")
    shown = await staff.get("/area")
    assert "表示できるものがありません" in shown.plain
    assert shown.text.count('<option value="20') == publishing.MONTHS
    clerk = await web.logged_in("clerk")
    assert (await clerk.get("/area")).status in (403, 404)
