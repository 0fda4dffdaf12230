"""How a command is declared: its help in the reader's language, ``--data`` and ``--json`` on each, one exit code.

Owns the two common options and the way an error becomes a sentence and a number. Knows no command.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import Folder
from cli.exits import Exit, Failure
from node.i18n import _

DATA = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help=_("The node's data folder (default: YUI_DATA)."))
]
JSON = Annotated[bool, typer.Option("--json", help=_("Answer with one JSON value on standard output."))]


def family(help: str) -> typer.Typer:
    """A group of commands: `yui member …`."""
    return typer.Typer(
        help=help,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,  # they show the values of variables, and some of those are secrets
    )


def command(app: typer.Typer, name: str, help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a function as command ``name`` of ``app``; its parameters are the command's own options."""

    def declare(body: Callable[..., None]) -> Callable[..., None]:
        app.command(name, help=help)(with_common_options(body))
        return body

    return declare


def with_common_options(body: Callable[..., None]) -> Callable[..., None]:
    """``body`` with ``--data`` and ``--json``, and with its errors turned into exit codes."""

    @wraps(body)
    def run(*, data: Path | None, json: bool, **given: Any) -> None:
        Folder.path, output.Mode.json = data, json
        try:
            body(**given)
        except Failure as failure:
            raise typer.Exit(tell(failure)) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    own = inspect.signature(body, eval_str=True)
    common = [
        inspect.Parameter("data", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=DATA),
        inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JSON),
    ]
    parameters = [item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in own.parameters.values()]
    signature = own.replace(parameters=[*parameters, *common])
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {item.name: item.annotation for item in signature.parameters.values()}
    del run.__wrapped__
    return run


def tell(failure: Failure) -> int:
    """Show a failure on standard error; its exit code."""
    if output.Mode.json:
        import json

        output.warn(json.dumps(failure.problem, ensure_ascii=False))
    else:
        output.warn(f"yui: {failure}")
    return int(failure.code)


def read_file(path: Path) -> bytes:
    """The bytes of a file that was named; a Failure that says why not."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(
            Exit.BAD_INPUT, _("{path}: cannot be read: {reason}").format(path=path, reason=error.strerror)
        ) from None
