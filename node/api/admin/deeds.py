"""Admin commands: agreements. Owns their plain shapes; what they mean is below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from node.api.admin.command import Ask, Command, local_member, tell
from node.api.context import Context
from node.services import deeds
from node.services.deeds import DeedRow, Wish
from node.services.offers import finding
from node.services.trade import Outcome
from node.services.transaction import Tx


class Mine(Ask, frozen=True):
    """A member's agreements."""

    member: str


class One(Ask, frozen=True):
    """One by the first digits of its id; ``terms``: the proposal meant, empty: the one that counts."""

    member: str
    deed: str
    reason: str = ""


class Terms(Ask, frozen=True):
    """Terms on an ``offer``, or with ``deed`` a counter-proposal. Times µs UTC."""

    member: str
    offer: str = ""
    deed: str = ""
    subject: str = ""
    terms: str = ""
    amount: int | None = None
    tax_included: bool = False
    starts: int = 0
    ends: int = 0
    thing: str = ""
    until: int = 0


class Report(Ask, frozen=True):
    """What came of it."""

    member: str
    deed: str
    word: str
    day: str = ""
    on_time: bool = False
    passed: bool = False
    reason: str = ""


def _line(row: DeedRow, name: str) -> dict[str, Any]:
    return {
        "deed": row.thread.hex(), "partner": row.partner.hex(), "name": name, "provides": row.mine,
        "state": row.state, "turn": row.turn, "offer": row.offer.hex(), "kind": row.kind, "subject": row.subject,
        "thing": row.thing, "starts": row.starts, "ends": row.ends, "until": row.until,
    }  # fmt: skip


def listed(context: Context, ask: Mine) -> list[dict[str, Any]]:
    """A member's agreements, the latest first."""
    return context.store.read(lambda tx: [_line(*one) for one in deeds.listed(tx, local_member(tx, ask.member))])


def show(context: Context, ask: One) -> dict[str, Any]:
    """One with its steps."""
    return context.store.read(lambda tx: _shown(context, tx, local_member(tx, ask.member), ask.deed))


def _shown(context: Context, tx: Tx, member: bytes, text: str) -> dict[str, Any]:
    found = deeds.show(context.house, tx, member, deeds.resolve(tx, member, text))
    paper = found.current
    steps = [
        {
            "type": step.fact.type, "number": step.fact.business_key, "ours": step.ours, "time": step.fact.time,
            "standing": step.terms.standing if step.terms is not None else "",
        }
        for step in found.steps
    ]  # fmt: skip
    return {
        **_line(found.row, found.partner_name), "terms": paper.terms, "amount": paper.amount,
        "current": found.current_id.hex(), "may": list(found.may), "steps": steps,
        "record": deeds.record_of(tx, member, found.row.partner)._asdict(),
    }  # fmt: skip


def _done(context: Context, member: str, work: Callable[[Tx, bytes], Outcome]) -> dict[str, Any]:
    def run(tx: Tx) -> tuple[Outcome, dict[str, Any]]:
        found = local_member(tx, member)
        outcome = work(tx, found)
        return outcome, _shown(context, tx, found, outcome.submitted[0].thread.hex())

    outcome, shown = context.commit(run)
    tell(context, outcome.news)
    return shown


def propose(context: Context, ask: Terms) -> dict[str, Any]:
    """Answer an offer, or counter."""
    wish = Wish(
        subject=ask.subject, terms=ask.terms, amount=ask.amount, tax_included=ask.tax_included, starts=ask.starts,
        ends=ask.ends, thing=ask.thing, until=ask.until,
    )  # fmt: skip

    def work(tx: Tx, member: bytes) -> Outcome:
        if ask.deed:
            return deeds.counter(context.house, tx, member, deeds.resolve(tx, member, ask.deed), wish)
        return deeds.answer(context.house, tx, member, finding.resolve(tx, ask.offer), wish)

    return _done(context, ask.member, work)


def agree(context: Context, ask: One) -> dict[str, Any]:
    """Accept or confirm the terms that count."""
    return _done(
        context, ask.member,
        lambda tx, member: deeds.agree(context.house, tx, member, deeds.resolve(tx, member, ask.deed)),
    )  # fmt: skip


def refuse(context: Context, ask: One) -> dict[str, Any]:
    """Decline."""
    return _done(
        context, ask.member,
        lambda tx, member: deeds.decline(context.house, tx, member, deeds.resolve(tx, member, ask.deed), ask.reason),
    )  # fmt: skip


def lapse(context: Context, ask: One) -> dict[str, Any]:
    """End own terms whose time is over."""
    return _done(
        context, ask.member,
        lambda tx, member: deeds.lapse(context.house, tx, member, deeds.resolve(tx, member, ask.deed)),
    )  # fmt: skip


def report(context: Context, ask: Report) -> dict[str, Any]:
    """Fulfilled, or to be cancelled."""
    return _done(
        context, ask.member,
        lambda tx, member: deeds.report(
            context.house, tx, member, deeds.resolve(tx, member, ask.deed), ask.word, day=ask.day,
            on_time=ask.on_time, passed=ask.passed, reason=ask.reason,
        ),
    )  # fmt: skip


COMMANDS = (
    Command("deed.list", Mine, listed, offline=True),
    Command("deed.show", One, show, offline=True),
    Command("deed.propose", Terms, propose),
    Command("deed.agree", One, agree),
    Command("deed.refuse", One, refuse),
    Command("deed.lapse", One, lapse),
    Command("deed.report", Report, report),
)
