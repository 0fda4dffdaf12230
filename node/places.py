"""Where the municipalities of Japan lie: millionths of a degree, by prefecture and name.

Owns the look-up; the coordinates of the 1,741 municipal offices are those of the package JpGeocode. Loaded when the
first place is asked for.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final, NamedTuple

_WARD: Final = re.compile(r"^(.+?市).+区$")
_DISTRICT: Final = re.compile(r"^.+?郡(?=.+[町村]$)")
_MILLION: Final = 1_000_000


class Place(NamedTuple):
    """North and east, millionths of a degree."""

    latitude: int
    longitude: int


@cache
def _known() -> dict[str, Place]:
    from JpGeocode.JpGeocode import df  # type: ignore[import-untyped]

    return {
        _plain(name): Place(round(found["lat"] * _MILLION), round(found["lng"] * _MILLION))
        for name, found in df.items()
    }


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace("ヶ", "ケ").replace(" ", "")


def find(prefecture: str, city: str) -> Place | None:
    """A municipality, also by a ward of a large city (京都市左京区) or with its district; None: there is none."""
    city = _plain(city)
    tries = [city, _DISTRICT.sub("", city)]
    ward = _WARD.match(city)
    if ward:
        tries.append(ward[1])
    return next((found for each in tries if (found := _known().get(f"{_plain(prefecture)},{each}"))), None)
