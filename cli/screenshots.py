"""``yui screenshots``: the story's pages as pictures, in both languages, at a desk and on a telephone.

Parses, sets the stage, has the pictures taken. What is on them is ``cli.demonstration.pictures``'.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.cluster.ending import ended_by_signals
from cli.cluster.nodes import ROOT
from cli.command import tell
from cli.exits import Exit, Failure
from node.i18n import _

FOLDER = Annotated[Path, typer.Argument(metavar="DIR", help=_("Where the pictures go."))]
GUIDES = Annotated[bool, typer.Option("--guides", help=_("Also make anew the pictures of the guides (docs/*/img)."))]
JSON = Annotated[bool, typer.Option("--json", help=_("Answer with one JSON value on standard output."))]


def screenshots(folder: FOLDER, guides: GUIDES = False, json: JSON = False) -> None:
    """Tell October 2026 on three nodes of their own, and take pictures of every page."""
    output.Mode.json = json
    try:
        with ended_by_signals(), tempfile.TemporaryDirectory(prefix="yui-pictures-") as place:
            count = _take(Path(place), folder, ROOT / "docs" if guides else None)
    except Failure as failure:
        raise typer.Exit(tell(failure)) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    output.facts({"pictures": count}, [(_("Pictures"), count), (_("Folder"), folder)])


def _take(place: Path, folder: Path, guides: Path | None) -> int:
    from cli.cluster.member_api import Refused
    from cli.cluster.nodes import Failed
    from cli.demonstration.october.stage import Stage
    from cli.demonstration.pictures import LANGUAGES, Walk, browser

    stage = Stage(place)
    try:
        with browser() as found:
            stage.set(lambda text: output.say(f"• {text}"))
            return sum(Walk(stage, found, language, folder, guides).walk() for language in LANGUAGES)
    except (Failed, Refused, OSError, ValueError) as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    finally:
        stage.stop()
