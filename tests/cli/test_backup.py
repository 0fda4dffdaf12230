"""Backup, verification, restore: what is in it, what never is, and that damage is found."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from node import opening
from node.services import greeting
from protocol.errors import CallerFault
from protocol.identity.control import Reason
from tests.cli.running import made, yui


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = made(tmp_path / "data")
    assert yui(folder, "member", "add", "花咲堂").code == 0
    return folder


def backup_of(folder: Path, *more: str) -> Path:
    ran = yui(folder, "backup", "now", "--json", *more)
    assert ran.code == 0, ran.err
    return Path(ran.json["path"])


def test_a_backup_holds_wrapped_keys_and_never_the_secret(folder: Path) -> None:
    path = backup_of(folder)
    names = {item.relative_to(path).as_posix() for item in path.rglob("*") if item.is_file()}
    assert names == {
        "manifest.json",
        "node.db.sealed",
        "yui.toml",
        "keys/node.key",
        "keys/association.key",
        "keys/association.pub",
    }
    secret = (folder / "keys" / "node.secret").read_bytes()
    content = [item.read_bytes() for item in path.rglob("*") if item.is_file()]
    assert not any(secret in data or "花咲堂".encode() in data for data in content)
    assert "花咲堂".encode() in b"".join(item.read_bytes() for item in folder.glob("node.db*"))
    assert yui(folder, "backup", "verify", str(path), "--json").json["holds"] is True


@pytest.mark.parametrize("name", ["node.db.sealed", "keys/node.key", "yui.toml"])
def test_one_changed_byte_is_found(folder: Path, name: str) -> None:
    path = backup_of(folder)
    data = bytearray((path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (path / name).chmod(0o600)
    (path / name).write_bytes(data)
    ran = yui(folder, "backup", "verify", str(path), "--json")
    assert ran.code == 5
    assert name in json.loads(ran.err)["detail"]
    target = folder.parent / "other"
    assert yui(target, "restore", str(path), "--secret", str(folder / "keys" / "node.secret")).code == 5
    assert not target.exists()


def test_a_wrong_secret_is_refused_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    path = backup_of(folder)
    other = tmp_path / "secret"
    other.write_bytes(b"\7" * 32)
    target = folder.parent / "other"
    for wrong in (other, folder / "yui.toml"):
        assert yui(target, "restore", str(path), "--secret", str(wrong)).code == 4
        assert not target.exists()
    assert yui(target, "restore", str(path), "--secret", str(folder / "keys" / "node.secret")).code == 0


def test_a_missing_file_and_a_foreign_folder(folder: Path, tmp_path: Path) -> None:
    path = backup_of(folder)
    (path / "keys" / "node.key").unlink()
    assert yui(folder, "backup", "verify", str(path)).code == 5
    assert yui(folder, "backup", "verify", str(tmp_path)).code == 4


def test_a_manifest_cannot_name_files_outside(folder: Path) -> None:
    path = backup_of(folder)
    manifest = json.loads((path / "manifest.json").read_bytes())
    manifest["files"]["../../evil"] = "0" * 64
    (path / "manifest.json").write_text(json.dumps(manifest))
    assert yui(folder, "backup", "verify", str(path)).code == 5


def test_restore_makes_a_node_whose_next_start_opens_new_epochs(folder: Path) -> None:
    opening.mark(folder, 3, clean=True)
    path, target = backup_of(folder), folder.parent / "other"
    lacking = yui(target, "restore", str(path))
    assert lacking.code == 4
    assert "secret" in lacking.err
    secret = folder.parent / "kept.secret"
    shutil.copy(folder / "keys" / "node.secret", secret)
    ran = yui(target, "restore", str(path), "--secret", str(secret), "--json")
    assert ran.code == 0, ran.err
    assert not (target / "marker.json").exists()
    assert [row["name"] for row in yui(target, "member", "list", "--json").json] == ["花咲堂"]
    assert yui(target, "restore", str(path), "--secret", str(secret)).code == 4


def test_a_folder_that_was_put_back_by_hand_is_called_restored(folder: Path) -> None:
    """The copy holds its own marker: nothing else could tell it from the machine that it was copied from."""
    opened = opening.open_folder(folder)
    opened.store.write(lambda tx: greeting.start(opened.house, tx))
    opened.store.close()
    opening.mark(folder, opened.house.start_number, clean=True)
    assert _doubt(folder) is (None if opening.boot_id() else Reason.RESTART)
    assert yui(folder, "restore").code == 4
    assert yui(folder, "restore", str(folder), "--in-place").code == 4
    assert yui(folder.parent / "nothing", "restore", "--in-place").code == 4
    done = yui(folder, "restore", "--in-place", "--json")
    assert done.code == 0, done.err
    assert done.json["in_place"] is True
    assert _doubt(folder) is Reason.RESTORE
    assert yui(folder, "restore", "--in-place").code == 0  # twice is once


def test_a_database_that_would_not_be_used_is_refused(folder: Path) -> None:
    """Else a node would serve from the folder while its operator believes that the data are elsewhere."""
    with pytest.raises(CallerFault, match="PostgreSQL"):
        opening.open_folder(folder, {"YUI_STORE__DATABASE": "postgresql:///yui"})


def _doubt(folder: Path) -> Reason | None:
    opened = opening.open_folder(folder)
    opened.store.close()
    return opened.doubtful


def test_every_doubtful_start_is_doubted(tmp_path: Path) -> None:
    now = int(time.time())
    boot = opening.boot_id()
    clean = opening.Marker(5, boot, True, now)
    assert opening.doubt(clean, 5) is (None if boot else Reason.RESTART)
    assert opening.doubt(opening.Marker(5, boot, False, now), 5) is Reason.RESTART  # killed
    long_ago = now - int(opening.LONG_AWAY_S) - 1
    assert opening.doubt(opening.Marker(5, boot, True, long_ago), 5) is Reason.RESTART  # its members may be elsewhere
    assert opening.doubt(opening.Marker(5, boot, True, now + 3600), 5) is Reason.RESTART  # a clock that jumped
    assert opening.doubt(opening.Marker(5, "another boot", True), 5) is Reason.RESTART  # perhaps another machine
    assert opening.doubt(opening.Marker(4, boot, True), 5) is Reason.RESTART  # killed before the marker was written
    assert opening.doubt(opening.Marker(6, boot, True), 5) is Reason.RESTORE  # the database is older than the marker
    assert opening.doubt(None, 5) is Reason.RESTORE  # a database from elsewhere
    assert opening.doubt(None, 0) is None  # a new node


def test_the_schedule_is_kept_and_old_backups_leave(folder: Path) -> None:
    assert yui(folder, "backup", "schedule", "--every-hours", "6", "--keep", "2", "--json").json["every_hours"] == 6
    assert yui(folder, "backup", "schedule", "--every-hours", "-1").code == 2
    for _ in range(4):
        backup_of(folder)
    listed = yui(folder, "backup", "list", "--json").json
    assert (listed["every_hours"], listed["keep"], len(listed["backups"])) == (6, 2, 2)
    assert not list((folder / "backups").glob(".*"))


def test_attachments_lie_sealed_beside_backups_once_and_come_back(folder: Path) -> None:
    kept = folder / "attachments" / "ab" / ("ab" + "0" * 62)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"a drawing " * 200_000)
    path = backup_of(folder)
    (sealed,) = [item for item in (path.parent / "sealed").rglob("*") if item.is_file()]
    assert b"a drawing" not in sealed.read_bytes()
    before = sealed.stat().st_mtime_ns
    path = backup_of(folder)
    assert sealed.stat().st_mtime_ns == before
    target = folder.parent / "other"
    ran = yui(target, "restore", str(path), "--secret", str(folder / "keys" / "node.secret"))
    assert ran.code == 0, ran.err
    assert (target / "attachments" / "ab" / kept.name).read_bytes() == kept.read_bytes()


def test_a_backup_of_an_attended_node_opens_with_its_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUI_PASSPHRASE", "a long enough passphrase")
    folder = made(tmp_path / "data", "--passphrase")
    assert yui(folder, "member", "add", "花咲堂").code == 0
    path, target = backup_of(folder), tmp_path / "other"
    monkeypatch.setenv("YUI_PASSPHRASE", "another one, quite long")
    assert yui(target, "restore", str(path)).code == 4
    assert not target.exists()
    monkeypatch.setenv("YUI_PASSPHRASE", "a long enough passphrase")
    assert yui(target, "restore", str(path)).code == 0
    assert [row["name"] for row in yui(target, "member", "list", "--json").json] == ["花咲堂"]
