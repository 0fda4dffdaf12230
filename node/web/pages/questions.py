"""地域間の問い: what this association was asked by others, what left the house, and who may ask. For staff.

Sums are shown by :mod:`node.services.questions.overview`; what is too few firms is said so, never shown as a zero.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from node.i18n import N_
from node.services import access
from node.services.questions import answering, cohorts, overview, policy
from node.services.transaction import Tx
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound

PATH: Final = "/association/questions"
LINES: Final = 50
FIGURES: Final = {
    "sales": N_("Sales at registers (yen)"),
    "pieces": N_("Pieces sold"),
    "amount": N_("Amount billed (yen)"),
    "dealings": N_("Number of bills"),
}
STATES: Final = {
    "waiting": N_("Waits for you"),
    "allowed": N_("Will be answered"),
    "refused": N_("Not answered"),
    "joined": N_("Under way"),
    "over": N_("Ended"),
}
EVENTS: Final = {
    "refused": N_("not answered"),
    "joined": N_("took part"),
    "counted": N_("numbers of firms left, masked"),
    "answered": N_("amounts left, masked"),
    "opened": N_("the sum was opened"),
    "closed": N_("ended without a sum"),
}
RULES: Final = {
    "auto": N_("answer at once"),
    "ask": N_("ask a person"),
    "never": N_("never answer"),
}
COHORTS: Final = {"offered": N_("Waits for you"), "accepted": N_("We take part"), "declined": N_("We take no part")}
WHY: Final = {
    "few": N_("too few firms"),
    "empty": N_("none at all"),
    "withheld": N_("withheld: would show another cell"),
}
WORDS: Final[dict[str, Any]] = {
    "figures": FIGURES,
    "states": STATES,
    "events": EVENTS,
    "choices": RULES,
    "taking_part": COHORTS,
}


async def index(visit: Visit) -> web.StreamResponse:
    """What waits, what was asked, who may ask, who is asked together, the ledger."""
    house = visit.context.house

    def work(tx: Tx) -> dict[str, Any]:
        latest = overview.latest(house, tx, LINES)
        return {
            "waiting": [row for row in latest if row["state"] == "waiting"],
            "latest": latest,
            "rules": overview.rules(house, tx),
            "cohorts": overview.cohorts_here(house, tx),
            "ledger": overview.ledger(house, tx, LINES),
        }

    return visit.render("association/questions.html", **WORDS, **(await visit.read(work)))


async def show(visit: Visit) -> web.StreamResponse:
    """One question: its cells, and the sums if it is ours."""
    text = visit.path_hash("question").hex()
    found = await visit.read(lambda tx: overview.result(visit.context.house, tx, text))
    return visit.render("association/question.html", found=found, why=WHY, **WORDS)


async def allow(visit: Visit) -> web.StreamResponse:
    """Answer a question that waits."""
    return await _decide(visit, allows=True)


async def refuse(visit: Visit) -> web.StreamResponse:
    """Do not answer it."""
    return await _decide(visit, allows=False)


async def _decide(visit: Visit, *, allows: bool) -> web.StreamResponse:
    text, house, who, address = visit.path_hash("question").hex(), visit.context.house, visit.who.user, visit.address

    def work(tx: Tx) -> None:
        answering.decide(house, tx, text, who.name, allow=allows)
        access.note(house, tx, "question-decided", member=None, user=who, detail=text[:12], address=address)

    try:
        await visit.write(work)
    except NotFound:
        raise
    except CallerFault:
        return visit.see_other(PATH, visit.say(N_("Somebody has decided this already.")))
    done = N_("It will be answered when it is gathered.") if allows else N_("It is not answered.")
    return visit.see_other(PATH, visit.say(done))


async def change_rule(visit: Visit) -> web.StreamResponse:
    """Who may ask."""
    form = await visit.form()
    house, who, address = visit.context.house, visit.who.user, visit.address
    asker = form.text("asker", visit.say(N_("Association")), required=False, most=64)
    rule = form.choice("rule", visit.say(N_("Rule")), [*RULES])
    if not form.ok:
        return visit.see_other(PATH)

    def work(tx: Tx) -> None:
        policy.change(house, tx, policy.asker_of(tx, asker), rule, who.name)
        access.note(house, tx, "question-rule", member=None, user=who, detail=rule, address=address)

    await visit.write(work)
    return visit.see_other(PATH, visit.say(N_("Changed.")))


async def accept(visit: Visit) -> web.StreamResponse:
    """Take part in a cohort."""
    return await _take_part(visit, accepts=True)


async def decline(visit: Visit) -> web.StreamResponse:
    """Take no part in it."""
    return await _take_part(visit, accepts=False)


async def _take_part(visit: Visit, *, accepts: bool) -> web.StreamResponse:
    text, house, who, address = visit.path_hash("cohort").hex(), visit.context.house, visit.who.user, visit.address

    def work(tx: Tx) -> None:
        cohorts.decide(house, tx, text, who.name, accept=accepts)
        access.note(house, tx, "question-rule", member=None, user=who, detail=text[:12], address=address)

    await visit.write(work)
    return visit.see_other(PATH, visit.say(N_("Changed.")))


PAGES = (
    Page("GET", PATH, "association.questions", index),
    Page("GET", f"{PATH}/{{question}}", "association.questions", show),
    Page("POST", f"{PATH}/rule", "association.questions", change_rule),
    Page("POST", f"{PATH}/{{question}}/allow", "association.questions", allow),
    Page("POST", f"{PATH}/{{question}}/refuse", "association.questions", refuse),
    Page("POST", f"{PATH}/cohorts/{{cohort}}/accept", "association.questions", accept),
    Page("POST", f"{PATH}/cohorts/{{cohort}}/decline", "association.questions", decline),
)
