"""What members let be counted: nothing until they say so, nothing after they take it back."""

from __future__ import annotations

import pytest

from node.services import datause, directory, members
from node.services.datause import CHOICES, Data, Reach
from protocol.errors import CallerFault
from tests.node.services.town import Association

AREA = (Data.DEALINGS, Reach.AREA)


@pytest.fixture
def town() -> Association:
    return Association("toyota")


def counted(town: Association) -> set[bytes]:
    return set(town.see(lambda tx: datause.contributors(tx, *AREA)))


def allow(town: Association, member: bytes, *choices: tuple[Data, Reach]) -> bool:
    return town.do(lambda tx: datause.choose(town.house, tx, member, choices, "owner"))


def test_nothing_counts_until_it_is_allowed_and_nothing_after_it_is_taken_back(town: Association) -> None:
    first, second = town.enrol("一"), town.enrol("二")
    assert counted(town) == set()
    assert allow(town, first, *CHOICES)
    assert allow(town, second, (Data.SALES, Reach.STREET))
    assert counted(town) == {first}
    assert not allow(town, first, *CHOICES)
    assert allow(town, first)
    assert counted(town) == set()


def test_a_suspended_member_does_not_count(town: Association) -> None:
    first = town.enrol("一")
    allow(town, first, AREA)
    town.do(lambda tx: members.suspend(tx, first))
    assert counted(town) == set()


def test_branches_with_one_number_are_one_company(town: Association) -> None:
    first, second = town.enrol("一"), town.enrol("二")
    profile = directory.Profile(name="一", corporate_number="7000012050002", area="232114", industry="09")
    for member in (first, second):
        town.do(lambda tx, m=member: directory.publish(town.house, tx, m, profile))
        allow(town, member, AREA)
    found = town.see(lambda tx: datause.contributors(tx, *AREA))
    assert {one.unit for one in found.values()} == {"7000012050002"}
    assert {(one.area, one.industry) for one in found.values()} == {("232114", "09")}


def test_uses_are_listed_once_a_day_while_they_were_allowed(town: Association) -> None:
    first, second = town.enrol("一"), town.enrol("二")
    allow(town, first, AREA)
    for _ in range(3):
        town.do(lambda tx: datause.note_use(town.house, tx, *AREA, "市", "2026-10"))
    assert [use.asker for use in town.see(lambda tx: datause.uses_of(tx, first))] == ["市"]
    assert town.see(lambda tx: datause.uses_of(tx, second)) == []
    allow(town, first)
    town.now += 2 * 86_400_000_000
    town.do(lambda tx: datause.note_use(town.house, tx, *AREA, "県", "2026-10"))
    assert [use.asker for use in town.see(lambda tx: datause.uses_of(tx, first))] == ["市"]


def test_what_cannot_be_chosen_and_long_streets_are_refused(town: Association) -> None:
    first = town.enrol("一")
    with pytest.raises(CallerFault):
        allow(town, first, (Data.DEALINGS, Reach.STREET))
    with pytest.raises(CallerFault):
        town.do(lambda tx: datause.set_street(tx, first, "さ" * 61))
    town.do(lambda tx: datause.set_street(tx, first, "  さくら　通り "))
    assert town.see(lambda tx: datause.street_of(tx, first)) == "さくら 通り"
    assert town.see(datause.streets) == ("さくら 通り",)
