"""A verifier written from docs/protocol.md agrees with the node's on every golden proof and on every mutant of them."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from protocol import proof
from protocol.errors import PeerFault
from tests.vectors import independent_verifier as independent
from tests.vectors.test_vectors import load

SOURCE = Path(independent.__file__)
PROOFS = {vector["name"]: vector for vector in load("proofs")}
GOOD = {name: bytes.fromhex(vector["proof"]) for name, vector in PROOFS.items() if vector["valid"]}
REFUSED = {name: bytes.fromhex(vector["proof"]) for name, vector in PROOFS.items() if not vector["valid"]}


def accepts(data: bytes) -> tuple[bool, bool]:
    """Whether (the node's verifier, the independent one) believes ``data``; any other exception is a failure."""
    try:
        proof.verify(data)
        ours = True
    except PeerFault:
        ours = False
    try:
        independent.verify(data)
        theirs = True
    except independent.Refused:
        theirs = False
    return ours, theirs


@pytest.mark.parametrize("name", GOOD)
def test_both_say_the_same_of_a_good_proof(name: str) -> None:
    ours, theirs = proof.verify(GOOD[name]), independent.verify(GOOD[name])
    assert theirs["document"] == ours.document.id
    assert theirs["author"] == ours.author.member
    assert theirs["audience"] == ours.document.header.audience.id
    assert theirs["verdict"] == (ours.receipt.leaf.verdict if ours.receipt else None)
    assert theirs["time"] == (ours.receipt.head.time if ours.receipt else None)


@pytest.mark.parametrize("name", REFUSED)
def test_both_refuse_what_is_signed_by_the_wrong_hand(name: str) -> None:
    assert accepts(REFUSED[name]) == (False, False), PROOFS[name]["what"]


def test_the_protocol_page_counts_what_is_there() -> None:
    page = (SOURCE.parents[2] / "docs" / "protocol.md").read_text("utf-8")
    lines = len(SOURCE.read_text("utf-8").splitlines())
    assert lines <= 200
    assert f"`tests/vectors/independent_verifier.py` is such a verifier: {lines} lines" in page
    assert f"has {len(GOOD)} proofs that hold and {len(REFUSED)} that must be refused" in page
    contents = page[: page.index("\n## 1 Words")]
    for heading in (line for line in page.splitlines() if line.startswith("## ")):
        number = heading.split()[1]
        assert f"[{number}](#{number}-" in contents, heading


def changed_bytes(data: bytes, step: int, seed: int) -> Iterator[bytes]:
    """``data`` with one byte changed, at every ``step``-th position."""
    dice = Random(seed)
    for at in range(dice.randrange(step), len(data), step):
        yield data[:at] + bytes([data[at] ^ dice.randrange(1, 256)]) + data[at + 1 :]


def disturbed(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """``data`` with bytes inserted, removed, doubled or exchanged, or cut off."""
    dice = Random(seed)
    for _ in range(count):
        at, to = sorted(dice.sample(range(len(data)), 2))
        yield data[:at] + dice.randbytes(dice.randrange(1, 4)) + data[at:]
        yield data[:at] + data[to:]
        yield data[:to] + data[at:]
        yield data[:at]
        yield data + dice.randbytes(1)


def refuse_all(mutants: Iterator[bytes], original: bytes) -> None:
    for mutant in mutants:
        if mutant != original:
            assert accepts(mutant) == (False, False), mutant.hex()


@pytest.mark.parametrize(("name", "step"), [("document-alone", 1), ("personal-part-erased", 5), ("one-of-five", 2)])
def test_a_changed_byte_is_refused(name: str, step: int) -> None:
    refuse_all(changed_bytes(GOOD[name], step, 1), GOOD[name])


@pytest.mark.parametrize("name", GOOD)
def test_a_disturbed_file_is_refused(name: str) -> None:
    refuse_all(disturbed(GOOD[name], 20, 2), GOOD[name])


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", GOOD)
def test_every_byte_of_every_proof_is_pinned(name: str) -> None:
    refuse_all(changed_bytes(GOOD[name], 1, 3), GOOD[name])
    refuse_all(changed_bytes(GOOD[name], 1, 4), GOOD[name])
    refuse_all(disturbed(GOOD[name], 300, 5), GOOD[name])


def test_it_is_short_and_shares_no_code() -> None:
    text = SOURCE.read_text("utf-8")
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in ([ast.alias(node.module or "")] if isinstance(node, ast.ImportFrom) else node.names)
    }
    assert imported == {"hashlib", "sys", "unicodedata", "pathlib", "typing", "msgpack", "nacl"}
    assert len(text.splitlines()) <= 200


def test_it_runs_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "order.proof"
    file.write_bytes(GOOD["one-of-five"])
    command = [sys.executable, "-I", str(SOURCE), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60)
    assert f"document {proof.verify(GOOD['one-of-five']).document.id.hex()}" in done.stdout
    assert "verdict applied" in done.stdout
