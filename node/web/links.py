"""Addresses that leave the page: links for mails and paper, and their QR codes. Owns how our own address is known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from node.web.visit import Visit


def absolute(visit: Visit, path: str) -> str:
    """The whole address of a path here: as configured (``api.base_url``), else as the visitor reached us."""
    base = visit.context.base_url.rstrip("/")
    if base:
        return base + path
    scheme = "https" if visit.site.cookies.secure(visit.request) else "http"
    return f"{scheme}://{visit.request.host}{path}"


def qr(text: str) -> Markup:
    """A QR code as a picture inside the page; no style attributes, which the security policy forbids."""
    import segno

    made = io.BytesIO()
    segno.make(text, error="m").save(
        made, kind="svg", xmldecl=False, svgns=True, svgclass="qr", lineclass=None, omitsize=True, border=2
    )
    return Markup(made.getvalue().decode())  # noqa: S704 - a path of squares, made by segno
