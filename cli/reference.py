"""The reference of every command, made from the commands themselves: ``python -m cli.reference > docs/operate/cli.md``.

Owns the page's form. In the reader's language: ``YUI_LANG=ja python -m cli.reference > docs/operate/cli.ja.md``. A test
compares both pages with what this makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from cli.exits import Exit
from node.i18n import _

SKIPPED = frozenset({"demo", "bench"})  # they have pages of their own, and are imported only when named


def page() -> str:
    """The whole page in Markdown."""
    import typer

    from cli.main import build

    root = typer.main.get_command(build([]))
    return "\n".join([*_head(), *_commands(root, "yui")]) + "\n"


def _head() -> Iterator[str]:
    yield "# " + _("The commands of yui")
    yield ""
    yield "<!-- made by cli/reference.py -->"
    yield ""
    yield _(
        "Every command takes --data DIR (the node's data folder; otherwise YUI_DATA) and --json (one JSON value on "
        "standard output; refusals as one JSON value on standard error). Progress goes to standard error. A command "
        "speaks to the running node over its admin socket; where that makes sense it also works on a stopped node, "
        "under the lock of its store."
    )
    yield ""
    yield f"| {_('Exit code')} | {_('Meaning')} |"
    yield "|---|---|"
    for code, meaning in _exits().items():
        yield f"| {int(code)} | {meaning} |"


def _exits() -> dict[Exit, str]:
    return {
        Exit.OK: _("done"),
        Exit.REFUSED: _("refused by the node or the state of things, or failed"),
        Exit.USAGE: _("unknown command or option"),
        Exit.UNREACHABLE: _("no node is running, or something outside does not answer"),
        Exit.BAD_INPUT: _("a file or value is wrong; the message names field and rule"),
        Exit.NOT_VERIFIED: _("a proof, a backup or a chain does not hold"),
    }


def _commands(group: Any, prefix: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if name in SKIPPED:
            continue
        whole = f"{prefix} {name}"
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield from _command(command, whole, "##")
            else:
                yield from ("", f"## {whole}", "", command.help or "")
            yield from _commands(command, whole)
        else:
            yield from _command(command, whole, "##" if prefix == "yui" else "###")


def _command(command: Any, whole: str, level: str) -> Iterator[str]:
    parameters = [item for item in command.params if item.name not in ("data", "json", "help")]
    arguments = [item for item in parameters if item.param_type_name == "argument"]
    options = [item for item in parameters if item.param_type_name == "option"]
    usage = " ".join([whole, *(_argument(item) for item in arguments), *(["[…]"] if options else [])])
    yield from ("", f"{level} {whole}", "", command.help or "", "", "```", usage, "```")
    if any(item.help for item in (*arguments, *options)):
        yield from ("", f"| {_('Option')} | {_('Meaning')} |", "|---|---|")
        yield from (f"| `{_argument(item)}` | {_cell(item.help)} |" for item in arguments if item.help)
        yield from (f"| {_option(item)} | {_cell(item.help)} |" for item in options)


def _argument(item: Any) -> str:
    name = str(item.metavar or item.name.upper())
    return name if item.required or name.startswith("[") else f"[{name}]"


def _option(item: Any) -> str:
    value = (
        ""
        if item.is_flag
        else f" {item.metavar or ('NUMBER' if item.min is not None or item.bare_type is int else 'TEXT')}"
    )
    return ", ".join(f"`{name}{value}`" for name in item.opts)


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(page())
