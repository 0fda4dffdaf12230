"""PDFs in a process of their own: fonts and the layout take 200 MB, which an idle node does not have.

:class:`Worker` hands that process one paper at a time. It parses the faces once and keeps them from paper to paper; it
ends itself when nobody has printed for two minutes. Source: :mod:`node.papers.process`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from node.papers.pdf.context import Context
from node.papers.pdf.letter import Letter
from node.papers.pdf.monthly import Monthly
from node.papers.pdf.settling import Settlement
from node.papers.process import Confines, Process, answer_requests
from protocol.limits import MIB
from protocol.process.trade import papers
from protocol.process.trade.papers import Paper

MEMORY_BYTES = 1024 * MIB  # address space, of which the two fonts map 33 MB
CPU_SECONDS = 45  # of one paper: 1,000 lines of long texts
TIMEOUT_SECONDS = 90.0
OPEN_FILES = 32


class Worker(Process):
    """Renders in another process. Same bytes and errors as :func:`node.papers.pdf.render`."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        super().__init__("node.papers.pdf.worker", "PDF", timeout_seconds=timeout_seconds)

    def render(self, paper: Paper, context: Context) -> bytes:
        """The PDF of a paper."""
        kind = papers.TYPE_OF[type(paper)]
        (pdf,) = self.call("paper", kind, papers.encode(paper), msgspec.msgpack.encode(context))
        return bytes(pdf)

    def letter(self, letter: Letter) -> bytes:
        """The PDF of a letter."""
        return self.letters((letter,))

    def letters(self, letters: Sequence[Letter]) -> bytes:
        """One PDF of several letters, each on a page of its own."""
        (pdf,) = self.call("letters", msgspec.msgpack.encode(list(letters)))
        return bytes(pdf)

    def monthly(self, months: Sequence[Monthly]) -> bytes:
        """One PDF of the lists of a closing."""
        (pdf,) = self.call("monthly", msgspec.msgpack.encode(list(months)))
        return bytes(pdf)

    def settlements(self, made: Sequence[Settlement]) -> bytes:
        """One PDF of the settlements of a joint order."""
        (pdf,) = self.call("settlements", msgspec.msgpack.encode(list(made)))
        return bytes(pdf)


# ---- inside the process -------------------------------------------------------------------------------------------


def serve() -> None:
    """Load fonts and layout, then answer. Runs in the other process."""
    from node.papers.pdf import drawing, fonts, sheets  # noqa: F401 - loaded before the limits hold

    fonts.faces()
    answer_requests(_perform, Confines(MEMORY_BYTES, CPU_SECONDS, OPEN_FILES))


def _perform(operation: str, *arguments: Any) -> list[Any]:
    from node.papers import pdf

    if operation == "letters":
        return [pdf.render_letters(msgspec.msgpack.decode(arguments[0], type=list[Letter]))]
    if operation == "monthly":
        return [pdf.render_monthly(msgspec.msgpack.decode(arguments[0], type=list[Monthly]))]
    if operation == "settlements":
        return [pdf.render_settlements(msgspec.msgpack.decode(arguments[0], type=list[Settlement]))]
    kind, body, context = arguments
    paper = papers.decode(kind, papers.VERSIONS[kind][-1], body)
    return [pdf.render(paper, msgspec.msgpack.decode(context, type=Context))]
