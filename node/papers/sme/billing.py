"""Mapping of the messages that bill: invoice (単一請求, 統合請求), self-billed statement (仕入明細) and its response.

A message has three tiers: the document, its sheets (明細文書, one for each delivery or order), their lines. A paper has
lines only, so a document that was read keeps how many lines each sheet had. Tax is counted once per rate and paper:
with one sheet its tax is the paper's; with several, each sheet's is what the document says. Owns where the fields
stand. Source: 中小企業共通EDI ver.4.2 items UN0100…; ver.4.1 message structures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from node.papers.sme import goods, head, notes, parties
from node.papers.sme.bill_lines import (
    ALLOWANCE,
    DEAL_PATH,
    HEAD_PATH,
    LINE,
    LINE_PATH,
    MEANS,
    MONEY_PATH,
    SHEET_MONEY,
    SHEET_PATH,
    SHEET_SUMS,
    SUMS,
    TRADE_PATH,
    Span,
    net_of,
)
from node.papers.sme.goods import included, put_fraction, rate_fraction
from node.papers.sme.rows import (
    Currency,
    Moment,
    Sme,
    amount_at,
    at,
    counted,
    fixed,
    group,
    leaf,
    many,
    put_moment,
    put_sum,
)
from node.papers.ubl import codecs
from node.papers.ubl.names import Step
from node.papers.ubl.parties import CORPORATE, GLN
from node.papers.ubl.rows import (
    Context,
    Fixed,
    Leaf,
    Missing,
    Row,
    Values,
    fill_all,
    make_all,
    put,
    read_with,
    text_at,
)
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault
from protocol.process import money
from protocol.process.trade.papers import (
    AllowanceCharge,
    Billing,
    InvoiceLine,
    PaymentMeans,
    PaymentTerms,
    Scaled,
    TaxCategory,
    TaxSubtotal,
    Totals,
)

SHEET_NOTES: Final = f"{SHEET_PATH}/AssociatedCIILDocumentLineDocument/IncludedCINote"
HEAD_NOTES: Final = f"{HEAD_PATH}/IncludedCINote"


@dataclass(frozen=True)
class Sheets:
    """``lines``, ``allowances``, ``taxes``, ``totals`` and ``rounding`` of the paper. ``summed``: the message sums the
    taxes of its sheets in its head (統合請求)."""

    summed: bool

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        assert isinstance(context, Sme)
        lines: list[InvoiceLine] = []
        allowances: list[AllowanceCharge] = []
        taxes: dict[tuple[str, Scaled | None], TaxSubtotal] = {}
        counts: list[str] = []
        places = list(node.items(at(SHEET_PATH)))
        for index, (step, sheet) in enumerate(places, 1):
            here = f"{at(TRADE_PATH)}/{step}"
            context.scope = f"{index}/"
            stated = _taxes_of(sheet, context, here)
            only = stated[0] if len(stated) == 1 else None
            context.tax = None if only is None else TaxCategory(category=only.category, rate=only.rate)
            inner = self._lines(sheet, context, here)
            extra: Values = {}
            many("allowances", f"{SHEET_MONEY}/SpecifiedCITradeAllowanceCharge", AllowanceCharge, ALLOWANCE).fill(
                sheet, extra, context, here
            )
            own = extra.get("allowances", ())
            if not stated:
                context.warn(
                    f"{here}/{at(f'{SHEET_MONEY}/ApplicableCITradeTax')}", "is missing: worked out of the lines"
                )
                stated = _counted(tuple(inner), own, money.Rounding.DOWN, included(context))
            _add_taxes(taxes, stated)
            lines += inner
            allowances += own
            counts.append(f"{len(inner)} {len(own)}")
        context.scope = ""
        if len(places) > 1:
            context.marks["sheets"] = counts
        whole: Values = {}
        if self.summed:
            many("taxes", f"{MONEY_PATH}/ApplicableCITradeTax", TaxSubtotal, goods.SUBTOTAL).fill(
                node, whole, context, path
            )
        values["lines"], values["allowances"] = tuple(lines), tuple(allowances)
        values["taxes"] = whole.get("taxes") or tuple(taxes.values())
        values["rounding"] = _rounding(values["taxes"], context)
        values["totals"] = _totals(node, values, context, path)

    def _lines(self, sheet: Node, context: Context, path: str) -> list[InvoiceLine]:
        found = []
        for step, child in sheet.items(at(LINE_PATH)):
            try:
                found.append(InvoiceLine(**{"unit": "", **fill_all(LINE, child, context, f"{path}/{step}")}))
            except Missing as broken:
                raise CallerFault(str(broken), "is required") from None
        return found

    def make(self, struct: Billing, node: Node, context: Context) -> None:
        assert isinstance(context, Sme)
        shares = _shares(struct, context.marks.get("sheets", []))
        above, _, name = at(SHEET_PATH).rpartition("/")
        for index, (lines, allowances) in enumerate(shares, 1):
            context.scope = f"{index}/"
            sheet = node.make(above).child(Step(name, index))
            put(sheet.make(at("AssociatedCIILDocumentLineDocument/LineID")), codecs.WORD, str(index), soft=True)
            for position, line in enumerate(lines, 1):
                made = sheet.child(Step(at(LINE_PATH), position))
                made.item = True
                make_all(LINE, line, made, context)
            sheet.closed.add(at(LINE_PATH))
            _Allowances(allowances).make(sheet, context)
            alone = len(shares) == 1 and not self.summed
            direction = money.Rounding(struct.rounding)
            alone_taxes = _counted(lines, allowances, direction, struct.tax_included) if len(shares) > 1 else ()
            taxes = struct.taxes if len(shares) == 1 else alone_taxes
            for place, tax in enumerate(taxes, 1):
                _put_tax(sheet.make(f"{at(f'{SHEET_MONEY}/ApplicableCITradeTax')}[{place}]"), tax, context, not alone)
            _put_sums(sheet, lines, allowances, taxes, context, soft=len(shares) > 1)
        node.make(above).closed.add(name)
        context.scope = ""
        if self.summed:
            for place, tax in enumerate(struct.taxes, 1):
                _put_tax(node.make(f"{at(f'{MONEY_PATH}/ApplicableCITradeTax')}[{place}]"), tax, context, False)
        self._put_totals(struct, node, context)

    def _put_totals(self, struct: Billing, node: Node, context: Context) -> None:
        sums = struct.totals
        if sums.payable is not None:
            put_sum(node, f"{SUMS}/DuePayableAmount", sums.payable, context, optional=True)
        if sums.prepaid is not None:
            put_sum(node, f"{SUMS}/TotalPrepaidAmount", sums.prepaid, context)
        tax = sum(one.tax for one in struct.taxes)
        put_sum(node, f"{SUMS}/TaxTotalAmount", tax, context, optional=True)
        if sums.gross is not None and not sums.rounding:
            put_sum(node, f"{SUMS}/GrandTotalAmount", sums.gross, context, optional=True)
            put_sum(node, f"{SUMS}/NetLineTotalAmount", sums.gross - tax, context, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        line = f"{at(SHEET_PATH)}(n)/{at(LINE_PATH)}(n)"
        found = [(f"lines[n].{name}", f"{line}/{path}") for row in LINE for name, path in row.describe()]
        places = [f"{at(SHEET_PATH)}(n)/{at(f'{SHEET_MONEY}/ApplicableCITradeTax')}(n)"]
        if self.summed:
            places.insert(0, f"{at(f'{MONEY_PATH}/ApplicableCITradeTax')}(n)")
        for place in places:
            found += [
                (f"taxes[n].{name}", f"{place}/{path}") for row in goods.SUBTOTAL for name, path in row.describe()
            ]
        extra = f"{at(SHEET_PATH)}(n)/{at(f'{SHEET_MONEY}/SpecifiedCITradeAllowanceCharge')}(n)"
        found += [(f"allowances[n].{name}", f"{extra}/{path}") for row in ALLOWANCE for name, path in row.describe()]
        names = (
            ("payable", "DuePayableAmount"),
            ("prepaid", "TotalPrepaidAmount"),
            ("tax", "TaxTotalAmount"),
            ("gross", "GrandTotalAmount"),
            ("net", "NetLineTotalAmount"),
        )
        return found + [(f"totals.{field}", at(f"{SUMS}/{path}")) for field, path in names]


def _taxes_of(sheet: Node, context: Context, path: str) -> list[TaxSubtotal]:
    """What a sheet says about its taxes."""
    found: Values = {}
    many("taxes", f"{SHEET_MONEY}/ApplicableCITradeTax", TaxSubtotal, goods.SUBTOTAL).fill(sheet, found, context, path)
    return list(found.get("taxes", ()))


def _add_taxes(taxes: dict[tuple[str, Scaled | None], TaxSubtotal], more: list[TaxSubtotal]) -> None:
    """Add the taxes of a sheet to those of the paper, by category and rate."""
    for one in more:
        key = one.category, one.rate
        before = taxes.get(key)
        whole = one if before is None else replace(before, basis=before.basis + one.basis, tax=before.tax + one.tax)
        taxes[key] = whole


def _rounding(taxes: tuple[TaxSubtotal, ...], context: Context) -> str:
    """The issuer's direction, told by the taxes; down where they do not tell."""
    for direction in (money.Rounding.DOWN, money.Rounding.HALF_UP, money.Rounding.UP):
        if all(_right(one, direction, included(context)) for one in taxes):
            return str(direction.value)
    return str(money.Rounding.DOWN.value)


def _right(one: TaxSubtotal, direction: money.Rounding, inside: bool) -> bool:
    if one.rate is None:
        return True
    return one.tax == money.tax(one.basis, (one.rate.value, one.rate.scale), direction, included=inside)


def _totals(node: Node, values: Values, context: Context, path: str) -> Totals:
    total = net_of(values["lines"])
    off = sum(one.amount for one in values["allowances"] if not one.charge)
    on = sum(one.amount for one in values["allowances"] if one.charge)
    tax = sum(one.tax for one in values["taxes"])
    footed = total - off + on
    net, gross = (footed - tax, footed) if included(context) else (footed, footed + tax)
    prepaid = amount_at(node, f"{SUMS}/TotalPrepaidAmount", context, path)
    payable = amount_at(node, f"{SUMS}/DuePayableAmount", context, path)
    if payable is None:
        stated = amount_at(node, f"{SUMS}/GrandTotalAmount", context, path)
        payable = max((gross if stated is None else stated) - (prepaid or 0), 0)
    other = payable - (gross - (prepaid or 0))
    if other:
        context.warn(at(f"{SUMS}/DuePayableAmount"), f"what is due is {other:+d} besides what is billed here")
    extra = values["allowances"]
    return Totals(
        lines=total,
        allowances=off if extra else None,
        charges=on if extra else None,
        net=net,
        tax=tax,
        gross=gross,
        prepaid=prepaid,
        rounding=other or None,
        payable=payable,
    )


_Share = tuple[tuple[InvoiceLine, ...], tuple[AllowanceCharge, ...]]


def _shares(struct: Billing, counts: list[str]) -> list[_Share]:
    """Lines and allowances of each sheet; one sheet unless the document that was read had more."""
    pairs = [tuple(int(one) for one in text.split(" ")) for text in counts if _is_pair(text)]
    fits = len(pairs) == len(counts) > 1
    if not fits or sum(pair[0] for pair in pairs) != len(struct.lines):
        return [(struct.lines, struct.allowances)]
    found: list[_Share] = []
    line = extra = 0
    for lines, allowances in pairs:
        found.append((struct.lines[line : line + lines], struct.allowances[extra : extra + allowances]))
        line, extra = line + lines, extra + allowances
    return found


def _is_pair(text: str) -> bool:
    pieces = text.split(" ")
    return len(pieces) == 2 and all(len(one) <= 4 and one.isascii() and one.isdigit() for one in pieces)


def _counted(
    lines: tuple[InvoiceLine, ...], allowances: tuple[AllowanceCharge, ...], direction: money.Rounding, inside: bool
) -> list[TaxSubtotal]:
    """Taxes of these lines and allowances, rounded once per rate."""
    bases: dict[tuple[str, Scaled | None], int] = {}
    for line in lines:
        key = line.tax.category, line.tax.rate
        bases[key] = bases.get(key, 0) + (-line.amount if line.negative else line.amount)
    for one in allowances:
        if one.tax is not None:
            key = one.tax.category, one.tax.rate
            bases[key] = bases.get(key, 0) + (one.amount if one.charge else -one.amount)
    found = []
    for (category, rate), basis in bases.items():
        tax = 0
        if rate is not None and basis > 0:
            tax = money.tax(basis, (rate.value, rate.scale), direction, included=inside)
        found.append(TaxSubtotal(category=category, rate=rate, basis=max(basis, 0), tax=tax))
    return found


def _put_tax(node: Node, tax: TaxSubtotal, context: Context, soft: bool) -> None:
    """One tax class. ``soft``: a document may say something else."""
    make_all(goods.SUBTOTAL, tax, node, context)
    put_fraction(node, "CalculatedRate", *rate_fraction(tax.rate))
    put(node.make(at("CurrencyCode")), codecs.CODE, context.currency, soft=True)
    for child in node.children.values():
        child.soft, child.optional = child.soft or soft, True


def _put_sums(
    sheet: Node,
    lines: tuple[InvoiceLine, ...],
    allowances: tuple[AllowanceCharge, ...],
    taxes: Any,
    context: Context,
    *,
    soft: bool,
) -> None:
    total = net_of(lines)
    off = sum(one.amount for one in allowances if not one.charge)
    on = sum(one.amount for one in allowances if one.charge)
    tax = sum(one.tax for one in taxes)
    footed = total - off + on
    net, gross = (footed - tax, footed) if included(context) else (footed, footed + tax)
    before = total - tax if included(context) else total
    if allowances:
        put_sum(sheet, f"{SHEET_SUMS}/ChargeTotalAmount", on, context, soft=True)
        put_sum(sheet, f"{SHEET_SUMS}/AllowanceTotalAmount", off, context, soft=True)
    put_sum(sheet, f"{SHEET_SUMS}/TaxTotalAmount", tax, context, soft=soft, optional=True)
    put_sum(sheet, f"{SHEET_SUMS}/GrossLineTotalAmount", before, context, soft=True)
    put_sum(sheet, f"{SHEET_SUMS}/NetLineTotalAmount", net, context, soft=True)
    put_sum(sheet, f"{SHEET_SUMS}/GrandTotalAmount", gross, context, soft=soft, optional=True)


@dataclass(frozen=True)
class _Allowances:
    """Allowances and charges of a sheet."""

    allowances: tuple[AllowanceCharge, ...]

    def make(self, sheet: Node, context: Context) -> None:
        many("allowances", f"{SHEET_MONEY}/SpecifiedCITradeAllowanceCharge", AllowanceCharge, ALLOWANCE).make(
            self, sheet, context
        )


def _terms() -> Row:
    return group(
        "terms",
        "",
        PaymentTerms,
        (
            Moment("due_date", f"{MONEY_PATH}/SpecifiedCITradePaymentTerms/DueDateDateTime"),
            leaf("description", f"{MONEY_PATH}/SpecifiedCITradePaymentTerms/Description"),
            leaf("code", f"{MONEY_PATH}/SpecifiedCITradePaymentTerms/TypeCode", codecs.CODE),
            many("means", f"{MONEY_PATH}/SpecifiedCITradeSettlementPaymentMeans", PaymentMeans, MEANS),
        ),
    )


def _rows(kind: str, subtype: str, *, summed: bool, own: bool = False, corrects: bool = False) -> tuple[Row, ...]:
    """Rows of an invoice; ``own``: made by the buyer, which wants an answer code."""
    rows: list[Row] = [
        Currency(f"{MONEY_PATH}/InvoiceCurrencyCode"),
        *head.document(HEAD_PATH, "", subtype),
        Leaf("kind", at(f"{HEAD_PATH}/TypeCode"), codecs.CODE, default=kind),
        fixed(f"{HEAD_PATH}/TypeCode", kind),
        parties.firm("buyer", f"{DEAL_PATH}/BuyerCITradeParty", parties.INVOICE_PARTY, required=True),
        parties.firm("seller", f"{DEAL_PATH}/SellerCITradeParty", parties.INVOICE_PARTY, required=True),
        _endpoint("buyer"),
        _endpoint("seller"),
        _country("buyer"),
        _country("seller"),
        parties.involved("payee", f"{MONEY_PATH}/PayeeCITradeParty", parties.INVOICE_PARTY),
        goods.reference("project", f"{DEAL_PATH}/SpecifiedProcuringProject", goods.PROJECT),
        _terms(),
        Span(
            f"{MONEY_PATH}/BillingCISpecifiedPeriod"
            if summed
            else f"{SHEET_PATH}/{SHEET_MONEY}/BillingCISpecifiedPeriod"
        ),
        notes.Notes(notes.CORRECTION if corrects else notes.BILLING, HEAD_NOTES if summed else SHEET_NOTES),
        Sheets(summed),
    ]
    if corrects:
        rows += [_Corrects(), _NoReason()]
    if own:
        rows.append(fixed(f"{HEAD_PATH}/RequestedResponseTypeCode", "AJ", note="AJ (pending)"))
    if summed:
        rows += [
            parties.involved("accounting", f"{MONEY_PATH}/InvoiceeCITradeParty", parties.INVOICE_PARTY),
            parties.involved("payer", f"{MONEY_PATH}/PayerCITradeParty", parties.INVOICE_PARTY),
        ]
    return tuple(rows)


def _endpoint(role: str) -> Row:
    """Where a party is reached (国際アドレス), when the paper does not say: by its number."""
    path = f"{DEAL_PATH}/{role.capitalize()}CITradeParty/EndPointURICIUniversalCommunication"
    return _Pair(
        counted(f"{path}/ChannelCode", lambda paper, context: _address(paper, role)[0], note="0188 or 0088"),
        counted(f"{path}/CompleteNumber", lambda paper, context: _address(paper, role)[1], note="法人番号 or GLN"),
    )


def _country(role: str) -> Row:
    path = f"{DEAL_PATH}/{role.capitalize()}CITradeParty/PostalCITradeAddress"
    return counted(
        f"{path}/CountryID",
        lambda paper, context: "JP" if getattr(paper, role).corporate_number else "",
        lambda paper, node: node.at(at(path)) is not None,
        note="JP for a firm with a 法人番号",
    )


def _address(paper: Any, role: str) -> tuple[str, str]:
    party = getattr(paper, role)
    if party.endpoint is not None:
        return "", ""
    if party.corporate_number:
        return CORPORATE, party.corporate_number
    return (GLN, party.gln) if party.gln else ("", "")


@dataclass(frozen=True)
class _Pair:
    """Two rows as one."""

    first: Row
    second: Row

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        return None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        self.first.make(struct, node, context)
        self.second.make(struct, node, context)

    def describe(self) -> list[tuple[str, str]]:
        return [*self.first.describe(), *self.second.describe()]


_REFERENCE = f"{HEAD_PATH}/ReferenceCIReferencedDocument"


class _Corrects:
    """``corrects``, ``corrects_date``, ``effect``: the invoice that is corrected (文書参照タイプ OI)."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        here = at(f"{_REFERENCE}/IssuerAssignedID")
        value = read_with(codecs.WORD, text_at(node, here), context, here)
        if not value:
            raise Missing(here)
        values["corrects"] = value
        Moment("corrects_date", f"{_REFERENCE}/IssueDateTime").fill(node, values, context, path)
        if not values.get("corrects_date"):
            context.warn(at(f"{_REFERENCE}/IssueDateTime"), "is missing: the day of the document is taken")
            values["corrects_date"] = values["issue_date"]
        values["effect"] = "credited" if text_at(node, at(f"{HEAD_PATH}/TypeCode")) == CREDIT else "replaced"
        values["reason"] = values.get("reason") or NO_REASON

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make(at(f"{_REFERENCE}/IssuerAssignedID")), codecs.WORD, struct.corrects)
        put_moment(
            node,
            f"{_REFERENCE}/IssueDateTime",
            struct.corrects_date,
            optional=struct.corrects_date == struct.issue_date,
        )
        put(node.make(at(f"{_REFERENCE}/ReferenceTypeCode")), codecs.CODE, "OI", soft=True)
        kind = CREDIT if struct.effect == "credited" else struct.kind or "380"
        put(node.make(at(f"{HEAD_PATH}/TypeCode")), codecs.CODE, kind, optional=kind == "380")
        if struct.effect != "credited":
            put(node.make(at(f"{HEAD_PATH}/PurposeCode")), codecs.CODE, "4", soft=True)

    def describe(self) -> list[tuple[str, str]]:
        return [
            ("corrects", at(f"{_REFERENCE}/IssuerAssignedID")),
            ("corrects_date", at(f"{_REFERENCE}/IssueDateTime")),
            ("effect", at(f"{HEAD_PATH}/TypeCode")),
        ]


class _NoReason:
    """``reason`` of a correction that a document does not give."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        values["reason"] = values.get("reason") or NO_REASON

    def make(self, struct: Any, node: Node, context: Context) -> None:
        return None

    def describe(self) -> list[tuple[str, str]]:
        return []


CREDIT: Final = "81"  # UNCL1001: credit note related to goods or services
NO_REASON: Final = "記載なし"

INVOICE = _rows("380", "38001", summed=False)
CONSOLIDATED_INVOICE = _rows("380", "", summed=True)
STATEMENT = _rows("389", "", summed=False, own=True)
CONSOLIDATED_STATEMENT = _rows("389", "", summed=True, own=True)
CORRECTION = _rows("380", "38001", summed=False, corrects=True)
CONSOLIDATED_CORRECTION = _rows("380", "", summed=True, corrects=True)


def is_correction(said: Node) -> bool:
    """Whether an invoice is a credit note, or changes an earlier invoice (目的 4, 参照タイプ OI)."""
    if text_at(said, at(f"{HEAD_PATH}/TypeCode")) == CREDIT:
        return text_at(said, at(f"{_REFERENCE}/IssuerAssignedID")) is not None
    changed = text_at(said, at(f"{HEAD_PATH}/PurposeCode")) == "4"
    return changed and text_at(said, at(f"{_REFERENCE}/ReferenceTypeCode")) == "OI"


def repeated(statement: Billing, message: str) -> tuple[Row, ...]:
    """Rows by which a response repeats the statement that it answers."""
    rows = CONSOLIDATED_STATEMENT if "Consolidated" in message else STATEMENT
    return tuple(row for row in rows if not isinstance(row, (Fixed, Leaf, head.Number, Moment, notes.Notes)))


def contacts() -> tuple[Row, ...]:
    """People of an invoice."""
    return (
        parties.contact("buyer", f"{DEAL_PATH}/BuyerCITradeParty"),
        parties.contact("seller", f"{DEAL_PATH}/SellerCITradeParty"),
        parties.contact("payee", f"{MONEY_PATH}/PayeeCITradeParty"),
    )


ANSWERS: Final = {"AP": "confirmed", "RE": "refused"}


class _Answer:
    """``response``: インボイス回答タイプコード; anything but accepted is a refusal."""

    _path = at(f"{HEAD_PATH}/RequestedResponseTypeCode")
    _codec = codecs.Coded(ANSWERS, unknown=("refused",))

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(self._codec, text_at(node, self._path), context, self._path)
        if value is None:
            context.warn(self._path, "is neither accepted nor rejected: taken as refused")
        values["response"] = value or "refused"

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make(self._path), self._codec, struct.response, optional=struct.response == "refused")

    def describe(self) -> list[tuple[str, str]]:
        return [("response", self._path)]


class _Statement:
    """``statement``: the number of the statement that is answered; a document that does not say has its number."""

    _path = at(f"{_REFERENCE}/IssuerAssignedID")

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, self._path), context, self._path)
        values["statement"] = value or values["number"]

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make(self._path), codecs.StandIn(codecs.WORD), struct.statement, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("statement", self._path)]


def _answer_rows(path: str) -> tuple[Row, ...]:
    return (*head.document(HEAD_PATH, "389", ""), _Answer(), _Statement(), notes.Notes((notes.REASON,), path))


STATEMENT_RESPONSE = _answer_rows(SHEET_NOTES)
CONSOLIDATED_STATEMENT_RESPONSE = _answer_rows(HEAD_NOTES)
