"""A guardian's word that it has forgotten a vault, and the messages around it."""

from __future__ import annotations

import pytest

from protocol import keys
from protocol.errors import BadSignature, Malformed
from protocol.guardian import forgetting
from protocol.guardian.forgetting import Forget, SetAside
from protocol.keys import SigningKey

KEY, OTHER = SigningKey(b"g" * 32), SigningKey(b"o" * 32)
HOME = b"h" * 32
ASKED = Forget(b"m" * 32, 3)


def test_what_was_sent_is_what_is_read() -> None:
    assert forgetting.parse_forget(forgetting.encode_forget(ASKED)) == ASKED
    aside = SetAside(b"f" * 32, b"m" * 32)
    assert forgetting.parse_set_aside(forgetting.encode_set_aside(aside)) == aside
    assert forgetting.parse_vaults(forgetting.encode_vaults([b"one", b"two"])) == (b"one", b"two")
    wire = forgetting.sign_forgotten(KEY, "test", HOME, 5, ASKED, 9)
    word = forgetting.verify_forgotten(wire, KEY.public, "test", HOME, ASKED)
    assert (word.guardian, word.time, word.until) == (keys.node_id(KEY.public), 5, 9)


def test_a_word_counts_for_what_was_asked_only() -> None:
    wire = forgetting.sign_forgotten(KEY, "test", HOME, 5, ASKED, 0)
    with pytest.raises(BadSignature):
        forgetting.verify_forgotten(wire, OTHER.public, "test", HOME, ASKED)
    for network, home, asked in (
        ("live", HOME, ASKED),
        ("test", b"x" * 32, ASKED),
        ("test", HOME, ASKED._replace(version=4)),
        ("test", HOME, ASKED._replace(member=b"n" * 32)),
    ):
        with pytest.raises(Malformed):
            forgetting.verify_forgotten(wire, KEY.public, network, home, asked)
