"""The node secret, at rest and in use."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from node.keyfile import PASSPHRASE_FILE, SECRET_FILE, Cost, KeyFolder, NodeSecret, read_private, write_private
from protocol.errors import CallerFault

CHEAP = Cost(passes=1, memory_kib=8)
PHRASE = "correct horse 電池"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_wrapped_key_opens_only_in_its_place() -> None:
    secret = NodeSecret(b"s" * 32)
    wrapped = secret.wrap("epoch", b"subject", b"k" * 32)
    assert secret.unwrap("epoch", b"subject", wrapped) == b"k" * 32
    assert b"k" * 8 not in wrapped
    assert wrapped != secret.wrap("epoch", b"subject", b"k" * 32)  # a fresh nonce
    for purpose, subject, sealed in (
        ("node", b"subject", wrapped),
        ("epoch", b"another", wrapped),
        ("epoch\0subject", b"", wrapped),
        ("epoch", b"subject", wrapped[:-1] + bytes([wrapped[-1] ^ 1])),
        ("epoch", b"subject", wrapped[:30]),
        ("epoch", b"subject", b""),
        ("epoch", b"subject", b"\x02" + wrapped[1:]),
    ):
        with pytest.raises(CallerFault):
            secret.unwrap(purpose, subject, sealed)
    with pytest.raises(CallerFault, match="another secret"):
        NodeSecret(b"t" * 32).unwrap("epoch", b"subject", wrapped)


def test_derived_keys_differ_and_nothing_is_printed() -> None:
    secret = NodeSecret(b"s" * 32)
    assert len({secret.derive("a"), secret.derive("b"), NodeSecret(b"t" * 32).derive("a")}) == 3
    assert secret.password("tls") == secret.derive("tls").hex().encode()
    assert "73" not in repr(secret)
    with pytest.raises(CallerFault):
        NodeSecret(b"short")


def test_unattended_secret_survives_a_restart(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys")
    wrapped = folder.create_unattended().wrap("p", b"s", b"x")
    assert _mode(folder.path) == 0o700
    assert _mode(folder.path / SECRET_FILE) == 0o600
    assert not folder.needs_passphrase()
    assert folder.open().unwrap("p", b"s", wrapped) == b"x"
    with pytest.raises(CallerFault, match="exists already"):
        folder.create_unattended()
    with pytest.raises(CallerFault, match="exists already"):
        folder.create_with_passphrase(PHRASE, CHEAP)


def test_passphrase(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys")
    with pytest.raises(CallerFault, match="12 characters"):
        folder.create_with_passphrase("too short", CHEAP)
    wrapped = folder.create_with_passphrase(PHRASE, CHEAP).wrap("p", b"s", b"x")
    assert _mode(folder.path / PASSPHRASE_FILE) == 0o600
    assert PHRASE.encode() not in (folder.path / PASSPHRASE_FILE).read_bytes()
    assert folder.needs_passphrase()
    assert folder.open(PHRASE).unwrap("p", b"s", wrapped) == b"x"
    with pytest.raises(CallerFault, match="not this node's"):
        folder.open(PHRASE + "x")
    with pytest.raises(CallerFault, match="under a passphrase"):
        folder.open()


def test_damage_and_open_modes_are_named(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys")
    with pytest.raises(CallerFault, match="no node secret"):
        folder.open()
    folder.create_with_passphrase(PHRASE, CHEAP)
    file = folder.path / PASSPHRASE_FILE
    file.write_bytes(b'{"version":1}')
    with pytest.raises(CallerFault, match="damaged"):
        folder.open(PHRASE)
    for mode in (0o640, 0o620, 0o610, 0o604, 0o602, 0o601):
        file.chmod(mode)
        with pytest.raises(CallerFault, match="chmod 600"):
            folder.open(PHRASE)


def test_private_files_are_never_overwritten_or_followed(tmp_path: Path) -> None:
    write_private(tmp_path / "a", b"1")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "a", b"2")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match=r"symbolic|levels"):
        read_private(tmp_path / "link")
    assert read_private(tmp_path / "a") == b"1"
