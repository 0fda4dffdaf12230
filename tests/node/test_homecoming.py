"""A member whose node burned comes back at another one: its documents, its dealings, and what was sent meanwhile."""

from __future__ import annotations

import pytest

from node import signing
from node.homecoming import Home, Homecoming, Patience
from node.procedure import Steps, commit
from node.services import claiming, departed, drafts, guests, members, recovery, users, warding
from node.services.belongings.rebuilding import Rebuilt
from node.services.desk import sending
from node.services.drafting import Step
from node.services.guarding import behind, overview, patience
from node.services.guests import Addresses
from node.services.returning import Returned
from node.services.trade import Outcome, Submission
from node.store import Tx
from protocol.errors import NotAuthorised, NotFound, WorldFault
from protocol.identity.control import Reason
from protocol.link.holdings import Holdings
from tests.node.services.town import accept_order, order
from tests.node.six_towns import Six, by_words


@pytest.fixture
def six() -> Six:
    return Six()


@pytest.mark.parametrize("at", ["四国", "京都"], ids=["at a guardian", "where the partner is"])
def test_with_the_words_everything_is_there_and_goes_on(six: Six, at: str) -> None:
    first, second = six.order("PO-1"), six.order("PO-2")
    six.street.wait(10)
    six.copy()
    six.street.dark |= {six.at[name].id for name in six.guardians}
    late = six.order("PO-3")  # reached its partner after some patience, never a guardian
    six.street.wait(20)
    six.burn()
    six.street.dark -= {six.at[name].id for name in six.guardians}
    answer = six.at["京都"].submit(six.seller, Submission(six.buyer, accept_order("A-1", order("PO-1")), thread=first))
    six.street.wait(30)
    home = six.bring_back(at, by_words(six))
    assert isinstance(home, Home), home
    six.street.wait(60)
    assert set(six.held(at, six.buyer)) == {first, second, late, answer.id}
    assert set(six.held(at, six.buyer).values()) == {"applied"}
    row = six.see(at, lambda tx: tx.threads.get(six.buyer, first))
    assert row is not None
    assert row.state == "accepted"
    fresh = six.order("PO-4", at)
    six.street.wait(30)
    assert fresh in six.held("京都", six.seller)
    assert len(six.held("京都", six.seller)) == 5


def test_nothing_can_be_done_with_other_words(six: Six) -> None:
    six.order("PO-1")
    six.copy()
    six.burn()
    thief = signing.by_words(type(six.words)(b"t" * 32))
    with pytest.raises(AssertionError):
        six.bring_back("四国", thief)


def test_the_old_node_wakes_fenced_and_hands_over_what_others_lacked(six: Six) -> None:
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.street.dark.add(six.at["豊田"].id)  # cut off first: what is written now reaches nobody
    alone = six.order("PO-2")
    six.burn()
    home = six.bring_back("四国", by_words(six))
    assert isinstance(home, Home), home
    assert set(six.held("四国", six.buyer)) == {first}
    six.street.dark.clear()
    six.at["豊田"].boot()
    six.at["豊田"].start(Reason.RESTART)
    six.street.wait(1000)
    assert not six.see("豊田", lambda tx: tx.members.get(six.buyer)).local
    with pytest.raises(NotFound):
        six.order("PO-3")
    assert set(six.held("四国", six.buyer)) == {first, alone}
    assert set(six.held("京都", six.seller)) == {first, alone}
    epochs = six.see("四国", lambda tx: tx.controls.by_member(six.buyer))
    assert len(epochs) == 3  # enrolment, guardians, move: the old node opened none


def test_what_an_old_home_hands_over_reaches_a_partner_in_the_same_house(six: Six) -> None:
    """No link brings it there: author and recipient are both at home at Kyoto by now."""
    six.copy()
    six.street.dark.add(six.at["豊田"].id)
    alone = six.order("PO-1")
    six.burn()
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    six.street.dark.clear()
    six.at["豊田"].boot()
    six.at["豊田"].start(Reason.RESTART)
    six.street.wait(1000)
    assert six.held("京都", six.buyer) == {alone: "applied"}
    assert six.held("京都", six.seller) == {alone: "applied"}
    assert six.see("京都", lambda tx: tx.threads.get(six.seller, alone)) is not None
    assert six.see("豊田", lambda tx: tx.outgoing.count_pending()) == {}


def test_what_waits_for_a_burned_home_waits_no_more_once_the_recipient_is_here(six: Six) -> None:
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    said = accept_order("A-1", order("PO-1"))
    answer = six.at["京都"].submit(six.seller, Submission(six.buyer, said, thread=first)).id
    six.street.wait(20)
    assert six.see("京都", lambda tx: tx.outgoing.count_pending())[six.at["豊田"].id][0] > 0
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    six.street.wait(60)
    pending = six.see("京都", lambda tx: tx.outgoing.pending(six.at["豊田"].id, 0, 100))
    assert [row for row in pending if row.object == answer] == []
    assert six.held("京都", six.buyer) == {first: "applied", answer: "applied"}


def test_a_partner_that_was_its_home_itself_offers_again_what_a_burned_home_had_received(six: Six) -> None:
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    six.street.wait(60)
    assert isinstance(six.bring_back("四国", by_words(six)), Home)
    six.street.wait(60)
    six.street.dark |= {six.at[name].id for name in six.guardians if name != "四国"}
    said = accept_order("A-1", order("PO-1"))
    answer = six.at["京都"].submit(six.seller, Submission(six.buyer, said, thread=first)).id
    six.street.wait(60)
    assert answer in six.held("四国", six.buyer)
    six.burn("四国")
    six.street.dark = {six.at[name].id for name in ("豊田", "四国")}
    assert isinstance(six.bring_back("鬼ヶ島", by_words(six), 400), Home)
    six.street.wait(120)
    assert six.held("鬼ヶ島", six.buyer) == {first: "applied", answer: "applied"}


def test_what_only_a_former_home_had_is_copied_once_the_member_is_back_there(six: Six) -> None:
    """It lies beside what was read from guardians, and none of them has it."""
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.street.dark.add(six.at["豊田"].id)
    alone = six.order("PO-2")
    six.burn()
    assert isinstance(six.bring_back("四国", by_words(six)), Home)
    six.street.wait(30)
    six.burn("四国")
    six.street.dark = {six.at["四国"].id}
    six.at["豊田"].boot()
    six.at["豊田"].start(Reason.RESTART)
    six.street.wait(300)
    assert isinstance(six.bring_back("豊田", by_words(six), 600), Home)
    six.street.wait(120)
    six.street.dark |= {six.at["豊田"].id, six.at["京都"].id}  # the partner has it too by now, and shall not help
    six.at["豊田"].crash()
    assert isinstance(six.bring_back("鬼ヶ島", by_words(six), 600), Home)
    assert alone in six.held("鬼ヶ島", six.buyer)


def test_undoing_leaves_what_was_undone_out_of_the_copies(six: Six) -> None:
    """A hostile association moved the member, and its node has started again since."""
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    thief = six.at["四国"].id
    for name in six.guardians[:3]:
        six.do(name, lambda tx, n=name: warding.consent(six.house(n), tx, [six.buyer], thief, "staff"))
    assert isinstance(six.bring_back("四国", signing.by_association(six.association)), Home)
    six.street.wait(60)
    hostile = six.epoch("四国")
    six.at["四国"].crash()
    six.at["四国"].boot()
    six.at["四国"].start(Reason.RESTART)
    six.street.wait(120)
    assert six.epoch("竜宮").parent == hostile.hash
    home = six.bring_back("京都", by_words(six), 600, undoes=hostile.hash)
    assert isinstance(home, Home), home
    six.street.wait(400)
    now = six.epoch("竜宮")
    assert now.home == six.at["京都"].id
    assert now.parent == hostile.parent
    assert now.parent_seq > 0  # what the member had before is as certain as it was
    frames = six.see("京都", lambda tx: tx.guarding.frames_after(six.buyer, 0, 100))
    assert {made.epoch for made, _ in frames} == {hostile.parent, now.hash}
    acks = six.see("京都", lambda tx: tx.guarding.acks_of(six.buyer))
    assert [ack.finding for ack in acks] == ["", "", "", ""]
    assert {ack.place for ack in acks} == {frames[-1][0].place}
    six.burn("京都")
    assert isinstance(six.bring_back("竜宮", by_words(six), 600), Home)
    assert first in six.held("竜宮", six.buyer)


def test_a_list_that_a_move_has_overtaken_is_nobodys_fault(six: Six) -> None:
    before = six.epoch("竜宮")
    six.copy()
    six.burn()
    assert isinstance(six.bring_back("四国", by_words(six)), Home)
    six.street.wait(60)
    house, peer = six.house("鬼ヶ島"), six.at["竜宮"].id
    late = Holdings("test", six.buyer, before.hash, 1, 1, ())
    six.do("鬼ヶ島", lambda tx: recovery.compare_holdings(house, tx, peer, late))
    unknown = late._replace(epoch=bytes(32))
    with pytest.raises(NotAuthorised):
        six.do("鬼ヶ島", lambda tx: recovery.compare_holdings(house, tx, peer, unknown))


def test_the_association_needs_the_consent_of_guardians(six: Six) -> None:
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    authority = signing.by_association(six.association)
    refused = six.bring_back("四国", authority, seconds=400)
    assert isinstance(refused, WorldFault), refused
    assert six.held("四国", six.buyer) == {}
    asking = six.at["四国"].id
    for name in six.guardians[:3]:
        assert six.do(name, lambda tx, n=name: warding.consent(six.house(n), tx, [six.buyer], asking, "staff")) == 1
    home = six.bring_back("四国", authority)
    assert isinstance(home, Home), home
    assert first in six.held("四国", six.buyer)
    log = six.do("京都", lambda tx: members.require_log(six.house("京都"), tx, six.buyer))
    assert log.epoch.home == six.at["四国"].id


@pytest.mark.parametrize("silent", [["月の都"], ["月の都", "竜宮"]], ids=["one", "two"])
def test_beyond_the_budget_a_return_waits_and_does_not_guess(six: Six, silent: list[str]) -> None:
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    six.street.dark |= {six.at[name].id for name in silent}
    home = six.bring_back("京都", by_words(six), seconds=400)
    if len(silent) == 1:
        assert isinstance(home, Home), home
    else:
        assert isinstance(home, WorldFault), home
        assert home.code == "guardians-silent"
        assert not six.see("京都", lambda tx: tx.members.get(six.buyer)).local
        note = six.see("京都", lambda tx: tx.returning.get(six.buyer)).note
        assert "2 of 3" in note
        six.street.dark.discard(six.at["竜宮"].id)
        again = six.bring_back("京都", by_words(six))
        assert isinstance(again, Home), again
    assert first in six.held("京都", six.buyer)


def test_what_one_guardian_alone_had_comes_when_it_does_and_no_backup_is_spoken_of(
    six: Six, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was never safe, so the return may be over without it; it is taken in when that guardian is heard again."""
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    partner, late = six.at["京都"].id, six.at["月の都"].id
    others = {six.at[name].id for name in six.guardians} - {late}
    six.street.dark |= others | {partner}
    second = six.order("PO-2")
    six.street.wait(60)
    six.burn()
    six.street.dark -= others | {partner}
    six.street.dark.add(late)
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    assert set(six.held("京都", six.buyer)) == {first}
    told = []
    monkeypatch.setattr(behind, "save", lambda *given: told.append(given))
    six.street.dark.discard(late)
    six.street.wait(1800)
    assert set(six.held("京都", six.buyer)) == {first, second}
    assert told == []
    assert six.see("京都", lambda tx: overview.members(six.house("京都"), tx))[0].to_hear == 0


def test_a_guardian_that_rolls_back_hides_nothing(six: Six) -> None:
    """One of four lies: it promises an old tip. The others together know everything that was safe."""
    six.order("PO-1")
    six.copy()
    before = six.at["月の都"].store.serialize()
    six.order("PO-2")
    six.street.dark |= {six.at["京都"].id, six.at["四国"].id}
    alone = six.order("PO-3")
    six.copy()  # 四国 lacks it: k of 4 hold it
    six.burn()
    six.at["月の都"].put_back(before)
    six.street.dark -= {six.at["京都"].id, six.at["四国"].id}
    six.street.wait(700)  # until the restored guardian works again
    home = six.bring_back("四国", by_words(six), seconds=1200)
    assert isinstance(home, Home), home
    assert alone in six.held("四国", six.buyer)


def test_two_nodes_that_claim_at_once_end_with_one_home(six: Six) -> None:
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    outcomes: list[object] = []
    for name in ("四国", "京都"):
        running = six.at[name]
        six.do(name, lambda tx, n=name: claiming.learn(six.house(n), tx, six.history()))
        coming = Homecoming(running.town.house, six.buyer, by_words(six), running.runtime.notice)
        running.driver.run(coming.run(), outcomes.append, outcomes.append)
    six.street.wait(600)
    assert len(outcomes) == 2
    winners = [item for item in outcomes if isinstance(item, Home)]
    assert len(winners) == 1, outcomes
    homes = set()
    for name in ("四国", "京都", "竜宮"):
        homes.add(six.do(name, lambda tx, n=name: members.require_log(six.house(n), tx, six.buyer)).epoch.hash)
    assert homes == {winners[0].returned.epoch}


def test_a_return_that_was_interrupted_goes_on_where_it_was(six: Six) -> None:
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    running = six.at["四国"]
    for seconds in (0.5, 0.06, 0.13, 0.21):
        six.do("四国", lambda tx: claiming.learn(six.house("四国"), tx, six.history()))
        coming = Homecoming(running.town.house, six.buyer, by_words(six), running.runtime.notice)
        outcome: list[object] = []
        running.driver.run(coming.run(), outcome.append, outcome.append)
        six.street.wait(seconds)
        if outcome:
            break
        running.crash()
        running.boot()
        running.start(Reason.RESTART)
        six.street.wait(15)
    home = outcome[0] if outcome else six.bring_back("四国", by_words(six))
    assert isinstance(home, Home), home
    six.street.wait(30)
    assert set(six.held("四国", six.buyer)) == {first}
    assert set(six.held("京都", six.seller)) == {first}


def test_two_firms_of_one_burned_node_come_back_at_different_ones(six: Six) -> None:
    """What they sent to each other was at one place; now each new home has it, and neither stops."""
    neighbour = six.towns["豊田"].enrol("となりの店")
    paper = six.at["豊田"].submit(neighbour, Submission(six.buyer, order("N-1")))
    six.street.wait(10)
    six.copy()
    assert paper.id in six.held("豊田", six.buyer)
    six.burn()
    home = six.bring_back("四国", by_words(six))
    assert isinstance(home, Home), home
    assert six.held("四国", six.buyer) == {paper.id: "applied"}
    six.street.wait(30)
    assert six.at["四国"].errors == []


def test_an_old_home_that_does_not_know_is_told_by_the_first_partner_that_does(six: Six) -> None:
    """It stopped in good order, so it asks nobody and signs; neither its new home nor guardians can be reached."""
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    home = six.bring_back("四国", by_words(six))
    assert isinstance(home, Home), home
    six.street.wait(60)
    six.street.dark = {six.at[name].id for name in six.guardians}
    six.at["豊田"].boot()
    six.at["豊田"].start()
    late = six.order("PO-2")
    six.street.wait(120)
    assert late not in six.held("京都", six.seller)  # set aside: its author's home did not deliver it
    assert [row.code for row in six.see("京都", lambda tx: tx.quarantine.all())] == ["fenced"]
    with pytest.raises(NotFound, match="no more, at home"):
        six.order("PO-3")
    left = six.do("豊田", lambda tx: departed.all_of(six.house("豊田"), tx))
    assert [(item.member, item.home, item.reached) for item in left] == [(six.buyer, six.at["四国"].id, False)]
    six.street.dark.clear()
    six.street.wait(1500)
    assert set(six.held("四国", six.buyer)) == {first, late}
    assert six.held("京都", six.seller) == {first: "applied", late: "applied"}
    assert six.see("京都", lambda tx: tx.quarantine.count()) == 0
    (left,) = six.do("豊田", lambda tx: departed.all_of(six.house("豊田"), tx))
    assert (left.tail, left.reached) == (0, True)


def test_an_old_backup_that_wakes_hears_of_the_move_before_it_signs_anything(six: Six) -> None:
    """From a partner: the new home cannot be reached. No epoch is opened for who left."""
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    image = six.at["豊田"].store.serialize()
    six.burn()
    home = six.bring_back("四国", by_words(six))
    assert isinstance(home, Home), home
    six.street.wait(60)
    six.street.dark = {six.at["四国"].id}
    six.at["豊田"].put_back(image)
    six.street.wait(300)
    assert not six.see("豊田", lambda tx: tx.members.get(six.buyer)).local
    records = six.see("豊田", lambda tx: tx.controls.by_member(six.buyer))
    assert {row.hash for row in records} == {
        row.hash for row in six.see("京都", lambda tx: tx.controls.by_member(six.buyer))
    }
    six.street.dark.clear()
    six.street.wait(120)
    with pytest.raises(NotFound):
        six.order("PO-3")


def test_what_no_document_brings_back_and_partners_without_a_node_come_along(six: Six) -> None:
    """A draft, an item, a login, and a guest whose link goes on where it was."""
    house = six.house("豊田")
    guest = six.do("豊田", lambda tx: guests.add(house, tx, six.buyer, "さるかに農園", Addresses(fax="000-0000-0000")))
    paper = six.at["豊田"].submit(six.buyer, Submission(guest, order("G-1")))
    link = six.do("豊田", lambda tx: guests.issue(house, tx, six.buyer, paper.thread))
    user = six.do(
        "豊田", lambda tx: users.add(house, tx, six.buyer, "otsu", "owner", users.password_hash("correct horse"))
    )
    draft = six.do("豊田", lambda tx: drafts.save(house, tx, six.buyer, user.name, "/orders/new", b"{}"))
    six.street.wait(90)  # rows without a paper are looked for once a minute
    six.copy()
    six.burn()
    home = six.bring_back("四国", by_words(six))
    assert isinstance(home, Home), home
    assert home.rebuilt.bad == []
    there = six.house("四国")
    assert six.see("四国", lambda tx: tx.desk.draft(draft.id)).data == b"{}"
    assert users.verifies(six.see("四国", lambda tx: tx.users.by_name("otsu")).password_hash, "correct horse")

    def answer(tx: Tx) -> Outcome:
        opened = guests.look(there, tx, link.secret)
        made = guests.draft(tx, opened, Step.ANSWER, "2026-10-05")
        return guests.send(there, tx, link.secret, made, sending.seen(opened.thread), "2026-10-05")

    six.do("四国", answer)
    row = six.see("四国", lambda tx: tx.threads.get(six.buyer, paper.thread))
    assert row.state == "accepted"
    assert len(six.held("四国", guest)) == 2
    six.street.dark.clear()
    six.at["豊田"].boot()
    six.at["豊田"].start(Reason.RESTART)
    six.street.wait(600)
    assert not six.see("豊田", lambda tx: tx.members.get(guest)).local


def test_a_backup_older_than_the_return_makes_nobody_its_home_until_it_is_brought_back_again(six: Six) -> None:
    """Others say that the node is the member's home; it has neither papers nor key, and stops nobody else's copies."""
    kyoto = six.at["京都"]
    image = kyoto.store.serialize()
    sent = six.order("PO-1")
    six.copy()
    six.burn()
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    later = six.order("PO-2", "京都")
    six.street.wait(20)
    kyoto.put_back(image)
    six.street.wait(900)
    assert not six.house("京都").recovering
    history = six.see("竜宮", lambda tx: members.history(six.house("竜宮"), tx, six.buyer))
    six.do("京都", lambda tx: members.learn_history(six.house("京都"), tx, history))
    six.street.wait(60)
    row = six.see("京都", lambda tx: tx.members.get(six.buyer))
    assert row.home == kyoto.id
    assert not row.local
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    held = six.see("京都", lambda tx: {row.document for row in tx.holdings.after(six.buyer, 0, 100)})
    assert {sent, later} <= held
    assert six.epoch("京都").number == 3


def test_a_claim_that_a_rival_completed_opens_nothing_until_all_is_put_back(
    six: Six, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rival tells everybody first: the claimant is at home when it has opened, with its papers."""
    sent = six.order("PO-1")
    six.copy()
    six.burn()
    house = six.house("京都")
    local: list[bool] = []
    opens = Homecoming._open

    def told_first(self: Homecoming, rebuilt: Rebuilt) -> Steps[Returned]:
        """Everybody hears of the record from the rival; the guardians' answers to its claimant are lost."""
        if local:
            return (yield from opens(self, rebuilt))

        def learn(tx: Tx) -> None:
            record = claiming.finished(house, tx, six.buyer)
            members.admit(house, tx, members.require_log(house, tx, six.buyer), [record])
            row = tx.members.get(six.buyer)
            assert row is not None
            local.append(row.local)

        yield from commit(learn)
        raise WorldFault("too few guardians answer", code="guardians-silent")

    monkeypatch.setattr(Homecoming, "_open", told_first)
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    assert local == [False]
    assert six.see("京都", lambda tx: tx.holdings.get(six.buyer, sent)) is not None
    assert six.epoch("京都").number == 2
    later = six.order("PO-2", "京都")
    six.street.wait(30)
    assert six.see("京都", lambda tx: patience.is_safe(house, tx, six.buyer, later))


def test_two_people_who_bring_it_back_at_one_node_open_one_epoch(six: Six) -> None:
    sent = six.order("PO-1")
    six.copy()
    six.burn()
    running, outcome = six.at["京都"], []
    for _ in range(2):
        coming = Homecoming(
            running.town.house, six.buyer, by_words(six), running.runtime.notice, patience=Patience(rounds=6, tries=6)
        )
        history = six.history()
        running.town.do(lambda tx, history=history: claiming.learn(running.town.house, tx, history))
        running.driver.run(coming.run(), outcome.append, outcome.append)
    six.street.wait(200)
    assert [isinstance(one, Home) for one in outcome].count(True) == 1, outcome
    assert six.epoch("京都").number == 2
    assert six.see("京都", lambda tx: tx.holdings.get(six.buyer, sent)) is not None


def test_what_was_drafted_before_a_restore_is_never_opened(six: Six, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backup was made while it claimed; the epoch was opened and used since. No number in it is used twice."""
    six.order("PO-1")
    six.copy()
    six.burn()
    images: list[bytes] = []
    opens = Homecoming._open

    def kept(self: Homecoming, rebuilt: Rebuilt) -> Steps[Returned]:
        images.append(six.at["京都"].store.serialize())
        return (yield from opens(self, rebuilt))

    monkeypatch.setattr(Homecoming, "_open", kept)
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    first = six.epoch("京都").hash
    six.order("PO-2", "京都")
    six.street.wait(20)
    six.at["京都"].put_back(images[0])
    six.street.wait(900)
    row = six.see("京都", lambda tx: tx.returning.get(six.buyer))
    assert row.record == b""
    assert six.see("京都", lambda tx: tx.wrapped_keys.get(members.EPOCH_KEY, first)) is None
    assert first not in six.house("京都").keyring
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    assert six.epoch("京都").hash != first
    assert six.epoch("京都").number == 3
