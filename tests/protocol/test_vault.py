"""Vault keys: who can open them, what a ciphertext is bound to, and how much its length says."""

import pytest

from protocol import vault
from protocol.errors import BadSignature, Malformed, NotAuthorised
from protocol.identity.genesis import Role
from protocol.limits import CHUNK_BYTES, MAX_FRAME_BYTES, MAX_FRAME_PLAIN_BYTES
from protocol.vault import Vault, VaultKey, Wrap
from tests.vectors import world
from tests.vectors.world import AUTHOR, key, octets

KEY, OLD = octets("vault key"), octets("vault key of before")
NONCE = octets("nonce", 24)
ROOT = octets("root of an attachment")
EPOCH = world.author_log().epoch


def wraps(secret: bytes, *holders: tuple[Role, bytes]) -> VaultKey:
    found = [vault.wrap(AUTHOR.id, secret, role, public, octets(f"seed {role.value}")) for role, public in holders]
    return VaultKey(vault.name_of(secret), tuple(sorted(found)))


def made(*generations: VaultKey) -> Vault:
    return Vault(world.NETWORK, AUTHOR.id, EPOCH.hash, 1, generations)


BOTH = made(
    wraps(OLD, (Role.WORDS, AUTHOR.words.public)),
    wraps(KEY, (Role.WORDS, AUTHOR.words.public), (Role.ASSOCIATION, key("association").public)),
)


def test_each_holder_opens_its_keys_and_nobody_else_any() -> None:
    assert vault.unwrap(BOTH, AUTHOR.words) == {vault.name_of(OLD): OLD, vault.name_of(KEY): KEY}
    assert vault.unwrap(BOTH, key("association")) == {vault.name_of(KEY): KEY}
    with pytest.raises(NotAuthorised):
        vault.unwrap(BOTH, key("guardian a"))
    assert list(vault.may_open(BOTH, Role.ASSOCIATION)) == [key("association").public]


def test_a_record_is_the_epochs_word() -> None:
    wire = vault.sign(key("maker 1"), BOTH)
    assert vault.verify(wire, EPOCH) == BOTH
    assert vault.claimed_epoch(wire) == (AUTHOR.id, EPOCH.hash)
    with pytest.raises(BadSignature):
        vault.verify(vault.sign(key("guardian a"), BOTH), EPOCH)
    with pytest.raises(NotAuthorised, match="another epoch"):
        vault.verify(vault.sign(key("maker 1"), BOTH._replace(epoch=bytes(32))), EPOCH)


@pytest.mark.parametrize(
    "generations",
    [
        (),
        (BOTH.keys[0], BOTH.keys[0]),
        (VaultKey(bytes(32), (Wrap("guardian", bytes(32), bytes(80)),)),),
        (VaultKey(bytes(32), (Wrap("words", bytes(32), bytes(79)),)),),
        (VaultKey(bytes(32), tuple(reversed(BOTH.keys[1].wraps))),),
    ],
    ids=["none", "twice", "a guardian's", "too short", "out of order"],
)
def test_what_is_no_vault(generations: tuple[VaultKey, ...]) -> None:
    with pytest.raises(Malformed):
        vault.verify(vault.sign(key("maker 1"), made(*generations)), EPOCH)


def test_a_key_under_another_name_is_not_taken() -> None:
    honest = wraps(KEY, (Role.WORDS, AUTHOR.words.public))
    with pytest.raises(Malformed):
        vault.unwrap(made(honest._replace(name=vault.name_of(OLD))), AUTHOR.words)


@pytest.mark.parametrize("length", [0, 1, 1022, 1023, 1024, 4095, 100_000, MAX_FRAME_PLAIN_BYTES])
def test_padding_hides_the_length_and_costs_an_eighth(length: int) -> None:
    plain = b"\x80" * length
    padded = vault.pad(plain)
    assert vault.unpad(padded) == plain
    assert len(padded) <= max(1024, (length + 1) * 9 // 8 + 1)
    with pytest.raises(Malformed, match="padding"):
        vault.unpad(padded + b"\0")


def test_nine_lengths_in_ten_look_alike() -> None:
    lengths = range(2_000, 20_000)
    assert len({vault.padded_length(length) for length in lengths}) < 40


def test_a_full_frame_stays_below_its_limit() -> None:
    assert len(vault.seal_frame(KEY, b"", bytes(MAX_FRAME_PLAIN_BYTES), NONCE)) <= MAX_FRAME_BYTES


def test_a_frame_opens_in_its_place_only() -> None:
    sealed = vault.seal_frame(KEY, b"here", b"what is in it", NONCE)
    assert vault.open_frame(KEY, b"here", sealed) == b"what is in it"
    for other, about, wire in [
        (OLD, b"here", sealed),
        (KEY, b"there", sealed),
        (KEY, b"here", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (KEY, b"here", bytes([sealed[0] ^ 1]) + sealed[1:]),
        (KEY, b"here", b""),
    ]:
        with pytest.raises(Malformed):
            vault.open_frame(other, about, wire)


@pytest.mark.parametrize("length", [0, 5, CHUNK_BYTES - 1, CHUNK_BYTES])
def test_a_chunk_is_the_same_bytes_every_time_and_opens_as_itself_only(length: int) -> None:
    plain = octets("content") * (length // 32) + b"." * (length % 32)
    sealed = vault.seal_chunk(KEY, ROOT, 7, plain)
    assert sealed == vault.seal_chunk(KEY, ROOT, 7, plain)
    assert len(sealed) <= vault.MAX_SEALED_CHUNK_BYTES
    assert vault.open_chunk(KEY, ROOT, 7, sealed) == plain
    for secret, root, index in [(OLD, ROOT, 7), (KEY, bytes(32), 7), (KEY, ROOT, 8)]:
        with pytest.raises(Malformed):
            vault.open_chunk(secret, root, index, sealed)


def test_names_of_chunks_say_nothing_without_the_key() -> None:
    names = {vault.chunk_name(secret, root, at) for secret in (KEY, OLD) for root in (ROOT, bytes(32)) for at in (0, 1)}
    assert len(names) == 8
