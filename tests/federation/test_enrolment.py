"""The exchange before two people compare a code, and everybody who may stand in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation import enrolment
from federation import introduction as introductions
from federation.enrolment import Caller, Desk, Invitation, check_typed_code, shown_code
from node.certificate import require_profile
from protocol import canon
from protocol.errors import BadSignature, CallerFault, Malformed, Misdirected, TooLarge
from protocol.limits import (
    COMMITMENT_LIFETIME_US,
    INVITATION_LIFETIME_US,
    MAX_COMMITMENTS_PER_HOUR,
    MAX_OPEN_COMMITMENTS,
    MAX_PENDING_INVITATIONS,
)
from tests.node.aio.nodes import Node, make_node

A, B, M = "a", "b", "m"


@pytest.fixture
def trio(tmp_path: Path) -> tuple[Node, Node, Node]:
    return make_node(tmp_path, A), make_node(tmp_path, B), make_node(tmp_path, M)


def _meet(a: Node, b: Node, nonce_a: int = 1, nonce_b: int = 2) -> tuple[Invitation, Invitation]:
    caller = Caller("test", a.introduction(), a.key, bytes([nonce_a]) * 32)
    desk = Desk("test", b.key)
    answer = desk.committed(caller.commitment(), b.introduction(), b"t" * 16, bytes([nonce_b]) * 32, 0)
    reveal = caller.answered(answer, b.tls.certificate, require_profile)
    theirs, noted = desk.revealed(reveal, require_profile, 0, 1, 1)
    return caller.noted(noted, 1), theirs


def test_both_sides_get_one_code_and_each_other(trio: tuple[Node, Node, Node]) -> None:
    a, b, _ = trio
    ours, theirs = _meet(a, b)
    assert ours.code == theirs.code
    assert len(ours.code) == 8
    assert ours.code.isdigit()
    assert (ours.node, theirs.node) == (b.id, a.id)
    assert (ours.ours, theirs.ours) == (True, False)
    assert ours.id == theirs.id
    assert ours.expires == 1 + INVITATION_LIFETIME_US
    assert shown_code("12345678") == "1234 5678"


def test_code_depends_on_every_input(trio: tuple[Node, Node, Node], tmp_path: Path) -> None:
    a, b, m = trio
    other_certificate = make_node(tmp_path, A)
    codes = [
        _meet(a, b)[0].code,
        _meet(a, b, nonce_a=3)[0].code,
        _meet(a, b, nonce_b=3)[0].code,
        _meet(other_certificate, b)[0].code,
        _meet(m, b)[0].code,
        _meet(a, m)[0].code,
        _meet(b, a)[0].code,
    ]
    assert len(set(codes)) == len(codes)


def test_somebody_in_the_middle_gives_two_codes(trio: tuple[Node, Node, Node]) -> None:
    """M shows A its own introduction as B's, and B its own as A's, with whatever nonces it likes."""
    a, b, m = trio
    towards_a, _ = _meet(a, m, 1, 9)
    _, towards_b = _meet(m, b, 9, 2)
    assert towards_a.code != towards_b.code


def test_middle_cannot_relay_one_side_and_keep_its_own_key(trio: tuple[Node, Node, Node]) -> None:
    """Passing B's introduction through and serving TLS itself: A meets another certificate than the introduced."""
    a, b, m = trio
    caller = Caller("test", a.introduction(), a.key, b"1" * 32)
    desk = Desk("test", b.key)
    answer = desk.committed(caller.commitment(), b.introduction(), b"t" * 16, b"2" * 32, 0)
    with pytest.raises(Misdirected, match="leads elsewhere"):
        caller.answered(answer, m.tls.certificate, require_profile)


def test_middle_cannot_change_its_nonce_after_the_answer(trio: tuple[Node, Node, Node]) -> None:
    _, b, m = trio
    desk = Desk("test", b.key)
    first = Caller("test", m.introduction(), m.key, b"1" * 32)
    answer = desk.committed(first.commitment(), b.introduction(), b"t" * 16, b"2" * 32, 0)
    second = Caller("test", m.introduction(), m.key, b"3" * 32)
    reveal = second.answered(answer, b.tls.certificate, require_profile)
    with pytest.raises(Malformed, match="committed"):
        desk.revealed(reveal, require_profile, 0, 1, 1)
    assert desk.broken_off == 1
    honest = first.answered(answer, b.tls.certificate, require_profile)
    with pytest.raises(Malformed, match="ticket"):  # one try for each ticket
        desk.revealed(honest, require_profile, 0, 1, 1)


def test_anothers_introduction_cannot_be_used(trio: tuple[Node, Node, Node]) -> None:
    a, b, m = trio
    caller = Caller("test", a.introduction(), m.key, b"1" * 32)
    desk = Desk("test", b.key)
    answer = desk.committed(caller.commitment(), b.introduction(), b"t" * 16, b"2" * 32, 0)
    reveal = caller.answered(answer, b.tls.certificate, require_profile)
    with pytest.raises(BadSignature):
        desk.revealed(reveal, require_profile, 0, 1, 1)


def test_answer_of_another_exchange_is_refused(trio: tuple[Node, Node, Node]) -> None:
    a, b, _ = trio
    caller = Caller("test", a.introduction(), a.key, b"1" * 32)
    with pytest.raises(Malformed, match="before an answer"):
        caller.noted(canon.encode(("yui/enrol/noted/1", b"x" * 32, b"y" * 64)), 0)
    desk = Desk("test", b.key)
    answer = desk.committed(caller.commitment(), b.introduction(), b"t" * 16, b"2" * 32, 0)
    reveal = caller.answered(answer, b.tls.certificate, require_profile)
    _, noted = desk.revealed(reveal, require_profile, 0, 1, 1)
    tag, exchange, signature = canon.decode(noted)
    with pytest.raises(Misdirected):
        caller.noted(canon.encode((tag, b"x" * 32, signature)), 0)
    with pytest.raises(BadSignature):
        caller.noted(canon.encode((tag, exchange, bytes(64))), 0)
    assert caller.noted(noted, 0).node == b.id


def test_other_network_and_own_address(trio: tuple[Node, Node, Node]) -> None:
    a, b, _ = trio
    desk = Desk("test", b.key)
    with pytest.raises(Misdirected, match="network"):
        desk.committed(Caller("live", a.introduction(), a.key, b"1" * 32).commitment(), b"", b"t" * 16, b"2" * 32, 0)
    own = Caller("test", b.introduction(), b.key, b"1" * 32)
    answer = desk.committed(own.commitment(), b.introduction(), b"t" * 16, b"2" * 32, 0)
    with pytest.raises(Misdirected, match="our own"):
        own.answered(answer, b.tls.certificate, require_profile)


def test_guesses_are_bounded_per_hour(trio: tuple[Node, Node, Node]) -> None:
    _, b, m = trio
    desk = Desk("test", b.key)
    commitment = Caller("test", m.introduction(), m.key, b"1" * 32).commitment()
    answered = refused = 0
    minute = 60 * 1_000_000
    for attempt in range(600):  # ten hours of one attempt a minute, none revealed
        try:
            desk.committed(commitment, b.introduction(), attempt.to_bytes(16, "big"), b"2" * 32, attempt * minute)
            answered += 1
        except TooLarge:
            refused += 1
    assert answered == 10 * MAX_COMMITMENTS_PER_HOUR
    assert refused == 600 - answered
    assert answered - desk.broken_off <= MAX_OPEN_COMMITMENTS  # what was not followed up is counted
    assert len(desk._open) <= MAX_OPEN_COMMITMENTS


def test_memory_stays_bounded_when_everybody_stops_half_way(trio: tuple[Node, Node, Node]) -> None:
    _, b, m = trio
    desk = Desk("test", b.key)
    commitment = Caller("test", m.introduction(), m.key, b"1" * 32).commitment()
    refused = 0
    for attempt in range(1000):
        try:
            desk.committed(commitment, b.introduction(), attempt.to_bytes(16, "big"), b"2" * 32, attempt)
        except TooLarge:
            refused += 1
    assert len(desk._open) <= MAX_OPEN_COMMITMENTS
    assert len(desk._recent) <= MAX_COMMITMENTS_PER_HOUR
    assert refused == 1000 - MAX_COMMITMENTS_PER_HOUR


def test_reveal_too_late_or_with_too_many_waiting(trio: tuple[Node, Node, Node]) -> None:
    a, b, _ = trio
    for now, waiting, error in ((COMMITMENT_LIFETIME_US, 0, Malformed), (1, MAX_PENDING_INVITATIONS, TooLarge)):
        desk = Desk("test", b.key)
        caller = Caller("test", a.introduction(), a.key, b"1" * 32)
        answer = desk.committed(caller.commitment(), b.introduction(), b"t" * 16, b"2" * 32, 0)
        reveal = caller.answered(answer, b.tls.certificate, require_profile)
        with pytest.raises(error):
            desk.revealed(reveal, require_profile, waiting, now, 1)


def test_typed_code(trio: tuple[Node, Node, Node]) -> None:
    invitation, _ = _meet(trio[0], trio[1])
    check_typed_code(invitation, shown_code(invitation.code), 1)
    check_typed_code(invitation, f" {invitation.code[:4]}-{invitation.code[4:]}", 1)
    wrong = f"{(int(invitation.code) + 1) % 10**8:08d}"
    with pytest.raises(CallerFault, match="not the code"):
        check_typed_code(invitation, wrong, 1)
    with pytest.raises(CallerFault, match="expired"):
        check_typed_code(invitation, invitation.code, invitation.expires)


@pytest.mark.parametrize("position", range(1, 5))
def test_reveal_with_any_field_changed_is_refused(trio: tuple[Node, Node, Node], position: int) -> None:
    a, b, _ = trio
    desk = Desk("test", b.key)
    caller = Caller("test", a.introduction(), a.key, b"1" * 32)
    answer = desk.committed(caller.commitment(), b.introduction(), b"t" * 16, b"2" * 32, 0)
    fields = canon.decode(caller.answered(answer, b.tls.certificate, require_profile), max_bytes=1 << 16)
    fields[position] = bytes([fields[position][0] ^ 1]) + fields[position][1:]
    with pytest.raises((Malformed, BadSignature)):
        desk.revealed(canon.encode(fields), require_profile, 0, 1, 1)


def test_introduction_must_show_listed_certificates(trio: tuple[Node, Node, Node]) -> None:
    a, b, _ = trio
    signed = a.descriptor(1, ("https://a.example:7443",))
    with pytest.raises(Malformed, match="not listed"):
        introductions.parse(introductions.encode(signed, (b.tls.certificate,)), "test", require_profile)
    with pytest.raises(Malformed, match="at least one"):
        introductions.parse(introductions.encode(signed, ()), "test", require_profile)
    with pytest.raises(Misdirected):
        introductions.parse(a.introduction(), "live", require_profile)
    with pytest.raises(Malformed, match="endpoint"):
        introductions.parse(a.introduction(endpoints=("http://a.example",)), "test", require_profile)
    assert enrolment.NONCE_BYTES == 32
