"""A member's own bank account: from where it pays, how its bank knows it. Private; owns the record."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from node.papers import zengin
from node.papers.zengin import Account, Payer, Problem
from node.services.house import House
from node.store import OwnAccountRow, Tx
from protocol.errors import CallerFault
from protocol.process.trade.papers import BankAccount
from protocol.process.trade.papers.base import Word


class OwnAccount(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """``code``: the 委託者コード that the bank gave (10 digits at most); ``kana``: the payer's name as it writes it."""

    code: Word = ""
    kana: Word = ""
    account: BankAccount = BankAccount()


NONE: Final = OwnAccount()
_ANY_DAY: Final = date(2026, 10, 5)  # a banking day: what is checked here does not depend on it
_READ: Final = msgspec.msgpack.Decoder(OwnAccount)


def of(tx: Tx, member: bytes) -> tuple[OwnAccount, int]:
    """The member's account and its version; NONE and 0 where none was set."""
    row = tx.money.account(member)
    return (NONE, 0) if row is None else (_READ.decode(row.data), row.version)


def put(house: House, tx: Tx, member: bytes, by: str, new: OwnAccount, version: int | None = None) -> int:
    """Set it; the new version. CallerFault ``changed-meanwhile`` if somebody was faster than ``version``."""
    now = of(tx, member)[1]
    if version is not None and version != now:
        raise CallerFault("version", f"somebody changed it: it is version {now} now", code="changed-meanwhile")
    tx.money.put_account(OwnAccountRow(member, now + 1, house.clock(), by, msgspec.msgpack.encode(new)))
    return now + 1


def payer(own: OwnAccount) -> Payer:
    """As the header of a file says it."""
    return Payer(own.code, own.kana, account(own.account))


def account(given: BankAccount) -> Account:
    """A paper's account as a bank file writes it."""
    return Account(given.bank, given.branch, given.kind, given.number, given.bank_name, given.branch_name)


def problems(own: OwnAccount) -> list[Problem]:
    """What keeps a bank from taking files of this payer."""
    found = zengin.preview(payer(own), (), _ANY_DAY).problems
    return [one for one in found if one.field.startswith("payer.")]


def problems_of_payee(given: BankAccount, kana: str) -> list[Problem]:
    """What keeps a bank from paying to this account; fields are account.bank, account.branch, …, holder."""
    payment = zengin.Payment("", account(given), kana or given.holder, 1)
    found = zengin.preview(payer(NONE), (payment,), _ANY_DAY).problems
    return [one for one in found if one.place == 0]
