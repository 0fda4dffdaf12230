"""Random valid messages of the SME Common EDI ver.4.1, made from the table of elements; invoices with right sums."""

from __future__ import annotations

import random
from typing import Any

from lxml import etree

from node.papers.sme.grammar import UDT, Child, grammar

_WORDS = (
    "ねじ",
    "SUS304",
    "歯車 φ20",
    "A-0912",
    "東京都千代田区1-2",
    "株式会社甲",
    "x & y <z>",
    "納期厳守",
    "01",
    "T-1",
)
_NUMBERS = ("0", "1", "10", "100", "250", "9999")
BILLING = frozenset(
    {
        "SMEInvoice",
        "SMEConsolidatedInvoice",
        "SMESelfInvoice",
        "SMEConsolidatedSelfInvoice",
    }
)


class Generator:
    """One random document of a message for each seed."""

    def __init__(self, message: str, seed: int) -> None:
        self._random = random.Random(f"{message} {seed}")
        self._message = message
        self._grammar = grammar(message)
        self._namespace = self._grammar.root[1:].partition("}")[0]
        self._share = self._random.choice((0.15, 0.3, 0.6))
        self._count = 0

    def document(self) -> bytes:
        """The document, UTF-8."""
        prefixes: Any = {None: self._namespace, "udt": UDT}
        root = etree.Element(self._grammar.root, nsmap=prefixes)
        self._fill(root, f"sme:{self._message}")
        self._settle(root)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def _fill(self, element: etree._Element, name: str) -> None:
        for child in self._grammar.children(name) or ():
            most = 2 if child.most is None else child.most
            wanted = max(child.least, 1) if child.name.endswith(("ExchangedDocument", "IssueDateTime")) else child.least
            if child.name.endswith("TradeLineItem"):
                wanted = max(wanted, 1)
            while wanted < most and self._random.random() < self._share:
                wanted += 1
            for _ in range(wanted):
                self._element(element, child)

    def _element(self, above: etree._Element, child: Child) -> None:
        element = etree.SubElement(above, f"{{{self._namespace}}}{child.name.partition(':')[2]}")
        if not child.kind:
            self._fill(element, child.name)
        elif child.kind == "moment":
            self._moment(element)
        elif child.kind == "indicator":
            etree.SubElement(element, f"{{{UDT}}}Indicator").text = self._random.choice(("true", "false"))
        else:
            element.text = self._value(child)
            self._attribute(element, child)

    def _moment(self, element: etree._Element) -> None:
        day = f"2026-{self._random.randint(1, 12):02d}-{self._random.randint(1, 28):02d}"
        if self._random.random() < 0.2 and "IssueDateTime" not in str(element.tag):
            inner = etree.SubElement(element, f"{{{UDT}}}DateTimeString")
            inner.text = day.replace("-", "")
            inner.set("format", "102")
        else:
            time = self._random.choice(("00:00:00", "11:04:10", "09:00:00+09:00"))
            etree.SubElement(element, f"{{{UDT}}}DateTime").text = f"{day}T{time}"

    def _value(self, child: Child) -> str:
        self._count += 1
        if child.kind in ("id", "text"):
            return f"{self._random.choice(_WORDS)}{self._count}"
        if child.kind == "code":
            return self._code(child.name)
        if child.kind == "binary":
            return "44GC"
        return self._random.choice(_NUMBERS)

    def _code(self, name: str) -> str:
        known = {
            "sme:CategoryCode": ("S", "AA"),
            "sme:RequestedResponseTypeCode": ("AJ", "AP", "CA", "RE", "?"),
            "sme:LineStatusCode": ("AP", "CA", "RE", "1", "39"),
            "sme:PriceCurrencyCode": ("JPY",),
            "sme:InvoiceCurrencyCode": ("JPY",),
            "sme:RoleCode": ("CN", "UD", "MF", "FT"),
            "sme:PurposeCode": ("9", "6"),
            "sme:TypeCode": ("380", "VAT", "30"),
        }
        return self._random.choice(known.get(name, (f"C{self._count}",)))

    def _attribute(self, element: etree._Element, child: Child) -> None:
        if self._random.random() < 0.3:
            key = {"id": "schemeID", "code": "listID", "text": "languageID", "quantity": "unitCode"}.get(child.kind)
            if key is not None:
                element.set(key, {"unitCode": "H87", "languageID": "ja"}.get(key, self._random.choice(("0188", "x"))))

    # ---- what contradicts itself -----------------------------------------------------------------------------

    def _tag(self, name: str) -> str:
        return f"{{{self._namespace}}}{name}"

    def _settle(self, root: etree._Element) -> None:
        if self._message in BILLING:
            self._bill(root)
        if self._message == "SMERemittanceAdvaice":
            self._remit(root)

    def _drop(self, root: etree._Element, *names: str) -> None:
        for name in names:
            for element in list(root.iter(self._tag(name))):
                above = element.getparent()
                assert above is not None
                above.remove(element)

    def _bill(self, root: etree._Element) -> None:
        self._drop(root, "SpecifiedCITradeAllowanceCharge")
        money = next(root.iter(self._tag("ApplicableCIIHSupplyChainTradeSettlement")))
        for name in ("ApplicableCITradeTax", "SpecifiedCIIHTradeSettlementMonetarySummation"):
            for element in money.findall(self._tag(name)):
                money.remove(element)
        kind = next(iter(root.iter(self._tag("CIIHExchangedDocument")))).find(self._tag("TypeCode"))
        if kind is not None:
            kind.text = "380"
        for sheet in root.iter(self._tag("IncludedCIILSupplyChainTradeLineItem")):
            self._bill_sheet(sheet)

    def _bill_sheet(self, sheet: etree._Element) -> None:
        total = 0
        for line in sheet.iter(self._tag("SubordinateCIILBSubordinateTradeLineItem")):
            amount = self._random.randint(1, 50) * 1000
            total += amount
            for path, value in (("ChargeAmount", amount), ("BilledQuantity", 1), ("BasisQuantity", 1)):
                for element in line.iter(self._tag(path)):
                    element.text = str(value)
            for price in line.iter(self._tag("NetPriceProductCITradePrice")):
                for element in price.findall(self._tag("BasisQuantity")):
                    element.attrib.clear()
            taxes = list(line.iter(self._tag("ApplicableCITradeTax")))
            self._tax(taxes[0], amount)
        settlement = sheet.find(self._tag("SpecifiedCIILSupplyChainTradeSettlement"))
        if settlement is None:
            return
        for place, tax in enumerate(settlement.findall(self._tag("ApplicableCITradeTax"))):
            if place:
                settlement.remove(tax)
            else:
                self._tax(tax, total)
        sums = settlement.find(self._tag("SpecifiedCIILTradeSettlementMonetarySummation"))
        if sums is not None:
            settlement.remove(sums)

    def _tax(self, tax: etree._Element, basis: int) -> None:
        values = {
            "CalculatedAmount": basis // 10,
            "BasisAmount": basis,
            "GrandTotalAmount": basis + basis // 10,
            "RateApplicablePercent": 10,
            "CategoryCode": "S",
            "CalculatedRate": "0.1",
        }
        for name in ("RateApplicablePercent", "CategoryCode"):  # optional in a consolidated invoice: told here
            if tax.find(self._tag(name)) is None:
                self._insert(tax, name)
        for name, value in values.items():
            for element in tax.findall(self._tag(name)):
                element.text = str(value)

    def _insert(self, above: etree._Element, name: str) -> None:
        """An element at its place in the sequence."""
        ranks = self._grammar.ranks("sme:ApplicableCITradeTax") or {}
        before = [one for one in above if ranks[f"sme:{etree.QName(one).localname}"] < ranks[f"sme:{name}"]]
        above.insert(len(before), etree.Element(self._tag(name)))

    def _remit(self, root: etree._Element) -> None:
        payment = next(root.iter(self._tag("CIRHTradeSettlementPayment")))
        if payment.find(self._tag("RequestedExecutionDateTime")) is None:
            made = etree.Element(self._tag("RequestedExecutionDateTime"))
            etree.SubElement(made, f"{{{UDT}}}DateTime").text = "2026-10-30T00:00:00"
            first = payment.find(self._tag("EndToEndID"))
            payment.insert(0 if first is None else 1, made)
        self._drop(
            root, "ApplicableCIRHSpecifiedBalanceOut", "BalanceOutAmount", "IncludedCIRLSupplyChainTradeLineItem"
        )
        self._drop(root, "SpecifiedCIRTTradeSettlementMonetarySummation")
        for element in payment.iter(self._tag("PaymentTotalAmount"), self._tag("IncludingTaxesLineTotalAmount")):
            element.text = "5000"
        detail = next(root.iter(self._tag("ApplicableCIRTSupplyChainTradeSettlement")), None)
        if detail is not None:
            reference = detail.find(self._tag("InvoiceReferencedCIReferencedDocument"))
            assert reference is not None
            sums = etree.Element(self._tag("SpecifiedCIRTTradeSettlementMonetarySummation"))
            etree.SubElement(sums, self._tag("PaymentTotalAmount")).text = "5000"
            reference.addnext(sums)
