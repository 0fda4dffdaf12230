"""What an owner does: publish a version, name readers, withdraw, look who has read what.

Owns these steps, each one transaction, and the key of each version under the node's secret. Files are sealed by the
caller before (:mod:`node.drawingfiles`). How words reach readers is :mod:`node.services.drawings.travelling`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import members
from node.services.house import House
from node.store import Tx
from node.store.drawings import GrantRow, VersionRow
from protocol.errors import CallerFault, NotFound, PeerFault
from protocol.keys import node_id
from protocol.limits import MAX_DRAWING_READERS, MAX_DRAWING_VERSIONS
from protocol.process.drawing import content, records
from protocol.process.drawing.content import Sealed
from protocol.process.drawing.records import Deleted, Grant, Kind, May, Reading, Version

KEY: Final = "drawing"  # purpose under which keys of versions are wrapped
MAX_LISTED: Final = 2_000
MAX_FACTS: Final = 2_000  # shown of one version
#: What can be shown with a watermark; all else can only be handed out as the file.
SHOWN: Final = {"application/pdf", "image/png", "image/jpeg", "image/tiff", "image/bmp", "image/gif", "image/webp"}


class Plan(NamedTuple):
    """What a new version will be: needed to seal its content. ``before``: the row of the version that it supersedes."""

    drawing: bytes
    number: int
    key: bytes
    before: VersionRow | None


class About(NamedTuple):
    """What a person says of a version."""

    kind: Kind
    number: str
    title: str
    name: str
    media_type: str


class Reader(NamedTuple):
    """A firm that may (or might) read a version. ``told``: its node knows; ``deleted``: when its node said that
    nothing is left, 0 not yet; ``readings``: the latest first."""

    reader: bytes
    may: May
    since: int
    told: bool
    deleted: int
    readings: tuple[Reading, ...]


class Seen(NamedTuple):
    """A version of a local owner with its readers."""

    hash: bytes
    version: Version
    row: VersionRow
    readers: tuple[Reader, ...]


class Shelf(NamedTuple):
    """One drawing: its last version first."""

    drawing: bytes
    versions: tuple[Seen, ...]

    @property
    def last(self) -> Seen:
        """The version in force."""
        return self.versions[0]


def plan(house: House, tx: Tx, owner: bytes, drawing: bytes = b"") -> Plan:
    """What the next version of ``drawing`` (none: of a new one) will be."""
    house.require_signing()
    members.require_local(tx, owner)
    if not drawing:
        return Plan(house.entropy(records.DRAWING_BYTES), 1, house.entropy(content.KEY_BYTES), None)
    before = require_drawing(tx, owner, drawing)[-1]
    if before.number >= MAX_DRAWING_VERSIONS:
        raise CallerFault("version", f"a drawing has at most {MAX_DRAWING_VERSIONS} versions")
    return Plan(drawing, before.number + 1, house.entropy(content.KEY_BYTES), before)


def publish(house: House, tx: Tx, owner: bytes, made: Plan, sealed: Sealed, about: About) -> bytes:
    """Sign the version whose content was sealed as planned; its hash. Readers of the version before may read it too.

    CallerFault if another version was published meanwhile, or for what a record does not hold.
    """
    house.require_signing()
    members.require_local(tx, owner)
    rows = tx.drawings.of_drawing(owner, made.drawing)
    if (rows[-1].number if rows else 0) != made.number - 1:
        raise CallerFault("version", "another version was published meanwhile: look at it first", code="overtaken")
    epoch = members.require_log(house, tx, owner).epoch
    version = Version(
        house.network,
        made.drawing,
        owner,
        epoch.hash,
        about.kind,
        about.number,
        about.title,
        made.number,
        made.before.version if made.before is not None else b"",
        sealed.root,
        sealed.size,
        sealed.digest,
        about.media_type,
        about.name,
        house.clock(),
    )
    try:
        data = records.sign_version(house.keyring[epoch.hash], version)
    except PeerFault as fault:
        field, _, rule = str(fault).partition(": ")
        raise CallerFault(field, rule) from None
    found = records.verify(data, lambda *_: house.keyring[epoch.hash].public)
    wrapped = house.wrap.wrap(KEY, found.hash, made.key)
    row = VersionRow(found.hash, owner, made.drawing, made.number, data, wrapped, True, False, house.clock())
    tx.drawings.put(row)
    for old in tx.drawings.grants(made.before.version) if made.before is not None else ():
        may = May(old.may)
        if may is May.VIEW and about.media_type not in SHOWN:
            continue  # cannot be looked at: the owner decides anew
        if may is not May.NOTHING:
            allow(house, tx, owner, found.hash, old.reader, may)
    return found.hash


def allow(house: House, tx: Tx, owner: bytes, version: bytes, reader: bytes, may: May) -> None:
    """Say what ``reader`` may do with a version from now on; nothing happens where that stands already.

    NotFound for another firm's version and for a reader that is not known here. CallerFault for what cannot be.
    """
    house.require_signing()
    members.require_local(tx, owner)
    row = require_own(tx, owner, version)
    said = tx.drawings.grant(version, reader)
    if reader == owner:
        raise CallerFault("reader", "another firm than the owner")
    if said is None and may is May.NOTHING:
        raise NotFound("reader", "may not read this version")
    found = records.unsigned(row.data)
    assert isinstance(found, Version)
    if may is May.VIEW and found.media_type not in SHOWN:
        raise CallerFault("may", "only PDF and images can be looked at: allow the file", code="no-preview")
    if said is None and len(tx.drawings.grants(version)) >= MAX_DRAWING_READERS:
        raise CallerFault("reader", f"a version has at most {MAX_DRAWING_READERS} readers")
    log = members.find_log(house, tx, reader)
    if log is None or log.standing.epoch is None:
        raise NotFound("reader", "no such member is known here")
    home = log.epoch.home_key
    if said is not None and may is May.NOTHING:
        home = _grant_of(said.data).node  # what was sealed there is withdrawn there
    elif said is not None and said.may == may.value and _grant_of(said.data).node == home:
        return
    epoch = members.require_log(house, tx, owner).epoch
    sealed = b""
    if may is not May.NOTHING:
        key = house.wrap.unwrap(KEY, version, row.wrapped)
        sealed = records.seal_key(key, version, reader, home, house.entropy(32))
    revision = said.revision + 1 if said is not None else 0
    grant = Grant(version, owner, epoch.hash, reader, home, revision, may, sealed, house.clock())
    try:
        data = records.sign_grant(house.keyring[epoch.hash], grant)
    except PeerFault as fault:
        raise CallerFault("reader", str(fault)) from None
    hashed = records.verify(data, lambda *_: house.keyring[epoch.hash].public).hash
    told = node_id(home) == house.id and may is not May.NOTHING  # a withdrawal has still to be carried out
    tx.drawings.put_grant(
        GrantRow(version, reader, hashed, revision, may.value, node_id(home), data, told, house.clock())
    )


def require_own(tx: Tx, owner: bytes, version: bytes) -> VersionRow:
    """The row of a version of ``owner``; NotFound for another firm's as for none."""
    row = tx.drawings.get(version)
    if row is None or row.owner != owner:
        raise NotFound("drawing", "no such drawing")
    return row


def require_drawing(tx: Tx, owner: bytes, drawing: bytes) -> list[VersionRow]:
    """All versions of a drawing of ``owner``, the oldest first."""
    rows = tx.drawings.of_drawing(owner, drawing)
    if not rows:
        raise NotFound("drawing", "no such drawing")
    return rows


def shelf(tx: Tx, owner: bytes, drawing: bytes) -> Shelf:
    """One drawing with everything that is known of its readers."""
    return Shelf(drawing, tuple(look(tx, row) for row in reversed(require_drawing(tx, owner, drawing))))


def shelves(tx: Tx, owner: bytes) -> list[Shelf]:
    """All drawings of ``owner`` with their last versions; the latest first."""
    last: dict[bytes, VersionRow] = {row.drawing: row for row in tx.drawings.of_owner(owner, MAX_LISTED)}
    found = [Shelf(row.drawing, (look(tx, row),)) for row in last.values()]
    return sorted(found, key=lambda one: -one.last.version.time)


def look(tx: Tx, row: VersionRow) -> Seen:
    """One version with its readers."""
    version = records.unsigned(row.data)
    assert isinstance(version, Version)
    readings: dict[bytes, list[Reading]] = {}
    deleted: dict[tuple[bytes, bytes], int] = {}
    for fact in tx.drawings.facts(row.version, MAX_FACTS):
        found = records.unsigned(fact.data)
        if isinstance(found, Reading):
            readings.setdefault(fact.reader, []).insert(0, found)
        elif isinstance(found, Deleted):
            deleted[fact.reader, found.grant] = found.time
    readers = tuple(
        Reader(
            each.reader,
            May(each.may),
            _grant_of(each.data).time,
            each.told,
            deleted.get((each.reader, each.grant_hash), 0),
            tuple(readings.get(each.reader, ())),
        )
        for each in tx.drawings.grants(row.version)
    )
    return Seen(row.version, version, row, readers)


def key_of(house: House, row: VersionRow) -> bytes:
    """The key of a version's content. NotFound where it is not here any more."""
    if not row.wrapped:
        raise NotFound("drawing", "no such drawing")
    return house.wrap.unwrap(KEY, row.version, row.wrapped)


def _grant_of(data: bytes) -> Grant:
    found = records.unsigned(data)
    assert isinstance(found, Grant)
    return found
