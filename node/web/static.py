"""Style sheets, scripts and pictures, all our own or vendored. Owns their addresses, which change with their content.

The folder is listed once; what is not in the list does not exist.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import Final

from aiohttp import web

PREFIX: Final = "/static/"
FOLDER: Final = Path(__file__).parent / "static"
SERVED: Final = (".css", ".js", ".svg", ".png", ".webmanifest", ".woff2")
FOREVER: Final = "public, max-age=31536000, immutable"


@cache
def _listed() -> dict[str, tuple[Path, str]]:
    """Name below /static/ → (file, first digits of its hash)."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in SERVED:
            mark = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
            found[path.relative_to(FOLDER).as_posix()] = (path, mark)
    return found


def address(name: str) -> str:
    """The address of a file, different for each content. KeyError for a file that is not there."""
    return f"{PREFIX}{name}?v={_listed()[name][1]}"


async def serve(request: web.Request) -> web.StreamResponse:
    """One file."""
    found = _listed().get(request.path.removeprefix(PREFIX))
    if found is None or request.method not in ("GET", "HEAD"):
        return web.Response(status=404, text="not found", headers={"X-Content-Type-Options": "nosniff"})
    path, mark = found
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    known = request.query.get("v") == mark
    headers = {
        "Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        "Cache-Control": FOREVER if known else "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    return web.FileResponse(path, headers=headers)
