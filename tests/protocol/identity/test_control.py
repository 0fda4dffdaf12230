"""Control records: their three kinds, their proofs, and what is refused."""

from typing import Any

import pytest

from protocol import canon
from protocol.errors import BadSignature, Malformed, NotAuthorised, PeerFault, TooLarge
from protocol.identity import control
from protocol.identity.control import HOME, Epoch, Guardians, Kind, Proof, Reason, Signed
from protocol.identity.genesis import Rank, Role, RoleKeys
from tests.protocol.mutation import disfigured
from tests.vectors import world
from tests.vectors.world import AUTHOR, key

LOG = world.author_log()
OPENED = LOG.epoch._replace(hash=b"")
KEYS = tuple(sorted(key(f"key {number}").public for number in range(9)))


def made(payload: Any, rank: Rank = Rank.WORDS) -> control.Record:
    return world.record(LOG, rank, payload, "test")


PAYLOADS = [
    OPENED._replace(number=2, parent=LOG.epoch.hash, parent_seq=3, parent_head=bytes(32), reason=Reason.ROTATE),
    RoleKeys(Role.WORDS, 2, KEYS[:3]),
    Guardians(KEYS[:4], 3, 3, 3),
    Guardians((), 0, 0, 0),
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_record_comes_back(payload: Any) -> None:
    record = made(payload)
    signed = control.sign(record, [("words", AUTHOR.words), (HOME, key("toyota"))])
    assert control.parse(control.encode(signed)) == signed
    assert [proof.role for proof in signed.proofs] == ["home", "words"]
    expected = payload._replace(hash=record.hash) if isinstance(payload, Epoch) else payload
    assert record.payload == expected
    assert record.hash == canon.digest(record.data)


def test_kinds() -> None:
    assert [made(payload).kind for payload in PAYLOADS] == [Kind.EPOCH, Kind.KEYS, Kind.GUARDIANS, Kind.GUARDIANS]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (OPENED._replace(home=bytes(32)), "epoch.home: is not the id"),
        (OPENED._replace(home_key=bytes(32)), "not a valid Ed25519"),
        (OPENED._replace(signing_key=b"\x01" + bytes(31)), "not a valid Ed25519"),
        (OPENED._replace(signing_key=bytes(31)), "epoch.signing_key"),
        (OPENED._replace(number=0), "epoch.number"),
        (OPENED._replace(parent=bytes(31)), "epoch.parent"),
        (OPENED._replace(parent_seq=-1), "epoch.parent_seq"),
        (OPENED._replace(parent=bytes(32), parent_seq=1), "epoch.parent_head: stands exactly"),
        (OPENED._replace(parent=bytes(32), parent_head=bytes(32)), "epoch.parent_head: stands exactly"),
        (OPENED._replace(parent_seq=1, parent_head=bytes(32)), "epoch.parent_head: stands exactly"),
        (RoleKeys(Role.NODE, 1, KEYS[:1]), "keys.role"),
        (RoleKeys(Role.GUARDIAN, 1, KEYS[:1]), "keys.role"),
        (RoleKeys(Role.WORDS, 2, KEYS[:1]), "roles.threshold"),
        (Guardians((KEYS[1], KEYS[0]), 1, 1, 1), "guardians.keys: ascending"),
        (Guardians((KEYS[0], KEYS[0]), 1, 1, 1), "guardians.keys: ascending"),
        (Guardians(KEYS[:3], 4, 1, 1), "guardians quorum"),
        (Guardians(KEYS[:3], 1, 0, 1), "guardians quorum"),
        (Guardians((), 1, 0, 0), "guardians quorum"),
        (Guardians(KEYS, 1, 1, 1), "guardians.keys: 9 elements"),
        (Guardians((bytes(32),), 1, 1, 1), "not a valid Ed25519"),
    ],
)
def test_wrong_payloads_are_named(payload: Any, message: str) -> None:
    with pytest.raises((Malformed, TooLarge), match=message):
        made(payload)


FIELDS = canon.decode(made(OPENED).data)


@pytest.mark.parametrize(
    ("index", "value", "message"),
    [
        (1, "prod", "network"),
        (3, 0, "number"),
        (3, 9_001, "number"),
        (5, "moved", "kind: unknown"),
        (5, ["epoch"], "kind: unknown"),
        (6, 0, "rank"),
        (6, 6, "rank"),
        (7, [], "epoch: must be an array of 8"),
        (7, [*FIELDS[7][:7], "because"], "epoch.reason: unknown"),
        (8, -1, "time"),
        (9, bytes(15), "nonce"),
    ],
)
def test_wrong_fields_are_named(index: int, value: object, message: str) -> None:
    fields = [*FIELDS[:index], value, *FIELDS[index + 1 :]]
    with pytest.raises(Malformed, match=message):
        control.parse_record(canon.encode(fields))


def wire(proofs: object) -> bytes:
    return canon.encode((control.SIGNED_TAG, made(OPENED).data, proofs))


A, B = [["home", bytes(32), bytes(64)], ["words", bytes(32), bytes(64)]]


@pytest.mark.parametrize(
    ("proofs", "message"),
    [
        ([B, A], "proofs: in ascending order"),
        ([A, A], "proofs: in ascending order"),
        ([["home", bytes(32)]], "proofs: must be an array of 3"),
        ([["a" * 17, bytes(32), bytes(64)]], "proofs.role"),
        ([["home", bytes(31), bytes(64)]], "proofs.key"),
        ([["home", bytes(32), bytes(63)]], "proofs.signature"),
        ([A] * 17, "proofs: 17 elements"),
    ],
)
def test_wrong_proofs_are_named(proofs: object, message: str) -> None:
    with pytest.raises((Malformed, TooLarge), match=message):
        control.parse(wire(proofs))


def test_no_field_of_another_kind_gets_through() -> None:
    for payload in PAYLOADS:
        for path, new, data in disfigured(made(payload).data):
            try:
                found = control.parse_record(data)
            except PeerFault:
                continue
            again = control.draft(*found[:4], found.rank, found.payload, found.time, found.nonce)
            assert again.data == data, (path, new)


class TestRequireRank:
    """Who has to have signed, and that no proof is there for nothing."""

    RULES = {Rank.WORDS: (Role.WORDS,), Rank.WORDS_AND_FACTOR: (Role.FACTOR, Role.WORDS)}
    ROLES = {
        Role.WORDS: RoleKeys(Role.WORDS, 2, tuple(sorted(key(name).public for name in "abc"))),
        Role.FACTOR: RoleKeys(Role.FACTOR, 1, (key("f").public,)),
    }

    def check(self, *signers: str, rank: Rank = Rank.WORDS, payload: Any = PAYLOADS[1]) -> None:
        pairs = [(item.split(":")[0], key(item.split(":")[1])) for item in signers]
        control.require_rank(control.sign(made(payload, rank), pairs), self.RULES, self.ROLES)

    def test_the_threshold_counts_different_keys(self) -> None:
        self.check("words:a", "words:b")
        self.check("words:a", "words:b", "words:c")
        with pytest.raises(NotAuthorised, match="needs the signature of: words"):
            self.check("words:a")

    def test_one_key_that_signs_twice_is_one_key(self) -> None:
        once = control.sign(made(PAYLOADS[1]), [("words", key("a"))])
        again = Proof("words", key("a").public, b"\0" * 64)
        with pytest.raises(BadSignature):
            control.require_rank(Signed(once.record, (*once.proofs, again)), self.RULES, self.ROLES)

    def test_all_roles_of_a_rule(self) -> None:
        self.check("words:a", "words:b", "factor:f", rank=Rank.WORDS_AND_FACTOR)
        with pytest.raises(NotAuthorised, match="factor"):
            self.check("words:a", "words:b", rank=Rank.WORDS_AND_FACTOR)

    def test_a_rank_without_a_rule(self) -> None:
        with pytest.raises(NotAuthorised, match="no rule for rank node"):
            self.check("words:a", "words:b", rank=Rank.NODE)

    def test_a_role_that_nobody_holds(self) -> None:
        signed = control.sign(made(PAYLOADS[1]), [])
        with pytest.raises(NotAuthorised, match="words"):
            control.require_rank(signed, self.RULES, {})

    @pytest.mark.parametrize("proof", ["words:f", "factor:a", "node:a", "guardian:a", "home:toyota", "other:a"])
    def test_a_proof_must_hold_its_role(self, proof: str) -> None:
        with pytest.raises(NotAuthorised, match="does not hold the role"):
            self.check("words:a", "words:b", proof)

    def test_the_home_of_an_epoch_may_consent(self) -> None:
        self.check("words:a", "words:b", "home:toyota", payload=OPENED)
        with pytest.raises(NotAuthorised, match="does not hold the role"):
            self.check("words:a", "words:b", "home:kyoto", payload=OPENED)
