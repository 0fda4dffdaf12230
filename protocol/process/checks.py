"""Check digits and forms of the numbers that stand in papers and cards. Pure arithmetic; knows no field.

Each ``is_…`` answers for text as written; nothing is trimmed or widened. Sources: 法人番号: 財務省令 for the check
digit, ICD 0188; JAN, GTIN, GLN, SSCC: GS1 General Specifications §7.9.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

_ISO_4217: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHE CHF CHW CLF CLP CNH CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
    "GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK "
    "LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR "
    "PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB "
    "XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG "
)
_CURRENCIES: Final = frozenset(_ISO_4217.split())
_TIME: Final = re.compile(
    r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?", re.ASCII
)
_GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_CACHE: Final = 4096


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


@lru_cache(maxsize=_CACHE)
def is_corporate_number(text: str) -> bool:
    """法人番号: 13 digits; the first = 9 - (Σ weights 1, 2 from the right, mod 9)."""
    if len(text) != 13 or not _digits(text):
        return False
    digits = [int(digit) for digit in reversed(text[1:])]
    return int(text[0]) == 9 - (sum(digits[::2]) + 2 * sum(digits[1::2])) % 9


def is_registration_number(text: str) -> bool:
    """登録番号: T and 13 digits. The check digit binds corporations only, so it is advice (``docs/process.md``)."""
    return len(text) == 14 and text[0] == "T" and _digits(text[1:])


def has_gs1_check_digit(text: str) -> bool:
    """The last digit = (10 - Σ weights 3, 1 from the right mod 10) mod 10."""
    if not _digits(text):
        return False
    body = [int(digit) for digit in reversed(text[:-1])]
    return int(text[-1]) == -(3 * sum(body[::2]) + sum(body[1::2])) % 10


@lru_cache(maxsize=_CACHE)
def is_gtin(text: str) -> bool:
    """JAN or GTIN of 8, 12, 13 or 14 digits."""
    return len(text) in _GTIN_LENGTHS and has_gs1_check_digit(text)


@lru_cache(maxsize=_CACHE)
def is_gln(text: str) -> bool:
    """GLN: 13 digits."""
    return len(text) == 13 and has_gs1_check_digit(text)


def is_sscc(text: str) -> bool:
    """SSCC: 18 digits."""
    return len(text) == 18 and has_gs1_check_digit(text)


@lru_cache(maxsize=_CACHE)
def is_date(text: str) -> bool:
    """``YYYY-MM-DD``, a day of the calendar."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_time(text: str) -> bool:
    """``HH:MM:SS`` with an optional fraction and offset."""
    return _TIME.fullmatch(text) is not None


@lru_cache(maxsize=_CACHE)
def is_currency(text: str) -> bool:
    """A code of ISO 4217 that is in use, or ``XXX`` (no currency) and the other codes that stand for none."""
    return text in _CURRENCIES
