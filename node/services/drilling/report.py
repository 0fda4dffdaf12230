"""The report of a drill for the board: what was found of every member, by this node's signature.

Owns the report's fields, its one form in bytes (JSON, keys ascending, no spaces, whole numbers only) and what they
mean. Times are µs UTC, durations ms. Source: ``docs/protocol.md`` §17.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from federation import guardians
from node.services.drilling.expecting import Expected, Keeper
from node.services.drilling.restoring import Lacking, Restored
from node.services.guarding import overview
from node.services.house import House
from node.store import Tx
from protocol import canon, drill
from protocol.errors import Malformed

FORMAT: Final = "yui-drill/1"
LAST: Final = "drill/last"
MAX_BYTES: Final = 64 * 1024 * 1024
GOOD, WEAK, FAILED = "good", "weak", "failed"
_RANK: Final = {GOOD: 0, WEAK: 1, FAILED: 2}
_START: Final = '<script type="application/json" id="report">'
_END: Final = "</script>"


class Answer(NamedTuple):
    """What one guardian gave. ``reach``: place of the last frame that it signs to keep; ``frames``, ``chunks``: found
    whole; ``wrong``: given, but not what was handed over; ``took``: µs that its answers took."""

    keeper: Keeper
    reach: int = 0
    frames: int = 0
    chunks: int = 0
    wrong: int = 0
    answered: bool = False
    trouble: str = ""
    took: int = 0


class Outcome(NamedTuple):
    """One member. ``wanted`` None: nobody keeps copies of it. ``restored`` None: only the ends were asked.

    ``files``: attachments found whole; ``lost``: frames that no guardian gave; µs of putting back, and of all.
    """

    member: bytes
    wanted: Expected | None = None
    answers: tuple[Answer, ...] = ()
    restored: Restored | None = None
    files: int = 0
    lost: int = 0
    rebuilt_us: int = 0
    took: int = 0


class Reporter:
    """Takes what came of each member and keeps only what the report says of it. ``began``: µs UTC."""

    def __init__(self, house: House, names: Mapping[bytes, str]) -> None:
        self._house = house
        self._names = names  # of members that nobody keeps
        self._began = house.clock()
        self._rows: list[dict[str, Any]] = []
        self._size = 0
        self._spent = 0

    def add(self, one: Outcome) -> None:
        """One member is done."""
        self._rows.append(_member(one, self._names.get(one.member, "")))
        if one.wanted is not None and one.restored is not None:
            self._size += one.wanted.size
            self._spent += _back_us(one)

    def report(self) -> dict[str, Any]:
        """The report. Members that were not drilled are estimated by the speed of those that were."""
        house, now = self._house, self._house.clock()
        for row in self._rows:
            if row["guardians"] and not row["drilled"]:
                row["back_s"] = overview.BEGIN_S + row["size"] * row["needed"] // self._speed()
        guarded = [row for row in self._rows if row["guardians"]]
        return {
            "format": FORMAT,
            "network": house.network,
            "node": house.id.hex(),
            "key": house.node.public.hex(),
            "name": house.name,
            "time": now,
            "took_ms": (now - self._began) // 1000,
            "members": self._rows,
            "verdict": max((row["verdict"] for row in self._rows), key=_RANK.__getitem__, default=GOOD),
            "guarded": len(guarded),
            "drilled": sum(row["drilled"] for row in self._rows),
            "all_back_s": sum(row["back_s"] for row in guarded),
        }

    def _speed(self) -> int:
        """Bytes of frames a second that were fetched and put back; the usual figure where none were."""
        if not self._size or not self._spent:
            return overview.BYTES_PER_S
        return max(1, self._size * 1_000_000 // self._spent)


def _back_us(one: Outcome) -> int:
    """A return reads r guardians one after the other and puts back: with those that were whole, quickest first."""
    if one.wanted is None:
        return 0
    times = sorted(answer.took for answer in one.answers if _is_whole(one.wanted, answer))
    return sum(times[: one.wanted.chosen.r]) + one.rebuilt_us


def _member(one: Outcome, name: str) -> dict[str, Any]:
    wanted, restored = one.wanted, one.restored
    if wanted is None:
        return {**_EMPTY, "member": one.member.hex(), "name": name, "verdict": FAILED, "guardians": [], "lacking": []}
    whole = sum(_is_whole(wanted, answer, drilled=restored is not None) for answer in one.answers)
    lacking = [{"what": item.what, "count": item.number, "which": list(item.which)} for item in _lacking(one)]
    survives = guardians.budget(len(wanted.chosen.keys), *wanted.chosen[1:4])
    return {
        "member": one.member.hex(),
        "name": wanted.name,
        "drilled": restored is not None,
        "verdict": _verdict(one, whole, lacking),
        "guardians": [_answer(wanted, answer, drilled=restored is not None) for answer in one.answers],
        "whole": whole,
        "needed": wanted.chosen.r,
        "lying": survives.lying,
        "silent": survives.silent,
        "documents": len(wanted.documents),
        "documents_back": restored.documents if restored else 0,
        "attachments": len(wanted.files),
        "attachments_back": one.files,
        "entries_back": restored.entries if restored else 0,
        "dealings": len(wanted.threads),
        "dealings_back": restored.dealings if restored else 0,
        "late": wanted.late,
        "changed": list(wanted.changed),
        "lacking": lacking,
        "size": wanted.size,
        "took_ms": one.took // 1000,
        "back_s": overview.BEGIN_S + _back_us(one) // 1_000_000,
    }


_EMPTY: Final[dict[str, Any]] = {
    "drilled": False,
    "whole": 0,
    "needed": 0,
    "lying": 0,
    "silent": 0,
    "documents": 0,
    "documents_back": 0,
    "attachments": 0,
    "attachments_back": 0,
    "entries_back": 0,
    "dealings": 0,
    "dealings_back": 0,
    "late": 0,
    "changed": [],
    "size": 0,
    "took_ms": 0,
    "back_s": 0,
}


def _lacking(one: Outcome) -> list[Lacking]:
    """What a return today would not bring back."""
    found: list[Lacking] = list(one.restored.lacking) if one.restored else []
    if one.lost:
        found.append(Lacking("frames-lost", one.lost, ()))
    if one.wanted is not None and one.restored and one.files < len(one.wanted.files):
        found.append(Lacking("attachments", len(one.wanted.files) - one.files, ()))
    return found


def _verdict(one: Outcome, whole: int, lacking: Sequence[object]) -> str:
    wanted = one.wanted
    if wanted is None or lacking or whole < wanted.chosen.r or not wanted.frames:
        return FAILED
    if whole < len(wanted.keepers) or wanted.late or any(_is_doubtful(item) for item in one.answers):
        return WEAK
    return GOOD


def _is_doubtful(answer: Answer) -> bool:
    return bool(answer.wrong or answer.trouble or not answer.keeper.word or not answer.keeper.agreed)


def _is_whole(wanted: Expected, answer: Answer, *, drilled: bool = True) -> bool:
    """Whether the guardian has everything by its word now and, where it was read, by what it gave."""
    if not answer.answered or answer.trouble or answer.reach < len(wanted.frames):
        return False
    read = answer.frames == len(wanted.frames) and answer.chunks == len(wanted.chunks) and not answer.wrong
    return read if drilled else True


def _answer(wanted: Expected, answer: Answer, *, drilled: bool) -> dict[str, Any]:
    keeper = answer.keeper
    return {
        "node": keeper.node.hex(),
        "name": keeper.name,
        "answered": answer.answered,
        "word": keeper.word,
        "agreed": keeper.agreed,
        "said": keeper.frames,
        "reach": answer.reach,
        "frames": answer.frames,
        "frames_of": len(wanted.frames),
        "chunks": answer.chunks,
        "chunks_of": len(wanted.chunks),
        "wrong": answer.wrong,
        "whole": _is_whole(wanted, answer, drilled=drilled),
        "trouble": answer.trouble,
        "took_ms": answer.took // 1000,
    }


# --- signed


def encode(report: dict[str, Any]) -> bytes:
    """The one form in bytes, of which the hash is signed."""
    return json.dumps(report, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sign(house: House, report: dict[str, Any]) -> dict[str, Any]:
    """The file: ``{"report": …, "signed": hex}``."""
    digest = canon.digest(encode(report))
    made = drill.Drill(house.network, house.id, report["time"], digest)
    return {"report": report, "signed": drill.sign(house.node, made).hex()}


def verify(data: bytes) -> dict[str, Any]:
    """The report in a file (JSON, or the printed page with it inside) if its node signed exactly this.

    Malformed or BadSignature otherwise. That the node is the one that it should be, is for the reader to compare.
    """
    if len(data) > MAX_BYTES:
        raise Malformed("report: too large")
    try:
        text = data.decode("utf-8")
        if _START in text:
            text = text.split(_START, 1)[1].split(_END, 1)[0]
        found = json.loads(text)
        report, signed, key = found["report"], bytes.fromhex(found["signed"]), bytes.fromhex(found["report"]["key"])
        if report["format"] != FORMAT:
            raise Malformed("report: of another format")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed(f"report: this is no report of a drill: {error}"[:200]) from None
    record = drill.verify(signed, key)
    if record.report != canon.digest(encode(report)):
        raise Malformed("report: it was changed after it was signed")
    claimed = (report["network"], report["node"], report["time"])
    if claimed != (record.network, record.node.hex(), record.time):
        raise Malformed("report: names another node, network or time than was signed")
    return dict(report)


def embed(signed: dict[str, Any]) -> str:
    """The signed report as it stands inside the printed page."""
    text = json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _START + text.replace("<", "\\u003c") + _END


def unfold(data: bytes) -> dict[str, Any] | None:
    """The signed report inside a printed page; None if this is none."""
    text = data.decode("utf-8", "replace")
    if _START not in text:
        return None
    return dict(json.loads(text.split(_START, 1)[1].split(_END, 1)[0]))


def note(tx: Tx, report: dict[str, Any]) -> None:
    """Remember when the last drill was and how it went."""
    tx.meta.set(LAST, msgspec.json.encode({"time": report["time"], "verdict": report["verdict"]}))


class Last(NamedTuple):
    """The last drill of this node."""

    time: int
    verdict: str


def last(tx: Tx) -> Last | None:
    """When the last drill was, and its verdict; None before the first."""
    kept = tx.meta.get(LAST)
    if kept is None:
        return None
    found = msgspec.json.decode(kept)
    return Last(found["time"], found["verdict"])
