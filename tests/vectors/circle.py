"""A group of three firms: founded, joined, one excluded that writes into its past; what the facts come to (§23)."""

from collections.abc import Iterator
from typing import Any

from protocol.process.group import facts
from protocol.process.group.facts import Fact, Kind, Known
from protocol.process.group.folding import fold
from tests.vectors import world
from tests.vectors.world import octets

Vector = dict[str, Any]
FIRMS = ("founder", "second", "third")


def vectors() -> Iterator[Vector]:
    """Every fact, then the group."""
    known: list[Known] = []

    def say(
        who: str, kind: Kind, subject: str = "", target: bytes = b"", text: str = "", seen: list[Known] | None = None
    ) -> Known:
        group = fold(known if seen is None else seen)
        fact = Fact(
            "test", known[0].hash if known else b"", octets(who), octets(f"epoch of {who}"),
            group.heads if group else (), kind, octets(subject) if subject else b"", target, text,
            octets(f"fact {len(known)}")[:16], 1_791_000_000_000_000 + len(known),
        )  # fmt: skip
        key = world.key(f"signing key of {who}")
        made = facts.verify(facts.sign(key, fact), lambda *_: key.public)
        known.append(made)
        return made

    say("founder", Kind.FOUND, text="和菓子の会")
    for firm in FIRMS[1:]:
        invite = say("founder", Kind.INVITE, firm)
        say(firm, Kind.JOIN, target=invite.hash)
    before = list(known)
    say("second", Kind.VOTE_EXCLUDE, "founder")
    say("third", Kind.VOTE_EXCLUDE, "founder")
    say("third", Kind.EXCLUDE, "founder")
    say("founder", Kind.INVITE, "friend", seen=before)
    say("second", Kind.MESSAGE, text="来月の小豆")
    for number, one in enumerate(known):
        key = world.key(f"signing key of {next(firm for firm in FIRMS if octets(firm) == one.fact.author)}")
        yield {"name": f"fact {number}", "signing_key": key.public, "signed": one.data, "hash": one.hash}
    group = fold(known)
    assert group is not None
    yield {
        "name": "group",
        "members": sorted(group.standing.members),
        "keepers": sorted(group.standing.keepers),
        "invited": sorted(group.standing.invited),
        "heads": list(group.heads),
        "void": sorted(group.void),
    }
