"""The interpreter: what opens when, above all after a doubtful start, and what a failure in between leaves behind."""

from __future__ import annotations

import pytest

from node.runtime import BATCHES, HELLO, HISTORIES, READ_PATIENCE_US
from node.services import members, recovery
from node.services.house import House
from node.services.trade import Submission
from node.store import Tx
from protocol.errors import NotFound, WorldFault
from protocol.identity.control import Reason
from tests.node.running import SECOND, Running, Street
from tests.node.services.town import Association, order, two_towns

RESTART_S = READ_PATIENCE_US[Reason.RESTART.value] // SECOND
RESTORE_S = READ_PATIENCE_US[Reason.RESTORE.value] // SECOND


class Two:
    """Toyota and Kyoto, running, greeted, and one order older."""

    def __init__(self) -> None:
        toyota, kyoto, self.buyer, self.seller = two_towns()
        self.street = Street(toyota, kyoto)
        self.toyota, self.kyoto = self.street[toyota], self.street[kyoto]
        self.toyota.start()
        self.kyoto.start()
        self.street.wait(5)
        self.send("PO-0")  # each node has heard of the other's firm now, and will hear of its epochs
        self.street.wait(5)

    def send(self, number: str) -> bytes:
        return self.toyota.submit(self.buyer, Submission(self.seller, order(number))).id

    def arrived(self, document: bytes) -> bool:
        return self.kyoto.town.see(lambda tx: tx.holdings.get(self.seller, document)) is not None


@pytest.fixture
def two() -> Two:
    return Two()


def is_open(running: Running) -> bool:
    return not running.town.house.recovering and running.runtime.link(other(running).id) is not None


def other(running: Running) -> Running:
    return next(item for item in running.street.houses.values() if item is not running)


def test_a_document_goes_out_and_its_receipt_comes_back(two: Two) -> None:
    document = two.send("PO-1")
    two.street.wait(5)
    assert two.arrived(document)
    assert two.toyota.town.pending(two.kyoto.town) == 0


def test_a_clean_start_opens_no_epoch(two: Two) -> None:
    before = two.toyota.epoch
    two.toyota.crash()
    two.toyota.boot()
    two.toyota.start()
    two.street.wait(5)
    assert two.toyota.epoch == before
    assert is_open(two.toyota)


def test_a_doubtful_start_asks_before_it_opens(two: Two) -> None:
    before = two.toyota.epoch
    two.toyota.restart(Reason.RESTART)
    assert two.toyota.town.house.recovering
    two.street.wait(1)
    assert HISTORIES in two.kyoto.heard
    assert two.toyota.epoch != before
    assert is_open(two.toyota)


def test_while_it_asks_it_answers_those_who_ask_and_nobody_else(two: Two) -> None:
    two.street.dark.add(two.kyoto.id)
    two.toyota.restart(Reason.RESTORE)
    two.street.wait(2)
    answers: list[object] = []
    for path in (HELLO, BATCHES):
        serve = two.toyota.runtime.serve(two.kyoto.id, path, b"\xc0")
        two.toyota.driver.run(serve, answers.append, answers.append)
    two.street.wait(1)
    codes = {getattr(item, "code", "") for item in answers}
    assert "recovering" in codes  # the batch; the hello was read, and found malformed
    assert "malformed" in codes
    with pytest.raises(WorldFault):
        two.send("PO-1")


@pytest.mark.parametrize(("reason", "patience"), [(Reason.RESTART, RESTART_S), (Reason.RESTORE, RESTORE_S)])
def test_a_peer_that_is_away_is_waited_for_and_not_for_ever(two: Two, reason: Reason, patience: int) -> None:
    two.street.dark.add(two.kyoto.id)
    two.toyota.restart(reason)
    two.street.wait(patience - 1)
    assert two.toyota.town.house.recovering == reason.value
    two.street.wait(40)
    assert is_open(two.toyota)


def test_without_peers_it_opens_at_once() -> None:
    alone = Association("ひとり")
    alone.enrol("一人商店")
    running = Street(alone)[alone]
    before = running.epoch
    running.start(Reason.RESTORE)
    running.street.wait(1)
    assert running.epoch != before
    assert not running.town.house.recovering


def test_a_restored_node_builds_on_the_epoch_that_its_peer_knows(two: Two) -> None:
    image = two.toyota.store.serialize()
    two.toyota.restart(Reason.RESTART)
    two.street.wait(5)
    newer = two.toyota.epoch
    two.toyota.put_back(image)
    two.street.wait(5)
    log = two.toyota.town.see(lambda tx: members.require_log(two.toyota.town.house, tx, two.buyer))
    assert log.epoch.parent == newer
    assert not two.toyota.town.house.frozen


# --- what goes wrong on the way


def test_a_full_disk_at_the_opening_leaves_it_doubtful_and_it_tries_again(two: Two) -> None:
    before = two.toyota.epoch
    two.street.dark.add(two.kyoto.id)
    two.toyota.restart(Reason.RESTART)
    two.street.wait(1)
    two.toyota.full = True
    two.street.wait(RESTART_S + 30)
    assert two.toyota.town.house.recovering == "restart"
    assert two.toyota.epoch == before
    two.toyota.full = False
    two.street.wait(5)
    assert two.toyota.epoch != before
    assert is_open(two.toyota)


def test_a_receipt_that_could_not_be_stored_is_asked_for_again(two: Two) -> None:
    """Its commit runs while the next batch travels: its failure is known one step later, and forgets nothing."""
    document = two.send("PO-1")
    two.toyota.full = True
    two.street.wait(5)
    assert two.arrived(document)
    assert two.toyota.town.pending(two.kyoto.town) == 1
    two.toyota.full = False
    two.street.wait(60)
    assert two.toyota.town.pending(two.kyoto.town) == 0


def test_a_resolution_that_could_not_be_stored_leaves_it_frozen(two: Two) -> None:
    """Else it would neither sign nor ask nor say why, until somebody starts it again."""
    house = two.toyota.town.house
    house.frozen = "another copy of this node has been seen"
    before = house.standing()
    two.toyota.full = True
    two.toyota.run(two.toyota.runtime.resolve())
    two.street.wait(5)
    assert house.standing() == before
    assert [type(error) for error in two.toyota.errors] == [WorldFault]
    two.toyota.full = False
    two.toyota.run(two.toyota.runtime.resolve())
    two.street.wait(5)
    assert not house.frozen
    assert is_open(two.toyota)


def test_what_an_earlier_round_has_under_way_does_not_count(two: Two) -> None:
    """The patience of a restart is not that of the restore which a person asked for meanwhile."""
    two.street.dark.add(two.kyoto.id)
    two.toyota.restart(Reason.RESTART)
    two.street.wait(2)
    two.toyota.run(two.toyota.runtime.resolve())
    two.street.wait(4 * RESTART_S)
    assert two.toyota.town.house.recovering == "restore"
    two.street.dark.clear()
    two.street.wait(60)
    assert is_open(two.toyota)
    assert not two.toyota.errors


def test_a_node_that_freezes_before_it_opens_stays_doubtful(two: Two) -> None:
    house = two.toyota.town.house

    def freeze() -> None:
        two.toyota.town.house.frozen = "another copy of this node has been seen"

    two.toyota.restart(Reason.RESTART)
    before = two.toyota.epoch
    two.street.schedule.at(two.street.schedule.now, freeze)
    two.street.wait(5)
    house = two.toyota.town.house
    assert (house.recovering, two.toyota.epoch) == ("restart", before)
    assert not two.toyota.errors
    two.toyota.run(two.toyota.runtime.resolve())
    two.street.wait(5)
    assert is_open(two.toyota)


def test_a_peer_that_starts_again_while_we_wait_for_others_is_asked_again() -> None:
    toyota, kyoto, *_ = two_towns()
    shikoku = Association("四国")
    for one, another in ((toyota, shikoku), (shikoku, toyota)):
        one.accept(another)
    street = Street(toyota, kyoto, shikoku)
    for town in (kyoto, shikoku):
        street[town].start()
    street.dark.add(shikoku.house.id)
    street[toyota].start(Reason.RESTORE)
    street.wait(3)
    asked = street[kyoto].heard.count(HISTORIES)
    assert asked == 1
    street[kyoto].restart(Reason.RESTART)
    street.wait(5)
    street.dark.clear()
    street.wait(60)
    assert street[kyoto].heard.count(HISTORIES) > asked
    assert not toyota.house.recovering


def test_a_rival_of_an_epoch_that_it_opened_freezes_it(two: Two) -> None:
    """Two successors of one epoch, of equal rank: nothing is signed any more, and the reason says who decides."""
    image = two.toyota.store.serialize()
    two.toyota.restart(Reason.RESTART)
    two.street.wait(5)
    two.street.dark.add(two.kyoto.id)
    two.toyota.put_back(image)
    two.street.wait(RESTORE_S + 40)
    two.street.dark.clear()
    two.toyota.restart(Reason.RESTART)
    two.street.wait(5)
    house = two.toyota.town.house
    assert "two successors" in house.frozen
    assert "recovery words" in house.frozen
    assert two.toyota.town.see(lambda tx: tx.meta.get("frozen")) == house.frozen.encode()
    link = two.toyota.runtime.link(two.kyoto.id)
    assert link is not None
    assert link.state.value == "frozen"


def test_a_peer_whose_answer_cannot_be_taken_is_asked_again(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    real = recovery.learn_histories
    left = [NotFound("member", "no such member is known here")]

    def fails_once(house: House, tx: Tx, peer: bytes, answer: bytes) -> bytes | None:
        if left:
            raise left.pop()
        return real(house, tx, peer, answer)

    monkeypatch.setattr(recovery, "learn_histories", fails_once)
    two.toyota.restart(Reason.RESTORE)
    two.street.wait(10)
    assert is_open(two.toyota)
