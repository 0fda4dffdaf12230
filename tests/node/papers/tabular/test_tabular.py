"""Files as shops and offices write them: read, guessed, told what is wrong line by line, written out again."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.i18n import translations
from node.papers.tabular import LAYOUTS, Mapping, Table, guess, preview, read, write_csv, write_xlsx
from node.papers.tabular import reading as limits
from node.papers.tabular.values import READERS, Wrong
from node.papers.tabular.writing import guarded
from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.process.trade.papers import Scaled

ITEMS = '商品コード,JANコード,商品名,単位,単価,入数\r\nB-1,2900000101012,ブラケット①㈱髙,個,"1,070",10\r\n'


# ---- encodings and kinds of files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_every_encoding_is_found(encoding: str) -> None:
    table = read(ITEMS.encode(encoding), "items.CSV")
    assert table.encoding == encoding
    assert table.rows[1] == ("B-1", "2900000101012", "ブラケット①㈱髙", "個", "1,070", "10")


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_every_separator_is_found(mark: str) -> None:
    table = read(f"a{mark}b{mark}c\n1{mark}2{mark}3\n".encode(), "a.csv")
    assert table.delimiter == mark
    assert table.rows == (("a", "b", "c"), ("1", "2", "3"))


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_excel_cells_become_texts_as_they_are_seen() -> None:
    data = workbook(
        ("JAN", "日付", "単価", "数"), (4912345678904, date(2026, 10, 5), 12.5, 3), ("0012", None, True, "▲5")
    )
    table = read(data, "a.xlsx")
    assert table.rows[1] == ("4912345678904", "2026-10-05", "12.5", "3")
    assert table.rows[2] == ("0012", "", "TRUE", "▲5")


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<a/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (limits.MAX_UNPACKED_BYTES + 1))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "fault"),
    [
        (b"x" * (limits.MAX_BYTES + 1), "a.csv", TooLarge),
        (b"\xff\xfe\x00\x00\xff", "a.csv", Malformed),
        (b"\x81\xff\xff", "a.csv", Malformed),
        (b"a,b\0,c", "a.csv", Malformed),
        (b'a,"b', "a.csv", Malformed),
        (b"a," * 300, "a.csv", TooLarge),
        (b"a\n" * 20_002, "a.csv", TooLarge),
        (b"x" * 5_000, "a.csv", TooLarge),
        (b"PK\x03\x04 no zip", "a.xlsx", Malformed),
        (b"<html>", "a.xls", Malformed),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"rest", "a.xls", Malformed),
        (b"%PDF-1.7", "a.pdf", Malformed),
        (workbook(("a",)), "a.xlsm", Malformed),
    ],
)
def test_files_that_are_not_what_they_say_or_too_large_are_refused(
    data: bytes, name: str, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        read(data, name)


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    data = bomb()
    assert len(data) < limits.MAX_BYTES
    with pytest.raises(TooLarge):
        read(data, "a.xlsx")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(Malformed):
        read(out.getvalue(), "a.xlsx")


# ---- values


GOOD = [
    ("amount", "1,070", 1070),
    ("amount", "¥1,070", 1070),
    ("amount", "１，０７０円", 1070),
    ("amount", "930.0000", 930),
    ("signed_amount", "▲500", -500),
    ("signed_amount", "△1,500", -1500),
    ("signed_amount", "(300)", -300),
    ("signed_amount", "（300）", -300),
    ("signed_amount", "-300", -300),
    ("decimal", "12.50", Scaled(value=125, scale=1)),
    ("decimal", "10%", Scaled(value=10)),
    ("decimal", "1,200", Scaled(value=1200)),
    ("decimal", "0", Scaled(value=0)),
    ("day", "R8/11/22", "2026-11-22"),
    ("day", "令和8年11月22日", "2026-11-22"),
    ("day", "2026年03月01日(日)", "2026-03-01"),
    ("day", "2026-10-05 00:00:00", "2026-10-05"),
    ("day", "20261005", "2026-10-05"),
    ("gtin", "4912345678904", "4912345678904"),
    ("gtin", "４９１２３４５６７８９０４", "4912345678904"),
    ("corporate_number", "7000012050002", "7000012050002"),
    ("registration_number", "7000012050002", "T7000012050002"),
    ("registration_number", "Ｔ-7000012050002", "T7000012050002"),
    ("postcode", "600000", "060-0000"),
    ("postcode", "〒471-0000", "471-0000"),
    ("telephone", "312345678", "0312345678"),
    ("telephone", "03-1234-5678", "03-1234-5678"),
    ("unit", "個", "H87"),
    ("unit", "kg", "KGM"),
    ("code", "Ａ-１", "A-1"),
    ("text", "（株）ア①", "（株）ア①"),
]


@pytest.mark.parametrize(("kind", "written", "value"), GOOD)
def test_values_as_people_write_them(kind: str, written: str, value: object) -> None:
    assert READERS[kind](written) == value


def test_a_leading_zero_that_excel_dropped_from_a_short_jan_comes_back() -> None:
    short = next(
        code for code in (f"0{body:06d}{check}" for body in range(1, 99) for check in range(10)) if _valid(code)
    )
    assert READERS["gtin"](short.removeprefix("0")) == short


def _valid(code: str) -> bool:
    from stdnum import ean

    return bool(ean.is_valid(code))


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("gtin", "4.90123E+12"),
        ("gtin", "4912345678905"),
        ("gtin", "49-12"),
        ("code", "1.2E+15"),
        ("decimal", "4.90123E+12"),
        ("amount", "12.5"),
        ("amount", "-1"),
        ("amount", "abc"),
        ("amount", "99999999999999999999"),
        ("decimal", "0.0000000001"),
        ("decimal", "NaN"),
        ("decimal", "1e5"),
        ("decimal", "▲5"),
        ("day", "10/5"),
        ("day", "2026-02-30"),
        ("corporate_number", "1234567890123"),
        ("corporate_number", "123"),
        ("registration_number", "T12"),
        ("postcode", "12"),
        ("telephone", "abc"),
        ("unit", "ひとやま"),
        ("text", "長" * 4_001),
    ],
)
def test_wrong_values_are_told_in_japanese(kind: str, written: str) -> None:
    with pytest.raises(Wrong) as caught:
        READERS[kind](written)
    told = translations("ja").gettext(caught.value.rule).format(**caught.value.values)
    assert told.endswith("。")


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_any_amount_with_separators_is_read(value: int) -> None:
    assert READERS["signed_amount"](f"{value:,}") == value
    if value < 0:
        assert READERS["signed_amount"](f"▲{-value:,}") == value


# ---- columns and lines


def table_of(text: str) -> Table:
    return read(text.encode("cp932"), "a.csv")


def test_columns_are_guessed_below_a_heading() -> None:
    table = table_of('店舗,全店\n\n商品コード,JANコード,商品名,単位,販売単価(税抜)\nB-1,2900000101012,釘,個,"1,070"\n')
    mapping = guess(table, "items")
    assert mapping.header == 2
    assert mapping.columns == {
        "seller_id": "商品コード", "gtin": "JANコード", "name": "商品名", "unit": "単位", "price": "販売単価(税抜)",
    }  # fmt: skip
    english = table_of("SKU,Item name,Qty,PO number,Unit price\n")
    assert guess(english, "orders").columns["number"] == "PO number"


@pytest.mark.parametrize("kind", LAYOUTS)
def test_every_layout_finds_its_own_titles(kind: str) -> None:
    fields = LAYOUTS[kind]
    for which in (0, -1):
        titles = [field.names[which] for field in fields]
        if len(set(titles)) == len(titles):
            assert guess(Table((tuple(titles),)), kind).columns == {
                field.name: title for field, title in zip(fields, titles, strict=True)
            }


def test_good_lines_are_kept_and_wrong_ones_told_with_line_and_column() -> None:
    text = (
        '商品名,JAN,単価,単位\n釘,2900000101012,"1,070",個\nねじ,4.90123E+12,10,個\n\n'
        ',2900000101029,10,個\n板,,5,枚\n合計,,"1,085",\n'
    )
    table = table_of(text)
    seen = preview(table, guess(table, "items"))
    assert [record.line for record in seen.records] == [2, 6]
    assert seen.records[0].values["gtin"] == "2900000101012"
    assert seen.records[1].values == {"name": "板", "price": Scaled(value=5), "unit": "H87"}
    assert [(one.line, one.column) for one in seen.problems] == [(3, "JAN"), (5, "商品名")]
    assert seen.skipped == 2
    told = seen.problems[0].text(translations("ja").gettext)
    assert "4.90123E+12" in told
    assert "文字列" in told


def test_a_mapping_is_kept_and_a_file_that_does_not_fit_it_is_refused() -> None:
    table = table_of("名前,ねだん\n釘,5\n")
    mapping = Mapping(kind="items", columns={"name": "名前", "price": "ねだん"})
    kept = msgspec.json.decode(msgspec.json.encode(mapping), type=Mapping)
    assert kept == mapping
    assert preview(table, kept).records[0].values["name"] == "釘"
    for wrong, field in (
        (Mapping(kind="items", columns={"name": "品"}), "columns.name"),
        (Mapping(kind="items", columns={"price": "ねだん"}), "columns.name"),
        (Mapping(kind="items", columns={"name": "名前", "colour": "ねだん"}), "columns.colour"),
        (Mapping(kind="items", header=9, columns={"name": "名前"}), "columns.name"),
        (Mapping(kind="poems"), "kind"),
    ):
        with pytest.raises(CallerFault) as caught:
            preview(table, wrong)
        assert caught.value.field == field
    with pytest.raises(CallerFault):
        guess(table, "poems")


# ---- out


@pytest.mark.parametrize("text", ["=1+1", "+81", "-5", "@SUM(A1)", "\t=1", "  =1", "＝1", "\u3000=1"])
def test_no_text_is_run_as_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx([text], [[text]])))
    assert [cell.data_type for row in book.active.rows for cell in row] == ["s", "s"]  # type: ignore[union-attr]
    assert f"'{text}".encode() in write_csv(["a"], [[text]]).replace(b'"', b"")


def test_numbers_stay_numbers_and_codes_keep_their_zeros() -> None:
    assert guarded(-5) == -5
    assert guarded(None) is None
    data = write_xlsx(["番号", "金額"], [["0012", -5], ["4912345678904", None]])
    assert read(data, "a.xlsx").rows == (("番号", "金額"), ("0012", "-5"), ("4912345678904", ""))


def test_both_encodings_are_written_and_read_back() -> None:
    rows = [['釘,"大"', 1], ["髙﨑①", 2]]
    for encoding in ("utf-8-sig", "cp932"):
        table = read(write_csv(["品名", "数"], rows, encoding), "a.csv")
        assert table.encoding == encoding
        assert table.rows == (("品名", "数"), ('釘,"大"', "1"), ("髙﨑①", "2"))
    assert "〓" in write_csv(["a"], [["😀"]], "cp932").decode("cp932")
    with pytest.raises(CallerFault):
        write_csv(["a"], [], "latin-1")
