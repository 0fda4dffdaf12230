"""What a reader's firm does, and what its node takes from owners: words about versions, readings, deletions.

Owns these steps. A word that comes late changes nothing: the highest revision counts. A reading is stored, signed,
before anything is shown; what was withdrawn is forgotten first, then that is said by signature.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services import members
from node.services.drawings import keeping
from node.services.house import House
from node.services.joint.seats import key_of
from node.services.notices import noting
from node.store import Tx
from node.store.drawings import FactRow, GrantRow, VersionRow
from protocol.errors import CallerFault, Malformed, Misdirected, NotFound, TooLarge
from protocol.limits import MAX_DRAWING_READERS, MAX_DRAWING_READINGS, MAX_DRAWINGS_TOLD
from protocol.process.drawing import records
from protocol.process.drawing.records import Deleted, Grant, How, May, Reading, Version

READING, DELETED = "reading", "deleted"


class Held(NamedTuple):
    """A version that a local firm was ever given. ``here``: its content has arrived; ``wanted``: it is on its way;
    ``newer``: hash of a later version that the firm may read, or empty; ``deleted``: when it was deleted here."""

    hash: bytes
    version: Version
    may: May
    since: int
    here: bool
    wanted: bool
    deleted: int
    readings: tuple[Reading, ...]
    newer: bytes


class Opening(NamedTuple):
    """What is needed to show a version to a person."""

    hash: bytes
    version: Version
    key: bytes
    how: How
    time: int


# --- what comes from owners


def take_given(house: House, tx: Tx, version_data: bytes, grant_data: bytes) -> None:
    """Keep what an owner says about one of our members; whoever brings it, the owner's signature counts."""
    known = records.verify(version_data, lambda *one: key_of(house, tx, *one))
    said = records.verify(grant_data, lambda *one: key_of(house, tx, *one))
    version, grant = known.record, said.record
    if not isinstance(version, Version) or not isinstance(grant, Grant):
        raise Malformed("given: a version and a grant")
    if version.network != house.network or grant.node != house.node.public:
        raise Misdirected("node: for another node or network")
    if grant.version != known.hash or grant.owner != version.owner:
        raise Malformed("grant: of another version or owner")
    members.require_local(tx, grant.reader)
    row = tx.drawings.get(known.hash)
    if row is None and tx.drawings.count_of(version.owner) >= MAX_DRAWINGS_TOLD:
        raise TooLarge(f"version: this node hears of at most {MAX_DRAWINGS_TOLD} of one owner")
    before = tx.drawings.grant(known.hash, grant.reader)
    if before is not None and before.revision >= grant.revision:
        return
    if before is None and len(tx.drawings.grants(known.hash)) >= MAX_DRAWING_READERS:
        raise TooLarge(f"readers: at most {MAX_DRAWING_READERS} of one version")
    wrapped = row.wrapped if row is not None else b""
    if grant.may is not May.NOTHING:
        key = records.unseal_key(grant.sealed, known.hash, grant.reader, house.node)
        wrapped = house.wrap.wrap(keeping.KEY, known.hash, key)
    here, wanted = (row.here, row.wanted) if row is not None else (False, False)
    time = row.time if row is not None else house.clock()
    tx.drawings.put(
        VersionRow(
            known.hash, version.owner, version.drawing, version.version, version_data, wrapped, here, wanted, time
        )
    )
    tx.drawings.put_grant(
        GrantRow(
            known.hash,
            grant.reader,
            said.hash,
            grant.revision,
            grant.may.value,
            house.id,
            grant_data,
            grant.may is not May.NOTHING,  # a withdrawal has still to be carried out
            house.clock(),
        )
    )
    if before is None or before.may != grant.may.value:
        noting.tell(house, tx, grant.reader, "drawings", said.hash)
    if grant.may is May.NOTHING:
        forget(house, tx, known.hash)


def forget(house: House, tx: Tx, version: bytes) -> None:
    """Drop the key of a version that nobody here may read any more; the courier deletes the file and says so."""
    row = tx.drawings.get(version)
    if row is None or _is_needed(house, tx, row):
        return
    tx.drawings.put(row._replace(wrapped=b"", wanted=False))


def _is_needed(house: House, tx: Tx, row: VersionRow) -> bool:
    """Whether the owner is at home here, or somebody here may still read it."""
    owner = tx.members.get(row.owner)
    if owner is not None and owner.local:
        return True
    return any(each.may != May.NOTHING.value and each.node == house.id for each in tx.drawings.grants(row.version))


class Left(NamedTuple):
    """A withdrawal of which the owner has not been told that it was carried out. ``file``: its content goes too."""

    version: bytes
    reader: bytes
    root: bytes
    file: bool


def left_to_delete(house: House, tx: Tx, limit: int) -> list[Left]:
    """Withdrawals to be carried out here."""
    found: list[Left] = []
    for grant in tx.drawings.untold_grants(limit):
        row = tx.drawings.get(grant.version)
        if row is not None and grant.node == house.id:
            file = not _is_needed(house, tx, row)
            found.append(Left(grant.version, grant.reader, _version_of(row).root, file))
    return found


def confirm_deleted(house: House, tx: Tx, version: bytes, reader: bytes) -> None:
    """Sign that nothing of a withdrawn version is left for ``reader``: its file was deleted before, if it was here."""
    row, grant = tx.drawings.get(version), tx.drawings.grant(version, reader)
    if row is None or grant is None or grant.may != May.NOTHING.value:
        return
    if not _is_needed(house, tx, row):
        tx.drawings.put(row._replace(wrapped=b"", here=False, wanted=False))
    house.require_signing()
    epoch = members.require_log(house, tx, reader).epoch
    made = Deleted(version, row.owner, reader, epoch.hash, grant.grant_hash, house.clock())
    _keep(house, tx, records.sign_deleted(house.keyring[epoch.hash], made), DELETED, 0, row)
    tx.drawings.grant_told(version, grant.grant_hash)


def take_fact(house: House, tx: Tx, data: bytes) -> None:
    """Keep what a reader signed about a version of one of our members. Misdirected for any other version."""
    found = records.verify(data, lambda *one: key_of(house, tx, *one))
    fact = found.record
    if not isinstance(fact, Reading | Deleted):
        raise Malformed("fact: a reading or a deletion")
    row = tx.drawings.get(fact.version)
    grant = tx.drawings.grant(fact.version, fact.reader)
    if row is None or row.owner != fact.owner or grant is None:
        raise NotFound("drawing", "no such drawing")
    members.require_local(tx, fact.owner)
    known = tx.drawings.facts_of(fact.version, fact.reader)
    if len(known) >= MAX_DRAWING_READINGS:
        raise TooLarge(f"readings: at most {MAX_DRAWING_READINGS} of one version by one firm")
    kind, count = (READING, fact.times) if isinstance(fact, Reading) else (DELETED, 0)
    tx.drawings.put_fact(FactRow(found.hash, fact.version, fact.reader, kind, count, data, True, house.clock()))


# --- what people of the reader do


def held(tx: Tx, reader: bytes) -> list[Held]:
    """All that ``reader`` was ever given, the latest first."""
    found = [look(tx, reader, grant.version) for grant in tx.drawings.grants_to(reader, keeping.MAX_LISTED)]
    best: dict[bytes, Held] = {}
    for one in found:
        if one.may is not May.NOTHING and (
            one.version.drawing not in best or best[one.version.drawing].version.version < one.version.version
        ):
            best[one.version.drawing] = one
    return [
        one._replace(newer=newer.hash)
        if (newer := best.get(one.version.drawing)) is not None and newer.version.version > one.version.version
        else one
        for one in found
    ]


def look(tx: Tx, reader: bytes, version: bytes) -> Held:
    """One version as its reader sees it; NotFound for one that it was never given."""
    row, grant = tx.drawings.get(version), tx.drawings.grant(version, reader)
    if row is None or grant is None:
        raise NotFound("drawing", "no such drawing")
    facts = tx.drawings.facts_of(version, reader)
    readings = tuple(one for fact in facts if isinstance(one := records.unsigned(fact.data), Reading))
    gone = [fact.time for fact in facts if fact.kind == DELETED and _of_grant(fact.data) == grant.grant_hash]
    since = records.unsigned(grant.data)
    assert isinstance(since, Grant)
    return Held(
        version,
        _version_of(row),
        May(grant.may),
        since.time,
        row.here,
        row.wanted,
        gone[0] if gone else 0,
        readings,
        b"",
    )


def want(house: House, tx: Tx, reader: bytes, version: bytes) -> bool:
    """Have the content fetched, if it is not here; whether it is here already."""
    row = _require_readable(house, tx, reader, version)
    if not row.here and not row.wanted:
        tx.drawings.put(row._replace(wanted=True))
    return row.here


def arrived(tx: Tx, version: bytes, here: bool) -> None:
    """The content is here, or cannot be had."""
    row = tx.drawings.get(version)
    if row is not None:
        tx.drawings.put(row._replace(here=here, wanted=False))


def open_version(house: House, tx: Tx, reader: bytes, version: bytes, how: How, person: str) -> Opening:
    """Record by signature that ``person`` of ``reader`` is given a version, and give what is needed to show it.

    CallerFault while the content is not here, or where only a preview is allowed.
    """
    house.require_signing()
    row = _require_readable(house, tx, reader, version)
    grant = tx.drawings.grant(version, reader)
    assert grant is not None
    if not row.here:
        raise CallerFault("drawing", "its content has not arrived yet: fetch it first", code="not-here")
    if how is How.FILE and grant.may != May.FILE.value:
        raise CallerFault("how", "the owner allows a preview with a watermark only", code="view-only")
    found = _version_of(row)
    if how is How.VIEW and found.media_type not in keeping.SHOWN:
        raise CallerFault("how", "only PDF and images can be looked at: take the file", code="no-preview")
    known = tx.drawings.facts_of(version, reader)
    count = 1 + max((fact.times for fact in known if fact.kind == READING), default=0)
    if count > MAX_DRAWING_READINGS:
        raise CallerFault("drawing", f"was opened {MAX_DRAWING_READINGS} times: ask the owner for a new version")
    epoch = members.require_log(house, tx, reader).epoch
    made = Reading(
        version, row.owner, reader, epoch.hash, grant.grant_hash, count, how, person[: records.MAX_PERSON_CHARS],
        house.clock(),
    )  # fmt: skip
    _keep(house, tx, records.sign_reading(house.keyring[epoch.hash], made), READING, count, row)
    return Opening(version, found, keeping.key_of(house, row), how, made.time)


def _require_readable(house: House, tx: Tx, reader: bytes, version: bytes) -> VersionRow:
    members.require_local(tx, reader)
    row, grant = tx.drawings.get(version), tx.drawings.grant(version, reader)
    if row is None or grant is None:
        raise NotFound("drawing", "no such drawing")
    if grant.may == May.NOTHING.value or grant.node != house.id:
        raise CallerFault("drawing", "the owner has withdrawn it", code="withdrawn")
    return row


def _keep(house: House, tx: Tx, data: bytes, kind: str, count: int, row: VersionRow) -> None:
    found = records.verify(data, lambda *one: key_of(house, tx, *one))
    owner = tx.members.get(row.owner)
    local = owner is not None and owner.local
    tx.drawings.put_fact(FactRow(found.hash, row.version, found.record.reader, kind, count, data, local, house.clock()))


def _version_of(row: VersionRow) -> Version:
    found = records.unsigned(row.data)
    assert isinstance(found, Version)
    return found


def _of_grant(data: bytes) -> bytes:
    found = records.unsigned(data)
    return found.grant if isinstance(found, Deleted) else b""


def owner_home(house: House, tx: Tx, owner: bytes) -> bytes:
    """The id of the node at which ``owner`` is at home, empty if it is not known."""
    log = members.find_log(house, tx, owner)
    return log.epoch.home if log is not None and log.standing.epoch is not None else b""


def may_fetch(tx: Tx, version: bytes, reader: bytes, node: bytes) -> Version:
    """The version whose content ``node`` asks for in ``reader``'s name. NotFound unless its owner allows it."""
    row, grant = tx.drawings.get(version), tx.drawings.grant(version, reader)
    if row is None or grant is None or grant.may == May.NOTHING.value or grant.node != node or not row.here:
        raise NotFound("drawing", "no such drawing")
    members.require_local(tx, row.owner)
    return _version_of(row)
