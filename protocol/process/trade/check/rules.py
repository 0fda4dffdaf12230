"""The smallest rules: one value, one field. Each raises ``CallerFault`` with the field's path and the rule broken."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from protocol.errors import CallerFault
from protocol.limits import MAX_INT, MAX_SCALE
from protocol.process import checks
from protocol.process.trade.papers import Identifier, Kept, Paper, Period, Reference, Scaled

_HEX = frozenset("0123456789abcdef")


def fail(field: str, rule: str) -> NoReturn:
    """Refuse ``field``."""
    raise CallerFault(field, rule)


def inside(fault: CallerFault, at: str) -> CallerFault:
    """The fault of a part as a fault of the whole: names are put together only when something is wrong."""
    return CallerFault(f"{at}.{fault.field}" if fault.field else at, fault.rule, code=fault.code)


def stated(value: str, field: str) -> None:
    """Text that must be there."""
    if not value:
        fail(field, "must be stated")


def one_of(value: str, words: Collection[str], field: str) -> None:
    """A word out of a closed list."""
    if value not in words:
        fail(field, f"must be one of {', '.join(words)}")


def day(value: str, field: str) -> None:
    """A day that must be there."""
    if not checks.is_date(value):
        fail(field, "must be a day of the calendar as YYYY-MM-DD")


def day_or_none(value: str, field: str) -> None:
    """A day, or nothing."""
    if value and not checks.is_date(value):
        fail(field, "must be a day of the calendar as YYYY-MM-DD")


def time_or_none(value: str, field: str) -> None:
    """A time of day, or nothing."""
    if value and not checks.is_time(value):
        fail(field, "must be a time of day as HH:MM:SS, with an optional fraction and offset")


def period(value: Period | None, field: str) -> None:
    """Both days valid, and not the wrong way round."""
    if value is None:
        return
    if not (value.start_time or value.end_time) and checks.is_date(value.start) and not value.end:
        return  # most often
    day_or_none(value.start, f"{field}.start")
    day_or_none(value.end, f"{field}.end")
    time_or_none(value.start_time, f"{field}.start_time")
    time_or_none(value.end_time, f"{field}.end_time")
    if value.start and value.end and value.start > value.end:
        fail(field, "must not end before it starts")


def amount(value: int | None, field: str) -> None:
    """Minor units: absent and zero are legal, negative and overflowing are not."""
    if value is not None and not 0 <= value <= MAX_INT:
        fail(field, "an amount must not be negative" if value < 0 else "an amount is at most 2^53 - 1 minor units")


def scaled(value: Scaled | None, field: str) -> None:
    """A quantity, price or rate: not negative, at most 2^53 - 1, at most 9 decimal places."""
    if value is None:
        return
    if not 0 <= value.value <= MAX_INT:
        fail(field, "must not be negative" if value.value < 0 else "its digits are at most 2^53 - 1")
    if not 0 <= value.scale <= MAX_SCALE:
        fail(field, f"has at most {MAX_SCALE} decimal places")


def document_id(value: str, field: str) -> None:
    """64 lower-case hex digits, or nothing."""
    if value and (len(value) != 64 or not _HEX.issuperset(value)):
        fail(field, "must be a document id: 64 lower-case hexadecimal digits")


def identifier(value: Identifier | None, field: str) -> None:
    """An identifier that is there says something."""
    if value is not None:
        stated(value.value, f"{field}.value")


def head(paper: Paper) -> None:
    """The fields that every paper has."""
    stated(paper.number, "number")
    day(paper.issue_date, "issue_date")
    if paper.issue_time:
        time_or_none(paper.issue_time, "issue_time")
    if paper.currency and not checks.is_currency(paper.currency):
        fail("currency", "must be an ISO 4217 code of three capital letters")
    if paper.references:
        _references(paper.references)
    if paper.kept:
        _kept(paper.kept, paper.origin)


def currency(paper: Paper) -> None:
    """A paper that states money states its currency."""
    if not paper.currency:
        fail("currency", "must be stated where money is stated")


def _references(references: tuple[Reference, ...]) -> None:
    for index, reference in enumerate(references):
        field = f"references[{index}]"
        stated(reference.kind, f"{field}.kind")
        day_or_none(reference.date, f"{field}.date")
        document_id(reference.document, f"{field}.document")
        document_id(reference.attachment, f"{field}.attachment")


def _kept(kept: tuple[Kept, ...], origin: str) -> None:
    stated(origin, "origin")
    for index, element in enumerate(kept):
        stated(element.path, f"kept[{index}].path")
        names = [name for name, _ in element.attributes]
        if names != sorted(names) or len(names) != len(dict.fromkeys(names)):
            fail(f"kept[{index}].attributes", "must be sorted by name, each name once")
