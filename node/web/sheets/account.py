"""Bank accounts as forms: the fields, the way there and back, and the bank's rules beside their fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from node.i18n import N_
from node.papers.zengin import Problem
from node.web.forms import Form
from protocol.process.trade.papers import BankAccount

BANK, BRANCH, NUMBER = N_("Bank number (4 digits)"), N_("Branch number (3 digits)"), N_("Account number")
KIND: Final = N_("Kind of account")
KINDS: Final = (("1", N_("ordinary")), ("2", N_("current")), ("4", N_("savings")), ("9", N_("other")))
FIELDS: Final = ("bank", "bank_name", "branch", "branch_name", "number", "kana")


def values(account: BankAccount | None, kana: str) -> dict[str, Any]:
    """What stands in the form."""
    found = account or BankAccount(kind="1")
    names = ("bank", "bank_name", "branch", "branch_name", "kind", "number", "holder")
    return {name: getattr(found, name) for name in names} | {"kana": kana}


def is_blank(form: Form) -> bool:
    """Did nobody type an account?"""
    return not any(form.value(name).strip() for name in FIELDS)


def read(form: Form, *, required: bool) -> tuple[BankAccount | None, str]:
    """The account and its holder in kana; none where nothing was typed and nothing is required."""
    say = form.say
    if not required and is_blank(form):
        return None, ""
    digits = {
        name: form.text(name, say(label), most=most).strip()
        for name, label, most in (("bank", BANK, 4), ("branch", BRANCH, 3), ("number", NUMBER, 7))
    }
    account = BankAccount(
        **{name: _narrow(value) for name, value in digits.items()},
        bank_name=form.text("bank_name", say(N_("Name of the bank")), required=False, most=60),
        branch_name=form.text("branch_name", say(N_("Name of the branch")), required=False, most=60),
        kind=form.choice("kind", say(KIND), (code for code, _ in KINDS)),
        holder=form.text("holder", say(N_("Holder of the account")), required=False, most=120),
    )
    return account, form.text("kana", say(N_("Holder in kana")), most=120)


def _narrow(digits: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKC", digits)


def refuse(form: Form, problems: Iterable[Problem]) -> None:
    """What the bank's rules say, each beside its field."""
    for one in problems:
        name = one.field.removeprefix("payer.").removeprefix("account.")
        name = {"name": "kana", "code": "code"}.get(name, "kana" if name == "holder" else name)
        if name not in form.errors:
            form.errors[name] = one.text(form.say)
