"""A guardian that lies to claimants, or to homes: what it answers in place of the truth.

Owns the lies. The liar has its own key and may sign anything with it; what others signed it can only withhold or spoil.
"""

from __future__ import annotations

from collections.abc import Callable

from node.sim.dice import Dice
from node.sim.guarded.options import Lying
from node.sim.host import Host
from protocol.errors import NotAuthorised, WorldFault, YuiError
from protocol.guardian import claim, frame, messages
from protocol.guardian.claim import Promise
from protocol.guardian.frame import Tip
from protocol.guardian.messages import Fenced, Pages
from protocol.identity import control
from protocol.identity.control import Epoch, Reason
from protocol.identity.genesis import Rank
from protocol.keys import NodeId, SigningKey, node_id

Outcome = bytes | YuiError
RETURNING = frozenset({messages.FENCE, messages.READ, messages.WRITE_BACK, messages.CLAIM})


class Liar:
    """One lying guardian. ``lied`` is called for each lie."""

    def __init__(self, host: Host, how: Lying, dice: Dice, lied: Callable[[str], None]) -> None:
        self.host = host
        self.how = how
        self._dice = dice
        self._lied = lied

    def at_once(self, sender: NodeId, path: str, body: bytes) -> bytes | None:
        """It keeps nothing from now on, and says that it does."""
        if self.how is not Lying.ACKS_ALL or path != messages.FRAMES:
            return None
        found = [frame.parse(wire).frame for wire in messages.parse_frames(body).frames]
        house = self.host.house
        if not found or house is None:
            return None
        tips = {item.place.member: Tip(*item.place, item.hash) for item in found}
        self._lied(self.how.value)
        return frame.sign_kept(self.host.settings.key, "test", sender, house.clock(), list(tips.values()), ())

    def instead(self, path: str, truth: Outcome) -> Outcome:
        """What it says."""
        told = self._tell(path, truth)
        if told is not truth:
            self._lied(self.how.value)
        return told

    def _tell(self, path: str, truth: Outcome) -> Outcome:
        if self.how is Lying.SILENT and path in RETURNING:
            return WorldFault("no answer in time", code="timeout")
        if self.how is Lying.REFUSES and path in RETURNING:
            return NotAuthorised("this member is at home elsewhere: read its history", code="fenced")
        if self.how is Lying.OUTBIDS and path in RETURNING:
            return NotAuthorised("another claimant was promised a higher ballot", code="promised")
        if isinstance(truth, YuiError):
            return truth
        if path == messages.FENCE and self.how in (Lying.STALE, Lying.EMPTY, Lying.FORGES):
            return self._promise(truth)
        if path == messages.READ and self.how in (Lying.WITHHOLDS, Lying.SKIPS, Lying.TAMPERS):
            return self._pages(truth)
        return truth

    def _promise(self, truth: bytes) -> bytes:
        found = messages.parse_fenced(truth)
        key = self.host.settings.key
        promise: Promise = claim.verify_promise(found.promise, [key.public])
        if self.how is Lying.EMPTY:
            promise = promise._replace(tips=())
        elif self.how is Lying.STALE:
            if not promise.tips:
                return truth
            promise = promise._replace(tips=tuple(self._older(tip) for tip in promise.tips if tip.number > 1))
        else:
            return self._forged(found, promise)
        return messages.encode_fenced(found._replace(promise=claim.sign_promise(key, promise)))

    def _older(self, tip: Tip) -> Tip:
        return tip._replace(number=self._dice.between(1, tip.number - 1), hash=self._dice.take(32))

    def _forged(self, found: Fenced, promise: Promise) -> bytes:
        """A successor at its own node that no role of the member signed."""
        own = self.host.settings.key
        thief = SigningKey(self._dice.take(32))
        epoch = Epoch(99, promise.parent, 0, b"", node_id(own.public), own.public, thief.public, Reason.MOVE)
        record = control.draft(
            "test", promise.member, 99, self._dice.take(32), Rank.WORDS, epoch, 1, self._dice.take(16)
        )  # fmt: skip
        signed = control.sign(record, [("words", thief), (control.HOME, own)])
        promise = promise._replace(accepted=record.hash, accepted_ballot=1_000_000)
        wire = claim.sign_promise(own, promise)
        return messages.encode_fenced(found._replace(promise=wire, accepted=control.encode(signed)))

    def _pages(self, truth: bytes) -> bytes:
        pages = messages.parse_pages(truth)
        if not pages.frames:
            return truth
        if self.how is Lying.WITHHOLDS:
            return messages.encode_pages(Pages((), False))
        if self.how is Lying.SKIPS:
            return messages.encode_pages(Pages(pages.frames[-1:], pages.more)) if len(pages.frames) > 1 else truth
        spoilt = bytearray(pages.frames[-1])
        spoilt[-1 - self._dice.between(0, 200)] ^= 1
        return messages.encode_pages(Pages((*pages.frames[:-1], bytes(spoilt)), pages.more))
