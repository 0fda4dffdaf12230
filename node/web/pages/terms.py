"""取引条件: what was agreed with one partner, as a form; its history; and the member's own account in its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from msgspec.structs import replace

from node import words
from node.i18n import N_
from node.services import banking, terms
from node.services.bankdays import SHIFTS
from node.services.banking import OwnAccount
from node.services.desk import partners
from node.services.terms import PartnerTerms
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.sheets import account
from node.web.sheets.contract import FREIGHTS, METHODS, currencies
from node.web.sheets.money import ROUNDINGS
from node.web.visit import Visit
from protocol.errors import CallerFault

CLOSING, MONTHS, PAY_DAY = N_("Closing day"), N_("Paid how many months later"), N_("Payday")
RATE, SHIFT = N_("Price rate (percent)"), N_("If banks are closed on that day")
OURS = N_("Our number at the partner")
FREIGHT, METHOD, ROUNDING = N_("Who bears the freight"), N_("Way of payment"), N_("Tax rounding")
SHIFT_WORDS: Final[Mapping[str, str]] = {
    "next": N_("the next day they are open"),
    "previous": N_("the day before it that they are open"),
    "none": N_("the same day"),
}
#: Field of the record → its label, in the history.
LABELS: Final[Mapping[str, str]] = {
    "closing_day": CLOSING,
    "pay_months": MONTHS,
    "pay_day": PAY_DAY,
    "shift": SHIFT,
    "rounding": ROUNDING,
    "rate": RATE,
    "account": N_("Account of the partner"),
    "account_kana": N_("Holder in kana"),
    "fee_by_payee": N_("Transfer fee"),
    "customer_number": OURS,
    "note": N_("Note"),
    "method": METHOD,
    "freight": FREIGHT,
    "layouts": N_("Layouts of files"),
    "contacts": N_("Contacts"),
    "currency": N_("Currency"),
}
FASTER: Final = N_(
    "Somebody else changed this meanwhile. Your entries are still here; look at the history and save again."
)


def _values(found: PartnerTerms) -> dict[str, Any]:
    plain = (
        "closing_day",
        "pay_months",
        "pay_day",
        "shift",
        "rounding",
        "rate",
        "method",
        "freight",
        "currency",
        "note",
    )
    shown = {name: getattr(found, name) for name in (*plain, "customer_number")}
    return {
        **shown,
        "fee_by_payee": "1" if found.fee_by_payee else "",
        **account.values(found.account, found.account_kana),
    }


def _read(form: Form, before: PartnerTerms) -> PartnerTerms:
    say = form.say
    closing = form.integer("closing_day", say(CLOSING), most=31)
    months = form.integer("pay_months", say(MONTHS), most=12)
    day = form.integer("pay_day", say(PAY_DAY), least=1, most=31)
    rate = form.scaled("rate", say(RATE), required=False, places=2, most=1000)
    paid_to, kana = account.read(form, required=False)
    shift = form.choice("shift", say(SHIFT), SHIFTS)
    rounding = form.choice("rounding", say(ROUNDING), (code for code, _ in ROUNDINGS))
    method = form.choice("method", say(METHOD), (code for code, _ in METHODS), required=False)
    freight = form.choice("freight", say(FREIGHT), (code for code, _ in FREIGHTS), required=False)
    currency = form.choice("currency", say(N_("Currency")), currencies(form.value("currency")))
    number = form.text("customer_number", say(OURS), required=False, most=64)
    note = form.text("note", say(N_("Note")), required=False, most=2_000)
    if rate is not None and not rate.value:
        form.wrong("rate", N_("Enter more than 0, or leave it empty."))
    if paid_to is not None and form.ok:
        account.refuse(form, banking.problems_of_payee(paid_to, kana))
    if not form.ok or closing is None or months is None or day is None:
        return before
    return replace(
        before,
        closing_day=closing,
        pay_months=months,
        pay_day=day,
        rate=rate,
        shift=shift,
        rounding=rounding,
        method=method,
        freight=freight,
        currency=currency,
        customer_number=number,
        note=note,
        fee_by_payee=form.ticked("fee_by_payee"),
        account=paid_to,
        account_kana=kana,
    )


async def show(visit: Visit) -> web.StreamResponse:
    """The terms with a partner."""
    member, partner = visit.member, visit.path_hash("partner")
    form = await visit.form()
    if not form.values:
        found, version = await visit.read(lambda tx: _kept(tx, member, partner))
        form = Form.of(visit.say, {**_values(found), "version": version})
    return await _shown(visit, form)


def _kept(tx: Tx, member: bytes, partner: bytes) -> tuple[PartnerTerms, int]:
    row = tx.desk.terms_of(member, (partner,)).get(partner)
    return (terms.NONE, 0) if row is None else (terms.read(row), row.version)


async def save(visit: Visit) -> web.StreamResponse:
    """Set them."""
    house, member, partner, form = visit.context.house, visit.member, visit.path_hash("partner"), await visit.form()
    by = visit.who.user.name
    before = (await visit.read(lambda tx: (partners.look(house, tx, member, partner), _kept(tx, member, partner))))[1]
    new = _read(form, before[0])
    if not form.ok:
        return await _shown(visit, form, 422)
    version = form.integer("version", "version", required=False)
    try:
        await visit.write(lambda tx: terms.put(house, tx, member, partner, new, version, by))
    except CallerFault as fault:
        if fault.code != "changed-meanwhile":
            form.refuse(fault)
            return await _shown(visit, form, 422)
        form.wrong("", FASTER)
        form.values["version"] = [str(before[1])]
        return await _shown(visit, form, 409)
    return visit.see_other(f"/partners/{partner.hex()}/terms", visit.say(N_("Saved.")))


async def _shown(visit: Visit, form: Form, status: int = 200) -> web.Response:
    house, member, partner = visit.context.house, visit.member, visit.path_hash("partner")

    def work(tx: Tx) -> Any:
        found = partners.look(house, tx, member, partner)
        return found, terms.history(tx, member, partner), _kept(tx, member, partner)[0]

    found, history, kept = await visit.read(work)
    return visit.render(
        "partners/terms.html",
        status=status,
        found=found,
        history=history,
        kept=kept,
        form=form,
        may_write=visit.allows("partners.write"),
        said=lambda choices: [(code, visit.say(text)) for code, text in choices],
        choices={
            "shift": [(code, SHIFT_WORDS[code]) for code in SHIFTS],
            "rounding": ROUNDINGS,
            "method": METHODS,
            "freight": FREIGHTS,
            "kind": account.KINDS,
        },
        currencies=[(code, words.currency(code, visit.say)) for code in currencies(form.value("currency"))],
        labels=LABELS,
    )


# --- the member's own account


async def own(visit: Visit) -> web.StreamResponse:
    """From where the member pays."""
    member, form = visit.member, await visit.form()
    if not form.values:
        found, version = await visit.read(lambda tx: banking.of(tx, member))
        values = account.values(found.account if version else None, found.kana)
        form = Form.of(visit.say, {**values, "code": found.code, "version": version})
    return _own_shown(visit, form)


async def save_own(visit: Visit) -> web.StreamResponse:
    """Set it."""
    house, member, form, by = visit.context.house, visit.member, await visit.form(), visit.who.user.name
    code = form.text("code", visit.say(N_("Number of the payer at the bank (委託者コード)")), most=10)
    paid_from, kana = account.read(form, required=True)
    if form.ok and paid_from is not None:
        new = OwnAccount(code=code, kana=kana, account=paid_from)
        account.refuse(form, banking.problems(new))
    if not form.ok:
        return _own_shown(visit, form, 422)
    version = form.integer("version", "version", required=False)
    try:
        await visit.write(lambda tx: banking.put(house, tx, member, by, new, version))
    except CallerFault:
        now = await visit.read(lambda tx: banking.of(tx, member)[1])
        form.wrong("", FASTER)
        form.values["version"] = [str(now)]
        return _own_shown(visit, form, 409)
    return visit.see_other("/settings/account", visit.say(N_("Saved.")))


def _own_shown(visit: Visit, form: Form, status: int = 200) -> web.Response:
    kinds = [(code, visit.say(text)) for code, text in account.KINDS if code != "4"]
    may_write = visit.allows("payments.pay")
    return visit.render("settings/account.html", status=status, form=form, kinds=kinds, may_write=may_write)


PAGES = (
    Page("GET", "/partners/{partner}/terms", "partners.read", show),
    Page("POST", "/partners/{partner}/terms", "partners.write", save),
    Page("GET", "/settings/account", "payments.prepare", own),
    Page("POST", "/settings/account", "payments.pay", save_own),
)
