"""Offers from one association to another: published, told, found, changed, withdrawn, over."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from node.services import members
from node.services.offers import describing, finding, fits, holding, publishing
from node.services.offers.finding import Wanted
from protocol.errors import CallerFault, NotFound
from protocol.identity import words
from protocol.limits import MAX_OFFERS_PER_MEMBER
from protocol.offer.kinds import KINDS
from tests.node.services.offers.fair import ask, draft, found, publish, tell
from tests.node.services.town import Association, two_towns
from tests.protocol.offer import samples

DAY = 24 * 3600 * 1_000_000


@pytest.fixture
def towns() -> tuple[Association, Association, bytes, bytes]:
    return two_towns()


def revise(node: Association, member: bytes, series: bytes, **changes: Any) -> None:
    node.do(lambda tx: publishing.revise(node.house, tx, member, series, draft(**changes)))


def withdraw(node: Association, member: bytes, series: bytes) -> None:
    node.do(lambda tx: publishing.withdraw(node.house, tx, member, series))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_elsewhere_by_words_and_filters(
    kind: str, towns: tuple[Association, Association, bytes, bytes]
) -> None:
    toyota, kyoto, _, seller = towns
    for side in ("offer", "request"):
        row = publish(kyoto, seller, kind=kind, side=side, title=f"{kind}の見本 抹茶")
        assert tell(kyoto, toyota).taken == 1
        assert found(toyota, text="抹茶", kind=kind, side=side) == [row.series]
        shown = toyota.see(
            lambda tx, r=row: describing.shown(toyota.house, tx, finding.one(toyota.house, tx, r.series))
        )  # type: ignore[misc]
        assert shown["name"] == "花咲堂"
        assert shown["details"] == samples.details(kind, side)
        assert shown["as_of"] > 0


def test_filters_narrow(towns: tuple[Association, Association, bytes, bytes]) -> None:
    _, kyoto, _, seller = towns
    press = publish(kyoto, seller, industry="2452").series
    stock = publish(
        kyoto, seller, kind="stock", title="じゃこ", area="26100", industry="0611", starts="", ends=""
    ).series
    assert found(kyoto) == [stock, press]
    for wanted, expected in (
        ({"text": "プレス"}, [press]),
        ({"text": "ちりめん"}, [stock]),
        ({"text": "縮緬"}, []),
        ({"text": "!"}, []),
        ({"text": "花咲堂"}, [stock, press]),
        ({"text": "愛媛"}, [press]),
        ({"kind": "stock"}, [stock]),
        ({"side": "request"}, []),
        ({"area": "26"}, [stock]),
        ({"area": "382014"}, [press]),
        ({"area": "38202"}, []),
        ({"industry": "24"}, [press]),
        ({"industry": "06"}, [stock]),
        ({"starts": "2025-10-23", "ends": "2025-10-30"}, [stock, press]),
        ({"starts": "2025-10-24"}, [stock]),
    ):
        assert found(kyoto, **wanted) == expected, wanted
    page = kyoto.see(lambda tx: finding.search(kyoto.house, tx, Wanted(limit=1)))
    assert [row.series for row in page.rows] == [stock]
    assert found(kyoto, before=page.next) == [press]
    assert kyoto.see(lambda tx: finding.by_prefecture(kyoto.house, tx)) == {"26": 1, "38": 1}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"text": "あ" * 101}, "q"),
        ({"kind": "gift"}, "kind"),
        ({"side": "both"}, "side"),
        ({"area": "99"}, "area"),
        ({"industry": "metal"}, "industry"),
        ({"starts": "2025-02-30"}, "starts"),
        ({"starts": "2025-10-02", "ends": "2025-10-01"}, "ends"),
    ],
)
def test_what_cannot_be_looked_for(
    wanted: dict[str, Any], field: str, towns: tuple[Association, Association, bytes, bytes]
) -> None:
    with pytest.raises(CallerFault) as refused:
        found(towns[0], **wanted)
    assert refused.value.field == field


def test_a_change_and_a_withdrawal_travel(towns: tuple[Association, Association, bytes, bytes]) -> None:
    toyota, kyoto, _, seller = towns
    row = publish(kyoto, seller)
    tell(kyoto, toyota)
    revise(kyoto, seller, row.series, title="プレスと金型")
    assert tell(kyoto, toyota).taken == 1
    assert found(toyota, text="金型") == [row.series]
    assert found(toyota, text="空き") == []
    withdraw(kyoto, seller, row.series)
    withdraw(kyoto, seller, row.series)
    assert tell(kyoto, toyota).taken == 1
    assert found(toyota) == found(kyoto) == []
    for node in (toyota, kyoto):
        with pytest.raises(NotFound):
            node.see(lambda tx, n=node: finding.one(n.house, tx, row.series))  # type: ignore[misc]
    own = kyoto.see(lambda tx: describing.shown(kyoto.house, tx, finding.one(kyoto.house, tx, row.series, seller)))
    assert own["state"] == "withdrawn"
    with pytest.raises(CallerFault, match="withdrawn"):
        revise(kyoto, seller, row.series)


def test_what_is_told_once_is_not_told_again(towns: tuple[Association, Association, bytes, bytes]) -> None:
    toyota, kyoto, _, seller = towns
    publish(kyoto, seller)
    assert tell(kyoto, toyota)[:2] == (1, {})
    assert tell(kyoto, toyota)[:2] == (0, {})


def test_many_come_in_several_deltas(towns: tuple[Association, Association, bytes, bytes]) -> None:
    toyota, kyoto, _, seller = towns
    other = kyoto.enrol("すずめ屋")
    for at in range(130):
        publish(kyoto, seller, title=f"その{at}")
        publish(kyoto, other, title=f"あの{at}")
    first = tell(kyoto, toyota)
    assert (first.taken, first.more) == (200, True)
    assert tell(kyoto, toyota)[:2] == (60, {})
    assert len(found(toyota, limit=100)) == 100
    at = toyota.see(lambda tx: tx.offers.peer(kyoto.house.id))
    assert at.series == 260
    assert at.bytes == sum(
        holding.weight(row) for row in kyoto.see(lambda tx: tx.offers.changed(kyoto.house.id, 0, 999))
    )


def test_it_ends_when_it_expires_and_is_forgotten(towns: tuple[Association, Association, bytes, bytes]) -> None:
    toyota, kyoto, _, seller = towns
    row = publish(kyoto, seller, days=2)
    tell(kyoto, toyota)
    for node in (toyota, kyoto):
        node.now += 3 * DAY
        assert found(node) == []
        assert node.do(lambda tx, n=node: holding.forget_over(n.house, tx)) == 1  # type: ignore[misc]
        assert node.see(lambda tx: tx.offers.get(row.series)) is None
    assert toyota.see(lambda tx: tx.offers.peer(kyoto.house.id))[3:5] == (0, 0)


def test_a_peer_is_told_only_what_is_for_it(towns: tuple[Association, Association, bytes, bytes]) -> None:
    toyota, kyoto, buyer, seller = towns
    shikoku = Association("四国")
    for one, other in ((shikoku, kyoto), (kyoto, shikoku)):
        one.accept(other)
    inside = publish(kyoto, seller, scope="members", title="内輪").series
    named = publish(kyoto, seller, scope="named", nodes=(toyota.house.id,), title="豊田だけ").series
    assert tell(kyoto, toyota).taken == 1
    assert tell(kyoto, shikoku).taken == 0
    assert found(toyota) == [named]
    assert found(shikoku) == []
    assert found(kyoto) == [inside]  # its own colleagues were not named
    withdraw(kyoto, seller, named)
    assert b"offer-withdrawal" not in ask(kyoto, shikoku)
    assert tell(kyoto, toyota).taken == 1
    assert found(toyota) == []
    assert buyer


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "gift"}, "kind"),
        ({"title": ""}, "title"),
        ({"days": 0}, "days"),
        ({"days": 400}, "days"),
        ({"scope": "world"}, "scope"),
        ({"scope": "named"}, "nodes"),
        ({"details": {}}, "process"),
        ({"details": {"process": "pressing", "price": 3}}, "price"),
        ({"area": "1"}, "area"),
        ({"starts": ""}, "starts"),
        ({"text": "あ" * 1001}, "text"),
    ],
)
def test_what_cannot_be_published_names_its_field(
    changes: dict[str, Any], field: str, towns: tuple[Association, Association, bytes, bytes]
) -> None:
    _, kyoto, _, seller = towns
    with pytest.raises(CallerFault) as refused:
        kyoto.do(lambda tx: publishing.publish(kyoto.house, tx, seller, msgspec.structs.replace(draft(), **changes)))
    assert refused.value.field == field
    assert found(kyoto) == []


def test_kind_side_and_scope_stay(towns: tuple[Association, Association, bytes, bytes]) -> None:
    _, kyoto, _, seller = towns
    row = publish(kyoto, seller)
    for changes, field in (({"side": "request"}, "kind"), ({"scope": "members"}, "scope")):
        with pytest.raises(CallerFault) as refused:
            revise(kyoto, seller, row.series, **changes)
        assert refused.value.field == field
    with pytest.raises(NotFound):
        revise(kyoto, kyoto.enrol("すずめ屋"), row.series)


def test_a_member_has_so_many_at_a_time(towns: tuple[Association, Association, bytes, bytes]) -> None:
    _, kyoto, _, seller = towns
    rows = [publish(kyoto, seller, title=f"その{at}") for at in range(MAX_OFFERS_PER_MEMBER)]
    with pytest.raises(CallerFault, match="at most 200"):
        publish(kyoto, seller)
    revise(kyoto, seller, rows[0].series)


def test_what_fits_is_shown_to_both_sides(towns: tuple[Association, Association, bytes, bytes]) -> None:
    toyota, kyoto, buyer, seller = towns
    wanted = publish(toyota, buyer, kind="overflow", side="request", area="23211")
    offered = publish(kyoto, seller)
    tell(kyoto, toyota)
    assert toyota.see(lambda tx: tx.offers.new_fits(buyer)) == 1
    tell(toyota, kyoto)
    assert kyoto.see(lambda tx: tx.offers.new_fits(seller)) == 1
    ours = toyota.see(lambda tx: fits.of_series(toyota.house, tx, wanted.series))
    theirs = kyoto.see(lambda tx: fits.of_series(kyoto.house, tx, offered.series))
    assert [one.row.series for one in ours] == [offered.series]
    assert [one.row.series for one in theirs] == [wanted.series]
    assert ours[0].fit == theirs[0].fit
    toyota.do(lambda tx: tx.offers.set_seen(buyer))
    assert toyota.see(lambda tx: tx.offers.new_fits(buyer)) == 0
    withdraw(kyoto, seller, offered.series)
    tell(kyoto, toyota)
    assert toyota.see(lambda tx: fits.of_series(toyota.house, tx, wanted.series)) == []


def test_a_later_request_finds_what_is_there_and_both_at_home(
    towns: tuple[Association, Association, bytes, bytes],
) -> None:
    toyota, kyoto, buyer, seller = towns
    offered = publish(kyoto, seller)
    tell(kyoto, toyota)
    wanted = publish(toyota, buyer, kind="overflow", side="request")
    assert [one.row.series for one in toyota.see(lambda tx: fits.of_series(toyota.house, tx, wanted.series))] == [
        offered.series
    ]
    neighbour = toyota.enrol("一寸法師精密")
    publish(toyota, neighbour)
    assert toyota.see(lambda tx: (tx.offers.new_fits(buyer), tx.offers.new_fits(neighbour))) == (2, 1)
    details = samples.details("capacity", "offer") | {"force_kn": 300}
    near = publish(toyota, neighbour, details=details)
    shown = toyota.see(lambda tx: describing.shown(toyota.house, tx, near, with_fits=True))
    wrong = [each for each in shown["fits"][0]["criteria"] if each["outcome"] == "not"]
    assert wrong == [{"name": "force_kn", "outcome": "not", "ours": 300, "theirs": 400}]
    assert not shown["fits"][0]["fits"]


def test_a_member_that_moved_speaks_of_what_it_published_before(
    towns: tuple[Association, Association, bytes, bytes],
) -> None:
    toyota, kyoto, _, seller = towns
    shikoku = Association("四国")
    for one, other in ((shikoku, kyoto), (shikoku, toyota), (toyota, shikoku)):
        one.accept(other)
    enrolled = kyoto.do(lambda tx: members.enrol(kyoto.house, tx, "鶴織物"))
    firm, key = enrolled.member, words.key_of(words.entropy_of(" ".join(enrolled.words)))
    row, other = publish(kyoto, firm), publish(kyoto, firm, title="その二")
    tell(kyoto, toyota)
    tell(kyoto, shikoku)
    shikoku.do(lambda tx: members.bring_here(shikoku.house, tx, firm, key))
    assert seller
    shikoku.do(lambda tx: publishing.withdraw(shikoku.house, tx, firm, row.series))
    revise(shikoku, firm, other.series, title="新しい家から")
    assert tell(shikoku, toyota).taken == 2
    assert found(toyota) == [other.series]
    assert toyota.see(lambda tx: tx.offers.peer(kyoto.house.id)).series == 0
    assert toyota.see(lambda tx: tx.offers.peer(shikoku.house.id)).series == 2


def test_what_a_peer_told_goes_with_the_peer(towns: tuple[Association, Association, bytes, bytes]) -> None:
    toyota, kyoto, _, seller = towns
    row = publish(kyoto, seller)
    tell(kyoto, toyota)
    assert toyota.do(holding.forget_strangers) == 0
    peer = toyota.see(lambda tx: tx.peers.get(kyoto.house.id))
    assert peer is not None
    toyota.do(lambda tx: tx.peers.put(peer._replace(state="blocked")))
    assert toyota.do(holding.forget_strangers) == 1
    assert found(toyota) == []
    toyota.do(lambda tx: tx.peers.put(peer))
    assert tell(kyoto, toyota).taken == 1  # accepted again: asked from the beginning
    assert found(toyota) == [row.series]
