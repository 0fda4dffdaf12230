"""What is kept is a stranger's input when it is written: it can add, never contradict a field or break the writer."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree
from msgspec.structs import replace

from node.papers import ubl
from node.papers.ubl import document
from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.process.trade.papers import Kept, Order, OrderResponse, Party, Personal, Scaled
from tests.node.papers import full
from tests.node.papers.said import FIXTURES, SAMPLES, said


def _order(*kept: Kept, **fields: Any) -> Order:
    body = ubl.read_order((SAMPLES / "order-01-ten-lines.xml").read_bytes()).body
    assert isinstance(body, Order)
    assert body.kept == ()
    return replace(body, kept=kept, origin=document.AS_IT_CAME, **fields)


CONTENT = "*ext:UBLExtensions/ext:UBLExtension/ext:ExtensionContent"
PLAIN = said(ubl.write(_order()))


@pytest.mark.parametrize(
    "entry",
    [
        Kept(path="cac:OrderLine[11]/cac:LineItem/cbc:ID", value="11"),
        Kept(path="cac:OrderLine(11)/cac:LineItem/cbc:ID", value="11"),
        Kept(path="cac:OrderLine(0)/cac:LineItem/cbc:ID", value="0"),
        Kept(path="cac:OrderLine/cac:LineItem/cac:Item/cbc:Keyword", value="of no item"),
        Kept(path="cac:OrderLine(1)/cac:LineItem/cbc:Quantity", value="999"),
        Kept(path="=cac:OrderLine(1)/cac:LineItem/cbc:Quantity", value="999"),
        Kept(path="=cac:OrderLine(1)/cac:LineItem/cbc:Quantity", value="120.0000000000001"),
        Kept(path="@cac:OrderLine(1)/cac:LineItem/cbc:Quantity", attributes=(("unitCode", "KGM"),)),
        Kept(path="-cac:OrderLine(1)/cac:LineItem/cbc:Quantity", value="120"),
        Kept(path="-cac:OrderLine(1)/cac:LineItem/cbc:Quantity/@unitCode", value="H87"),
        Kept(path="=cac:AnticipatedMonetaryTotal/cbc:PayableAmount", value="1"),
        Kept(path="cac:AnticipatedMonetaryTotal/cbc:PayableAmount", value="1"),
        Kept(path="@cac:AnticipatedMonetaryTotal/cbc:PayableAmount", attributes=(("currencyID", "USD"),)),
        Kept(path="cbc:DocumentCurrencyCode", value="USD"),
        Kept(path="=cbc:DocumentCurrencyCode", value="USD"),
        Kept(path="-cbc:DocumentCurrencyCode", value="USD"),
        Kept(path="cbc:ID", value="another number"),
        Kept(path="=cbc:ID", value="TY-2026-1102"),
        Kept(path="=cbc:IssueDate", value="2026-11-21"),
        Kept(path="-cbc:IssueDate", value="2026-11-20"),
        Kept(path="*cbc:Note", value="<a/>"),
        Kept(path="=cbc:UUID", value="never said"),
        Kept(path="=cac:SellerSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName", value="別の会社"),
        Kept(path="cac:SellerSupplierParty/cac:Party/cbc:EndpointID", value="1"),
        Kept(path="#cac:OrderLine", value="[]"),
        Kept(path="#cac:OrderLine", value='["1","1","1"]'),
    ],
    ids=lambda entry: entry.path,
)
def test_nothing_kept_says_other_than_a_field(entry: Kept) -> None:
    changed = said(ubl.write(_order(entry)))
    assert changed == PLAIN or entry.path == "*cbc:Note"
    assert not [one for one in changed - PLAIN if one[2] and one[2] != ""]


@pytest.mark.parametrize(
    ("fields", "entry"),
    [
        ({"number": "#0123456789abcdef"}, Kept(path="cbc:ID", value="TY-1")),
        ({"number": "#0123456789abcdef"}, Kept(path="=cbc:ID", value="TY-1")),
        ({"currency": "XXX"}, Kept(path="=cbc:DocumentCurrencyCode", value="USD")),
    ],
)
def test_a_placeholder_stands_for_nothing_readable(fields: dict[str, Any], entry: Kept) -> None:
    plain, changed = (said(ubl.write(_order(*kept, **fields))) for kept in ((), (entry,)))
    assert plain == changed


def test_a_line_number_that_stands_twice_is_only_spelled_as_what_it_was() -> None:
    body = _order()
    lines = (body.lines[0], replace(body.lines[1], line_id="1#2"), *body.lines[2:])
    for value, found in (("1", ">1<"), ("2", ">1#2<"), ("7", ">1#2<")):
        entry = Kept(path="=cac:OrderLine(2)/cac:LineItem/cbc:ID", value=value)
        assert f"<cbc:ID{found}/cbc:ID>" in ubl.write(replace(body, lines=lines, kept=(entry,))).decode()


def test_a_quantity_of_zero_is_only_spelled_as_what_could_not_be_read() -> None:
    body = _order()
    lines = (replace(body.lines[0], quantity=Scaled(value=0)), *body.lines[1:])
    for value, found in (("many", ">many<"), ("500", ">0<"), ("-5", ">0<")):
        entry = Kept(path="=cac:OrderLine(1)/cac:LineItem/cbc:Quantity", value=value)
        out = ubl.write(replace(body, lines=lines, kept=(entry,))).decode()
        assert f'<cbc:Quantity unitCode="H87"{found}/cbc:Quantity>' in out


def test_a_number_may_be_spelled_otherwise_but_not_be_another() -> None:
    def price(value: str) -> bytes:
        return ubl.write(_order(Kept(path="=cac:OrderLine(1)/cac:LineItem/cac:Price/cbc:PriceAmount", value=value)))

    assert b'currencyID="JPY">0850.0<' in price("0850.0")
    assert b'currencyID="JPY">8.5E2<' in price("8.5E2")
    for other in ("850.1", "8500", "1E999", "NaN", "Infinity", "", "８５０", "-850", "850 000"):
        assert b'currencyID="JPY">850<' in price(other)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "a",
        "cbc:",
        "cbc:ID/",
        "//cbc:ID",
        "xyz:ID",
        "cbc:ID[-1]",
        "cbc:ID[99999999]",
        "cbc:ID(99999999)",
        "{urn:x",
        "{urn:x}",
        "{urn:x}a b",
        "{urn:x}a<script>",
        "cbc:ID<cbc:ID<cbc:ID",
        "cbc:<ID",
        "cbc:1D",
        "=",
        "~",
        "@",
        "/".join(["cac:Party"] * 40),
        "cbc:ID\n",
        "cac:Party/../cbc:ID",
    ],
)
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(Malformed, match="kept"):
        ubl.write(_order(Kept(path=path, value="x")))


@pytest.mark.parametrize(
    ("kept", "error"),
    [
        (Kept(path="cbc:UUID", value="a\x00b"), CallerFault),
        (Kept(path="cbc:UUID", value="\ufffe"), CallerFault),
        (Kept(path="~cbc:UUID", value="\\ud800"), CallerFault),
        (Kept(path="~cbc:UUID", value="\\Uffffffff"), Malformed),
        (Kept(path="cbc:UUID", attributes=(("a b", "x"),)), Malformed),
        (Kept(path="cbc:UUID", attributes=(("{urn:x", "x"),)), Malformed),
        (Kept(path="cbc:UUID", attributes=(("", "x"),)), Malformed),
        (Kept(path="cbc:UUID", attributes=(("xmlns", "urn:x"),)), Malformed),
        (Kept(path="{http://www.w3.org/2000/xmlns/}a", value="x"), Malformed),
        (Kept(path=CONTENT, value="<a>"), Malformed),
        (Kept(path=CONTENT, value="</x><x>"), Malformed),
        (Kept(path=CONTENT, value="&lol;"), Malformed),
        (Kept(path=CONTENT, value="<a>" * 100 + "</a>" * 100), TooLarge),
        (Kept(path="#cac:OrderLine", value="[1,2]"), Malformed),
        (Kept(path="#cac:OrderLine", value="[" * 100_000), Malformed),
    ],
    ids=repr,
)
def test_an_entry_that_xml_cannot_say_is_refused(kept: Kept, error: type[Exception]) -> None:
    with pytest.raises(error):
        ubl.write(_order(kept))


def test_an_include_in_an_extension_is_refused() -> None:
    include = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
    with pytest.raises(Malformed, match="XInclude"):
        ubl.write(_order(Kept(path=CONTENT, value=include)))


def test_what_is_kept_of_an_item_goes_with_the_item() -> None:
    entry = Kept(path="cac:OrderLine(10)/cac:LineItem/cac:Item/cbc:Keyword", value="最後")
    assert "最後" in ubl.write(_order(entry)).decode()
    body = _order(entry)
    assert "最後" not in ubl.write(replace(body, lines=body.lines[:9], totals=None, taxes=())).decode()


def test_a_later_version_comes_out_and_is_told() -> None:
    data = (FIXTURES / "later-version-response.xml").read_bytes()
    reading = ubl.read_order_response(data)
    assert reading.body.origin == document.AS_IT_CAME
    assert any("OrderChangeDocumentReference" in warning.rule for warning in reading.warnings)
    out = ubl.write(reading.body, reading.personal)
    assert said(out) == said(data)
    order = [str(child.tag).rpartition("}")[2] for child in etree.fromstring(out)]
    assert (
        order.index("OrderReference") < order.index("OrderChangeDocumentReference") < order.index("SellerSupplierParty")
    )
    assert [finding.field for finding in ubl.validate(out)] == ["cac:OrderChangeDocumentReference"]


def test_people_are_only_in_the_personal_part() -> None:
    reading = ubl.read_order((FIXTURES / "repeated.xml").read_bytes())
    for word in ("花子", "試験", "受入", "購買", "@example", "二人目", "03-0000-0000"):
        assert word not in str(reading.body)
        assert word in str(reading.personal)
    assert len(reading.personal.kept) >= 6


# ---- writing is strict --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"issue_date": "2026-02-30"}, "cbc:IssueDate"),
        ({"issue_time": "25 o'clock"}, "cbc:IssueTime"),
        ({"lines": ()}, ""),
        ({"buyer": Party(name="名だけ")}, "buyer.endpoint"),
        ({"seller": full.partner("乙")}, "seller.address.country"),
        ({"currency": ""}, "currency"),
    ],
)
def test_a_paper_of_our_own_that_peppol_would_refuse_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(CallerFault) as caught:
        ubl.write(replace(full.order(), **change))
    assert caught.value.field.startswith(field)


def test_a_line_of_our_own_needs_a_unit_and_a_name() -> None:
    order = full.order()
    line = replace(order.lines[0], unit="")
    with pytest.raises(CallerFault) as caught:
        ubl.write(replace(order, lines=(line,)))
    assert caught.value.field == "lines[0].unit"


def test_the_least_paper_of_our_own() -> None:
    order = full.order()
    party = replace(full.partner("丙"), corporate_number="7990100000001", endpoint=None)
    least = Order(
        number="1", issue_date="2026-11-22", currency="JPY", buyer=party, seller=party, lines=(order.lines[1],)
    )
    out = ubl.write(least)
    assert ubl.validate(out) == []
    text = out.decode()
    assert '<cbc:EndpointID schemeID="0188">7990100000001</cbc:EndpointID>' in text
    assert "urn:fdc:peppol.eu:poacc:trns:order:3" in text
    assert "urn:fdc:peppol.eu:poacc:bis:ordering:3" in text
    response = OrderResponse(
        number="1", issue_date="2026-11-22", currency="JPY", buyer=party, seller=party, response="accepted", order="1"
    )
    assert ubl.validate(ubl.write(response, Personal())) == []
    assert b"<cbc:OrderResponseCode>AP<" in ubl.write(response)


def test_absent_and_zero_prices_are_legal_negative_and_overflowing_ones_are_not() -> None:
    data = (SAMPLES / "order-05-provisional-price.xml").read_text("utf-8")
    reading = ubl.read_order(data.encode())
    assert isinstance(reading.body, Order)
    prices = [line.price for line in reading.body.lines]
    assert prices[1] is None
    assert prices[2] is not None
    assert prices[2].value == Scaled(value=0)
    for bad, rule in (("-1", "negative"), ("-0.01", "negative"), ("9" * 40, "larger than"), ("1E300", "larger than")):
        for place in ("PriceAmount", "LineExtensionAmount"):
            text = data.replace(f'<cbc:{place} currencyID="JPY">0<', f'<cbc:{place} currencyID="JPY">{bad}<')
            assert text != data
            with pytest.raises(CallerFault, match=rule) as caught:
                ubl.read_order(text.encode())
            assert caught.value.field.startswith("cac:OrderLine[3]/cac:LineItem/")
            assert caught.value.field.endswith(place)
    with pytest.raises(CallerFault, match="negative") as caught:
        ubl.read_order(data.replace('unitCode="KGM">12.5<', 'unitCode="KGM">-12.5<').encode())
    assert caught.value.field == "cac:OrderLine/cac:LineItem/cbc:Quantity"


def test_wrong_check_digits_are_told_and_kept() -> None:
    reading = ubl.read_order((FIXTURES / "wrong-check-digits.xml").read_bytes())
    seller = reading.body.seller
    assert seller.corporate_number == ""
    assert seller.legal_id is not None
    assert seller.legal_id.value == "1234567890123"
    told = [warning for warning in reading.warnings if "法人番号" in warning.rule]
    assert {warning.field.rpartition("/")[2] for warning in told} == {"cbc:EndpointID", "cbc:ID", "cbc:CompanyID"}
    assert isinstance(reading.body, Order)
    item = reading.body.lines[0].item
    assert item.gtin == ""
    assert item.standard_id is not None
