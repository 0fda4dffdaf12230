"""Row B60: offers of others forged, replayed, told to those they are not for; a node that floods.

The liar is a real association whose deltas are made by hand. What it sends is left out entry by entry, with a reason;
what others told stays.
"""

from __future__ import annotations

from typing import Any

import pytest

from node.services import members
from node.services.offers import finding, holding, publishing, telling
from node.store.offers import OfferRow
from protocol import canon
from protocol.keys import SigningKey
from protocol.offer import delta as deltas
from protocol.offer import signed
from protocol.offer.signed import Offer, Scope, Withdrawal
from tests.node.services.offers.fair import found, publish, tell
from tests.node.services.town import Association, two_towns

DAY = 24 * 3600 * 1_000_000


class Stage:
    """豊田 reads; 京都 tells the truth; 竜宮 lies."""

    def __init__(self) -> None:
        self.toyota, self.kyoto, self.buyer, self.seller = two_towns()
        self.liar = Association("竜宮")
        for one, other in ((self.liar, self.toyota), (self.toyota, self.liar), (self.liar, self.kyoto)):
            one.accept(other)
        self.thief = self.liar.enrol("浦島")

    def told(self, *entries: bytes, of: tuple[bytes, ...] = (), by: Association | None = None) -> telling.Learned:
        """What 豊田 makes of entries that ``by`` (竜宮) tells, with histories of ``of``."""
        home = by or self.liar
        since = self.toyota.see(lambda tx: telling.asked_since(tx, home.house.id))
        histories = [self.history(member) for member in (self.thief, self.seller, *of)]
        data = deltas.encode("test", since, since + 1, False, histories, entries)
        return self.toyota.do(lambda tx: telling.learn(self.toyota.house, tx, home.house.id, data))

    def history(self, member: bytes) -> bytes:
        node = self.liar if member == self.thief else self.kyoto
        return node.see(lambda tx: members.history(node.house, tx, member))

    def real(self, **changes: Any) -> tuple[OfferRow, bytes]:
        """An offer of 京都's firm that 豊田 knows, and its bytes."""
        row = publish(self.kyoto, self.seller, **changes)
        tell(self.kyoto, self.toyota)
        return row, row.wire

    def signed_by_thief(self, said: Offer | Withdrawal, *, own_epoch: bool = False) -> bytes:
        log = self.liar.see(lambda tx: members.require_log(self.liar.house, tx, self.thief))
        if own_epoch:
            said = said._replace(epoch=log.epoch.hash)
        return signed.sign(self.liar.house.keyring[log.epoch.hash], said)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def said(row: OfferRow) -> Offer:
    return holding.said(row)


def test_a_forged_withdrawal_ends_nothing(stage: Stage) -> None:
    row, _ = stage.real()
    gone = Withdrawal("test", stage.seller, said(row).epoch, row.series, row.until, row.arrived)
    assert stage.told(stage.signed_by_thief(gone)).refused == {"bad-signature": 1}
    own = gone._replace(member=stage.thief)
    assert stage.told(stage.signed_by_thief(own, own_epoch=True)).refused == {"other-member": 1}
    borrowed = gone._replace(epoch=bytes(32))
    assert stage.told(stage.signed_by_thief(borrowed)).refused == {"unknown-epoch": 1}
    assert found(stage.toyota) == [row.series]


def test_a_forged_or_borrowed_offer_is_left_out(stage: Stage) -> None:
    row, wire = stage.real()
    forged = said(row)._replace(first=row.series, revision=1, title="無料で差し上げます")
    assert stage.told(stage.signed_by_thief(forged)).refused == {"bad-signature": 1}
    assert stage.told(stage.signed_by_thief(forged._replace(member=stage.thief), own_epoch=True)).refused == {
        "other-member": 1
    }
    assert stage.told(wire).refused == {"other-home": 1}  # genuine, from a node that is not its author's home
    flipped = wire[:200] + bytes([wire[200] ^ 1]) + wire[201:]
    assert sum(stage.told(flipped, by=stage.kyoto).refused.values()) == 1
    assert found(stage.toyota) == [row.series]
    assert said(stage.toyota.see(lambda tx: finding.one(stage.toyota.house, tx, row.series))).title == "プレスの空き"


def test_good_entries_beside_bad_ones_are_taken(stage: Stage) -> None:
    good = publish(stage.liar, stage.thief, title="昆布").wire
    learned = stage.told(b"", b"\xc0", b"\x91" * 3000, good, canon.encode([1]))
    assert learned.taken == 1
    assert sum(learned.refused.values()) == 4
    assert len(found(stage.toyota, text="昆布")) == 1


def test_what_has_ended_does_not_come_back(stage: Stage) -> None:
    row, first = stage.real(days=20)
    draft = publishing.Draft(
        kind=row.kind, side=row.side, title="新", starts="2025-10-19", ends="2025-10-23", days=5,
        details=said(row).details,
    )  # fmt: skip
    stage.kyoto.do(lambda tx: publishing.revise(stage.kyoto.house, tx, stage.seller, row.series, draft))
    tell(stage.kyoto, stage.toyota)
    assert stage.told(first, by=stage.kyoto).refused == {"older": 1}
    stage.toyota.now += 6 * DAY  # the revision is over, the first version would not be
    stage.toyota.do(lambda tx: holding.forget_over(stage.toyota.house, tx))
    assert stage.told(first, by=stage.kyoto).refused == {"older": 1}
    assert found(stage.toyota) == []
    stage.toyota.now += 15 * DAY
    stage.toyota.do(lambda tx: holding.forget_over(stage.toyota.house, tx))
    assert stage.told(first, by=stage.kyoto).refused == {"expired": 1}
    assert found(stage.toyota) == []


def test_a_withdrawn_offer_does_not_come_back(stage: Stage) -> None:
    row, wire = stage.real()
    stage.kyoto.do(lambda tx: publishing.withdraw(stage.kyoto.house, tx, stage.seller, row.series))
    tell(stage.kyoto, stage.toyota)
    assert stage.told(wire, by=stage.kyoto).refused == {"withdrawn": 1}
    stage.toyota.do(lambda tx: holding.forget_over(stage.toyota.house, tx))
    assert stage.told(wire, by=stage.kyoto).refused == {"withdrawn": 1}
    assert found(stage.toyota) == []


def test_what_is_for_others_is_told_to_nobody_and_taken_by_nobody(stage: Stage) -> None:
    row = publish(stage.kyoto, stage.seller, scope="named", nodes=(stage.liar.house.id,), title="竜宮だけに")
    delta = stage.kyoto.see(lambda tx: telling.delta(stage.kyoto.house, tx, stage.toyota.house.id, 0))
    assert row.series not in delta
    assert row.wire not in delta
    assert "竜宮だけに".encode() not in delta
    stage.kyoto.do(lambda tx: publishing.withdraw(stage.kyoto.house, tx, stage.seller, row.series))
    delta = stage.kyoto.see(lambda tx: telling.delta(stage.kyoto.house, tx, stage.toyota.house.id, 0))
    assert row.series not in delta
    assert stage.told(row.wire, by=stage.kyoto).refused == {"not-for-us": 1}  # a home that leaks is not believed
    inside = publish(stage.kyoto, stage.seller, scope="members")
    assert stage.told(inside.wire, by=stage.kyoto).refused == {"not-for-us": 1}
    assert found(stage.toyota) == []


def test_scope_and_kind_cannot_change(stage: Stage) -> None:
    row, _ = stage.real()
    epoch = stage.kyoto.house.keyring[said(row).epoch]
    for changes in ({"scope": Scope.NAMED, "nodes": (stage.toyota.house.id,)}, {"side": "request"}):
        wire = signed.sign(epoch, said(row)._replace(first=row.series, revision=1, **changes))
        assert stage.told(wire, by=stage.kyoto).refused == {"changed-kind": 1}


def test_an_epoch_that_was_never_opened_signs_nothing(stage: Stage) -> None:
    row, _ = stage.real()
    wire = signed.sign(SigningKey(bytes(32)), said(row)._replace(epoch=bytes(32), nonce=bytes(16)))
    assert stage.told(wire, by=stage.kyoto).refused == {"unknown-epoch": 1}


def test_a_member_that_floods_fills_its_own_place_only(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    row, _ = stage.real()
    log = stage.liar.see(lambda tx: members.require_log(stage.liar.house, tx, stage.thief))
    key = stage.liar.house.keyring[log.epoch.hash]
    base = said(row)._replace(member=stage.thief, epoch=log.epoch.hash)
    wires = [signed.sign(key, base._replace(nonce=at.to_bytes(16))) for at in range(200)]
    assert stage.told(*wires).taken == 200
    more = [signed.sign(key, base._replace(nonce=at.to_bytes(16))) for at in range(200, 260)]
    assert stage.told(*more).refused == {"member-full": 60}
    at = stage.toyota.see(lambda tx: tx.offers.peer(stage.liar.house.id))
    assert (at.series, at.refused, at.reason) == (200, 60, "member-full")
    assert stage.told(publish(stage.kyoto, stage.seller).wire, by=stage.kyoto).taken == 1


def test_a_peer_has_so_much_room_and_the_largest_gives_way(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    row, _ = stage.real()
    one = holding.weight(row)
    monkeypatch.setattr(holding, "MAX_OFFER_BYTES_PER_PEER", 10 * one)
    monkeypatch.setattr(holding, "MAX_OFFER_BYTES_OF_PEERS", 11 * one)
    rows = [publish(stage.liar, stage.thief, days=30 + at, title="空き") for at in range(14)]
    learned = tell(stage.liar, stage.toyota)
    assert learned.refused["full"] >= 3
    held = stage.toyota.see(lambda tx: tx.offers.bytes_of_peers())
    assert held <= 11 * one
    before = stage.toyota.see(lambda tx: tx.offers.peer(stage.liar.house.id)).series
    for at in range(3):  # whoever holds less finds room: the flood's soonest to expire goes
        publish(stage.kyoto, stage.seller, title=f"その{at}")
    assert tell(stage.kyoto, stage.toyota).taken == 3
    after = stage.toyota.see(lambda tx: tx.offers.peer(stage.liar.house.id)).series
    assert before - 4 <= after < before
    assert stage.toyota.see(lambda tx: tx.offers.get(rows[0].series)) is None
    assert stage.toyota.see(lambda tx: tx.offers.bytes_of_peers()) <= 11 * one
    assert row.series in found(stage.toyota, limit=100)


def test_what_had_no_room_comes_when_there_is_some(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    one = holding.weight(publish(stage.kyoto, stage.seller))
    monkeypatch.setattr(holding, "MAX_OFFER_BYTES_PER_PEER", one + one // 20)
    publish(stage.kyoto, stage.seller, title="その二")
    assert tell(stage.kyoto, stage.toyota).refused == {"full": 1}
    stage.toyota.do(holding.ask_again)
    assert tell(stage.kyoto, stage.toyota).taken == 0  # there is no room yet, and nothing is asked again
    monkeypatch.setattr(holding, "MAX_OFFER_BYTES_PER_PEER", 10 * one)
    stage.toyota.do(holding.ask_again)
    assert tell(stage.kyoto, stage.toyota)[:2] == (2, {})
    assert len(found(stage.toyota)) == 2


def test_a_delta_that_begins_elsewhere_changes_nothing(stage: Stage) -> None:
    data = deltas.encode("test", 7, 9, False, [], [])
    with pytest.raises(Exception, match="does not begin"):
        stage.toyota.do(lambda tx: telling.learn(stage.toyota.house, tx, stage.liar.house.id, data))
    data = deltas.encode("live", 0, 9, False, [], [])
    with pytest.raises(Exception, match="another network"):
        stage.toyota.do(lambda tx: telling.learn(stage.toyota.house, tx, stage.liar.house.id, data))
    assert stage.toyota.see(lambda tx: telling.asked_since(tx, stage.liar.house.id)) == 0
