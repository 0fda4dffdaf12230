"""Attachments and directories between two running nodes: proved chunk by chunk, resumed, bounded, only for whom."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from node.aio import errands as module
from node.aio import office, patience
from node.aio.errands import path_of
from node.services import attachments, claiming, directory, exchange, greeting, members, trade
from node.services.trade import Submission
from node.store import ReturnRow, Tx, WardRow, WrappedKeyRow
from protocol import vault
from protocol.document import attachment
from protocol.document.header import AttachmentRef
from protocol.errors import PeerFault
from protocol.guardian import messages
from protocol.identity import control, words
from protocol.identity.control import Guardians
from protocol.identity.genesis import Rank, Role
from protocol.limits import CHUNK_BYTES, MIB
from protocol.link import chunk as chunks
from tests.node.aio.offices import Branch, branches
from tests.node.services.town import order

MEDIA = "application/pdf"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.02)
    monkeypatch.setattr(module, "UNHINTED_S", 0.1)
    monkeypatch.setattr(office, "LOOK_S", 0.02)
    monkeypatch.setattr(patience, "MIN_S", 0.05)
    monkeypatch.setattr(patience, "MAX_S", 0.1)


async def _until(condition: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited happens in another node
            await asyncio.sleep(0.01)


async def _friends(a: Branch, b: Branch) -> None:
    code = (await a.office.invite(b.address)).code
    await a.office.accept(code)
    await b.office.accept(code)
    await _until(lambda: not (a.office._confirmed or b.office._confirmed))


def _enrol(branch: Branch, name: str) -> bytes:
    member = branch.do(lambda tx: members.enrol(branch.house, tx, name)).member
    branch.do(lambda tx: directory.publish(branch.house, tx, member, directory.Profile(name=name)))
    return member


def _knows(branch: Branch, member: bytes) -> bool:
    return branch.store.read(lambda tx: tx.cards.get(member)) is not None


def _bring(branch: Branch, member: bytes, data: bytes) -> AttachmentRef:
    """Upload ``data`` as the member API does."""
    name = os.urandom(16).hex()
    count = branch.files.begin(name, member, len(data), MEDIA).chunks
    for index in range(count):
        branch.files.put_chunk(name, index, data[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES])
    root = branch.files.finish(name)
    branch.do(lambda tx: attachments.completed(branch.house, tx, root, len(data), MEDIA))
    return AttachmentRef(root, len(data), MEDIA)


def _greet(a: Branch, b: Branch) -> None:
    challenge = b""
    for _ in range(2):
        said = a.do(lambda tx, c=challenge: greeting.hello(a.house, tx, b.house.id, c))  # type: ignore[misc]
        answered = b.do(lambda tx, w=said: greeting.answer_hello(b.house, tx, a.house.id, w))  # type: ignore[misc]
        answer = a.do(lambda tx, w=answered: greeting.take_answer(a.house, tx, b.house.id, w))  # type: ignore[misc]
        challenge = answer.challenge
    assert answer.verdict == greeting.OK


def _carry(a: Branch, b: Branch) -> None:
    """Everything pending from A to B, receipts included."""
    after = 0
    while True:
        offer = a.store.read(lambda tx: exchange.next_batch(a.house, tx, b.house.id, after))  # noqa: B023
        if offer is None:
            return
        taken = b.do(lambda tx: exchange.receive_batch(b.house, tx, a.house.id, offer.wire))  # noqa: B023
        receipt = exchange.receipt(b.house, a.house.id, taken)
        a.do(lambda tx: exchange.accept_receipt(a.house, tx, b.house.id, receipt))  # noqa: B023
        after = offer.last


async def _send(a: Branch, b: Branch, data: bytes) -> tuple[AttachmentRef, bytes, bytes]:
    """An order with an attachment from a firm of A to one of B; the document waits at B."""
    buyer, seller = _enrol(a, "金太郎機械"), _enrol(b, "花咲堂")
    await a.errands.start()
    await _until(lambda: _knows(a, seller) and _knows(b, buyer))
    _greet(a, b)
    ref = _bring(a, buyer, data)
    submission = Submission(to=seller, paper=order("PO-1"), attachments=(ref,))
    document = a.do(lambda tx: trade.submit(a.house, tx, buyer, [submission])).submitted[0].id
    _carry(a, b)
    assert _verdict(b, seller, document) == "waiting"
    return ref, document, seller


def _verdict(branch: Branch, member: bytes, document: bytes) -> str:
    holding = branch.store.read(lambda tx: tx.holdings.get(member, document))
    assert holding is not None
    return holding.verdict


async def test_directory_follows_a_publication(tmp_path: Path) -> None:
    async with branches(tmp_path, "a", "b") as (a, b):
        await _friends(a, b)
        await a.errands.start()
        await b.errands.start()
        firm = _enrol(a, "金太郎機械")
        await _until(lambda: _knows(b, firm))
        other = _enrol(b, "花咲堂")
        await _until(lambda: _knows(a, other))
        await asyncio.sleep(0.3)
        asked = len(a.services.asked) + len(b.services.asked)
        await asyncio.sleep(0.3)
        assert len(a.services.asked) + len(b.services.asked) == asked  # and then there is quiet


async def test_receiver_fetches_what_a_document_waits_for(tmp_path: Path) -> None:
    data = os.urandom(3 * MIB + 17)
    async with branches(tmp_path, "a", "b") as (a, b):
        await _friends(a, b)
        await b.errands.start()
        ref, document, seller = await _send(a, b, data)
        await _until(lambda: _verdict(b, seller, document) == "applied")
        assert b.files.path(ref.root).read_bytes() == data
        assert [index for name, _, index in a.services.asked if name == "chunk_get"] == [0, 1, 2, 3]
        await _until(lambda: b.news == {a.house.id})  # the later receipt


async def test_interrupted_fetch_goes_on_where_it_was(tmp_path: Path) -> None:
    data = os.urandom(4 * MIB)
    async with branches(tmp_path, "a", "b") as (a, b):
        await _friends(a, b)
        await b.errands.start()
        ref, document, seller = await _half_sent(a, b, data)
        await b.close()
        await b.open()
        await b.errands.start()
        await _until(lambda: _verdict(b, seller, document) == "applied")
        fetched = [index for name, _, index in a.services.asked if name == "chunk_get"]
        assert fetched == [2, 3]
        assert b.files.path(ref.root).read_bytes() == data


async def _half_sent(a: Branch, b: Branch, data: bytes) -> tuple[AttachmentRef, bytes, bytes]:
    """As :func:`_send`, and B has the first two chunks when it is stopped."""
    b.errands.wake(a.house.id)
    found = await _send_quietly(a, b, data)
    ref = found[0]
    b.files.begin(ref.root.hex(), a.house.id, ref.size, MEDIA)
    for index in range(2):
        b.files.put_chunk(ref.root.hex(), index, data[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES])
    return found


async def _send_quietly(a: Branch, b: Branch, data: bytes) -> tuple[AttachmentRef, bytes, bytes]:
    """As :func:`_send`, but B stops running errands before the document comes."""
    buyer, seller = _enrol(a, "金太郎機械"), _enrol(b, "花咲堂")
    await a.errands.start()
    await _until(lambda: _knows(a, seller) and _knows(b, buyer))
    await b.errands.stop()
    _greet(a, b)
    ref = _bring(a, buyer, data)
    submission = Submission(to=seller, paper=order("PO-1"), attachments=(ref,))
    document = a.do(lambda tx: trade.submit(a.house, tx, buyer, [submission])).submitted[0].id
    _carry(a, b)
    assert _verdict(b, seller, document) == "waiting"
    return ref, document, seller


async def test_node_that_nobody_can_call_pushes(tmp_path: Path) -> None:
    data = os.urandom(2 * MIB + 5)
    async with branches(tmp_path, "a", "b") as (a, b):
        a.reachable = False
        await a.office.move(a.presence())
        await _friends(a, b)
        assert (await b.office.view(a.id)).endpoints == ()
        await b.errands.start()
        ref, document, seller = await _send(a, b, data)
        await _until(lambda: _verdict(b, seller, document) == "applied")
        assert b.files.path(ref.root).read_bytes() == data
        assert [name for name, _, _ in a.services.asked if name == "chunk_get"] == []
        assert {index for name, _, index in b.services.asked if name == "chunk_put"} == {0, 1, 2}


async def test_only_the_peer_that_was_sent_the_document_may_read(tmp_path: Path) -> None:
    async with branches(tmp_path, "a", "b", "c") as (a, b, c):
        await _friends(a, b)
        await _friends(a, c)
        await b.errands.start()
        ref, document, seller = await _send(a, b, os.urandom(10))
        await _until(lambda: _verdict(b, seller, document) == "applied")
        body = await b.transport.get(a.house.id, path_of(ref.root, 0))
        assert len(chunks.parse(body, ref.root, ref.size, 0)) == 10
        for node, path in ((c, path_of(ref.root, 0)), (b, path_of(ref.root, 1)), (b, path_of(b"\0" * 32, 0))):
            with pytest.raises(PeerFault) as refused:
                await node.transport.get(a.house.id, path)
            assert refused.value.code == "not-found"


async def test_nobody_pushes_what_is_not_waited_for(tmp_path: Path) -> None:
    data = os.urandom(100)
    leaf = attachment.chunk_leaf(0, data)
    root = attachment.root_of_leaves(len(data), [leaf])
    async with branches(tmp_path, "a", "b", "c") as (a, b, c):
        await _friends(a, b)
        await _friends(c, b)
        await b.errands.start()
        with pytest.raises(PeerFault) as refused:
            await a.transport.request(b.house.id, "PUT", path_of(root, 0), chunks.encode(0, (), data))
        assert refused.value.code == "not-found"
        ref, _, _ = await _send_quietly(a, b, data)
        assert ref.root == root
        wrong = chunks.encode(0, (), bytes([data[0] ^ 1]) + data[1:])
        with pytest.raises(PeerFault, match="does not belong"):
            await a.transport.request(b.house.id, "PUT", path_of(root, 0), wrong)
        with pytest.raises(PeerFault):  # waited for, but from A and not from C
            await c.transport.request(b.house.id, "PUT", path_of(root, 0), chunks.encode(0, (), data))
        assert not b.files.has(root)
        await a.transport.request(b.house.id, "PUT", path_of(root, 0), chunks.encode(0, (), data))
        assert b.files.has(root)


@pytest.mark.slow
async def test_a_hundred_megabytes(tmp_path: Path) -> None:
    data = os.urandom(MIB) * 128
    async with branches(tmp_path, "a", "b") as (a, b):
        await _friends(a, b)
        await b.errands.start()
        ref, document, seller = await _send(a, b, data)
        await _until(lambda: _verdict(b, seller, document) == "applied", 100)
        assert b.files.path(ref.root).stat().st_size == 128 * MIB


async def test_a_member_that_came_back_gets_its_files_from_its_partners(tmp_path: Path) -> None:
    """What it sent and what it received; on the side that lost nothing no return is known."""
    data = os.urandom(2 * MIB + 3)
    async with branches(tmp_path, "a", "b") as (a, b):
        await _friends(a, b)
        await b.errands.start()
        ref, document, seller = await _send(a, b, data)
        await _until(lambda: _verdict(b, seller, document) == "applied")
        for here, other in ((a, b), (b, a)):
            here.files.path(ref.root).unlink()
            here.do(lambda tx: tx.attachments.delete(ref.root))
            await asyncio.sleep(0.2)
            assert not here.files.has(ref.root)  # a node to which nobody returned looks for nothing
            row = ReturnRow(seller, "open", 4, 1, b"", b"", b"", b"", "", other.house.id, 0, 0)
            here.do(lambda tx, row=row: tx.returning.put(row))
            await _until(lambda here=here: here.store.read(lambda tx: tx.attachments.get(ref.root)) is not None)  # type: ignore[misc]
            assert here.files.path(ref.root).read_bytes() == data


KEY = b"v" * 32


def _guard(a: Branch, b: Branch, data: bytes) -> tuple[bytes, AttachmentRef]:
    """A member came back to A with an order whose file only its guardian B has, sealed."""
    made = a.do(lambda tx: members.enrol(a.house, tx, "金太郎機械"))
    owner, seller = words.key_of(words.entropy_of(" ".join(made.words))), _enrol(a, "花咲堂")
    ref = _bring(a, made.member, data)
    submission = Submission(to=seller, paper=order("PO-1"), attachments=(ref,))
    a.do(lambda tx: trade.submit(a.house, tx, made.member, [submission]))

    def work(tx: Tx) -> None:
        log = members.require_log(a.house, tx, made.member)
        chosen = Guardians((b.house.node.public,), 1, 1, 1)
        at = (log.standing.number + 1, log.standing.hash, Rank.WORDS)
        record = control.draft("test", made.member, *at, chosen, a.house.clock(), a.house.entropy(16))
        members.replace_keys(a.house, tx, made.member, control.encode(control.sign(record, [("words", owner)])))
        wrap = vault.wrap(made.member, KEY, Role.WORDS, owner.public, a.house.entropy(32))
        kept = vault.VaultKey(vault.name_of(KEY), (wrap,))
        made_vault = vault.Vault("test", made.member, log.epoch.hash, 1, (kept,))
        wire = vault.sign(a.house.keyring[log.epoch.hash], made_vault)
        wrapped = a.house.wrap.wrap(claiming.VAULT_KEY, kept.name, KEY)
        tx.wrapped_keys.add(WrappedKeyRow(claiming.VAULT_KEY, kept.name, wrapped, 0))
        tx.returning.put(ReturnRow(made.member, "open", 4, 1, b"", wire, b"", b"", "", b"", 0, 0))
        tx.attachments.delete(ref.root)

    a.files.path(ref.root).unlink()
    a.do(work)
    names = [vault.chunk_name(KEY, ref.root, at) for at in range(attachment.chunk_count(len(data)))]
    pieces = [data[at * CHUNK_BYTES : (at + 1) * CHUNK_BYTES] for at in range(len(names))]
    sealed = [vault.seal_chunk(KEY, ref.root, at, piece) for at, piece in enumerate(pieces)]
    b.do(lambda tx: tx.wards.put(WardRow(made.member, a.house.id, b"", 1, 0, 0, 0)))
    b.do(lambda tx: tx.wards.add_chunks(made.member, zip(names, sealed, strict=True)))
    return made.member, ref


async def test_what_no_partner_has_comes_out_of_a_guardians_sealed_copies(tmp_path: Path) -> None:
    data = os.urandom(2 * MIB + 9)
    async with branches(tmp_path, "a", "b") as (a, b):
        await _friends(a, b)
        _, ref = _guard(a, b, data)
        await a.errands.start()
        await _until(lambda: a.store.read(lambda tx: tx.attachments.get(ref.root)) is not None)
        assert a.files.path(ref.root).read_bytes() == data
        assert len([one for one in b.services.asked if one[0] == "guard"]) == 3


async def test_a_guardian_that_spoils_a_chunk_is_not_believed(tmp_path: Path) -> None:
    data = os.urandom(MIB + 9)
    async with branches(tmp_path, "a", "b") as (a, b):
        await _friends(a, b)
        member, ref = _guard(a, b, data)
        name = vault.chunk_name(KEY, ref.root, 0)
        honest = b.store.read(lambda tx: tx.wards.chunk(member, name))
        other = b.store.read(lambda tx: tx.wards.chunk(member, vault.chunk_name(KEY, ref.root, 1)))
        assert honest is not None
        assert other is not None
        answers = iter([other, honest[:-1] + bytes([honest[-1] ^ 1]), b"", honest])
        last = [honest]

        async def guard(node: bytes, path: str, body: bytes) -> bytes:
            if messages.parse_read_chunk(body).name != name:
                return other
            b.services.asked.append(("guard", node, 0))
            return next(answers, last[0])

        b.services.guard = guard  # type: ignore[method-assign,assignment]
        await a.errands.start()
        await _until(lambda: a.store.read(lambda tx: tx.attachments.get(ref.root)) is not None)
        assert a.files.path(ref.root).read_bytes() == data
        assert len([one for one in b.services.asked if one[0] == "guard"]) == 4
