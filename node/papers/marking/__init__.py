"""Previews of drawings with a watermark: who looks, of which firm, when, on every page.

Owns the marks of a preview. PDF pages keep their lines, and lose what acts by itself (annotations, actions,
attachments); images become a PNG of at most 2,400 pixels. Work of a process of its own
(:mod:`node.papers.marking.worker`): what is drawn on comes from strangers.
"""

from __future__ import annotations

from typing import Final

PDF: Final = "application/pdf"
PNG: Final = "image/png"
IMAGES: Final = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}


def shown_as(media_type: str) -> str:
    """The type of the preview of a file of this type; empty where there is none."""
    return PDF if media_type == PDF else PNG if media_type in IMAGES else ""
