"""This node asks: a question put together and signed, a round gathered event by event, what may be shown of it.

One step, one transaction. Knows no network: what is to be told stands in the machine until its answer was taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from federation.effects import Blamed, Opened, QuestionEffect, Unopened
from node.services.house import House
from node.services.questions import answering, cohorts, ledgering, machines
from node.services.questions.machines import GATHERS, HEARD, MESSAGE, REFUSED, TIME, Gathering, Machines
from node.store import EventRow, NamedRow, QuestionRow, RoundRow, Tx
from protocol import canon
from protocol.errors import CallerFault
from protocol.limits import STATS_PHASE_US
from protocol.statistics import ledger, messages, plan, post, question, signed, suppression
from protocol.statistics.ledger import Event
from protocol.statistics.plan import Cell
from protocol.statistics.post import Told
from protocol.statistics.question import Question, Unit

GATHERING: Final = "gathering"
OPENED: Final = "opened"
UNOPENED: Final = "unopened"
GIVE_UP_US: Final = 20 * STATS_PHASE_US  # after its beginning a round's end is offered no more to who is not there
SECOND_US: Final = 1_000_000


class Shown(NamedTuple):
    """One cell for people: its sum, or why there is none: ``few`` firms, ``empty``, ``withheld``."""

    cell: Cell
    total: int | None
    why: str = ""


class Answer(NamedTuple):
    """What came of a question. ``nodes``: keys of those whose answers are in the sums; ``named``: (key, rule)."""

    question: bytes
    asked: Question
    state: str
    reason: str
    cells: Sequence[Shown]
    nodes: Sequence[bytes]
    named: Sequence[tuple[bytes, str]]


class Progress(NamedTuple):
    """How far a round is after event number ``seen``: (number, node key, message) of what is to be told now, when the
    patience of this phase ends (µs, None when nothing is waited for), whether everybody was told the end."""

    seen: int
    pending: tuple[tuple[int, bytes, bytes], ...]
    due: int | None
    done: bool


def ask(
    house: House, tx: Tx, cohort: str, figure: str, cells: Sequence[Cell], *, unit: Unit = Unit.COMPANY,
    missing: int = 0, by: str,
) -> QuestionRow:  # fmt: skip
    """A question to a cohort, signed and answered to here as by every other node. CallerFault names what forbids it."""
    house.require_signing()
    row = cohorts.find(tx, cohort)
    cohorts.standing(tx, row.cohort)
    now = house.clock()
    made = Question(
        house.network, row.cohort, house.node.public, house.node.public, house.entropy(16), answering.month_of(now),
        figure, unit, missing, 1, b"", tuple(cells), now,
    )  # fmt: skip
    version, before = _version(house, tx, made)
    wire = question.sign_question(house.node, made._replace(version=version, before=before))
    asked, hashed = question.verify_question(wire)
    taken = answering.take(house, tx, wire, asked, hashed)
    if taken.state == post.REFUSED:
        raise CallerFault("question", taken.reason, code="refused-here")
    changed = taken._replace(by=by)
    tx.questions.put(changed)
    return changed


def _version(house: House, tx: Tx, made: Question) -> tuple[int, bytes]:
    """The same question again is its next version, to those who answered."""
    same = ledger.asked_hash(made)
    opened = [
        line.entry
        for line in ledgering.lines(house, tx)
        if line.entry.asked == same and line.entry.event is Event.ANSWERED
    ]
    return (opened[-1].version + 1, opened[-1].answerers) if opened else (1, b"")


def begin(house: House, tx: Tx, held: Machines, text: str, patience_s: int) -> tuple[bytes, Progress]:
    """Begin to gather. ``patience_s``: seconds in each phase, at most 60. The question's hash, and what to tell."""
    house.require_signing()
    row = answering.find(tx, text)
    if row.asker != house.node.public:
        raise CallerFault("question", "was asked by another node")
    if tx.questions.round(row.question) is not None:
        raise CallerFault("question", "was gathered already: ask it again", code="begun")
    patience = min(max(1, patience_s) * SECOND_US, STATS_PHASE_US)
    begun = RoundRow(row.question, house.clock(), patience, GATHERING, "", b"", False)
    tx.questions.put_round(begun)
    held.gatherings[row.question] = gathering = machines.made_gathering(house, tx, begun)
    gathering.take(gathering.machine.start())
    return row.question, _progress(gathering, begun)


def resume(house: House, tx: Tx, held: Machines, row: RoundRow) -> Progress:
    """A round that was under way when the node stopped."""
    return _progress(held.gathering(house, tx, row), row)


def heard(
    house: House, tx: Tx, held: Machines, hashed: bytes, node: bytes, tell: int, told: Told
) -> Progress | None:  # fmt: skip
    """A node has answered message number ``tell`` (from 1), or says that it will not."""
    row = _open(tx, hashed)
    if row is None:
        return None
    gathering = held.gathering(house, tx, row)
    if tell in gathering.heard:
        return _settled(house, tx, gathering, hashed)
    if told.messages:
        for message in told.messages:
            _take(house, tx, gathering, row, MESSAGE, node, tell, message)
    elif told.state in (post.READY, post.ENDED) and not gathering.machine.waits_for(node):
        _take(house, tx, gathering, row, HEARD, node, tell, b"")
    else:
        reason = told.reason or told.state
        _take(house, tx, gathering, row, REFUSED, node, tell, reason.encode())
    return _settled(house, tx, gathering, hashed)


def time_is_up(house: House, tx: Tx, held: Machines, hashed: bytes) -> Progress | None:
    """The patience of this phase has come to its end."""
    row = _open(tx, hashed)
    if row is None:
        return None
    gathering = held.gathering(house, tx, row)
    due = gathering.machine.next_deadline
    if due is not None and house.clock() >= due - STATS_PHASE_US + row.patience:
        _take(house, tx, gathering, row, TIME, b"", 0, b"", at=due)
    return _settled(house, tx, gathering, hashed)


def _settled(house: House, tx: Tx, gathering: Gathering, hashed: bytes) -> Progress:
    """A round of which everybody was told is over; nobody is told for ever."""
    row = tx.questions.round(hashed)
    assert row is not None
    if row.state != GATHERING and (not _pending(gathering) or house.clock() >= row.began + GIVE_UP_US):
        row = row._replace(done=True)
        tx.questions.put_round(row)
    return _progress(gathering, row)


def _progress(gathering: Gathering, row: RoundRow) -> Progress:
    due = gathering.machine.next_deadline
    until = row.began + GIVE_UP_US if due is None else due - STATS_PHASE_US + row.patience
    if row.done:
        return Progress(gathering.seen, (), None, done=True)
    return Progress(gathering.seen, tuple(_pending(gathering)), until, done=False)


def _pending(gathering: Gathering) -> list[tuple[int, bytes, bytes]]:
    """What is still to be told: to who is waited for, and what ends the question. A node's last message only."""
    machine = gathering.machine
    over = machine.next_deadline is None
    last = {tell.to: at for at, tell in enumerate(gathering.tells, 1)}
    return [
        (at, to, gathering.tells[at - 1].body)
        for to, at in last.items()
        if at not in gathering.heard and (over or machine.waits_for(to))
    ]


def _open(tx: Tx, hashed: bytes) -> RoundRow | None:
    row = tx.questions.round(hashed)
    return None if row is None or row.done else row


def _take(
    house: House, tx: Tx, gathering: Gathering, row: RoundRow, kind: str, node: bytes, tell: int, body: bytes,
    at: int = 0,
) -> None:  # fmt: skip
    number = gathering.seen + 1
    event = EventRow(
        row.question, GATHERS, number, kind, node, tell, canon.digest(body), body, b"", at or house.clock()
    )
    tx.questions.add_event(event)
    named = len(gathering.machine.named)
    effects = machines.gather(gathering, event)
    gathering.take(effects)
    _carry_out(tx, gathering, row, effects)
    fresh = gathering.machine.named[named:]
    tx.questions.name(
        NamedRow(row.question, 10_000 + named + place, key, rule[:300]) for place, (key, rule) in enumerate(fresh)
    )


def _carry_out(tx: Tx, gathering: Gathering, row: RoundRow, effects: Sequence[QuestionEffect]) -> None:
    for effect in effects:
        match effect:
            case Opened():
                kept = tx.questions.get(row.question)
                assert kept is not None
                tx.questions.put(kept._replace(result=effect.signed, nodes=b"".join(effect.nodes)))
                empty = messages.bitmap(gathering.machine.empty, len(gathering.machine.rows))
                tx.questions.put_round(row._replace(state=OPENED, empty=empty))
            case Unopened():
                tx.questions.put_round(row._replace(state=UNOPENED, reason=effect.reason[:300]))
            case Blamed():
                continue  # all names are taken together, also those that no effect says


# --- what may be shown


def answer(tx: Tx, text: str) -> Answer:
    """A question of this node as it stands, with what may be shown of its sums."""
    row = answering.find(tx, text)
    asked, hashed = ledgering.parsed(row.wire), row.question
    begun = tx.questions.round(hashed)
    named = [(one.node, one.rule) for one in tx.questions.named(hashed)]
    nodes = [row.nodes[at : at + 32] for at in range(0, len(row.nodes), 32)]
    state = "asked" if begun is None else begun.state
    cells = _shown(asked, row.result, begun.empty) if begun is not None and row.result else []
    return Answer(hashed, asked, state, "" if begun is None else begun.reason, cells, nodes, named)


def _shown(asked: Question, result: bytes, empty: bytes) -> list[Shown]:
    record = signed.verify(signed.parse(result), asked.coordinator)
    sums = dict(messages.parse_result(record).sums)
    nobody = frozenset(at for at in range(8 * len(empty)) if empty[at // 8] >> (at % 8) & 1)
    withheld = suppression.withheld(plan.rows_of(asked.cells, 1), frozenset(sums), nobody)
    found = []
    for at, cell in enumerate(asked.cells):
        if at in sums and at not in withheld:
            found.append(Shown(cell, sums[at]))
        else:
            found.append(Shown(cell, None, "withheld" if at in withheld else "empty" if at in nobody else "few"))
    return found
