"""docs/papers-sme.md says what the code does."""

from __future__ import annotations

from node.papers.sme import kinds
from node.papers.sme.types import SME_TYPES
from tests.node.papers.mapping_page_sme import PAGE, SHARED, TABLES, renewed


def test_the_tables_are_those_of_the_mapping() -> None:
    page = PAGE.read_text("utf-8")
    assert page == renewed(page), "run: python -m tests.node.papers.mapping_page_sme"
    for name in (*TABLES, *SHARED, "subjects"):
        assert f"<!-- table: {name} -->" in page


def test_every_message_and_paper_is_named() -> None:
    page = PAGE.read_text("utf-8")
    for name in (*kinds.MESSAGES, *kinds.TYPES):
        assert f"`{name}`" in page
    assert frozenset(kinds.TYPES) == SME_TYPES
