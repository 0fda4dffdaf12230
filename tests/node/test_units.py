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
