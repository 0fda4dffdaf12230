"""Genesis records: rules, roles, and what is refused."""

from typing import Any

import pytest

from protocol.errors import Malformed, PeerFault, TooLarge
from protocol.identity import genesis
from protocol.identity.genesis import DEFAULT_RULES, Genesis, Rank, Role, RoleKeys, Rule
from tests.protocol.mutation import disfigured
from tests.vectors import world
from tests.vectors.world import key

PLAIN = genesis.parse(world.AUTHOR.genesis)
KEYS = tuple(sorted(key(f"key {number}").public for number in range(9)))


def test_a_genesis_comes_back_and_its_hash_is_the_member() -> None:
    assert genesis.encode(PLAIN) == world.AUTHOR.genesis
    assert PLAIN.rules == DEFAULT_RULES
    assert genesis.identify(world.AUTHOR.genesis) == world.AUTHOR.id
    assert genesis.identify(genesis.encode(PLAIN._replace(nonce=bytes(16)))) != world.AUTHOR.id


def reread(**change: Any) -> Genesis:
    return genesis.parse(genesis.encode(PLAIN._replace(**change)))


@pytest.mark.parametrize(
    "change",
    [
        {"network": "live"},
        {"roles": ()},
        {"roles": (RoleKeys(Role.WORDS, 8, KEYS[:8]),)},
        {"rules": (Rule(Rank.WORDS, (Role.WORDS,)),)},
        {"rules": (Rule(Rank.NODE, tuple(sorted(Role, key=lambda role: role.value))),)},
    ],
)
def test_other_rules_are_legal(change: dict[str, Any]) -> None:
    assert reread(**change) == PLAIN._replace(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "prod"}, "network"),
        ({"nonce": bytes(15)}, "nonce"),
        ({"rules": ()}, "rules: in ascending order"),
        ({"rules": (DEFAULT_RULES[1], DEFAULT_RULES[0])}, "rules: in ascending order"),
        ({"rules": (DEFAULT_RULES[0], DEFAULT_RULES[0])}, "rules: in ascending order"),
        ({"rules": (Rule(Rank.NODE, ()),)}, "rules.roles: in ascending order"),
        ({"rules": (Rule(Rank.NODE, (Role.WORDS, Role.NODE)),)}, "rules.roles: in ascending order"),
        ({"rules": (Rule(Rank.NODE, (Role.NODE, Role.NODE)),)}, "rules.roles: in ascending order"),
        ({"roles": (PLAIN.roles[1], PLAIN.roles[0])}, "roles: keyed roles only"),
        ({"roles": (PLAIN.roles[0], PLAIN.roles[0])}, "roles: keyed roles only"),
        ({"roles": (RoleKeys(Role.NODE, 1, KEYS[:1]),)}, "roles: keyed roles only"),
        ({"roles": (RoleKeys(Role.GUARDIAN, 1, KEYS[:1]),)}, "roles: keyed roles only"),
        ({"roles": (RoleKeys(Role.WORDS, 1, ()),)}, "roles.keys: at least one"),
        ({"roles": (RoleKeys(Role.WORDS, 1, (KEYS[1], KEYS[0])),)}, "roles.keys: at least one, ascending"),
        ({"roles": (RoleKeys(Role.WORDS, 1, (KEYS[0], KEYS[0])),)}, "roles.keys: at least one, ascending"),
        ({"roles": (RoleKeys(Role.WORDS, 0, KEYS[:2]),)}, "roles.threshold"),
        ({"roles": (RoleKeys(Role.WORDS, 3, KEYS[:2]),)}, "roles.threshold"),
        ({"roles": (RoleKeys(Role.WORDS, 1, KEYS),)}, "roles.keys: 9 elements"),
        ({"roles": (RoleKeys(Role.WORDS, 1, (bytes(32),)),)}, "not a valid Ed25519 public key"),
        ({"roles": (RoleKeys(Role.WORDS, 1, (KEYS[0][:31],)),)}, "roles.keys: must be 32 bytes"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises((Malformed, TooLarge), match=message):
        reread(**change)


def test_no_field_of_another_kind_gets_through() -> None:
    for path, new, data in disfigured(world.AUTHOR.genesis):
        try:
            found = genesis.parse(data)
        except PeerFault:
            continue
        assert genesis.encode(found) == data, (path, new)
        assert genesis.identify(data) != world.AUTHOR.id
