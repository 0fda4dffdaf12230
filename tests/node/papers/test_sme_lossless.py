"""What goes in comes out: the same multiset of (path, attributes, value); and what comes out is valid ver.4.1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from node.papers import sme
from node.papers.sme import kinds
from protocol.errors import CallerFault, Malformed
from protocol.process.trade import check, papers
from tests.node.papers.mutants import mutants
from tests.node.papers.random_sme import Generator
from tests.node.papers.said_sme import FIXTURES, INSTANCES, SCHEMAS, said, schema

MESSAGES = sorted(kinds.MESSAGES)
_NUMBERS = frozenset({"BasisAmount", "GrandTotalAmount", "CalculatedAmount", "CalculatedRate"})


def _comes_out(data: bytes) -> tuple[sme.Reading, bytes]:
    reading = sme.read(data)
    kind = papers.TYPE_OF[type(reading.body)]
    body: Any = papers.decode(kind, papers.VERSION, papers.encode(reading.body))
    personal = papers.decode_personal(papers.encode(reading.personal))
    check.check(body)
    assert (body, personal) == (reading.body, reading.personal)
    out = sme.write(body, personal)
    assert sme.validate(out) == []
    if SCHEMAS.is_dir():
        official = schema(kinds.of(body).message)
        assert official.validate(etree.fromstring(out)), official.error_log
    return reading, out


def _same(data: bytes) -> sme.Reading:
    reading, out = _comes_out(data)
    before, after = said(data), said(out)
    assert after == before, (list((before - after).items())[:5], list((after - before).items())[:5])
    return reading


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_our_own_documents_come_out_as_they_went_in(path: Path) -> None:
    assert sme.validate(path.read_bytes()) == []
    _same(path.read_bytes())


def test_there_is_a_fixture_of_every_message() -> None:
    assert {etree.QName(etree.parse(path).getroot()).localname for path in FIXTURES} == set(MESSAGES)


@pytest.mark.skipif(not INSTANCES, reason="published samples are not beside the project (../shared/data)")
@pytest.mark.parametrize("path", INSTANCES, ids=lambda path: path.name)
def test_official_instances_come_out_valid_with_all_they_say(path: Path) -> None:
    data = path.read_bytes()
    assert sme.validate(data) != []
    reading, out = _comes_out(data)
    before, after = said(data), said(out)
    assert before - after == {}, "nothing is lost"
    added = {one[0].rpartition("}")[2].partition("[")[0] for one in after - before}
    assert added <= _NUMBERS, "and only numbers that ver.4.1 demands are added"
    again = sme.read(out)
    assert (again.body.number, len(again.body.kept)) == (
        reading.body.number,
        pytest.approx(len(reading.body.kept), abs=9),
    )


@pytest.mark.parametrize("message", MESSAGES)
def test_random_valid_documents_come_out_as_they_went_in(message: str) -> None:
    _random(message, 0, 6)


@pytest.mark.slow
@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("start", range(1_000, 1_200, 50))
def test_many_more_random_documents(message: str, start: int) -> None:
    _random(message, start, start + 50)


def _random(message: str, start: int, end: int) -> None:
    for seed in range(start, end):
        print(f"{message} seed {seed}")
        data = Generator(message, seed).document()
        assert sme.validate(data) == []
        _same(data)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_faulty_document_comes_out_valid_or_is_refused(message: str) -> None:
    """Something removed, doubled, moved, renamed or of another type: never half read, never written invalid."""
    source = next(path for path in FIXTURES if path.stem == message)
    kept = 0
    for root in mutants(source.read_bytes(), len(message)):
        mutant = etree.tostring(root, encoding="utf-8", xml_declaration=True)
        try:
            _comes_out(mutant)
        except (CallerFault, Malformed):
            continue
        kept += 1
    assert kept > 10
