"""Keys, purposes and trees."""

from itertools import permutations

import pytest

from protocol import keys
from protocol.errors import BadSignature, Malformed
from protocol.keys import Purpose, SigningKey, Step
from protocol.limits import MAX_PROOF_PATH

KEY = SigningKey(bytes(range(32)))
DIGEST = bytes(range(100, 132))


def test_a_signature_is_good_for_one_purpose_digest_and_key() -> None:
    for made, asked in permutations(Purpose, 2):
        with pytest.raises(BadSignature, match="does not verify"):
            keys.verify(KEY.public, asked, DIGEST, KEY.sign(made, DIGEST))
    signature = KEY.sign(Purpose.HEAD, DIGEST)
    keys.verify(KEY.public, Purpose.HEAD, DIGEST, signature)
    with pytest.raises(BadSignature):
        keys.verify(KEY.public, Purpose.HEAD, bytes(32), signature)
    with pytest.raises(BadSignature):
        keys.verify(SigningKey(bytes(32)).public, Purpose.HEAD, DIGEST, signature)


def test_no_purpose_is_the_beginning_of_another() -> None:
    for one, other in permutations(Purpose, 2):
        assert not (other.value + b"\0").startswith(one.value + b"\0")


def test_only_digests_are_signed() -> None:
    for wrong in (b"", bytes(31), bytes(33)):
        with pytest.raises(Malformed, match="only 32-byte digests"):
            KEY.sign(Purpose.HEAD, wrong)
        with pytest.raises(Malformed, match="only 32-byte digests"):
            keys.verify(KEY.public, Purpose.HEAD, wrong, bytes(64))


def test_lengths_are_checked_before_anything_is_verified() -> None:
    signature = KEY.sign(Purpose.HEAD, DIGEST)
    for public, made in ((KEY.public[:31], signature), (KEY.public, signature[:63]), (KEY.public, signature + b"\0")):
        with pytest.raises(BadSignature, match="wrong length"):
            keys.verify(public, Purpose.HEAD, DIGEST, made)


def test_a_key_shows_its_public_part_only() -> None:
    assert KEY.seed() == bytes(range(32))
    assert repr(KEY) == f"SigningKey(public={KEY.public.hex()[:12]}…)"
    assert KEY.seed().hex() not in repr(KEY)
    with pytest.raises(Malformed, match="32 bytes"):
        SigningKey(bytes(31))


def test_public_keys_are_checked_when_they_are_introduced() -> None:
    assert keys.require_valid_public(KEY.public) == KEY.public
    for wrong in (bytes(32), b"\x01" + bytes(31), b"\xff" * 32, KEY.public[:31]):
        with pytest.raises(Malformed, match="not a valid Ed25519 public key"):
            keys.require_valid_public(wrong)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33])
def test_each_path_leads_to_the_root(count: int) -> None:
    items = [bytes([number]) * 32 for number in range(count)]
    root, paths = keys.tree(items)
    assert root == keys.root(items)
    assert [keys.climb(item, path) for item, path in zip(items, paths, strict=True)] == [root] * count
    assert max(len(path) for path in paths) == (count - 1).bit_length()
    assert keys.climb(b"\xff" * 32, paths[0]) != root
    if count > 1:
        assert keys.climb(items[0], paths[-1]) != root


def test_a_tree_is_that_of_rfc_6962() -> None:
    a, b, c = (keys.leaf_hash(item) for item in (b"a", b"b", b"c"))
    assert keys.root([b"a", b"b", b"c"]) == keys.node_hash(keys.node_hash(a, b), c)
    assert keys.tree([b"a", b"b", b"c"])[1][2] == (Step(True, keys.node_hash(a, b)),)


def test_an_inner_node_is_not_a_leaf() -> None:
    items = [bytes([number]) * 32 for number in range(4)]
    root, paths = keys.tree(items)
    inner = keys.node_hash(keys.leaf_hash(items[0]), keys.leaf_hash(items[1]))
    assert keys.climb(inner, paths[0][1:]) != root
    assert keys.climb(b"\1" + keys.leaf_hash(items[0]) + keys.leaf_hash(items[1]), paths[0][1:]) != root


def test_limits_of_trees() -> None:
    with pytest.raises(Malformed, match="at least one item"):
        keys.tree([])
    with pytest.raises(Malformed, match="at least one item"):
        keys.root([])
    long = [Step(False, bytes(32))] * (MAX_PROOF_PATH + 1)
    assert keys.climb(bytes(32), long[1:])
    with pytest.raises(Malformed, match="path is too long"):
        keys.climb(bytes(32), long)
