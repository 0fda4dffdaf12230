"""Industries by the divisions of the Japan Standard Industrial Classification (JSIC, Rev. 14 of 2023), and departments.

Source: 総務省 日本標準産業分類 令和5年7月告示. A card may state a division (a letter) or any finer code (digits).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from node.i18n import N_

UNKNOWN: Final = "?"


class Division(NamedTuple):
    """``first`` and ``last``: its major groups (two digits)."""

    first: int
    last: int
    name: str


DIVISIONS: Final[Mapping[str, Division]] = {
    "A": Division(1, 2, N_("Agriculture and forestry")),
    "B": Division(3, 4, N_("Fisheries")),
    "C": Division(5, 5, N_("Mining and quarrying")),
    "D": Division(6, 8, N_("Construction")),
    "E": Division(9, 32, N_("Manufacturing")),
    "F": Division(33, 36, N_("Electricity, gas, heat and water")),
    "G": Division(37, 41, N_("Information and communications")),
    "H": Division(42, 49, N_("Transport and postal services")),
    "I": Division(50, 61, N_("Wholesale and retail trade")),
    "J": Division(62, 67, N_("Finance and insurance")),
    "K": Division(68, 70, N_("Real estate and leasing")),
    "L": Division(71, 74, N_("Research and professional services")),
    "M": Division(75, 77, N_("Lodging, eating and drinking")),
    "N": Division(78, 80, N_("Personal services and amusement")),
    "O": Division(81, 82, N_("Education")),
    "P": Division(83, 85, N_("Medical care and welfare")),
    "Q": Division(86, 87, N_("Compound services")),
    "R": Division(88, 96, N_("Other services")),
    "S": Division(97, 98, N_("Government")),
    "T": Division(99, 99, N_("Industries not classified")),
}
#: A department of a municipality → the divisions that it looks after, as most town halls share them out.
DEPARTMENTS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "commerce": (N_("Commerce and industry"), frozenset("CDEFGHIJKLR")),
    "farming": (N_("Agriculture, forestry and fisheries"), frozenset("AB")),
    "tourism": (N_("Tourism"), frozenset("MN")),
    "welfare": (N_("Education and welfare"), frozenset("OP")),
}


def division_of(code: str) -> str:
    """The division of a code: ``"E"``, ``"09"`` and ``"0911"`` are manufacturing; UNKNOWN for what is none."""
    text = code.strip().upper()
    if text[:1] in DIVISIONS and len(text[:1]) == 1:
        return text[0]
    if len(text) >= 2 and text[:2].isascii() and text[:2].isdigit():
        group = int(text[:2])
        for letter, division in DIVISIONS.items():
            if division.first <= group <= division.last:
                return letter
    return UNKNOWN
