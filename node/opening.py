"""Opening a data folder: secret, node key, store, house; and the marker that tells a doubtful start from a clean one.

Owns the layout of the folder: ``yui.toml``, ``node.db``, ``marker.json``, ``keys/{node.key, association.key,
association.pub, tls.pem}`` beside the node secret (:mod:`node.keyfile`). Used by the serving process and by commands
that run without it. Must not know HTTP, nor what a start means to others (:mod:`node.services.greeting`).

The marker lies outside the database: it says which start ran last, on which boot of which machine, and whether it
ended cleanly. A database older than its marker has been restored; an end that was not clean, or another boot, may be
a copy: both open new epochs, so that no number is ever used with two meanings.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from node import config as configuration
from node.config import Config
from node.keyfile import KeyFolder, NodeSecret, read_private, write_private
from node.services.house import House
from node.store import Store, migrate_sqlite, open_sqlite
from protocol.errors import CallerFault
from protocol.identity.control import Reason
from protocol.keys import NodeId, SigningKey, node_id

DATABASE: Final = "node.db"
MARKER: Final = "marker.json"
NODE_KEY: Final = "node.key"
LONG_AWAY_S: Final = 600.0  # a stop that was longer is a doubtful one
ASSOCIATION_KEY: Final = "association.key"
ASSOCIATION_PUBLIC: Final = "association.pub"
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
PASSPHRASE_VARIABLE: Final = "YUI_PASSPHRASE"  # noqa: S105 - a name
PASSPHRASE_PIPE: Final = "YUI_PASSPHRASE_FD"  # noqa: S105 - a name
CREDENTIAL: Final = "yui-passphrase"  # systemd: LoadCredential=yui-passphrase:…


class Marker(msgspec.Struct, frozen=True):
    """What the last run left. ``start_number``: its start; ``clean``: it ended as it should; ``ended``: when, in s."""

    start_number: int
    boot_id: str
    clean: bool
    ended: int = 0


@dataclass(frozen=True)
class Opened:
    """An open data folder. ``doubtful``: why new epochs are needed before anything is signed; None: they are not."""

    folder: Path
    config: Config
    house: House
    store: Store
    secret: NodeSecret
    doubtful: Reason | None


def open_folder(folder: Path, environment: Mapping[str, str] = os.environ, passphrase: str | None = None) -> Opened:
    """Open the node in ``folder`` and take its lock. Close the store when done.

    CallerFault: no node there, wrong passphrase, wrong configuration, older or newer schema. WorldFault: in use.
    """
    config = load_config(folder, environment)
    if config.store.database:
        raise CallerFault("store.database", "serving on PostgreSQL is not built in yet: leave it empty")
    secret = open_secret(folder, environment, passphrase)
    house = make_house(folder, config, secret)
    store = open_sqlite(folder / DATABASE)
    try:
        number = store.read(lambda tx: tx.meta.get_int("start/number"))
        return Opened(folder, config, house, store, secret, doubt(read_marker(folder), number))
    except BaseException:
        store.close()
        raise


def load_config(folder: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration of a data folder. CallerFault if there is no node in it."""
    if not (folder / configuration.FILE_NAME).exists():
        raise CallerFault("data", f"there is no node in {folder}")
    return configuration.load(folder, environment)


def open_secret(folder: Path, environment: Mapping[str, str] = os.environ, passphrase: str | None = None) -> NodeSecret:
    """The node's secret. The passphrase, where it has one: as given, from a systemd credential, or the environment."""
    keys = KeyFolder(folder / "keys")
    return keys.open(passphrase or passphrase_of(environment))


def passphrase_of(environment: Mapping[str, str]) -> str | None:
    """A passphrase that was handed over without a person, or None."""
    credentials = environment.get("CREDENTIALS_DIRECTORY")
    if credentials and (path := Path(credentials) / CREDENTIAL).exists():
        return path.read_text("utf-8").rstrip("\n")
    pipe = environment.get(PASSPHRASE_PIPE, "")
    if pipe.isdigit():
        with os.fdopen(int(pipe), "rb") as file:
            return file.read().decode("utf-8")
    return environment.get(PASSPHRASE_VARIABLE) or None


def make_house(folder: Path, config: Config, secret: NodeSecret) -> House:
    """The house of the node, with its own key and the operating system's clock and entropy."""
    keys = folder / "keys"
    seed = secret.unwrap("node", b"", read_private(keys / NODE_KEY))
    public = keys / ASSOCIATION_PUBLIC
    return House(
        network=config.node.network,
        node=SigningKey(seed),
        wrap=secret,
        clock=lambda: time.time_ns() // 1_000,
        entropy=os.urandom,
        association=bytes.fromhex(public.read_text("ascii").strip()) if public.exists() else b"",
        name=config.node.name,
        area=config.node.area,
        guardian_only=config.node.guardian_only,
    )


def create_keys(folder: Path, passphrase: str | None) -> tuple[NodeSecret, NodeId]:
    """Make secret, node key and association key in a new data folder; the node's id."""
    keys = KeyFolder(folder / "keys")
    secret = keys.create_unattended() if passphrase is None else keys.create_with_passphrase(passphrase)
    node, association = SigningKey(os.urandom(32)), SigningKey(os.urandom(32))
    write_private(keys.path / NODE_KEY, secret.wrap("node", b"", node.seed()))
    write_private(keys.path / ASSOCIATION_KEY, secret.wrap("association", b"", association.seed()))
    write_private(keys.path / ASSOCIATION_PUBLIC, association.public.hex().encode() + b"\n")
    return secret, node_id(node.public)


def association_key(secret: NodeSecret, path: Path) -> SigningKey:
    """The association's key, for a command at its staff's hand. The serving process never calls this."""
    if not path.exists():
        raise CallerFault("association key", f"{path} is not there: name the file where it is kept")
    return SigningKey(secret.unwrap("association", b"", read_private(path)))


def boot_id() -> str:
    """This boot of this machine; empty where the system does not say."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def read_marker(folder: Path) -> Marker | None:
    """What the last run left, or None. CallerFault if the file is damaged."""
    try:
        return msgspec.json.decode((folder / MARKER).read_bytes(), type=Marker)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        raise CallerFault(MARKER, f"{folder / MARKER} is damaged: remove it, and the next start is a restore") from None


def doubt(marker: Marker | None, start_number: int) -> Reason | None:
    """Whether a start on this database is doubtful. ``start_number``: of the last start that the database knows."""
    if start_number == 0 and marker is None:
        return None
    if marker is None or marker.start_number > start_number:
        return Reason.RESTORE
    same_run = marker.start_number == start_number and marker.clean and marker.boot_id == boot_id() != ""
    if same_run and 0 <= time.time() - marker.ended <= LONG_AWAY_S:
        return None
    return Reason.RESTART  # whoever was away for long asks first: its members may have come back elsewhere


def mark(folder: Path, start_number: int, *, clean: bool) -> None:
    """Write the marker durably: not clean before anything is signed, clean as the last act of a run."""
    data = msgspec.json.encode(Marker(start_number, boot_id(), clean, int(time.time())))
    part = folder / f".{MARKER}.part"
    part.unlink(missing_ok=True)
    write_private(part, data)
    part.replace(folder / MARKER)
    _sync(folder)


def unmark(folder: Path) -> None:
    """Take the marker away, durably: the next start is one on a restored database."""
    (folder / MARKER).unlink(missing_ok=True)
    _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def migrate(folder: Path, backup: Path) -> list[str]:
    """Bring the store's schema up to date after a backup; the steps done."""
    load_config(folder)
    return migrate_sqlite(folder / DATABASE, backup)
