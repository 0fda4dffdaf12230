"""What a bank file is made of: who pays, from which account; whom, how much. Plain values; knows no bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Account:
    """``bank`` (4 digits) and ``branch`` (3) with their names in kana, which banks may leave empty.

    ``kind``: 1 ordinary, 2 current, 4 savings (payees only), 9 other. ``number``: up to 7 digits.
    """

    bank: str
    branch: str
    kind: str
    number: str
    bank_name: str = ""
    branch_name: str = ""


@dataclass(frozen=True)
class Payer:
    """``code``: the 委託者コード that the bank gave (up to 10 digits); ``name``: in kana, or as people write it."""

    code: str
    name: str
    account: Account


@dataclass(frozen=True)
class Payment:
    """``payee`` is the name for people, ``holder`` that of the account in kana; ``amount`` in yen.

    ``edi`` (20 bytes) goes with the money, else the two customer codes do. ``first``: the first transfer to this
    account; ``changed``: its account is another than last time. ``references``: what is paid, for the preview.
    """

    payee: str
    account: Account
    holder: str
    amount: int
    edi: str = ""
    customer_codes: tuple[str, str] = ("", "")
    first: bool = False
    changed: bool = False
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """What hinders the file: ``place`` of the payment (None: payer or day), ``payee``, ``field``, ``rule``.

    ``rule`` is a message of the catalogue, ``values`` fill it in.
    """

    field: str
    rule: str
    values: tuple[tuple[str, str], ...] = ()
    place: int | None = None
    payee: str = ""

    def text(self, say: Callable[[str], str]) -> str:
        """The rule in the language of ``say``, behind the payee's name."""
        told = say(self.rule).format(**dict(self.values))
        return f"{self.payee}: {told}" if self.payee else told


@dataclass(frozen=True)
class Row:
    """One payment as the bank will read it. ``cut``: the holder's name was longer than 30 bytes."""

    payment: Payment
    holder: str
    bank_name: str
    branch_name: str
    cut: bool


@dataclass(frozen=True)
class Preview:
    """Everything to look at before a file is made. It can be made when there are no ``problems``."""

    day: date
    rows: tuple[Row, ...]
    count: int
    total: int
    problems: tuple[Problem, ...]
