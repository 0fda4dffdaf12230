"""Lists of what is held, and deltas of the directory: they come back, and wrong fields are refused."""

import pytest

from protocol import canon
from protocol.errors import Malformed, PeerFault, TooLarge
from protocol.limits import MAX_CARDS_PER_DELTA
from protocol.link import delta, holdings
from protocol.link.delta import Entry
from tests.protocol.mutation import disfigured
from tests.vectors.world import NETWORK, octets

MEMBER, EPOCH = octets("member"), octets("epoch")
IDS = [number.to_bytes(32, "big") for number in range(2 * holdings.IDS_PER_ITEM + 1)]


@pytest.mark.parametrize(("count", "parts"), [(0, 1), (1, 1), (4_000, 1), (4_001, 2), (8_001, 3)])
def test_a_list_is_cut_into_parts_and_comes_back(count: int, parts: int) -> None:
    found = [holdings.parse(data) for data in holdings.encode(NETWORK, MEMBER, EPOCH, IDS[:count][::-1])]
    assert [(item.part, item.parts) for item in found] == [(part, parts) for part in range(parts)]
    assert [name for item in found for name in item.ids] == IDS[:count]
    assert {(item.network, item.member, item.epoch) for item in found} == {(NETWORK, MEMBER, EPOCH)}


@pytest.mark.parametrize(
    ("part", "parts", "ids", "message"),
    [
        (1, 1, [], "part"),
        (0, 0, [], "parts"),
        (0, 10_001, [], "parts"),
        (0, 1, [IDS[1], IDS[0]], "ids: ascending"),
        (0, 1, [IDS[0], IDS[0]], "ids: ascending"),
        (0, 1, [bytes(31)], "ids"),
        (0, 1, IDS[:4_001], "ids: 4001 elements"),
    ],
)
def test_wrong_lists_are_named(part: int, parts: int, ids: list[bytes], message: str) -> None:
    data = canon.encode((holdings.TAG, NETWORK, MEMBER, EPOCH, part, parts, ids))
    with pytest.raises((Malformed, TooLarge), match=message):
        holdings.parse(data)


def test_no_field_of_another_kind_gets_into_a_list() -> None:
    for path, new, data in disfigured(holdings.encode(NETWORK, MEMBER, EPOCH, IDS[:3])[0]):
        try:
            found = holdings.parse(data)
        except PeerFault:
            continue
        assert canon.encode((holdings.TAG, *found)) == data, (path, new)


def test_a_delta_comes_back() -> None:
    entries = [Entry(b"card", b"history"), Entry(octets("member"), b"")]
    data = delta.encode(NETWORK, 3, 9, True, entries)
    assert delta.parse(data) == (NETWORK, 3, 9, True, tuple(entries))


def test_wrong_deltas_are_refused() -> None:
    many = delta.encode(NETWORK, 0, 1, False, [Entry(b"", b"")] * (MAX_CARDS_PER_DELTA + 1))
    with pytest.raises(TooLarge, match="entries: 201 elements"):
        delta.parse(many)
    for path, new, data in disfigured(delta.encode(NETWORK, 3, 9, False, [Entry(b"card", b"history")])):
        try:
            found = delta.parse(data)
        except PeerFault:
            continue
        assert canon.encode((delta.TAG, *found)) == data, (path, new)
