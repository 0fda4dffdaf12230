"""Partners without a node: what goes through a link, what does not, and how a guest becomes a member."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cli import verifying
from node.papers.pdf import sheets
from node.services import dealings, directory, guests, printing, proof, reading, trade
from node.services.desk import partners, sending
from node.services.directory import Profile
from node.services.drafting import Step
from node.services.guests import Addresses, Issued
from node.services.trade import Submission
from protocol import proof as proofs
from protocol.errors import CallerFault, NotFound
from protocol.identity import words
from protocol.process.trade.papers import OrderResponse
from protocol.process.trade.papers.base import THROUGH_LINK
from tests.node.papers.pdf.test_papers import texts_in
from tests.node.services.town import Association, order

TODAY = "2026-10-05"


class Farm:
    """花咲堂 and its farmer, who has a FAX only."""

    def __init__(self) -> None:
        self.town = Association("京都")
        self.owner = self.town.enrol("花咲堂")
        self.other = self.town.enrol("鶴織物")
        self.guest = self.town.do(
            lambda tx: guests.add(self.town.house, tx, self.owner, "さるかに農園", Addresses(fax="000-0000-0000"))
        )
        self.thread = self.order("PO-7")

    def order(self, number: str) -> bytes:
        return self.town.submit(self.owner, Submission(self.guest, order(number)))[0].thread

    def link(self, thread: bytes = b"") -> Issued:
        return self.town.do(lambda tx: guests.issue(self.town.house, tx, self.owner, thread or self.thread))

    def answer(self, secret: str) -> trade.Outcome:
        def work(tx: object) -> trade.Outcome:
            opened = guests.look(self.town.house, tx, secret)  # type: ignore[arg-type]
            paper = guests.draft(tx, opened, Step.ANSWER, TODAY)  # type: ignore[arg-type]
            return guests.send(self.town.house, tx, secret, paper, sending.seen(opened.thread), TODAY)  # type: ignore[arg-type]

        return self.town.do(work)


@pytest.fixture
def farm() -> Farm:
    return Farm()


def refused(work: Callable[[], object]) -> None:
    with pytest.raises(NotFound):
        work()


def test_an_answer_through_the_link_says_so_inside_what_is_signed(farm: Farm) -> None:
    secret = farm.link().secret
    done = farm.answer(secret).submitted[0]
    assert (done.thread, done.verdict) == (farm.thread, "applied")
    stored = farm.town.see(lambda tx: tx.documents.full(done.id))
    assert stored is not None
    paper = dealings.paper_of(stored)
    assert isinstance(paper, OrderResponse)
    assert paper.origin == THROUGH_LINK
    state = farm.town.see(lambda tx: dealings.fold(tx, farm.thread)).state
    assert state.state.value == "accepted"


def test_only_the_latest_unexpired_link_of_a_dealing_is_good(farm: Farm) -> None:
    house, first = farm.town.house, farm.link()
    second = farm.link()
    refused(lambda: farm.town.see(lambda tx: guests.look(house, tx, first.secret)))
    assert farm.town.see(lambda tx: guests.look(house, tx, second.secret)).link.thread == farm.thread
    farm.town.do(lambda tx: guests.revoke(house, tx, farm.owner, farm.thread))
    refused(lambda: farm.answer(second.secret))
    third = farm.link()
    farm.town.now += guests.LIFETIME_US
    refused(lambda: farm.answer(third.secret))
    assert farm.town.see(lambda tx: guests.good_link(tx, farm.thread, farm.town.now)) is None
    for wrong in ("", "a" * 32, third.secret.upper(), third.secret[:-1]):
        refused(lambda wrong=wrong: farm.town.see(lambda tx: guests.look(house, tx, wrong)))  # type: ignore[misc]


def test_no_secret_is_kept(farm: Farm) -> None:
    secret = farm.link().secret
    rows = farm.town.see(lambda tx: tx.guests.links_in(farm.thread))
    assert secret.encode() not in b"".join(row.hash for row in rows)
    assert len(rows[0].hash) == 32


def test_a_guest_is_its_owners_alone(farm: Farm) -> None:
    town, house = farm.town, farm.town.house
    assert [found.row.name for found in town.see(lambda tx: guests.of(tx, farm.owner))] == ["さるかに農園"]
    assert town.see(lambda tx: guests.of(tx, farm.other)) == []
    refused(lambda: town.see(lambda tx: partners.look(house, tx, farm.other, farm.guest)))
    refused(lambda: town.submit(farm.other, Submission(farm.guest, order("PO-1"))))
    refused(lambda: town.see(lambda tx: guests.require(tx, farm.other, farm.guest)))
    refused(lambda: town.do(lambda tx: guests.issue(house, tx, farm.other, farm.thread)))
    assert town.see(lambda tx: directory.find(tx, "さるかに")) == []


def test_a_link_opens_its_own_dealing_only(farm: Farm) -> None:
    house, other = farm.town.house, farm.order("PO-8")
    secret = farm.link().secret
    assert farm.town.see(lambda tx: guests.document(house, tx, secret, farm.thread)).link.thread == farm.thread
    refused(lambda: farm.town.see(lambda tx: guests.document(house, tx, secret, other)))


def test_steps_that_bind_money_need_a_login(farm: Farm) -> None:
    secret = farm.link().secret
    for step in (Step.PAY, Step.CANCEL, Step.CHANGE, Step.CREDIT, Step.INSPECT):

        def work(tx: object, step: Step = step) -> object:
            return guests.draft(tx, guests.look(farm.town.house, tx, secret), step, TODAY)  # type: ignore[arg-type]

        refused(lambda work=work: farm.town.see(work))  # type: ignore[misc]


def test_enrolment_keeps_the_identity_and_ends_the_links(farm: Farm) -> None:
    town, house = farm.town, farm.town.house
    secret = farm.link().secret
    answered = farm.answer(secret).submitted[0]
    before = town.see(lambda tx: tx.members.get(farm.guest))
    held = town.see(lambda tx: tx.wrapped_keys.get(guests.WORDS_KEY, farm.guest))
    assert before is not None
    assert held is not None
    made = town.do(lambda tx: guests.enrol(house, tx, farm.guest, Profile(name="さるかに農園")))
    assert made.member == farm.guest
    own = words.key_of(words.entropy_of(" ".join(made.words)))
    assert own.public != words.key_of(held.wrapped).public  # the test's wrap leaves keys as they are
    assert town.see(lambda tx: tx.wrapped_keys.get(guests.WORDS_KEY, farm.guest)) is None
    after = town.see(lambda tx: tx.members.get(farm.guest))
    assert after is not None
    assert after.epoch_number == before.epoch_number + 1
    refused(lambda: town.see(lambda tx: guests.look(house, tx, secret)))
    assert [row.name for row in town.see(lambda tx: directory.find(tx, "さるかに"))] == ["さるかに農園"]
    assert town.see(lambda tx: reading.require(tx, farm.guest, answered.id)).thread == farm.thread
    refused(lambda: town.do(lambda tx: guests.enrol(house, tx, farm.guest, Profile(name="x"))))
    town.submit(farm.other, Submission(farm.guest, order("PO-1")))  # now everybody may


def test_what_is_wrong_names_its_field(farm: Farm) -> None:
    for name, addresses, field in (
        ("", Addresses(), "name"),
        ("x" * 101, Addresses(), "name"),
        ("x", Addresses(registration_number="T123"), "registration_number"),
    ):
        with pytest.raises(CallerFault) as fault:
            farm.town.do(lambda tx: guests.add(farm.town.house, tx, farm.owner, name, addresses))  # noqa: B023
        assert fault.value.field == field


def test_the_proof_and_the_paper_say_how_it_came(farm: Farm) -> None:
    house, secret = farm.town.house, farm.link().secret
    done = farm.answer(secret).submitted[0]
    data = farm.town.see(lambda tx: proof.export(house, tx, farm.owner, done.id))
    found, rows = verifying.report(proofs.verify(data))
    assert found["through_link"] is True
    assert any("link" in str(value) or "相手先用ページ" in str(value) for _, value in rows)
    paper, context = farm.town.see(lambda tx: printing.prepare(house, tx, farm.owner, done.id, printing.Wish()))
    assert "相手先用ページ" in "".join(texts_in(sheets.compose(paper, context)))
    own = farm.town.see(lambda tx: proof.export(house, tx, farm.owner, farm.thread))
    assert verifying.report(proofs.verify(own))[0]["through_link"] is False
