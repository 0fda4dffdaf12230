"""From a signed document to copies that k guardians have: the whole path on real stores."""

from __future__ import annotations

from node.services.guarding import agreeing, patience, settings
from node.services.trade import Submission
from node.store import Tx
from protocol.identity.control import Reason
from protocol.link import receipt as receipts
from tests.node.services.guarding.province import Province, frames_at
from tests.node.services.town import order


def safe(province: Province, document: bytes, member: bytes = b"") -> bool:
    town = province.home.town
    return town.see(lambda tx: patience.is_safe(town.house, tx, member or province.member, document))


def test_a_document_becomes_safe_and_then_it_leaves() -> None:
    province = Province()
    sent = province.home.submit(province.member, Submission(to=province.seller, paper=order("A-1")))
    assert not safe(province, sent.id)
    province.street.wait(1)
    assert safe(province, sent.id)
    assert [frames_at(one, province.member) for one in province.guardians] == [2, 2, 2]
    assert province.partner.town.see(lambda tx: tx.documents.get(sent.id)) is not None


def arrived(province: Province, document: bytes) -> bool:
    return province.partner.town.see(lambda tx: tx.documents.get(document)) is not None


def send(province: Province, number: str) -> bytes:
    return province.home.submit(province.member, Submission(to=province.seller, paper=order(number))).id


def test_one_dead_guardian_delays_nothing() -> None:
    province = Province(3)
    province.darken(province.guardians[0])
    sent = send(province, "A-1")
    province.street.wait(1)
    assert safe(province, sent)
    assert arrived(province, sent)
    assert frames_at(province.guardians[0], province.member) == 1
    province.street.dark.clear()
    province.street.wait(20)
    assert frames_at(province.guardians[0], province.member) == 2


def test_what_cannot_become_safe_waits_five_seconds_and_goes_all_the_same() -> None:
    province = Province(3)
    province.darken(*province.guardians[:2])
    sent = send(province, "A-1")
    province.street.wait(4)
    assert not arrived(province, sent)
    province.street.wait(2)
    assert arrived(province, sent)
    assert not safe(province, sent)


def test_kinds_that_are_strict_stay_and_kinds_at_once_do_not_wait() -> None:
    province = Province(3)
    town = province.home.town
    province.darken(*province.guardians[:2])
    town.do(lambda tx: settings.set_policies(town.house, tx, province.member, {"order": "strict"}))
    sent = send(province, "A-1")
    province.street.wait(120)
    assert not arrived(province, sent)
    town.do(lambda tx: settings.set_policies(town.house, tx, province.member, {"order": "at-once"}))
    later = send(province, "A-2")
    province.street.wait(1)
    assert arrived(province, sent)
    assert arrived(province, later)
    assert not safe(province, later)


def test_a_receipt_says_whether_its_recipient_has_copies() -> None:
    province = Province(3, partner_guarded=True)
    sent = send(province, "A-1")
    province.street.wait(2)
    assert said(province, sent) == [True]
    province.darken(*province.guardians[:2])
    later = send(province, "A-2")
    province.street.wait(30)
    assert said(province, later) == [False]


def said(province: Province, document: bytes) -> list[bool]:
    """What the receipts that the home got say of safety."""

    def work(tx: Tx) -> list[bool]:
        marks = tx.outgoing.marks((document,))[document]
        found = tx.receipts.get_many(mark.receipt for mark in marks if mark.receipt)
        key = province.partner.town.house.node.public
        leaves = [leaf for row in found.values() for leaf in receipts.verify(row.wire, key).leaves]
        return [leaf.safe for leaf in leaves if leaf.document == document]

    return province.home.town.see(work)


def test_a_restart_in_the_middle_goes_on_where_it_was() -> None:
    province = Province(3)
    province.darken(*province.guardians)
    sent = send(province, "A-1")
    province.street.wait(0.5)
    province.home.restart(Reason.RESTART)
    province.street.dark.clear()
    province.street.wait(15)
    assert safe(province, sent)
    assert arrived(province, sent)
    numbers = [one.town.see(lambda tx: tx.wards.chains(province.member)) for one in province.guardians]
    assert [len(chains) for chains in numbers] == [2, 2, 2]  # two epochs
    assert len({chains[0].hash for chains in numbers}) == 1


def test_without_an_agreement_nothing_is_handed_over() -> None:
    province = Province(3)
    ended = province.guardians[0]
    town = province.home.town
    town.do(lambda tx: agreeing.end(town.house, tx, ended.id, "home"))
    before = frames_at(ended, province.member)
    sent = send(province, "A-1")
    province.street.wait(2)
    assert safe(province, sent)
    assert frames_at(ended, province.member) == before
    town.do(lambda tx: agreeing.end(town.house, tx, province.guardians[1].id, "home"))
    later = send(province, "A-2")
    province.street.wait(30)
    assert not safe(province, later)


def test_a_member_without_guardians_costs_nothing() -> None:
    province = Province(0)
    send(province, "A-1")
    province.street.wait(1)
    house = province.home.town.house
    assert not house.guarded
    assert not house.uncopied
    assert not house.delayed
    assert province.home.runtime.guarding.next_deadline() is None


def test_a_guardian_that_lost_what_it_kept_is_found_and_given_everything_again() -> None:
    province = Province(3)
    sent = send(province, "A-1")
    province.street.wait(1)
    liar = province.guardians[0]
    liar.town.do(lambda tx: tx.wards.forget(province.member))
    later = send(province, "A-2")
    province.street.wait(0.5)
    ack = province.home.town.see(lambda tx: tx.guarding.ack(province.member, liar.id))
    assert ack.finding
    assert safe(province, sent)
    assert safe(province, later)
    province.street.wait(30)
    ack = province.home.town.see(lambda tx: tx.guarding.ack(province.member, liar.id))
    assert not ack.finding
    assert frames_at(liar, province.member) == 3


def test_guardians_keep_nothing_that_can_be_read() -> None:
    province = Province(3)
    marks = [f"印-{number:03d}-{number * 7919 % 1000:03d}" for number in range(100)]
    for start in range(0, 100, 20):
        for mark in marks[start : start + 20]:
            send(province, mark)
        province.street.wait(1)
    assert all(mark.encode() in province.home.store.serialize() for mark in marks)
    for guardian in province.guardians:
        image = guardian.store.serialize()
        assert frames_at(guardian, province.member) > 1
        assert not [mark for mark in marks if mark.encode() in image]


def test_nobody_waits_for_guardians_that_are_known_to_take_nothing() -> None:
    province = Province(3, partner_guarded=True)
    town = province.partner.town
    for guardian in province.guardians[:2]:
        town.do(lambda tx, g=guardian: agreeing.end(town.house, tx, g.id, "home"))
    first = send(province, "A-1")
    province.street.wait(20)
    assert said(province, first) == [False]
    later = send(province, "A-2")
    province.street.wait(1)
    assert said(province, later) == [False]
