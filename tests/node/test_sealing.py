"""Sealed files open with the secret and their name, whole, and not otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.keyfile import NodeSecret
from node.sealing import PIECE_BYTES, seal, unseal
from protocol.errors import CallerFault, Malformed

SECRET = NodeSecret(b"s" * 32)


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_a_file_of_any_size_comes_back(tmp_path: Path, size: int) -> None:
    content = b"paper" * (size // 5 + 1)
    (tmp_path / "a").write_bytes(content[:size])
    seal(SECRET, "a", tmp_path / "a", tmp_path / "sealed")
    assert b"paperpaper" not in (tmp_path / "sealed").read_bytes()
    assert (tmp_path / "sealed").stat().st_mode & 0o777 == 0o600
    unseal(SECRET, "a", tmp_path / "sealed", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == content[:size]


def test_another_secret_name_or_file_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 2 * PIECE_BYTES)
    seal(SECRET, "a", tmp_path / "a", tmp_path / "sealed")
    for secret, name in ((NodeSecret(b"t" * 32), "a"), (SECRET, "b")):
        with pytest.raises(CallerFault):
            unseal(secret, name, tmp_path / "sealed", tmp_path / "b")
    with pytest.raises(Malformed, match="no sealed file"):
        unseal(SECRET, "a", tmp_path / "a", tmp_path / "b")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("change", ["cut", "cut piece", "longer", "flipped", "swapped"])
def test_a_changed_file_leaves_nothing_behind(tmp_path: Path, change: str) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * (3 * PIECE_BYTES // 256))
    seal(SECRET, "a", tmp_path / "a", tmp_path / "sealed")
    data = bytearray((tmp_path / "sealed").read_bytes())
    piece = PIECE_BYTES + 17
    if change == "cut":
        del data[-1:]
    elif change == "cut piece":
        del data[-piece:]
    elif change == "longer":
        data += b"x"
    elif change == "flipped":
        data[-100] ^= 1
    else:
        data[-piece:], data[-2 * piece : -piece] = data[-2 * piece : -piece], data[-piece:]
    (tmp_path / "sealed").write_bytes(data)
    with pytest.raises(Malformed):
        unseal(SECRET, "a", tmp_path / "sealed", tmp_path / "b")
    assert not (tmp_path / "b").exists()
