"""Envelopes: parts, erasure, signatures alone and in a tree."""

import pytest

from protocol import canon, keys
from protocol.document import envelope
from protocol.document.envelope import Part
from protocol.document.header import Extension
from protocol.errors import BadSignature, Malformed, PeerFault, TooLarge
from protocol.limits import MAX_DOCUMENT_BYTES, MAX_PROOF_PATH
from tests.protocol.mutation import disfigured
from tests.vectors import proof_cases, world
from tests.vectors.world import key

ONE = proof_cases.single()
PUBLIC = key("maker 1").public


def test_a_document_comes_back_as_it_was() -> None:
    found = envelope.parse(envelope.encode(ONE))
    assert found == ONE
    assert found.part("business") == world.BODY
    envelope.verify(found, PUBLIC)
    assert envelope.signed_root(found) == keys.leaf_hash(ONE.id)


def test_five_under_one_signature_are_each_proved_alone() -> None:
    bulk = proof_cases.bulk()
    assert len({document.signature for document in bulk}) == 1
    for document in bulk:
        envelope.verify(envelope.parse(envelope.encode(document)), PUBLIC)
    with pytest.raises(BadSignature):
        envelope.verify(bulk[0]._replace(path=bulk[1].path), PUBLIC)
    with pytest.raises(BadSignature):
        envelope.verify(bulk[0], key("maker 2").public)


@pytest.mark.parametrize("gone", [["personal"], ["business"], ["business", "personal"]])
def test_an_erased_part_breaks_nothing(gone: list[str]) -> None:
    document = ONE
    for name in gone:
        document = world.erased(document, name)
    found = envelope.parse(envelope.encode(document))
    envelope.verify(found, PUBLIC)
    assert found.id == ONE.id
    assert [found.part(name) for name in gone] == [None] * len(gone)


def test_a_part_that_never_was_is_none() -> None:
    assert ONE.part("appendix") is None


def test_a_part_of_no_bytes() -> None:
    parts = {"business": Part(bytes(16), b"")}
    header = ONE.header._replace(parts=envelope.part_refs(parts))
    document = envelope.sign(key("maker 1"), [envelope.draft(header, parts)])[0]
    assert envelope.parse(envelope.encode(document)).part("business") == b""


def wrong_parts(parts: object) -> bytes:
    return canon.encode((envelope.TAG, ONE.header_bytes, ONE.signature, (), parts))


SALT, CONTENT = ONE.parts["business"]
PERSONAL = ONE.parts["personal"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([["business", SALT, CONTENT + b"!"]], "parts.business: does not match"),
        ([["business", bytes(16), CONTENT]], "parts.business: does not match"),
        ([["personal", SALT, CONTENT]], "parts.personal: does not match"),
        ([["business", SALT[:15], CONTENT]], r"parts\[0\].salt: Expected `bytes` of length >= 16"),
        ([["appendix", SALT, CONTENT]], "unknown to the header"),
        ([["business", SALT, CONTENT], ["business", SALT, CONTENT]], "repeated"),
        ([["personal", *PERSONAL], ["business", SALT, CONTENT]], "out of order"),
        ([["business", SALT]], r"parts\[0\]: Expected `array` of length 3"),
        ([[["business"], SALT, CONTENT]], r"parts\[0\].name: Expected `str`"),
        ([[{}, SALT, CONTENT]], r"parts\[0\].name: Expected `str`"),
        ([["business", SALT, "text"]], r"parts\[0\].content: Expected `bytes`"),
        ([["business", SALT, CONTENT]] * 9, "parts: Expected `array` of length <= 8"),
    ],
)
def test_wrong_parts_are_refused(parts: object, message: str) -> None:
    with pytest.raises((Malformed, TooLarge), match=message):
        envelope.parse(wrong_parts(parts))


@pytest.mark.parametrize(
    "path", [[[1, bytes(32)]], [[False, bytes(31)]], [[False]], "path", [[False, bytes(32)]] * (MAX_PROOF_PATH + 1)]
)
def test_wrong_paths_are_refused(path: object) -> None:
    with pytest.raises((Malformed, TooLarge), match="path"):
        envelope.parse(canon.encode((envelope.TAG, ONE.header_bytes, ONE.signature, path, [])))


def test_no_field_of_another_kind_gets_through() -> None:
    for document in (ONE, proof_cases.bulk()[3]):
        for path, new, data in disfigured(envelope.encode(document)):
            try:
                found = envelope.parse(data)
                envelope.verify(found, PUBLIC)
            except PeerFault:
                continue
            assert found.id == document.id, (path, new)
            assert envelope.encode(found) == data
            assert set(found.parts.items()) <= set(document.parts.items()), "only parts may be missing"


def test_a_draft_that_is_too_large_is_refused_before_it_is_signed() -> None:
    parts = {"business": Part(bytes(16), bytes(MAX_DOCUMENT_BYTES))}
    header = ONE.header._replace(parts=envelope.part_refs(parts))
    with pytest.raises(TooLarge, match="put what is large into an attachment"):
        envelope.draft(header, parts)
    large = tuple(Extension(number, False, bytes(1024)) for number in range(1, 17))
    with pytest.raises(TooLarge, match="header of"):
        envelope.draft(ONE.header._replace(extensions=large), ONE.parts)


def test_the_largest_draft_fits_with_the_longest_path() -> None:
    room = MAX_DOCUMENT_BYTES - 2048 - len(ONE.header_bytes) - 200
    parts = {"business": Part(bytes(16), bytes(room))}
    header = ONE.header._replace(parts=envelope.part_refs(parts))
    document = envelope.sign(key("maker 1"), [envelope.draft(header, parts)])[0]
    longest = document._replace(path=(keys.Step(True, bytes(32)),) * MAX_PROOF_PATH)
    assert envelope.parse(envelope.encode(longest)).id == document.id


def test_an_envelope_is_not_larger_than_its_limit() -> None:
    with pytest.raises(TooLarge, match="limit is 262144"):
        envelope.parse(bytes(MAX_DOCUMENT_BYTES + 1))
