"""What the words sign: the record that was asked for, whatever the node hands out (threats B4)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from cli import key
from cli.exits import Exit, Failure
from protocol.identity import control
from protocol.identity.control import Epoch, Reason
from protocol.identity.genesis import Rank, Role, RoleKeys
from protocol.keys import SigningKey, node_id

NODE = SigningKey(b"\1" * 32)
WORDS = SigningKey(b"\2" * 32)
THIEF = SigningKey(b"\3" * 32)


def draft(payload: Epoch | RoleKeys, rank: Rank = Rank.WORDS) -> dict[str, Any]:
    record = control.draft("test", b"\4" * 32, 2, b"\5" * 32, rank, payload, 1, b"\6" * 16)
    return {"draft": control.encode(control.sign(record, [])).hex(), "member": "x"}


def epoch(reason: Reason) -> Epoch:
    return Epoch(2, b"\7" * 32, 1, b"\7" * 32, node_id(NODE.public), NODE.public, THIEF.public, reason)


def roles(holder: SigningKey) -> RoleKeys:
    return RoleKeys(Role.WORDS, 1, (holder.public,))


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Drafts that went back signed."""
    found: list[dict[str, Any]] = []

    def take(command: str, **said: Any) -> dict[str, Any]:
        found.append(said)
        return {"hash": "00", "what": "", "rank": "words"}

    monkeypatch.setattr(key, "call", take)
    monkeypatch.setattr(key, "_words_key", lambda: WORDS)
    return found


def test_what_was_asked_for_is_signed(taken: list[dict[str, Any]]) -> None:
    key.finish(draft(epoch(Reason.ROTATE)), "words", None, key._is_rotation)
    key.finish(draft(roles(WORDS)), "words", None, lambda record: key._gives_role("words", WORDS.public, record))
    assert len(taken) == 2


@pytest.mark.parametrize(
    "handed",
    [
        draft(epoch(Reason.MOVE)),
        draft(epoch(Reason.RESTORE)),
        draft(roles(THIEF)),
        draft(epoch(Reason.ROTATE), Rank.ASSOCIATION),
    ],
    ids=["a move", "a restore", "keys", "another rank"],
)
def test_another_record_is_not_signed(handed: dict[str, Any], taken: list[dict[str, Any]]) -> None:
    with pytest.raises(Failure) as refused:
        key.finish(handed, "words", None, key._is_rotation)
    assert refused.value.code is Exit.REFUSED
    assert not taken


def test_another_key_for_the_role_is_not_signed(taken: list[dict[str, Any]]) -> None:
    with pytest.raises(Failure):
        key.finish(draft(roles(THIEF)), "words", None, lambda record: key._gives_role("words", WORDS.public, record))
    assert not taken


def test_a_decision_takes_the_place_of_both_branches_or_is_not_signed(taken: list[dict[str, Any]]) -> None:
    for point in (b"\5" * 32, b"\x15" * 32):  # the draft follows the first one
        decides = partial(key._takes_both_places, point)
        if point == b"\5" * 32:
            key.finish(draft(epoch(Reason.ROTATE)), "words", None, decides, "key.decided")
            continue
        for reason in (Reason.ROTATE, Reason.MOVE):
            with pytest.raises(Failure):
                key.finish(draft(epoch(reason)), "words", None, decides, "key.decided")
    assert len(taken) == 1
