"""A drill: every guardian is asked, as its wards' home, for what it keeps, and members are put back from it.

Owns the order of questions and their pace; a procedure of :mod:`node.procedure`, so that the node goes on serving.
Changes nothing here or at guardians. What was expected and what came back is judged in :mod:`node.services.drilling`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from node.procedure import Pause, Steps, ask, look
from node.services.drilling import expecting, restoring
from node.services.drilling.expecting import Expected, Keeper
from node.services.drilling.report import Answer, Outcome
from node.services.house import House
from node.store import GuardChunkRow
from protocol import vault
from protocol.document import attachment
from protocol.errors import CallerFault, PeerFault, WorldFault, YuiError
from protocol.guardian import frame, messages
from protocol.guardian.frame import Signed
from protocol.guardian.messages import Read, ReadChunk
from protocol.keys import NodeId

NO_FENCE: Final = bytes(32)
REST_US: Final = 20_000  # between two questions: at most 50 a second
NO_ANSWER = (PeerFault, WorldFault, CallerFault)


@dataclass
class _Got:
    """What came of one member from all guardians. ``frames``: first good copy of each, by hash; ``leaves``: of chunks
    that were whole, by attachment and number."""

    frames: dict[bytes, Signed] = field(default_factory=dict)
    leaves: dict[bytes, dict[int, bytes]] = field(default_factory=dict)


class Drill:
    """One drill. ``thorough``: members whose copies are read whole; of the others only the signed ends are asked."""

    def __init__(self, house: House, members: Sequence[bytes], thorough: Sequence[bytes]) -> None:
        self._house = house
        self._members = members
        self._thorough = frozenset(thorough)
        self.done = 0

    def run(self, each: Callable[[Outcome], None]) -> Steps[None]:
        """Every member in turn; ``each`` gets what came of it."""
        for member in self._members:
            began = self._house.clock()
            wanted = yield from look(partial(expecting.expected, self._house, member=member))
            if wanted is None:
                each(Outcome(member))
            elif member in self._thorough:
                each((yield from self._drill(wanted, began)))
            else:
                each((yield from self._glance(wanted)))
            self.done += 1

    def _glance(self, wanted: Expected) -> Steps[Outcome]:
        answers: list[Answer] = []
        for keeper in wanted.keepers:
            answers += [(yield from self._tip(wanted, keeper))]
        return Outcome(wanted.member, wanted, tuple(answers))

    def _drill(self, wanted: Expected, began: int) -> Steps[Outcome]:
        got = _Got()
        answers = []
        for keeper in wanted.keepers:
            answer = yield from self._tip(wanted, keeper)
            if not answer.trouble:
                answer = yield from self._read(wanted, keeper, answer, got)
            answers.append(answer)
        frames = [got.frames[made.hash] for made in wanted.frames if made.hash in got.frames]
        lost = len(wanted.frames) - len(frames)
        at = self._house.clock()
        restored = yield from look(lambda _tx: restoring.restore(self._house, wanted, frames))
        files = sum(_is_whole(got, root, size) for root, size in wanted.files.items())
        now = self._house.clock()
        return Outcome(wanted.member, wanted, tuple(answers), restored, files, lost, now - at, now - began)

    # --- one guardian

    def _tip(self, wanted: Expected, keeper: Keeper) -> Steps[Answer]:
        """What the guardian signs now that it keeps; ``reach``: the frame up to which its chain goes by its word."""
        house = self._house
        if keeper.node == house.id:
            return Answer(keeper, trouble="is this node itself")
        began = house.clock()
        try:
            wire = yield from ask(NodeId(keeper.node), messages.TIPS, messages.encode_tips([wanted.member]))
            kept = frame.verify_kept(wire, keeper.key, house.network, house.id)
        except NO_ANSWER as error:
            return Answer(keeper, trouble=_told(error))
        yield Pause(REST_US)
        places = {made.hash: made.place for made in wanted.frames}
        reach = max((places.get(tip.hash, 0) for tip in kept.tips if tip.member == wanted.member), default=0)
        return Answer(keeper, reach=reach, answered=True, took=house.clock() - began - REST_US)

    def _read(self, wanted: Expected, keeper: Keeper, answer: Answer, got: _Got) -> Steps[Answer]:
        """Every frame and chunk that the guardian says that it has, compared with their names."""
        spent = [0]
        found: set[bytes] = set()
        wrong = 0
        trouble = ""
        try:
            for epoch, after in _epochs(wanted):
                wrong += yield from self._frames(wanted, keeper, epoch, after, found, got, spent)
        except NO_ANSWER as error:
            trouble = _told(error)
        frames = sum(made.hash in found for made in wanted.frames)
        chunks, bad = yield from self._chunks(wanted, keeper, got, spent)
        return answer._replace(
            frames=frames, chunks=chunks, wrong=wrong + bad, trouble=trouble, took=answer.took + spent[0]
        )

    def _frames(
        self,
        wanted: Expected,
        keeper: Keeper,
        epoch: bytes,
        last: int,
        found: set[bytes],
        got: _Got,
        spent: list[int],
    ) -> Steps[int]:
        """Frames of one epoch up to number ``last``; how many were not what was given."""
        expected = {made.number: made.hash for made in wanted.frames if made.epoch == epoch}
        after = wrong = 0
        while after < last:
            body = messages.encode_read(Read(NO_FENCE, wanted.member, epoch, after))
            pages = messages.parse_pages((yield from self._timed(keeper, messages.READ, body, spent)))
            before = after
            for wire in pages.frames:
                signed = _believed(wanted, wire)
                if signed is None or expected.get(signed.frame.place.number) != signed.frame.hash:
                    wrong += 1
                    after += 1
                    continue
                after = max(after, signed.frame.place.number)
                found.add(signed.frame.hash)
                got.frames.setdefault(signed.frame.hash, signed)
            if not pages.more or after == before:
                break
        return wrong

    def _chunks(self, wanted: Expected, keeper: Keeper, got: _Got, spent: list[int]) -> Steps[tuple[int, int]]:
        """(whole, wrong) chunks of attachments at one guardian."""
        good = wrong = 0
        for row in wanted.chunks[: keeper.chunks]:
            body = messages.encode_read_chunk(ReadChunk(NO_FENCE, wanted.member, row.name))
            try:
                sealed = yield from self._timed(keeper, messages.READ_CHUNK, body, spent)
                leaf = _leaf(wanted, row, sealed)
            except WorldFault:
                break
            except (PeerFault, CallerFault):
                wrong += 1
                continue
            good += 1
            got.leaves.setdefault(row.root, {})[row.piece] = leaf
        return good, wrong

    def _timed(self, keeper: Keeper, path: str, body: bytes, spent: list[int]) -> Steps[bytes]:
        began = self._house.clock()
        answer = yield from ask(NodeId(keeper.node), path, body)
        spent[0] += max(0, self._house.clock() - began)
        yield Pause(REST_US)
        return answer


def _epochs(wanted: Expected) -> Iterator[tuple[bytes, int]]:
    last: dict[bytes, int] = {}
    for made in wanted.frames:
        last[made.epoch] = made.number
    yield from last.items()


def _believed(wanted: Expected, wire: bytes) -> Signed | None:
    """A frame whose bytes are those of its header, signed by the member's epoch."""
    try:
        signed = frame.parse(wire)
        epoch = wanted.log.epoch_named(signed.frame.place.epoch)
        if epoch is None or signed.frame.place.member != wanted.member:
            return None
        frame.verify(signed, epoch)
    except YuiError:
        return None
    return signed


def _leaf(wanted: Expected, row: GuardChunkRow, sealed: bytes) -> bytes:
    """The name of a chunk's plain bytes. PeerFault if no key of the vault opens it."""
    for key in wanted.keys.values():
        if vault.chunk_name(key, row.root, row.piece) == row.name:
            plain = vault.open_chunk(key, row.root, row.piece, sealed)
            return attachment.chunk_leaf(row.piece, plain)
    raise PeerFault("a chunk is named by a vault key that is not here")


def _is_whole(got: _Got, root: bytes, size: int) -> bool:
    """Whether the decrypted chunks are the attachment that the document names."""
    leaves = got.leaves.get(root, {})
    count = attachment.chunk_count(size)
    if set(leaves) < set(range(count)):
        return False
    return attachment.root_of_leaves(size, [leaves[at] for at in range(count)]) == root


def _told(error: YuiError) -> str:
    return f"{error.code}: {error}"[:200]
