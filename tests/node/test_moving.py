"""A member moves between two living nodes: trade goes on, nothing is lost or doubled, and there is always one home."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from node import moving
from node.homecoming import Home, Homecoming
from node.moving import Moving
from node.services import keying, users
from node.services.moving import arriving, forgetting, leaving
from node.services.moving.leaving import Given
from node.services.moving.state import CODE_US, FORGET_US, State
from node.services.trade import Submission
from protocol.errors import CallerFault, NotAuthorised, NotFound, YuiError
from protocol.identity import control
from protocol.identity.control import Proof, Reason
from protocol.keys import Purpose, SigningKey
from protocol.process.trade.papers import Order
from tests.node.services.town import accept_order, order
from tests.node.six_towns import NAMES, Six, by_words

OLD, NEW, PARTNER = "豊田", "四国", "京都"


class Removal:
    """The buyer of six towns on its way from 豊田 to 四国."""

    def __init__(self, six: Six) -> None:
        self.six = six
        self.orders: list[bytes] = []

    @property
    def old(self) -> Any:
        return self.six.at[OLD]

    @property
    def new(self) -> Any:
        return self.six.at[NEW]

    def trade(self, number: str, at: str = OLD) -> bytes:
        self.orders.append(self.six.order(number, at))
        return self.orders[-1]

    def code(self, target: str = NEW) -> Given:
        house = self.six.house(OLD)
        return self.six.do(OLD, lambda tx: leaving.ask(house, tx, self.six.buyer, self.six.at[target].id, "staff"))

    def say(self, code: str, at: str = NEW) -> bytes | YuiError:
        outcome: list[Any] = []
        running = self.six.at[at]
        steps = moving.say_code(running.town.house, self.old.id, code, "staff")
        running.driver.run(steps, outcome.append, outcome.append)
        self.six.street.wait(10)
        assert len(outcome) == 1
        return outcome[0]

    def begin(self) -> list[Any]:
        """Say a good code, and begin to copy."""
        assert self.say(self.code().code) == self.six.buyer
        return self.go_on()

    def go_on(self) -> list[Any]:
        outcome: list[Any] = []
        found = Moving(self.new.town.house, self.six.buyer, self.new.runtime.notice)
        self.new.driver.run(found.run(), outcome.append, outcome.append)
        return outcome

    def state(self) -> tuple[str, str]:
        """At the old home, at the new one."""
        out = self.six.see(OLD, lambda tx: tx.moving.leaving(self.six.buyer))
        came = self.six.see(NEW, lambda tx: tx.moving.coming(self.six.buyer))
        return (out.state if out else "", came.state if came else "")

    def sign(self, key: SigningKey | None = None) -> bool:
        """Once, if there is something to sign and it still fits."""
        house = self.six.house(OLD)
        wire = self.six.see(OLD, lambda tx: leaving.wanted(house, tx, self.six.buyer))
        if not wire:
            return False
        record = control.parse(wire).record
        held = key or self.six.words
        proof = Proof("words", held.public, held.sign(Purpose.CONTROL, record.hash))
        left = self.six.do(OLD, lambda tx: leaving.switch(house, tx, self.six.buyer, record.hash, [proof], "staff"))
        if left is not None:
            self.old.runtime.notice(left.news)
            self.old.driver.pump()
        return left is not None

    def sign_when_ready(self, tries: int = 40) -> None:
        for _ in range(tries):
            if self.sign():
                return
            self.six.street.wait(2)
        raise AssertionError(self.state())

    def homes(self) -> set[bytes]:
        """What everybody believes."""
        found = set()
        for name in NAMES:
            row = self.six.see(name, lambda tx: tx.members.get(self.six.buyer))
            if row is not None:
                found.add(row.home)
        return found

    def local(self) -> list[str]:
        return [
            name
            for name in NAMES
            if (row := self.six.see(name, lambda tx: tx.members.get(self.six.buyer))) is not None and row.local
        ]

    def restart(self, running: Any) -> None:
        running.crash()
        running.boot()
        running.start(Reason.RESTART)
        self.six.street.wait(15)


@pytest.fixture
def removal() -> Removal:
    return Removal(Six())


def check_all(removal: Removal) -> None:
    """Everything is at the new home and at the partner, once, in effect."""
    six = removal.six
    assert set(six.held(NEW, six.buyer)) >= set(removal.orders)
    assert dict.fromkeys(removal.orders, "applied").items() <= six.held(NEW, six.buyer).items()
    assert set(six.held(PARTNER, six.seller)) == set(six.held(NEW, six.buyer))
    assert set(six.held(PARTNER, six.seller).values()) == {"applied"}
    assert removal.homes() == {removal.new.id}
    assert removal.local() == [NEW]
    for name in NAMES:
        assert six.see(name, lambda tx: tx.quarantine.all()) == [], name


def test_trade_goes_on_while_a_member_moves(removal: Removal) -> None:
    six = removal.six
    house = six.house(OLD)
    six.do(OLD, lambda tx: users.add(house, tx, six.buyer, "kintaro", "owner", "x" * 12))
    first = removal.trade("PO-1")
    six.street.wait(10)
    outcome = removal.begin()
    for number in range(2, 8):
        removal.trade(f"PO-{number}")
        six.street.wait(1)
    answer = six.at[PARTNER].submit(six.seller, Submission(six.buyer, accept_order("A-1", order("PO-1")), thread=first))
    six.street.wait(3)
    assert removal.local() == [OLD]
    removal.sign_when_ready()
    late = six.at[PARTNER].submit(
        six.seller, Submission(six.buyer, accept_order("A-2", order("PO-2")), thread=removal.orders[1])
    )
    with pytest.raises(NotFound, match="no more, at home"):
        six.order("PO-X")
    six.street.wait(90)
    assert outcome == [True], outcome
    assert removal.state() == (State.FORWARDING.value, State.SETTLED.value)
    removal.trade("PO-9", NEW)
    six.street.wait(60)
    check_all(removal)
    assert {answer.id, late.id} <= set(six.held(NEW, six.buyer))
    assert six.see(NEW, lambda tx: tx.users.by_name("kintaro")).member == six.buyer
    assert six.see(NEW, lambda tx: tx.threads.get(six.buyer, first)).state == "accepted"


def last_try(removal: Removal) -> None:
    """Whatever happened before: it comes to its end."""
    removal.go_on()
    removal.sign_when_ready()
    removal.six.street.wait(120)


@pytest.mark.parametrize("who", [OLD, NEW])
@pytest.mark.parametrize("at", [0.03, 0.09, 3.0])
def test_a_crash_before_the_switch_costs_nothing(removal: Removal, who: str, at: float) -> None:
    """Of either node, while it copies or when everything is there."""
    removal.trade("PO-1")
    removal.six.street.wait(10)
    removal.begin()
    removal.trade("PO-2")
    removal.six.street.wait(at)
    removal.restart(removal.six.at[who])
    assert removal.local() == [OLD]
    removal.trade("PO-3")
    if who == OLD:
        removal.new.crash()
        removal.new.boot()
        removal.new.start()
        removal.six.street.wait(3)
    last_try(removal)
    assert removal.state() == (State.FORWARDING.value, State.SETTLED.value)
    removal.trade("PO-4", NEW)
    removal.six.street.wait(60)
    check_all(removal)


@pytest.mark.parametrize("who", [OLD, NEW])
@pytest.mark.parametrize("after", [0.0, 0.03, 2.03, 2.1])
def test_a_crash_after_the_switch_ends_with_one_home(removal: Removal, who: str, after: float) -> None:
    removal.trade("PO-1")
    removal.six.street.wait(10)
    removal.begin()
    removal.sign_when_ready()
    removal.six.street.wait(after)
    assert removal.local() in ([], [NEW])  # the record names the new home, which may not have heard of it yet
    removal.restart(removal.six.at[who])
    assert removal.local() in ([], [NEW])
    if who == NEW:
        removal.go_on()
    removal.six.street.wait(120)
    assert removal.state() == (State.FORWARDING.value, State.SETTLED.value)
    removal.trade("PO-2", NEW)
    removal.six.street.wait(60)
    check_all(removal)


@pytest.mark.parametrize("side", [OLD, NEW])
@pytest.mark.parametrize("ready", [False, True], ids=["while copying", "when ready"])
def test_cancelled_before_the_switch_everything_is_as_it_was(removal: Removal, side: str, ready: bool) -> None:
    six = removal.six
    removal.trade("PO-1")
    six.street.wait(10)
    outcome = removal.begin()
    if ready:
        six.street.wait(10)
        assert removal.state() == (State.READY.value, State.READY.value)
    house = six.house(side)
    if side == OLD:
        six.do(OLD, lambda tx: leaving.cancel(house, tx, six.buyer, "staff"))
    else:
        six.do(NEW, lambda tx: arriving.want_cancel(house, tx, six.buyer, "staff"))
    six.street.wait(20)
    assert removal.state() == (State.CANCELLED.value, State.CANCELLED.value)
    assert outcome == [False]
    assert not removal.sign()
    assert removal.local() == [OLD]
    assert six.held(NEW, six.buyer) == {}
    assert six.see(NEW, lambda tx: (tx.returning.get(six.buyer), tx.returning.ends(six.buyer))) == (None, {})
    assert six.see(NEW, lambda tx: tx.wrapped_keys.by_purpose("vault")) == []
    removal.trade("PO-2")
    six.street.wait(30)
    assert set(six.held(PARTNER, six.seller)) == set(removal.orders)
    assert removal.begin() == []  # another try
    removal.sign_when_ready()
    six.street.wait(60)
    check_all(removal)


def test_a_new_home_that_cancelled_out_of_reach_is_not_signed_for(removal: Removal) -> None:
    """It forgets only when the old home has heard; and the old home signs only for one that asked a moment ago."""
    six = removal.six
    removal.trade("PO-1")
    six.street.wait(10)
    removal.begin()
    six.street.wait(10)
    six.street.dark.add(removal.new.id)
    house = six.house(NEW)
    six.do(NEW, lambda tx: arriving.want_cancel(house, tx, six.buyer, "staff"))
    six.street.wait(100)
    assert removal.state()[1] == State.CANCELLING.value
    assert not removal.sign()
    record = six.see(OLD, lambda tx: tx.moving.leaving(six.buyer)).record
    hashed = control.parse(record).record.hash
    with pytest.raises(CallerFault, match="does not answer"):
        six.do(OLD, lambda tx: leaving.switch(six.house(OLD), tx, six.buyer, hashed, proofs(six, hashed), "staff"))
    six.street.dark.clear()
    six.street.wait(1000)
    assert removal.state() == (State.CANCELLED.value, State.CANCELLED.value)


def proofs(six: Six, hashed: bytes) -> list[Proof]:
    return [Proof("words", six.words.public, six.words.sign(Purpose.CONTROL, hashed))]


def test_codes_wrong_expired_used_or_said_by_another_node(removal: Removal) -> None:
    six = removal.six
    given = removal.code()
    wrong = f"{(int(given.code.replace('-', '')) + 1) % 10**8:08d}"
    refused: list[Callable[[], bytes | YuiError]] = [
        lambda: removal.say(wrong),
        lambda: removal.say(given.code, "竜宮"),  # it was given for another node
    ]
    for attempt in refused:
        said = attempt()
        assert isinstance(said, NotAuthorised), said
        assert said.code == moving.WRONG_CODE
    assert removal.say(given.code) == six.buyer
    again = removal.say(given.code)
    assert isinstance(again, NotAuthorised)  # another move with the same code
    six.do(OLD, lambda tx: leaving.cancel(six.house(OLD), tx, six.buyer, "staff"))
    assert isinstance(removal.say(given.code), NotAuthorised)
    late = removal.code()
    row = six.see(OLD, lambda tx: tx.moving.leaving(six.buyer))
    assert row.expires == late.expires <= six.house(OLD).clock() + CODE_US
    six.do(OLD, lambda tx: tx.moving.put_leaving(row._replace(expires=six.house(OLD).clock())))
    assert isinstance(removal.say(late.code), NotAuthorised)
    assert six.held(NEW, six.buyer) == {}


def test_five_wrong_codes_end_the_one_that_was_given(removal: Removal) -> None:
    given = removal.code()
    good = int(given.code.replace("-", ""))
    for step in range(1, 6):
        assert isinstance(removal.say(f"{(good + step) % 10**8:08d}"), NotAuthorised)
    assert removal.state()[0] == State.CANCELLED.value
    assert isinstance(removal.say(given.code), NotAuthorised)


def test_the_code_lies_nowhere(removal: Removal) -> None:
    code = removal.code().code.replace("-", "")
    image = removal.old.store.serialize()
    assert code.encode() not in image


def test_other_words_move_nobody(removal: Removal) -> None:
    removal.begin()
    removal.six.street.wait(10)
    with pytest.raises(NotAuthorised):
        removal.sign(SigningKey(b"t" * 32))
    association = removal.six.association
    house = removal.six.house(OLD)
    wire = removal.six.see(OLD, lambda tx: leaving.wanted(house, tx, removal.six.buyer))
    hashed = control.parse(wire).record.hash
    proof = Proof("association", association.public, association.sign(Purpose.CONTROL, hashed))
    with pytest.raises(CallerFault, match="words"):
        removal.six.do(OLD, lambda tx: leaving.switch(house, tx, removal.six.buyer, hashed, [proof], "x"))
    assert removal.local() == [OLD]


@pytest.mark.parametrize("at", [0.05, 0.15, 10.0])
def test_the_old_node_burns_while_it_gives(removal: Removal, at: float) -> None:
    """Then an ordinary return works, at the same node, and uses what is there."""
    six = removal.six
    removal.trade("PO-1")
    six.street.wait(10)
    six.copy()
    outcome = removal.begin()
    six.street.wait(at)
    six.burn()
    home = six.bring_back(NEW, by_words(six))
    assert isinstance(home, Home), home
    removal.orders.append(six.order("PO-2", NEW))
    six.street.wait(1000)
    assert outcome == [True]
    assert removal.state()[1] == State.SETTLED.value
    assert set(six.held(NEW, six.buyer)) == set(removal.orders)
    assert set(six.held(PARTNER, six.seller)) == set(removal.orders)


def test_the_move_cannot_be_rolled_back_by_the_old_node(removal: Removal) -> None:
    """Not by its staff, not by a restart, not by a backup from before the switch."""
    six = removal.six
    removal.trade("PO-1")
    six.street.wait(10)
    image = removal.old.store.serialize()
    removal.begin()
    removal.sign_when_ready()
    six.street.wait(60)
    house = six.house(OLD)
    with pytest.raises(CallerFault, match="moved already"):
        six.do(OLD, lambda tx: leaving.cancel(house, tx, six.buyer, "staff"))
    with pytest.raises(NotFound):
        six.do(OLD, lambda tx: keying.rotate(house, tx, six.buyer))
    removal.old.put_back(image)
    six.street.wait(1000)
    assert removal.local() == [NEW]
    with pytest.raises(NotFound):
        six.order("PO-9")
    removal.trade("PO-2", NEW)
    six.street.wait(60)
    assert set(six.held(PARTNER, six.seller)) == set(six.held(NEW, six.buyer)) == set(removal.orders)


def test_copies_go_on_behind_those_of_the_old_home(removal: Removal) -> None:
    """The guardians keep one chain; when the new home burns the member comes back once more."""
    six = removal.six
    removal.trade("PO-1")
    six.street.wait(10)
    six.copy()
    removal.begin()
    removal.sign_when_ready()
    six.street.wait(60)
    removal.trade("PO-2", NEW)
    six.street.wait(60)
    safe = six.house(NEW).guarded[six.buyer]
    assert safe.whole
    six.at[NEW].crash()
    six.street.dark.add(removal.new.id)
    outcome: list[Any] = []
    running = six.at[PARTNER]
    coming = Homecoming(running.town.house, six.buyer, by_words(six), running.runtime.notice)
    running.driver.run(coming.run(), outcome.append, outcome.append)
    six.street.wait(200)
    assert isinstance(outcome[0], Home), outcome
    assert set(six.held(PARTNER, six.buyer)) == set(removal.orders)


def test_a_member_without_guardians_moves_too() -> None:
    removal = Removal(Six(guardians=()))
    removal.trade("PO-1")
    removal.six.street.wait(10)
    removal.begin()
    removal.sign_when_ready()
    removal.six.street.wait(60)
    removal.trade("PO-2", NEW)
    removal.six.street.wait(60)
    check_all(removal)


def noted(number: str, note: str) -> Order:
    return msgspec.structs.replace(order(number), note=note)


def test_the_old_home_forgets_after_its_time(removal: Removal) -> None:
    """Nothing of its papers, rows or keys is left there but what others hold; and it still says where it is."""
    six = removal.six
    house = six.house(OLD)
    neighbour = removal.old.town.enrol("となりの店")
    shared = removal.old.submit(
        six.buyer, Submission(neighbour, msgspec.structs.replace(order("N-1"), note="tonarinomise"))
    )
    six.do(OLD, lambda tx: users.add(house, tx, six.buyer, "kintaro", "owner", "x" * 12))
    removal.orders.append(
        removal.old.submit(
            six.buyer, Submission(six.seller, msgspec.structs.replace(order("PO-1"), note="himitsunokotoba"))
        ).id
    )
    six.street.wait(10)
    removal.begin()
    removal.sign_when_ready()
    six.street.wait(60)
    assert six.do(OLD, lambda tx: forgetting.due(tx, house.clock())) == []
    assert six.do(OLD, lambda tx: tx.search.find("himitsunokotoba", 9)) != []
    (row,) = six.do(OLD, lambda tx: forgetting.due(tx, house.clock() + FORGET_US))
    while six.do(OLD, lambda tx: forgetting.forget_some(house, tx, row.member)).more:
        pass
    assert removal.state()[0] == State.FORGOTTEN.value
    assert six.held(OLD, six.buyer) == {}
    assert six.see(OLD, lambda tx: tx.documents.known([*removal.orders, shared.id])) == {shared.id}
    assert set(six.held(OLD, neighbour)) == {shared.id}
    assert six.do(OLD, lambda tx: tx.search.find("himitsunokotoba", 9)) == []
    assert six.do(OLD, lambda tx: tx.search.find("tonarinomise", 9)) != []
    assert six.see(OLD, lambda tx: tx.users.by_name("kintaro")) is None
    with pytest.raises(NotFound, match="no more, at home"):
        six.order("PO-2")
    lines = six.see(OLD, lambda tx: tx.access_log.latest(1, member=None))
    assert [line.what for line in lines] == ["move-forgotten"]
    image = removal.old.store.serialize()
    vacuumed = sqlite3.connect(":memory:")
    vacuumed.deserialize(image)
    left = {name for (name,) in vacuumed.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for name in left - {"search"}:
        for values in vacuumed.execute(f"SELECT * FROM {name}"):
            assert not any(isinstance(value, bytes) and b"himitsu" in value for value in values), name
    removal.trade("PO-3", NEW)
    six.street.wait(60)
    assert set(six.held(PARTNER, six.seller)) == set(removal.orders)
