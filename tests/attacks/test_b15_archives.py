"""Row 15: archives that lie about their size, lie over each other, name what is elsewhere, or never end.

A workbook (.xlsx) is unpacked in the process that reads tables; an export archive by its verifier and by an import.
"""

from __future__ import annotations

import io
import random
import resource
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from node.leaving import verify
from node.leaving.reading import Reader
from node.papers.tabular.reading import MAX_PARTS, MAX_UNPACKED_BYTES
from node.papers.tabular.worker import Worker
from node.papers.tabular.writing import write_xlsx
from protocol.errors import CallerFault, Malformed, TooLarge, YuiError

MIB = 2**20
BOOK = "xl/workbook.xml"
SHEET = "xl/worksheets/sheet1.xml"


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return out.getvalue()


def lying(data: bytes, size: int, says: int) -> bytes:
    """Every place of the archive that says ``size`` says something else."""
    return data.replace(size.to_bytes(4, "little"), says.to_bytes(4, "little"))


def book_of(sheet: bytes, strings: bytes = b"") -> dict[str, bytes]:
    """The parts of a workbook as a spreadsheet program writes them, with the rows of its one sheet as given."""
    with zipfile.ZipFile(io.BytesIO(write_xlsx(["text"], [["more"]]))) as source:
        parts = {part.filename: source.read(part) for part in source.infolist()}
    head, _, tail = parts[SHEET].partition(b"<sheetData>")
    parts[SHEET] = head + b"<sheetData>" + sheet + tail[tail.index(b"</sheetData>") :]
    if strings:
        main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        parts["xl/sharedStrings.xml"] = b'<sst xmlns="' + main + b'"><si><t>' + strings + b"</t></si></sst>"
    return parts


@pytest.fixture(scope="module")
def tables() -> object:
    worker = Worker(timeout_seconds=20)
    yield worker
    worker.close()


def test_a_workbook_is_read_by_the_process_that_is_attacked_here(tables: Worker) -> None:
    row = b'<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
    assert tables.read(zipped(book_of(row)), "list.xlsx")


@pytest.mark.parametrize(
    "files",
    [
        {BOOK: b"", SHEET: b" " * (MAX_UNPACKED_BYTES + 1)},
        {BOOK: b"", **{f"xl/{number}.xml": b"" for number in range(MAX_PARTS)}},
    ],
    ids=["swells", "many"],
)
def test_a_workbook_that_swells_is_refused_before_it_is_unpacked(tables: Worker, files: dict[str, bytes]) -> None:
    data = zipped(files)
    began = time.process_time()
    with pytest.raises(TooLarge, match="unpacks to more than"):
        tables.read(data, "list.xlsx")
    assert time.process_time() - began < 1


def test_a_workbook_that_lies_about_its_size_does_no_harm(tables: Worker) -> None:
    """200 MiB behind a header that says 4 kB: the reader stops at a limit, and reads the next file."""
    size = 200 * MIB
    sheet = b"<row><c><v>1</v></c></row>" * (size // 26)
    files = book_of(sheet)
    data = lying(zipped(files), len(files[SHEET]), 4_096)
    began = time.monotonic()
    with pytest.raises(YuiError) as refused:
        tables.read(data, "list.xlsx")
    assert isinstance(refused.value, CallerFault | TooLarge | Malformed)
    assert time.monotonic() - began < 30
    test_a_workbook_is_read_by_the_process_that_is_attacked_here(tables)


def test_texts_that_name_each_other_are_not_multiplied(tables: Worker) -> None:
    """One shared text of 1 MB, shown in 20,000 cells: 20 GB if each had its own."""
    cells = b"".join(b'<row><c t="s"><v>0</v></c></row>' for _ in range(20_000))
    with pytest.raises(YuiError):
        tables.read(zipped(book_of(cells, b"a" * MIB)), "list.xlsx")
    test_a_workbook_is_read_by_the_process_that_is_attacked_here(tables)


# ---- export archives


def overlapping(path: Path) -> Path:
    """Thousands of names in the directory for one and the same megabytes (Fifield's idea)."""
    kernel = zipped({"about.json": b"\0" * (64 * MIB)})
    with zipfile.ZipFile(io.BytesIO(kernel)) as source:
        part = source.infolist()[0]
        start = source.start_dir
    with path.open("wb") as file:
        file.write(kernel[:start])
        target = zipfile.ZipFile(io.BytesIO(kernel))
        for number in range(5_000):
            info = zipfile.ZipInfo(f"documents/{number}.yui-proof")
            for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset", "flag_bits"):
                setattr(info, name, getattr(part, name))
            target.filelist.append(info)
        target.fp, target.start_dir = file, start
        target._write_end_record()  # type: ignore[attr-defined]
        target.fp = None
    return path


def test_files_that_lie_over_each_other_are_not_unpacked(tmp_path: Path) -> None:
    path = overlapping(tmp_path / "all.zip")
    assert path.stat().st_size < MIB
    with zipfile.ZipFile(path) as file:
        assert sum(part.file_size for part in file.infolist()) > 300_000 * MIB
    for reading in (verify.Archive, Reader):
        with pytest.raises(verify.Refused, match="lie over each other"):
            reading(path)


def archive_with(path: Path, files: dict[str, bytes]) -> Path:
    path.write_bytes(zipped(files))
    return path


def limited(path: Path) -> subprocess.CompletedProcess[str]:
    """The verifier as a person starts it, with 1.5 GB of memory and a minute of processor time."""

    def confine() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1_500 * MIB, 1_500 * MIB))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))

    command = [sys.executable, verify.__file__, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=confine)


def test_a_line_that_does_not_end_is_no_journal(tmp_path: Path) -> None:
    path = archive_with(tmp_path / "a.zip", {"journal/1.jsonl": b"[" * (64 * MIB)})
    with pytest.raises(verify.Refused, match="longer than any"):
        list(verify.Archive(path).lines("journal/1.jsonl"))


def test_two_hundred_thousand_names_take_seconds(tmp_path: Path) -> None:
    names = {f"documents/{number:06}.x": b"" for number in range(100_000)}
    path = archive_with(tmp_path / "a.zip", {"about.json": b"{}", "SHA256SUMS": b"", **names})
    began = time.process_time()
    faults: list[str] = []
    verify.listed(verify.Archive(path), faults)
    assert len(faults) == len(names) + 1
    assert time.process_time() - began < 20


def test_what_is_no_archive_is_called_so(tmp_path: Path) -> None:
    draw = random.Random(15)
    whole = zipped({"about.json": b"{}", "SHA256SUMS": b"", "signature.yui": b"", "index.json": b'{"documents": []}'})
    for number in range(20):
        data = bytearray(whole)
        for _ in range(draw.randrange(1, 6)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path = tmp_path / f"{number}.zip"
        path.write_bytes(bytes(data))
        with pytest.raises((verify.Refused, OSError, KeyError, ValueError, zipfile.BadZipFile, NotImplementedError)):
            verify.verify(path)
    found = limited(path)
    assert found.returncode in (1, 2)
    assert "Traceback" not in found.stderr


def test_names_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "all"
    folder.mkdir()
    archive = verify.Archive(folder)
    for name in ("../secret", "/etc/passwd", "a/../../secret"):
        with pytest.raises(verify.Refused, match="no name in here"):
            archive.open(name)
