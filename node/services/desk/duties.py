"""What waits for a member beside its dealings: closings that are due, files that the bank paid or will pay. Reads only.

Looks at days and states of dealings, and into no papers but the latest payment notices: this stands on the first page.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple

from node.services import bankdays, payments, reading, transfers
from node.services.closing import OPEN_STATES
from node.services.desk import today as today_of
from node.services.payments import Notice
from node.services.transfers import Made
from node.store import Tx
from protocol.process.trade.table import Role

LOOKS_BACK: Final = 7  # days for which a closing that was missed is still shown
MOST_FILES: Final = 20
MOST_LOOKED_AT: Final = 20  # dealings with one partner
MOST_NOTICES: Final = 10
NOTICE_DAYS: Final = 31  # after the day of payment: until then somebody looked at the account


class ClosingDue(NamedTuple):
    """A partner whose closing day is near, or was a few days ago with something left to bill."""

    partner: bytes
    partner_name: str
    day: str
    late: bool


class Duties(NamedTuple):
    """``files``: made, not yet said to be paid or withdrawn. ``money``: announced, not yet said to have come."""

    closings: tuple[ClosingDue, ...]
    files: tuple[Made, ...]
    money: tuple[Notice, ...]


def of(tx: Tx, member: bytes, today: str, week: str) -> Duties:
    """What is due until ``week``; days as YYYY-MM-DD."""
    files = tuple(made for made in transfers.files(tx, member, MOST_FILES) if made.state == "made")
    return Duties(_closings(tx, member, today, week), files, _money(tx, member, today))


def _money(tx: Tx, member: bytes, today: str) -> tuple[Notice, ...]:
    """Payment notices that name a bill which is still open, the soonest first."""
    since = (date.fromisoformat(today) - timedelta(days=NOTICE_DAYS)).isoformat()
    found = payments.notices(tx, member, since=since, limit=MOST_NOTICES)
    return tuple(sorted((one for one in found if one.is_open), key=lambda one: one.day))


def _closings(tx: Tx, member: bytes, today: str, week: str) -> tuple[ClosingDue, ...]:
    found = [
        (row.partner, day)
        for row in tx.desk.all_terms(member)
        if row.closing_day
        for day in _days(row.closing_day, today, week)
        if _has_open(tx, member, row.partner)
    ]
    names = reading.names_of(tx, {partner for partner, _ in found})
    rows = [ClosingDue(partner, names.get(partner, ""), day, day < today) for partner, day in found]
    return tuple(sorted(rows, key=lambda one: (one.day, one.partner_name)))


def _days(closing_day: int, today: str, week: str) -> list[str]:
    """The closing days from a few days ago to ``week``: at most one that has passed and one that comes."""
    now = date.fromisoformat(today)
    first = (now - timedelta(days=LOOKS_BACK)).isoformat()
    months = (bankdays.in_month(now.year, now.month + step, closing_day).isoformat() for step in (-1, 0, 1))
    return [day for day in months if first <= day <= week]


def _has_open(tx: Tx, member: bytes, partner: bytes) -> bool:
    """Is there a dealing in which the member delivered something and has not billed all of it?"""
    states = (state for state in OPEN_STATES if state != "accepted")
    found = (row for state in states for row in tx.threads.latest(member, MOST_LOOKED_AT, state=state, partner=partner))
    return any(today_of.summary(tx, row).role is Role.SELLER for row in found)
