"""`yui key …`: keys of members. Recovery words and the association's key are used here and never sent to the node."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output
from cli.client import call, data_folder
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.output import moment, short
from node import rules
from node.i18n import _

if TYPE_CHECKING:
    from protocol.identity.control import Record, Signed
    from protocol.keys import SigningKey

app = family(_("Keys of members."))
Member = Annotated[str, typer.Argument(metavar="MEMBER", help=_("Name, or first digits of the id."))]
By = Annotated[str, typer.Option("--by", help=_("Who signs: words (the member's 24 words) or association (its key)."))]
KeyFile = Annotated[
    Path | None,
    typer.Option("--association-key", help=_("File of the association's key (default: in the data folder).")),
]


@command(app, "list", _("List a member's key operations."))
def list_keys(member: Member) -> None:
    """List key operations."""
    found = call("key.list", member=member)
    rows = [
        (
            short(row["hash"]),
            row["number"],
            row["what"],
            row["rank"],
            moment(row["first_seen"]),
            _("undone") if row["undone"] else _("in force") if row["current"] else "",
        )
        for row in found
    ]
    output.table(found, [_("Record"), _("Number"), _("What"), _("Rank"), _("Seen here"), ""], rows)


@command(app, "rotate", _("A new signing key, by the node itself (routine)."))
def rotate(member: Member) -> None:
    """Rotate the signing key."""
    found = call("key.rotate", member=member)
    output.facts(found, [(_("Member"), found["member"]), (_("Epoch"), found["epoch"])])


@command(
    app,
    "revoke",
    _("Replace a key that may be in wrong hands, with a higher one: the signing key, or the keys of a role."),
)
def revoke(
    member: Member,
    role: Annotated[str, typer.Option(help=_("signing, words, or association."))] = "signing",
    by: By = "words",
    association_key: KeyFile = None,
) -> None:
    """Replace a key."""
    _require(role in ("signing", "words", "association"), _("--role: signing, words or association"))
    _require(by in ("words", "association"), _("--by: words or association"))
    if role == "signing":
        finish(call("key.draft", member=member, by=by), by, association_key, _is_rotation)
        return
    _require(by == "words", _("the keys of a role are replaced with the words"))
    public, new_words = _new_keys(role)
    draft = call("key.draft", member=member, role=role, public=public.hex())
    found = finish(draft, by, None, partial(_gives_role, role, public))
    if new_words:
        found["words"] = new_words
        _show_words(new_words)


@command(app, "undo", _("Undo a key operation of the last 7 days that a lower rank made; needs the member's words."))
def undo(
    member: Member,
    record: Annotated[str, typer.Argument(metavar="RECORD", help=_("First digits of the record in `yui key list`."))],
) -> None:
    """Undo a key operation."""
    finish(call("key.draft", member=member, by="words", undo=record), "words", None, _is_rotation)


@command(
    app,
    "decide",
    _("Decide with the words where a member has two successors of one record: a new key takes the place of both."),
)
def decide(member: Member) -> None:
    """Decide a fork of a member's control log."""
    fork = call("key.fork", member=member)
    if not output.Mode.json:
        _show_fork(fork)
    draft = call("key.decide", member=fork["member"])
    found = finish(draft, "words", None, partial(_takes_both_places, bytes.fromhex(fork["point"])), "key.decided")
    if not output.Mode.json and found["frozen"]:
        output.line(_("This node still signs nothing: {why}").format(why=found["frozen"]))


def _show_fork(fork: dict[str, Any]) -> None:
    """Both branches in plain words, and what the decision does to them."""
    for title, branch in ((_("What stands here"), fork["ours"]), (_("What a partner knows"), fork["theirs"])):
        output.line(f"{title}:")
        for row in branch["records"]:
            output.line(f"  {short(row['hash'])}  {moment(row['time'])}  {row['rank']}  {row['what']}")
    output.line(_("Papers sent here since the branches parted: {count}").format(count=fork["ours"]["sent"]))
    output.line(
        _(
            "The words open a new epoch in the place of both. Key changes and guardians of either branch have to be "
            "made again. Papers stay where they are; those that were signed in either branch can no longer be proved."
        )
    )


@command(app, "paper", _("Show the association's key as 24 words, to be kept on paper far from this machine."))
def paper(association_key: KeyFile = None) -> None:
    """Show the association's key as words: with them its members come back elsewhere when this machine is lost."""
    from protocol.errors import YuiError
    from protocol.identity import words

    try:
        found = words.words_of(_association_key(association_key).seed())
    except YuiError as error:
        raise Failure(Exit.BAD_INPUT, rules.text_of(error)) from None
    if output.Mode.json:
        output.emit({"words": found})
        return
    output.line(_("The association's key. Whoever has these words and guardians' consent can move all its members:"))
    _in_rows(found)


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise Failure(Exit.BAD_INPUT, rule)


def _new_keys(role: str) -> tuple[bytes, list[str]]:
    """The public key that the role gets, and the words to write down if they are new."""
    from protocol.identity import words

    if role == "association":
        path = data_folder() / "keys" / "association.pub"
        _require(path.exists(), _("{path}: no such file").format(path=path))
        return bytes.fromhex(path.read_text("ascii").strip()), []
    entropy = os.urandom(words.ENTROPY_BYTES)
    return words.key_of(entropy).public, words.words_of(entropy)


def _is_rotation(record: Record) -> bool:
    """A new signing key at the same home: what the words are asked for, and nothing more."""
    from protocol.identity.control import Epoch, Reason

    return isinstance(record.payload, Epoch) and record.payload.reason is Reason.ROTATE


def _takes_both_places(point: bytes, record: Record) -> bool:
    """A new signing key behind the record that both branches follow."""
    return record.previous == point and _is_rotation(record)


def _gives_role(role: str, public: bytes, record: Record) -> bool:
    """The role gets the key that was made here, and no other."""
    from protocol.identity.genesis import RoleKeys

    payload = record.payload
    return isinstance(payload, RoleKeys) and (payload.role.value, payload.keys) == (role, (public,))


def finish(
    answer: dict[str, Any],
    by: str,
    key_file: Path | None,
    is_asked: Callable[[Record], bool],
    take: str = "key.take",
) -> dict[str, Any]:
    """Sign a draft here if it is what was asked for, give it back, show what is in force then.

    A node in wrong hands could hand out a draft that moves the member: such a one is not signed.
    """
    from protocol.errors import YuiError
    from protocol.identity import control
    from protocol.identity.genesis import Rank

    rank = {"words": Rank.WORDS, "association": Rank.ASSOCIATION}[by]
    try:
        drafted = control.parse(bytes.fromhex(answer["draft"]))
        if drafted.record.rank is not rank or not is_asked(drafted.record):
            raise Failure(Exit.REFUSED, _("the node handed out another record than was asked for: nothing was signed"))
        key = _words_key() if by == "words" else _association_key(key_file)
        signed = control.encode(_signed(drafted, by, key))
    except YuiError as error:
        raise Failure(Exit.BAD_INPUT, rules.text_of(error)) from None
    found: dict[str, Any] = call(take, member=answer["member"], signed=signed.hex())
    output.facts(found, [(_("Record"), found["hash"]), (_("What"), found["what"]), (_("Rank"), found["rank"])])
    return found


def submit(answer: dict[str, Any], role: str, key: SigningKey) -> None:
    """Sign a draft that was looked at with ``key`` and give it back."""
    from protocol.identity import control

    signed = control.encode(_signed(control.parse(bytes.fromhex(answer["draft"])), role, key))
    call("key.take", member=answer["member"], signed=signed.hex())


def _signed(drafted: Signed, role: str, key: SigningKey) -> Signed:
    from protocol.identity import control
    from protocol.identity.control import Signed

    own = control.sign(drafted.record, [(role, key)])
    return Signed(drafted.record, tuple(sorted({*drafted.proofs, *own.proofs})))


def _words_key() -> SigningKey:
    from protocol.identity import words

    if sys.stdin.isatty():
        phrase = str(typer.prompt(_("The member's 24 words"), err=True))
    else:
        phrase = sys.stdin.read()
    return words.key_of(words.entropy_of(phrase))


def _association_key(path: Path | None) -> SigningKey:
    from node import opening

    folder = data_folder()
    return opening.association_key(opening.open_secret(folder), path or folder / "keys" / opening.ASSOCIATION_KEY)


def _show_words(words: list[str]) -> None:
    if output.Mode.json:
        output.emit({"words": words})
        return
    output.line(_("The member's new words. The old ones are worth nothing now:"))
    _in_rows(words)


def _in_rows(words: list[str]) -> None:
    for start in range(0, len(words), 6):
        output.line("  " + "  ".join(f"{at + 1:2d} {words[at]}" for at in range(start, start + 6)))
