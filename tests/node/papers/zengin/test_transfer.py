"""総合振込 files, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.i18n import translations
from node.papers.zengin import Account, Payer, Payment, parse, preview, write
from protocol.errors import CallerFault

DAY = date(2026, 11, 30)
PAYER = Payer(
    code="1234567890",
    name="株式会社ハナサカドウ",
    account=Account("9999", "001", "1", "1234567", "ミホンシンヨウキンコ", "ホンテン"),
)
FIRST = Payment(
    payee="浦島水産食品",
    account=Account("9998", "12".rjust(3, "0"), "1", "42", "ﾘﾕｳｸﾞｳ", "ｶｲﾃｲ"),
    holder="ウラシマスイサンショクヒン",
    amount=36_288,
    references=("I-1",),
)
SECOND = Payment(
    payee="わらしべ商会",
    account=Account("9997", "345", "2", "7654321"),
    holder="ワラシベショウカイ(カ",
    amount=33_480,
    edi="ｾｲｷﾕｳ/2026-10",
    first=True,
)
RECORDS = (
    "1" "21" "0" "1234567890" "ｶ)ﾊﾅｻｶﾄﾞｳ" + " " * 31 + "1130" "9999" "ﾐﾎﾝｼﾝﾖｳｷﾝｺ" + " " * 5
    + "001" "ﾎﾝﾃﾝ" + " " * 11 + "1" "1234567" + " " * 17,
    "2" "9998" "ﾘﾕｳｸﾞｳ" + " " * 9 + "012" "ｶｲﾃｲ" + " " * 11 + "0000" "1" "0000042" "ｳﾗｼﾏｽｲｻﾝｼﾖｸﾋﾝ" + " " * 17
    + "0000036288" "0" + " " * 20 + "7" " " + " " * 7,
    "2" "9997" + " " * 15 + "345" + " " * 15 + "0000" "2" "7654321" "ﾜﾗｼﾍﾞｼﾖｳｶｲ(ｶ" + " " * 18
    + "0000033480" "1" "ｾｲｷﾕｳ/2026-10" + " " * 7 + "7" "Y" + " " * 7,
    "8" "000002" "000000069768" + " " * 101,
    "9" + " " * 119,
)  # fmt: skip


def test_the_file_is_right_to_the_byte() -> None:
    file = write(PAYER, [FIRST, SECOND], DAY)
    assert [len(one.encode("cp932")) for one in RECORDS] == [120] * 5
    assert file.data == b"".join(one.encode("cp932") + b"\r\n" for one in RECORDS)
    assert (file.count, file.total) == (2, 69_768)
    assert file.name == "sougou-furikomi-20261130.txt"
    bare = write(PAYER, [FIRST, SECOND], DAY, line_ends=False).data
    assert bare == "".join(RECORDS).encode("cp932")
    assert len(bare) == 600


@pytest.mark.parametrize("line_ends", [True, False])
def test_what_is_written_is_read(line_ends: bool) -> None:
    read = parse(write(PAYER, [FIRST, SECOND], DAY, line_ends=line_ends).data)
    assert (read.count, read.total, read.month_and_day) == (2, 69_768, "1130")
    assert read.payer.name == "ｶ)ﾊﾅｻｶﾄﾞｳ"
    assert read.payer.account.bank_name == "ﾐﾎﾝｼﾝﾖｳｷﾝｺ"
    one, other = read.payments
    assert (one.holder, one.amount, one.account.number) == ("ｳﾗｼﾏｽｲｻﾝｼﾖｸﾋﾝ", 36_288, "0000042")
    assert (other.edi, other.first, other.account.kind) == ("ｾｲｷﾕｳ/2026-10", True, "2")


def test_reading_and_writing_again_gives_the_same_bytes() -> None:
    data = write(PAYER, [FIRST, SECOND, replace(FIRST, customer_codes=("12", "AB"), changed=True)], DAY).data
    read = parse(data)
    assert write(read.payer, read.payments, DAY).data == data


def test_a_preview_shows_what_the_bank_will_read() -> None:
    long = replace(FIRST, holder="ヒガシニホンデンキセイミツキカイコウギョウドウグセイサク株式会社")
    seen = preview(PAYER, [FIRST, long], DAY)
    assert seen.problems == ()
    assert (seen.count, seen.total) == (2, 72_576)
    assert (seen.rows[0].holder, seen.rows[0].cut) == ("ｳﾗｼﾏｽｲｻﾝｼﾖｸﾋﾝ", False)
    assert seen.rows[1].cut
    assert len(seen.rows[1].holder) <= 30
    assert seen.rows[1].holder[-1] not in "ﾞﾟ" or seen.rows[1].holder[-2] in "ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎｳ"


def test_a_name_of_31_bytes_loses_its_last_kana_with_its_mark() -> None:
    row = preview(PAYER, [replace(FIRST, holder="ア" * 29 + "ガ")], DAY).rows[0]
    assert (row.holder, row.cut) == ("ｱ" * 29, True)


BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"holder": "浦島水産"}, "payments[1].holder", "浦 島 水 産"),
    ({"holder": ""}, "payments[1].holder", "empty"),
    ({"holder": "ア,イ"}, "payments[1].holder", ","),
    ({"amount": 0}, "payments[1].amount", "from 1 to"),
    ({"amount": 10_000_000_000}, "payments[1].amount", "10,000,000,000"),
    ({"account": replace(FIRST.account, bank="999")}, "payments[1].account.bank", "4 digits: 999"),
    ({"account": replace(FIRST.account, bank="９９９９")}, "payments[1].account.bank", "4 digits"),
    ({"account": replace(FIRST.account, branch="0001")}, "payments[1].account.branch", "3 digits"),
    ({"account": replace(FIRST.account, number="12345678")}, "payments[1].account.number", "7 digits"),
    ({"account": replace(FIRST.account, number="")}, "payments[1].account.number", "7 digits"),
    ({"account": replace(FIRST.account, kind="5")}, "payments[1].account.kind", "1, 2, 4, 9"),
    ({"account": replace(FIRST.account, bank_name="龍宮")}, "payments[1].account.bank_name", "龍 宮"),
    ({"edi": "X" * 21}, "payments[1].edi", "21 bytes"),
    ({"edi": "請求"}, "payments[1].edi", "請 求"),
    ({"customer_codes": ("12345678901", "")}, "payments[1].customer_codes", "11 bytes"),
    ({"first": True, "changed": True}, "payments[1].first", "new or changed"),
]


@pytest.mark.parametrize(("change", "field", "rule"), BROKEN, ids=[field for _, field, _ in BROKEN])
def test_what_is_wrong_is_named_with_payee_and_rule(change: dict[str, Any], field: str, rule: str) -> None:
    payments = [FIRST, replace(FIRST, payee="竜宮商会", **change)]
    with pytest.raises(CallerFault) as caught:
        write(PAYER, payments, DAY)
    assert caught.value.field == field
    assert "竜宮商会" in caught.value.rule
    assert rule in caught.value.rule
    problems = preview(PAYER, payments, DAY).problems
    assert [(one.place, one.payee) for one in problems] == [(1, "竜宮商会")]


def test_payer_day_and_sums_are_checked_and_all_problems_are_told_at_once() -> None:
    payer = Payer("12345678901", "花咲堂", replace(PAYER.account, kind="4"))
    seen = preview(payer, [], date(2026, 10, 31))
    assert [one.field for one in seen.problems] == ["payments", "day", "payer.code", "payer.account.kind", "payer.name"]
    japanese = translations("ja").gettext
    told = [one.text(japanese) for one in seen.problems]
    assert "2026-10-30" in told[1]
    assert "銀行" in told[1]
    with pytest.raises(CallerFault, match="nothing to pay"):
        write(PAYER, [], DAY)
    huge = [replace(FIRST, amount=9_999_999_999)] * 101
    assert [one.field for one in preview(PAYER, huge, DAY).problems] == ["payments"]


GOOD = write(PAYER, [FIRST, SECOND], DAY).data


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "file"),
        (GOOD.replace(b"\r\n", b"\n"), "file"),
        (GOOD.replace(b"\r\n", b"\r"), "file"),
        (GOOD[:-3], "record 5"),
        (GOOD[122:], "file"),
        (GOOD[:122] + GOOD[:122] + GOOD[122:], "file"),
        (GOOD.replace(b"0000036288", b"0000036289"), "record 4"),
        (GOOD.replace(b"0000036288", b"000003628X"), "record 2"),
        (GOOD.replace(b"000002", b"000003", 1), "record 4"),
        (b"123" + GOOD[3:], "record 1"),
        (b"1211" + GOOD[4:], "record 1"),
        (GOOD.replace(b" " * 7 + b"\r\n", "文字".encode("cp932") + b"   \r\n", 1), "record 1"),
        (b"\xff" * 120, "file"),
    ],
)
def test_files_that_are_not_right_are_refused(data: bytes, where: str) -> None:
    with pytest.raises(CallerFault) as caught:
        parse(data)
    assert caught.value.field == where


def test_an_end_of_file_mark_of_old_programs_is_taken() -> None:
    assert parse(GOOD + b"\x1a") == parse(GOOD)


@given(
    st.lists(
        st.builds(
            Payment,
            payee=st.just("x"),
            account=st.builds(
                Account,
                bank=st.from_regex(r"[0-9]{4}", fullmatch=True),
                branch=st.from_regex(r"[0-9]{3}", fullmatch=True),
                kind=st.sampled_from("1249"),
                number=st.from_regex(r"[0-9]{1,7}", fullmatch=True),
            ),
            holder=st.text(alphabet="アガパッーヴABカ(). ", min_size=1, max_size=60).filter(
                lambda one: one.strip(" ") != ""
            ),
            amount=st.integers(1, 9_999_999_999),
        ),
        min_size=1,
        max_size=20,
    ),
    st.booleans(),
)
def test_any_file_has_records_of_120_bytes_and_right_sums(payments: list[Payment], line_ends: bool) -> None:
    file = write(PAYER, payments, DAY, line_ends=line_ends)
    assert len(file.data) == (len(payments) + 3) * (122 if line_ends else 120)
    read = parse(file.data)
    assert (read.count, read.total) == (len(payments), sum(one.amount for one in payments))
    for one in read.payments:
        assert one.holder.encode("cp932")[:1] not in (b"\xde", b"\xdf")
