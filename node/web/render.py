"""Templates: one Jinja2 environment for each language, and how days, moments, money and quantities are written.

Owns the look of values. Everything is escaped unless it was made here; a name that a template does not know is an
error. Messages take their values by name, ``_("{n} lines", n=3)``, as everywhere; `{% trans %}` is not used.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

from node import rules, wareki, words, zones
from node.i18n import translations
from node.web import static
from protocol.process.money import minor_digits
from protocol.process.trade.papers import Scaled

MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DAYS: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
SIGNS: Final = {"JPY": "¥", "USD": "US$", "EUR": "€", "GBP": "£"}

Day = datetime.date | str


class Renderer:
    """Makes pages of templates and data."""

    def render(self, language: str, template: str, data: Mapping[str, Any]) -> str:
        """A whole page."""
        return _environment(language).get_template(template).render(data)

    def say(self, language: str, message: str, /, **values: object) -> str:
        """A message of the catalogue, filled in; plain text, not escaped."""
        return plain(language, message, **values)


def plain(language: str, message: str, /, **values: object) -> str:
    """A message of the catalogue in a language, filled in."""
    text = translations(language).gettext(message) if message else ""
    return text.format(**values) if values else rules.said(message, language) if text == message else text


@cache
def _environment(language: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("node.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    catalogue, japanese = translations(language), language == "ja"

    def say(message: str, /, **values: object) -> Markup:
        return escape(rules.said(message, language)).format(**values)

    def say_many(singular: str, plural: str, n: int, **values: object) -> Markup:
        return escape(catalogue.ngettext(singular, plural, n)).format(n=n, **values)

    environment.globals |= {
        "_": say,
        "ngettext": say_many,
        "language": language,
        "static": static.address,
        "words": _Words(lambda message: catalogue.gettext(message) if message else ""),
        "advice": lambda note: note.sentence(catalogue.gettext, lambda value: short_day(value, japanese)),
        "today": lambda: datetime.datetime.now(zones.here()).date(),
        "era_year": wareki.era_year,
    }
    environment.filters |= {
        "day": lambda value: short_day(value, japanese),
        "full_day": lambda value: full_day(value, japanese),
        "wareki": lambda value: "" if value in ("", None) else wareki.text(as_day(value)),
        "moment": lambda value: moment(value, japanese),
        "stamp": stamp,
        "yen": lambda value: money(value, "JPY"),
        "money": money,
        "quantity": quantity,
        "price": price,
        "number": lambda value: f"{value:,}",
        "tel": lambda value: "".join(c for c in str(value) if c in "+0123456789"),
    }
    return environment


class _Words:
    """``words.paper(name)`` and the others of :mod:`node.words`, in the page's language."""

    def __init__(self, say: Callable[[str], str]) -> None:
        self._say = say

    def __getattr__(self, name: str) -> Callable[[str], str]:
        word = getattr(words, name)
        return lambda value: str(word(value, self._say))


# --- days and moments


def as_day(value: Day | int) -> datetime.date:
    """A day out of a day, its text 2026-10-05, or a moment in µs."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(zones.here()).date()
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, int):
        return as_moment(value).date()
    return datetime.date.fromisoformat(value)


def as_moment(micros: int) -> datetime.datetime:
    """A moment in µs UTC, where the visitor is. Papers carry plain days; only moments need it."""
    return datetime.datetime.fromtimestamp(micros // 1_000_000, zones.here())


def short_day(value: Day | int | None, japanese: bool) -> str:
    """10月15日(木); Thu 15 Oct. Empty for no day."""
    if value in ("", None):
        return ""
    day = as_day(value)
    if japanese:
        return f"{day.month}月{day.day}日({wareki.weekday(day)})"
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def full_day(value: Day | int | None, japanese: bool) -> str:
    """2026年10月15日(木); Thu 15 Oct 2026. Empty for no day."""
    if value in ("", None):
        return ""
    day = as_day(value)
    return f"{day.year}年{short_day(day, True)}" if japanese else f"{short_day(day, False)} {day.year}"


def moment(micros: int | None, japanese: bool) -> str:
    """10月15日(木) 10:42; Thu 15 Oct, 10:42; outside Japan with its zone. Empty for none."""
    if not micros:
        return ""
    at = as_moment(micros)
    return f"{short_day(at.date(), japanese)}{' ' if japanese else ', '}{at:%H:%M}{zones.suffix(at)}"


def stamp(micros: int | None) -> str:
    """2026-10-15 10:42:07, for logs."""
    return f"{(at := as_moment(micros)):%Y-%m-%d %H:%M:%S}{zones.suffix(at)}" if micros else ""


# --- money and quantities


def money(amount: int | None, currency: str = "JPY") -> str:
    """Minor units as people write them: ¥1,234; US$12.50. A negative amount has ▲ (¥) or −. Empty for none."""
    if amount is None:
        return ""
    digits = minor_digits(currency)
    text = f"{Decimal(abs(amount)).scaleb(-digits):,.{digits}f}"
    sign = ("▲" if currency == "JPY" else "−") if amount < 0 else ""
    return f"{sign}{SIGNS.get(currency, currency + ' ')}{text}"


def price(value: Scaled | None, currency: str = "JPY") -> str:
    """A unit price, in major units: ¥1,234.5. Empty for none."""
    return f"{SIGNS.get(currency, currency + ' ')}{quantity(value)}" if value is not None else ""


def quantity(value: Scaled | Decimal | int | None) -> str:
    """1,200; 12.5: no needless zeros. Empty for none."""
    if value is None:
        return ""
    number = Decimal(value.value).scaleb(-value.scale) if isinstance(value, Scaled) else Decimal(value)
    whole = f"{number:,f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole
