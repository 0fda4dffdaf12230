"""A member's genesis: the record whose hash is the member, ranking who may act for it.

Owns ranks, roles and the rules between them. No name, no node and no guardian stands in it, so a member outlives all
three. Source: ``docs/protocol.md`` §4, ADR on ranks; simulated in the continuity rules (who may claim, and undo).
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NamedTuple

from protocol import canon, shape
from protocol.document.header import NETWORKS, NONCE_BYTES
from protocol.errors import Malformed
from protocol.keys import MemberId, require_valid_public
from protocol.limits import MAX_KEYS_PER_ROLE, MAX_RULES

TAG = "yui/genesis/1"


class Role(Enum):
    """Whose key may act. Node keys come from the current epoch, guardian keys from the guardian set."""

    WORDS = "words"
    FACTOR = "factor"
    ASSOCIATION = "association"
    GUARDIAN = "guardian"
    NODE = "node"


class Rank(IntEnum):
    """A strictly higher rank undoes what a lower one did within the window."""

    NODE = 1  # the home node alone: its own restart
    ASSOCIATION = 2  # association and node: may not move a member
    GUARDIANS = 3  # association and a quorum of guardians
    WORDS = 4  # recovery words alone
    WORDS_AND_FACTOR = 5  # recovery words and a second factor


class Rule(NamedTuple):
    """All ``roles`` must have signed for an act of ``rank``."""

    rank: Rank
    roles: tuple[Role, ...]


class RoleKeys(NamedTuple):
    """``threshold`` different ones of ``keys`` must sign for the role."""

    role: Role
    threshold: int
    keys: tuple[bytes, ...]


DEFAULT_RULES = (
    Rule(Rank.NODE, (Role.NODE,)),
    Rule(Rank.ASSOCIATION, (Role.ASSOCIATION, Role.NODE)),
    Rule(Rank.GUARDIANS, (Role.ASSOCIATION, Role.GUARDIAN)),
    Rule(Rank.WORDS, (Role.WORDS,)),
    Rule(Rank.WORDS_AND_FACTOR, (Role.FACTOR, Role.WORDS)),
)
KEYED_ROLES = (Role.WORDS, Role.FACTOR, Role.ASSOCIATION)


class Genesis(NamedTuple):
    """``roles`` names the keys that exist from the start: words, perhaps a factor, the association."""

    network: str
    nonce: bytes
    rules: tuple[Rule, ...]
    roles: tuple[RoleKeys, ...]


def encode(genesis: Genesis) -> bytes:
    """The record's bytes; their hash is the member's id."""
    rules = [(int(rule.rank), [role.value for role in rule.roles]) for rule in genesis.rules]
    return canon.encode((TAG, genesis.network, genesis.nonce, rules, [encode_role(item) for item in genesis.roles]))


def encode_role(item: RoleKeys) -> tuple[str, int, tuple[bytes, ...]]:
    """The array form of one role's keys."""
    return (item.role.value, item.threshold, item.keys)


def identify(data: bytes) -> MemberId:
    """The member whose genesis this is."""
    return MemberId(canon.digest(data))


def parse(data: bytes) -> Genesis:
    """The genesis in canonical ``data``. Malformed names the field."""
    raw = shape.record(canon.decode(data), TAG, 5)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    rules = tuple(_rule(item) for item in shape.array(raw[3], "rules", MAX_RULES))
    ranks = [rule.rank for rule in rules]
    if not ranks or ranks != sorted(set(ranks)):
        raise Malformed("rules: in ascending order of rank, without repetition")
    roles = tuple(parse_role(item) for item in shape.array(raw[4], "roles", MAX_RULES))
    names = [item.role.value for item in roles]
    if names != sorted(set(names)) or any(item.role not in KEYED_ROLES for item in roles):
        raise Malformed("roles: keyed roles only, in ascending order, without repetition")
    return Genesis(raw[1], shape.fixed(raw[2], "nonce", NONCE_BYTES), rules, roles)


def _rule(value: object) -> Rule:
    rank, roles = shape.exactly(value, "rules", 2)
    names = shape.array(roles, "rules.roles", MAX_RULES)
    try:
        rule = Rule(Rank(shape.integer(rank, "rules.rank", 1, 5)), tuple(Role(name) for name in names))
    except ValueError:
        raise Malformed("rules.roles: unknown role") from None
    if not names or names != sorted(set(names)):
        raise Malformed("rules.roles: in ascending order, without repetition")
    return rule


def parse_role(value: object) -> RoleKeys:
    """A role's keys from their decoded array."""
    name, threshold, public = shape.exactly(value, "roles", 3)
    try:
        role = Role(name)
    except ValueError:
        raise Malformed("roles: unknown role") from None
    found = tuple(
        require_valid_public(shape.fixed(key, "roles.keys", 32))
        for key in shape.array(public, "roles.keys", MAX_KEYS_PER_ROLE)
    )
    if not found or list(found) != sorted(set(found)):
        raise Malformed("roles.keys: at least one, ascending, without repetition")
    return RoleKeys(role, shape.integer(threshold, "roles.threshold", 1, len(found)), found)
