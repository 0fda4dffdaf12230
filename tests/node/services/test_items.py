"""Items, prices per partner, drafts."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from node.services import drafts, items, users
from node.services.items import OwnItem, OwnPrice
from node.services.terms import PartnerTerms
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Price, PriceTier, Scaled
from tests.node.services.town import Association, two_towns

BAG = OwnItem(
    number="B-1",
    name="紙袋 大",
    kana="かみぶくろ",
    gtin="2900000401013",
    unit="BX",
    price=Scaled(4800),
    tiers=(PriceTier(minimum=Scaled(10), price=Price(value=Scaled(4320))),),
)


@pytest.fixture
def town() -> tuple[Association, bytes, bytes]:
    toyota, _, buyer, seller = two_towns()
    return toyota, buyer, seller


def test_items_are_found_by_number_name_kana_and_jan(town: tuple[Association, bytes, bytes]) -> None:
    node, member, _ = town
    node.do(lambda tx: items.put(node.house, tx, member, [BAG, OwnItem(number="W-6", name="100%ﾜｯｼｬｰ")]))

    def found(text: str) -> list[str]:
        return [kept.item.number for kept in node.see(lambda tx: items.search(tx, member, text))]

    assert found("") == ["B-1", "W-6"]
    for text in ("紙袋", "カミブクロ", "ｶﾐﾌﾞｸﾛ", "401013", "ｂ-1"):
        assert found(text) == ["B-1"]
    assert found("ワッシャー") == found("100%") == ["W-6"]
    assert found("100_") == found("\\") == []
    assert node.see(lambda tx: items.get(tx, member, "B-1")).item == BAG
    assert node.do(lambda tx: items.put(node.house, tx, member, [BAG]))[0].version == 2
    node.do(lambda tx: items.drop(tx, member, "B-1"))
    with pytest.raises(NotFound):
        node.see(lambda tx: items.get(tx, member, "B-1"))


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (replace(BAG, gtin="2900000401014"), "items[1].gtin"),
        (replace(BAG, name="a\0"), "items[1].name"),
        (replace(BAG, currency="円"), "items[1].currency"),
        (replace(BAG, unit=""), "items[1].unit"),
        (replace(BAG, pack_size=Scaled(0)), "items[1].pack_size"),
        (OwnItem(number="OK", name="二度目"), "items[1].number"),
    ],
)
def test_all_or_none_with_the_item_and_the_field(
    town: tuple[Association, bytes, bytes], bad: OwnItem, field: str
) -> None:
    node, member, _ = town
    with pytest.raises(CallerFault) as refused:
        node.do(lambda tx: items.put(node.house, tx, member, [OwnItem(number="OK", name="よい"), bad]))
    assert refused.value.field == field
    assert node.see(lambda tx: items.search(tx, member)) == []


@pytest.mark.parametrize(
    ("terms", "own", "price", "tier"),
    [
        (PartnerTerms(), None, 4800, 4320),
        (PartnerTerms(rate=Scaled(85)), None, 4080, 3672),
        (PartnerTerms(rate=Scaled(333, 1)), None, 1598, 1438),
        (PartnerTerms(rate=Scaled(333, 1), rounding="up"), None, 1599, 1439),
        (PartnerTerms(rate=Scaled(85)), OwnPrice(rate=Scaled(50)), 2400, 2160),
        (PartnerTerms(rate=Scaled(85)), OwnPrice(price=Scaled(4000)), 4000, None),
    ],
)
def test_the_price_of_a_partner(terms: PartnerTerms, own: OwnPrice | None, price: int, tier: int | None) -> None:
    found = items.for_partner(BAG, terms, own)
    assert found.price == Scaled(price)
    assert [one.price.value.value for one in found.tiers] == ([] if tier is None else [tier])


def test_own_prices_are_set_and_taken_back(town: tuple[Association, bytes, bytes]) -> None:
    node, member, partner = town
    node.do(lambda tx: items.put(node.house, tx, member, [BAG]))
    node.do(lambda tx: items.put_prices(node.house, tx, member, partner, {"B-1": OwnPrice(price=Scaled(4000))}))
    assert node.see(lambda tx: items.prices(tx, member, partner)) == {"B-1": OwnPrice(price=Scaled(4000))}
    node.do(lambda tx: items.put_prices(node.house, tx, member, partner, {"B-1": OwnPrice()}))
    assert node.see(lambda tx: items.prices(tx, member, partner)) == {}
    with pytest.raises(NotFound):
        node.do(lambda tx: items.put_prices(node.house, tx, member, partner, {"B-9": OwnPrice(price=Scaled(1))}))
    both = OwnPrice(price=Scaled(1), rate=Scaled(50))
    with pytest.raises(CallerFault):
        node.do(lambda tx: items.put_prices(node.house, tx, member, partner, {"B-1": both}))


def test_drafts_are_kept_changed_handed_over_and_nobody_elses(town: tuple[Association, bytes, bytes]) -> None:
    node, member, partner = town
    for name in ("tanaka", "sato"):
        node.do(lambda tx, n=name: users.add(node.house, tx, member, n, "clerk", "hash"))
    new = node.do(lambda tx: drafts.save(node.house, tx, member, "tanaka", "order", b'{"a":1}', title="注文"))
    assert new.version == 1
    again = node.do(
        lambda tx: drafts.save(node.house, tx, member, "tanaka", "order", b"{}", identity=new.id, version=1)
    )
    assert (again.version, again.data) == (2, b"{}")
    with pytest.raises(CallerFault) as changed:
        node.do(lambda tx: drafts.save(node.house, tx, member, "tanaka", "order", b"!", identity=new.id, version=1))
    assert changed.value.code == "changed-meanwhile"
    for who in ((member, "sato"), (partner, "tanaka")):
        with pytest.raises(NotFound):
            node.see(lambda tx, w=who: drafts.get(tx, *w, new.id))
    with pytest.raises(NotFound):
        node.do(lambda tx: drafts.hand_over(node.house, tx, member, "tanaka", new.id, "nobody"))
    node.do(lambda tx: drafts.hand_over(node.house, tx, member, "tanaka", new.id, "sato"))
    assert node.see(lambda tx: drafts.mine(tx, member, "tanaka")) == []
    (got,) = node.see(lambda tx: drafts.mine(tx, member, "sato"))
    assert (got.id, got.data) == (new.id, b"{}")
    assert node.do(lambda tx: drafts.forget_old(node.house, tx)) == 0
    node.now += drafts.KEEP_US
    assert node.do(lambda tx: drafts.forget_old(node.house, tx)) == 1
