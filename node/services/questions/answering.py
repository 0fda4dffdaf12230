"""This node is asked: who may ask, what is answered, what is entered before it is said. One step, one transaction.

The same message again gets the answer that it got, byte for byte: nothing is answered twice. Knows no network; the
figures come from :mod:`node.services.questions.figures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from federation import answering
from federation.effects import Blamed, Note, Opened, QuestionEffect, Tell, Unopened
from node.services import datause
from node.services.datause import Reach
from node.services.house import House
from node.services.questions import cohorts, figures, ledgering, machines, policy
from node.services.questions.machines import ANSWERS, MESSAGE, TIME, Machines
from node.store import EventRow, NamedRow, QuestionRow, Tx
from protocol import canon
from protocol.errors import CallerFault, NotAuthorised, NotFound, PeerFault, YuiError
from protocol.statistics import post, question
from protocol.statistics.ledger import MAX_DETAIL_CHARS, Event
from protocol.statistics.post import ENDED, READY, REFUSED, WAITING, Told
from protocol.statistics.question import Question

ALLOWED: Final = "allowed"
JOINED: Final = "joined"
OVER: Final = "over"
NEW: Final = "new"  # why a node does not answer: it was never asked
MAX_REFUSED: Final = 100  # of one asker in a month: more are refused without being entered
_JAPAN: Final = timedelta(hours=9)
_STANCE: Final = {ALLOWED: READY, JOINED: READY, WAITING: WAITING, REFUSED: REFUSED, OVER: ENDED}

Figures = Sequence[tuple[bytes, Sequence[int]]]


class Wanted(NamedTuple):
    """Figures are wanted before a message can be answered: of the question, and of the version before if there is."""

    question: Question
    before: bytes


def month_of(now: int) -> int:
    """yyyymm in Japan."""
    day = datetime.fromtimestamp(now / 1e6, UTC) + _JAPAN
    return day.year * 100 + day.month


# --- asked


def announced(house: House, tx: Tx, peer: bytes, body: bytes) -> Told:
    """Somebody asks. By its rule it is answered, shown to people, or refused."""
    asked, hashed = question.verify_question(body)
    key = cohorts.key_of(house, tx, peer)
    if not asked.asker == asked.coordinator == key:
        raise NotAuthorised("question: asked and gathered by another node than the one that brings it")
    row = tx.questions.get(hashed)
    if row is None:
        row = take(house, tx, body, asked, hashed)
    return stance(row)


def take(house: House, tx: Tx, wire: bytes, asked: Question, hashed: bytes) -> QuestionRow:
    """A question that was not here before."""
    rule = policy.rule_for(house, tx, asked.asker)
    state, reason = {policy.AUTO: ALLOWED, policy.ASK: WAITING, policy.NEVER: REFUSED}[rule], ""
    if state == REFUSED:
        reason = "this node does not answer this asker"
    try:
        _admit(house, tx, asked, hashed)
    except YuiError as fault:
        state, reason = REFUSED, f"{fault.code}: {fault}"
    row = QuestionRow(
        hashed, wire, asked.asker, asked.cohort, asked.figure, house.clock(), state, reason, "", 0, b"", b"", b"", b""
    )
    if state == REFUSED and _refused_this_month(house, tx, asked.asker) >= MAX_REFUSED:
        return row
    tx.questions.put(row)
    if state == REFUSED:
        ledgering.enter(house, tx, asked, hashed, Event.REFUSED, detail=reason)
    return row


def _refused_this_month(house: House, tx: Tx, asker: bytes) -> int:
    month = month_of(house.clock())
    return sum(
        line.entry.event is Event.REFUSED and line.entry.asker == asker and month_of(line.entry.time) == month
        for line in ledgering.lines(house, tx)
    )


def _admit(house: House, tx: Tx, asked: Question, hashed: bytes) -> None:
    cohort, parameters = cohorts.standing(tx, asked.cohort)
    now = house.clock()
    answering.admit(
        asked, hashed, cohort, asked.cohort, ledgering.lines(house, tx), parameters, house.node.public, month_of(now),
        now,
    )  # fmt: skip


def stance(row: QuestionRow) -> Told:
    """How this node stands to a question."""
    reason = "a person has to decide" if row.state == WAITING else row.reason
    return Told(_STANCE[row.state], (), reason[: post.MAX_REASON_CHARS])


def decide(house: House, tx: Tx, text: str, by: str, *, allow: bool, reason: str = "") -> QuestionRow:
    """A person allows a question that waits, or refuses one that is not answered yet. They owe no reason."""
    row = find(tx, text)
    if row.state != WAITING and not (row.state == ALLOWED and not allow):
        raise CallerFault("question", "is not waiting for anybody", code="decided")
    asked, hashed = ledgering.parsed(row.wire), row.question
    said = "" if allow else (reason or "refused by a person")
    changed = row._replace(state=ALLOWED if allow else REFUSED, reason=said, by=by, decided=house.clock())
    tx.questions.put(changed)
    if not allow:
        ledgering.enter(house, tx, asked, hashed, Event.REFUSED, detail=said)
    return changed


def find(tx: Tx, text: str) -> QuestionRow:
    """A question by its id or the first digits of it."""
    wanted = text.strip().lower()
    rows = [row for row in tx.questions.latest(1000) if len(wanted) >= 6 and row.question.hex().startswith(wanted)]
    if not rows:
        raise NotFound("question", "no such question here")
    if len(rows) > 1:
        raise CallerFault("question", "several begin so: give more of the id")
    return rows[0]


# --- the round


def wanted(house: House, tx: Tx, peer: bytes, body: bytes) -> Wanted | None:
    """Which figures :func:`tell` needs for this message; None if it needs none."""
    hashed, message = post.parse_round(body)
    row = tx.questions.get(hashed)
    if row is None or row.state != ALLOWED or message != row.wire or cohorts.key_of(house, tx, peer) != row.asker:
        return None
    asked = ledgering.parsed(row.wire)
    before = b""
    if asked.version > 1:
        before = _before(house, tx, asked)
    return Wanted(asked, before)


def _before(house: House, tx: Tx, asked: Question) -> bytes:
    """The figures that this node answered the version before with."""
    for line in reversed(ledgering.lines(house, tx)):
        same = line.question.cells == asked.cells and line.question.figure == asked.figure
        if same and line.entry.event is Event.ANSWERED and line.entry.version == asked.version - 1:
            row = tx.questions.get(line.entry.question)
            return b"" if row is None else row.figures
    return b""


def tell(house: House, tx: Tx, held: Machines, peer: bytes, body: bytes, found: Figures | None) -> Told:
    """One message of the coordinator. Its answer is in the store before anybody hears it."""
    hashed, message = post.parse_round(body)
    row = tx.questions.get(hashed)
    if row is None:
        return Told(REFUSED, (), NEW)
    if cohorts.key_of(house, tx, peer) != row.asker:
        raise NotAuthorised("question: gathered by another node")
    before = tx.questions.reply(hashed, ANSWERS, canon.digest(message))
    if before is not None:
        return machines.unpack_told(before)
    if row.state == ALLOWED and message == row.wire and found is not None:
        return _join(house, tx, held, row, message, found)
    if row.state != JOINED:
        return stance(row)
    return _step(house, tx, held, row, MESSAGE, message)


def _join(house: House, tx: Tx, held: Machines, row: QuestionRow, message: bytes, found: Figures) -> Told:
    asked, hashed = ledgering.parsed(row.wire), row.question
    entropy = house.wrap.wrap(machines.ENTROPY, hashed, house.entropy(32))
    row = row._replace(state=JOINED, entropy=entropy, figures=machines.pack_figures(found))
    now = house.clock()
    try:
        _admit(house, tx, asked, hashed)
        part = machines.made_part(house, tx, row, now)
    except (PeerFault, CallerFault) as fault:
        return _refuse(house, tx, row, f"{fault.code}: {fault}")
    effects = part.machine.start()
    told = _carry_out(house, tx, row, effects)
    part.seen = 1
    held.parts[hashed] = part
    tx.questions.add_event(_event(row, 1, MESSAGE, message, told, now))
    return told


def _refuse(house: House, tx: Tx, row: QuestionRow, reason: str) -> Told:
    """This node cannot answer: its figures are above a cap, or what was allowed is not any more."""
    asked, hashed = ledgering.parsed(row.wire), row.question
    changed = row._replace(state=REFUSED, reason=reason[:MAX_DETAIL_CHARS], entropy=b"", figures=b"")
    tx.questions.put(changed)
    ledgering.enter(house, tx, asked, hashed, Event.REFUSED, detail=reason)
    return stance(changed)


def _step(house: House, tx: Tx, held: Machines, row: QuestionRow, kind: str, message: bytes) -> Told:
    part = held.part(house, tx, row)
    event = _event(row, part.seen + 1, kind, message, Told(READY), house.clock())
    effects = machines.step(part.machine, event)
    told = _carry_out(house, tx, row, effects)
    tx.questions.add_event(event._replace(reply=machines.pack_told(told)))
    part.seen = event.number
    return told


def _event(row: QuestionRow, number: int, kind: str, message: bytes, told: Told, now: int) -> EventRow:
    hashed = canon.digest(message)
    return EventRow(
        row.question, ANSWERS, number, kind, row.asker, 0, hashed, message, machines.pack_told(told), now
    )  # fmt: skip


def _carry_out(house: House, tx: Tx, row: QuestionRow, effects: Sequence[QuestionEffect]) -> Told:
    """Enter what is to be entered; what is to be said."""
    asked, hashed = ledgering.parsed(row.wire), row.question
    state, reason, said = READY, "", []
    for effect in effects:
        match effect:
            case Note():
                ledgering.enter(
                    house, tx, asked, hashed, effect.event,
                    cells=effect.cells, answerers=effect.answerers, detail=effect.detail,
                )  # fmt: skip
                if effect.event is Event.COUNTED:
                    _note_use(house, tx, asked)
            case Tell():
                said.append(effect.body)
            case Blamed():
                named = tx.questions.named(hashed)
                tx.questions.name([NamedRow(hashed, len(named) + 1, effect.node, effect.rule[:300])])
            case Opened():
                row = row._replace(state=OVER, result=effect.signed, nodes=b"".join(effect.nodes))
                state = ENDED
            case Unopened():
                row = row._replace(state=OVER, reason=effect.reason[:MAX_DETAIL_CHARS])
                state, reason = ENDED, effect.reason
    if row.state == OVER and not _answered(tx, hashed):
        row = row._replace(figures=b"")
    tx.questions.put(row)
    return Told(state, tuple(said), reason[: post.MAX_REASON_CHARS])


def _note_use(house: House, tx: Tx, asked: Question) -> None:
    """Members see who counted their figures."""
    asker = next((row.name for row in tx.peers.all() if row.key == asked.asker), "")
    what = f"{asked.figure} {asked.month // 100}-{asked.month % 100:02}"
    datause.note_use(house, tx, figures.data_of(asked.figure), Reach.FEDERATION, asker or house.name, what)


def _answered(tx: Tx, hashed: bytes) -> bool:
    """A later version will need what this node has answered."""
    return any(row.event == Event.ANSWERED.value for row in tx.questions.entries_of(hashed))


def time_is_up(house: House, tx: Tx, held: Machines, hashed: bytes) -> bool:
    """Was nothing heard for too long? Then this node's part is over."""
    row = tx.questions.get(hashed)
    if row is None or row.state != JOINED:
        return True
    due = held.part(house, tx, row).machine.next_deadline
    if due is not None and due <= house.clock():
        _step(house, tx, held, row, TIME, b"")
        return True
    return False
