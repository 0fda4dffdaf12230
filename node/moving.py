"""A member moves between two living nodes: the procedure of the new home, and the answers of the old one.

Owns the order of the steps and patience with an old home that is silent. Begun again after any interruption it goes on
where it was: what was reached is in the store. What each step means is :mod:`node.services.moving`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from node import homecoming
from node.procedure import Pause, Steps, ask, commit, look
from node.services import claiming
from node.services.belongings import items
from node.services.house import House
from node.services.moving import arriving, leaving
from node.services.moving.state import State
from node.store import MoveInRow, Tx
from protocol import move
from protocol.errors import CallerFault, Malformed, NotAuthorised, PeerFault, WorldFault
from protocol.guardian import frame
from protocol.keys import NodeId
from protocol.move import Asked, Read, Said, Switch, Word

T = TypeVar("T")
SECOND_US = 1_000_000
LOOK_US = 2 * SECOND_US  # between two questions whether the words have signed
RETRY_US = 5 * SECOND_US  # after the old home has not answered; at first
MAX_RETRY_US = 15 * 60 * SECOND_US
WRONG_CODE = "wrong-code"
NO_ANSWER = (PeerFault, WorldFault, CallerFault)


# --- the old home


def answer(house: House, peer: NodeId, path: str, body: bytes) -> Steps[bytes]:
    """Answer one message of ``peer``. Raises what the transport is to answer with."""
    try:
        return (yield from _ANSWERS[path](house, peer, body))
    except KeyError:
        raise Malformed("no such thing to ask about a move") from None
    except BaseException:
        house.forget_caches()
        raise


def _ask(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = move.parse_ask(body)
    member = yield from commit(lambda tx: leaving.take_code(house, tx, peer, message))
    if not member:  # counted in that commit
        raise NotAuthorised("this code is not right, has expired, or was used", code=WRONG_CODE)
    return move.encode_offer((yield from commit(lambda tx: leaving.offer(house, tx, peer, message.move))))


def _read(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = move.parse_read(body)
    return move.encode_pages((yield from commit(lambda tx: leaving.pages(house, tx, peer, message))))


def _switch(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    message = move.parse_switch(body)
    return move.encode_said((yield from commit(lambda tx: leaving.hear(house, tx, peer, message))))


def _cancel(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    named = move.parse_cancel(body)
    return move.encode_said((yield from commit(lambda tx: leaving.cancelled_there(house, tx, peer, named))))


def _done(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
    named = move.parse_done(body)
    return move.encode_said((yield from commit(lambda tx: leaving.done(house, tx, peer, named))))


_ANSWERS: dict[str, Callable[[House, NodeId, bytes], Steps[bytes]]] = {
    move.ASK: _ask,
    move.READ: _read,
    move.SWITCH: _switch,
    move.CANCEL: _cancel,
    move.DONE: _done,
}


# --- the new home


def say_code(house: House, source: NodeId, code: str, by: str) -> Steps[bytes]:
    """Say a code to the old home; the member that moves here now. NotAuthorised if the code is not right."""
    message = Asked(house.entropy(move.MOVE_BYTES), house.network, code.strip()[: move.MAX_CODE_CHARS])
    for tries in (1, 2, 3):  # the same move: an answer that was lost costs no code
        try:
            offered = move.parse_offer((yield from ask(source, move.ASK, move.encode_ask(message))))
            break
        except WorldFault:
            if tries == 3:
                raise
            yield Pause(SECOND_US)
    if offered.move != message.move:
        raise PeerFault("the answer is about another move")
    return (yield from _kept(house, lambda tx: arriving.begin(house, tx, source, offered, by)))


class Moving:
    """One move to this node. ``news``: told the peers that have something waiting once the member works here."""

    def __init__(self, house: House, member: bytes, news: Callable[[frozenset[bytes]], None]) -> None:
        self._house = house
        self._member = member
        self._news = news

    def run(self) -> Steps[bool]:
        """Go on until the member works here and the old home knows it, or the move is cancelled (False)."""
        wait = RETRY_US
        while True:
            row = yield from look(lambda tx: arriving.require(tx, self._member))
            if arriving.is_over(row):
                return row.state == State.SETTLED.value
            if (yield from self._came_otherwise()):
                return True
            try:
                yield from self._step(row)
                wait = RETRY_US
            except NO_ANSWER as error:
                if error.code in _OVER:
                    yield from self._commit(
                        lambda tx: arriving.forget(self._house, tx, self._member, "cancelled there")
                    )
                    continue
                yield from self._commit(partial(self._note, f"{error.code}: {error}"))
                yield Pause(wait)
                wait = min(2 * wait, MAX_RETRY_US)

    def _forget(self, why: str, tx: Tx) -> None:
        arriving.forget(self._house, tx, self._member, why)

    def _note(self, text: str, tx: Tx) -> None:
        arriving.note(self._house, tx, self._member, text)

    def _commit(self, work: Callable[[Tx], T]) -> Steps[T]:
        return (yield from _kept(self._house, work))

    def _came_otherwise(self) -> Steps[bool]:
        return (yield from self._commit(lambda tx: arriving.came_otherwise(self._house, tx, self._member)))

    def _step(self, row: MoveInRow) -> Steps[None]:
        if row.state == State.CANCELLING.value:
            yield from self._cancel(row)
        elif row.state == State.SWITCHED.value:
            yield from self._settle()
        elif row.state == State.OPEN.value:
            yield from ask(NodeId(row.source), move.DONE, move.encode_done(row.move))
            yield from self._commit(lambda tx: arriving.settled(self._house, tx, self._member))
        elif not (yield from self._read(row)):
            yield from self._try()
            yield from self._offer_record(row)

    def _read(self, row: MoveInRow) -> Steps[bool]:
        """One piece of what is there; whether there is more."""
        house, member = self._house, self._member
        standing = yield from look(lambda tx: arriving.standing(house, tx, member))
        body = move.encode_read(Read(row.move, row.place, standing))
        pages = move.parse_pages((yield from ask(NodeId(row.source), move.READ, body)))
        if pages.place < row.place or (not pages.frames and pages.last > row.place + 1):
            raise PeerFault("the old home does not show what it has", code="withheld")
        now = yield from self._commit(lambda tx: arriving.take_pages(house, tx, member, pages))
        return now.place < now.last or bool(pages.frames)

    def _try(self) -> Steps[None]:
        """Can everything that was read be opened? Before a person signs, not after."""
        house, member = self._house, self._member
        for place in (yield from look(lambda tx: claiming.places(house, tx, member))):
            yield from look(partial(_open, house, place))

    def _offer_record(self, row: MoveInRow) -> Steps[None]:
        """Show the record that waits for the words."""
        house, member = self._house, self._member
        drafted = yield from self._commit(lambda tx: arriving.draft(house, tx, member))
        body = move.encode_switch(Switch(row.move, drafted.place, drafted.record))
        yield from self._hear(move.parse_said((yield from ask(NodeId(row.source), move.SWITCH, body))))

    def _cancel(self, row: MoveInRow) -> Steps[None]:
        """The old home hears of it first: else its member could still sign for a home that does not want it."""
        body = move.encode_cancel(row.move)
        yield from self._hear(move.parse_said((yield from ask(NodeId(row.source), move.CANCEL, body))))

    def _hear(self, said: Said) -> Steps[None]:
        house, member = self._house, self._member
        if said.word is Word.CANCELLED:
            yield from self._commit(partial(self._forget, "cancelled"))
        elif said.word is Word.SWITCHED:
            yield from self._commit(lambda tx: arriving.switched(house, tx, member, said.history))
        elif said.word is Word.WAIT:
            yield Pause(LOOK_US)

    def _settle(self) -> Steps[None]:
        """The record stands: put everything back, and open."""
        house, member = self._house, self._member
        rebuilt = yield from homecoming.put_back(house, member)
        found = yield from self._commit(lambda tx: arriving.open_here(house, tx, member, rebuilt.copied))
        self._news(found.news)


_OVER = frozenset({"no-move", "elsewhere"})


def _open(house: House, place: frame.Place, tx: Tx) -> None:
    items.unpack(claiming.content(house, tx, place))


def _kept(house: House, work: Callable[[Tx], T]) -> Steps[T]:
    """A write; when it fails, nothing that was read along the way is believed any more."""
    try:
        return (yield from commit(work))
    except BaseException:
        house.forget_caches()
        raise
