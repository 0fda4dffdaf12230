"""The command line against a running admin socket: orders, answers, proofs, held documents, keys."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

import node.papers.ubl
from cli.client import MAX_SOCKET_PATH
from node.papers import sme
from node.services import deciding, greeting, members
from node.store import open_memory
from protocol.identity.control import Reason
from tests.cli.running import Ran, yui
from tests.node.api.town import BUYER, SELLER, administering, plain
from tests.node.services.town import Association, order

FIXTURES = Path(__file__).parents[1] / "fixtures"
SAMPLES = Path(node.papers.ubl.__file__).parent / "samples"
Run = Callable[..., "asyncio.Future[Ran]"]


class Office:
    """A served folder, its association, and the command line beside it."""

    def __init__(self, folder: Path, town: Association) -> None:
        self.folder = folder
        self.town = town
        self.members = {name: town.enrol(name) for name in (BUYER, SELLER)}

    async def yui(self, *arguments: str, given: str = "") -> Ran:
        return await asyncio.to_thread(yui, self.folder, *arguments, given=given)

    async def order(self, number: str = "PO-1") -> str:
        file = self.folder / f"{number}.json"
        file.write_text(json.dumps(plain(order(number))), "utf-8")
        ran = await self.yui("order", "send", "--from", BUYER, "--to", SELLER, str(file), "--json")
        assert ran.code == 0, ran.err
        return str(ran.json["document"])


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with administering(tmp_path) as (town, _context):
        yield Office(tmp_path, town)


async def test_only_the_owner_may_open_the_socket(office: Office) -> None:
    assert stat.S_IMODE((office.folder / "admin.sock").stat().st_mode) == 0o600


async def test_a_long_folder_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100) / "data"
    folder.mkdir(parents=True)
    assert len(os.fsencode(folder / "admin.sock")) > MAX_SOCKET_PATH
    async with administering(folder):
        assert (await asyncio.to_thread(yui, folder, "member", "list", "--json")).json == []


async def test_an_order_is_sent_listed_answered_and_proved(office: Office) -> None:
    document = await office.order()
    listed = (await office.yui("order", "list", "--member", SELLER, "--json")).json["documents"]
    assert [(row["id"], row["direction"]) for row in listed] == [(document, "received")]
    assert (await office.yui("order", "list")).code == 4  # two members: which?
    answered = await office.yui("order", "answer", "PO-1", "--accept", "--member", SELLER, "--json")
    assert answered.code == 0, answered.err
    shown = (await office.yui("order", "show", document[:8], "--member", BUYER, "--json")).json
    assert shown["dealing"]["state"] == "accepted"
    assert shown["document"]["marks"]["processed"] == answered.json["document"]
    text = await office.yui("order", "show", document[:8], "--member", BUYER)
    assert "12" in text.out
    proof = office.folder / "a.yui-proof"
    exported = await office.yui("document", "export", document[:8], "--member", BUYER, "-o", str(proof), "--json")
    assert exported.code == 0, exported.err
    paper = office.folder / "a.pdf"
    options = ("--pdf", "--lang", "en", "--fax", "--link", "https://node.example.jp/p/1")
    printed = await office.yui("document", "export", document[:8], *options, "--member", BUYER, "-o", str(paper))
    assert printed.code == 0, printed.err
    assert paper.read_bytes().startswith(b"%PDF-")
    nowhere = office.folder / "no node here"
    proven = yui(nowhere, "document", "verify", str(proof), "--json").json
    assert (proven["holds"], proven["document"], proven["body"]["number"]) == (True, document, "PO-1")
    assert proven["receipt"]["verdict"] == "applied"
    data = bytearray(proof.read_bytes())
    data[len(data) // 2] ^= 1
    proof.write_bytes(data)
    broken = yui(nowhere, "document", "verify", str(proof), "--json")
    assert broken.code == 5
    assert json.loads(broken.err)["holds"] is False
    assert yui(nowhere, "document", "verify", str(nowhere)).code == 4


async def test_an_impossible_answer_is_refused_with_a_sentence(office: Office) -> None:
    await office.order()
    assert (await office.yui("order", "answer", "PO-1", "--refuse", "--member", SELLER)).code == 0
    again = await office.yui("order", "answer", "PO-1", "--accept", "--member", SELLER, "--json")
    assert again.code == 1
    assert json.loads(again.err)["code"] == "impossible-step"
    assert (await office.yui("order", "answer", "PO-1")).code == 4
    assert (await office.yui("order", "answer", "PO-1", "--accept", "--refuse")).code == 4


async def test_ubl_goes_in_and_out(office: Office) -> None:
    sample = SAMPLES / "order-02-one-line.xml"
    sent = await office.yui("order", "send", "--from", BUYER, "--to", SELLER, str(sample), "--json")
    assert sent.code == 0, sent.err
    out = office.folder / "out.xml"
    wrote = await office.yui("document", "ubl", sent.json["document"][:8], "--member", SELLER, "-o", str(out), "--json")
    assert wrote.code == 0, wrote.err
    assert sent.json["number"].encode() in out.read_bytes()
    again = await office.yui("document", "ubl", sent.json["document"][:8], "--member", SELLER, "-o", str(out))
    assert again.code == 1


async def test_ubl_that_came_invalid_goes_out_with_a_warning(office: Office) -> None:
    """It comes out as it came: who gets it is told that it is not valid."""
    source = office.folder / "later.xml"
    text = (SAMPLES / "order-02-one-line.xml").read_text("utf-8")
    source.write_text(
        text.replace("</cbc:IssueDate>", "</cbc:IssueDate><cbc:IssueTime>late</cbc:IssueTime>", 1), "utf-8"
    )
    sent = await office.yui("order", "send", "--from", BUYER, "--to", SELLER, str(source), "--json")
    assert sent.code == 0, sent.err
    name = sent.json["document"][:8]
    wrote = await office.yui("document", "ubl", name, "--member", SELLER, "--json", "-o", str(office.folder / "1.xml"))
    assert [fault["field"] for fault in wrote.json["faults"]] == ["cbc:IssueTime"]
    told = await office.yui("document", "ubl", name, "--member", SELLER, "-o", str(office.folder / "2.xml"))
    assert (told.code, told.err.count("Not valid UBL 2.1")) == (0, 1)


async def test_sme_common_edi_goes_in_and_out(office: Office) -> None:
    source = office.folder / "order.xml"
    source.write_bytes(b"\xef\xbb\xbf" + (FIXTURES / "sme" / "SMEOrder.xml").read_bytes())
    sent = await office.yui("document", "send", "order", str(source), "--from", BUYER, "--to", SELLER, "--json")
    assert sent.code == 0, sent.err
    out = office.folder / "sme-out.xml"
    name = sent.json["document"][:8]
    wrote = await office.yui("document", "export", name, "--sme", "--member", SELLER, "-o", str(out), "--json")
    assert wrote.code == 0, wrote.err
    assert b"SMEOrder" in out.read_bytes()
    assert sent.json["number"] == sme.read(out.read_bytes()).body.number


async def test_files_that_are_nothing(office: Office) -> None:
    file = office.folder / "file"
    for content, code in ((b"", 4), (b"\xff\xfe\x00", 4), (b"<Order/>", 4), (b"[1]", 4), (b"{}", 4)):
        file.write_bytes(content)
        ran = await office.yui("order", "send", "--from", BUYER, "--to", SELLER, str(file), "--json")
        assert ran.code == code, (content, ran.err)
        assert str(file) in ran.err
    assert (await office.yui("order", "send", "--from", BUYER, "--to", SELLER, "/nonexistent")).code == 4


async def test_a_duplicate_number_is_decided_by_a_person(office: Office) -> None:
    await office.order()
    second = await office.order()
    held = (await office.yui("held", "list", "--json")).json
    assert {row["id"] for row in held} == {second}
    assert (await office.yui("held", "decide", second[:8])).code == 4
    done = await office.yui("held", "decide", second[:8], "--refuse", "--member", BUYER, "--note", "twice", "--json")
    assert (done.code, done.json["verdict"]) == (0, "refused")
    assert (await office.yui("held", "list", "--member", BUYER, "--json")).json == []


async def test_keys_are_rotated_revoked_with_words_and_an_undo_wins(office: Office) -> None:
    made = office.town.do(lambda tx: members.enrol(office.town.house, tx, "鍵屋"))
    phrase = "　".join(made.words)
    rotated = await office.yui("key", "rotate", "鍵屋", "--json")
    assert rotated.code == 0, rotated.err
    lines = (await office.yui("key", "list", "鍵屋", "--json")).json
    assert [line["rank"] for line in lines] == ["words", "node"]
    undone = await office.yui("key", "undo", "鍵屋", lines[1]["hash"][:12], "--json", given=phrase)
    assert undone.code == 0, undone.err
    after = (await office.yui("key", "list", "鍵屋", "--json")).json
    assert [(line["undone"], line["current"]) for line in after] == [(False, False), (True, False), (False, True)]
    wrong = await office.yui("key", "revoke", "鍵屋", "--json", given="あいこくしん " * 24)
    assert wrong.code == 4
    assert "words" in wrong.err
    replaced = await office.yui("key", "revoke", "鍵屋", "--role", "words", "--json", given=phrase)
    assert replaced.code == 0, replaced.err
    new_words = json.loads(replaced.out.splitlines()[-1])["words"]
    old = await office.yui("key", "revoke", "鍵屋", "--json", given=phrase)
    assert old.code == 1, old.err  # the old words are worth nothing now
    fresh = await office.yui("key", "revoke", "鍵屋", "--json", given=" ".join(new_words))
    assert fresh.code == 0, fresh.err
    file = office.folder / "PO-K.json"
    file.write_text(json.dumps(plain(order("PO-K"))), "utf-8")
    sent = await office.yui("order", "send", "--from", "鍵屋", "--to", SELLER, str(file), "--json")
    assert sent.code == 0, sent.err


async def test_a_suspended_member_cannot_send(office: Office) -> None:
    assert (await office.yui("member", "suspend", BUYER)).code == 0
    file = office.folder / "PO-1.json"
    file.write_text(json.dumps(plain(order("PO-1"))), "utf-8")
    refused = await office.yui("order", "send", "--from", BUYER, "--to", SELLER, str(file), "--json")
    assert refused.code == 4
    assert json.loads(refused.err)["code"] == "suspended"
    assert (await office.yui("member", "resume", BUYER)).code == 0
    assert (await office.yui("order", "send", "--from", BUYER, "--to", SELLER, str(file))).code == 0


async def test_status_doctor_and_quarantine(office: Office) -> None:
    await office.order()
    assert (await office.yui("status", "--json")).json["documents"] == 1
    assert (await office.yui("quarantine", "list", "--json")).json == []
    assert (await office.yui("quarantine", "retry", "1")).code == 1
    assert (await office.yui("peer", "invite", "https://a.example")).code == 3


async def test_the_words_decide_between_two_successors(office: Office) -> None:
    enrolled = office.town.do(lambda tx: members.enrol(office.town.house, tx, "鍵屋"))
    phrase = " ".join(enrolled.words)
    nothing = await office.yui("key", "decide", "鍵屋", given=phrase)
    assert nothing.code != 0
    assert "nothing to decide" in nothing.err
    point = fork(office.town, enrolled.member)
    wrong = await office.yui("key", "decide", "鍵屋", "--json", given="あいこくしん " * 24)
    assert wrong.code != 0
    decided = await office.yui("key", "decide", "鍵屋", given=phrase)
    assert decided.code == 0, decided.err
    for words in ("What stands here", "(restore)", "What a partner knows", "(restart)", "Papers sent here"):
        assert words in decided.out
    lines = (await office.yui("key", "list", "鍵屋", "--json")).json
    assert [(line["rank"], line["undone"]) for line in lines] == [("words", False), ("node", True), ("words", False)]
    assert lines[0]["hash"] == point
    again = await office.yui("key", "decide", "鍵屋", given=phrase)
    assert "nothing to decide" in again.err


def fork(town: Association, member: bytes) -> str:
    """Another copy of this node opened an epoch on the record on which this one did; the record that both follow."""
    other = Association(town.name)
    other.store = open_memory(town.store.serialize())
    other.house = other._make_house()
    other.do(lambda tx: greeting.start(other.house, tx))
    other.do(lambda tx: members.open_epoch(other.house, tx, member, Reason.RESTART))
    rival = other.see(lambda tx: members.history(other.house, tx, member))
    town.do(lambda tx: members.open_epoch(town.house, tx, member, Reason.RESTORE))
    assert town.do(lambda tx: deciding.note(town.house, tx, member, rival))
    return town.see(lambda tx: deciding.show(town.house, tx, member)).point
