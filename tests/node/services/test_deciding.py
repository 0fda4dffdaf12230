"""Two successors of one record: shown, decided by the words, and followed by partners that knew either branch."""

from __future__ import annotations

import pytest

from node.runtime import READ_PATIENCE_US
from node.services import deciding, members
from node.services.trade import Submission
from node.store import Tx
from protocol.errors import CallerFault, NotFound
from protocol.identity import control, words
from protocol.identity.control import Reason, Signed
from protocol.identity.genesis import Rank, Role
from protocol.keys import SigningKey
from tests.node.running import SECOND, Running, Street
from tests.node.services.town import Association, order, two_towns

RESTORE_S = READ_PATIENCE_US[Reason.RESTORE.value] // SECOND


class Forked:
    """Toyota restored an old image while Kyoto was away, opened epochs and sent a paper to Shikoku; then Kyoto came."""

    def __init__(self) -> None:
        toyota, kyoto, _, self.seller = two_towns()
        shikoku = Association("四国")
        for one, another in ((toyota, shikoku), (shikoku, toyota)):
            one.accept(another)
        self.farmer = shikoku.enrol("四国みかん農園")
        enrolled = toyota.do(lambda tx: members.enrol(toyota.house, tx, "三河鋳造"))
        self.buyer = enrolled.member
        self.words = words.key_of(words.entropy_of(" ".join(enrolled.words)))
        toyota.learn_from(shikoku)
        self.street = Street(toyota, kyoto, shikoku)
        self.toyota, self.kyoto, self.shikoku = (self.street[town] for town in (toyota, kyoto, shikoku))
        for running in (self.toyota, self.kyoto, self.shikoku):
            running.start()
        self.send("PO-0", self.seller)
        self.send("PO-1", self.farmer)
        self._part()

    def _part(self) -> None:
        image = self.toyota.store.serialize()
        self.street.dark.add(self.shikoku.id)
        self.toyota.restart(Reason.RESTART)
        self.street.wait(40)
        self.theirs = self.send("PO-2", self.seller)  # Kyoto knows this branch
        self.street.dark = {self.kyoto.id}
        self.toyota.put_back(image)
        self.street.wait(RESTORE_S + 40)
        self.ours = self.send("PO-3", self.farmer)  # Shikoku knows that one
        self.street.dark.clear()
        self.toyota.restart(Reason.RESTART)
        self.street.wait(5)

    def send(self, number: str, to: bytes) -> bytes:
        found = self.toyota.submit(self.buyer, Submission(to, order(number))).id
        self.street.wait(5)
        return found

    def sign(self, drafted: Signed, role: Role = Role.WORDS, key: SigningKey | None = None) -> bytes:
        own = control.sign(drafted.record, [(role.value, key or self.words)])
        return control.encode(Signed(drafted.record, tuple(sorted((*drafted.proofs, *own.proofs)))))

    def draft(self) -> Signed:
        house = self.toyota.town.house
        return self.toyota.town.do(lambda tx: deciding.draft(house, tx, self.buyer))

    def decide(self, wire: bytes) -> bool:
        house = self.toyota.town.house
        return self.toyota.town.do(lambda tx: deciding.take(house, tx, self.buyer, wire))[1]

    def epoch_at(self, running: Running) -> bytes:
        row = running.town.see(lambda tx: tx.members.get(self.buyer))
        assert row is not None
        assert row.epoch is not None
        return row.epoch


@pytest.fixture
def forked() -> Forked:
    return Forked()


def test_both_branches_are_shown(forked: Forked) -> None:
    house = forked.toyota.town.house
    assert f"yui key decide {forked.buyer.hex()[:12]}" in house.frozen
    shown = forked.toyota.town.see(lambda tx: deciding.show(house, tx, forked.buyer))
    assert shown.rank == "node"
    assert [line.what.split("(")[1].split(")")[0] for line in shown.ours.lines] == ["restore"]
    assert [line.what.split("(")[1].split(")")[0] for line in shown.theirs.lines] == ["restart"]
    assert shown.ours.sent == 1
    assert forked.epoch_at(forked.kyoto) != forked.epoch_at(forked.shikoku)


def test_the_words_decide_and_partners_of_both_branches_follow(forked: Forked) -> None:
    assert forked.decide(forked.sign(forked.draft()))
    forked.toyota.run(forked.toyota.runtime.resolve())
    forked.street.wait(60)
    house = forked.toyota.town.house
    assert (house.frozen, house.recovering, forked.toyota.errors) == ("", "", [])
    assert forked.epoch_at(forked.kyoto) == forked.epoch_at(forked.shikoku) == forked.epoch_at(forked.toyota)
    for to, at, number in ((forked.seller, forked.kyoto, "PO-4"), (forked.farmer, forked.shikoku, "PO-5")):
        sent = forked.send(number, to)
        forked.street.wait(60)
        holding = at.town.see(lambda tx, to=to, sent=sent: tx.holdings.get(to, sent))
        assert holding is not None
        assert holding.verdict == "applied"
    forked.toyota.restart(Reason.RESTART)
    forked.street.wait(60)
    assert not forked.toyota.town.house.frozen


def test_papers_of_both_branches_stay(forked: Forked) -> None:
    forked.decide(forked.sign(forked.draft()))
    forked.toyota.run(forked.toyota.runtime.resolve())
    forked.street.wait(120)
    for member, at, paper in (
        (forked.seller, forked.kyoto, forked.theirs),
        (forked.farmer, forked.shikoku, forked.ours),
        (forked.buyer, forked.toyota, forked.ours),
    ):
        assert at.town.see(lambda tx, m=member, p=paper: tx.holdings.get(m, p)) is not None


def test_what_others_sign_decides_nothing(forked: Forked) -> None:
    drafted = forked.draft()
    before = forked.toyota.town.house.frozen
    for role, key in ((Role.WORDS, SigningKey(b"\x55" * 32)), (Role.NODE, forked.toyota.town.house.node)):
        with pytest.raises(Exception, match=r"role|signature"):
            forked.decide(forked.sign(drafted, role, key))
    assert forked.toyota.town.house.frozen == before
    assert forked.toyota.town.see(lambda tx: tx.meta.get(f"fork/{forked.buyer.hex()}")) is not None


def test_another_record_of_the_words_does_not_decide(forked: Forked) -> None:
    house = forked.toyota.town.house
    record = forked.draft().record
    elsewhere = control.draft(
        house.network, forked.buyer, 9, b"\x09" * 32, Rank.WORDS, record.payload, record.time, record.nonce
    )
    with pytest.raises(CallerFault, match="both branches"):
        forked.decide(forked.sign(Signed(elsewhere, ())))


def test_a_member_without_a_fork_has_nothing_to_decide(forked: Forked) -> None:
    town = forked.toyota.town

    def other(tx: Tx) -> bytes:
        return next(row.member for row in tx.members.all(local=True) if row.member != forked.buyer)

    forked.decide(forked.sign(forked.draft()))
    with pytest.raises(NotFound, match="nothing to decide"):
        town.see(lambda tx: deciding.show(town.house, tx, forked.buyer))
    assert town.see(other)
