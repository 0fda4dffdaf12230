"""The association's page of questions: what waits, who may ask, what left the house, with its buttons."""

from __future__ import annotations

from node.services.questions import answering, cohorts, gathering
from node.services.questions.answering import WAITING
from protocol.statistics import post
from protocol.statistics.plan import Cell
from tests.node.services.town import Association
from tests.node.web.harness import Web

PATH = "/association/questions"
COHORT = "みかわ"


def neighbours(town: Association) -> Association:
    """Three associations beside the town's; the first of them asks a cohort of all four. The asker."""
    others = [Association(name) for name in ("京都", "四国", "竜宮")]
    for one in others:
        town.accept(one)
        for other in (*others, town):
            if other is not one:
                one.accept(other)
    asker = others[0]
    names = [other.name for other in (*others[1:], town)]
    made = asker.do(
        lambda tx: cohorts.publish(
            asker.house, tx, COHORT, names, kind="prefecture", area="23", days=30, units=3, percent=10, by="x"
        )
    )
    town.do(lambda tx: cohorts.take_offer(town.house, tx, asker.house.id, made.offer))
    return asker


def asked(town: Association, asker: Association, code: str) -> bytes:
    """A question of the asker, shown to the town."""
    cells = [Cell(code, 20_000, 20_031)]
    row = asker.do(lambda tx: gathering.ask(asker.house, tx, COHORT, "amount", cells, by="x"))
    town.do(lambda tx: answering.announced(town.house, tx, asker.house.id, row.wire))
    return row.question


def state(town: Association, question: bytes) -> str:
    row = town.see(lambda tx: tx.questions.get(question))
    assert row is not None
    return row.state


async def test_staff_take_part_decide_and_read_the_ledger(web: Web) -> None:
    town = web.town
    asker = neighbours(town)
    staff = await web.logged_in("staff")
    assert COHORT in (await staff.get(PATH)).plain
    (cohort,) = town.see(lambda tx: tx.questions.cohorts())
    await staff.post(f"{PATH}/cohorts/{cohort.cohort.hex()}/accept", follow=True)
    assert town.see(lambda tx: tx.questions.cohorts())[0].state == cohorts.ACCEPTED

    first, second = asked(town, asker, "23"), asked(town, asker, "24")
    assert (state(town, first), state(town, second)) == (WAITING, WAITING)
    page = await staff.get(PATH)
    assert page.plain.count("京都") >= 2
    allowed = await staff.post(f"{PATH}/{first.hex()}/allow", follow=True)
    assert "まとめるときに答えます" in allowed.plain
    refused = await staff.post(f"{PATH}/{second.hex()}/refuse", follow=True)
    assert "答えません" in refused.plain
    assert (state(town, first), state(town, second)) == (answering.ALLOWED, post.REFUSED)
    assert "もう判断しました" in (await staff.post(f"{PATH}/{second.hex()}/allow", follow=True)).plain
    one = await staff.get(f"{PATH}/{first.hex()}")
    assert (one.status, "23" in one.plain) == (200, True)
    log = town.see(lambda tx: tx.access_log.latest(10, member=None))
    assert {"question-decided", "question-rule"} <= {row.what for row in log}


async def test_staff_set_who_may_ask(web: Web) -> None:
    town = web.town
    asker = neighbours(town)
    staff = await web.logged_in("staff")
    (cohort,) = town.see(lambda tx: tx.questions.cohorts())
    await staff.get(PATH)
    await staff.post(f"{PATH}/cohorts/{cohort.cohort.hex()}/accept", follow=True)
    await staff.post(f"{PATH}/rule", {"asker": asker.house.id.hex(), "rule": "never"}, follow=True)
    assert state(town, asked(town, asker, "23")) == post.REFUSED
    await staff.post(f"{PATH}/rule", {"asker": asker.house.id.hex(), "rule": "auto"}, follow=True)
    assert state(town, asked(town, asker, "24")) == answering.ALLOWED
    await staff.post(f"{PATH}/rule", {"asker": "", "rule": "nonsense"}, follow=True)
    assert town.see(lambda tx: [row.rule for row in tx.questions.policies()]) == ["auto"]
    await staff.post(f"{PATH}/cohorts/{cohort.cohort.hex()}/decline", follow=True)
    assert state(town, asked(town, asker, "25")) == post.REFUSED


async def test_members_see_nothing_of_it(web: Web) -> None:
    asker = neighbours(web.town)
    question = asked(web.town, asker, "23")
    for name in ("owner", "clerk"):
        browser = await web.logged_in(name)
        assert (await browser.get(PATH)).status in (403, 404)
        assert (await browser.post(f"{PATH}/{question.hex()}/allow")).status in (403, 404)
