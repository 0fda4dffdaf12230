"""The vault of one of our members: its keys, and who can open them.

Owns when a new vault key is made: with the first frame, and when who opens it has changed: the holders of a role, or
the home. The key itself stays wrapped in the store; guardians never see it. A home that was put back from a backup
learns from its guardians which keys it has made since. Source: ``docs/protocol.md`` §15.2, §15.6.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from node.services.house import House
from node.store import GuardedRow, Tx, WrappedKeyRow
from protocol import canon, vault
from protocol.errors import CallerFault, InvariantBroken, NotAuthorised, PeerFault
from protocol.identity.genesis import KEYED_ROLES, Role
from protocol.identity.log import ControlLog
from protocol.limits import MAX_VAULT_KEYS
from protocol.vault import Vault, VaultKey

PURPOSE: Final = "vault"
SEED_BYTES: Final = 32


def refresh(house: House, tx: Tx, log: ControlLog, row: GuardedRow) -> GuardedRow:
    """``row`` with a vault that today's holders can open, and nobody else: a new key if they have changed."""
    return _with_key(house, tx, log, row, _holders(house, log)) if is_due(house, log, row) else row


def is_due(house: House, log: ControlLog, row: GuardedRow) -> bool:
    """Would the next frame be under a new key: is there none yet, or have its holders changed?"""
    return not row.vault or row.holders != canon.digest(canon.encode(_holders(house, log)))


def add_key(house: House, tx: Tx, log: ControlLog, row: GuardedRow) -> GuardedRow:
    """``row`` with a new key in use, whoever the holders are."""
    return _with_key(house, tx, log, row, _holders(house, log))


def without(house: House, tx: Tx, log: ControlLog, row: GuardedRow, gone: Collection[bytes]) -> GuardedRow:
    """``row`` with a vault that has the keys named ``gone`` no more; they are destroyed here."""
    kept = [item.name for item in current(log, row).keys if item.name not in gone]
    if not kept:
        raise InvariantBroken("a vault without keys")
    holders = _holders(house, log)
    keys = tuple(_sealed(house, log.member, open_key(house, tx, name), holders) for name in kept)
    made = _signed(house, log, row, keys)
    for name in gone:
        tx.wrapped_keys.destroy(PURPOSE, name)
    return made


def signed_anew(house: House, tx: Tx, log: ControlLog, row: GuardedRow, kept: Vault) -> GuardedRow:
    """``row`` with the keys of ``kept``, which a home has signed whose epoch was undone, as far as they are here."""
    holders = _holders(house, log)
    names = [item.name for item in kept.keys if tx.wrapped_keys.get(PURPOSE, item.name) is not None]
    keys = tuple(_sealed(house, log.member, open_key(house, tx, name), holders) for name in names)
    return _signed(house, log, row, keys) if keys else row._replace(vault=b"")


def _with_key(house: House, tx: Tx, log: ControlLog, row: GuardedRow, holders: list[tuple[str, bytes]]) -> GuardedRow:
    digest = canon.digest(canon.encode(holders))
    known = [item.name for item in current(log, row).keys] if row.vault else []
    if len(known) >= MAX_VAULT_KEYS:
        raise CallerFault("vault", f"the keys of this member have been replaced {MAX_VAULT_KEYS} times")
    key = house.entropy(vault.KEY_BYTES)
    name = vault.name_of(key)
    wrapped = house.wrap.wrap(PURPOSE, name, key)
    tx.wrapped_keys.add(WrappedKeyRow(PURPOSE, name, wrapped, house.clock()))
    secrets = [*(open_key(house, tx, old) for old in known), key]
    keys = tuple(_sealed(house, log.member, secret, holders) for secret in secrets)
    return _signed(house, log, row, keys)._replace(holders=digest)


def _signed(house: House, log: ControlLog, row: GuardedRow, keys: tuple[VaultKey, ...]) -> GuardedRow:
    made = Vault(house.network, log.member, log.epoch.hash, row.vault_version + 1, keys)
    signing = house.keyring.get(log.epoch.hash)
    if signing is None:
        raise InvariantBroken("no signing key for the epoch of a guarded member")
    return row._replace(vault=vault.sign(signing, made), vault_version=made.version)


def learn(house: House, tx: Tx, log: ControlLog, row: GuardedRow, wires: Sequence[bytes]) -> GuardedRow:
    """``row`` with the newest of its own vault and those that a guardian showed; what this node opens is kept here.

    A vault that no epoch of the member signed is left alone. NotAuthorised if there is one that is newer than ours and
    not sealed to this node.
    """
    newest = _rank(log, row.vault)
    sealed = False
    for wire in wires:
        rank = _rank(log, wire)
        if rank is None:
            continue
        try:
            opened = vault.unwrap(vault.read(wire), house.node)
        except NotAuthorised:
            sealed = sealed or newest is None or rank > newest
            continue
        for name, key in opened.items():
            if tx.wrapped_keys.get(PURPOSE, name) is None:
                wrapped = house.wrap.wrap(PURPOSE, name, key)
                tx.wrapped_keys.add(WrappedKeyRow(PURPOSE, name, wrapped, house.clock()))
        found = vault.read(wire)
        if (newest is None or rank > newest) and found.keys[-1].name in opened:
            newest = rank
            row = row._replace(vault=wire, vault_version=found.version, holders=holders_of(found))
    if sealed:
        raise NotAuthorised("the guardians' vault is newer than this node's, and not sealed to it")
    return row


def _rank(log: ControlLog, wire: bytes) -> tuple[int, int] | None:
    """Which of two vaults is the newer one; None for one that no epoch which stands has signed."""
    if not wire:
        return None
    try:
        epoch = log.epoch_named(vault.claimed_epoch(wire)[1])
        return None if epoch is None else (epoch.number, vault.verify(wire, epoch).version)
    except PeerFault:
        return None


def names(row: GuardedRow) -> frozenset[bytes]:
    """The names of the keys in a vault."""
    return frozenset(item.name for item in vault.read(row.vault).keys)


def holders_of(kept: Vault) -> bytes:
    """The digest under which ``refresh`` knows who can open the newest key of a vault."""
    return canon.digest(canon.encode(sorted((item.role, item.public) for item in kept.keys[-1].wraps)))


def current(log: ControlLog, row: GuardedRow) -> Vault:
    """The vault record in ``row``."""
    epoch = log.epoch_named(vault.claimed_epoch(row.vault)[1])
    if epoch is None:
        raise InvariantBroken("the vault names an epoch that does not stand")
    return vault.verify(row.vault, epoch)


def open_key(house: House, tx: Tx, name: bytes) -> bytes:
    """The vault key of that name."""
    row = tx.wrapped_keys.get(PURPOSE, name)
    if row is None:
        raise InvariantBroken(f"the vault key {name.hex()[:12]} is not here")
    return house.wrap.unwrap(PURPOSE, name, row.wrapped)


def _holders(house: House, log: ControlLog) -> list[tuple[str, bytes]]:
    roles = log.standing.roles
    keyed = [(role.value, key) for role in KEYED_ROLES if role in roles for key in roles[role].keys]
    return sorted([*keyed, (Role.NODE.value, house.node.public)])


def _sealed(house: House, member: bytes, key: bytes, holders: list[tuple[str, bytes]]) -> VaultKey:
    wraps = [vault.wrap(member, key, Role(role), public, house.entropy(SEED_BYTES)) for role, public in holders]
    return VaultKey(vault.name_of(key), tuple(sorted(wraps)))
