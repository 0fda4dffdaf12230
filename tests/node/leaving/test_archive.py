"""The export archive: whole, verified without a node, refused after any change, and about nobody else."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.leaving import archive, verify
from node.leaving.archive import Wish
from protocol import export
from tests.node.leaving.leaver import CANARY, DRAWING, Leaver, leaver, write


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaver]:
    with leaver(tmp_path_factory.mktemp("node")) as found:
        yield found


@pytest.fixture(scope="module")
def whole(world: Leaver, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(world, tmp_path_factory.mktemp("out") / "all.zip")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """The archive, unpacked."""
    with zipfile.ZipFile(whole) as file:
        file.extractall(tmp_path / "all")
    return tmp_path / "all"


def faults_of(path: Path) -> list[str]:
    """What the verifier says does not hold."""
    try:
        return verify.verify(path)[1]
    except (verify.Refused, OSError, KeyError, IndexError, TypeError, ValueError) as fault:
        return [str(fault)]


def test_everything_is_in_it_and_holds(world: Leaver, whole: Path) -> None:
    found, faults = verify.verify(whole)
    assert faults == []
    held = len(world.town.see(lambda tx: tx.holdings.dealings_of(world.member)))
    assert (found["documents"], found["attachments"], found["unproven"]) == (held, 1, 0)
    assert found["receipts"] == held  # also of what our own home received
    with zipfile.ZipFile(whole) as file:
        names = file.namelist()
        assert len(names) == len(set(names))
        rows = list(csv.reader(io.StringIO(file.read("index.csv").decode("utf-8-sig"))))
        assert len(rows) == held + 1
        named = [name for row in rows[1:] for name in row[12].split("\n")]
        assert set(named) <= set(names)
        assert sum(name.endswith(".pdf") for name in named) == held
        index = json.loads(file.read("index.json"))["documents"]
        attached = [one for row in index for one in row["attachments"]]
        assert [file.read(one["file"]) for one in attached] == [DRAWING]
        assert attached[0]["file"].endswith("/図面_1_2.bin")
        assert file.read("records/items.csv").decode("utf-8-sig").count("抹茶あめ") == 2  # its field and its record
        assert "'=A-1" in file.read("records/items.csv").decode()
        assert "月末締めに変更予定" in file.read("records/terms.csv").decode()
        assert "taro" in file.read("records/people.csv").decode()
        about = json.loads(file.read("about.json"))
        assert [one["number"] for one in about["epochs"]] == [1, 2]
        assert any("浦島 太郎".encode() in file.read(name) for name in named)  # its own people


def test_nothing_of_anybody_else_is_in_it(world: Leaver, whole: Path) -> None:
    said = [CANARY.encode(), json.dumps(CANARY)[1:-1].encode(), b"stranger.canary"]
    canaries = [*said, world.stranger, world.stranger.hex().encode()]
    secrets = [b"hash-that-stays"]
    with zipfile.ZipFile(whole) as file:
        for name in file.namelist():
            data = file.read(name)
            assert not [canary for canary in (*canaries, *secrets) if canary in data], name


def test_the_verifier_runs_alone(folder: Path) -> None:
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout.decode()
    assert "All of it holds" in done.stdout.decode()
    (folder / "index.csv").unlink()
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "! index.csv: is missing" in done.stdout.decode()
    nothing = [sys.executable, "-I", "-S", str(folder / "verify.py"), str(folder / "README.txt")]
    assert subprocess.run(nothing, capture_output=True, check=False, timeout=60).returncode == 2


def test_every_changed_byte_is_named(folder: Path) -> None:
    """One byte of every file, at its beginning, middle and end; every byte of the signature and of the index."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        places = {0, len(data) // 2, len(data) - 1} if data else set()
        if name == "signature.yui":
            places = set(range(len(data)))
        for at in sorted(places):
            path.write_bytes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
            if name not in ("signature.yui", "SHA256SUMS", "about.json") and not name.startswith("history/"):
                faults: list[str] = []
                verify.listed(verify.Archive(folder), faults)
                assert faults == [f"{name}: was changed"], name
            else:
                assert faults_of(folder), f"{name} at {at}"
        path.write_bytes(data)
    assert faults_of(folder) == []


def forget(folder: Path, number: str) -> None:
    """The archive as somebody would make it who leaves a document out and mends every list; the key is not theirs."""
    index = json.loads((folder / "index.json").read_bytes())
    gone = [row for row in index["documents"] if row["number"] == number]
    assert gone
    for row in gone:
        for name in row["files"].values():
            (folder / name).unlink()
    index["documents"] = [row for row in index["documents"] if row not in gone]
    (folder / "index.json").write_text(json.dumps(index), "utf-8")
    names = [line[66:] for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()]
    there = [name for name in names if (folder / name).exists()]
    sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in there]
    (folder / "SHA256SUMS").write_text("".join(sums), "utf-8")


def test_a_document_that_was_left_out_is_missed_by_the_journal(world: Leaver, folder: Path) -> None:
    forget(folder, "PO-2")
    assert any("not the list that was signed" in fault for fault in faults_of(folder))
    begun = archive.begin(world.context, world.member)
    files = hashlib.sha256((folder / "SHA256SUMS").read_bytes()).digest()
    key = world.town.house.keyring[begun.at.epoch]  # even the home itself cannot leave one out
    (folder / "signature.yui").write_bytes(export.sign(key, export.Export("test", begun.at, files)))
    faults = faults_of(folder)
    assert len(faults) == 1
    assert "the journal names it" in faults[0]


def test_a_journal_cut_short_or_without_an_epoch_is_noticed(folder: Path) -> None:
    first, second = sorted((folder / "journal").iterdir())
    for path in (first, second):
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-1]))
        assert any("ends at" in fault for fault in faults_of(folder)), path.name
        path.write_bytes(b"".join(lines))
    about = json.loads((folder / "about.json").read_bytes())
    about["epochs"] = about["epochs"][1:]
    (folder / "about.json").write_text(json.dumps(about), "utf-8")
    assert any("the journal of epoch" in fault and "is missing" in fault for fault in faults_of(folder))


def test_what_comes_while_it_is_made_is_not_half_in_it(world: Leaver, tmp_path: Path) -> None:
    from node.services.trade import Submission
    from tests.node.services.october import order

    pieces = archive.stream(world.context, world.member, Wish(pdf=False))
    first = next(pieces)
    world.town.submit(world.member, Submission(world.partner, order("PO-LATE")))
    path = tmp_path / "late.zip"
    path.write_bytes(first + b"".join(pieces))
    assert faults_of(path) == []
    with zipfile.ZipFile(path) as file:
        assert b"PO-LATE" not in file.read("index.json")


def test_signatures_are_judged_as_by_the_node() -> None:
    """The vectors that tell strict verifiers from others (tests/attacks/edwards.py has more)."""
    from protocol.keys import Purpose, SigningKey

    key, digest = SigningKey(bytes(range(32))), bytes(32)
    good = key.sign(Purpose.HEAD, digest)
    message = b"yui/sig/1/head\0" + digest
    assert verify.is_signed(key.public, message, good)
    for at in range(64):
        changed = good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :]
        try:
            assert not verify.is_signed(key.public, message, changed)
        except verify.Refused:
            continue
    large = good[:32] + (int.from_bytes(good[32:], "little") + verify.L).to_bytes(32, "little")
    assert not verify.is_signed(key.public, message, large)
    identity = (1).to_bytes(32, "little")
    with pytest.raises(verify.Refused):
        verify.is_signed(identity, message, identity + bytes(32))


def test_a_name_that_leads_out_of_the_folder_is_not_followed(folder: Path) -> None:
    for name in ("../secret", "/etc/hostname", "documents/../../secret"):
        index = json.loads((folder / "index.json").read_bytes())
        index["documents"][0]["files"]["proof"] = name
        (folder / "index.json").write_text(json.dumps(index), "utf-8")
        assert any("no name in here" in fault for fault in faults_of(folder))
