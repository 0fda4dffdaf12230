"""Answers to what is asked of a guardian, as procedures: transaction → commit → signature, in this order and no other.

Owns which service a message of :mod:`protocol.guardian.messages` goes to. Run by the drivers of :mod:`node.runtime`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from node.procedure import Steps, commit, look
from node.services import setting_aside, warding
from node.services.house import House
from protocol.errors import Malformed
from protocol.guardian import forgetting, frame, messages
from protocol.guardian.frame import Tip
from protocol.keys import NodeId

T = TypeVar("T")


def answer(house: House, peer: NodeId, path: str, body: bytes) -> Steps[bytes]:
    """Answer one message of ``peer``. Raises what the transport is to answer with."""
    try:
        return (yield from _ANSWERS[path](house, peer, body))
    except KeyError:
        raise Malformed("no such thing to ask of a guardian") from None
    except BaseException:
        house.forget_caches()
        raise


def _kept(house: House, home: bytes, tips: Sequence[Tip], chunks: Sequence[bytes] = ()) -> bytes:
    return frame.sign_kept(house.node, house.network, home, house.clock(), tips, chunks)


def _agreement(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    return (yield from commit(lambda tx: warding.take_agreement(house, tx, peer, body)))


def _frames(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = messages.parse_frames(body)
    tips = yield from commit(lambda tx: warding.take_frames(house, tx, peer, message))
    return _kept(house, peer, tips)


def _tips(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    asked = messages.parse_tips(body)
    return _kept(house, peer, (yield from look(lambda tx: warding.tell_tips(house, tx, peer, asked))))


def _chunks(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = messages.parse_chunks(body)
    names = yield from commit(lambda tx: warding.take_chunks(house, tx, peer, message))
    return _kept(house, peer, (), names)


def _fence(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    now = yield from commit(lambda tx: warding.fence(house, tx, peer, body))
    return warding.prove_fenced(house, now)


def _read(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = messages.parse_read(body)
    return messages.encode_pages((yield from look(lambda tx: warding.read(house, tx, peer, message))))


def _read_chunk(_house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = messages.parse_read_chunk(body)
    return (yield from look(lambda tx: warding.read_chunk(tx, peer, message)))


def _write_back(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = messages.parse_write_back(body)
    return _kept(house, peer, (yield from commit(lambda tx: warding.write_back(house, tx, peer, message))))


def _claim(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    accepted = yield from commit(lambda tx: warding.accept_claim(house, tx, peer, body))
    return warding.prove_accepted(house, accepted)


def _audit(_house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = messages.parse_audit(body)
    return (yield from look(lambda tx: warding.answer_audit(tx, peer, message)))


def _find(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    question = messages.parse_find(body)
    return messages.encode_found((yield from look(lambda tx: warding.find(house, tx, peer, question))))


def _history(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    yield from commit(lambda tx: warding.take_history(house, tx, peer, body))
    return b""


def _forget(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    asked = forgetting.parse_forget(body)
    until = yield from commit(lambda tx: setting_aside.until(house, tx, peer, asked))
    return forgetting.sign_forgotten(house.node, house.network, peer, house.clock(), asked, until)


def _set_aside(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    asked = forgetting.parse_set_aside(body)
    return forgetting.encode_vaults((yield from look(lambda tx: setting_aside.show(house, tx, peer, asked))))


_ANSWERS: dict[str, Callable[[House, NodeId, bytes], Steps[bytes]]] = {
    messages.AGREEMENT: _agreement,
    messages.FRAMES: _frames,
    messages.TIPS: _tips,
    messages.CHUNKS: _chunks,
    messages.FENCE: _fence,
    messages.READ: _read,
    messages.READ_CHUNK: _read_chunk,
    messages.WRITE_BACK: _write_back,
    messages.CLAIM: _claim,
    messages.AUDIT: _audit,
    messages.FIND: _find,
    messages.HISTORY: _history,
    forgetting.FORGET: _forget,
    forgetting.SET_ASIDE: _set_aside,
}
