"""`yui return …`: members whose node was lost come back here. Words and the association's key are used here only."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.output import moment, short
from node import rules
from node.i18n import _

if TYPE_CHECKING:
    from node.signing import KeyRing
    from protocol.keys import SigningKey

app = family(_("Members whose node was lost: bring them back here."))
LOOK_S = 0.3
USUAL = 4
WAIT_S = 3600.0


@command(app, "member", _("Bring one member back with its 24 recovery words."))
def member() -> None:
    """Bring a member back with its words."""
    from node import signing
    from protocol.errors import YuiError
    from protocol.identity import words

    try:
        key = words.key_of(words.entropy_of(_phrase(_("The member's 24 words"))))
    except YuiError as error:
        raise Failure(Exit.BAD_INPUT, rules.text_of(error)) from None
    _bring("words", signing.by_words(key), key)


@command(
    app,
    "association",
    _("Bring all members of a lost association back, with the 24 words of its key and guardians' consent."),
)
def association() -> None:
    """Bring every member of an association back."""
    from node import signing
    from protocol.errors import YuiError
    from protocol.identity import words
    from protocol.keys import SigningKey

    try:
        key = SigningKey(words.entropy_of(_phrase(_("The 24 words of the association's key"))))
    except YuiError as error:
        raise Failure(Exit.BAD_INPUT, rules.text_of(error)) from None
    _bring("association", signing.by_association(key), key)


@command(app, "list", _("Returns at this node and how far they have come."))
def list_returns() -> None:
    """List returns."""
    found = call("return.list")
    rows = [(short(row["member"]), _state(row), row["note"], moment(row["updated"])) for row in found]
    output.table(found, [_("Member"), _("State"), "", _("Since")], rows, empty=_("nobody is coming back here"))


def _bring(by: str, ring: KeyRing, key: SigningKey) -> None:
    here = call("return.who")
    members = _find(here, ring.signers[-1][0], key)
    if not members:
        raise Failure(Exit.REFUSED, _("no other node knows a member with this key: is it the right one?"))
    away = [row["member"] for row in members if not row["local"]]
    if not away:
        raise Failure(Exit.REFUSED, _("all members with this key are at home here already"))
    call("return.begin", members=away, by=by)
    found = _follow(here, away, ring)
    rows = [(short(row["member"]), _state(row), row.get("documents", ""), row["error"] or row["note"]) for row in found]
    output.table(found, [_("Member"), _("State"), _("Documents"), ""], rows)
    if by == "words":
        for row in found:
            if row["ended"] == "open":
                _renew_guardians(here, row["member"], ring)
    if any(row["ended"] != "open" for row in found):
        raise Failure(Exit.REFUSED, _("not everybody is back yet: run this again, it goes on where it was"))


def _renew_guardians(here: dict[str, Any], member: str, ring: KeyRing) -> None:
    """Name guardians with whom this node has an agreement, while the words are at hand: the old set may hold this node
    itself, which counts no more, or nodes that only the lost one had an agreement with."""
    from cli import key
    from protocol.identity import control
    from protocol.identity.control import Guardians

    kept = next(row for row in call("guardian.status") if row["member"] == member)
    good = {copy["node"] for copy in kept["copies"] if copy["agreed"] and copy["node"] != here["node"]}
    proposed = call("guardian.propose", n=USUAL)["guardians"]
    if len(good) >= min(kept["n"], USUAL) or len(proposed) <= len(good):
        _tell_guardians(len(good))
        return
    answer = call("guardian.draft", member=member, guardians=[item["node"] for item in proposed])
    expected = sorted(bytes.fromhex(text) for text in answer["keys"])
    record = control.parse(bytes.fromhex(answer["draft"])).record
    payload = record.payload
    names_them = isinstance(payload, Guardians) and list(payload.keys) == expected
    if record.member.hex() != member or not names_them or len(expected) != len(proposed):
        raise Failure(Exit.REFUSED, _("the node handed out another record than was asked for: nothing was signed"))
    key.submit(answer, *ring.signers[-1])
    output.say(_("Guardians: {names}").format(names=", ".join(answer["guardians"])))
    _tell_guardians(len(expected))


def _tell_guardians(n: int) -> None:
    if n < USUAL:
        text = _("{n} guardians keep this member's copies now. Make more agreements and name them: `yui guardian set`.")
        output.warn(text.format(n=n))


def _find(here: dict[str, Any], role: str, key: SigningKey) -> list[dict[str, Any]]:
    """Members for whom the key stands, as any peer knows them."""
    from protocol.guardian import messages

    found: dict[str, dict[str, Any]] = {}
    reached = 0
    for peer in here["peers"]:
        after = b""
        while True:
            question = messages.sign_find(key, here["network"], bytes.fromhex(here["node"]), role, after)
            try:
                said = call("return.find", peer=peer["node"], question=question.hex())
            except Failure:
                break
            reached += 1
            found |= {row["member"]: row for row in said["members"]}
            if not said["more"]:
                break
            after = bytes.fromhex(said["members"][-1]["member"])
    if not reached:
        raise Failure(Exit.UNREACHABLE, _("no other node answers: a return needs the member's guardians"))
    return [found[member] for member in sorted(found)]


def _follow(here: dict[str, Any], members: list[str], ring: KeyRing) -> list[dict[str, Any]]:
    """Sign what is asked for until every return has ended."""
    end = time.monotonic() + WAIT_S
    told = ""
    while True:
        found = call("return.look", members=members)
        for item in found["wanted"]:
            call("return.sign", member=item["member"], kind=item["kind"], **_signed(here, item, ring))
        rows: list[dict[str, Any]] = found["returns"]
        if all(row["ended"] for row in rows) or time.monotonic() > end:
            return rows
        told = _tell(rows, told)
        if not found["wanted"]:
            time.sleep(LOOK_S)


def _tell(rows: list[dict[str, Any]], told: str) -> str:
    back = sum(row["ended"] == "open" for row in rows)
    now = _("{back} of {all} are back").format(back=back, all=len(rows))
    note = next((row["note"] for row in rows if not row["ended"] and row["note"]), "")
    text = f"{now}. {note}" if note else now
    if text != told:
        output.say(text)
    return text


def _signed(here: dict[str, Any], item: dict[str, Any], ring: KeyRing) -> dict[str, Any]:
    """Sign or open one thing, if it is what a return to this node asks for.

    A node in wrong hands could hand out another record: such a one is not signed.
    """
    from protocol.guardian import claim
    from protocol.identity import control
    from protocol.identity.control import Epoch
    from protocol.keys import Purpose

    data, member = bytes.fromhex(item["data"]), bytes.fromhex(item["member"])
    if item["kind"] == "vault":
        return {"keys": {name.hex(): key.hex() for name, key in ring.open(data).items()}}
    if item["kind"] == "fence":
        fence = claim.parse_fence_record(data)
        asked = (fence.member, fence.claimant.hex(), fence.undoes) == (member, here["key"], b"")
        purpose, digest = Purpose.FENCE, fence.hash
    else:
        record = control.parse_record(data)
        payload = record.payload
        asked = record.member == member and isinstance(payload, Epoch) and payload.home.hex() == here["node"]
        purpose, digest = Purpose.CONTROL, record.hash
    if not asked:
        raise Failure(Exit.REFUSED, _("the node handed out another record than was asked for: nothing was signed"))
    return {"proofs": [[proof.role, proof.public.hex(), proof.signature.hex()] for proof in ring.sign(purpose, digest)]}


def _state(row: dict[str, Any]) -> str:
    names = {
        "begun": _("waits for a signature"),
        "reading": _("being read from its guardians"),
        "claiming": _("guardians are deciding"),
        "open": _("at home here"),
        "lost": _("came back elsewhere"),
    }
    return names.get(row["state"], str(row["state"]))


def _phrase(asked: str) -> str:
    """Words as typed, or from a pipe; never an argument, which others on this machine could read."""
    return str(typer.prompt(asked, err=True)) if sys.stdin.isatty() else sys.stdin.read()
