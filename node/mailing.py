"""Mail on its way around a node that does not answer, as procedures: leaving it with others, collecting ours.

Owns when: a peer is *dark* when our link to it has failed, and nothing came from it, for the set time. Then what waits
for it is left with the guardians of its members, and with peers that relay; and these are asked what waits there for
us. Guardians of our own members are asked always, now and then. Does no input or output (see :mod:`node.procedure`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from federation.links import Link, LinkState
from node import mailroom
from node.procedure import Steps, ask, commit, look
from node.services.house import House
from node.services.mailing import collecting, posting, rules
from node.services.mailing.collecting import Collected
from node.services.mailing.posting import Addressed, Learnt, Page, Piece
from node.store import LeftLabel, Tx
from protocol.errors import BadSignature, CallerFault, Frozen, Malformed, Misdirected, PeerFault, WorldFault
from protocol.guardian import mail
from protocol.guardian.mail import Ask, Box, Listed
from protocol.keys import NodeId

SECOND_US: Final = 1_000_000
ROUND_US: Final = 60 * SECOND_US
COLLECT_US: Final = 5 * 60 * SECOND_US
SOON_US: Final = 30 * SECOND_US  # after something was collected: its keeper may soon be told to delete it
PIECES_AGAIN_US: Final = 60 * 60 * SECOND_US  # until pieces of a stream are made from its beginning again; doubles
MAX_RELAYS: Final = 2  # with whom pieces for one node are left
MAX_ASKED: Final = 16  # peers that are asked in one round whether they relay
MAX_PAGES: Final = 8  # of a stream, laid into parcels in one round
NO_ANSWER: Final = (PeerFault, WorldFault, CallerFault, Frozen)
HOPELESS: Final = (Malformed, Misdirected, BadSignature)

T = TypeVar("T")


@dataclass
class _Dark:
    """One dark peer as this run sees it: how far its stream was looked at, and how far pieces have come."""

    after: int = 0
    piece: Piece | None = None
    piece_at: int = 0
    wait: int = PIECES_AGAIN_US


class Mailing:
    """The mail of one node. ``links``: as they stand now; ``notice``: told peers that have something new."""

    def __init__(
        self,
        house: House,
        monotonic: Callable[[], int],
        notice: Callable[[Iterable[bytes]], None],
        links: Callable[[], Mapping[NodeId, Link]],
    ) -> None:
        self.house = house
        self._now = monotonic
        self._notice = notice
        self._links = links
        self._silent: dict[NodeId, int] = {}  # since when a failing peer was not heard
        self._dark: dict[NodeId, _Dark] = {}
        self._dark_after = 0
        self._boxes: dict[bytes, tuple[bytes, tuple[bytes, ...]]] = {}
        self._told: dict[bytes, set[bytes]] = {}  # boxes that a guardian was told
        self._relays: set[NodeId] = set()
        self._guarded: frozenset[bytes] = frozenset()
        self._left = False
        self._round_at = 0
        self._collect_at = 0
        self._next_asked = 0
        self._reading = False

    def start(self) -> Steps[None]:
        """A run begins: nothing is known of who is silent, and who keeps mail is asked at once."""
        for known in (self._silent, self._dark, self._told, self._relays):
            known.clear()
        self._reading = False
        self._left = bool((yield from look(lambda tx: tx.mail.left_all())))
        self._round_at = self._collect_at = self._now()

    # --- what the runtime tells and asks

    def heard(self, peer: NodeId) -> None:
        """``peer`` has asked us for what is new: it is not dark."""
        if peer in self._silent:
            self._silent[peer] = self._now()
            self._dark.pop(peer, None)

    def dark(self) -> list[NodeId]:
        """Peers that were silent for the set time."""
        return sorted(self._dark)

    def ready(self) -> list[Steps[None]]:
        """Procedures that may run now."""
        house, now = self.house, self._now()
        if house.frozen or house.recovering or not self._is_needed():
            return []
        if self._guarded != frozenset(house.guarded):
            self._guarded = frozenset(house.guarded)
            self._collect_at = now  # somebody came (back): what waited for it is wanted at once
        if now < min(self._round_at, self._collect_at) or self._reading:
            return []
        self._weigh(now)
        self._reading = True
        return [self._go_round()]

    def next_deadline(self) -> int | None:
        """Monotonic µs at which :meth:`ready` has something to do."""
        if self.house.frozen or self.house.recovering or self._reading or not self._is_needed():
            return None
        if self._guarded != frozenset(self.house.guarded):
            return self._now()
        return min(self._round_at, self._collect_at)

    def _is_needed(self) -> bool:
        return self._left or bool(self.house.guarded) or any(link.failures for link in self._links().values())

    def _weigh(self, now: int) -> None:
        """Who has been silent for how long."""
        failing = {
            peer for peer, link in self._links().items() if link.failures and link.state is not LinkState.BLOCKED
        }
        self._silent = {peer: self._silent.get(peer, now) for peer in failing}
        limit = self._dark_after
        dark = {peer for peer, since in self._silent.items() if limit and now - since >= limit}
        self._dark = {peer: self._dark.get(peer, _Dark()) for peer in sorted(dark)}

    # --- one round

    def _go_round(self) -> Steps[None]:
        now = self._now()
        collects = now >= self._collect_at
        self._round_at = now + ROUND_US
        try:
            self._dark_after = yield from look(rules.dark_after)
            if collects:
                self._collect_at = now + COLLECT_US
                self._boxes = yield from look(partial(collecting.boxes, self.house))
                for keeper in self._whom_to_ask():
                    yield from self._collect(keeper)
            if self._left or self._dark:
                for peer, state in list(self._dark.items()):
                    yield from self._post(peer, state)
                dark = frozenset(self._dark)
                self._left = bool((yield from self._commit(lambda tx: posting.forget(self.house, tx, dark))))
        except (WorldFault, Frozen):
            pass  # our own disk, or a person has to look: the next round
        finally:
            self._reading = False

    def _commit(self, work: Callable[[Tx], T]) -> Steps[T]:
        try:
            return (yield from commit(work))
        except BaseException:
            self.house.forget_caches()
            raise

    def _say(self, keeper: bytes, path: str, body: bytes) -> Steps[bytes]:
        """This node may be a guardian of its own member, since that came back here."""
        if keeper == self.house.id:
            return (yield from mailroom.answer(self.house, self.house.id, path, body))
        return (yield from ask(NodeId(keeper), path, body))

    # --- collecting

    def _whom_to_ask(self) -> list[bytes]:
        """Guardians of our members; while somebody is dark, also who relays, and some who may."""
        found = dict.fromkeys(sorted({node for _, nodes in self._boxes.values() for node in nodes}))
        others = [peer for peer, link in sorted(self._links().items()) if not link.failures and peer not in found]
        if self._silent and others:
            turn = [others[(self._next_asked + at) % len(others)] for at in range(min(MAX_ASKED, len(others)))]
            self._next_asked = (self._next_asked + MAX_ASKED) % len(others)
            found |= dict.fromkeys([*sorted(self._relays.intersection(others)), *turn])
        return [node for node in found if node == self.house.id or NodeId(node) in self._links()]

    def _collect(self, keeper: bytes) -> Steps[None]:
        """Everything that one keeper has for us."""
        told = self._told.setdefault(keeper, set())
        fresh = [wire for wire, nodes in self._boxes.values() if keeper in nodes and wire not in told]
        try:
            listed = yield from self._list(keeper, tuple(fresh[: mail.MAX_BOXES]), ())
            told.update(fresh[: mail.MAX_BOXES])
            for item in (yield from look(lambda tx: collecting.new_among(tx, listed))):
                yield from self._take(keeper, item)
                self._collect_at = min(self._collect_at, self._now() + SOON_US)
            names = [item.id for item in listed]
            done = yield from look(lambda tx: collecting.done_among(self.house, tx, names))
            if done:
                yield from self._list(keeper, (), tuple(done))
        except NO_ANSWER:
            return  # it is asked again

    def _list(self, keeper: bytes, boxes: tuple[bytes, ...], done: tuple[bytes, ...]) -> Steps[tuple[Listed, ...]]:
        answer = yield from self._say(keeper, mail.ASK, mail.encode_ask(Ask(boxes, done)))
        found = mail.parse_waiting(answer)
        if found.relays:
            self._relays.add(NodeId(keeper))
        else:
            self._relays.discard(NodeId(keeper))
        return found.listed

    def _take(self, keeper: bytes, item: Listed) -> Steps[None]:
        """One parcel or piece. What cannot be believed is left, or given up where it never can be."""
        try:
            wire = yield from self._say(keeper, mail.FETCH, mail.encode_fetch(item.id))
            found: Collected = yield from self._commit(lambda tx: collecting.take(self.house, tx, item, wire))
        except HOPELESS as fault:
            if fault.code != collecting.OTHER_BYTES:
                yield from self._commit(lambda tx: collecting.reject(self.house, tx, item.id))
        except (PeerFault, CallerFault):
            return  # gone meanwhile, or its sender is no peer (yet)
        else:
            self._notice(found.news)

    # --- leaving

    def _post(self, peer: NodeId, state: _Dark) -> Steps[None]:
        """Lay what waits for a dark peer into parcels and pieces, and leave them with whoever keeps them."""
        boxes: dict[bytes, Box | None] = {}
        yield from self._lay(peer, state, boxes)
        yield from self._leave(peer, rules.MEMBER)
        if self._relays - {peer}:
            yield from self._lay_pieces(peer, state)
            yield from self._leave(peer, rules.NODE)

    def _lay(self, peer: NodeId, state: _Dark, boxes: dict[bytes, Box | None]) -> Steps[None]:
        for _ in range(MAX_PAGES):
            after = state.after
            page: Page = yield from look(lambda tx, after=after: posting.next_page(self.house, tx, peer, after))  # type: ignore[misc]
            for addressed in page.addressed:
                if addressed.member not in boxes:
                    boxes[addressed.member] = yield from self._find_box(addressed)
                yield from self._pack(peer, addressed, boxes[addressed.member])
            state.after = page.after
            if not page.after:
                break

    def _pack(self, peer: NodeId, addressed: Addressed, box: Box | None) -> Steps[None]:
        if box is None:
            return
        with contextlib.suppress(PeerFault):
            made = yield from self._commit(lambda tx: posting.pack(self.house, tx, peer, box, addressed.positions))
            self._left = self._left or bool(made)

    def _find_box(self, addressed: Addressed) -> Steps[Box | None]:
        """The box of a member, asked of its guardians one after the other."""
        for guardian in addressed.guardians:
            if guardian in self._dark:
                continue
            try:
                answer = mail.parse_answer(
                    (yield from self._say(guardian, mail.BOX, mail.encode_whose(addressed.member)))
                )
                learnt: Learnt = yield from self._commit(
                    lambda tx, answer=answer: posting.learn(self.house, tx, addressed.member, answer)  # type: ignore[misc]
                )
            except NO_ANSWER:
                continue
            self._notice(learnt.news)
            if learnt.box is not None:
                return learnt.box
        return None

    def _lay_pieces(self, peer: NodeId, state: _Dark) -> Steps[None]:
        """What is new in the stream, as pieces; after some time all of it once more, later and later."""
        now = self._now()
        if state.piece is not None and now >= state.piece_at:
            state.piece = None
            state.wait = min(2 * state.wait, 24 * PIECES_AGAIN_US)
        if state.piece is None:
            state.piece_at = now + state.wait
        for _ in range(MAX_PAGES):
            at = state.piece
            made = yield from self._commit(lambda tx, at=at: posting.next_piece(self.house, tx, peer, at))  # type: ignore[misc]
            if made is None:
                return
            state.piece = made[1]
            self._left = True

    def _leave(self, peer: NodeId, kind: str) -> Steps[None]:
        """Give what was made to its keepers: those who have not acknowledged it, and answer now."""
        silent: set[bytes] = set()
        for row, have in (yield from look(lambda tx: posting.to_leave(tx, peer, kind))):
            for keeper in (yield from self._keepers_of(row)):
                if keeper not in silent and keeper not in have:
                    try:
                        yield from self._give(row.id, keeper)
                    except NO_ANSWER:
                        silent.add(keeper)

    def _give(self, name: bytes, keeper: bytes) -> Steps[None]:
        found = yield from look(lambda tx: tx.mail.left((name,)).get(name))
        if found is not None:
            kept = yield from self._say(keeper, mail.LEAVE, found.wire)
            yield from self._commit(lambda tx: posting.take_kept(self.house, tx, keeper, name, kept))

    def _keepers_of(self, row: LeftLabel) -> Steps[list[bytes]]:
        if row.kind == rules.NODE:
            known = [peer for peer in sorted(self._relays) if peer != row.node and peer not in self._silent]
            return list(known[:MAX_RELAYS])
        found = yield from look(lambda tx: posting.guardians_of(self.house, tx, row.receiver))
        return [node for node in found if node not in self._dark]
