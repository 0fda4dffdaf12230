"""What goes in comes out: the multiset of (path, attributes, value) is the same, and valid stays valid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from node.papers import ubl
from node.papers.ubl.document import ORIGIN
from protocol.errors import CallerFault, Malformed
from protocol.process.trade import check, papers
from tests.node.papers.mutants import mutants
from tests.node.papers.random_ubl import Generator
from tests.node.papers.said import OURS, SAMPLES, published, said

PUBLISHED = published()


def comes_out(data: bytes) -> ubl.Reading:
    """Read, through the paper's bytes, and write: the same multiset, and as valid as it was."""
    reading = ubl.read(data)
    kind = papers.TYPE_OF[type(reading.body)]
    body: Any = papers.decode(kind, papers.VERSION, papers.encode(reading.body))
    personal = papers.decode_personal(papers.encode(reading.personal))
    if not any("cannot be sent like this" in warning.rule for warning in reading.warnings):
        check.check(body)
    assert (body, personal) == (reading.body, reading.personal)
    out = ubl.write(body, personal)
    before, after = said(data), said(out)
    assert after == before, (list((before - after).items())[:5], list((after - before).items())[:5])
    if reading.body.origin == ORIGIN:
        assert ubl.validate(out) == []
        again = ubl.read(out)
        assert (again.body, again.personal) == _without_digest(reading, again)
    return reading


def _without_digest(reading: ubl.Reading, again: ubl.Reading) -> tuple[object, object]:
    """A number made from the content differs, since the bytes do."""
    body = reading.body
    if body.number.startswith("#"):
        body = type(body)(**{**{f: getattr(body, f) for f in body.__struct_fields__}, "number": again.body.number})
    return body, reading.personal


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_own_documents_come_out_as_they_went_in(path: Path) -> None:
    comes_out(path.read_bytes())


@pytest.mark.skipif(not PUBLISHED, reason="published samples are not beside the project (../shared/data)")
@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name)
def test_published_documents_come_out_as_they_went_in(path: Path) -> None:
    reading = comes_out(path.read_bytes())
    assert reading.body.origin == ORIGIN


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.xml")), ids=lambda path: path.name)
def test_the_shipped_samples_are_valid_and_read_without_warning(path: Path) -> None:
    assert ubl.validate(path.read_bytes()) == []
    assert ubl.read(path.read_bytes()).warnings == ()


def test_enough_samples_are_shipped() -> None:
    assert len(list(SAMPLES.glob("order-*.xml"))) >= 8
    assert len(list(SAMPLES.glob("response-*.xml"))) >= 3
    ten = ubl.read_order((SAMPLES / "order-01-ten-lines.xml").read_bytes())
    assert len(ten.body.lines) == 10
    assert 2_000 < len(papers.encode(ten.body)) < 4_000


@pytest.mark.parametrize("start", range(0, 150, 25))
def test_random_valid_documents_come_out_as_they_went_in(start: int) -> None:
    _random(start, start + 25)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1_000, 2_000, 100))
def test_a_thousand_more_random_documents(start: int) -> None:
    _random(start, start + 100)


def _random(start: int, end: int) -> None:
    for seed in range(start, end):
        for data in (Generator(seed).order(), Generator(seed).order_response()):
            print(f"seed {seed}")
            assert ubl.validate(data) == []
            comes_out(data)


def test_a_faulty_document_comes_out_as_it_went_in_or_is_refused() -> None:
    """Something removed, doubled, moved, renamed or of another type: told, and never half read."""
    _require_told(3)


@pytest.mark.slow
def test_every_faulty_document_comes_out_as_it_went_in_or_is_refused() -> None:
    _require_told(1)


def _require_told(every: int) -> None:
    kept = refused = 0
    for seed, data in enumerate([path.read_bytes() for path in (*OURS, *PUBLISHED)]):
        for at, root in enumerate(mutants(data, seed)):
            if at % every:
                continue
            mutant = etree.tostring(root, encoding="utf-8", xml_declaration=True)
            try:
                reading = ubl.read(mutant)
            except (CallerFault, Malformed):
                refused += 1
                continue
            if reading.body.origin != ORIGIN:
                assert any("lement" in warning.rule for warning in reading.warnings)
            assert said(ubl.write(reading.body, reading.personal)) == said(mutant)
            kept += 1
    assert kept > 10 * refused > 0


def test_an_order_of_many_linescomes_out() -> None:
    data = (SAMPLES / "order-01-ten-lines.xml").read_bytes()
    head, _, rest = data.partition(b"  <cac:OrderLine>")
    line, _, _ = rest.partition(b"  <cac:OrderLine>")
    lines = b"".join(
        b"  <cac:OrderLine>" + line.replace(b"<cbc:ID>1</cbc:ID>", f"<cbc:ID>{n}</cbc:ID>".encode())
        for n in range(1, 301)
    )
    head = head.partition(b"  <cac:TaxTotal>")[0]
    reading = comes_out(head + lines + b"</Order>")
    assert len(reading.body.lines) == 300
