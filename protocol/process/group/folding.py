"""What a group is, from its facts: the same at every home that has the same facts, in whatever order they came.

Owns the judgement. Each fact is judged by what lies in its own past (what it follows, and what that
follows), so time of arrival and clocks decide nothing. Against a firm that writes into its past after it left or was
excluded: what it wrote beside its end, unseen by whoever ended it, is void. Source: ``docs/protocol.md`` §23.3.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from protocol.process.group.facts import Fact, Kind, Known

_ENTERS: Final = {Kind.FOUND, Kind.JOIN}
_ENDS: Final = {Kind.LEAVE, Kind.EXCLUDE}
_MATTERS: Final = _ENTERS | _ENDS | {Kind.INVITE, Kind.KEEPER, Kind.DISSOLVE} | {
    Kind.VOTE_EXCLUDE, Kind.VOTE_KEEPER, Kind.VOTE_DISSOLVE,
}  # fmt: skip
_VOTE_FOR: Final = {
    Kind.EXCLUDE: Kind.VOTE_EXCLUDE,
    Kind.KEEPER: Kind.VOTE_KEEPER,
    Kind.DISSOLVE: Kind.VOTE_DISSOLVE,
}


class Standing(NamedTuple):
    """Who is what in a set of facts. ``keepers``: those who may invite; all members where none is left."""

    members: frozenset[bytes]
    keepers: frozenset[bytes]
    invited: frozenset[bytes]
    dissolved: bool


class Group(NamedTuple):
    """A group. ``heads``: what nothing follows yet; ``facts``: in an order that each home comes to; ``void``: hash →
    why not; ``past``: hash → what it follows, and what that follows."""

    name: str
    standing: Standing
    heads: tuple[bytes, ...]
    facts: tuple[Known, ...]
    void: Mapping[bytes, str]
    past: Mapping[bytes, frozenset[bytes]]


@dataclass
class _Fold:
    """``past`` of each fact as a set of bits; ``matters``: places of facts that decide who is what."""

    facts: list[Known]
    past: list[int]
    at: dict[bytes, int]
    matters: list[int] = field(default_factory=list)
    known: dict[int, Standing] = field(default_factory=dict)

    def standing(self, mask: int, valid: int) -> Standing:
        """Who is what, by the valid facts in ``mask``."""
        seen = mask & valid
        found = self.known.get(seen)
        if found is None:
            found = self.known[seen] = self._stand(seen)
        return found

    def _stand(self, seen: int) -> Standing:
        ends: dict[bytes, list[int]] = {}
        places = [at for at in self.matters if seen >> at & 1]
        for at in places:
            fact = self.facts[at].fact
            if fact.kind in _ENDS:
                ends.setdefault(fact.subject or fact.author, []).append(at)

        def lasts(at: int, firm: bytes) -> bool:
            """Whether what began at ``at`` has not been ended since, or beside it."""
            return all(self.past[at] >> end & 1 for end in ends.get(firm, ()))

        members, named, invited = set[bytes](), set[bytes](), set[bytes]()
        for at in places:
            fact = self.facts[at].fact
            if fact.kind in _ENTERS and lasts(at, fact.author):
                members.add(fact.author)
                if fact.kind is Kind.FOUND:
                    named.add(fact.author)
            elif fact.kind is Kind.KEEPER and lasts(at, fact.subject):
                named.add(fact.subject)
            elif fact.kind is Kind.INVITE and lasts(at, fact.subject):
                invited.add(fact.subject)
        keepers = named & members or members
        dissolved = any(self.facts[at].fact.kind is Kind.DISSOLVE for at in places)
        return Standing(frozenset(members), frozenset(keepers), frozenset(invited - members), dissolved)

    def refused(self, at: int, valid: int) -> str:
        """Why a fact does not count by what lies in its own past; empty where it does."""
        fact, past = self.facts[at].fact, self.past[at]
        if fact.kind is Kind.FOUND:
            return ""
        now = self.standing(past, valid)
        if now.dissolved and fact.kind is not Kind.LEAVE:
            return "the group was dissolved"
        if fact.kind is Kind.JOIN:
            return "" if self._is_invited(fact, past & valid) else "no invitation"
        if fact.author not in now.members:
            return "not a member"
        if fact.kind in {Kind.INVITE, Kind.ANNOUNCEMENT}:
            return "" if fact.author in now.keepers else "only keepers may"
        if fact.kind is Kind.KEEPER:
            if fact.subject not in now.members:
                return "not about a member"
            return "" if fact.author in now.keepers or self._voted(fact, past & valid, now) else "only keepers may"
        if fact.kind in {Kind.EXCLUDE, Kind.DISSOLVE}:
            return "" if self._voted(fact, past & valid, now) else "not voted for by most"
        return ""

    def _is_invited(self, fact: Fact, seen: int) -> bool:
        at = self.at.get(fact.target, -1)
        if at < 0 or not seen >> at & 1:
            return False
        invite = self.facts[at].fact
        ended = (
            end
            for end in self.matters
            if seen >> end & 1
            and self.facts[end].fact.kind in _ENDS
            and (self.facts[end].fact.subject or self.facts[end].fact.author) == fact.author
        )
        return (
            invite.kind is Kind.INVITE
            and invite.subject == fact.author
            and all(self.past[at] >> end & 1 for end in ended)
        )

    def _voted(self, fact: Fact, seen: int, now: Standing) -> bool:
        """Whether more than half of the members (but whom it is about, where somebody is to go) voted for it."""
        wanted, asked = _VOTE_FOR[fact.kind], set(now.members)
        if fact.kind is Kind.EXCLUDE:
            asked.discard(fact.subject)
        votes = {
            one.author
            for at in self.matters
            if seen >> at & 1 and (one := self.facts[at].fact).kind is wanted and one.subject == fact.subject
        }
        return 2 * len(votes & asked) > len(asked)


def fold(known: Iterable[Known]) -> Group | None:
    """The group of these facts, which are all of one group; None without the founding one.

    Facts whose past is not complete are left out: they count once it is.
    """
    ordered = _in_order({one.hash: one for one in known})
    if not ordered:
        return None
    at = {one.hash: place for place, one in enumerate(ordered)}
    past: list[int] = []
    for one in ordered:
        mask = 0
        for before in one.fact.follows:
            mask |= past[at[before]] | 1 << at[before]
        past.append(mask)
    work = _Fold(ordered, past, at, [place for place, one in enumerate(ordered) if one.fact.kind in _MATTERS])
    first = _judge(work, {})
    beside = _written_beside_an_end(work, first[0])
    valid, void = _judge(work, beside)
    followed = {before for one in ordered for before in one.fact.follows}
    return Group(
        ordered[0].fact.text,
        work.standing((1 << len(ordered)) - 1, valid),
        tuple(sorted(one.hash for one in ordered if one.hash not in followed)),
        tuple(ordered),
        {ordered[place].hash: why for place, why in void.items()},
        {
            one.hash: frozenset(ordered[before].hash for before in range(place) if past[place] >> before & 1)
            for place, one in enumerate(ordered)
        },
    )


def _judge(work: _Fold, beside: Mapping[int, str]) -> tuple[int, dict[int, str]]:
    """Which facts count (bits), and why the others do not. What stands in ``beside`` does not."""
    valid, void = 0, dict[int, str]()
    for place in range(len(work.facts)):
        why = beside.get(place) or work.refused(place, valid)
        if why:
            void[place] = why
        else:
            valid |= 1 << place
    return valid, void


def _written_beside_an_end(work: _Fold, valid: int) -> dict[int, str]:
    """What a firm wrote without knowing of its end, and unknown to whoever ended it."""
    found = {}
    for end in work.matters:
        fact = work.facts[end].fact
        if fact.kind not in _ENDS or not valid >> end & 1:
            continue
        firm = fact.subject or fact.author
        for place, one in enumerate(work.facts):
            if one.fact.author != firm or place == end or one.fact.kind in _ENDS:
                continue
            if not work.past[place] >> end & 1 and not work.past[end] >> place & 1:
                found[place] = "written beside its author's end"
    return found


def _in_order(facts: Mapping[bytes, Known]) -> list[Known]:
    """Every fact behind what it follows, else by hash. What follows something that is missing is left out."""
    waits = {name: sum(1 for _ in one.fact.follows) for name, one in facts.items()}
    behind: dict[bytes, list[bytes]] = {}
    for name, one in facts.items():
        for before in one.fact.follows:
            behind.setdefault(before, []).append(name)
    ready = [name for name, count in waits.items() if not count]
    heapq.heapify(ready)
    ordered: list[Known] = []
    while ready:
        name = heapq.heappop(ready)
        ordered.append(facts[name])
        for after in behind.get(name, ()):
            waits[after] -= 1
            if not waits[after]:
                heapq.heappush(ready, after)
    return ordered
