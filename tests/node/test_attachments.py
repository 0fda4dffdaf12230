"""Files of attachments: whole or not there, named by what they hold, for nobody's path."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from node.attachments import AttachmentFiles
from protocol.document import attachment
from protocol.errors import CallerFault, Malformed, NotFound, TooLarge
from protocol.limits import CHUNK_BYTES

NAME = "ab" * 16
DATA = bytes(range(256)) * (CHUNK_BYTES // 256) + b"the rest"
CHUNKS = [DATA[:CHUNK_BYTES], DATA[CHUNK_BYTES:]]
ROOT = attachment.root_of(len(DATA), CHUNKS)


@pytest.fixture
def files(tmp_path: Path) -> AttachmentFiles:
    return AttachmentFiles(tmp_path / "attachments")


def put(files: AttachmentFiles, name: str = NAME) -> None:
    files.begin(name, b"owner", len(DATA), "text/plain")
    for index in (1, 0):
        files.put_chunk(name, index, CHUNKS[index])


def test_chunks_come_in_any_order_and_after_a_break(files: AttachmentFiles, tmp_path: Path) -> None:
    assert files.begin(NAME, b"owner", len(DATA), "text/plain").missing == (0, 1)
    assert files.put_chunk(NAME, 1, CHUNKS[1]).missing == (0,)
    again = AttachmentFiles(tmp_path / "attachments")  # the process died here
    assert again.find(NAME).missing == (0,)
    assert again.put_chunk(NAME, 0, CHUNKS[0]).missing == ()
    assert again.put_chunk(NAME, 0, CHUNKS[0]).missing == ()
    assert again.finish(NAME) == ROOT
    assert again.has(ROOT)
    assert [again.read_chunk(ROOT, index) for index in (0, 1)] == CHUNKS
    assert stat.S_IMODE(again.path(ROOT).stat().st_mode) == 0o600
    with pytest.raises(NotFound):
        again.find(NAME)


def test_what_is_not_whole_is_not_there(files: AttachmentFiles) -> None:
    files.begin(NAME, b"owner", len(DATA), "text/plain")
    files.put_chunk(NAME, 0, CHUNKS[0])
    with pytest.raises(CallerFault) as fault:
        files.finish(NAME)
    assert fault.value.code == "incomplete"
    assert not files.has(ROOT)


def test_another_root_than_was_named_is_thrown_away(files: AttachmentFiles) -> None:
    put(files)
    with pytest.raises(Malformed):
        files.finish(NAME, bytes(32))
    assert not files.has(ROOT)
    with pytest.raises(NotFound):
        files.find(NAME)


@pytest.mark.parametrize(
    ("index", "chunk", "fault"),
    [(0, b"short", CallerFault), (1, CHUNKS[1] + b"!", CallerFault), (2, b"x", CallerFault), (-1, b"x", CallerFault)],
)
def test_a_chunk_has_the_length_of_its_place(
    files: AttachmentFiles, index: int, chunk: bytes, fault: type[Exception]
) -> None:
    files.begin(NAME, b"owner", len(DATA), "text/plain")
    with pytest.raises(fault):
        files.put_chunk(NAME, index, chunk)
    assert files.find(NAME).missing == (0, 1)


def test_a_chunk_above_the_limit_is_too_large(files: AttachmentFiles) -> None:
    files.begin(NAME, b"owner", len(DATA), "text/plain")
    with pytest.raises(TooLarge):
        files.put_chunk(NAME, 1, bytes(CHUNK_BYTES + 1))


def test_open_uploads_are_counted_and_stale_ones_forgotten(files: AttachmentFiles) -> None:
    files.begin(NAME, b"owner", 1, "text/plain")
    files.begin("cd" * 16, b"other", 1, "text/plain")
    assert files.open_uploads(b"owner") == 1
    begun = time.time()
    assert files.forget_stale(60, begun) == 0
    assert files.forget_stale(60, begun + 3600) == 2
    assert files.open_uploads(b"owner") == 0


@pytest.mark.parametrize("name", ["", "..", "../../etc", "ab/cd", "AB" * 16, "a" * 31, "x" * 32, "a" * 65])
def test_names_are_never_paths(files: AttachmentFiles, name: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        files.begin(name, b"owner", 1, "text/plain")
    with pytest.raises(NotFound):
        files.find(name)
    files_there = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files_there == []


def test_an_empty_attachment_has_one_empty_chunk(files: AttachmentFiles) -> None:
    assert files.begin(NAME, b"owner", 0, "text/plain").missing == (0,)
    files.put_chunk(NAME, 0, b"")
    root = files.finish(NAME)
    assert root == attachment.root_of(0, [b""])
    assert files.read_chunk(root, 0) == b""
    with pytest.raises(NotFound):
        files.read_chunk(root, 1)
