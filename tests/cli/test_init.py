"""`yui init`: everything or nothing, and files that only their owner may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from node import config, opening
from tests.cli.running import INIT, made, yui


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_node_is_made_with_private_files(tmp_path: Path) -> None:
    folder = made(tmp_path / "data")
    assert mode(folder) == 0o700
    assert mode(folder / "keys") == 0o700
    for name in ("node.secret", "node.key", "association.key", "association.pub"):
        assert mode(folder / "keys" / name) == 0o600, name
    for name in ("yui.toml", "node.db"):
        assert mode(folder / name) == 0o600, name
    loaded = config.load(folder, {})
    assert loaded.node.name == "豊田商工会議所"
    assert loaded.api.base_url == "https://localhost"
    assert loaded.peer.addresses == ("https://localhost:7443",)


def test_keys_open_again_and_the_association_is_known(tmp_path: Path) -> None:
    folder = made(tmp_path / "data")
    secret = opening.open_secret(folder, {})
    house = opening.make_house(folder, config.load(folder, {}), secret)
    association = opening.association_key(secret, folder / "keys" / "association.key")
    assert house.association == association.public


def test_a_passphrase_keeps_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUI_PASSPHRASE", "correct horse battery")
    folder = made(tmp_path / "data", "--passphrase")
    assert not (folder / "keys" / "node.secret").exists()
    assert yui(folder, "member", "list").code == 0
    monkeypatch.setenv("YUI_PASSPHRASE", "another one entirely")
    ran = yui(folder, "member", "list")
    assert ran.code == 4
    assert "passphrase" in ran.err


def test_a_second_node_in_one_folder_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "data")
    before = (folder / "keys" / "node.secret").read_bytes()
    assert yui(folder, *INIT).code == 1
    assert (folder / "keys" / "node.secret").read_bytes() == before


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (("--host", "192.0.2.1"), "--host"),
        (("--host", "has space"), "--host"),
        (("--area", "x"), "--area"),
        (("--network", "production"), "--network"),
        (("--tls", "maybe"), "--tls"),
        (("--tls", "own"), "--certificate"),
        (("--tls", "own", "--certificate", "/nonexistent", "--private-key", "/nonexistent"), "/nonexistent"),
        (("--address", "http://plain:1"), "addresses"),
        (("--name", " "), "--name"),
    ],
)
def test_wrong_answers_are_named_and_leave_nothing(tmp_path: Path, more: tuple[str, ...], word: str) -> None:
    ran = yui(tmp_path / "data", *INIT, *more)
    assert ran.code == 4, ran.err
    assert word in ran.err
    assert not (tmp_path / "data").exists()


def test_what_is_missing_is_asked_for_only_at_a_terminal(tmp_path: Path) -> None:
    ran = yui(tmp_path / "data", "init", "--host", "localhost")
    assert ran.code == 4
    assert "--name" in ran.err
