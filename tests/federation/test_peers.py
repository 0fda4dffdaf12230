"""The table of peer states, and renewal."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from federation import introduction as introductions
from federation.effects import LinkWoken, PinsChanged
from federation.introduction import Introduction
from federation.peers import PINNED, TABLE, Peer, PeerEvent, PeerState, decided, introduced, renewed
from node.certificate import require_profile
from protocol.errors import CallerFault, Misdirected, NotAuthorised
from tests.node.aio.nodes import Node, make_node

PUBLIC = ("https://node.example:7443",)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return make_node(tmp_path, "n")


def _shown(node: Node, version: int = 1, endpoints: tuple[str, ...] = PUBLIC) -> Introduction:
    return introductions.parse(node.introduction(version, endpoints), "test", require_profile)


def test_every_pair_is_in_the_table_or_refused(node: Node) -> None:
    shown = _shown(node)
    people = (PeerEvent.ACCEPT, PeerEvent.REFUSE, PeerEvent.BLOCK, PeerEvent.UNBLOCK, PeerEvent.MET, PeerEvent.EXPIRE)
    done = 0
    for state, event in product(PeerState, people):
        peer = Peer(shown, state, vouched=True)
        if (state, event) in TABLE:
            assert decided(peer, event).peer.state is TABLE[state, event]
            done += 1
        else:
            with pytest.raises(CallerFault, match=state.value):
                decided(peer, event)
    assert done == sum(event in people for _, event in TABLE)


def test_only_a_persons_acceptance_pins() -> None:
    ways_in = {event for (state, event), after in TABLE.items() if after in PINNED and state not in PINNED}
    assert ways_in == {PeerEvent.ACCEPT, PeerEvent.UNBLOCK}
    assert {state for (state, event), after in TABLE.items() if after is PeerState.ACCEPTED} <= PINNED


def test_unblocking_one_that_was_never_accepted_does_not_accept_it(node: Node) -> None:
    blocked = decided(Peer(_shown(node), PeerState.PENDING), PeerEvent.BLOCK).peer
    assert decided(blocked, PeerEvent.UNBLOCK).peer.state is PeerState.REFUSED


def test_effects_of_acceptance_and_blocking(node: Node) -> None:
    accepted = decided(Peer(_shown(node), PeerState.PENDING), PeerEvent.ACCEPT)
    assert accepted.effects == (PinsChanged(node.id), LinkWoken(node.id))
    assert accepted.peer.vouched
    met = decided(accepted.peer, PeerEvent.MET)
    assert met.effects == ()
    blocked = decided(met.peer, PeerEvent.BLOCK)
    assert blocked.effects == (PinsChanged(node.id),)


def test_introduction_events_follow_the_table(node: Node) -> None:
    shown = _shown(node)
    for state in PeerState:
        for event in (PeerEvent.INTRODUCED, PeerEvent.INVITE_ANSWERED):
            peer = Peer(shown, state, vouched=True)
            if state is PeerState.BLOCKED:
                with pytest.raises(NotAuthorised):
                    introduced(peer, shown, event)
            else:
                assert introduced(peer, shown, event).peer.state is TABLE[state, event]
    assert introduced(None, shown, PeerEvent.INTRODUCED).peer.state is PeerState.PENDING


def test_renewal_takes_higher_versions_of_the_same_key_only(node: Node, tmp_path: Path) -> None:
    known = Peer(_shown(node, 5), PeerState.ACCEPTED, vouched=True)
    moved = renewed(known, _shown(node, 6, ("https://new.example:1",)))
    assert [str(endpoint) for endpoint in moved.peer.introduction.endpoints] == ["https://new.example:1"]
    assert moved.effects == (PinsChanged(node.id), LinkWoken(node.id))
    for version in (4, 5):
        same = renewed(known, _shown(node, version, ("https://old.example:1",)))
        assert same.peer is known
        assert same.effects == ()
    with pytest.raises(Misdirected):
        renewed(known, _shown(make_node(tmp_path, "other"), 6))
    waiting = Peer(_shown(node, 5), PeerState.PENDING)
    assert renewed(waiting, _shown(node, 6)).peer is waiting


def test_private_addresses_are_agreed_to_at_acceptance_only(node: Node) -> None:
    public = decided(Peer(_shown(node), PeerState.PENDING), PeerEvent.ACCEPT).peer
    assert not public.private
    lured = renewed(public, _shown(node, 2, ("https://127.0.0.1:6379",))).peer
    assert not lured.private
    at_home = Peer(_shown(node, 1, ("https://192.168.1.5:7443",)), PeerState.PENDING)
    assert decided(at_home, PeerEvent.ACCEPT).peer.private
    assert decided(lured, PeerEvent.ACCEPT).peer is not None
    assert not decided(lured, PeerEvent.ACCEPT).peer.private
