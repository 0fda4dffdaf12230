"""Values as people and their programs write them: 1,070, ▲500, (300), 令和8年10月5日, full width, what Excel changed.

A wrong value raises :class:`Wrong` with a message of the catalogue. Money and quantities are exact; nothing is a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final
from unicodedata import normalize

from node import units, wareki
from node.i18n import N_
from protocol.limits import MAX_INT, MAX_SCALE, MAX_TEXT_CHARS
from protocol.process.trade.papers import Scaled

Value = str | int | Scaled


class Wrong(ValueError):
    """``rule``: a message of the catalogue; ``values`` fill it in."""

    def __init__(self, rule: str, **values: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.values = values


CHANGED = N_("{value} is a number whose form Excel changed. Save the column as text and choose the file again.")
NUMBER = N_("{value} is not a number.")
TOO_LARGE = N_("{value} is too large or has too many decimals.")
WHOLE = N_("{value} must be a whole amount.")
NEGATIVE = N_("{value} must not be below zero.")
DAY = N_("{value} is not a day.")
DIGITS = N_("{value} must have {count} digits.")
CHECK = N_("The check digit of {value} does not fit.")
UNIT = N_("{value} is no unit that is known here.")
MONTH_DAY = N_("{value} is no day of the month: enter 1 to 31, or 末 for the last.")
MONTHS = N_("{value}: enter how many months later, 0 to 12, or 翌月.")
ROUNDING = N_("{value}: enter 切捨て, 四捨五入 or 切上げ.")
SIDE = N_("{value}: enter 売掛 or 買掛.")
LONG = N_("The text is longer than {count} characters.")

_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?E[+-]?\d+")
_TRIANGLE = "▲△▼-−‐–"


def plain(text: str) -> str:
    """Codes and numbers in half width, without white space around them."""
    return normalize("NFKC", text).strip()


def text(value: str) -> Value:
    """Text for people: NFC, nothing else changed."""
    found = normalize("NFC", value)
    if len(found) > MAX_TEXT_CHARS:
        raise Wrong(LONG, count=str(MAX_TEXT_CHARS))
    return "".join(char for char in found if char in "\t\n" or ord(char) >= 32)


def code(value: str) -> Value:
    """A code: half width. One that Excel turned into 4.90123E+12 has lost its digits."""
    found = plain(value)
    if _SCIENTIFIC.fullmatch(found.upper()):
        raise Wrong(CHANGED, value=found)
    return text(found)


def number(value: str) -> Decimal:
    """A number with thousands separators, currency signs, and any of the signs for "below zero"."""
    found = plain(value).replace(",", "").replace("¥", "").replace("\\", "").replace("円", "").replace(" ", "")
    negative = False
    if found.startswith("(") and found.endswith(")"):
        negative, found = True, found[1:-1]
    elif found[:1] in _TRIANGLE and len(found) > 1:
        negative, found = True, found[1:]
    if _SCIENTIFIC.fullmatch(found.upper()):
        raise Wrong(CHANGED, value=value)
    if not re.fullmatch(r"\+?\d+(\.\d*)?|\+?\.\d+", found, re.ASCII):
        raise Wrong(NUMBER, value=value)
    try:
        exact = Decimal(found)
    except InvalidOperation:
        raise Wrong(NUMBER, value=value) from None
    return -exact if negative else exact


def signed_amount(value: str) -> Value:
    """A whole amount in yen; may be below zero."""
    exact = number(value)
    if exact != exact.to_integral_value():
        raise Wrong(WHOLE, value=value)
    if abs(exact) > MAX_INT:
        raise Wrong(TOO_LARGE, value=value)
    return int(exact)


def amount(value: str) -> Value:
    """A whole amount in yen, not below zero."""
    found = signed_amount(value)
    assert isinstance(found, int)
    if found < 0:
        raise Wrong(NEGATIVE, value=value)
    return found


def decimal(value: str) -> Value:
    """A quantity, unit price or rate; a per cent sign is dropped."""
    exact = number(plain(value).removesuffix("%"))
    if exact < 0:
        raise Wrong(NEGATIVE, value=value)
    sign, digits, exponent = exact.normalize().as_tuple()
    assert not sign
    assert isinstance(exponent, int)
    scale = max(0, -exponent)
    whole = int("".join(map(str, digits))) * 10 ** max(0, exponent)
    if scale > MAX_SCALE or whole > MAX_INT:
        raise Wrong(TOO_LARGE, value=value)
    return Scaled(value=whole, scale=scale)


def day(value: str) -> Value:
    """A day in either calendar, as YYYY-MM-DD. A weekday behind it and a time of midnight are dropped."""
    found = re.sub(r"\s*\([月火水木金土日祝・]{1,3}\)$", "", plain(value))
    found = re.sub(r"[ T]0?0:00(:00)?$", "", found)
    read = wareki.parse(found)
    if read is None:
        raise Wrong(DAY, value=value)
    return read.isoformat()


def gtin(value: str) -> Value:
    """A JAN or GTIN of 8, 12, 13 or 14 digits with its check digit; one leading zero that Excel dropped comes back."""
    from stdnum import ean  # with all that it imports, 3 MB that a node which only delivers does not need

    found = code(value)
    assert isinstance(found, str)
    if not found.isascii() or not found.isdigit() or not 7 <= len(found) <= 14:
        raise Wrong(DIGITS, value=found, count="8, 13, 14")
    for candidate in (found, found.zfill(8), found.zfill(13)):
        if len(candidate) in (8, 12, 13, 14) and ean.is_valid(candidate):
            return candidate
    raise Wrong(CHECK, value=found)


def corporate_number(value: str) -> Value:
    """A 法人番号: 13 digits with its check digit in front."""
    from stdnum.exceptions import ValidationError
    from stdnum.jp import cn

    found = code(value)
    assert isinstance(found, str)
    found = found.replace("-", "").removeprefix("T")
    if len(found) != 13 or not found.isascii() or not found.isdigit():
        raise Wrong(DIGITS, value=found, count="13")
    try:
        cn.validate(found)
    except ValidationError:
        raise Wrong(CHECK, value=found) from None
    return found


def registration_number(value: str) -> Value:
    """A 登録番号: T and 13 digits. Sole traders' numbers have no check digit that is known, so none is asked for."""
    found = code(value)
    assert isinstance(found, str)
    digits = found.upper().removeprefix("T").replace("-", "")
    if len(digits) != 13 or not digits.isascii() or not digits.isdigit():
        raise Wrong(DIGITS, value=found, count="13")
    return f"T{digits}"


def postcode(value: str) -> Value:
    """A 郵便番号 as 471-0000; a leading zero that Excel dropped comes back."""
    digits = str(code(value)).removeprefix("〒").replace("-", "").strip()
    if not digits.isascii() or not digits.isdigit() or not 6 <= len(digits) <= 7:
        raise Wrong(DIGITS, value=value, count="7")
    digits = digits.zfill(7)
    return f"{digits[:3]}-{digits[3:]}"


def telephone(value: str) -> Value:
    """A telephone number; the leading zero that Excel drops comes back."""
    found = str(code(value)).replace("(", "-").replace(")", "-")
    if re.fullmatch(r"[1-9]\d{8,9}", found, re.ASCII):
        found = f"0{found}"
    if not re.fullmatch(r"\+?[\d-]{9,17}", found, re.ASCII):
        raise Wrong(DIGITS, value=value, count="10")
    return found.strip("-")


def percent(value: str) -> Value:
    """Percent as 10, 10%, 軽減8% or, of an Excel cell, 0.1."""
    found = decimal(plain(value).replace("%", "").replace("軽減", "").replace("税率", ""))
    assert isinstance(found, Scaled)
    if found.scale == 2 and 0 < found.value < 100 and "%" not in plain(value):
        return Scaled(found.value)
    if found.scale == 1 and 0 < found.value < 10 and "%" not in plain(value):
        return Scaled(found.value * 10)
    return found


def month_day(value: str) -> Value:
    """A day of the month: 20, 20日; 末, 月末 is 31."""
    found = plain(value).removesuffix("日").removesuffix("締め").removesuffix("締").removesuffix("払い")
    if found in ("末", "月末", "end", "末日", "月末日"):
        return 31
    if not re.fullmatch(r"[0-9]{1,2}", found, re.ASCII) or int(found) > 31:
        raise Wrong(MONTH_DAY, value=value)
    return int(found)


def months(value: str) -> Value:
    """How many months after the closing: 当月, 翌月, 翌々月, or a number."""
    found = plain(value).removesuffix("払い")
    known = {"当月": 0, "翌月": 1, "翌々月": 2, "翌翌月": 2}
    if found in known:
        return known[found]
    number_of = found.removesuffix("か月後").removesuffix("ヶ月後").removesuffix("カ月後")
    if not re.fullmatch(r"[0-9]{1,2}", number_of, re.ASCII) or int(number_of) > 12:
        raise Wrong(MONTHS, value=value)
    return int(number_of)


def rounding(value: str) -> Value:
    """How parts of a yen are rounded: down, half_up, up."""
    found = plain(value).replace("り", "").replace("げ", "").replace("て", "").lower()
    known = {"切捨": "down", "四捨五入": "half_up", "切上": "up", "down": "down", "half_up": "half_up", "up": "up"}
    if found not in known:
        raise Wrong(ROUNDING, value=value)
    return known[found]


def side(value: str) -> Value:
    """Which side of the books: receivable or payable."""
    found = plain(value).removesuffix("金").removesuffix("残高").lower()
    known = {"売掛": "receivable", "得意先": "receivable", "receivable": "receivable"}
    known |= {"買掛": "payable", "仕入先": "payable", "payable": "payable"}
    if found not in known:
        raise Wrong(SIDE, value=value)
    return known[found]


def unit(value: str) -> Value:
    """A unit as its UN/ECE code."""
    found = units.code_of(value)
    if not found:
        raise Wrong(UNIT, value=value)
    return found


READERS: Final[Mapping[str, Callable[[str], Value]]] = {
    "text": text,
    "code": code,
    "amount": amount,
    "signed_amount": signed_amount,
    "decimal": decimal,
    "day": day,
    "gtin": gtin,
    "corporate_number": corporate_number,
    "registration_number": registration_number,
    "postcode": postcode,
    "telephone": telephone,
    "unit": unit,
    "percent": percent,
    "month_day": month_day,
    "months": months,
    "rounding": rounding,
    "side": side,
}
"""Kind of a field → what reads it."""
