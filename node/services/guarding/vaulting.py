"""The vault of one of our members: its keys, and who can open them.

Owns when a new vault key is made: with the first frame, and when the holders of a role that opens it have changed.
The key itself stays wrapped in the store; guardians never see it. Source: ``docs/protocol.md`` §15.2.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from node.services.house import House
from node.store import GuardedRow, Tx, WrappedKeyRow
from protocol import canon, vault
from protocol.errors import CallerFault, InvariantBroken
from protocol.identity.genesis import KEYED_ROLES, Role
from protocol.identity.log import ControlLog
from protocol.limits import MAX_VAULT_KEYS
from protocol.vault import Vault, VaultKey

PURPOSE: Final = "vault"
SEED_BYTES: Final = 32


def refresh(house: House, tx: Tx, log: ControlLog, row: GuardedRow) -> GuardedRow:
    """``row`` with a vault that today's holders can open, and nobody else: a new key if they have changed."""
    holders = _holders(log)
    digest = canon.digest(canon.encode(holders))
    if row.vault and row.holders == digest:
        return row
    return _with_key(house, tx, log, row, holders)


def add_key(house: House, tx: Tx, log: ControlLog, row: GuardedRow) -> GuardedRow:
    """``row`` with a new key in use, whoever the holders are."""
    return _with_key(house, tx, log, row, _holders(log))


def without(house: House, tx: Tx, log: ControlLog, row: GuardedRow, gone: Collection[bytes]) -> GuardedRow:
    """``row`` with a vault that has the keys named ``gone`` no more; they are destroyed here."""
    kept = [item.name for item in current(log, row).keys if item.name not in gone]
    if not kept:
        raise InvariantBroken("a vault without keys")
    holders = _holders(log)
    keys = tuple(_sealed(house, log.member, open_key(house, tx, name), holders) for name in kept)
    made = _signed(house, log, row, keys)
    for name in gone:
        tx.wrapped_keys.destroy(PURPOSE, name)
    return made


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


def _holders(log: ControlLog) -> list[tuple[str, bytes]]:
    roles = log.standing.roles
    return sorted((role.value, key) for role in KEYED_ROLES if role in roles for key in roles[role].keys)


def _sealed(house: House, member: bytes, key: bytes, holders: list[tuple[str, bytes]]) -> VaultKey:
    wraps = [vault.wrap(member, key, Role(role), public, house.entropy(SEED_BYTES)) for role, public in holders]
    return VaultKey(vault.name_of(key), tuple(sorted(wraps)))
