"""Old vault keys go: everything is laid into frames again under a new one, then the vault has the old ones no more.

Owns the states of that and what is destroyed when. Frames under a key that nobody has are bytes, and so is every part
in them that was erased at home. Guardians keep the vault before for the time of an undo and confirm by signature.
Source: ``docs/protocol.md`` §15.9, ``docs/adr/0045-erasure.md``.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from node.services import members
from node.services.guarding import behind, vaulting
from node.services.house import House
from node.store import ForgottenRow, GuardAckRow, GuardedRow, RenewalRow, Tx
from protocol import keys
from protocol.errors import NotFound
from protocol.guardian import forgetting
from protocol.guardian.forgetting import Forget
from protocol.identity.log import ControlLog

PAUSE_US: Final = 30 * 24 * 3600 * 1_000_000  # between two: what is erased meanwhile waits
_NAME: Final = 32


class State(Enum):
    """How far it is."""

    WANTED = "wanted"
    LAYING = "laying"
    LAID = "laid"  # k guardians have to acknowledge it
    RETIRED = "retired"  # the old keys are destroyed here; guardians set the old vault aside
    DONE = "done"  # every guardian has forgotten it


def want(tx: Tx, member: bytes, now: int) -> None:
    """Something that lies in frames was erased."""
    if tx.guarding.get(member) is None:
        return
    row = tx.renewing.get(member)
    if row is None:
        tx.renewing.put(RenewalRow(member, State.WANTED.value, 0, 0, b"", 0, 0, 0, 0, now))
    elif row.state != State.WANTED.value:
        tx.renewing.put(row._replace(again=1, updated=now))


def advance(house: House, tx: Tx, log: ControlLog, row: GuardedRow) -> GuardedRow:
    """The next step, if there is one, before frames of the member are laid; ``row`` as it has to be put."""
    at = tx.renewing.get(log.member)
    if at is None or not row.vault or behind.load(tx, log.member) is not None:  # guardians may have newer keys
        return row
    now = house.clock()
    over = at.state in (State.RETIRED.value, State.DONE.value)
    if over and at.again and now - at.begun >= PAUSE_US:
        at = at._replace(state=State.WANTED.value, again=0)
    if at.state == State.WANTED.value:
        return _begin(house, tx, log, row, at)
    if at.state == State.LAID.value and row.safe_place >= at.upto:
        return _retire(house, tx, log, row, at)
    return row


def is_laying(tx: Tx, member: bytes) -> bool:
    """Is everything being laid again just now?"""
    at = tx.renewing.get(member)
    return at is not None and at.state == State.LAYING.value


def laid(house: House, tx: Tx, row: GuardedRow) -> None:
    """Nothing is left to be laid."""
    at = tx.renewing.get(row.member)
    if at is not None and at.state == State.LAYING.value:
        tx.renewing.put(at._replace(state=State.LAID.value, upto=row.place, updated=house.clock()))


def _begin(house: House, tx: Tx, log: ControlLog, row: GuardedRow, at: RenewalRow) -> GuardedRow:
    old = b"".join(item.name for item in vaulting.current(log, row).keys)
    now = house.clock()
    tx.renewing.put(
        at._replace(
            state=State.LAYING.value, again=0, begun=now, names=old, place=row.place, chunks=row.chunks, updated=now
        )
    )
    return vaulting.add_key(house, tx, log, row)._replace(cursor=b"")


def _retire(house: House, tx: Tx, log: ControlLog, row: GuardedRow, at: RenewalRow) -> GuardedRow:
    names = names_of(at)
    row = vaulting.without(house, tx, log, row, names)
    tx.guarding.drop_chunks(log.member, at.chunks)
    version = row.vault_version
    tx.renewing.put(at._replace(state=State.RETIRED.value, version=version, updated=house.clock()))
    return row


def names_of(at: RenewalRow | None) -> frozenset[bytes]:
    """The keys that go, or went last."""
    found = at.names if at is not None else b""
    return frozenset(found[start : start + _NAME] for start in range(0, len(found), _NAME))


def retired(tx: Tx, member: bytes) -> frozenset[bytes]:
    """Names of keys that are here no more because they were retired."""
    at = tx.renewing.get(member)
    return names_of(at) if at is not None and at.state in (State.RETIRED.value, State.DONE.value) else frozenset()


class Question(NamedTuple):
    """What one guardian is asked: does it have a vault that it should have no more?"""

    guardian: bytes
    asked: Forget


def questions(house: House, tx: Tx) -> list[Question]:
    """Guardians that have not said yet that they have forgotten, and whose time has come."""
    found = []
    now = house.clock()
    for at in tx.renewing.all():
        row = tx.members.get(at.member)
        if at.state != State.RETIRED.value or row is None or not row.local:
            continue
        heard = {word.guardian: word for word in tx.renewing.words(at.member) if word.version == at.version}
        for ack in _present(house, tx, at.member):
            word = heard.get(ack.guardian)
            if ack.vault_version >= at.version and (word is None or 0 < word.until <= now):
                found.append(Question(ack.guardian, Forget(at.member, at.version)))
    return found


def take_word(house: House, tx: Tx, question: Question, wire: bytes) -> None:
    """A guardian's signed word; with the last one it is done."""
    peer = tx.peers.get(question.guardian)
    if peer is None:
        raise NotFound("guardian", "not a peer")
    word = forgetting.verify_forgotten(wire, peer.key, house.network, house.id, question.asked)
    member, now = word.member, house.clock()
    tx.renewing.put_word(ForgottenRow(member, question.guardian, word.version, word.until, wire, now))
    at = tx.renewing.get(member)
    if at is None or at.version != word.version or at.state != State.RETIRED.value:
        return
    said = {one.guardian for one in tx.renewing.words(member) if one.version == at.version and not one.until}
    if {ack.guardian for ack in _present(house, tx, member)} <= said:
        tx.renewing.put(at._replace(state=State.DONE.value, updated=now))


class Copies(NamedTuple):
    """Of something that was erased: is it in guardians' copies? ``state``: empty where there are none, waiting (for
    the next time that everything is laid again, ``until`` at the latest begun), laying, aside (``until``), forgotten.
    ``said``: guardians that have confirmed by signature that they have forgotten, ``of`` all."""

    state: str
    until: int = 0
    said: int = 0
    of: int = 0


def _present(house: House, tx: Tx, member: bytes) -> list[GuardAckRow]:
    """What the member's present guardians have; this node, if it is one of them, has no copies of its own."""
    chosen = members.require_log(house, tx, member).standing.guardians
    mine = {keys.node_id(key) for key in chosen.keys} - {house.id} if chosen is not None else set()
    return [ack for ack in tx.guarding.acks_of(member) if ack.guardian in mine]


def copies(house: House, tx: Tx, member: bytes, erased: int) -> Copies:
    """How guardians' copies stand to what was erased at home at ``erased`` (µs)."""
    if tx.guarding.get(member) is None:
        return Copies("")
    at = tx.renewing.get(member)
    if at is None or at.state == State.WANTED.value:
        return Copies("waiting")
    if at.begun < erased:
        return Copies("waiting", at.begun + PAUSE_US)
    if at.state in (State.LAYING.value, State.LAID.value):
        return Copies("laying")
    heard = [word for word in tx.renewing.words(member) if word.version == at.version]
    said = sum(not word.until for word in heard)
    of = len(_present(house, tx, member))
    if at.state == State.DONE.value:
        return Copies("forgotten", 0, said, of)
    return Copies("aside", max((word.until for word in heard), default=0), said, of)
