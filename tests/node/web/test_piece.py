"""Long lists are cut; the rest is a link away, and what an address asks is never believed."""

from __future__ import annotations

import pytest

from node.web import piece
from tests.node.web.harness import TwoWebs
from tests.node.web.test_payments import bill, bills_on


@pytest.mark.parametrize(
    ("asked", "at", "rows", "more"),
    [
        ("", 0, 200, 200),
        ("200", 200, 200, 400),
        ("400", 400, 50, 0),
        ("450", 0, 200, 200),
        ("-1", 0, 200, 200),
        ("1e9", 0, 200, 200),
        ("９", 0, 200, 200),
        ("9" * 400, 0, 200, 200),
    ],
)
def test_the_cut(asked: str, at: int, rows: int, more: int) -> None:
    found = piece.cut(range(450), asked)
    assert (found.at, len(found.rows), found.more, found.total) == (at, rows, more, 450)
    assert list(found.rows) == list(range(at, at + rows))


async def test_bills_beyond_the_first_ones_are_a_link_away(webs: TwoWebs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piece, "ROWS", 2)
    for number in range(3):
        bill(webs, f"PO-{number}")
    seller, buyer = await webs.kyoto.logged_in("owner"), await webs.toyota.logged_in("owner")
    ledger = await seller.get("/books/ledger/receivable")
    assert "3件中1〜2件目" in ledger.plain
    assert 'href="/books/ledger/receivable?from=2#bills"' in ledger.text
    rest = await seller.get("/books/ledger/receivable?from=2")
    assert "3件中3〜3件目" in rest.plain
    assert "¥75,900" in rest.plain  # sums stay those of all bills
    first, second = await buyer.get("/payments"), await buyer.get("/payments?from=2")
    keys = bills_on(first.text), bills_on(second.text)
    assert (len(keys[0]), len(keys[1]), len({*keys[0], *keys[1]})) == (2, 1, 3)
    nothing = await buyer.post("/payments", {"from": "2"})
    assert nothing.status == 422
    assert bills_on(nothing.text) == keys[1]  # the same rows again
