"""A courier of drawings for nodes in memory that speak to nobody."""

from __future__ import annotations

from pathlib import Path

from node.api.context import Context
from node.drawingfiles import DrawingFiles
from node.drawings import Drawings
from node.services.drawings.keeping import About
from protocol.errors import WorldFault
from protocol.process.drawing.records import Kind


async def _nobody(_node: bytes, _path: str, _body: bytes) -> bytes:
    raise WorldFault("nobody answers")


def courier(context: Context) -> Drawings:
    """Put into ``context``, and given back."""
    files = DrawingFiles(context.folder / "drawings")
    found = Drawings(context.house, context.store, _nobody, files, context.arrivals.notify)
    context.drawings = found
    return found


async def publish(
    context: Context, owner: bytes, plain: bytes, name: str = "AB-1203.pdf", drawing: bytes = b""
) -> bytes:
    """A version of ``owner``; its hash."""
    folder: Path = context.folder
    source = folder / f"source-{owner.hex()[:6]}"
    source.write_bytes(plain)
    media = "application/pdf" if name.endswith("pdf") else "image/png" if name.endswith("png") else "image/vnd.dxf"
    carrier = context.drawings
    assert isinstance(carrier, Drawings)
    return await carrier.publish(owner, drawing, source, About(Kind.DRAWING, "AB-1203", "ブラケット", name, media))
