"""docs/process.md says what the code does: its tables are the code's."""

from __future__ import annotations

from protocol.process.catalogue.fold import GUARDS as CATALOGUE_CODE
from protocol.process.catalogue.table import TABLE as CATALOGUE
from protocol.process.deed.fold import GUARDS as DEED_CODE
from protocol.process.deed.table import TABLE as DEED
from protocol.process.replenishment.fold import GUARDS as REPLENISHMENT_CODE
from protocol.process.replenishment.table import TABLE as REPLENISHMENT
from protocol.process.trade.guards import GUARDS as CODE
from protocol.process.trade.papers import PAPERS
from protocol.process.trade.table import TABLE
from tests.protocol.process.describe import (
    CATALOGUE_GUARDS,
    CHAPTER,
    DEED_GUARDS,
    GUARDS,
    PARTS,
    REPLENISHMENT_GUARDS,
    meaning,
    rendered,
    structs,
)


def test_the_chapter_is_as_the_code_has_it() -> None:
    chapter = CHAPTER.read_text(encoding="utf-8")
    assert rendered(chapter) == chapter, "run: python -m tests.protocol.process.describe"


def test_every_generated_part_says_something() -> None:
    assert all(len("\n".join(part())) > 40 for part in PARTS.values())


def test_every_condition_is_described_and_used() -> None:
    assert set(GUARDS) == set(CODE) == {guard for row in TABLE.values() for guard in row.guards}
    used = {guard for row in CATALOGUE.values() for guard in row.guards}
    assert set(CATALOGUE_GUARDS) == set(CATALOGUE_CODE) == used
    used = {guard for row in REPLENISHMENT.values() for guard in row.guards}
    assert set(REPLENISHMENT_GUARDS) == set(REPLENISHMENT_CODE) == used
    used = {guard for row in DEED.values() for guard in row.guards}
    assert set(DEED_GUARDS) == set(DEED_CODE) == used


def test_every_struct_has_a_meaning() -> None:
    for paper in PAPERS.values():
        for struct in (paper, *structs(paper, {})):
            assert meaning(struct), struct
