"""The command `yui`: every family of commands, in the reader's language. Owns the list and what comes before and after.

Commands import what they need when they run, so that `yui --help` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from cli import (
    address,
    backup,
    books,
    bringing,
    carry,
    closing,
    deed,
    document,
    drawing,
    drill,
    enquiry,
    erase,
    group,
    guardian,
    guest,
    held,
    imports,
    init,
    item,
    joint,
    key,
    member,
    migrate,
    moving,
    notice,
    offer,
    order,
    payments,
    peer,
    pos,
    quarantine,
    relay,
    restore,
    serve,
    stats,
    status,
    terms,
    token,
    user,
)
from cli.command import command, family, tell
from cli.exits import Exit, Failure
from cli.output import Mode, prepare_streams
from cli.parser_words import speak
from node.i18n import _

FAMILIES = {
    "member": (member.app, _("Members of this node.")),
    "user": (user.app, _("Logins of members.")),
    "token": (token.app, _("Tokens for programs that use the member API.")),
    "peer": (peer.app, _("Other associations' nodes.")),
    "order": (order.app, _("Orders: send, list, show, answer.")),
    "document": (document.app, _("Documents of every kind: send, search, show, prove.")),
    "item": (item.app, _("Own items: list, add, remove.")),
    "drawing": (drawing.app, _("Drawings and specifications: bring a file, say who may read it, see who has read it.")),
    "group": (group.app, _("Groups of firms over nodes: found, invite, join, leave, vote, say, share.")),
    "joint": (joint.app, _("Joint orders: open a round, pledge, withdraw, see what came of it, order.")),
    "offer": (offer.app, _("Offers and requests: publish, find, see what fits, withdraw.")),
    "deed": (deed.app, _("Agreements: answer an offer, counter, agree, refuse, say what came of it.")),
    "terms": (terms.app, _("Terms with one partner: closing day, payment, rounding.")),
    "books": (books.app, _("The books: search by day, amount and partner; export.")),
    "closing": (closing.app, _("Closing: what falls into a month with each partner, and the list of what was billed.")),
    "enquiry": (enquiry.app, _("Enquiries: one request to several suppliers, answers side by side.")),
    "guest": (guest.app, _("Partners without a node.")),
    "payments": (payments.app, _("Payments: what is due, what was paid.")),
    "pos": (pos.app, _("Sales of registers (POS).")),
    "stats": (stats.app, _("Questions between regions: sums that show no firm and no region.")),
    "return": (bringing.app, _("Members whose node was lost: bring them back here.")),
    "move": (moving.app, _("Members that move to another association, with both nodes alive.")),
    "carry": (carry.app, _("Files that carry what a connection would send, where there is no network.")),
    "relay": (relay.app, _("Mail around nodes that do not answer: left with guardians, carried for others.")),
    "erase": (erase.app, _("Personal data of papers: erase it here and at the partner.")),
    "held": (held.app, _("Documents that wait for a person.")),
    "quarantine": (quarantine.app, _("What peers sent and could not be taken.")),
    "notice": (notice.app, _("Notices that nobody opened, and mail.")),
    "key": (key.app, _("Keys of members.")),
    "guardian": (guardian.app, _("Guardians: encrypted copies of members at other associations.")),
    "drill": (drill.app, _("Drills: could every member be restored elsewhere today, from what guardians hold?")),
    "backup": (backup.app, _("Backups.")),
    "address": (address.app, _("The address under which this node is reached.")),
}


def build(arguments: list[str]) -> typer.Typer:
    """The application. The two big families are imported only when ``arguments`` name them."""
    app = family(_("Yui: trade documents between firms of different associations."))
    command(app, "init", _("Make a node: data folder, keys, configuration."))(init.init)
    command(app, "serve", _("Run the node until it is told to stop."))(serve.serve)
    command(app, "status", _("How the node is."))(status.status)
    command(app, "doctor", _("Look for what may be wrong."))(status.doctor)
    command(app, "support-bundle", _("Write how the node is, for somebody who helps; nothing of anybody's business."))(
        status.support_bundle
    )
    command(app, "import", _("Take over a list from CSV or Excel: items, prices, partners, balances, orders."))(
        imports.bring
    )
    command(app, "resolve", _("Go on after a copy of this node was found and switched off."))(status.resolve)
    for name, (found, text) in FAMILIES.items():
        app.add_typer(found, name=name, help=text)
    command(app, "restore", _("Make a data folder from a backup; always opens new epochs."))(restore.restore)
    command(app, "migrate", _("Bring the database up to date, after a backup."))(migrate.migrate)
    first = next((word for word in arguments if not word.startswith("-")), "")
    app.command("demo", help=_("Three nodes on this machine trade with each other."))(_demo(first))
    app.command("screenshots", help=_("Take pictures of the pages of the demo's story."))(_screenshots(first))
    _add_bench(app, first)
    return app


def _screenshots(first: str) -> Callable[..., None]:
    if first == "screenshots":
        from cli.screenshots import screenshots

        return screenshots
    return _placeholder


def _demo(first: str) -> Callable[..., None]:
    if first == "demo":
        from cli.demo import demo

        return demo
    return _placeholder


def _add_bench(app: typer.Typer, first: str) -> None:
    text = _("Measure this machine and this program.")
    if first == "bench":
        from cli.bench.main import app as bench

        app.add_typer(bench, name="bench", help=text)
    else:
        app.command("bench", help=text)(_placeholder)


def _placeholder() -> None:
    """Never runs: the command's own module is imported when it is named first."""


def main() -> int:
    """Run the command line; the exit code (docs/operate/cli.md)."""
    prepare_streams()
    speak()
    app = build(sys.argv[1:])
    try:
        code = app(prog_name="yui", standalone_mode="--json" not in sys.argv[1:])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except Exception as error:
        refused = _refusal(error)
        if refused is None:
            raise
        return tell(refused)
    return code if isinstance(code, int) else 0


def _refusal(error: Exception) -> Failure | None:
    """What the parser of arguments refused, as every other refusal is told; None for anything else."""
    explain = getattr(error, "format_message", None)
    if explain is None:
        return None
    Mode.json = True
    return Failure(Exit.USAGE, explain(), {"code": "usage", "detail": explain()})


if __name__ == "__main__":
    sys.exit(main())
