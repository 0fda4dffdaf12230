"""Search finds Japanese words of two characters, whole Latin words and prefixes, the same on every engine."""

from __future__ import annotations

import pytest

from node.store import INDEXED, Store, Tx
from node.store.search import folded, fts5_query, index_text, query_tokens, tsquery
from tests.node.store.rows import BOB, OTHER, document, holding

TEXTS = {
    1: "東京電機製作所 注文書 PO-2026-017 六角ボルト M8x30",
    2: "京都電気工業 見積 ねじ ﾎﾞﾙﾄ 1200個",
    3: "Acme Corporation order 1201 Straße",
    4: "株式会社東 京電",
    5: "",
}


@pytest.fixture
def indexed(store: Store) -> Store:
    def work(tx: Tx) -> None:
        tx.documents.add_many([document(number) for number in TEXTS])
        tx.holdings.add_many([holding(document(1)), holding(document(2)), holding(document(3), member=OTHER)])
        tx.search.add(list(TEXTS.items()))

    store.write(work)
    return store


QUERIES: tuple[tuple[str, list[int]], ...] = (
    ("東京", [1]),
    ("電機", [1]),
    ("京都", [2]),
    ("電気工業", [2]),
    ("東", [4, 1]),
    ("所", [1]),
    ("ボルト", [2, 1]),
    ("ﾎﾞﾙﾄ", [2, 1]),
    ("ネジ", [2]),
    ("ねじ", [2]),
    ("Ｍ８Ｘ３０", [1]),
    ("po-2026-017", [1]),
    ("po 20", [1]),
    ("120", [3, 2]),
    ("1200", [2]),
    ("120 個", []),
    ("1200 個", [2]),
    ("ACME", [3]),
    ("orde", [3]),
    ("orde acme", []),
    ("strasse", []),
    ("straße", [3]),
    ("東京 ボルト", [1]),
    ("東京 京都", []),
    ("", []),
    ("、。!?", []),
    ('" OR "x', []),
    ("acme* OR tokens:NEAR(", []),
    ("' & !x | (", []),
    ("\\", []),
    ("order\x00", [3]),
)


def test_queries(indexed: Store) -> None:
    for query, found in QUERIES:
        assert indexed.read(lambda tx, query=query: tx.search.find(query, 10)) == found, query  # type: ignore[misc]


def test_only_what_a_member_holds(indexed: Store) -> None:
    assert indexed.read(lambda tx: tx.search.find("120", 10, member=BOB)) == [2]
    assert indexed.read(lambda tx: tx.search.find("120", 10, member=OTHER)) == [3]


def test_pages(indexed: Store) -> None:
    assert indexed.read(lambda tx: tx.search.find("ボルト", 1)) == [2]
    assert indexed.read(lambda tx: tx.search.find("ボルト", 1, before=2)) == [1]


def test_the_lag_of_the_index(indexed: Store) -> None:
    assert indexed.read(lambda tx: tx.index_lag()) == 5
    indexed.write(lambda tx: tx.meta.set_int(INDEXED, 3))
    assert indexed.read(lambda tx: tx.index_lag()) == 2


def test_tokens() -> None:
    assert folded("ＡＢＣ ｶﾞｰﾄﾞ ひらがな") == "abc ガード ヒラガナ"
    assert set(index_text("東京都 M8").split()) == {"東京", "京都", "都", "m8"}
    assert set(index_text("M8東京").split()) == {"m8", "東", "東京", "京"}
    assert index_text("one TWO_3") == "one two 3"
    assert query_tokens("東京都 m8") == [("東京", False), ("京都", False), ("m8", True)]
    assert query_tokens("m8 東京 m8") == [("m8", False), ("東京", False)]


def test_a_query_is_quoted_for_each_engine() -> None:
    wanted = [("a\"b'c\\", False), ("東", True)]
    assert fts5_query(wanted) == '"a""b\'c\\" AND "東"*'
    assert tsquery(wanted) == "'a\"b''c\\\\' & '東':*"


def test_a_query_is_bounded() -> None:
    assert len(query_tokens(" ".join(f"word{number}" for number in range(1000)))) == 64
