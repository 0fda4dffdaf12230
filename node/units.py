"""The units in which goods are counted: UN/ECE codes (Recommendations 20 and 21) and the words that people use.

Owns the table: code → the word for people, and the spellings under which files name it. Papers carry the code.
Source: the unit list of the Japanese SME common EDI, ver. 4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from unicodedata import normalize

from node.i18n import N_, _

UNITS: Final[Mapping[str, str]] = {
    "H87": N_("pc"),
    "EA": N_("each"),
    "C62": N_("unit"),
    "T3": N_("thousand pcs"),
    "SET": N_("set"),
    "XCS": N_("case"),
    "XCT": N_("carton"),
    "XBX": N_("box"),
    "XPK": N_("pack"),
    "XBG": N_("bag"),
    "XBO": N_("bottle"),
    "XCN": N_("can"),
    "XRO": N_("roll"),
    "XST": N_("sheet"),
    "XPX": N_("pallet"),
    "PR": N_("pair"),
    "DZN": N_("dozen"),
    "GRO": N_("gross (144)"),
    "KT": N_("kit"),
    "HUR": N_("hour"),
    "DAY": N_("day"),
    "MON": N_("month"),
    "E49": N_("working day"),
    "LS": N_("lump sum"),
}
"""Codes whose word depends on the language; those of measure read alike everywhere."""

_MANY: Final[Mapping[str, str]] = {
    "H87": N_("pcs"),
    "C62": N_("units"),
    "SET": N_("sets"),
    "XCS": N_("cases"),
    "XCT": N_("cartons"),
    "XBX": N_("boxes"),
    "XPK": N_("packs"),
    "XBG": N_("bags"),
    "XBO": N_("bottles"),
    "XCN": N_("cans"),
    "XRO": N_("rolls"),
    "XST": N_("sheets"),
    "XPX": N_("pallets"),
    "PR": N_("pairs"),
    "KT": N_("kits"),
    "HUR": N_("hours"),
    "DAY": N_("days"),
    "MON": N_("months"),
    "E49": N_("working days"),
}
"""Codes whose word is another one beside a number that is not 1."""

MEASURES: Final[Mapping[str, str]] = {
    "KGM": "kg",
    "GRM": "g",
    "MGM": "mg",
    "TNE": "t",
    "LTR": "L",
    "MLT": "mL",
    "MTR": "m",
    "CMT": "cm",
    "MMT": "mm",
    "KTM": "km",
    "MTK": "m²",
    "CMK": "cm²",
    "MTQ": "m³",
    "KWH": "kWh",
}

_SPELLINGS: Final[Mapping[str, str]] = {
    **{
        word: code
        for code, words in {
            "H87": "個 コ ヶ ケ 本 丁 台 枚 点 ｹ pc pcs piece pieces 食 玉 冊 脚 着",
            "SET": "組 セット set sets",
            "XCS": "ケース cs case",
            "XCT": "カートン ctn carton",
            "XBX": "箱 函 box boxes",
            "XPK": "パック 包 pk pack",
            "XBG": "袋 bag bags",
            "XBO": "瓶 ボトル bottle",
            "XCN": "缶 can",
            "XRO": "巻 ロール roll",
            "XST": "シート sheet",
            "XPX": "パレット pallet",
            "PR": "対 足 双 pair",
            "DZN": "ダース dz doz dozen",
            "GRO": "グロス gross",
            "KT": "キット kit",
            "T3": "千個 千本 千枚",
            "HUR": "時間 h hr hour",
            "DAY": "日 day",
            "MON": "月 か月 ヶ月 month",
            "E49": "人日 人工",
            "LS": "式 一式",
            "KGM": "キロ キログラム",
            "GRM": "グラム",
            "TNE": "トン ton",
            "LTR": "リットル l ℓ",
            "MTR": "メートル",
            "MTK": "平米 ㎡ m2",
            "MTQ": "立米 ㎥ m3",
        }.items()
        for word in words.split()
    },
    **{word.lower(): code for code, word in MEASURES.items()},
}
_BY_SPELLING: Final[Mapping[str, str]] = {normalize("NFKC", word).lower(): code for word, code in _SPELLINGS.items()}


def word(code: str, say: Callable[[str], str] = _) -> str:
    """The word for a unit's code; an unknown code as it is."""
    if code in MEASURES:
        return MEASURES[code]
    found = _known(code)
    return say(UNITS[found]) if found in UNITS else code


def counted(number: str, code: str, say: Callable[[str], str] = _) -> str:
    """A number as it is written, with its unit's word: 12 boxes; an unknown code as it is."""
    found = _known(code)
    many = "" if number == "1" else _MANY.get(found, "")
    return f"{number} {say(many) if many else word(code, say)}".strip()


def _known(code: str) -> str:
    """Packages: Rec 21 with the X of Rec 20, or as older files have them."""
    return code if code in UNITS else f"X{code}"


def code_of(text: str) -> str:
    """The code for a unit as a file spells it (個, kg, H87); empty for a word that is none."""
    plain = normalize("NFKC", text).strip()
    if plain.upper() in UNITS or plain.upper() in MEASURES:
        return plain.upper()
    return _BY_SPELLING.get(plain.lower(), "")
