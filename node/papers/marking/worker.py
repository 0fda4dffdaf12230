"""The process that marks previews. Source: :mod:`node.papers.process`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from node.papers.process import Confines, Process, answer_requests
from protocol.limits import MIB

MEMORY_BYTES = 1536 * MIB  # address space, of which the font maps 16 MB
CPU_SECONDS = 45
TIMEOUT_SECONDS = 90.0
OPEN_FILES = 32


class Worker(Process):
    """Marks in another process."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        super().__init__("node.papers.marking.worker", "preview", timeout_seconds=timeout_seconds)

    def mark(self, data: bytes, media_type: str, lines: Sequence[str]) -> bytes:
        """The preview of a file with ``lines`` over every page. Malformed for what is no such file."""
        (made,) = self.call("mark", data, media_type, list(lines))
        return bytes(made)


# ---- inside the process -------------------------------------------------------------------------------------------


def serve() -> None:
    """Load the libraries, then answer. Runs in the other process."""
    from node.papers.marking import drawing

    drawing.load()
    answer_requests(_perform, Confines(MEMORY_BYTES, CPU_SECONDS, OPEN_FILES))


def _perform(operation: str, *arguments: Any) -> list[Any]:
    from node.papers.marking import PDF, drawing

    assert operation == "mark"
    data, media_type, lines = arguments
    if media_type == PDF:
        return [drawing.mark_pdf(data, lines)]
    return [drawing.mark_image(data, media_type, lines)]
