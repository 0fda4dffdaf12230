"""What a member agreed with one partner: closing day, payment, rounding, price rate, account, people.

Owns the record and the reckoning of days (締日, 支払日). Private to the member: it never travels, and no
partner's is read for another.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from node.services import bankdays
from node.services.house import House
from node.store import TermsChangeRow, TermsRow, Tx
from protocol.errors import CallerFault, YuiError
from protocol.process.checks import is_currency, is_date
from protocol.process.money import Rounding
from protocol.process.trade.papers import BankAccount, Billing, Contact, Scaled
from protocol.process.trade.papers.base import Text, Word
from protocol.process.trade.papers.goods import PAYMENT_METHODS

LAST_DAY: Final = 31  # of any month


class PartnerTerms(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """Terms with one partner. ``closing_day`` 0: each delivery is billed for itself; 31: the end of the month.

    Paid ``pay_months`` months after the closing, on ``pay_day`` (31: the last); ``shift``: to which bank day if that is
    none. ``rate`` (掛け率): percent of the list price. ``layouts``: form → name of the layout that this partner sends.
    ``currency``: in which first papers to the partner are written. ``method``: of PAYMENT_METHODS; ``freight``: who
    bears it.
    """

    closing_day: Annotated[int, Meta(ge=0, le=31)] = 0
    pay_months: Annotated[int, Meta(ge=0, le=12)] = 1
    pay_day: Annotated[int, Meta(ge=1, le=31)] = LAST_DAY
    shift: Annotated[str, Meta(pattern="^(next|previous|none)$")] = "next"
    rounding: Annotated[str, Meta(pattern="^(down|half_up|up)$")] = "down"
    rate: Scaled | None = None
    account: BankAccount | None = None
    account_kana: Word = ""
    fee_by_payee: bool = False
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "JPY"
    layouts: dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=128)]] = {}
    contacts: Annotated[tuple[Contact, ...], Meta(max_length=64)] = ()
    customer_number: Word = ""
    note: Text = ""
    method: Annotated[str, Meta(max_length=32)] = ""
    freight: Annotated[str, Meta(pattern="^(seller|buyer|)$")] = ""


NONE: Final = PartnerTerms()
_READ: Final = msgspec.msgpack.Decoder(PartnerTerms)


def of(tx: Tx, member: bytes, partner: bytes) -> PartnerTerms:
    """The terms with a partner; the defaults where none were set."""
    return many(tx, member, (partner,)).get(partner, NONE)


def many(tx: Tx, member: bytes, partners: Iterable[bytes]) -> dict[bytes, PartnerTerms]:
    """Terms by partner, of those for which any were set."""
    return {partner: read(row) for partner, row in tx.desk.terms_of(member, partners).items()}


def read(row: TermsRow) -> PartnerTerms:
    """The record in a row."""
    return _READ.decode(row.data)


def put(
    house: House, tx: Tx, member: bytes, partner: bytes, new: PartnerTerms, version: int | None = None, by: str = ""
) -> int:
    """Set the terms with a partner and reckon its open bills anew; the new version.

    ``by``: who does, for the history. ``version``: what the writer had seen; CallerFault ``changed-meanwhile`` if
    somebody was faster. None: any.
    """
    if new.rate is not None and new.rate.value <= 0:
        raise CallerFault("rate", "must be above 0 percent")
    if not is_currency(new.currency):
        raise CallerFault("currency", "must be a code of ISO 4217")
    known = tx.desk.terms_of(member, (partner,)).get(partner)
    now = 0 if known is None else known.version
    if version is not None and version != now:
        raise CallerFault("version", f"somebody changed it: it is version {now} now", code="changed-meanwhile")
    if new.method not in ("", *PAYMENT_METHODS):
        raise CallerFault("method", f"one of {', '.join(PAYMENT_METHODS)}")
    time, data = house.clock(), msgspec.msgpack.encode(new)
    tx.desk.put_terms(TermsRow(member, partner, new.closing_day, now + 1, time, data))
    tx.money.add_terms_change(TermsChangeRow(member, partner, now + 1, time, by, data))
    rows = [row for row in tx.books.open_with(member, partner) if not row.stated]
    tx.books.put_bills([row._replace(due=payday(new, row.day)) for row in rows])
    return now + 1


class Change(NamedTuple):
    """Terms as they were from ``time`` (µs) on, written by ``by``; ``fields``: what was different before."""

    version: int
    time: int
    by: str
    terms: PartnerTerms
    fields: tuple[str, ...]


def history(tx: Tx, member: bytes, partner: bytes, limit: int = 50) -> list[Change]:
    """What was changed, latest first."""
    rows = tx.money.terms_changes(member, partner, limit + 1)
    found = [_READ.decode(row.data) for row in rows]
    before = [*found[1:], NONE][: len(found)]
    return [
        Change(row.version, row.time, row.by, new, _different(new, old))
        for row, new, old in zip(rows, found, before, strict=True)
    ][:limit]


def _different(new: PartnerTerms, old: PartnerTerms) -> tuple[str, ...]:
    return tuple(name for name in PartnerTerms.__struct_fields__ if getattr(new, name) != getattr(old, name))


# ---------------------------------------------------------------------- days


def closing_of(terms: PartnerTerms, day: str) -> str:
    """The closing  in which ``day`` falls; ``day`` itself where there is none. YYYY-MM-DD."""
    if not terms.closing_day:
        return day
    found = date.fromisoformat(day)
    closing = bankdays.in_month(found.year, found.month, terms.closing_day)
    if found > closing:
        closing = bankdays.in_month(found.year, found.month + 1, terms.closing_day)
    return closing.isoformat()


def payday(terms: PartnerTerms, day: str) -> str:
    """The day of payment of what was delivered or billed on ``day``, before it is shifted to a bank day."""
    closing = date.fromisoformat(closing_of(terms, day))
    return bankdays.in_month(closing.year, closing.month + terms.pay_months, terms.pay_day).isoformat()


def due_of(paper: Billing, terms: PartnerTerms) -> tuple[str, bool]:
    """The day of payment of a bill, and whether the paper states it."""
    if paper.terms is not None and is_date(paper.terms.due_date):
        return paper.terms.due_date, True
    return payday(terms, paper.issue_date), False


def rounding(terms: PartnerTerms) -> Rounding:
    """The direction of rounding."""
    return Rounding(terms.rounding)


@cache
def _json() -> msgspec.json.Decoder[PartnerTerms]:
    return msgspec.json.Decoder(PartnerTerms)


def parse(data: bytes) -> PartnerTerms:
    """Terms in JSON. CallerFault names the field."""
    try:
        return _json().decode(data)
    except msgspec.ValidationError as error:
        raise CallerFault("terms", str(error)) from None
    except (msgspec.DecodeError, YuiError) as error:
        raise CallerFault("terms", f"not JSON: {error}") from None


def plain(terms: PartnerTerms) -> Any:
    """As JSON values, defaults included."""
    return {name: msgspec.to_builtins(getattr(terms, name)) for name in terms.__struct_fields__}
