"""Names as banks read them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from node.papers.zengin import kana


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("マルマルショウジ", "ﾏﾙﾏﾙｼﾖｳｼﾞ"),
        ("ﾏﾙﾏﾙｼｮｳｼﾞ", "ﾏﾙﾏﾙｼﾖｳｼﾞ"),
        ("まるまるしょうじ", "ﾏﾙﾏﾙｼﾖｳｼﾞ"),
        ("株式会社マルマルショウジ", "ｶ)ﾏﾙﾏﾙｼﾖｳｼﾞ"),
        ("㈱マルマル", "ｶ)ﾏﾙﾏﾙ"),
        ("（株） マルマル", "ｶ)ﾏﾙﾏﾙ"),
        ("カブシキガイシャ マルマル", "ｶ)ﾏﾙﾏﾙ"),
        ("マルマル株式会社", "ﾏﾙﾏﾙ(ｶ"),
        ("マルマル カブシキカイシャ", "ﾏﾙﾏﾙ(ｶ"),
        ("マルマル株式会社トヨタテン", "ﾏﾙﾏﾙ(ｶ)ﾄﾖﾀﾃﾝ"),
        ("有限会社キョート・ラーメン", "ﾕ)ｷﾖ-ﾄ.ﾗ-ﾒﾝ"),
        ("合同会社ア", "ﾄﾞ)ｱ"),
        ("医療法人社団ア", "ｲ)ｱ"),
        ("一般社団法人ア", "ｼﾔ)ｱ"),
        ("社会福祉法人ア", "ﾌｸ)ｱ"),
        ("地方独立行政法人ア", "ﾁﾄﾞｸ)ｱ"),
        ("ヴァイオリン", "ｳﾞｱｲｵﾘﾝ"),
        ("パーティー", "ﾊﾟ-ﾃｲ-"),
        ("ヲワリ", "ｵﾜﾘ"),
        ("ヶ原ヵ所", "ｹ原ｶ所"),
        ("ａｂｃ－１２３", "ABC-123"),
        ("ア　　イ", "ｱ ｲ"),
        ("ｶ)ﾏﾙﾏﾙ", "ｶ)ﾏﾙﾏﾙ"),
    ],
)
def test_names_of_holders(name: str, written: str) -> None:
    assert kana.party(name) == written


def test_what_no_bank_takes_is_named_once_each() -> None:
    assert kana.foreign(kana.party("豊田のア豊,田"), kana.PARTY) == "豊田,"
    assert kana.foreign("ｱ(B).-", kana.PARTY) == ""
    assert kana.foreign("ｱ(B).", kana.BANK) == "()."
    assert kana.foreign("ｦ/｢｣\\", kana.EDI) == ""


@pytest.mark.parametrize(
    ("text", "size", "fitted"),
    [("ｱｲｳ", 3, "ｱｲｳ"), ("ｱｲｳ", 2, "ｱｲ"), ("ｱｶﾞ", 2, "ｱ"), ("ｶﾞｷﾞ", 3, "ｶﾞ"), ("ﾊﾟﾋﾟ", 2, "ﾊﾟ"), ("ｱ ｲ", 2, "ｱ")],
)
def test_a_kana_is_never_parted_from_its_mark(text: str, size: int, fitted: str) -> None:
    assert kana.fit(text, size) == fitted


SYLLABLES = "".join(chr(code) for code in (*range(0x3041, 0x3097), *range(0x30A1, 0x30F7)))


@example("ヰﾞ")  # together one character, of which the first part has no narrow form of its own
@given(st.text(alphabet=SYLLABLES + "ーｱｶﾞﾊﾟｧｯabＡ１ "))
def test_all_kana_become_one_byte_each_and_writing_twice_changes_nothing(text: str) -> None:
    written = kana.narrow(text)
    assert kana.foreign(written, kana.EDI) == ""
    assert kana.narrow(written) == written
    assert len(written.encode("cp932")) == len(written)
