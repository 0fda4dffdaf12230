"""Bombs, other encodings and marks: what a stranger's file may cost, and what is read all the same."""

from __future__ import annotations

import pytest

from node.papers import sme
from node.papers.ubl.worker import Worker
from protocol.errors import CallerFault, Malformed, TooLarge
from tests.node.papers import full_sme

SOURCE = sme.write(full_sme.despatch_advice()).decode().partition("?>")[2]


@pytest.mark.parametrize(
    ("name", "encoding"), [("UTF-8", "utf-8-sig"), ("UTF-16", "utf-16"), ("Shift_JIS", "cp932"), ("EUC-JP", "euc_jp")]
)
def test_a_message_is_read_in_the_encodings_of_old_software(name: str, encoding: str) -> None:
    note = "㈱髙橋 ①" if encoding == "cp932" else "午前着"
    text = f'<?xml version="1.0" encoding="{name}"?>{SOURCE}'.replace("午前着", note)
    body = sme.read(text.encode(encoding)).body
    assert body.number == "D-1"
    assert body.note == note


def test_an_encoding_that_is_not_what_it_says_is_refused() -> None:
    with pytest.raises(Malformed):
        sme.read(f'<?xml version="1.0" encoding="UTF-8"?>{SOURCE}'.encode("cp932"))
    with pytest.raises(Malformed):
        sme.read(f'<?xml version="1.0" encoding="UTF-7"?>{SOURCE}'.encode())


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]>',
    ],
)
def test_a_document_type_is_refused(prolog: str) -> None:
    with pytest.raises(Malformed, match="document type"):
        sme.read((prolog + SOURCE).encode())


def test_what_is_too_deep_or_too_much_is_refused() -> None:
    opening = "<CIDDHSupplyChainTradeTransaction>"
    with pytest.raises(TooLarge):
        sme.read(SOURCE.replace(opening, "<a>" * 40 + "</a>" * 40 + opening).encode())
    notes = "<IncludedCINote><Content>x</Content></IncludedCINote>" * 2_500
    with pytest.raises(TooLarge):
        sme.read(SOURCE.replace("<IncludedCINote>", f"{notes}<IncludedCINote>", 1).encode())


def _counted(number: str) -> bytes:
    return SOURCE.replace(">8</DespatchedQuantity>", f">{number}</DespatchedQuantity>").encode()


@pytest.mark.parametrize("number", ["1e400", "9" * 40, "-5"])
def test_a_number_that_no_paper_may_hold_is_refused_by_name(number: str) -> None:
    with pytest.raises(CallerFault, match="DespatchedQuantity"):
        sme.read(_counted(number))


@pytest.mark.parametrize("number", ["NaN", "1,00,0"])
def test_what_is_no_number_is_told_and_not_written(number: str) -> None:
    reading = sme.read(_counted(number))
    assert any("DespatchedQuantity" in warning.field for warning in reading.warnings)
    assert sme.validate(sme.write(reading.body, reading.personal)) == []


def test_a_spelling_that_the_format_does_not_have_is_written_in_ours() -> None:
    reading = sme.read(SOURCE.replace(">8</DespatchedQuantity>", ">8E0</DespatchedQuantity>").encode())
    out = sme.write(reading.body, reading.personal)
    assert b">8</DespatchedQuantity>" in out
    assert sme.validate(out) == []


def test_the_worker_tells_the_formats_apart() -> None:
    worker = Worker()
    try:
        reading = worker.read(SOURCE.encode())
        assert reading.body.number == "D-1"
        assert sme.validate(worker.write_sme(reading.body, reading.personal)) == []
        assert worker.validate(SOURCE.encode()) == []
        with pytest.raises(Malformed):
            worker.read(SOURCE.encode(), "order")
    finally:
        worker.close()
