"""復帰: a member types its 24 words on a page that staff let it open, and is at home there; the words stay nowhere."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import quote_plus

import pytest
from structlog.processors import format_exc_info
from structlog.testing import capture_logs

from node.aio.driver import Driver
from node.aio.returns import Returns
from node.services import members, welcoming
from node.services.guarding import choosing
from node.services.sessions import DAY_US
from protocol.errors import CallerFault, NotFound
from protocol.identity import words
from tests.node.services.guarding.province import make_agreement
from tests.node.services.town import Association
from tests.node.six_towns import Six
from tests.node.web.harness import Web, web_of

HOST = "京都"
PHRASE = words.words_of(b"w" * 32)
NOBODYS = words.words_of(b"n" * 32)


class OnTheStreet:
    """The driver of the running node, on virtual time. ``most``: procedures that come to an end; others stand still."""

    def __init__(self, six: Six) -> None:
        self.six, self.running = six, six.at[HOST]
        self.notice = self.running.runtime.notice
        self.most = 1000

    async def run(self, steps: Any) -> Any:
        self.most -= 1
        if self.most < 0:
            await asyncio.Event().wait()
        outcome: list[Any] = []
        self.running.driver.run(steps, outcome.append, outcome.append)
        for _ in range(40):
            if outcome:
                break
            self.six.street.wait(10)
        (found,) = outcome
        if isinstance(found, Exception):
            raise found
        return found


class Town(NamedTuple):
    """After the fire: the host's pages, its returns, and what the member had sent before."""

    six: Six
    web: Web
    driver: OnTheStreet
    returns: Returns
    first: bytes


@asynccontextmanager
async def burnt(folder: Path) -> AsyncIterator[Town]:
    six = Six()
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    async with web_of(six.towns[HOST], folder) as web:
        web.settle_in("花咲堂", six.seller)
        driver = OnTheStreet(six)
        returns = Returns(web.context.house, web.context.store, cast(Driver, driver))
        web.context.returns = returns
        try:
            yield Town(six, web, driver, returns, first)
        finally:
            await returns.stop()


async def address_of(web: Web) -> str:
    """What staff read out, after a call."""
    staff = await web.logged_in("staff")
    await staff.get("/association/moves")
    made = await staff.submit("/association/moves/welcome", {"note": "金太郎機械 坂田さん"})
    assert made.status == 201, made.plain
    found = re.search(r"(/return/[\w=-]+)", made.text)
    assert found is not None
    return found[1]


def typed(phrase: Sequence[str]) -> dict[str, str]:
    return {f"word{at}": word for at, word in enumerate(phrase, 1)}


async def ended(town: Town) -> None:
    await town.returns.wait(town.six.buyer)


async def test_a_member_comes_back_through_the_page(tmp_path: Path) -> None:
    with capture_logs() as logged:
        async with burnt(tmp_path) as town:
            path = await address_of(town.web)
            person = town.web.browser()
            shown = await person.get(path)
            assert "京都" in shown.plain
            assert "Refresh" not in shown.headers
            began = await person.submit(path, typed(town.six.phrase), follow=False)
            assert (began.status, began.location) == (303, path)
            await ended(town)
            back = await person.get(path)
            assert 'href="/login"' in back.text
            assert "Refresh" not in back.headers
            assert town.first in town.six.held(HOST, town.six.buyer)
            assert town.six.epoch("竜宮").home == town.six.at[HOST].id
            left = kept_in(tmp_path) + town.six.at[HOST].store.serialize() + repr(logged).encode()
    for secret in secrets_of(town.six):
        assert secret not in left
    assert path.removeprefix(welcoming.PATH).encode() not in left


def kept_in(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())


def secrets_of(six: Six) -> list[bytes]:
    """The words in every way in which they could have been kept: any two side by side, the entropy, the key."""
    entropy = words.entropy_of(" ".join(six.phrase))
    pairs = list(itertools.pairwise(six.phrase))
    texts = [mark.join(two) for two in pairs for mark in (" ", "　", "', '", '", "', "\n")]
    texts += [f"word{at}={word}" for at, word in enumerate(six.phrase, 1)]
    raw = [text.encode() for text in texts] + [quote_plus(" ".join(two)).encode() for two in pairs]
    return [*raw, entropy, entropy.hex().encode(), six.words.seed(), six.words.seed().hex().encode()]


async def test_the_page_goes_on_after_it_was_closed_and_asks_again_after_a_restart(tmp_path: Path) -> None:
    async with burnt(tmp_path) as town:
        path = await address_of(town.web)
        person = town.web.browser()
        await person.get(path)
        town.driver.most = 1  # whose the words are; the return stands still
        under_way = await person.submit(path, typed(town.six.phrase))
        assert "Refresh" in under_way.headers
        assert "word1" not in under_way.text
        await town.returns.stop()  # the node stops in the middle of it
        town.driver.most = 1000
        assert town.six.held(HOST, town.six.buyer) == {}
        again = await town.web.browser().get(path)
        assert "word24" in again.text
        person = town.web.browser()
        await person.get(path)
        others = await person.submit(path, typed(town.six.phrase), follow=False)
        assert others.status == 303
        await ended(town)
        assert town.first in town.six.held(HOST, town.six.buyer)


async def test_what_is_wrong_with_the_words_stands_beside_them(tmp_path: Path) -> None:
    async with burnt(tmp_path) as town:
        path = await address_of(town.web)
        person = town.web.browser()
        await person.get(path)
        wrong = await person.submit(path, typed([*town.six.phrase[:6], "ぬるぽ", *town.six.phrase[7:]]))
        assert wrong.status == 422
        assert re.findall(r'id="f-(word\d+)-error"', wrong.text) == ["word7"]
        missing = await person.submit(path, {**typed(town.six.phrase), "word24": " "})
        assert re.findall(r'id="f-(word\d+)-error"', missing.text) == ["word24"]
        swapped = [*town.six.phrase[:22], town.six.phrase[23], town.six.phrase[22]]
        unfit = await person.submit(path, typed(swapped))
        assert unfit.status == 422 or town.six.phrase[22] == town.six.phrase[23]
        assert town.returns.all() == []


async def test_a_failure_in_the_middle_writes_no_words_into_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("broken")

    async with burnt(tmp_path) as town:
        path = await address_of(town.web)
        person = town.web.browser()
        await person.get(path)
        monkeypatch.setattr(town.returns, "find_by", fail)
        with capture_logs() as logged:
            assert (await person.submit(path, typed(town.six.phrase))).status == 500
        lines = [format_exc_info(None, "", dict(line)) for line in logged]  # as node.logs does
        assert any("broken" in str(line) for line in lines)
        for secret in secrets_of(town.six):
            assert secret not in str(lines).encode()


async def test_words_of_nobody_lock_the_page(tmp_path: Path) -> None:
    async with burnt(tmp_path) as town:
        path, other = await address_of(town.web), await address_of(town.web)
        person = town.web.browser()
        await person.get(path)
        for left in range(welcoming.MAX_WRONG - 1, -1, -1):
            refused = await person.submit(path, typed(NOBODYS))
            assert refused.status == 422, left
            assert str(left) in refused.plain
        assert (await person.get(path)).status == 404
        locked = await person.post(path, typed(town.six.phrase), csrf=person.last.csrf)
        assert locked.status == 404
        assert town.returns.all() == []
        assert (await person.get(other)).status == 200


async def test_only_our_own_page_may_send_words_and_only_staff_open_one(tmp_path: Path) -> None:
    async with burnt(tmp_path) as town:
        path = await address_of(town.web)
        person = town.web.browser()
        await person.get(path)
        assert (await person.post(path, typed(town.six.phrase), csrf="forged")).status == 403
        assert town.returns.all() == []
        assert (await person.get("/return/" + "A" * 32)).status == 404
        clerk = await town.web.logged_in("clerk")
        assert (await clerk.post("/association/moves/welcome", {"note": "x"})).status in (403, 404)


def test_an_address_is_good_for_a_day_and_for_one_holder() -> None:
    town = Association("京都")
    house = town.house
    made = town.do(lambda tx: welcoming.invite(house, tx, "金太郎機械", None))
    town.do(lambda tx: welcoming.begun(house, tx, made.secret, [b"a" * 32]))
    town.do(lambda tx: welcoming.begun(house, tx, made.secret, [b"a" * 32]))
    with pytest.raises(CallerFault):
        town.do(lambda tx: welcoming.begun(house, tx, made.secret, [b"b" * 32]))
    town.now += DAY_US
    with pytest.raises(NotFound):
        town.see(lambda tx: welcoming.look(house, tx, made.secret))


def test_guardians_are_named_again_while_the_words_are_at_hand() -> None:
    home = Association("豊田")
    others = [Association(name) for name in ("京都", "竜宮", "鬼ヶ島", "月の都", "出雲")]
    for other in others:
        home.accept(other)
        other.accept(home)
        make_agreement(home, other)
    made = home.do(lambda tx: members.enrol(home.house, tx, "桃太郎商事"))
    held = words.key_of(words.entropy_of(" ".join(made.words)))
    assert home.do(lambda tx: choosing.renew(home.house, tx, made.member, held)) == 4
    named = home.do(lambda tx: members.require_log(home.house, tx, made.member)).standing
    assert named.guardians is not None
    assert len(named.guardians.keys) == 4
    assert home.do(lambda tx: choosing.renew(home.house, tx, made.member, held)) == 4
    assert home.do(lambda tx: members.require_log(home.house, tx, made.member)).standing == named


def test_words_as_people_type_them() -> None:
    katakana = [word.translate({c: c + 0x60 for c in range(ord("ぁ"), ord("ゖ") + 1)}) for word in PHRASE]
    assert welcoming.read(katakana) == PHRASE
    assert welcoming.read([" ".join(f"{at}. {word}" for at, word in enumerate(PHRASE, 1)), *[""] * 23]) == PHRASE
    assert welcoming.unlisted([*PHRASE[:6], "ぬるぽ", *PHRASE[7:]]) == [7]
    assert welcoming.key_of(PHRASE).public == words.key_of(b"w" * 32).public
    with pytest.raises(CallerFault):
        welcoming.key_of([PHRASE[1], PHRASE[0], *PHRASE[2:]])


async def test_staff_see_the_open_addresses_and_take_one_back(tmp_path: Path) -> None:
    async with burnt(tmp_path) as town:
        first, second = await address_of(town.web), await address_of(town.web)
        person = town.web.browser()
        await person.get(first)
        wrong = await person.submit(first, typed(NOBODYS))
        assert wrong.status == 422
        staff = await town.web.logged_in("staff")
        listed = await staff.get("/association/moves")
        assert listed.plain.count("金太郎機械 坂田さん") == 2
        assert "5回のうち1回" in listed.plain
        assert first.removeprefix("/return/") not in listed.text  # the secret is shown once
        house, store = town.web.context.house, town.web.context.store
        rows = store.read(lambda tx: welcoming.given(house, tx))
        (spoilt,) = [one for one in rows if one.row.wrong]
        took = await staff.submit(f"/association/moves/welcome/{spoilt.id}/withdraw", {})
        assert took.plain.count("金太郎機械 坂田さん") == 1
        assert (await person.get(first)).status == 404
        assert (await person.get(second)).status == 200
        again = await staff.post(f"/association/moves/welcome/{spoilt.id}/withdraw")
        assert again.status == 404


async def test_addresses_that_ran_out_are_forgotten(tmp_path: Path) -> None:
    async with burnt(tmp_path) as town:
        await address_of(town.web)
        house, store = town.web.context.house, town.web.context.store
        town.six.street.wait(DAY_US // 1_000_000 + 1)
        assert store.read(lambda tx: welcoming.given(house, tx)) == []
        store.write(lambda tx: welcoming.invite(house, tx, "もう一度", None))
        kept = store.read(lambda tx: tx.meta.under("welcome/"))
        assert len(kept) == 1
