"""Mail for a member whose node is dark: it waits with guardians, arrives once, and nobody on the way can read it."""

from __future__ import annotations

import pytest

from node.homecoming import Home
from node.services import reading
from node.services.mailing import collecting, keeping, overview, rules
from node.services.trade import Submission
from node.store import KeptRow, Tx
from protocol import canon, vault
from protocol.errors import CallerFault, NotAuthorised, NotFound, TooLarge
from protocol.guardian import mail
from protocol.identity.control import Reason
from protocol.link import batch
from protocol.link.batch import Batch, Item
from tests.node.services.town import order
from tests.node.six_towns import Six, by_words

DARK_S = 15 * 60


@pytest.fixture
def six() -> Six:
    return Six()


def to_buyer(six: Six, number: str) -> bytes:
    """An order of the firm at Kyoto to the one at Toyota."""
    return six.at["京都"].submit(six.seller, Submission(six.buyer, order(number))).id


def marks_at_kyoto(six: Six, sent: set[bytes]) -> list[reading.Marks]:
    def work(tx: Tx) -> list[reading.Marks]:
        rows = [row for row in tx.holdings.after(six.seller, 0, 100) if row.document in sent]
        return list(reading.marks_of(tx, rows).values())

    found: list[reading.Marks] = six.see("京都", work)
    return found


def waiting(six: Six, name: str) -> int:
    return len(six.see(name, lambda tx: tx.mail.kept_all()))


def test_mail_waits_with_guardians_while_its_sender_is_offline_too(six: Six) -> None:
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    sent = {to_buyer(six, f"K-{at}") for at in range(3)}
    six.street.wait(DARK_S + 400)
    assert [waiting(six, name) for name in six.guardians] == [1, 1, 1, 1]
    shown = six.see("京都", overview.show)
    assert [(item.node, item.documents, item.keepers) for item in shown.left] == [(six.at["豊田"].id, 3, 4)]
    marks = marks_at_kyoto(six, sent)
    assert {(mark.received, mark.elsewhere) for mark in marks} == {(None, 4)}
    six.street.dark.add(six.at["京都"].id)
    home = six.bring_back("四国", by_words(six))
    assert isinstance(home, Home), home
    six.street.wait(60)
    assert sent <= set(six.held("四国", six.buyer))
    six.street.wait(600)
    assert [waiting(six, name) for name in six.guardians] == [0, 0, 0, 0]
    six.street.dark.discard(six.at["京都"].id)
    before = len(six.see("四国", lambda tx: tx.journal.epochs(six.buyer)))
    six.street.wait(2000)
    held = six.held("四国", six.buyer)
    assert {document: held[document] for document in sent} == dict.fromkeys(sent, "applied")
    assert len(six.see("四国", lambda tx: tx.journal.epochs(six.buyer))) == before
    entries = six.see("四国", lambda tx: {one: tx.journal.by_object(six.buyer, one) for one in sent})
    assert {len(rows) for rows in entries.values()} == {1}
    marks = six.see("京都", lambda tx: tx.outgoing.marks(sent))
    new_home = six.at["四国"].id
    assert all(any(m.node == new_home and m.verdict == "applied" for m in marks[one]) for one in sent)
    assert six.see("京都", lambda tx: tx.mail.left_all()) == []
    assert {mark.elsewhere for mark in marks_at_kyoto(six, sent)} == {0}
    assert all(mark.received is not None for mark in marks_at_kyoto(six, sent))


def dark_toyota(six: Six, seconds: float = DARK_S + 400) -> bytes:
    """The buyer's node is gone; an order for it waits with its guardians."""
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    sent = to_buyer(six, "K-1")
    six.street.wait(seconds)
    return sent


def wake(six: Six) -> None:
    six.street.dark.discard(six.at["豊田"].id)
    six.at["豊田"].boot()
    six.at["豊田"].start(Reason.RESTART)


def entries(six: Six, name: str, document: bytes) -> int:
    """How often the buyer's journal entered it as something new."""
    rows = six.see(name, lambda tx: tx.journal.by_object(six.buyer, document))
    return sum(row.kind == "received" for row in rows)


def kept_rows(six: Six, name: str) -> list[KeptRow]:
    def work(tx: Tx) -> list[KeptRow]:
        return list(tx.mail.kept(row.id for row in tx.mail.kept_all()).values())

    found: list[KeptRow] = six.see(name, work)
    return found


def test_nothing_is_left_before_the_time_or_when_it_is_switched_off(six: Six) -> None:
    six.do("京都", lambda tx: rules.set_dark_after(tx, 0))
    dark_toyota(six, DARK_S + 4000)
    assert [waiting(six, name) for name in six.guardians] == [0, 0, 0, 0]
    six.do("京都", lambda tx: rules.set_dark_after(tx, 60))
    six.street.wait(130)
    assert waiting(six, "四国") == 1  # it has been silent for longer than that


def test_the_old_home_that_comes_back_gets_it_once_whichever_way_is_first(six: Six) -> None:
    sent = dark_toyota(six)
    wake(six)
    six.street.wait(2000)
    assert six.held("豊田", six.buyer)[sent] == "applied"
    assert entries(six, "豊田", sent) == 1
    assert [waiting(six, name) for name in six.guardians] == [0, 0, 0, 0]
    assert six.see("京都", lambda tx: tx.mail.left_all()) == []


def test_the_old_home_gets_its_mail_while_the_sender_is_away(six: Six) -> None:
    sent = dark_toyota(six)
    six.street.dark.add(six.at["京都"].id)
    wake(six)
    six.street.wait(120)
    assert six.held("豊田", six.buyer)[sent] == "applied"
    six.street.dark.clear()
    six.street.wait(2000)
    assert entries(six, "豊田", sent) == 1
    marks = six.see("京都", lambda tx: tx.outgoing.marks([sent]))[sent]
    assert {mark.verdict for mark in marks if mark.node == six.at["豊田"].id} == {"applied"}


def test_a_guardian_reads_nothing_but_what_stands_outside(six: Six) -> None:
    sent = dark_toyota(six)
    image = six.at["竜宮"].store.serialize()
    assert six.buyer in image
    for hidden in (sent, six.seller, b"K-1", "花咲堂".encode()):
        assert hidden not in image
    row = kept_rows(six, "竜宮")[0]
    label = mail.read_label(row.wire)
    assert (label.sender, label.receiver) == (six.at["京都"].id, six.buyer)


def test_a_guardian_that_lies_changes_nothing(six: Six) -> None:
    """One withholds, one has other bytes under the name, one makes a parcel up and one shows what was collected."""
    sent = dark_toyota(six)
    true = kept_rows(six, "四国")[0]
    damaged = true.wire[:-1] + bytes([true.wire[-1] ^ 1])

    def forge(tx: Tx) -> None:
        box = mail.claimed_box(tx.mail.box(six.buyer) or b"")
        liar, kyoto = six.house("竜宮"), six.at["京都"].id
        made = batch.sign(liar.node, Batch("test", liar.id, six.buyer, bytes(16), 0, (Item(1, "history", b"?"),)))
        label = mail.Label("test", kyoto, six.buyer, box.name, true.expires)
        forged = mail.seal(label, made, box.public, bytes(32))
        tx.mail.delete([true.id])
        tx.mail.keep(true._replace(id=canon.digest(forged), wire=forged))
        tx.mail.keep(true._replace(id=canon.digest(b"?"), wire=b"?", size=1))

    six.do("四国", lambda tx: tx.mail.delete([true.id]))
    six.do("竜宮", forge)
    six.do("鬼ヶ島", lambda tx: (tx.mail.delete([true.id]), tx.mail.keep(true._replace(wire=damaged))))
    six.street.dark.add(six.at["京都"].id)
    wake(six)
    six.street.wait(400)
    assert six.held("豊田", six.buyer)[sent] == "applied"
    assert waiting(six, "竜宮") == 0  # both were given up
    six.do("四国", lambda tx: tx.mail.keep(true))
    six.street.dark.clear()
    six.street.wait(1500)
    assert entries(six, "豊田", sent) == 1
    assert waiting(six, "四国") == 0
    assert six.see("豊田", lambda tx: tx.quarantine.bytes_of(six.at["京都"].id)) == 0
    assert six.at["豊田"].errors == []


def test_all_guardians_lose_it_and_the_link_brings_it(six: Six) -> None:
    sent = dark_toyota(six)
    for name in six.guardians:
        six.do(name, lambda tx: tx.mail.delete([row.id for row in tx.mail.kept_all()]))
    wake(six)
    six.street.wait(1000)
    assert six.held("豊田", six.buyer)[sent] == "applied"


def test_a_guardian_keeps_only_for_its_wards_and_within_limits(six: Six, monkeypatch: pytest.MonkeyPatch) -> None:
    dark_toyota(six)
    house, kyoto = six.house("竜宮"), six.at["京都"].id
    true = kept_rows(six, "竜宮")[0]
    assert six.do("竜宮", lambda tx: keeping.leave(house, tx, kyoto, true.wire)) == true.id  # once more: the same
    other = mail.seal(mail.read_label(true.wire), b"?", mail.box_key(bytes(32)).public, bytes(32))
    monkeypatch.setattr(keeping, "MAX_MAIL_PER_SENDER", 1)
    with pytest.raises(TooLarge):
        six.do("竜宮", lambda tx: keeping.leave(house, tx, kyoto, other))
    stranger = mail.encode_fetch(true.id)
    with pytest.raises(NotAuthorised):
        six.see("竜宮", lambda tx: keeping.fetch(house, tx, b"s" * 32, stranger))
    label = mail.read_label(true.wire)._replace(receiver=six.seller)
    wire = mail.seal(label, b"?", mail.box_key(bytes(32)).public, bytes(32))
    with pytest.raises(NotFound):
        six.do("竜宮", lambda tx: keeping.leave(house, tx, kyoto, wire))
    assert six.do("竜宮", lambda tx: tx.mail.expire(true.expires)) == 1


def test_what_went_on_to_a_new_home_has_not_arrived(six: Six) -> None:
    sent = dark_toyota(six, 60)
    six.do("京都", lambda tx: tx.outgoing.mark(six.at["豊田"].id, [(sent, "moved", None)]))
    assert [mark.received for mark in marks_at_kyoto(six, {sent})] == [None]


def test_a_member_whose_vault_key_is_not_here_has_no_box_and_stops_nobody(six: Six) -> None:
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    house = six.house("豊田")
    assert set(six.see("豊田", lambda tx: collecting.boxes(house, tx))) == {six.buyer}

    def other_vault(tx: Tx) -> None:
        row = tx.guarding.get(six.buyer)
        kept = vault.read(row.vault)
        key = kept.keys[-1]._replace(name=bytes(32))
        wire = vault.sign(house.keyring[kept.epoch], kept._replace(keys=(key,)))
        tx.guarding.put(row._replace(vault=wire))

    six.do("豊田", other_vault)
    assert six.see("豊田", lambda tx: collecting.boxes(house, tx)) == {}


def test_who_pulls_is_not_dark(six: Six) -> None:
    """Kyoto cannot call Toyota, but is called: what waits is pulled, and nobody else is needed."""
    six.order("PO-1")
    six.copy()
    six.street.cut.add((six.at["京都"].id, six.at["豊田"].id))
    sent = to_buyer(six, "K-1")
    six.street.wait(DARK_S + 1500)
    assert six.held("豊田", six.buyer)[sent] == "applied"
    assert [waiting(six, name) for name in six.guardians] == [0, 0, 0, 0]


# --- a third node carries


def cut_off(six: Six) -> None:
    """Toyota and Kyoto cannot reach each other; everybody else reaches both."""
    toyota, kyoto = six.at["豊田"].id, six.at["京都"].id
    six.street.cut |= {(toyota, kyoto), (kyoto, toyota)}


def test_a_relay_carries_both_ways_between_two_that_are_cut_off(six: Six) -> None:
    six.do("鬼ヶ島", lambda tx: rules.set_relay(tx, 16, 7))
    six.order("PO-1")
    six.street.wait(10)
    cut_off(six)
    sent = six.order("PO-2")
    six.street.wait(DARK_S + 1200)
    assert six.held("京都", six.seller)[sent] == "applied"
    image = six.at["鬼ヶ島"].store.serialize()
    assert "花咲堂".encode() not in image
    six.street.wait(1500)  # the receipt comes the same way back
    marks = six.see("豊田", lambda tx: tx.outgoing.marks([sent]))[sent]
    assert [mark.verdict for mark in marks] == ["applied"]
    answer = to_buyer(six, "K-1")
    six.street.wait(1500)
    assert six.held("豊田", six.buyer)[answer] == "applied"
    six.street.cut.clear()
    six.street.wait(3000)
    rows = six.see("京都", lambda tx: tx.journal.by_object(six.seller, sent))
    assert [row.kind for row in rows] == ["received"]
    assert entries(six, "豊田", answer) == 1
    assert six.see("豊田", lambda tx: tx.mail.left_all()) == []
    assert [six.at[name].errors for name in ("豊田", "京都", "鬼ヶ島")] == [[], [], []]


def test_a_relay_that_drops_doubles_and_replays(six: Six) -> None:
    six.do("鬼ヶ島", lambda tx: rules.set_relay(tx, 16, 7))
    six.order("PO-1")
    six.street.wait(10)
    cut_off(six)
    first = six.order("PO-2")
    six.street.wait(DARK_S)
    seen: dict[bytes, KeptRow] = {}
    for number in range(40):  # it drops everything at first
        six.street.wait(30)
        seen |= {row.id: row for row in kept_rows(six, "鬼ヶ島") if row.kind == rules.NODE}
        six.do("鬼ヶ島", lambda tx: tx.mail.delete([row.id for row in tx.mail.kept_all()]))
        if number == 20:
            second = six.order("PO-3")
    six.street.wait(3 * 3600)  # then it works, from the beginning again
    assert {six.held("京都", six.seller).get(one) for one in (first, second)} == {"applied"}
    assert seen
    for row in seen.values():
        six.do("鬼ヶ島", lambda tx, row=row: tx.mail.keep(row))
    six.street.wait(1500)
    for one in (first, second):
        rows = six.see("京都", lambda tx, one=one: tx.journal.by_object(six.seller, one))
        assert [row.kind for row in rows] == ["received"]
    assert six.at["京都"].errors == []


def test_who_does_not_relay_is_left_nothing(six: Six) -> None:
    six.order("PO-1")
    six.street.wait(10)
    cut_off(six)
    six.order("PO-2")
    six.street.wait(DARK_S + 1500)
    assert all(row.kind == rules.MEMBER for name in six.guardians for row in kept_rows(six, name))
    six.do("鬼ヶ島", lambda tx: rules.set_relay(tx, 1, 1))
    six.do("鬼ヶ島", lambda tx: rules.set_relay(tx, 0, 1))
    assert not six.see("鬼ヶ島", rules.relay).room
    with pytest.raises(CallerFault):
        six.do("鬼ヶ島", lambda tx: rules.set_relay(tx, 1, 0))
