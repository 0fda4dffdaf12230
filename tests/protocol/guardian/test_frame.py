"""Frames and acknowledgements: signed, numbered, linked, and bound to what they carry."""

import pytest

from protocol import vault
from protocol.errors import BadSignature, Malformed, PeerFault
from protocol.guardian import frame
from protocol.guardian.frame import Frame, Place, Signed, Tip
from tests.vectors import world
from tests.vectors.world import AUTHOR, START, key, node, octets

KEY = octets("vault key")
EPOCH = world.author_log().epoch


def made(number: int, previous: bytes = b"", *, signer: str = "maker 1", epoch: bytes = EPOCH.hash) -> Signed:
    place = Place(AUTHOR.id, epoch, number)
    sealed = vault.seal_frame(KEY, frame.about(place), b"item %d" % number, octets(f"nonce {number}", 24))
    head = Frame(world.NETWORK, place, previous, vault.name_of(KEY), b"", number, octets("entry"), START)
    return frame.sign(key(signer), head, sealed)


FIRST = made(1)
SECOND = made(2, FIRST.frame.hash)


def test_a_frame_travels_and_opens() -> None:
    got = frame.parse(frame.encode(SECOND))
    assert got == SECOND
    assert frame.verify(got, EPOCH) == SECOND.frame
    assert frame.unseal(got, {vault.name_of(KEY): KEY}) == b"item 2"
    with pytest.raises(Malformed, match="not here"):
        frame.unseal(got, {})


def test_every_changed_byte_is_noticed() -> None:
    wire = frame.encode(FIRST)
    for at in range(len(wire)):
        changed = wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :]
        with pytest.raises(PeerFault):
            frame.verify(frame.parse(changed), EPOCH)


def test_only_the_epochs_own_key_signs() -> None:
    with pytest.raises(BadSignature):
        frame.verify(made(1, signer="guardian a"), EPOCH)
    with pytest.raises(Malformed, match="epoch"):
        frame.verify(made(1, epoch=bytes(32)), EPOCH)


def test_a_chain_has_no_gaps_and_no_second_beginning() -> None:
    frame.require_next(None, FIRST.frame)
    frame.require_next(FIRST.frame, SECOND.frame)
    for last, bad in [
        (None, SECOND.frame),
        (FIRST.frame, FIRST.frame),
        (FIRST.frame, made(3, FIRST.frame.hash).frame),
        (FIRST.frame, made(2, bytes(32)).frame),
        (None, made(1, bytes(32)).frame),
    ]:
        with pytest.raises(Malformed) as refused:
            frame.require_next(last, bad)
        assert refused.value.code == "gap"


def test_numbers_begin_again_in_each_epoch_and_the_chain_goes_on() -> None:
    later = made(1, SECOND.frame.hash, epoch=octets("another epoch")).frame
    frame.require_next(SECOND.frame, later)
    with pytest.raises(Malformed, match="previous"):
        frame.require_next(SECOND.frame, made(1, FIRST.frame.hash, epoch=octets("another epoch")).frame)


def test_an_acknowledgement_is_one_guardians_word_to_one_home() -> None:
    tips = [Tip(AUTHOR.id, EPOCH.hash, 2, SECOND.frame.hash)]
    names = [vault.chunk_name(KEY, octets("root"), 0)]
    guardian, home = key("guardian a"), node("toyota")
    wire = frame.sign_kept(guardian, world.NETWORK, home, START, tips, names)
    kept = frame.verify_kept(wire, guardian.public, world.NETWORK, home)
    assert (kept.tips, kept.chunks, kept.guardian) == (tuple(tips), tuple(names), node("guardian a"))
    for public, network, to in [
        (key("guardian b").public, world.NETWORK, home),
        (guardian.public, "live", home),
        (guardian.public, world.NETWORK, node("kyoto")),
    ]:
        with pytest.raises(PeerFault):
            frame.verify_kept(wire, public, network, to)
