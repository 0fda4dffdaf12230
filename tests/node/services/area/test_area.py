"""Tables of the area: what is counted, what is withheld, and that revisions tell of nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from node.services import datause, directory
from node.services.area import counting, publishing
from node.services.area.counting import AMOUNT, BILLS, COMPANIES, Kind
from node.services.area.industries import DIVISIONS, division_of
from node.services.datause import Data, Reach
from node.store import BillRow
from protocol.statistics.tables import TOTAL
from tests.node.services.town import Association

TOYOTA, ANJO = "23211", "23212"
GRAND = (TOTAL, TOTAL)


class District:
    """An association whose members have cards, let their dealings count, and have written bills."""

    def __init__(self) -> None:
        self.town = Association("toyota")
        self.town.now = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp()) * 1_000_000
        self.buyers = [self.firm("I", ANJO, counts=False) for _ in range(6)]

    def firm(self, industry: str, area: str, *, counts: bool = True, number: str = "") -> bytes:
        member = self.town.enrol("会社")
        profile = directory.Profile(name="会社", industry=industry, area=area, corporate_number=number)
        self.town.do(lambda tx: directory.publish(self.town.house, tx, member, profile))
        if counts:
            allowed = [(Data.DEALINGS, Reach.AREA)]
            self.town.do(lambda tx: datause.choose(self.town.house, tx, member, allowed, "owner"))
        return member

    def bill(self, seller: bytes, amount: int, buyer: int = 0, day: str = "2026-10-15", currency: str = "JPY") -> None:
        """To the buyers in turn, so that none of them stands out."""
        name = hashlib.sha256(f"{seller.hex()}{amount}{buyer}{day}".encode()).digest()
        row = BillRow(
            seller,
            name,
            "invoice",
            "1",
            True,
            self.buyers[buyer % 6],
            name,
            currency,
            day,
            "",
            False,
            amount,
            0,
            0,
            0,
            amount,
        )
        self.town.do(lambda tx: tx.books.put_bills([row]))

    def firms(self, count: int, industry: str, area: str, amount: int = 100) -> list[bytes]:
        """Firms with one bill to each buyer."""
        found = [self.firm(industry, area + "4") for _ in range(count)]  # the sixth digit is a check digit
        for seller in found:
            for buyer in range(6):
                self.bill(seller, amount, buyer)
        return found

    def table(self, kind: Kind = Kind.PLACE, month: str = "2026-10") -> publishing.Shown | None:
        return self.town.do(lambda tx: publishing.table(self.town.house, tx, kind, month, "市"))

    def tomorrow(self) -> None:
        self.town.now += publishing.AGAIN


@pytest.fixture
def district() -> District:
    return District()


def shown(district: District) -> publishing.Shown:
    found = district.table()
    assert found is not None
    return found


def test_sums_bills_and_companies_with_their_totals(district: District) -> None:
    for industry, area in (("E", TOYOTA), ("0911", ANJO), ("I", TOYOTA), ("56", ANJO)):
        district.firms(4, industry, area)
    found = shown(district)
    assert found.rows == ("E", "I")
    assert found.columns == (TOYOTA, ANJO)
    assert not found.withheld
    assert found.sums[AMOUNT]["E", TOYOTA] == 4 * 600
    assert found.sums[BILLS]["E", TOTAL] == 8 * 6
    assert found.sums[COMPANIES][GRAND] == 16
    assert found.sums[AMOUNT][GRAND] == 16 * 600
    flow = district.table(Kind.FLOW)
    assert flow is not None
    assert flow.columns == ("I",)
    assert flow.sums[AMOUNT]["E", "I"] == 8 * 600


def test_two_firms_are_withheld_and_nothing_shown_tells_of_them(district: District) -> None:
    for industry in "EIM":
        for area in (TOYOTA, ANJO):
            district.firms(2 if (industry, area) == ("M", ANJO) else 5, industry, area)
    found = shown(district)
    assert ("M", ANJO) not in found.sums[AMOUNT]
    assert ("M", ANJO) not in found.sums[BILLS]
    row = found.sums[AMOUNT].get(("M", TOTAL)), found.sums[AMOUNT].get(("M", TOYOTA))
    assert None in row  # else the difference is theirs
    assert len(found.withheld) >= 4
    assert GRAND in found.sums[AMOUNT]


def test_only_who_allows_it_counts_and_branches_are_one_company(district: District) -> None:
    district.firms(3, "E", TOYOTA)
    silent = district.firm("E", TOYOTA, counts=False)
    district.bill(silent, 1_000_000)
    for _ in range(3):
        branch = district.firm("E", TOYOTA, number="7000012050002")
        for buyer in range(6):
            district.bill(branch, 100, buyer)
    found = shown(district)
    assert found.sums[COMPANIES][GRAND] == 4
    assert found.sums[AMOUNT][GRAND] == 6 * 600
    covered = district.town.see(publishing.coverage)
    assert covered == publishing.Coverage(6, 13)


def test_other_months_other_currencies_and_months_that_are_not_over(district: District) -> None:
    sellers = district.firms(4, "E", TOYOTA)
    district.bill(sellers[0], 999, day="2026-09-30")
    district.bill(sellers[0], 999, currency="USD")
    assert shown(district).sums[AMOUNT][GRAND] == 4 * 600
    for month in ("2026-11", "2027-01", "2020-01", "nonsense"):
        assert district.table(month=month) is None
    assert district.table(month="2026-09") is None  # one firm: nothing can be shown


def test_a_dominant_buyer_is_protected(district: District) -> None:
    for seller in district.firms(4, "E", TOYOTA):
        district.bill(seller, 1_000_000, 0)
    assert district.table() is None


def test_one_firm_that_comes_later_changes_nothing_and_three_do(district: District) -> None:
    district.firms(5, "E", TOYOTA)
    assert shown(district).version == 1
    district.firms(1, "E", TOYOTA)
    assert shown(district).sums[COMPANIES][GRAND] == 5  # looked at again tomorrow
    district.tomorrow()
    assert shown(district).version == 1  # its difference would be that firm
    district.firms(2, "E", TOYOTA)
    district.tomorrow()
    found = shown(district)
    assert found.version == 2
    assert found.sums[COMPANIES][GRAND] == 8


def test_a_firm_that_takes_its_word_back_is_not_seen_to_go(district: District) -> None:
    first, *_ = district.firms(6, "E", TOYOTA)
    before = shown(district)
    district.town.do(lambda tx: datause.choose(district.town.house, tx, first, [], "owner"))
    district.tomorrow()
    assert shown(district) == before
    district.town.now += 31 * publishing.AGAIN
    assert district.town.see(lambda tx: datause.uses_of(tx, first))[0].what == "place 2026-10"


def test_months_that_can_be_shown() -> None:
    def at(*day: int) -> str:
        return publishing.months(int(datetime(*day, tzinfo=UTC).timestamp()) * 1_000_000)[0]  # type: ignore[arg-type]

    assert at(2026, 11, 10) == "2026-09"
    assert at(2026, 11, 11) == "2026-10"
    assert len(publishing.months(0)) == publishing.MONTHS


def test_divisions() -> None:
    codes: Sequence[str] = ("E", "09", "3299", "e", "50", "?", "", "00", "Z1", "99")
    assert [division_of(code) for code in codes] == ["E", "E", "E", "E", "I", "?", "?", "?", "?", "T"]
    assert [one.first for one in DIVISIONS.values()][1:] == [one.last + 1 for one in DIVISIONS.values()][:-1]


def test_the_rules_are_the_nodes_own_and_stay(district: District) -> None:
    def rules() -> object:
        return district.town.do(lambda tx: publishing._rules(district.town.house, tx))

    assert rules() == rules()
    assert counting.CURRENCY == "JPY"
