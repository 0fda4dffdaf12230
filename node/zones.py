"""Time zones of people. Owns which there are and the one in which a page is shown; days that law counts stay Japan's.

The zone of the page under way is a context variable, so that every moment on it is written alike. Source: the IANA time
zone database (``tzdata``).
"""

from __future__ import annotations

import datetime
from contextvars import ContextVar
from functools import cache
from typing import Final

JAPAN: Final = datetime.timezone(datetime.timedelta(hours=9), "JST")
JAPAN_NAME: Final = "Asia/Tokyo"
_REGIONS: Final = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_here: ContextVar[datetime.tzinfo] = ContextVar("zone", default=JAPAN)


@cache
def names() -> tuple[str, ...]:
    """The zones that a person may choose: regions and places, Japan first."""
    import zoneinfo  # only where a page is shown

    known = sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _REGIONS)
    return (JAPAN_NAME, *(name for name in known if name != JAPAN_NAME))


def show_in(name: str) -> None:
    """Write the moments of this page in the zone ``name``; empty or unknown: Japan's."""
    if name in ("", JAPAN_NAME) or name not in names():
        _here.set(JAPAN)
        return
    import zoneinfo

    _here.set(zoneinfo.ZoneInfo(name))


def here() -> datetime.tzinfo:
    """The zone of the page under way."""
    return _here.get()


def suffix(moment: datetime.datetime) -> str:
    """What is written behind a time that is not Japan's: `` CET``, `` UTC-03:00``; empty in Japan."""
    if moment.tzinfo is JAPAN:
        return ""
    name = moment.tzname() or ""
    return f" {name}" if name.isalpha() else f" {_offset(moment)}"


def _offset(moment: datetime.datetime) -> str:
    minutes = int((moment.utcoffset() or datetime.timedelta()).total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
