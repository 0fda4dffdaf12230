"""A register's file through the processes that the node uses: what is kept, what is named, what is never kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node.pos.process import Warehouse
from protocol.errors import CallerFault, Malformed

HEAD = "営業日,レシート番号,行,JANコード,商品名,数量,単位,小計,税区分,税率,取消区分,電話,カード番号\n"
JAN = "2900000101012"
GOOD = f'2026-10-01,R1,1,{JAN},金具 B-1,2,個,"1,070",税込,10,0,090-1234-5678,4111111111111111\n'
TODAY = "2026-11-23"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("pos")
    (folder / "work").mkdir()
    warehouse = Warehouse(folder)
    yield warehouse
    warehouse.close()


class Till:
    """A register whose files are taken one after the other, each batch folded at once."""

    def __init__(self, warehouse: Warehouse, folder: Path) -> None:
        self.warehouse, self.files, self.position = warehouse, folder, 0
        self.current: dict[str, str] = {}
        self.out = warehouse.folder / "work" / "out.parquet"

    def take(self, text: str | bytes, **wanted: Any) -> dict[str, Any]:
        file = self.files / "register.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        given = {
            "member": "ab", "store": "本店", "layout": "generic", "mapping": None, "tax": "in", "today": TODAY,
            "version": self.position + 1, "correct": False, **wanted,
        }  # fmt: skip
        copy = self.out.with_suffix(".csv")
        told = self.warehouse.take(file, copy, self.out, given, list(self.current.values()))
        assert not copy.exists()
        return told

    def keep(self, text: str | bytes, **wanted: Any) -> dict[str, Any]:
        told = self.take(text, **wanted)
        if told["new"] + told["changed"]:
            self.position += 1
            made = self.warehouse.fold(self.out, self.position, self.current)
            self.current |= {month: name for month, name, _ in made}
        return told

    def rows(self, what: str = "*", of: str = "sales") -> list[list[Any]]:
        return self.warehouse.rows(f"SELECT {what} FROM {of} ORDER BY ALL", {}, list(self.current.values()))


@pytest.fixture
def till(process: Warehouse, tmp_path: Path) -> Till:
    return Till(process, tmp_path)


def test_a_line_is_kept_with_all_that_it_says(till: Till) -> None:
    told = till.keep(HEAD + GOOD)
    assert (told["new"], told["bad"], told["encoding"]) == (1, 0, "utf-8")
    assert (told["first_day"], told["last_day"]) == ("2026-10-01", "2026-10-01")
    assert till.rows() == [
        ["ab", "本店", "2026-10-01", "R1", 1, None, JAN, JAN, "金具 B-1", 2000, "C62", 1070, "in", 10, False, 1]
    ]


def test_what_is_said_of_customers_and_cards_is_nowhere(till: Till) -> None:
    line = GOOD.replace("金具 B-1", "金具 4111 1111 1111 1111 様").replace("R1", "4111111111111111")
    told = till.keep(HEAD + GOOD.replace("金具 B-1", "金具 4111-1111-1111-1111") + line)
    assert [(one[0], one[1]) for one in told["problems"]] == [(3, "レシート番号")]
    assert till.rows("name") == [["金具 ****"]]
    for file in till.warehouse.folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert b"4111" not in content, file
        assert b"090-1234" not in content, file
    assert "4111" not in str(told["problems"])


@pytest.mark.parametrize(
    ("old", "new", "column", "rule"),
    [
        (JAN, "4.90123E+12", "JANコード", "Excel changed this number"),
        (JAN, "2900000101013", "JANコード", "check digit"),
        (JAN, "290000010101", "JANコード", "check digit"),
        (JAN, "29001", "JANコード", "8 or 13 digits"),
        (JAN, "", "item", "neither JAN nor own code"),
        ("2,個", '"89,638",L', "数量", "more than 10,000"),
        ("2,個", "x,個", "数量", "no number"),
        ("2,個", "1.0005,kg", "数量", "three decimals"),
        ("2,個", "2,斗", "単位", "no unit"),
        ("2026-10-01", "2026-10-32", "営業日", "no date"),
        ("2026-10-01", "2027-01-01", "営業日", "in the future"),
        ("R1", "", "レシート番号", "is missing"),
        ('"1,070"', "1070.5", "小計", "whole yen"),
        ("税込", "謎", "税区分", "tax in"),
        (",10,0,", ",7,0,", "税率", "0, 8 or 10"),
        ("R1,1,", "R1,0,", "行", "from 1"),
        ("4111111111111111\n", "1,2\n", "行", "more columns"),
    ],
)
def test_a_bad_line_is_named_and_the_good_ones_kept(till: Till, old: str, new: str, column: str, rule: str) -> None:
    assert old in GOOD
    told = till.keep(HEAD + GOOD + GOOD.replace("R1", "R2").replace(old.replace("R1", "R2"), new))
    ((line, title, said, _),) = told["problems"]
    assert (line, title) == (3, column)
    assert rule in said
    assert told["bad"] == 1
    assert len(till.rows()) == 1


def test_half_a_file_loses_only_its_last_line(till: Till) -> None:
    told = till.keep((HEAD + GOOD + GOOD.replace("R1", "R2"))[:-60])
    assert (told["new"], told["bad"]) == (1, 1)
    assert told["problems"][0][0] == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_encodings(till: Till, encoding: str) -> None:
    told = till.keep((HEAD + GOOD.replace("金具", "㈱髙①")).encode(encoding))
    assert told["new"] == 1
    assert till.rows("name") == [["㈱髙① B-1"]]


def test_bytes_of_no_encoding(till: Till) -> None:
    with pytest.raises(Malformed, match="neither UTF-8 nor Shift_JIS"):
        till.take(HEAD.encode() + b"\xff\xfe\x81\x20\xff\n")


def test_a_day_that_comes_twice_changes_nothing(till: Till) -> None:
    till.keep(HEAD + GOOD)
    before = dict(till.current)
    again = till.keep(HEAD + GOOD)
    assert (again["new"], again["same"], again["bad"]) == (0, 1, 0)
    assert till.current == before
    assert till.keep(HEAD + GOOD + GOOD)["same"] == 2


def test_a_correction_is_a_new_version_and_only_when_it_is_meant(till: Till) -> None:
    till.keep(HEAD + GOOD + GOOD.replace("R1", "R2"))
    other = HEAD + GOOD.replace("1,070", "970")
    refused = till.keep(other)
    assert (refused["changed"], refused["bad"], refused["problems"][0][0]) == (0, 1, 2)
    assert till.keep(other, correct=True)["changed"] == 1
    assert till.rows("receipt, amount, version") == [["R1", 970, 2], ["R2", 1070, 1]]


def test_a_line_twice_in_one_file(till: Till) -> None:
    told = till.keep(HEAD + GOOD + GOOD.replace("1,070", "970"))
    assert (told["new"], told["bad"]) == (1, 1)
    assert "twice" in told["problems"][0][2]


def test_a_month_that_is_closed(till: Till) -> None:
    till.keep(HEAD + GOOD.replace("2026-10", "2026-08"))
    late = HEAD + GOOD.replace("2026-10-01", "2026-08-02") + GOOD
    told = till.keep(late)
    assert (told["new"], told["bad"]) == (1, 1)
    assert "closed" in told["problems"][0][2]
    assert till.keep(late, correct=True)["new"] == 1
    assert len(till.rows()) == 3


def test_returns_voids_weights_and_what_counts(till: Till) -> None:
    head = "date,receipt,line,jan,name,quantity,unit,amount,kind,void\n"
    body = [
        f"2026/10/1,A,1,{JAN},a,3,個,300,1,0", f"R8.10.2,A,1,{JAN},a,1,個,100,返品,0",
        f"20261003,A,1,{JAN},a,1,,100,1,1",
        f"2026年10月4日(日) 24:30,A,1,{JAN},a,350,g,▲900,1,0", f"2026-10-05,A,1,{JAN},a,0,個,0,1,0",
    ]  # fmt: skip
    told = till.keep(head + "\n".join(body) + "\n")
    assert told["problems"] == []
    assert till.rows("day, unit, quantity, amount", "lines") == [
        ["2026-10-01", "C62", 3000, 300],
        ["2026-10-02", "C62", -1000, -100],
        ["2026-10-04", "KGM", 350, -900],
        ["2026-10-05", "C62", 0, 0],
    ]
    assert till.rows("minute") == [[1470], [None], [None], [None], [None]]


def test_layouts_of_registers(till: Till) -> None:
    square = "Date,Time,Item,Qty,SKU,Net Sales,Tax,Transaction ID,Customer Name,Location\n"
    told = till.keep(square + "2026-10-01,09:05:00,Tea,1,T-1,¥540,¥40,tx1,Hanako,駅前\n", layout="square", store="")
    assert told["problems"] == []
    assert till.rows("store, item, name, amount, minute") == [["駅前", "#T-1", "Tea", 540, 545]]
    journal = (
        "販売日：2026年10月1日(木) ～ 2026年10月2日(金)\n全店舗\n"
        "販売日時,レシート番号,レジ担当者,決済種別,掛売先,JANコード,商品名,販売単価,税区分,数量,小計\n"
        f'2026年10月01日(木) 09:05,No.25-251-260301090520,花子,現金,,{JAN},茶,"1,070",税込,1,930.0000\n'
    )
    assert till.keep(journal.encode("cp932"))["new"] == 1


def test_a_file_without_the_columns_that_are_needed(till: Till) -> None:
    with pytest.raises(CallerFault, match="no column for: quantity"):
        till.take("日付,レシート番号,JANコード,金額\n2026-10-01,1,1,1\n")
    told = till.keep(HEAD.replace("数量", "かず") + GOOD, mapping={
        "day": "営業日", "receipt": "レシート番号", "jan": "JANコード", "quantity": "かず", "amount": "小計",
    })  # fmt: skip
    assert told["new"] == 1
