"""Watermarks: every page and image carries them, what acts by itself is gone, what is no file is refused."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from fpdf import FPDF
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from node.papers.marking import PDF, shown_as
from node.papers.marking.worker import Worker
from protocol.errors import Malformed, TooLarge

LINES = ["浦島水産食品  太郎", "2026-11-23 15:30  AB-1203  v2"]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    found = Worker()
    yield found
    found.close()


def a_pdf(pages: int = 2, javascript: bool = True) -> bytes:
    pdf = FPDF(unit="pt", format=(600, 400))
    pdf.set_font("helvetica", size=20)
    for number in range(pages):
        pdf.add_page()
        pdf.text(50, 50, f"sheet {number + 1}")
        pdf.link(10, 10, 50, 50, "https://example.org/")
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(bytes(pdf.output()))))
    if javascript:
        action = DictionaryObject({NameObject("/S"): NameObject("/JavaScript")})
        action[NameObject("/JS")] = TextStringObject("app.alert(1)")
        writer.root_object[NameObject("/OpenAction")] = action
        writer.add_attachment("a.txt", b"x")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_every_page_of_a_pdf(worker: Worker) -> None:
    made = worker.mark(a_pdf(), PDF, LINES)
    pages = PdfReader(io.BytesIO(made)).pages
    assert len(pages) == 2
    for number, page in enumerate(pages, 1):
        text = page.extract_text().replace("\0", "")
        assert f"sheet {number}" in text
        assert "浦島水産食品" in text
        assert "AB-1203" in text
        assert "/Annots" not in page
    for trace in (b"app.alert", b"example.org", b"EmbeddedFile", b"/OpenAction"):
        assert trace not in made


def test_an_image(worker: Worker) -> None:
    source = Image.new("RGB", (3_000, 2_000), "white")
    data = io.BytesIO()
    source.save(data, "JPEG")
    made = Image.open(io.BytesIO(worker.mark(data.getvalue(), "image/jpeg", LINES)))
    assert (made.format, made.size) == ("PNG", (2_400, 1_600))
    colours = made.getcolors(1 << 20)
    assert colours is not None
    white = sum(count for count, colour in colours if colour == (255, 255, 255))
    assert 0.5 < white / (2_400 * 1_600) < 0.995


def test_what_cannot_be_shown(worker: Worker) -> None:
    for data, kind in ((b"%PDF-1.7 nonsense", PDF), (b"", PDF), (b"GIF89a", "image/gif"), (a_pdf(), "image/png")):
        with pytest.raises(Malformed):
            worker.mark(data, kind, LINES)
    with pytest.raises(TooLarge, match="100"):
        worker.mark(a_pdf(101, javascript=False), PDF, LINES)
    huge = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(huge, "PNG")
    with pytest.raises((TooLarge, Malformed)):
        worker.mark(huge.getvalue(), "image/png", LINES)
    assert worker.mark(a_pdf(1), PDF, LINES)  # and goes on


def test_what_has_a_preview() -> None:
    assert [shown_as(kind) for kind in (PDF, "image/tiff", "image/vnd.dxf", "text/html")] == [PDF, "image/png", "", ""]
