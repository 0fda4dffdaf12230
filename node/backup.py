"""Backups of a node: made while it runs, verified, kept a few; and the way back.

Owns the form: a folder ``20261122T145000Z-ab12cd`` with ``node.db.sealed``, ``yui.toml``, ``keys/`` and
``manifest.json`` (SHA-256 of every file); attachments lie beside all backups in ``sealed/``, each once, because they
never change. Database and attachments are sealed (:mod:`node.sealing`), signing keys wrapped; the secret that opens
them (``keys/node.secret``) never is in it: whoever finds a backup reads no paper and no key, and cannot sign. Restoring
leaves no marker, so the next start opens new epochs for every member.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from node.keyfile import PASSPHRASE_FILE, SECRET_FILE, KeyFolder, NodeSecret, write_private
from node.opening import ASSOCIATION_KEY, ASSOCIATION_PUBLIC, DATABASE, MARKER, NODE_KEY
from node.sealing import seal, unseal
from node.services.house import House
from node.store import Store, check_file
from protocol.errors import CallerFault, Malformed, WorldFault, YuiError

MANIFEST: Final = "manifest.json"
CONFIG: Final = "yui.toml"
ATTACHMENTS: Final = "attachments"
SEALED: Final = "sealed"  # attachments as they lie beside backups
SEALED_DATABASE: Final = f"{DATABASE}.sealed"
VERSION: Final = 2
KEY_FILES: Final = (NODE_KEY, ASSOCIATION_KEY, ASSOCIATION_PUBLIC, "tls.pem", PASSPHRASE_FILE)
COPY_BYTES: Final = 1024 * 1024


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds. ``files``: path → SHA-256 in hex; ``attachments``: how many lie beside it."""

    version: int
    node: str
    made: int
    start_number: int
    files: dict[str, str]
    attachments: int
    secret_needed: bool


class Made(NamedTuple):
    """A backup: where it is, and what its manifest says."""

    path: Path
    manifest: Manifest
    bytes: int


def make(folder: Path, target: Path, store: Store, house: House, now_us: int, keep: int = 0) -> Made:
    """A new backup below ``target``, verified; older ones beyond ``keep`` are removed then (0: none).

    The database is copied inside ``folder`` first, read there, and only then sealed: nothing readable is ever written
    below ``target``. WorldFault if the disk has no room; the unfinished backup is removed.
    """
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = datetime.fromtimestamp(now_us / 1e6, UTC).strftime("%Y%m%dT%H%M%SZ")
    path = target / f"{stamp}-{os.urandom(3).hex()}"
    part = path.with_name(f".{path.name}.part")
    plain = folder / f".{path.name}.db"
    try:
        part.mkdir(mode=0o700)
        (part / "keys").mkdir(mode=0o700)
        store.backup(plain)
        _require_sound(plain)
        seal(house.wrap, DATABASE, plain, part / SEALED_DATABASE)
        _copy(folder / CONFIG, part / CONFIG)
        for name in KEY_FILES:
            if (folder / "keys" / name).exists():
                _copy(folder / "keys" / name, part / "keys" / name)
        attachments = _each(folder / ATTACHMENTS, target / SEALED, partial(seal, house.wrap))
        number = store.read(lambda tx: tx.meta.get_int("start/number"))
        needed = not (folder / "keys" / PASSPHRASE_FILE).exists()
        files = {name: _digest(part / name) for name in _names(part)}
        manifest = Manifest(VERSION, house.id.hex(), now_us, number, files, attachments, needed)
        write_private(part / MANIFEST, msgspec.json.encode(manifest))
        part.rename(path)
    except OSError as error:
        raise WorldFault(f"backup: {error.strerror or error} ({target}): nothing was kept of this backup") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
        plain.unlink(missing_ok=True)
    verify(path)
    for old in list_of(target)[keep:] if keep else ():
        shutil.rmtree(old, ignore_errors=True)
    return Made(path, manifest, sum(item.stat().st_size for item in path.rglob("*") if item.is_file()))


def list_of(target: Path) -> list[Path]:
    """The complete backups below ``target``, latest first."""
    if not target.is_dir():
        return []
    return sorted((path for path in target.iterdir() if (path / MANIFEST).exists()), reverse=True)


def verify(path: Path) -> Manifest:
    """The manifest of a backup whose every file is as it was made (its database was read before it was sealed).

    CallerFault: not a backup, or of another version. Malformed: something in it was changed or is missing.
    """
    try:
        manifest = msgspec.json.decode((path / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise CallerFault("backup", f"{path} is not a backup: it has no {MANIFEST}") from None
    except msgspec.MsgspecError as error:
        raise Malformed(f"backup: {MANIFEST} is damaged: {error}") from None
    if manifest.version != VERSION:
        raise CallerFault("backup", f"is of version {manifest.version}: this program reads version {VERSION}")
    if not set(manifest.files) <= {SEALED_DATABASE, CONFIG, *(f"keys/{name}" for name in KEY_FILES)}:
        raise Malformed("backup: its manifest names files that no backup has")
    if SEALED_DATABASE not in manifest.files or f"keys/{NODE_KEY}" not in manifest.files:
        raise Malformed("backup: the database or the node's key is missing")
    for name, digest in manifest.files.items():
        if not (path / name).is_file():
            raise Malformed(f"backup: {name} is missing")
        if _digest(path / name) != digest:
            raise Malformed(f"backup: {name} is not as it was made")
    return manifest


def _require_sound(database: Path) -> None:
    wrong = check_file(database)
    if wrong:
        raise Malformed(f"backup: the database is damaged: {wrong[0]}")


def restore(
    path: Path,
    folder: Path,
    secret: Path | None,
    progress: Callable[[str], None] = lambda _name: None,
    passphrase: str | None = None,
) -> Manifest:
    """Make the data folder ``folder`` (which must not hold a node) from a verified backup.

    ``secret``: the file with the node secret, where the node had no passphrase. The next start is a restore: it opens
    new epochs, so that no number is ever used twice. CallerFault before anything is written if they open nothing.
    """
    if (folder / DATABASE).exists() or (folder / CONFIG).exists():
        raise CallerFault("data", f"there is a node in {folder} already: move it away first")
    manifest = verify(path)
    keys = KeyFolder(folder / "keys")
    if manifest.secret_needed and secret is None:
        raise CallerFault("secret", f"name the file with the node's secret ({SECRET_FILE}): it is never in a backup")
    opened = _opened(path, secret, passphrase)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys.path.mkdir(mode=0o700, exist_ok=True)
    if secret is not None:
        write_private(keys.path / SECRET_FILE, secret.read_bytes())
    for name in manifest.files:
        progress(name)
        if name == SEALED_DATABASE:
            unseal(opened, DATABASE, path / name, folder / DATABASE)
            _require_sound(folder / DATABASE)
        else:
            _copy(path / name, folder / name)
    _each(path.parent / SEALED, folder / ATTACHMENTS, partial(unseal, opened))
    (folder / MARKER).unlink(missing_ok=True)
    return manifest


def _opened(path: Path, secret: Path | None, passphrase: str | None) -> NodeSecret:
    """The secret of a backup; CallerFault if it is not the one under which the backup's keys were wrapped."""
    if secret is None:
        return KeyFolder(path / "keys").open(passphrase)
    try:
        found = NodeSecret(secret.read_bytes())
        found.unwrap("node", b"", (path / "keys" / NODE_KEY).read_bytes())
    except YuiError as error:
        raise CallerFault("secret", f"{secret} does not open the keys of this backup: {error}") from None
    return found


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _copy(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as out, source.open("rb") as file:
        shutil.copyfileobj(file, out, COPY_BYTES)
        out.flush()
        os.fsync(out.fileno())


def _each(source: Path, target: Path, bring: Callable[[str, Path, Path], None]) -> int:
    """Bring over what is not there yet; how many there are now. Their names are the hashes of their contents."""
    count = 0
    for folder in sorted(source.glob("[0-9a-f][0-9a-f]")) if source.is_dir() else ():
        for path in sorted(folder.iterdir()):
            count += 1
            wanted = target / folder.name / path.name
            if wanted.exists():
                continue
            wanted.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = wanted.with_name(f".{wanted.name}.part")
            part.unlink(missing_ok=True)
            bring(path.name, path, part)
            part.rename(wanted)
    return count


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
