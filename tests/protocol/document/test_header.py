"""Headers: what is legal, and that every wrong field is refused by name."""

from typing import Any

import pytest

from protocol import canon
from protocol.document import header
from protocol.document.header import AttachmentRef, Audience, BusinessKey, Extension, Header, PartRef
from protocol.errors import Malformed, PeerFault, TooLarge
from protocol.limits import MAX_HEADER_BYTES
from tests.protocol.mutation import disfigured
from tests.vectors import exchanges, proof_cases

PLAIN = proof_cases.single().header
FULL = exchanges.answer().header
HASHES = [bytes([number]) * 32 for number in range(40)]


def reread(change: dict[str, Any], base: Header = PLAIN) -> Header:
    return header.parse(header.encode(base._replace(**change)))


@pytest.mark.parametrize("base", [PLAIN, FULL])
def test_a_header_comes_back(base: Header) -> None:
    assert header.parse(header.encode(base)) == base
    assert header.identify(header.encode(base)) == canon.digest(header.encode(base))


@pytest.mark.parametrize(
    "change",
    [
        {"network": "live"},
        {"type": "a" * 64},
        {"version": 1_000_000},
        {"audience": Audience(1, HASHES[0], HASHES[1])},
        {"business_key": BusinessKey("番" * 128, 1_000_000)},
        {"time": 0, "keep_until": 2**53 - 1},
        {"parts": tuple(PartRef(f"part {number}", HASHES[0], 0) for number in range(8))},
        {"attachments": tuple(AttachmentRef(HASHES[0], 2**31, "a/b") for _ in range(64))},
        {"extensions": tuple(Extension(number, True, bytes(500)) for number in range(1, 17))},
        {"thread": HASHES[0], "follows": tuple(HASHES[:32])},
    ],
)
def test_the_limits_themselves_are_legal(change: dict[str, Any]) -> None:
    assert reread(change) == PLAIN._replace(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "prod"}, "network"),
        ({"type": ""}, "type"),
        ({"type": "a" * 65}, "type"),
        ({"version": 0}, "version"),
        ({"author": HASHES[0][:31]}, "author"),
        ({"epoch": b""}, "epoch"),
        ({"nonce": bytes(15)}, "nonce"),
        ({"thread": bytes(31)}, "thread"),
        ({"thread": HASHES[0]}, "follows: a document that starts a thread"),
        ({"follows": (HASHES[0],)}, "follows: a document that starts a thread"),
        ({"thread": HASHES[0], "follows": (HASHES[1], HASHES[0])}, "follows: must be in ascending order"),
        ({"thread": HASHES[0], "follows": (HASHES[1], HASHES[1])}, "follows: must be in ascending order"),
        ({"thread": HASHES[0], "follows": tuple(HASHES[:33])}, "follows: Expected `array` of length <= 32"),
        ({"audience": Audience(2, HASHES[0])}, "audience.kind"),
        ({"audience": Audience(0, HASHES[0], HASHES[0])}, "audience.membership"),
        ({"audience": Audience(1, HASHES[0])}, "audience.membership"),
        ({"business_key": BusinessKey("", 0)}, "business_key.key"),
        ({"business_key": BusinessKey("a" * 129, 0)}, "business_key.key"),
        ({"business_key": BusinessKey("a", -1)}, "business_key.revision"),
        ({"time": -1}, "time"),
        ({"keep_until": 2**53}, "keep_until"),
        ({"parts": ()}, "parts: Expected `array` of length >= 1"),
        ({"parts": (PLAIN.parts[1], PLAIN.parts[0])}, "parts: in ascending order"),
        ({"parts": (PLAIN.parts[0], PLAIN.parts[0])}, "parts: in ascending order, without repetition"),
        ({"parts": (PartRef("a" * 33, HASHES[0], 0),)}, r"parts\[0\].name"),
        ({"parts": (PartRef("", HASHES[0], 0),)}, r"parts\[0\].name"),
        ({"parts": (PartRef("a", HASHES[0], 2**18 + 1),)}, r"parts\[0\].length"),
        (
            {"parts": tuple(PartRef(f"{number}", HASHES[0], 0) for number in range(9))},
            "parts: Expected `array` of length <= 8",
        ),
        ({"attachments": (AttachmentRef(HASHES[0], 2**31 + 1, "a/b"),)}, r"attachments\[0\].size"),
        ({"attachments": (AttachmentRef(HASHES[0], 0, ""),)}, r"attachments\[0\].media_type"),
        ({"extensions": (Extension(0, False, b""),)}, r"extensions\[0\].number"),
        ({"extensions": (Extension(2, False, b""), Extension(1, False, b""))}, "extensions: in ascending order"),
        ({"extensions": (Extension(1, False, bytes(1025)),)}, r"extensions\[0\].value"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises((Malformed, TooLarge), match=message):
        reread(change)


@pytest.mark.parametrize("base", [PLAIN, FULL])
def test_no_field_of_another_kind_gets_through(base: Header) -> None:
    """Whatever is put anywhere: refused as the peer's fault, or read as exactly these bytes."""
    for path, new, data in disfigured(header.encode(base)):
        try:
            found = header.parse(data)
        except PeerFault:
            continue
        assert header.encode(found) == data, (path, new)


def test_a_header_is_not_larger_than_its_limit() -> None:
    large = tuple(Extension(number, False, bytes(1024)) for number in range(1, 17))
    with pytest.raises(TooLarge, match=f"limit is {MAX_HEADER_BYTES}"):
        reread({"extensions": large})
