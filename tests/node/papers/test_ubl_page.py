"""docs/papers-ubl.md says what the code does."""

from __future__ import annotations

from tests.node.papers import mapping_page
from tests.node.papers.mapping_page import PAGE, TABLES, renewed
from tests.node.papers.test_ubl_fields import UNSAID


def test_the_tables_are_those_of_the_mapping() -> None:
    page = PAGE.read_text("utf-8")
    assert page == renewed(page), "run: python -m tests.node.papers.mapping_page"
    for name in TABLES:
        assert f"<!-- table: {name} -->" in page
    for kind in mapping_page.kinds():
        assert f"`{kind}`" in page


def test_what_ubl_cannot_say_is_listed() -> None:
    page = PAGE.read_text("utf-8")
    for field in UNSAID:
        assert f"`{'.'.join(field)}`" in page, field
