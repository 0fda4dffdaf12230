"""One guardian of four lies, in every way that the simulator knows: the return ends well all the same."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from node.homecoming import Home
from node.services.house import House
from node.sim.dice import Dice
from node.sim.guarded.liars import Liar
from node.sim.guarded.options import Lying
from protocol.errors import YuiError
from protocol.keys import NodeId, SigningKey
from tests.node.running import Done, Running
from tests.node.six_towns import Six, by_words


class Keys(NamedTuple):
    key: SigningKey


class Machine(NamedTuple):
    """What a liar wants to know of its machine."""

    settings: Keys
    house: House


def make_lie(six: Six, name: str, how: Lying) -> list[str]:
    """The lies of this guardian from now on, as they are told."""
    told: list[str] = []
    liar = Liar(Machine(Keys(six.house(name).node), six.house(name)), how, Dice(1, "liar"), told.append)
    carry, street, node = six.street.carry, six.street, six.at[name].id

    def carry_lies(source: Running, peer: NodeId, path: str, body: bytes, done: Done) -> None:
        if peer != node:
            carry(source, peer, path, body, done)
            return
        lie = liar.at_once(source.id, path, body)
        if lie is not None:
            street.schedule.after(10_000, lambda: done(lie))
            return

        def instead(outcome: bytes | YuiError) -> None:
            done(liar.instead(path, outcome))

        carry(source, peer, path, body, instead)

    street.carry = carry_lies  # type: ignore[method-assign]
    return told


@pytest.mark.parametrize("how", list(Lying), ids=[how.value for how in Lying])
def test_one_liar_of_four_hides_nothing_and_stops_nothing(how: Lying) -> None:
    six = Six()
    first = min(six.guardians, key=lambda name: six.house(name).node.public)  # who is asked first
    told = make_lie(six, first, how)
    papers = {six.order(f"PO-{number}") for number in range(3)}
    six.street.wait(10)
    six.copy()
    papers |= {six.order("PO-9")}
    six.street.wait(10)
    six.copy()
    six.street.dark.add(six.at["京都"].id)  # the partner gives nothing back: the copies have to do
    six.burn()
    at = next(name for name in six.guardians if name != first)
    home = six.bring_back(at, by_words(six), 900)
    assert isinstance(home, Home), home
    assert set(six.held(at, six.buyer)) == papers
    assert told
