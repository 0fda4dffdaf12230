"""The people of a simulated federation: they order, answer, ship, change their minds, enter again what got no answer.

Owns the workload. A clerk sees only what its own node shows, writes at its own node, and remembers the numbers that it
has given to its papers, as people do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from node.services import held
from node.services.trade import Outcome, Submission
from node.sim.clock import Schedule
from node.sim.dice import Dice
from node.sim.faults import Tally
from node.sim.host import Host
from node.sim.options import SECOND
from node.store import Tx
from protocol.errors import CallerFault, WorldFault, YuiError
from protocol.process.trade.papers import (
    ChangeLine,
    ChangeResponse,
    DespatchAdvice,
    DespatchLine,
    Item,
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    Paper,
    Party,
    Price,
    Scaled,
)

DATE = "2026-11-22"
GIVE_UP_AFTER = 40  # attempts at one step
MISSED_PERMILLE = 700  # of papers that a restore took: somebody notices
ACCEPTED_PERMILLE = 400  # of what is held: people want it although its number came before
PATIENCE_US = 10 * SECOND  # then the clerk's program says that the node did not answer


@dataclass(eq=False)
class Firm:
    """A member and where its clerks work."""

    member: bytes
    name: str
    home: Host


class Step(NamedTuple):
    """One paper of a script. ``beside``: written by a second clerk who has not seen the step before it."""

    by: int  # 0 buyer, 1 seller
    build: Callable[[Dealing], Paper]
    label: str
    beside: bool = False


@dataclass
class Dealing:
    """One dealing: who, which script, how far, and the ids that the clerks were told."""

    number: int
    firms: tuple[Firm, Firm]
    script: list[Step]
    thread: bytes = b""
    at: int = 0
    attempts: int = 0
    told: list[bytes] = field(default_factory=list)
    turn: int = 0  # numbers the clerk's attempts: an answer to an earlier one changes nothing

    def name(self, label: str) -> str:
        """The business number of one of its papers."""
        return f"{label}-{self.number}"


def _line(quantity: int) -> OrderLine:
    return OrderLine(
        line_id="1",
        item=Item(name="六角ボルト"),
        quantity=Scaled(quantity),
        unit="H87",
        price=Price(value=Scaled(100)),
        amount=100 * quantity,
    )


def order(dealing: Dealing) -> Paper:
    """The buyer orders 10 pieces."""
    buyer, seller = dealing.firms
    return Order(
        number=dealing.name("PO"),
        issue_date=DATE,
        currency="JPY",
        buyer=Party(name=buyer.name),
        seller=Party(name=seller.name),
        lines=(_line(10),),
    )


def response(word: str, label: str) -> Callable[[Dealing], Paper]:
    """The seller's answer to the order."""

    def build(dealing: Dealing) -> Paper:
        buyer, seller = dealing.firms
        return OrderResponse(
            number=dealing.name(label),
            issue_date=DATE,
            response=word,
            order=dealing.name("PO"),
            buyer=Party(name=buyer.name),
            seller=Party(name=seller.name),
        )

    return build


def change(dealing: Dealing) -> Paper:
    """The buyer asks for 12 pieces."""
    return OrderChange(
        number=dealing.name("CH"),
        issue_date=DATE,
        currency="JPY",
        order=dealing.name("PO"),
        lines=(ChangeLine(action="changed", line=_line(12)),),
        reason="more of them",
    )


def cancellation(dealing: Dealing) -> Paper:
    """The buyer asks to end it."""
    return OrderCancellation(number=dealing.name("CA"), issue_date=DATE, order=dealing.name("PO"), reason="too late")


def answer_to(what: str, word: str, label: str) -> Callable[[Dealing], Paper]:
    """The seller's answer to a change or a cancellation."""

    def build(dealing: Dealing) -> Paper:
        return ChangeResponse(
            number=dealing.name(label),
            issue_date=DATE,
            response=word,
            answers=dealing.name(what),
            order=dealing.name("PO"),
        )

    return build


def despatch(quantity: int, label: str) -> Callable[[Dealing], Paper]:
    """The seller ships."""

    def build(dealing: Dealing) -> Paper:
        buyer, seller = dealing.firms
        return DespatchAdvice(
            number=dealing.name(label),
            issue_date=DATE,
            order=dealing.name("PO"),
            buyer=Party(name=buyer.name),
            seller=Party(name=seller.name),
            lines=(DespatchLine(line_id="1", order_line_id="1", quantity=Scaled(quantity), unit="H87"),),
        )

    return build


_ORDER = Step(0, order, "PO")
_ACCEPT = Step(1, response("accepted", "OR"), "OR")
_REFUSE = Step(1, response("refused", "OX"), "OX", beside=True)
_CHANGE = Step(0, change, "CH")
_CANCEL = Step(0, cancellation, "CA", beside=True)
SCRIPTS: tuple[tuple[Step, ...], ...] = (
    (_ORDER, _ACCEPT),
    (_ORDER, _ACCEPT, Step(1, despatch(10, "DE"), "DE")),
    (_ORDER, _ACCEPT, Step(1, despatch(4, "DE"), "DE"), Step(1, despatch(6, "DF"), "DF")),
    (_ORDER, _ACCEPT, _REFUSE),  # two clerks of the seller decide differently
    (_ORDER, _ACCEPT, _CHANGE, Step(1, answer_to("CH", "accepted", "CR"), "CR")),
    (_ORDER, _ACCEPT, _CHANGE, _CANCEL),  # two clerks of the buyer, side by side
    (_ORDER, _ACCEPT, _CHANGE, Step(1, despatch(10, "DE"), "DE", beside=True)),  # both sides at once
    (_ORDER, _ACCEPT, Step(0, cancellation, "CA"), Step(1, answer_to("CA", "accepted", "CB"), "CB")),
)


class Office:
    """All clerks. ``on_submitted`` hears of every document that a node has acknowledged."""

    def __init__(
        self,
        schedule: Schedule,
        dice: Dice,
        tally: Tally,
        on_submitted: Callable[[Firm, Firm, bytes, str], None],
        *,
        twice: int,
    ) -> None:
        self._schedule = schedule
        self._dice = dice
        self._tally = tally
        self._on_submitted = on_submitted
        self._twice = twice
        self.refusals: list[str] = []
        self.dealings: list[Dealing] = []
        self.open = 0

    def begin(self, dealing: Dealing, when: int) -> None:
        """Work on ``dealing`` from ``when`` on."""
        self.open += 1
        self.dealings.append(dealing)
        self._schedule.at(when, lambda: self._work(dealing))

    def _again(self, dealing: Dealing, soon: int, late: int) -> None:
        self._schedule.after(self._dice.between(soon, late), lambda: self._work(dealing))

    def _work(self, dealing: Dealing) -> None:
        if dealing.at >= len(dealing.script) or dealing.attempts >= GIVE_UP_AFTER:
            self.open -= 1
            return
        dealing.attempts += 1
        self._miss(dealing, dealing.firms[dealing.script[dealing.at].by])
        step = dealing.script[dealing.at]
        firm, partner = dealing.firms[step.by], dealing.firms[1 - step.by]
        follows = self._seen(dealing, firm, step)
        if follows is None:
            self._again(dealing, 4 * SECOND, 15 * SECOND)
            return
        self._enter(dealing, firm, partner, follows)

    def _enter(self, dealing: Dealing, firm: Firm, partner: Firm, follows: tuple[bytes, ...]) -> None:
        dealing.turn += 1
        turn = dealing.turn
        paper = dealing.script[dealing.at].build(dealing)
        submission = Submission(
            partner.member, paper, thread=dealing.thread if follows else b"", follows=follows or None
        )

        def told(outcome: Outcome) -> None:
            self._acknowledged(firm, partner, outcome)
            if dealing.turn == turn:
                dealing.turn += 1
                self._told(dealing, firm, outcome)

        def refused(error: YuiError) -> None:
            if dealing.turn == turn:
                dealing.turn += 1
                self._refused(dealing, error)

        def waited() -> None:
            if dealing.turn == turn:
                dealing.turn += 1
                self._once_more(dealing)

        self._schedule.after(PATIENCE_US, waited)
        firm.home.submit(firm.member, [submission], told, refused)

    def _miss(self, dealing: Dealing, firm: Firm) -> None:
        """After a restore the last paper of this firm may be gone: some clerks notice, and enter it again."""
        step = dealing.script[dealing.at - 1] if dealing.told and len(dealing.told) == dealing.at else None
        if step is None or dealing.firms[step.by] != firm or not firm.home.up:
            return
        last = dealing.told[-1]
        if firm.home.look(lambda tx: tx.documents.get(last)) is None and self._dice.permille(MISSED_PERMILLE):
            dealing.told.pop()
            dealing.at -= 1

    def _seen(self, dealing: Dealing, firm: Firm, step: Step) -> tuple[bytes, ...] | None:
        """What the next paper follows: the last one seen here, or the one before it. None: not here yet."""
        if not dealing.told:
            return ()
        before = dealing.told[-2] if step.beside and len(dealing.told) > 1 else dealing.told[-1]
        if not firm.home.up:
            return None

        def here(tx: Tx) -> bool:
            holding = tx.holdings.get(firm.member, before)
            return holding is not None and holding.verdict == "applied"

        return (before,) if firm.home.look(here) else None

    def _acknowledged(self, firm: Firm, partner: Firm, outcome: Outcome) -> None:
        result = outcome.submitted[0]
        self._tally.note(self._schedule.now, "submitted", result.id.hex()[:12], result.verdict)
        self._on_submitted(firm, partner, result.id, result.verdict)

    def _told(self, dealing: Dealing, firm: Firm, outcome: Outcome) -> None:
        result = outcome.submitted[0]
        if result.verdict != "applied":
            # It was there already: the clerk entered it twice. Go on with the first one.
            first = self._first_with_key(firm, result.id)
            if first is None:
                self._again(dealing, 2 * SECOND, 9 * SECOND)
                return
            self._next(dealing, first)
        else:
            self._next(dealing, result.id)

    def _next(self, dealing: Dealing, document: bytes) -> None:
        if not dealing.told:
            dealing.thread = document
        elif self._dice.permille(self._twice):
            self._enter_again(dealing)
        dealing.told.append(document)
        dealing.at += 1
        dealing.attempts = 0
        self._again(dealing, 0, 8 * SECOND)

    def _enter_again(self, dealing: Dealing) -> None:
        """A second clerk enters the paper just written once more, under the same number."""
        step = dealing.script[dealing.at]
        firm, partner = dealing.firms[step.by], dealing.firms[1 - step.by]
        submission = Submission(partner.member, step.build(dealing), thread=dealing.thread)
        firm.home.submit(
            firm.member,
            [submission],
            lambda outcome: self._acknowledged(firm, partner, outcome),
            lambda _error: None,
        )

    def _first_with_key(self, firm: Firm, document: bytes) -> bytes | None:
        if not firm.home.up:
            return None

        def find(tx: Tx) -> bytes | None:
            row = tx.documents.get(document)
            if row is None:
                return None
            return tx.keys_used.get(row.author, row.audience, row.type, row.business_key, row.revision)

        return firm.home.look(find)

    def _refused(self, dealing: Dealing, error: YuiError) -> None:
        self._tally.note(self._schedule.now, "refused", dealing.number, dealing.at, error.code)
        if isinstance(error, CallerFault):
            self.refusals.append(f"{dealing.script[dealing.at].label}: {error}")
            dealing.at += 1  # the state of the dealing does not allow it (any more): leave it
            self._again(dealing, 1 * SECOND, 5 * SECOND)
            return
        assert isinstance(error, WorldFault) or error.code == "frozen", f"unexpected refusal: {error!r}"
        self._once_more(dealing)

    def _once_more(self, dealing: Dealing) -> None:
        """No answer: perhaps it was stored, perhaps not. Enter it again under the same number."""
        self._again(dealing, 3 * SECOND, 25 * SECOND)


def decide_held(firm: Firm, dice: Dice, tally: Tally, now: int) -> bytes:
    """Look through what is held for a firm and decide the oldest: a second order with the same number.

    The id of the document if it shall take effect although its number was used before, else nothing.
    """
    if not firm.home.up or not (waiting := firm.home.look(lambda tx: held.waiting(tx, firm.member, 1))):
        return b""
    decision = held.APPLY if dice.permille(ACCEPTED_PERMILLE) else held.REFUSE
    document = waiting[0].holding.document
    tally.note(now, "decides", document.hex()[:12], decision)

    def done(news: frozenset[bytes]) -> None:
        process = firm.home.process
        if process is not None:
            process.runtime.notice(news)
            process.pump()

    firm.home.write(
        lambda tx, house: held.decide(house, tx, firm.member, document, decision, "clerk"), done, lambda _error: None
    )
    return document if decision == held.APPLY else b""
