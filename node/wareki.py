"""Dates as Japanese people write them: 令和8年10月15日, R8.10.15, 2026/10/15. Owns eras, weekdays and the parser.

Babel knows no Japanese calendar. Years before Meiji are nobody's paper.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Final, NamedTuple

WEEKDAYS: Final = "月火水木金土日"


class Era(NamedTuple):
    """An era: its first day, its name, its letter."""

    first: datetime.date
    name: str
    letter: str


ERAS: Final = (
    Era(datetime.date(2019, 5, 1), "令和", "R"),
    Era(datetime.date(1989, 1, 8), "平成", "H"),
    Era(datetime.date(1926, 12, 25), "昭和", "S"),
    Era(datetime.date(1912, 7, 30), "大正", "T"),
    Era(datetime.date(1868, 1, 25), "明治", "M"),
)
_SEPARATED: Final = re.compile(
    r"(?P<era>[RHSTM]|令和|平成|昭和|大正|明治)?\s*(?P<y>\d{1,4}|元)[-./年](?P<m>\d{1,2})[-./月](?P<d>\d{1,2})日?"
)
_EIGHT: Final = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})")


def era_year(day: datetime.date) -> str:
    """令和8年, 令和元年; the plain year before Meiji."""
    for era in ERAS:
        if day >= era.first:
            year = day.year - era.first.year + 1
            return f"{era.name}{'元' if year == 1 else year}年"
    return f"{day.year}年"


def text(day: datetime.date) -> str:
    """令和8年10月15日."""
    return f"{era_year(day)}{day.month}月{day.day}日"


def weekday(day: datetime.date) -> str:
    """木."""
    return WEEKDAYS[day.weekday()]


def year(written: str) -> int | None:
    """The year in ``written``: 2026, R8, 令和8, 令和元; None if it is none."""
    plain = unicodedata.normalize("NFKC", written).strip().upper().removesuffix("年")
    for era in ERAS:
        for mark in (era.name, era.letter):
            rest = plain.removeprefix(mark).lstrip(" .")
            if plain.startswith(mark) and (rest == "元" or re.fullmatch(r"\d{1,2}", rest, re.ASCII)):
                return era.first.year - 1 + (1 if rest == "元" else int(rest))
    return int(plain) if re.fullmatch(r"\d{4}", plain, re.ASCII) else None


def parse(written: str) -> datetime.date | None:
    """The day in ``written`` (R8.10.5, 令和8年10月5日, 2026-10-5, 20261005), or None. Full-width characters count."""
    plain = unicodedata.normalize("NFKC", written).strip().upper()
    found = _SEPARATED.fullmatch(plain) or _EIGHT.fullmatch(plain)
    if found is None:
        return None
    place = year((found.groupdict().get("era") or "") + found["y"])
    if place is None:
        return None
    try:
        return datetime.date(place, int(found["m"]), int(found["d"]))
    except ValueError:
        return None
