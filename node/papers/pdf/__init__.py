"""Papers as PDF, as firms print, file and fax them: Japanese or English, the font inside, the same bytes every time.

``render`` is pure: the date of the file is the document's. It loads fonts of 32 MB, so a node uses
:class:`node.papers.pdf.worker.Worker`, which does the same in a process of its own. Nothing here is imported by an idle
node but this module and the context.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.papers.pdf.context import FORMS, LANGUAGES, Context
from node.papers.pdf.letter import Letter
from node.papers.pdf.monthly import Monthly
from node.papers.pdf.settling import Settlement
from protocol.errors import CallerFault
from protocol.process.trade.papers import Paper


def render(paper: Paper, context: Context) -> bytes:
    """The PDF of a paper. CallerFault names what cannot be printed so."""
    from node.papers.pdf import drawing, sheets

    require(context)
    sheet = sheets.compose(paper, context)
    return drawing.draw(sheet, fax=context.fax, made_us=context.time)


def render_letters(written: Sequence[Letter]) -> bytes:
    """One PDF of one invitation or more, each on a page of its own. CallerFault for none, or another language."""
    from node.papers.pdf import drawing
    from node.papers.pdf import letter as letters

    if not written:
        raise CallerFault("letters", "at least one")
    if any(letter.language not in LANGUAGES for letter in written):
        raise CallerFault("lang", f"one of {', '.join(LANGUAGES)}")
    first = written[0]
    return drawing.draw_all([letters.sheet(letter) for letter in written], fax=first.fax, made_us=first.made_us)


def render_monthly(months: Sequence[Monthly]) -> bytes:
    """One PDF of the lists of a closing, one for each currency. CallerFault for none, or another language."""
    from node.papers.pdf import drawing, monthly

    if not months:
        raise CallerFault("month", "at least one")
    if any(month.language not in LANGUAGES for month in months):
        raise CallerFault("lang", f"one of {', '.join(LANGUAGES)}")
    first = months[0]
    return drawing.draw_all([monthly.sheet(month) for month in months], fax=first.fax, made_us=first.made_us)


def render_settlements(made: Sequence[Settlement]) -> bytes:
    """One PDF of the settlements of a joint order, each firm's on a page of its own. CallerFault as for letters."""
    from node.papers.pdf import drawing, settling

    if not made:
        raise CallerFault("settlements", "at least one")
    if any(one.language not in LANGUAGES for one in made):
        raise CallerFault("lang", f"one of {', '.join(LANGUAGES)}")
    first = made[0]
    return drawing.draw_all([settling.sheet(one) for one in made], fax=first.fax, made_us=first.made_us)


def require(context: Context) -> None:
    """CallerFault, unless language and form are among those there are."""
    if context.language not in LANGUAGES:
        raise CallerFault("lang", f"one of {', '.join(LANGUAGES)}")
    if context.form not in FORMS:
        raise CallerFault("form", f"empty or one of {', '.join(filter(None, FORMS))}")


__all__ = [
    "FORMS",
    "LANGUAGES",
    "Context",
    "Letter",
    "Monthly",
    "Settlement",
    "render",
    "render_letters",
    "render_monthly",
    "render_settlements",
    "require",
]
