"""Answers to whoever leaves or collects mail here, as procedures: transaction → commit → signature, in this order.

Owns which service a message of :mod:`protocol.guardian.mail` goes to. Run by the drivers of :mod:`node.runtime`.
"""

from __future__ import annotations

from collections.abc import Callable

from node.procedure import Steps, commit, look
from node.services.house import House
from node.services.mailing import keeping
from protocol.errors import Malformed
from protocol.guardian import frame, mail
from protocol.keys import NodeId


def answer(house: House, peer: NodeId, path: str, body: bytes) -> Steps[bytes]:
    """Answer one message of ``peer``. Raises what the transport is to answer with."""
    try:
        return (yield from _ANSWERS[path](house, peer, body))
    except KeyError:
        raise Malformed("no such thing to ask of who keeps mail") from None
    except BaseException:
        house.forget_caches()
        raise


def _box(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    return (yield from look(lambda tx: keeping.tell_box(house, tx, peer, body)))


def _leave(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    name = yield from commit(lambda tx: keeping.leave(house, tx, peer, body))
    return frame.sign_kept(house.node, house.network, peer, house.clock(), (), (name,))


def _ask(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = mail.parse_ask(body)
    if message.boxes or message.done:
        yield from commit(lambda tx: keeping.take_done(house, tx, peer, message))
    return mail.encode_waiting((yield from look(lambda tx: keeping.waiting(house, tx, peer))))


def _fetch(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    return (yield from look(lambda tx: keeping.fetch(house, tx, peer, body)))


_ANSWERS: dict[str, Callable[[House, NodeId, bytes], Steps[bytes]]] = {
    mail.BOX: _box,
    mail.LEAVE: _leave,
    mail.ASK: _ask,
    mail.FETCH: _fetch,
}
