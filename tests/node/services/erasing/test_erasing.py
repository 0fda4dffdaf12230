"""Erasing a personal part at both homes: asked for, refused, carried out, confirmed; hostile and repeated requests."""

from __future__ import annotations

import pytest

from node.services import proof as proofs
from node.services import talking
from node.services.erasing import asking
from node.services.trade import Submission
from protocol import erasure, proof
from protocol.document import header
from protocol.errors import CallerFault, NotFound
from protocol.journal import Kind
from tests.node.services.erasing.pair import MARK, YEAR_US, Dealing, has_part, note, personal, row_of, run
from tests.node.services.town import order


def test_a_note_is_erased_at_both_homes_and_confirmed_by_signature() -> None:
    dealing = Dealing()
    row = dealing.ask(dealing.note)
    assert (row.state, row.errand) == ("erased", "ask")
    assert not has_part(dealing.toyota, dealing.note)
    assert has_part(dealing.kyoto, dealing.note)
    dealing.work()
    assert not has_part(dealing.kyoto, dealing.note)
    row = row_of(dealing.toyota, dealing.buyer, dealing.note)
    assert (row.partner_state, row.errand, row.heard) == ("erased", "", b"")
    there = row_of(dealing.kyoto, dealing.seller, dealing.note)
    assert (there.state, there.by, there.errand, there.heard) == ("erased", "", "", b"")
    answers = dealing.toyota.see(lambda tx: tx.documents.messages(0, 10**6, 10))
    said = [
        erasure.answer_in(header.parse(item.header).extensions) for item in answers if item.author == dealing.seller
    ]
    assert [(one.request, one.word) for one in said if one] == [(row.request, erasure.Word.ERASED)]
    for town, member in ((dealing.toyota, dealing.buyer), (dealing.kyoto, dealing.seller)):
        epoch = town.see(lambda tx, m=member: tx.heads.get(m)).epoch
        entries = town.see(lambda tx, m=member, e=epoch: tx.journal.after(m, e, 0, 100))
        erased = [(item.object, item.verdict) for item in entries if item.kind == Kind.ERASED.value]
        assert erased == [(dealing.note, "personal")]


def test_the_document_is_proved_without_its_part() -> None:
    dealing = Dealing()
    dealing.work()
    dealing.ask(dealing.note)
    file = dealing.toyota.see(lambda tx: proofs.export(dealing.toyota.house, tx, dealing.buyer, dealing.note))
    proved = proof.verify(file)
    assert proved.document.id == dealing.note
    assert sorted(proved.document.parts) == ["business"]
    assert MARK.encode() not in file


def test_while_the_law_keeps_the_paper_the_part_stays_and_the_answer_says_until_when() -> None:
    dealing = Dealing()
    row = dealing.ask(dealing.order)
    assert (row.state, row.rule, row.errand) == ("refused", "books", "")
    assert row.until > dealing.toyota.now + 11 * YEAR_US
    assert has_part(dealing.toyota, dealing.order)
    dealing.work()
    assert has_part(dealing.kyoto, dealing.order)
    dealing.pass_years(12)
    assert dealing.ask(dealing.order).state == "erased"
    dealing.work()
    assert not has_part(dealing.kyoto, dealing.order)
    assert row_of(dealing.toyota, dealing.buyer, dealing.order).partner_state == "erased"


def test_a_partner_within_its_own_term_refuses_and_says_so() -> None:
    dealing = Dealing()
    dealing.toyota.now += 12 * YEAR_US  # the partner's clock is the partner's: its paper is young
    assert dealing.ask(dealing.order).state == "erased"
    dealing.work()
    assert has_part(dealing.kyoto, dealing.order)
    row = row_of(dealing.toyota, dealing.buyer, dealing.order)
    assert (row.partner_state, row.partner_rule) == ("refused", "books")
    assert row.partner_until > dealing.kyoto.now
    dealing.kyoto.now += 12 * YEAR_US
    dealing.ask(dealing.order)  # again, when its time is over
    dealing.work()
    assert not has_part(dealing.kyoto, dealing.order)
    assert row_of(dealing.toyota, dealing.buyer, dealing.order).partner_state == "erased"


def test_a_paper_that_names_no_person_has_nothing_to_erase() -> None:
    dealing = Dealing()
    plain = dealing.write(Submission(dealing.seller, note("M-2"), thread=dealing.order))
    with pytest.raises(CallerFault) as fault:
        dealing.ask(plain)
    assert fault.value.code == "no-such-part"
    stranger = dealing.toyota.enrol("舌切雀本舗")
    with pytest.raises(NotFound):
        dealing.toyota.do(lambda tx: asking.ask(dealing.toyota.house, tx, stranger, dealing.note, by="owner"))
    assert has_part(dealing.toyota, dealing.note)


def request(dealing: Dealing, document: bytes, thread: bytes) -> bytes:
    """The seller writes a request by hand, about whatever it likes."""
    asked = erasure.ask(erasure.Request(document, "personal", bytes(32)))
    town = dealing.kyoto
    done = town.do(
        lambda tx: talking.say(town.house, tx, dealing.seller, thread, "?", "2026-10-07", extensions=(asked,))
    )
    town.send_all(dealing.toyota)
    return done.submitted[0].id


def test_a_partner_cannot_have_a_paper_erased_that_we_have_to_keep() -> None:
    dealing = Dealing()
    dealing.kyoto.now += 20 * YEAR_US  # whatever its clock says
    request(dealing, dealing.order, dealing.order)
    dealing.work()
    assert has_part(dealing.toyota, dealing.order)
    row = row_of(dealing.toyota, dealing.buyer, dealing.order)
    assert (row.state, row.rule, row.by) == ("refused", "books", "")


def test_a_partner_cannot_touch_the_papers_of_others() -> None:
    dealing = Dealing()
    other = dealing.kyoto.enrol("舌切雀本舗")
    dealing.toyota.learn_from(dealing.kyoto)
    first = dealing.write(Submission(other, order("PO-9")))
    theirs = dealing.write(Submission(other, note("M-9"), personal(), thread=first))
    dealing.toyota.send_all(dealing.kyoto)
    request(dealing, theirs, dealing.order)
    dealing.work()
    assert has_part(dealing.toyota, theirs)
    row = row_of(dealing.toyota, dealing.buyer, theirs)
    assert (row.state, row.rule) == ("refused", "unknown")
    row = dealing.toyota.do(lambda tx: asking.ask(dealing.toyota.house, tx, dealing.buyer, theirs, by="owner"))
    assert (row.state, row.partner) == ("erased", other)
    dealing.work()
    before = row_of(dealing.toyota, dealing.buyer, theirs)
    assert before.partner_state == "erased"
    request(dealing, theirs, dealing.order)  # known now: nothing of it changes
    dealing.work()
    assert row_of(dealing.toyota, dealing.buyer, theirs) == before


def test_an_answer_to_another_request_changes_nothing() -> None:
    dealing = Dealing()
    dealing.ask(dealing.note)
    run(dealing.toyota)
    before = row_of(dealing.toyota, dealing.buyer, dealing.note)
    assert before.partner_state == "asked"
    town = dealing.kyoto
    lie = erasure.say(erasure.Answer(bytes(32), dealing.note, "personal", erasure.Word.ERASED))
    town.do(lambda tx: talking.say(town.house, tx, dealing.seller, dealing.order, "?", "2026-10-07", extensions=(lie,)))
    town.send_all(dealing.toyota)
    run(dealing.toyota)
    assert row_of(dealing.toyota, dealing.buyer, dealing.note) == before


def test_an_author_cannot_keep_a_paper_for_ever_nor_end_a_term() -> None:
    dealing = Dealing()
    kept = asking.retention.kept("message", note("M-3"), 1_000, 2**53 - 1, 2_000)
    assert kept.rule == "author"
    assert kept.until <= 1_000 + 12 * YEAR_US
    assert asking.retention.kept("order", order("PO-3"), 1_000, 0, 2_000).rule == "books"
    assert dealing.ask(dealing.order).rule == "books"


def test_both_may_ask_at_once() -> None:
    dealing = Dealing()
    dealing.ask(dealing.note)
    dealing.ask_back(dealing.note)
    dealing.work()
    for town, member in ((dealing.toyota, dealing.buyer), (dealing.kyoto, dealing.seller)):
        row = row_of(town, member, dealing.note)
        assert (row.state, row.partner_state, row.errand, row.heard) == ("erased", "erased", "", b"")


def test_a_part_that_an_old_backup_brings_back_goes_before_anybody_reads_it() -> None:
    dealing = Dealing()
    dealing.work()
    image = dealing.toyota.store.serialize()
    kyoto_image = dealing.kyoto.store.serialize()
    dealing.ask(dealing.note)
    dealing.work()
    dealing.toyota.restore(image)
    assert has_part(dealing.toyota, dealing.note)  # nobody has told it yet
    for _ in range(3):
        for one, other in ((dealing.toyota, dealing.kyoto), (dealing.kyoto, dealing.toyota)):
            one.greet(other)
            one.send_all(other)
    run(dealing.toyota)
    assert not has_part(dealing.toyota, dealing.note)
    assert row_of(dealing.toyota, dealing.buyer, dealing.note).state == "erased"
    dealing.kyoto.restore(kyoto_image)
    for _ in range(3):
        for one, other in ((dealing.kyoto, dealing.toyota), (dealing.toyota, dealing.kyoto)):
            one.greet(other)
            one.send_all(other)
    dealing.work()
    assert not has_part(dealing.kyoto, dealing.note)


def test_a_part_that_comes_back_is_erased_at_the_next_start() -> None:
    dealing = Dealing()
    now = dealing.toyota.now
    gone = asking.blank(dealing.buyer, dealing.note, dealing.seller, now)._replace(state="erased", erased=now)
    dealing.toyota.do(lambda tx: tx.erasing.put(gone))  # as a backup of the part with a row from elsewhere would be
    assert has_part(dealing.toyota, dealing.note)
    dealing.toyota.restart()
    assert not has_part(dealing.toyota, dealing.note)


def test_two_members_of_one_node() -> None:
    dealing = Dealing()
    neighbour = dealing.toyota.enrol("舌切雀本舗")
    first = dealing.write(Submission(neighbour, order("PO-7")))
    near = dealing.write(Submission(neighbour, note("M-7"), personal(), thread=first))
    assert dealing.ask(near).state == "erased"
    dealing.work()
    assert not has_part(dealing.toyota, near)
    assert row_of(dealing.toyota, dealing.buyer, near).partner_state == "erased"
    assert row_of(dealing.toyota, neighbour, near).state == "erased"
