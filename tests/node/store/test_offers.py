"""Offers in the store, on both engines: the latest state of a series, search by words, tags and days, peers, fits."""

from __future__ import annotations

from typing import Any

from node.store import Store
from node.store.offers import Asked, FitRow, OfferRow, PeerRow

HERE, THERE, FIRM = b"h" * 32, b"t" * 32, b"m" * 32
NOW = 1_000


def row(name: str, **changes: Any) -> OfferRow:
    series = name.encode().ljust(32, b"-")
    given: dict[str, Any] = {
        "position": 0, "series": series, "id": series, "revision": 0, "member": FIRM, "node": HERE, "kind": "stock",
        "side": "offer", "prefecture": "26", "starts": 10, "ends": 20, "expires": 2_000, "until": 2_000,
        "withdrawn": False, "shown": True, "scope": "federation", "nodes": b"", "change": 0, "arrived": NOW,
        "words": f"xqkstock xqp26\n{name} 抹茶あめ", "wire": b"wire",
    }  # fmt: skip
    return OfferRow(**given | changes)


def put(store: Store, *rows: OfferRow) -> list[OfferRow]:
    return store.write(lambda tx: [tx.offers.put(each) for each in rows])


def find(store: Store, words: str = "", *tags: str, any_of: str = "", now: int = NOW, **days: int) -> list[str]:
    asked = Asked(words, tags, any_of, **{"ends": 2**40, **days})
    return [each.series.decode().rstrip("-") for each in store.read(lambda tx: tx.offers.find(asked, now, 50))]


def test_the_latest_state_is_found_by_words_tags_and_days(store: Store) -> None:
    put(
        store,
        row("one"),
        row("two", words="xqkgoods xqp38\n風呂敷 愛媛", starts=30, ends=40),
        row("hidden", shown=False),
    )
    assert find(store) == ["two", "one"]
    assert find(store, "抹茶") == ["one"]
    assert find(store, "まっちゃ") == []
    assert find(store, "マッチャ 敷") == []
    assert find(store, "", "xqkstock") == ["one"]
    assert find(store, "", "xqkstock", "xqp38") == []
    assert find(store, "", "xqkgoods", any_of="風呂 抹茶") == ["two"]
    assert find(store, any_of="風呂 抹茶") == ["two", "one"]
    assert find(store, starts=21) == ["two"]
    assert find(store, ends=29) == ["one"]
    assert find(store, now=2_000) == []
    assert find(store, "!?") == []
    put(store, row("one", revision=1, words="xqkstock\n昆布"))
    assert (find(store, "抹茶"), find(store, "昆布")) == ([], ["one"])
    put(store, row("one", withdrawn=True, shown=False, words=""))
    assert find(store, "昆布") == []
    assert store.read(lambda tx: tx.offers.by_prefecture(NOW)) == {"26": 1}


def test_changes_and_members(store: Store) -> None:
    one, two, other = put(
        store, row("one"), row("two", expires=1_500, until=3_000), row("other", node=THERE, member=THERE)
    )
    again = put(store, one)[0]
    assert [each.series for each in store.read(lambda tx: tx.offers.changed(HERE, 0, 9))] == [two.series, one.series]
    assert store.read(lambda tx: tx.offers.last_change(HERE)) == again.change > other.change
    assert store.read(lambda tx: tx.offers.last_change(b"x" * 32)) == 0
    assert [each.series for each in store.read(lambda tx: tx.offers.of_member(FIRM, NOW, 9))] == [
        two.series,
        one.series,
    ]
    assert store.read(lambda tx: tx.offers.count_of_member(FIRM, 2_500)) == 1
    assert [each.series for each in store.read(lambda tx: tx.offers.over(2_500, 9))] == [other.series, one.series]
    first = store.read(lambda tx: tx.offers.first_to_expire(THERE))
    assert first is not None
    assert first.series == other.series
    assert [each.series for each in store.read(lambda tx: tx.offers.open_here(HERE, "stock", "offer", 1_600, 9))] == [
        one.series
    ]
    found = store.read(lambda tx: tx.offers.beginning(b"t", b"u"))
    assert [each.series for each in found] == [two.series]
    store.write(lambda tx: tx.offers.delete(again))
    assert store.read(lambda tx: tx.offers.get(one.series)) is None


def test_peers_and_fits(store: Store) -> None:
    assert store.read(lambda tx: (tx.offers.peer(THERE), tx.offers.bytes_of_peers(), tx.offers.largest_peer())) == (
        PeerRow(THERE, 0, 0, 0, 0, 0, ""), 0, None,
    )  # fmt: skip
    told = PeerRow(THERE, 7, NOW, 2, 500, 1, "full")
    store.write(lambda tx: [tx.offers.put_peer(each) for each in (told, told._replace(node=HERE, bytes=900))])
    assert store.read(lambda tx: tx.offers.bytes_of_peers()) == 1_400
    assert [each.node for each in store.read(lambda tx: tx.offers.peers())] == [HERE, THERE]
    largest = store.read(lambda tx: tx.offers.largest_peer())
    assert largest is not None
    assert largest.node == HERE
    fit = FitRow(b"a" * 32, b"b" * 32, FIRM, 80, True, NOW, False)
    near = fit._replace(other=b"c" * 32, fits=False)
    store.write(lambda tx: tx.offers.put_fits([near, fit]))
    assert store.read(lambda tx: tx.offers.new_fits(FIRM)) == 1
    store.write(lambda tx: tx.offers.set_seen(FIRM))
    store.write(lambda tx: tx.offers.put_fits([fit._replace(score=90, time=NOW + 5)]))
    kept = store.read(lambda tx: tx.offers.fits_of(fit.own, 9))
    assert kept == [fit._replace(score=90, seen=True), near._replace(seen=True)]
    assert store.read(lambda tx: tx.offers.fits_of_member(FIRM, 1)) == kept[:1]
    store.write(lambda tx: tx.offers.forget_fits(b"b" * 32))
    assert store.read(lambda tx: tx.offers.fits_of(fit.own, 9)) == kept[1:]
