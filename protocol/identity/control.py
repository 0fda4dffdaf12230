"""One record of a member's control log: epochs, key operations, guardian sets.

Owns the records' bytes, shapes and proofs. What a record is worth after which other is :mod:`protocol.identity.log`.
A record is ``["yui/control/1", network, member, number, previous, kind, rank, payload, time, nonce]``; it travels as
``["yui/control-signed/1", record, proofs]`` with proofs ``[role, public key, signature]``. Source: protocol.md §4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from protocol import canon, keys, shape
from protocol.document.header import NETWORKS, NONCE_BYTES
from protocol.errors import Malformed, NotAuthorised
from protocol.identity import genesis
from protocol.identity.genesis import Rank, Role, RoleKeys
from protocol.journal import MAX_SEQ
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_CONTROL_RECORDS, MAX_KEYS_PER_ROLE, MAX_PROOFS, MAX_RECORD_BYTES

TAG = "yui/control/1"
SIGNED_TAG = "yui/control-signed/1"


class Kind(Enum):
    """What a control record does."""

    EPOCH = "epoch"
    KEYS = "keys"
    GUARDIANS = "guardians"


class Reason(Enum):
    """Why an epoch was opened."""

    ENROL = "enrol"
    RESTART = "restart"
    RESTORE = "restore"
    ROTATE = "rotate"
    MOVE = "move"


class Epoch(NamedTuple):
    """The delegation of a signing key to (node, epoch). ``hash`` is the record's and names the epoch.

    ``parent`` is the epoch before (empty at enrolment) and ``parent_seq``/``parent_head`` the journal position at
    which it ended: what was entered later in it is not part of this member's history until adopted.
    """

    number: int
    parent: bytes
    parent_seq: int
    parent_head: bytes
    home: bytes
    home_key: bytes
    signing_key: bytes
    reason: Reason
    hash: bytes = b""


class Guardians(NamedTuple):
    """Who keeps the member's encrypted copies: node keys and the quorum figures n ≥ k, r, q."""

    keys: tuple[bytes, ...]
    k: int
    r: int
    q: int


Payload = Epoch | RoleKeys | Guardians


class Record(NamedTuple):
    """A parsed control record. ``hash`` is SHA-256 of ``data``."""

    network: str
    member: bytes
    number: int
    previous: bytes
    kind: Kind
    rank: Rank
    payload: Payload
    time: int
    nonce: bytes
    data: bytes
    hash: bytes


class Proof(NamedTuple):
    """One signature over a record: by whom, in which role. Role ``home`` is the new home's consent to an epoch."""

    role: str
    public: bytes
    signature: bytes


class Signed(NamedTuple):
    """A record with its proofs, as it travels."""

    record: Record
    proofs: tuple[Proof, ...]


HOME = "home"


def draft(
    network: str, member: bytes, number: int, previous: bytes, rank: Rank, payload: Payload, time: int, nonce: bytes
) -> Record:
    """A record ready to be signed."""
    kind = _kind(payload)
    data = canon.encode(
        (TAG, network, member, number, previous, kind.value, int(rank), _encode_payload(payload), time, nonce)
    )
    return parse_record(data)


def _kind(payload: Payload) -> Kind:
    if isinstance(payload, Epoch):
        return Kind.EPOCH
    return Kind.KEYS if isinstance(payload, RoleKeys) else Kind.GUARDIANS


def _encode_payload(payload: Payload) -> object:
    if isinstance(payload, Epoch):
        return (*payload[:7], payload.reason.value)
    if isinstance(payload, RoleKeys):
        return genesis.encode_role(payload)
    return tuple(payload)


def sign(record: Record, signers: Iterable[tuple[str, SigningKey]]) -> Signed:
    """``record`` with the signatures of ``signers`` ((role name, key); ``"home"`` for the home's consent)."""
    proofs = [Proof(role, key.public, key.sign(Purpose.CONTROL, record.hash)) for role, key in signers]
    return Signed(record, tuple(sorted(proofs)))


def encode(signed: Signed) -> bytes:
    """The bytes that travel and are stored."""
    return canon.encode((SIGNED_TAG, signed.record.data, signed.proofs))


def parse(data: bytes) -> Signed:
    """A signed record from its bytes; proofs are checked for shape, not yet for authority."""
    raw = shape.record(canon.decode(data, max_bytes=2 * MAX_RECORD_BYTES), SIGNED_TAG, 3)
    proofs = []
    for item in shape.array(raw[2], "proofs", MAX_PROOFS):
        role, public, signature = shape.exactly(item, "proofs", 3)
        proofs.append(
            Proof(
                shape.text(role, "proofs.role", 16),
                shape.fixed(public, "proofs.key", 32),
                shape.fixed(signature, "proofs.signature", keys.SIGNATURE_BYTES),
            )
        )
    if proofs != sorted(set(proofs)):
        raise Malformed("proofs: in ascending order, without repetition")
    return Signed(parse_record(shape.binary(raw[1], "record", MAX_RECORD_BYTES)), tuple(proofs))


def parse_record(data: bytes) -> Record:
    """A record from its bytes."""
    raw = shape.record(canon.decode(data), TAG, 10)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    hashed = canon.digest(data)
    try:
        kind = Kind(raw[5])
    except ValueError:
        raise Malformed("kind: unknown control record") from None
    return Record(
        network=raw[1],
        member=shape.hash32(raw[2], "member"),
        number=shape.integer(raw[3], "number", 1, MAX_CONTROL_RECORDS),
        previous=shape.hash32(raw[4], "previous"),
        kind=kind,
        rank=Rank(shape.integer(raw[6], "rank", 1, 5)),
        payload=_PARSERS[kind](raw[7], hashed),
        time=shape.time_us(raw[8], "time"),
        nonce=shape.fixed(raw[9], "nonce", NONCE_BYTES),
        data=data,
        hash=hashed,
    )


def _epoch(value: object, hashed: bytes) -> Epoch:
    raw = shape.exactly(value, "epoch", 8)
    home_key = keys.require_valid_public(shape.fixed(raw[5], "epoch.home_key", 32))
    if shape.hash32(raw[4], "epoch.home") != keys.node_id(home_key):
        raise Malformed("epoch.home: is not the id of epoch.home_key")
    try:
        reason = Reason(raw[7])
    except ValueError:
        raise Malformed("epoch.reason: unknown") from None
    parent = shape.hash_or_empty(raw[1], "epoch.parent")
    parent_seq = shape.integer(raw[2], "epoch.parent_seq", 0, MAX_SEQ)
    parent_head = shape.hash_or_empty(raw[3], "epoch.parent_head")
    if bool(parent_seq) != bool(parent_head) or (parent_head and not parent):
        raise Malformed("epoch.parent_head: stands exactly where the parent has entries")
    return Epoch(
        number=shape.integer(raw[0], "epoch.number", 1, MAX_CONTROL_RECORDS),
        parent=parent,
        parent_seq=parent_seq,
        parent_head=parent_head,
        home=raw[4],
        home_key=home_key,
        signing_key=keys.require_valid_public(shape.fixed(raw[6], "epoch.signing_key", 32)),
        reason=reason,
        hash=hashed,
    )


def _keys(value: object, _hashed: bytes) -> RoleKeys:
    found = genesis.parse_role(value)
    if found.role not in genesis.KEYED_ROLES:
        raise Malformed("keys.role: only words, factor and association have keys of their own")
    return found


def _guardians(value: object, _hashed: bytes) -> Guardians:
    raw = shape.exactly(value, "guardians", 4)
    found = tuple(
        keys.require_valid_public(shape.fixed(key, "guardians.keys", 32))
        for key in shape.array(raw[0], "guardians.keys", MAX_KEYS_PER_ROLE)
    )
    if list(found) != sorted(set(found)):
        raise Malformed("guardians.keys: ascending, without repetition")
    least = 1 if found else 0
    k, r, q = (shape.integer(number, "guardians quorum", least, len(found)) for number in raw[1:])
    return Guardians(found, k, r, q)


_PARSERS: dict[Kind, Callable[[object, bytes], Payload]] = {
    Kind.EPOCH: _epoch,
    Kind.KEYS: _keys,
    Kind.GUARDIANS: _guardians,
}


def require_rank(
    signed: Signed,
    rules: Mapping[Rank, tuple[Role, ...]],
    roles: Mapping[Role, RoleKeys],
) -> None:
    """Check every proof: its role is asked for, its key holds it and has signed; then that all roles of the record's
    rank have. NotAuthorised or BadSignature otherwise. ``roles`` includes ``node``, ``guardian`` where they exist.
    """
    needed = rules.get(signed.record.rank)
    if needed is None:
        raise NotAuthorised(f"this member has no rule for rank {signed.record.rank.name.lower()}")
    asked = {HOME, *(role.value for role in needed)}
    for proof in signed.proofs:
        _require_holder(proof, signed.record, roles)
        if proof.role not in asked:
            raise NotAuthorised(f"a proof's role is not asked for by the record's rank: {proof.role}")
        keys.verify(proof.public, Purpose.CONTROL, signed.record.hash, proof.signature)
    for role in needed:
        holder = roles.get(role)
        signers = {proof.public for proof in signed.proofs if proof.role == role.value}
        if holder is None or len(signers & set(holder.keys)) < holder.threshold:
            raise NotAuthorised(f"rank {signed.record.rank.name.lower()} needs the signature of: {role.value}")


def _require_holder(proof: Proof, record: Record, roles: Mapping[Role, RoleKeys]) -> None:
    """The name of a role is not signed: a proof that says another than its key's would be bytes that prove nothing."""
    if proof.role == HOME:
        held = isinstance(record.payload, Epoch) and proof.public == record.payload.home_key
    else:
        held = any(proof.role == role.value and proof.public in holder.keys for role, holder in roles.items())
    if not held:
        raise NotAuthorised(f"a proof's key does not hold the role that it names: {proof.role}")
