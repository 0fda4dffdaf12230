"""64: hours given twice, expired terms accepted, a stranger's word, terms changed after the signature, a replay."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from node.services import deeds, trade
from node.services.deeds import Wish
from node.services.trade import Submission
from node.store import Tx
from protocol.errors import CallerFault, ImpossibleStep, NotFound
from protocol.process.trade.papers import DeedAnswer
from tests.node.services.offers import fair
from tests.node.services.town import Association, two_towns

HOUR = 3_600_000_000
DAY = 24 * HOUR


class Fair:
    """Toyota's firm wants what Kyoto's offers."""

    def __init__(self) -> None:
        self.toyota, self.kyoto, self.taker, self.giver = two_towns()
        self.series = fair.publish(self.kyoto, self.giver).series
        fair.tell(self.kyoto, self.toyota)

    def begin(self, **wish: Any) -> bytes:
        made = self.toyota.do(lambda tx: deeds.answer(self.toyota.house, tx, self.taker, self.series, Wish(**wish)))
        self.toyota.send_all(self.kyoto)
        return made.submitted[0].thread

    def state(self, node: Association, member: bytes, thread: bytes) -> str:
        return node.see(lambda tx: deeds.show(node.house, tx, member, thread)).row.state

    def say(self, thread: bytes, proposal: bytes, number: str) -> Callable[[Tx], object]:
        paper = DeedAnswer(number=number, issue_date="2025-10-09", proposal=proposal.hex(), answer="accepted")
        return lambda tx: trade.submit(self.kyoto.house, tx, self.giver, [Submission(self.taker, paper, thread=thread)])


def test_of_many_that_want_overlapping_hours_in_any_order_none_is_given_twice() -> None:
    found, chance = Fair(), random.Random(64)
    base = found.kyoto.now // DAY * DAY + 3 * DAY
    wanted = []
    for _ in range(40):
        starts = base + chance.randrange(24) * HOUR
        wanted.append(found.begin(starts=starts, ends=starts + chance.randint(1, 6) * HOUR))
    chance.shuffle(wanted)
    given, told = [], []
    for thread in wanted:
        try:
            found.kyoto.do(lambda tx, at=thread: deeds.agree(found.kyoto.house, tx, found.giver, at))
            given.append(found.kyoto.see(lambda tx, at=thread: tx.deeds.get(found.giver, at)))
        except CallerFault as fault:
            told.append(fault)
    spans = sorted((row.starts, row.ends) for row in given if row is not None)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    assert len(given) + len(told) == 40
    assert given
    assert all(fault.code == "taken" and "taken from" in fault.rule for fault in told)


def test_expired_terms_are_not_accepted_by_either_way_and_a_stranger_or_replay_says_nothing() -> None:
    found = Fair()
    thread, other = found.begin(until=found.toyota.now + HOUR), found.begin()
    found.kyoto.now += 2 * HOUR
    with pytest.raises(CallerFault, match="time is over"):
        found.kyoto.do(lambda tx: deeds.agree(found.kyoto.house, tx, found.giver, thread))
    with pytest.raises(ImpossibleStep, match="time is over"):
        found.kyoto.do(found.say(thread, thread, "DR-X1"))
    with pytest.raises(ImpossibleStep, match="no proposal of what it follows"):
        found.kyoto.do(found.say(other, thread, "DR-X2"))
    stranger = found.kyoto.enrol("山姥物産")
    with pytest.raises(NotFound):
        found.kyoto.do(lambda tx: deeds.agree(found.kyoto.house, tx, stranger, other))
    paper = DeedAnswer(number="DR-X3", issue_date="2025-10-09", proposal=other.hex(), answer="accepted")
    with pytest.raises(NotFound):
        found.kyoto.do(
            lambda tx: trade.submit(found.kyoto.house, tx, stranger, [Submission(found.giver, paper, thread=other)])
        )
    assert [found.state(found.kyoto, found.giver, at) for at in (thread, other)] == ["proposed", "proposed"]


def test_terms_that_were_signed_cannot_be_changed_after_the_agreement() -> None:
    found = Fair()
    thread = found.begin(amount=48_000)
    shown = found.toyota.see(lambda tx: deeds.show(found.toyota.house, tx, found.taker, thread))
    found.kyoto.do(lambda tx: deeds.agree(found.kyoto.house, tx, found.giver, thread))
    found.kyoto.send_all(found.toyota)
    cheaper = replace(shown.current, number="DP-X", amount=1, answers=thread.hex())
    with pytest.raises(ImpossibleStep, match="takes no further proposal"):
        found.toyota.do(
            lambda tx: trade.submit(
                found.toyota.house, tx, found.taker, [Submission(found.giver, cheaper, thread=thread)]
            )
        )
    after = found.kyoto.see(lambda tx: deeds.show(found.kyoto.house, tx, found.giver, thread))
    assert (after.row.state, after.current.amount) == ("agreed", 48_000)
