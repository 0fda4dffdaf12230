"""From an offer to a deed: terms proposed, countered, agreed, reported; and the calendar of what is booked.

Owns a person's steps and the one decision about time: the home of the firm that provides gives hours away, in the
transaction that signs its word (ADR 67). What may follow what is :mod:`protocol.process.deed`.
"""

from __future__ import annotations

import datetime
from typing import Final, NamedTuple

import msgspec

from node.services import dealings, reading, trade
from node.services.dealings import Agreed
from node.services.desk import numbering
from node.services.desk.parties import party_of
from node.services.house import House
from node.services.offers import finding, holding
from node.services.trade import Outcome, Submission
from node.store import Tx
from node.store.deeds import DeedRow as DeedRow  # noqa: PLC0414 - pages and the API know it from here
from node.store.deeds import Record as Record  # noqa: PLC0414 - pages know it from here
from protocol.errors import CallerFault, NotFound
from protocol.limits import MAX_DEED_DOCUMENTS
from protocol.process.deed.state import Terms
from protocol.process.deed.table import Role, State
from protocol.process.fact import Fact
from protocol.process.trade.papers import DeedAnswer, DeedProposal, DeedReport
from protocol.process.trade.papers.agreeing import ACCEPTED, CANCELLED, CONFIRMED, FULFILLED

MOST: Final = 200
MOST_SHOWN: Final = 100
DAY_US: Final = 24 * 3600 * 1_000_000
DEFAULT_DAYS: Final = 7
MOST_DAYS: Final = 366
_JAPAN: Final = datetime.timezone(datetime.timedelta(hours=9))


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person proposes. Times µs UTC; ``until``: how long it binds, 0: a week from now."""

    subject: str = ""
    terms: str = ""
    amount: int | None = None
    tax_included: bool = False
    starts: int = 0
    ends: int = 0
    thing: str = ""
    until: int = 0


class Step(NamedTuple):
    """A line of the timeline. ``ours``: the member signed it; ``terms``: of a proposal what became of it."""

    fact: Fact
    ours: bool
    terms: Terms | None


class Shown(NamedTuple):
    """A deed as one side sees it. ``may``: the steps that it can take now; ``current``: the terms that count."""

    row: DeedRow
    partner_name: str
    folded: Agreed
    current: DeedProposal
    current_id: bytes
    role: Role
    may: tuple[str, ...]
    steps: tuple[Step, ...]


# ---------------------------------------------------------------------- look


def listed(tx: Tx, member: bytes) -> list[tuple[DeedRow, str]]:
    """The member's deeds with the partners' names, the latest change first."""
    rows = tx.deeds.latest(member, MOST)
    names = reading.names_of(tx, {row.partner for row in rows})
    return [(row, names.get(row.partner, row.partner.hex()[:12])) for row in rows]


def on_offer(tx: Tx, member: bytes, offer: bytes) -> list[tuple[DeedRow, str]]:
    """The member's deeds on one offer."""
    rows = tx.deeds.of_offer(member, offer, MOST)
    names = reading.names_of(tx, {row.partner for row in rows})
    return [(row, names.get(row.partner, row.partner.hex()[:12])) for row in rows]


def show(house: House, tx: Tx, member: bytes, thread: bytes) -> Shown:
    """One deed of the member. NotFound otherwise."""
    row = tx.deeds.get(member, thread)
    if row is None:
        raise NotFound("deed", "no such deed")
    folded = dealings.fold_deed(tx, thread)
    state = folded.state
    bodies = {fact.id: fact for fact in folded.facts}
    paper = bodies[state.current].body
    assert isinstance(paper, DeedProposal)
    standing = {one.id: one for one in state.terms}
    ordered = sorted(
        (fact for fact in folded.facts if fact.id in state.outcomes), key=lambda fact: (fact.time, fact.id)
    )
    steps = tuple(Step(fact, fact.author == member, standing.get(fact.id)) for fact in ordered)
    role = Role.SELLER if row.mine else Role.BUYER
    name = reading.names_of(tx, {row.partner}).get(row.partner, row.partner.hex()[:12])
    may = _may(state.state, standing[state.current], paper, role, state.cancelling, house.clock())
    return Shown(row, name, folded, paper, state.current, role, may, steps)


def _may(
    state: State, terms: Terms, paper: DeedProposal, role: Role, cancelling: tuple[Role, ...], now: int
) -> tuple[str, ...]:
    """What a side can do now, the likeliest first."""
    over, own = now >= paper.until, terms.by is role
    match state:
        case State.PROPOSED if own:
            return ("lapse",) if over else ()
        case State.PROPOSED:
            return ("counter", "decline") if over else ("agree", "counter", "decline")
        case State.ACCEPTED if role is Role.SELLER:
            return ("agree", "decline") if over else ("agree",)
        case State.ENDED if not own:
            return ("counter",)
        case State.AGREED if role not in cancelling:
            return ("fulfil", "cancel") if role is Role.BUYER and not cancelling else ("cancel",)
        case _:
            return ()


def record_of(tx: Tx, member: bytes, partner: bytes) -> Record:
    """How a partner fulfilled what was agreed with the member, by what the member itself signed."""
    return tx.deeds.record(member, partner)


def resolve(tx: Tx, member: bytes, text: str) -> bytes:
    """The member's deed of that id or its first digits."""
    text = text.strip().lower()
    found = [row.thread for row in tx.deeds.latest(member, 10_000) if row.thread.hex().startswith(text)]
    if len(text) < 8 or not found:
        raise NotFound("deed", "no such deed: give at least 8 digits of its id")
    if len(found) > 1:
        raise CallerFault("deed", "several deeds begin so: give more digits")
    return found[0]


# ---------------------------------------------------------------------- steps


def answer(house: House, tx: Tx, member: bytes, offer: bytes, wish: Wish) -> Outcome:
    """Propose terms on another's offer or request: a deed begins. CallerFault names the field and the rule."""
    row = finding.one(house, tx, offer)
    if row.member == member:
        raise CallerFault("offer", "is the own one: others answer it")
    said = holding.said(row)
    provides = row.side == "request"
    subject = wish.subject or said.title
    return _propose(
        house, tx, member, row.member, b"", None, msgspec.structs.replace(wish, subject=subject),
        offer=offer, kind=row.kind, provides=provides,
    )  # fmt: skip


def counter(house: House, tx: Tx, member: bytes, thread: bytes, wish: Wish) -> Outcome:
    """Propose other terms instead of the other side's. CallerFault where it is not our turn."""
    shown = show(house, tx, member, thread)
    if shown.row.documents >= MAX_DEED_DOCUMENTS - 1:
        raise CallerFault("deed", f"has at most {MAX_DEED_DOCUMENTS} documents: answer the offer anew")
    _require(shown, "counter")
    now = shown.current
    if not wish.subject:
        wish = msgspec.structs.replace(wish, subject=now.subject)
    if not shown.row.mine or not wish.thing:
        wish = msgspec.structs.replace(wish, thing=now.thing)
    return _propose(
        house, tx, member, shown.row.partner, thread, shown.current_id, wish,
        offer=bytes.fromhex(now.offer), kind=now.kind, provides=shown.row.mine,
    )  # fmt: skip


def agree(house: House, tx: Tx, member: bytes, thread: bytes, terms: bytes = b"") -> Outcome:
    """Accept the terms, or confirm the acceptance of our own; what is booked is taken by it, if the member provides.

    ``terms``: the proposal that the person saw; another one that counts by now is a CallerFault.
    """
    shown = show(house, tx, member, thread)
    if terms and terms != shown.current_id:
        raise CallerFault("terms", "have changed since: look at them again")
    _require(shown, "agree")
    if shown.row.mine:
        _require_free(house, tx, member, thread, shown.current)
    word = CONFIRMED if shown.folded.state.state is State.ACCEPTED else ACCEPTED
    return _say(house, tx, member, shown, word)


def decline(house: House, tx: Tx, member: bytes, thread: bytes, reason: str = "") -> Outcome:
    """Say no to the terms."""
    shown = show(house, tx, member, thread)
    _require(shown, "decline")
    return _say(house, tx, member, shown, "declined", reason)


def lapse(house: House, tx: Tx, member: bytes, thread: bytes) -> Outcome:
    """Say that the time of our own terms is over: what they kept free is free, and the other side may propose."""
    shown = show(house, tx, member, thread)
    _require(shown, "lapse")
    return _say(house, tx, member, shown, "lapsed")


def report(
    house: House, tx: Tx, member: bytes, thread: bytes, word: str, *, day: str = "", on_time: bool = False,
    passed: bool = False, reason: str = "",
) -> Outcome:  # fmt: skip
    """Say that it was fulfilled (who takes), or that it should be cancelled (both have to)."""
    shown = show(house, tx, member, thread)
    _require(shown, "fulfil" if word == FULFILLED else "cancel")
    today = _today(house)
    if day and day > today:
        raise CallerFault("day", "must not lie in the future")
    fulfilled = word == FULFILLED
    paper = DeedReport(
        number=numbering.next_number(tx, member, "deed_report", today, partner=shown.row.partner),
        issue_date=today,
        proposal=shown.current_id.hex(),
        word=word if fulfilled else CANCELLED,
        day=(day or today) if fulfilled else "",
        on_time=fulfilled and on_time,
        passed=fulfilled and passed,
        reason=reason,
    )
    return trade.submit(house, tx, member, [Submission(shown.row.partner, paper, thread=thread)])


def _require(shown: Shown, step: str) -> None:
    if step in shown.may:
        return
    over = shown.folded.state.state is State.PROPOSED and shown.row.until and step == "agree"
    if over and "counter" in shown.may:
        raise CallerFault("terms", "their time is over: propose terms yourself")
    raise CallerFault("deed", "this step cannot be taken now: look at the deed again")


def _propose(
    house: House, tx: Tx, member: bytes, partner: bytes, thread: bytes, before: bytes | None, wish: Wish,
    *, offer: bytes, kind: str, provides: bool,
) -> Outcome:  # fmt: skip
    now, today = house.clock(), _today(house)
    until = wish.until or now + DEFAULT_DAYS * DAY_US
    if not now < until <= now + MOST_DAYS * DAY_US:
        raise CallerFault("until", f"later than now, at most {MOST_DAYS} days")
    if wish.starts and wish.starts < now:
        raise CallerFault("starts", "must not lie in the past")
    paper = DeedProposal(
        number=numbering.next_number(tx, member, "deed_proposal", today, partner=partner),
        issue_date=today,
        currency="JPY" if wish.amount is not None else "",
        buyer=party_of(tx, partner if provides else member),
        seller=party_of(tx, member if provides else partner),
        provides=provides,
        offer=offer.hex(),
        kind=kind,
        answers=before.hex() if before else "",
        subject=wish.subject,
        terms=wish.terms,
        amount=wish.amount,
        tax_included=wish.tax_included,
        starts=wish.starts,
        ends=wish.ends,
        thing=wish.thing if provides or before else "",
        until=until,
    )
    if provides:
        _require_free(house, tx, member, thread, paper)
    return trade.submit(house, tx, member, [Submission(partner, paper, thread=thread)])


def _say(house: House, tx: Tx, member: bytes, shown: Shown, word: str, reason: str = "") -> Outcome:
    today = _today(house)
    paper = DeedAnswer(
        number=numbering.next_number(tx, member, "deed_answer", today, partner=shown.row.partner),
        issue_date=today,
        proposal=shown.current_id.hex(),
        answer=word,
        reason=reason,
    )
    return trade.submit(house, tx, member, [Submission(shown.row.partner, paper, thread=shown.row.thread)])


def _today(house: House) -> str:
    return datetime.datetime.fromtimestamp(house.clock() // 1_000_000, _JAPAN).date().isoformat()


# ---------------------------------------------------------------------- calendar


def calendar_of(paper: DeedProposal) -> str:
    """Whose time it is: the provider's word for the thing, else the offer."""
    return paper.thing or paper.offer


def taken(house: House, tx: Tx, member: bytes, thing: str, starts: int, ends: int) -> list[DeedRow]:
    """What is booked or kept free of the member's thing between two moments."""
    return tx.deeds.taken(member, thing, starts, ends, house.clock(), MOST_SHOWN)


def _require_free(house: House, tx: Tx, member: bytes, thread: bytes, paper: DeedProposal) -> None:
    """CallerFault if the time is past or overlaps what another deed holds; it names when that is, and not whose."""
    if not paper.starts:
        return
    if paper.starts < house.clock():
        raise CallerFault("starts", "the time that is wanted is past")
    for other in taken(house, tx, member, calendar_of(paper), paper.starts, paper.ends):
        if other.thread != thread:
            raise CallerFault("starts", f"taken from {_moment(other.starts)} to {_moment(other.ends)}", code="taken")


def _moment(time: int) -> str:
    """In Japan's time, for people."""
    return datetime.datetime.fromtimestamp(time // 1_000_000, _JAPAN).strftime("%Y-%m-%d %H:%M")
