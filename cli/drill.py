"""`yui drill …`: could every member be restored elsewhere today? The report is a file for the board, signed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family, read_file, with_common_options
from cli.exits import Exit, Failure
from cli.output import moment
from node import rules
from node.i18n import _, language

POLL_S = 0.5
app = family(_("Drills: could every member be restored elsewhere today, from what guardians hold?"))
app.info.no_args_is_help = False


def drill(
    context: typer.Context,
    members: Annotated[
        int, typer.Option(min=0, max=10_000, help=_("Of so many members, by chance, everything is read and put back."))
    ] = 3,
    everyone: Annotated[bool, typer.Option("--all", help=_("Of all members."))] = False,
    file: Annotated[Path | None, typer.Option(help=_("Write the signed report here, as JSON."))] = None,
    page: Annotated[Path | None, typer.Option(help=_("Write it here as a page to print."))] = None,
) -> None:
    """Run a drill."""
    if context.invoked_subcommand is not None:
        return
    begun = call("drill.begin", members=members, all=everyone)
    done = 0
    with output.progress(_("asking guardians"), begun["members"] or None) as advance:
        while True:
            found = call("drill.state")
            advance(found["done"] - done)
            done = found["done"]
            if found["report"] is not None:
                break
            time.sleep(POLL_S)
    signed = found["report"]
    if file is not None:
        _write(file, json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
    if page is not None:
        from node import drillpage

        _write(page, drillpage.page(signed, language()))
    _show(signed, signed["report"])
    if signed["report"]["verdict"] == "failed":
        raise Failure(Exit.REFUSED, _("at least one member could not be restored with everything"))


app.callback(invoke_without_command=True)(with_common_options(drill))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Failure(
            Exit.BAD_INPUT, _("{path} cannot be written: {error}").format(path=path, error=error.strerror)
        ) from None


def _show(value: Any, report: dict[str, Any]) -> None:
    from node.drillpage import VERDICTS, WORDS

    if output.Mode.json:
        output.emit(value)
        return
    rows = [
        (
            item["name"],
            _word(WORDS, item["verdict"]),
            _("restored") if item["drilled"] else _("asked"),
            f"{item['whole']}/{len(item['guardians'])}",
            f"{item['documents_back']}/{item['documents']}" if item["drilled"] else item["documents"],
            item["late"],
            _("about {seconds} s").format(seconds=item["back_s"]) if item["guardians"] else "–",
            "; ".join(_found(item)),
        )
        for item in report["members"]
    ]
    columns = [
        _("Member"), _("Result"), _("How"), _("Places"), _("Documents"), _("Not copied yet"), _("Back elsewhere in"),
        _("Found"),
    ]  # fmt: skip
    output.table(value, columns, rows, empty=_("no members yet: `yui member add NAME`"))
    output.say(_word(VERDICTS, report["verdict"]))


def _word(words: dict[str, str], key: str) -> str:
    text = words[key]
    return _(text)


def _found(item: dict[str, Any]) -> list[str]:
    half = _("incomplete")
    doubtful = [one for one in item["guardians"] if one["trouble"] or not one["whole"]]
    return [
        *(f"{lack['what']}: {lack['count']}" for lack in item["lacking"]),
        *(f"{one['name']}: {one['trouble'] or half}" for one in doubtful),
    ]


@command(app, "verify", _("Check the signature of a report (JSON or the printed page). Works without a node."))
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("The report."))],
    node: Annotated[str, typer.Option(help=_("First digits of the node's id that it has to be signed by."))] = "",
) -> None:
    """Verify a report."""
    from node import drillpage
    from node.services.drilling import report
    from protocol.errors import YuiError

    data = read_file(file)
    try:
        found = report.verify(data)
    except YuiError as error:
        raise Failure(Exit.NOT_VERIFIED, rules.text_of(error)) from None
    if node and not found["node"].startswith(node.lower()):
        raise Failure(Exit.NOT_VERIFIED, _("signed by another node: {node}").format(node=found["node"]))
    same = _is_the_page(data)
    facts: list[tuple[str, object]] = [
        (_("Holds"), _("yes: signed by this node, not changed since")),
        (_("Node"), found["node"]),
        (_("Name (as the node says)"), found["name"]),
        (_("Time (as the node says)"), moment(found["time"])),
        (_("Result"), _word(drillpage.WORDS, found["verdict"])),
        (_("Members"), len(found["members"])),
        (_("Restored"), found["drilled"]),
    ]
    output.facts({"holds": True, "page": same, "report": found}, facts)
    if same is False:
        raise Failure(Exit.NOT_VERIFIED, _("the signed report inside holds, but not the page around it"))
    if not node:
        output.say(_("Compare the node's id with the one that you know."))


def _is_the_page(data: bytes) -> bool | None:
    """Whether a printed page says what the signed report inside it says; None for a file that is no page."""
    from node import drillpage
    from node.services.drilling import report

    signed = report.unfold(data)
    if signed is None:
        return None
    text = data.decode("utf-8")
    return any(drillpage.page(signed, one) == text for one in ("ja", "en"))
