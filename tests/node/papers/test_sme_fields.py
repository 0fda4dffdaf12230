"""The output is made from the fields; what a paper states comes back; what the law wants stands in notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree
from msgspec.structs import replace

from node.papers import sme
from node.papers.sme import kinds, rows
from node.papers.ubl.leftovers import differences
from protocol.errors import CallerFault, Malformed
from protocol.process.trade import check, papers
from protocol.process.trade.papers import (
    ChangeResponse,
    Inspection,
    Kept,
    Order,
    OrderResponse,
    Paper,
    PaymentTerms,
    Period,
    ResponseLine,
    Scaled,
    SelfBilledStatement,
)
from tests.node.papers import full, full_sme
from tests.node.papers.said_sme import SCHEMAS, schema

EVERY = full_sme.every()
_IDS = [f"{index}-{papers.TYPE_OF[type(paper)]}" for index, paper in enumerate(EVERY)]
# What no message of ver.4.1 has an item for, in any paper (docs/papers-sme.md says so too).
NEVER = (
    r"language|sales_order_id|customer_reference|accounting_cost|validity(\..*)?|delivery_terms",
    r"(.*\.)?(buyer|seller|party)\.(trading_name|gln|legal_id|legal_address|endpoint|identifiers\[1\]|address(\.country)?)",
    r"(.*\.)?(buyer|seller|party)\.(registration_number|tax_number)",
    r"references\[\d\](\..*)?|involved\[\d\](\..*)?|contacts\[\d\](\..*)?|notes\[0\]",
    r".*\.item\.(origin_country|best_before|classifications|serial|lot|properties|gtin|standard_id|seller_id|manufacturer_id).*",
    r".*\.(originator|partial_delivery|allowances\[\d\]|price\.allowance|accounting_cost|max_backorder)|allowances\[\d\]",
    r".*delivery\.(period(\..*)?|location(\..*)?|despatch_date|service|party)",
    r".*substitute.*|terms\.means\[\d\]\.(method|account|reference)|totals\..*|lines\[\d\]\.(status|unit|amount|tax)",
)


def _comes_back(paper: Paper, past: Paper | None = None) -> sme.Reading:
    out = sme.write(paper, full.personal("buyer", "seller"), past)
    assert sme.validate(out) == []
    if SCHEMAS.is_dir():
        official = schema(kinds.of(paper).message)
        assert official.validate(etree.fromstring(out)), official.error_log
    return sme.read(out)


@pytest.mark.parametrize("paper", EVERY, ids=_IDS)
def test_a_paper_of_our_own_making_is_valid_and_says_what_unsaid_does_not_list(paper: Any) -> None:
    check.check(replace(paper, kept=()))
    read = _comes_back(paper)
    lost = sme.unsaid(paper, full.personal("buyer", "seller"))
    for path in lost:
        assert any(re.fullmatch(one, path) for one in NEVER), path
    joined = re.compile(r".*\.address\.(region|city|street|building|lines.*)")
    settled = {warning.field for warning in read.warnings}
    for path in differences(paper, read.body):
        assert path in lost or path in settled or joined.fullmatch(path), path
    assert type(read.body) is type(paper)


def test_what_an_order_must_state_and_has_no_item_stands_in_notes_and_comes_back() -> None:
    paper = replace(full.order(), tax_included=False, totals=None, taxes=(), allowances=())
    out = sme.write(paper).decode()
    for subject, content in (("支払期日", "2027-01-29"), ("検査完了期日", "2026-12-28"), ("検査", "なし")):
        assert re.search(rf"<Subject>{subject}</Subject>\s*<Content>{content}</Content>", out)
    read = sme.read(out.encode()).body
    assert isinstance(read, Order)
    assert read.inspection == paper.inspection
    assert read.supplied == paper.supplied
    assert read.undecided == paper.undecided
    assert read.terms is not None
    assert read.terms.due_date == "2027-01-29"


@pytest.mark.parametrize(
    "day", ["2027-01-29", "2027/1/29", "2027年1月29日", "令和9年1月29日", "R9.1.29", "２０２７年１月２９日"]
)
def test_a_day_in_a_note_is_read_in_any_spelling_and_stays_as_it_was_spelled(day: str) -> None:
    paper = Order(
        number="1",
        issue_date="2026-12-01",
        currency="JPY",
        buyer=full.partner("甲"),
        seller=full.partner("乙"),
        lines=full.order().lines[1:],
        terms=PaymentTerms(due_date="2027-01-29"),
        inspection=Inspection(completion_date="2026-12-20"),
    )
    data = sme.write(paper).decode().replace("<Content>2027-01-29<", f"<Content>{day}<").encode()
    read = sme.read(data)
    assert isinstance(read.body, Order)
    assert read.body.terms is not None
    assert read.body.terms.due_date == "2027-01-29"
    assert day in sme.write(read.body).decode()
    changed = replace(read.body, terms=replace(read.body.terms, due_date="2027-02-26"))
    assert f">{day}<" not in sme.write(changed).decode()
    assert ">2027-02-26<" in sme.write(changed).decode()


def test_a_due_date_that_is_no_day_stays_a_note() -> None:
    paper = replace(full.order(), terms=PaymentTerms(due_date="2027-01-29"))
    data = sme.write(paper).decode().replace("<Content>2027-01-29<", "<Content>月末締め翌月末払い<").encode()
    read = sme.read(data)
    assert isinstance(read.body, Order)
    assert read.body.terms is None or read.body.terms.due_date == ""
    assert "月末締め翌月末払い" in sme.write(read.body).decode()


def test_foreign_notes_keep_their_places() -> None:
    paper = replace(full.order(), note="二番目", inspection=Inspection(completion_date="2026-12-20"))
    data = sme.write(paper).decode()
    foreign = "<IncludedCINote><Subject>便り</Subject><Content>一番目</Content></IncludedCINote>"
    data = data.replace("<IncludedCINote>", f"{foreign}<IncludedCINote>", 1)
    read = sme.read(data.encode())
    assert read.body.note == "一番目"  # the first note without a subject of ours is the paper's note
    texts = [one.text for one in etree.fromstring(sme.write(read.body)).iter("{*}Content")]
    assert texts == [one.text for one in etree.fromstring(data.encode()).iter("{*}Content")]


# ---- what belongs together -------------------------------------------------------------------------------------


def test_a_response_repeats_the_order_where_it_is_known() -> None:
    order = replace(full.order(), origin="")
    answer = OrderResponse(
        number="R-1", issue_date="2026-11-23", response="accepted", order="TY-1", buyer=order.buyer, seller=order.seller
    )
    root = etree.fromstring(sme.write(answer, None, order))
    assert [one.text for one in root.iter("{*}RequestedQuantity")] == ["10.0", "1"]
    assert [one.text for one in root.iter("{*}LineStatusCode")] == ["AP", "AP"]
    assert sme.validate(etree.tostring(root)) == []
    read = sme.read(etree.tostring(root)).body
    assert isinstance(read, OrderResponse)
    assert [line.status for line in read.lines] == ["accepted", "accepted"]
    assert [one.text for one in etree.fromstring(sme.write(answer)).iter("{*}LineStatusCode")] == []


def test_an_accepted_answer_with_a_refused_line_is_a_change() -> None:
    order = full.order()
    answer = OrderResponse(
        number="R-1",
        issue_date="2026-11-23",
        response="changed",
        order="TY-1",
        buyer=order.buyer,
        seller=order.seller,
        lines=(ResponseLine(line_id="1", order_line_id="1", status="refused"),),
    )
    data = sme.write(answer).replace(b"ponseTypeCode>CA<", b"ponseTypeCode>AP<")
    read = sme.read(data).body
    assert isinstance(read, OrderResponse)
    assert read.response == "changed"
    assert b">AP<" in sme.write(read)


def test_an_invoice_of_several_orders_or_of_a_month_is_consolidated() -> None:
    assert b"SMEConsolidatedInvoice" in sme.write(full_sme.consolidated())
    monthly = replace(full_sme.invoice(), period=Period(start="2026-12-01", end="2026-12-31"), transaction_date="")
    assert b"SMEConsolidatedInvoice" in sme.write(monthly)
    assert b"SMEConsolidatedInvoice" not in sme.write(full_sme.invoice())


def test_a_statement_is_repeated_in_its_response() -> None:
    statement = full_sme.statement()
    assert isinstance(statement, SelfBilledStatement)
    out = sme.write(full_sme.statement_response(), None, statement)
    assert sme.validate(out) == []
    root = etree.fromstring(out)
    assert [one.text for one in root.iter("{*}BilledQuantity")] == ["33", "19"]
    assert root.findtext("{*}CIIHExchangedDocument/{*}ID") == "SR-1"


def test_an_invoice_that_contradicts_itself_is_refused_by_name() -> None:
    data = sme.write(full_sme.invoice()).replace(b"<DuePayableAmount>5300<", b"<DuePayableAmount>5300<")
    wrong = data.replace(b"<CalculatedAmount>152</CalculatedAmount>", b"<CalculatedAmount>153</CalculatedAmount>", 1)
    with pytest.raises(CallerFault):
        sme.read(wrong)


def test_each_direction_of_rounding_is_told_by_the_taxes() -> None:
    base = full_sme.invoice()
    one = replace(base.lines[0], amount=1999, quantity=Scaled(value=1), price=None)
    for tax, direction in ((199, "down"), (200, "half_up")):
        paper = replace(
            base,
            lines=(one,),
            allowances=(),
            rounding=direction,
            taxes=(replace(base.taxes[0], basis=1999, tax=tax),),
            totals=replace(
                base.totals,
                lines=1999,
                allowances=None,
                charges=None,
                net=1999,
                tax=tax,
                gross=1999 + tax,
                prepaid=None,
                payable=1999 + tax,
            ),
        )
        read = sme.read(sme.write(paper)).body
        assert getattr(read, "rounding", "") == direction


def test_a_line_that_is_taken_off_counts_below_zero() -> None:
    base = full_sme.invoice()
    back = replace(full_sme.line("9", 300), negative=True, order="", order_line_id="")
    paper = replace(
        base,
        lines=(*base.lines, back),
        allowances=(),
        totals=replace(base.totals, lines=4900, allowances=None, charges=None),
    )
    check.check(paper)
    out = sme.write(paper)
    assert b">-3<" in out
    assert b"<BasisAmount>-300<" in out
    assert sme.validate(out) == []
    read = sme.read(out).body
    assert isinstance(read, type(base))
    assert (read.lines[-1].negative, read.lines[-1].amount, read.lines[-1].quantity) == (True, 300, Scaled(value=3))
    assert read.kept == ()


def test_papers_without_a_message_are_refused_by_name() -> None:
    with pytest.raises(CallerFault, match="no message"):
        sme.write(ChangeResponse(number="1", issue_date="2026-12-01", response="accepted", answers="2"))


# ---- what a stranger may write into kept entries -----------------------------------------------------------------


def _hostile() -> Iterator[Kept]:
    money = "CIIHSupplyChainTradeTransaction/ApplicableCIIHSupplyChainTradeSettlement"
    sums = f"{money}/SpecifiedCIIHTradeSettlementMonetarySummation"
    line = (
        "CIIHSupplyChainTradeTransaction/IncludedCIILSupplyChainTradeLineItem/SubordinateCIILBSubordinateTradeLineItem"
    )
    yield Kept(path=f"0>{sums}/DuePayableAmount", value="1")
    yield Kept(path=f"=0>{sums}/DuePayableAmount", value="1")
    yield Kept(path=f"@0>{sums}/DuePayableAmount", attributes=(("currencyID", "USD"),))
    yield Kept(path=f"0>{line}[7]/ID", value="99")
    yield Kept(path=f"0>{line}(1)/SpecifiedCIILBSupplyChainTradeDelivery/BilledQuantity", value="1000")
    yield Kept(path="#sme sheets", value='["1 0","1 1"]')


@pytest.mark.parametrize("entry", [*_hostile()], ids=lambda entry: entry.path[:60])
def test_a_kept_entry_cannot_contradict_a_field(entry: Kept) -> None:
    paper = full_sme.invoice()
    plain, bent = sme.write(paper), sme.write(replace(paper, kept=(entry,)))
    assert sme.validate(bent) == []

    def numbers(data: bytes, name: str) -> list[str | None]:
        return [one.text for one in etree.fromstring(data).iter(f"{{*}}{name}")]

    for name in ("DuePayableAmount", "BilledQuantity", "ChargeAmount", "ID"):
        assert sorted(map(str, numbers(plain, name))) == sorted(map(str, numbers(bent, name))), name
    assert b"USD" not in bent


@pytest.mark.parametrize("path", ["a/b", "7>ID", "0>a b", "0>" + "/".join(["ID"] * 40), "#sme notes:x"])
def test_a_kept_entry_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        sme.write(replace(full_sme.invoice(), kept=(Kept(path=path, value="x"),)))


def test_no_field_may_say_what_xml_cannot() -> None:
    with pytest.raises(CallerFault, match="XML does not allow"):
        sme.write(replace(full_sme.invoice(), note="a\x0bb"))


def test_paths_are_written_without_prefix() -> None:
    assert rows.at("A/udt:DateTime") == "sme:A/udt:DateTime"
