"""Row B63: joint orders: pledges after the deadline, other terms after pledges, two words through two nodes.

A firm's home whose clock is wrong on purpose, an organiser who signs another round under the same name, a firm whose
key says two things at once. What the others pledged comes to the same whatever they do.
"""

from __future__ import annotations

import pytest

from node.services import members
from node.services.joint import receiving, rounds, travelling
from protocol.errors import CallerFault, Malformed, PeerFault
from protocol.process.joint import arrival, closing, pledge, terms
from protocol.process.joint.pledge import Code, Want
from tests.node.services.test_joint import HOUR, Town, october_pledged


@pytest.fixture
def town() -> Town:
    return Town()


def word_of(town: Town, name: bytes, at: int) -> tuple[pledge.Pledge, bytes]:
    """A firm's last word and its bytes."""
    row = town.nodes[at].see(lambda tx: tx.joint.own(name)[-1])
    return pledge.claimed(row.data, town.seen(name, at).round, name).pledge, row.data


def bring(town: Town, name: bytes, at: int, to: int, data: bytes) -> Code:
    """The receipt for a word that is brought by hand."""
    found = town.seen(name, at).round
    body = pledge.seal(data, name, found.conductors[to].key, bytes(32))
    answer, _ = town.post(at, to, travelling.wrap(body))
    return pledge.verify_receipt(answer, found, name)[0].code


def test_a_pledge_after_the_deadline_changes_nothing(town: Town) -> None:
    """The home's clock stands still, and its word bears a time before the deadline: the conductors' clocks count."""
    name = october_pledged(town)
    town.carry(name)
    for node in town.nodes[:2]:
        node.now += 2 * HOUR
    with pytest.raises(CallerFault, match="deadline"):
        town.pledge(name, 0, Want(0, 1, 0, 0))
    town.pledge(name, 2, Want(0, 40, 0, 0))
    made, data = word_of(town, name, 2)
    assert made.time < town.seen(name, 2).round.deadline
    assert [bring(town, name, 2, to, data) for to in (0, 1)] == [Code.LATE, Code.LATE]
    town.dark = {2}
    town.call(name, 0)
    assert town.seen(name, 0).closed[0].items == ((30, 3_960),)  # as if it had not been said


def test_other_terms_are_another_round(town: Town) -> None:
    """An organiser who makes it dearer after pledges: what was pledged to the first is nothing to the second."""
    name = october_pledged(town)
    town.carry(name)
    kyoto = town.nodes[0]
    found = town.seen(name, 0).round
    dearer = found._replace(freight=found.freight._replace(flat=found.freight.flat + 50_000))
    other = kyoto.do(lambda tx: rounds.announce(kyoto.house, tx, dearer))
    assert other != name
    for to in (1, 2):
        town.post(0, to, travelling.wrap(terms.sign(kyoto.house.node, dearer)))
    for at in range(3):
        _, data = word_of(town, name, at)
        body = pledge.seal(data, other, found.conductors[1].key, bytes(32))
        with pytest.raises((Malformed, PeerFault)):
            town.post(at, 1, travelling.wrap(body))
    town.later()
    town.call(other, 0)
    town.call(name, 0)
    assert town.seen(other, 0).closed[0].state is closing.State.CALLED_OFF
    assert town.seen(name, 1).closed[0].items == ((30, 3_960),)
    assert town.seen(name, 1).round == found


def test_two_words_through_two_nodes(town: Town) -> None:
    """One revision says twelve here and forty there: neither counts, both are kept, the others go on."""
    name = october_pledged(town)
    town.carry(name)
    made, first = word_of(town, name, 2)
    other = made._replace(wants=(Want(0, 40, 0, 0),), salt=b"another salt 16b")
    house, found = town.nodes[2].house, town.seen(name, 2).round
    second = pledge.sign(house.keyring[made.epoch], found, other)
    for to in (0, 1):
        bring(town, name, 2, to, second)
    town.later()
    town.call(name, 0)
    result = town.seen(name, 1).closed[0]
    assert result.firms == 2
    kept = town.nodes[1].see(lambda tx: {row.data for row in tx.joint.words(name)})
    assert {first, second} <= kept  # the evidence


def test_what_came_is_said_by_the_firm_alone(town: Town) -> None:
    """A rival says that nothing came to a firm; a firm that more came than it was to get; an old word again."""
    name = october_pledged(town)
    town.carry(name)
    town.later()
    town.call(name, 0)
    town.carry(name)
    shikoku, firm = town.nodes[1], town.firms[1]

    def said(came: tuple[tuple[int, int], ...], *, revision: int = 0, of: int = 1, by: int = 1) -> bytes:
        node = town.nodes[by]
        epoch = node.see(lambda tx: members.require_log(node.house, tx, town.firms[by]).epoch)
        made = arrival.Arrival(name, town.firms[of], epoch.hash, revision, came, node.now)
        return travelling.wrap(arrival.sign(node.house.keyring[epoch.hash], made))

    for body in (
        said(((0, 0),), by=2),  # 豊田's key, 四国's name
        said(((0, 9),)),  # 8 were granted
        said(((0, 8), (1, 1))),
        said(((1, 8),)),
    ):
        with pytest.raises((Malformed, PeerFault)):
            town.post(1, 0, body)
    answer, _ = town.post(2, 0, said(((0, 7),), revision=1))  # whoever brings it
    assert pledge.verify_receipt(answer, town.seen(name, 0).round, name)[0].code is Code.TAKEN
    for body in (said(((0, 8),), revision=0), said(((0, 8),), revision=1)):
        with pytest.raises(Malformed):
            town.post(1, 0, body)
    known = town.nodes[0].see(lambda tx: receiving.known(tx, name))
    assert known == {firm: {0: 7}}
    assert shikoku.see(lambda tx: receiving.known(tx, name)) == {}
