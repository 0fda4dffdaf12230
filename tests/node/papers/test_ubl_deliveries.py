"""Despatch advices, receipt advices and catalogues: out, in, and out again."""

from __future__ import annotations

import pytest
from lxml import etree
from msgspec.structs import replace

from node.papers import ubl
from node.papers.ubl import names
from node.papers.ubl.leftovers import differences
from protocol.errors import CallerFault
from protocol.process.trade import check
from protocol.process.trade.papers import ChangeResponse, Paper, Reference, Scaled
from tests.node.papers import bills, deliveries
from tests.node.papers.random_ubl import Generator
from tests.node.papers.said import SAMPLES
from tests.node.papers.test_ubl_lossless import comes_out

_NS = {"cac": names.CAC, "cbc": names.CBC}
_PAPERS: dict[str, Paper] = {
    "despatch_advice": deliveries.despatch_advice(),
    "receiving_advice": deliveries.receiving_advice(),
    "catalogue": deliveries.catalogue(),
}
# Peppol has no place for tax numbers where no tax is stated, and calls seller and buyer by their trading names there.
_MOVED = {"buyer.name", "seller.name", "seller.registration_number"}


def _texts(xml: bytes, path: str) -> list[str]:
    found = etree.fromstring(xml).xpath(f"{path}/text()", namespaces=_NS)
    assert isinstance(found, list)
    return [str(one) for one in found]


@pytest.mark.parametrize("name", _PAPERS)
def test_every_field_goes_out_and_comes_in(name: str) -> None:
    paper = _PAPERS[name]
    check.check(paper)
    assert ubl.unsaid(paper) == []
    xml = ubl.write(paper)
    assert ubl.validate(xml) == []
    back = ubl.read(xml, name)
    check.check(back.body)
    assert set(differences(paper, back.body)) <= _MOVED
    assert back.body.seller.corporate_number == bills.seller().corporate_number
    comes_out(xml)


def test_a_delivery_names_who_ships_and_who_receives() -> None:
    xml = ubl.write(deliveries.despatch_advice())
    assert _texts(xml, "cac:DespatchSupplierParty//cbc:RegistrationName") == [bills.seller().name]
    assert _texts(xml, "cac:DeliveryCustomerParty//cbc:EndpointID") == [bills.buyer().corporate_number]
    nameless = replace(deliveries.despatch_advice(), seller=None)
    with pytest.raises(CallerFault) as fault:
        ubl.write(nameless)
    assert fault.value.field == "seller.endpoint"


def test_what_passed_is_what_was_not_rejected() -> None:
    paper = deliveries.receiving_advice()
    line = replace(paper.lines[1], passed=Scaled(value=5), received=None)
    xml = ubl.write(replace(paper, result="accepted", lines=(line,)))
    assert _texts(xml, "cac:ReceiptLine/cbc:ReceivedQuantity") == ["5"]
    assert _texts(xml, "cac:ReceiptLine/cbc:RejectedQuantity") == ["0"]
    back = ubl.read(xml).body
    assert (back.result, back.lines[0].passed) == ("accepted", Scaled(value=5))
    none = replace(paper.lines[0], passed=Scaled(value=0), failed=Scaled(value=695), short=None)
    assert ubl.read(ubl.write(replace(paper, result="refused", lines=(none,)))).body.result == "refused"


def test_prices_by_volume_are_blocks_of_their_own() -> None:
    xml = ubl.write(deliveries.catalogue())
    block = "cac:CatalogueLine[1]/cac:RequiredItemLocationQuantity"
    assert _texts(xml, f"{block}/cac:Price/cbc:PriceAmount") == ["230", "215", "198.5"]
    assert _texts(xml, f"{block}/cbc:MinimumQuantity") == ["100", "1000"]
    assert _texts(xml, f"{block}/cbc:LeadTimeMeasure") == ["7"]
    moved = ubl.read(xml).body
    back = ubl.write(replace(moved, items=moved.items[1:]))
    assert _texts(back, "cac:CatalogueLine/cac:Item/cbc:Name") == ["まんじゅう"]


def test_other_papers_have_no_form() -> None:
    paper = ChangeResponse(number="A-1", issue_date="2026-10-01", response="accepted", answers="H-1")
    with pytest.raises(CallerFault, match="no form in UBL"):
        ubl.write(paper)


def test_the_number_of_a_reference_is_enough() -> None:
    paper = deliveries.despatch_advice()
    paper = replace(paper, references=(Reference(kind="other", number="X-1"),))
    assert _texts(ubl.write(paper), "cac:AdditionalDocumentReference/cbc:ID") == ["X-1"]


@pytest.mark.parametrize("tag", [names.DESPATCH_ADVICE, names.RECEIPT_ADVICE, names.CATALOGUE], ids=lambda t: t[-9:])
def test_random_valid_documents_come_out_as_they_went_in(tag: str) -> None:
    for seed in range(25):
        print(f"seed {seed}")
        data = Generator(seed).document(tag)
        assert ubl.validate(data) == []
        comes_out(data)


# ---- what is no document ------------------------------------------------------------------------------------------

_BILL = (SAMPLES / "invoice-01-mixed-rates.xml").read_bytes()
_ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
_OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


def _inside(prolog: bytes, text: bytes) -> bytes:
    head, _, rest = _BILL.partition(b"?>")
    return head + b"?>" + prolog + rest.replace(b"S-2026-10-07", text)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (_inside(_ENTITIES, b"&b;"), "document type"),
        (_inside(_OUTSIDE, b"&a;"), "document type"),
        (_inside(b"", b"&b;"), "not well-formed"),
        (_inside(b"", b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///x"/>'), "XInclude"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\n", "a PDF, not XML"),
        (b"PK\x03\x04\x14\x00" + b"\0" * 40, "a ZIP archive or an Excel file, not XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 40, "an old Office file, not XML"),
        (b"", "is empty"),
        (b"number,date,amount\n1,2026-10-01,100\n", "no element"),
        (_BILL.replace(b"UTF-8", b"EBCDIC-JP"), "not supported"),
        (_BILL.decode().encode("cp932"), "is not utf-8"),
        (_BILL[: len(_BILL) // 2], "breaks off"),
        (_BILL.replace(b"</Invoice>", b"</Invoice><Invoice/>"), "not well-formed"),
        (_BILL + b" " * (10 * 1024 * 1024), "the limit is"),
        (_inside(b"", b"<a>" * 40 + b"</a>" * 40), "nested deeper"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_such_document_is_refused_clearly(data: bytes, told: str) -> None:
    with pytest.raises(Exception, match=told) as fault:
        ubl.read(data)
    assert type(fault.value).__name__ in ("Malformed", "TooLarge", "CallerFault")
