"""Units: a word for every code, a code for every word."""

from __future__ import annotations

import pytest

from node import units
from node.i18n import translations


def test_codes_have_words() -> None:
    japanese = translations("ja").gettext
    assert [units.word(code, japanese) for code in ("H87", "XBX", "KGM", "MTK", "ZZZ")] == [
        "個",
        "箱",
        "kg",
        "m²",
        "ZZZ",
    ]
    assert units.word("H87", str) == "pc"


def test_a_number_has_its_word() -> None:
    japanese = translations("ja").gettext
    assert [units.counted(number, "XBX", str) for number in ("1", "12", "0.5")] == ["1 box", "12 boxes", "0.5 boxes"]
    assert [units.counted("12", code, str) for code in ("BX", "KGM", "DZN", "ZZZ", "")] == [
        "12 boxes",
        "12 kg",
        "12 dozen",
        "12 ZZZ",
        "12",
    ]
    assert [units.counted(number, "XBX", japanese) for number in ("1", "12")] == ["1 箱", "12 箱"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("個", "H87"),
        ("ｹｰｽ", "XCS"),
        ("ＫＧ", "KGM"),
        ("h87", "H87"),
        ("㎡", "MTK"),
        (" 箱 ", "XBX"),
        ("ひとやま", ""),
        ("", ""),
    ],
)
def test_words_have_codes(text: str, code: str) -> None:
    assert units.code_of(text) == code
