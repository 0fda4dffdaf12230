"""Offers and withdrawals as signed records."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import canon
from protocol.errors import BadSignature, Malformed, TooLarge
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_OFFER_LIFETIME_US, MAX_OFFER_NODES
from protocol.offer import delta, signed
from protocol.offer.kinds import KINDS
from protocol.offer.signed import Scope, Withdrawal
from tests.protocol.offer.samples import DAY_US, KEY, NOW, offer

NODE = bytes([9]) * 32
WITHDRAWN = Withdrawal("test", bytes(32), bytes([1]) * 32, bytes([5]) * 32, NOW + DAY_US, NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_signed_is_read(kind: str) -> None:
    for side in ("offer", "request"):
        said = offer(kind, side)
        read = signed.verify(signed.parse(signed.sign(KEY, said)), KEY.public)
        assert read.said == said
        assert read.series == read.id == canon.digest(read.record)


def test_a_later_revision_speaks_of_the_first() -> None:
    first = signed.parse(signed.sign(KEY, offer()))
    second = signed.parse(signed.sign(KEY, offer(first=first.id, revision=1, title="新しい題")))
    assert second.series == first.id != second.id


def test_a_withdrawal_is_signed_for_itself() -> None:
    data = signed.sign(KEY, WITHDRAWN)
    read = signed.verify(signed.parse(data), KEY.public)
    assert read.said == WITHDRAWN
    assert read.series == WITHDRAWN.first
    with pytest.raises(BadSignature):
        signed.verify(read, SigningKey(bytes([8]) * 32).public)


def test_a_signature_for_another_purpose_is_worthless() -> None:
    read = signed.parse(signed.sign(KEY, offer()))
    with pytest.raises(BadSignature):
        signed.verify(read._replace(signature=KEY.sign(Purpose.CARD, read.id)), KEY.public)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"network": "other"}, "network"),
        ({"member": b"short"}, "member"),
        ({"first": bytes([1]) * 32}, "revision"),
        ({"revision": 1}, "revision"),
        ({"revision": -1}, "revision"),
        ({"title": ""}, "title"),
        ({"title": " "}, "title"),
        ({"title": "a\x00"}, "title"),
        ({"area": "99"}, "area"),
        ({"kind": "referral", "area": "23"}, "area: referral has none"),
        ({"industry": "metal"}, "industry"),
        ({"starts": ""}, "starts: needed in capacity"),
        ({"ends": "2026-13-01"}, "ends"),
        ({"ends": "2026-10-18"}, "ends: not before it starts"),
        ({"expires": NOW}, "expires"),
        ({"expires": NOW + MAX_OFFER_LIFETIME_US + 1}, "expires"),
        ({"scope": Scope.NAMED}, "nodes"),
        ({"nodes": (NODE,)}, "nodes"),
        ({"scope": Scope.NAMED, "nodes": (NODE, NODE)}, "nodes: ascending"),
        ({"nonce": b""}, "nonce"),
    ],
)
def test_what_is_refused_says_why(changes: dict[str, Any], rule: str) -> None:
    kind = changes.pop("kind", "capacity")
    with pytest.raises(Malformed, match=rule):
        signed.sign(KEY, offer(kind, **changes))


def test_too_many_nodes_or_too_much_text() -> None:
    nodes = tuple(bytes([0, at]) + bytes(30) for at in range(MAX_OFFER_NODES + 1))
    with pytest.raises(TooLarge, match="nodes"):
        signed.sign(KEY, offer(scope=Scope.NAMED, nodes=nodes))
    with pytest.raises(TooLarge, match="text"):
        signed.sign(KEY, offer(text="あ" * 1001))


def test_another_scope_is_no_scope() -> None:
    raw = canon.decode(signed.parse(signed.sign(KEY, offer())).record)
    raw[8] = "everybody"
    with pytest.raises(Malformed, match="scope"):
        signed.parse(canon.encode((signed.SIGNED_TAG, canon.encode(raw), bytes(64))))


def test_a_delta_comes_back() -> None:
    entry = signed.sign(KEY, offer())
    data = delta.encode("test", 3, 9, True, [b"history"], [entry])
    assert delta.parse(data) == delta.Delta("test", 3, 9, True, (b"history",), (entry,))
    with pytest.raises(Malformed):
        delta.parse(canon.encode(("yui/offers-delta/1", "test", 3, 9, 1, [], [])))
