"""How numbers, days, firms and codes are spelled on paper, in the reader's language. Knows no single paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from node import units, wareki
from node.i18n import N_, translations
from protocol.process.money import minor_digits
from protocol.process.trade.papers import (
    Address,
    BankAccount,
    Contact,
    Delivery,
    Identifier,
    Item,
    Party,
    Period,
    Price,
    Scaled,
    TaxCategory,
)

REDUCED: Final = "AA"
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
CATEGORIES: Final = {
    "E": N_("tax-exempt"),
    "G": N_("export, free of tax"),
    "O": N_("outside the tax"),
    "Z": N_("zero rate"),
    "AE": N_("reverse charge"),
}
ACCOUNT_KINDS: Final = {"1": N_("ordinary account"), "2": N_("current account"), "4": N_("savings account")}
METHODS: Final = {
    "cash": N_("cash"),
    "transfer": N_("bank transfer"),
    "lump_settlement": N_("lump settlement"),
    "electronic_record": N_("electronically recorded claim"),
    "promissory_note": N_("promissory note"),
    "offset": N_("set-off"),
    "other": N_("other means of payment"),
}


class Wording:
    """The spelling of one language, with ``say`` for messages and ``currency`` for amounts."""

    def __init__(self, language: str, currency: str = "JPY") -> None:
        self.language = language
        self.say: Callable[[str], str] = translations(language).gettext
        self.currency = currency or "JPY"

    @property
    def japanese(self) -> bool:
        """Is it Japanese?"""
        return self.language == "ja"

    def join(self, parts: Iterable[str]) -> str:
        """Several texts on one line; empty ones are left out."""
        return ("、" if self.japanese else ", ").join(part for part in parts if part)

    # ---- numbers

    def number(self, value: Scaled) -> str:
        """1,234.50: the decimals that were written."""
        whole, part = divmod(value.value, 10**value.scale)
        return f"{whole:,}" + (f".{part:0{value.scale}d}" if value.scale else "")

    def quantity(self, value: Scaled | None, unit: str = "") -> str:
        """A quantity with its unit."""
        if value is None:
            return ""
        word = self.unit(unit)
        return f"{self.number(value)}{'' if self.japanese or not word else ' '}{word}"

    def unit(self, code: str) -> str:
        """The word for a unit."""
        return units.word(code, self.say)

    def amount(self, minor: int | None) -> str:
        """An amount as it stands in a column: 36,288; below zero with a minus sign."""
        if minor is None:
            return ""
        digits = minor_digits(self.currency)
        whole, part = divmod(abs(minor), 10**digits)
        return ("-" if minor < 0 else "") + f"{whole:,}" + (f".{part:0{digits}d}" if digits else "")

    def money(self, minor: int | None) -> str:
        """An amount with its currency: ¥36,288 or EUR 1,250.00."""
        if minor is None:
            return ""
        sign, plain = ("-", self.amount(-minor)) if minor < 0 else ("", self.amount(minor))
        return f"{sign}¥{plain}" if self.currency == "JPY" else f"{sign}{self.currency} {plain}"

    def price(self, price: Price | None, unit: str = "") -> str:
        """A unit price; per how many, where not one; its kind on a second line."""
        if price is None:
            return ""
        text = self.number(price.value)
        base = price.base_quantity
        if base is not None and (base.value != 10**base.scale or (price.unit and price.unit != unit)):
            text += f"\n/ {self.quantity(base, price.unit or unit)}"
        if price.kind == "PV":
            text += "\n" + self.say("provisional price")
        return text

    def rate(self, rate: Scaled | None) -> str:
        """10%, without needless zeros."""
        if rate is None:
            return ""
        value, scale = rate.value, rate.scale
        while scale and value % 10 == 0:
            value, scale = value // 10, scale - 1
        return f"{self.number(Scaled(value=value, scale=scale))}%"

    def tax(self, tax: TaxCategory | None) -> str:
        """A line's tax in a narrow column: 10%, 8%※, 非課税."""
        if tax is None:
            return ""
        if tax.category in CATEGORIES:
            return self.say(CATEGORIES[tax.category])
        return self.rate(tax.rate) + ("※" if tax.category == REDUCED else "")

    def taxed(self, category: str, rate: Scaled | None) -> str:
        """A rate as the heading of its total: 10%対象, 8%対象(軽減税率)※."""
        if category in CATEGORIES:
            return self.say(CATEGORIES[category])
        text = self.say("Subject to {rate}").format(rate=self.rate(rate))
        reduced = self.say("(reduced rate)")
        return f"{text} {reduced}※" if category == REDUCED else text

    # ---- days

    def day(self, text: str) -> str:
        """A day in full; what is no day as it is."""
        found = _day(text)
        if found is None:
            return text
        return (
            f"{found.year}年{found.month}月{found.day}日({wareki.era_year(found)})"
            if self.japanese
            else f"{found.day} {MONTHS[found.month - 1]} {found.year}"
        )

    def short_day(self, text: str) -> str:
        """A day in a narrow column."""
        found = _day(text)
        if found is None:
            return text
        return f"{found.year}/{found.month}/{found.day}" if self.japanese else text

    def period(self, period: Period | None, *, short: bool = False) -> str:
        """From a day to a day, with times and words."""
        if period is None:
            return ""
        spell = self.short_day if short else self.day
        start = " ".join(filter(None, (spell(period.start), clock(period.start_time))))
        end = " ".join(filter(None, (spell(period.end), clock(period.end_time))))
        if period.start == period.end and period.start_time == period.end_time:
            days = start
        elif self.japanese:
            days = (
                f"{start} から {end} まで"
                if start and end
                else (f"{end} まで" if end else f"{start} から" if start else "")
            )
        else:
            days = f"{start} to {end}" if start and end else (f"by {end}" if end else f"from {start}" if start else "")
        return " ".join(filter(None, (days, period.description)))

    def day_and_time(self, day: str, time: str) -> str:
        """A day in full with its time, if there is one."""
        return " ".join(filter(None, (self.day(day), clock(time))))

    def moment(self, time_us: int, zone_minutes: int) -> str:
        """A time to the minute, in the zone that the paper is read in."""
        local = datetime.fromtimestamp(time_us // 1_000_000, UTC) + timedelta(minutes=zone_minutes)
        zone = "JST" if zone_minutes == 540 else f"UTC{zone_minutes // 60:+03d}:{abs(zone_minutes) % 60:02d}"
        return f"{self.day(local.date().isoformat())} {local:%H:%M} {zone}"

    # ---- firms and places

    def address(self, address: Address | None) -> str:
        """An address on one line, as its language orders it."""
        if address is None:
            return ""
        text = f"{address.region}{address.city}{address.street}"
        if self.japanese or not text.isascii():
            place = f"{address.region}{address.city}{address.street}"
            country = "" if address.country in ("", "JP") else address.country
            post = f"〒{address.postcode}" if address.postcode else ""
            return " ".join(filter(None, (post, place, address.building, *address.lines, country)))
        parts = (*address.lines, address.building, address.street, address.city, address.region, address.postcode)
        return ", ".join(filter(None, (*parts, address.country)))

    def identifiers(self, party: Party) -> list[str]:
        """The firm's numbers, the registration number first."""
        rows = []
        if party.registration_number:
            rows.append(self.say("Registration number: {number}").format(number=party.registration_number))
        if party.corporate_number and party.registration_number[1:] != party.corporate_number:
            rows.append(self.say("Corporate number: {number}").format(number=party.corporate_number))
        return rows

    def contact(self, contact: Contact) -> list[str]:
        """A person to speak to."""
        rows = [" ".join(filter(None, (contact.department, contact.name)))]
        if contact.telephone:
            rows.append(f"TEL {contact.telephone}")
        if contact.fax:
            rows.append(f"FAX {contact.fax}")
        rows.append(contact.mail)
        return [row for row in rows if row]

    def place(self, delivery: Delivery | None) -> str:
        """Where, and to whom, goods go."""
        if delivery is None:
            return ""
        location = delivery.location
        parts = []
        if location is not None:
            parts += [location.name, self.address(location.address)]
            if not any(parts) and location.id is not None:
                parts.append(identifier(location.id))
        if delivery.party is not None:
            parts += [delivery.party.name, self.address(delivery.party.address)]
        return "\n".join(part for part in parts if part)

    def account(self, account: BankAccount | None) -> str:
        """A bank account in one text."""
        if account is None:
            return ""
        bank = " ".join(filter(None, (account.bank_name, f"({account.bank})" if account.bank else "")))
        branch = " ".join(filter(None, (account.branch_name, f"({account.branch})" if account.branch else "")))
        kind = self.say(ACCOUNT_KINDS[account.kind]) if account.kind in ACCOUNT_KINDS else ""
        foreign = [f"IBAN {account.iban}" if account.iban else "", f"BIC {account.bic}" if account.bic else ""]
        return " ".join(filter(None, (bank, branch, kind, account.number, *foreign, account.holder)))

    # ---- goods

    def item(self, item: Item | None, *more: str) -> str:
        """Name, then what describes it in smaller lines."""
        if item is None:
            return "\n".join(filter(None, more))
        numbers = [
            f"JAN {item.gtin}" if item.gtin else identifier(item.standard_id),
            self._labelled(N_("seller's no. {number}"), item.seller_id),
            self._labelled(N_("buyer's no. {number}"), item.buyer_id),
            self._labelled(N_("maker's no. {number}"), item.manufacturer_id),
            self._labelled(N_("lot {number}"), item.lot),
            self._labelled(N_("serial no. {number}"), item.serial),
            self._labelled(N_("best before {number}"), self.short_day(item.best_before)),
        ]
        traits = [
            f"{one.name}: {one.value}" + (f" {self.quantity(one.quantity, one.unit)}" if one.quantity else "")
            for one in item.properties
        ]
        lines = (item.name, item.description, self.join(traits), "  ".join(filter(None, numbers)), *more)
        return "\n".join(filter(None, lines))

    def _labelled(self, message: str, value: str) -> str:
        return self.say(message).format(number=value) if value else ""


def identifier(one: Identifier | None) -> str:
    """An identifier with its scheme."""
    if one is None:
        return ""
    return f"{one.scheme}:{one.value}" if one.scheme else one.value


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def clock(text: str) -> str:
    """A time of day without its seconds, if they are none."""
    return text[:-3] if text.endswith(":00") and text.count(":") == 2 else text
