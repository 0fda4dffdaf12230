"""Two associations, their members and one dealing, made from fixed seeds: what the golden vectors are cut from.

Everything here is derived from names; nothing is random, nothing is secret. Tests may use it as their cast.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from protocol import canon, journal
from protocol.document import envelope
from protocol.document.envelope import Document, Draft, Part
from protocol.document.header import Audience, AudienceKind, BusinessKey, Header
from protocol.identity import control, genesis, log, words
from protocol.identity.control import HOME, Epoch, Guardians, Payload, Reason, Record, Signed
from protocol.identity.genesis import DEFAULT_RULES, Genesis, Rank, Role, RoleKeys
from protocol.identity.log import ControlLog
from protocol.keys import NodeId, SigningKey, node_id
from protocol.link import receipt as receipts
from protocol.link.receipt import Leaf

NETWORK = "test"
START = 1_760_000_000_000_000  # µs UTC
MINUTE = 60_000_000


def octets(name: str, length: int = 32) -> bytes:
    """Bytes that stand for random ones: the beginning of SHA-256 of a name."""
    return hashlib.sha256(b"yui vector " + name.encode()).digest()[:length]


@cache
def key(name: str) -> SigningKey:
    """The key whose seed is derived from ``name``."""
    return SigningKey(octets(f"seed {name}"))


def node(name: str) -> NodeId:
    """The id of the node called ``name``."""
    return node_id(key(name).public)


class Member(NamedTuple):
    """A member: its name in this cast, its words' entropy, its genesis."""

    name: str
    entropy: bytes
    words: SigningKey
    factor: SigningKey
    genesis: bytes

    @property
    def id(self) -> bytes:
        return genesis.identify(self.genesis)


@cache
def member(name: str, association: str = "association", network: str = NETWORK) -> Member:
    """The member called ``name`` with words, a second factor and an association."""
    entropy = octets(f"entropy {name}")
    owner, factor = words.key_of(entropy), key(f"{name} factor")
    roles = (
        RoleKeys(Role.ASSOCIATION, 1, (key(association).public,)),
        RoleKeys(Role.FACTOR, 1, (factor.public,)),
        RoleKeys(Role.WORDS, 1, (owner.public,)),
    )
    data = genesis.encode(Genesis(network, octets(f"genesis {name}", 16), DEFAULT_RULES, roles))
    return Member(name, entropy, owner, factor, data)


def record(before: ControlLog, rank: Rank, payload: Payload, name: str) -> Record:
    """A record behind the standing one of ``before``."""
    at = before.standing
    return control.draft(
        before.genesis.network,
        before.member,
        at.number + 1,
        at.hash,
        rank,
        payload,
        START + at.number * MINUTE,
        octets(f"record {name}", 16),
    )


def epoch(
    before: ControlLog, home: str, signing: str, reason: Reason, parent_seq: int = 0, parent_head: bytes = b""
) -> Epoch:
    """The epoch behind the present one of ``before``, at the node ``home`` with the signing key ``signing``."""
    parent = before.standing.epoch
    return Epoch(
        parent.number + 1 if parent else 1,
        parent.hash if parent else b"",
        parent_seq,
        parent_head,
        node(home),
        key(home).public,
        key(signing).public,
        reason,
    )


def admit(before: ControlLog, rank: Rank, payload: Payload, name: str, *signers: tuple[str, SigningKey]) -> ControlLog:
    """``before`` with one more record."""
    return log.admit(before, control.sign(record(before, rank, payload, name), signers), START)


def enrolled(who: Member, home: str) -> ControlLog:
    """The log of a member that has just been enrolled at ``home``."""
    before = log.start(who.genesis)
    opened = epoch(before, home, f"{who.name} 1", Reason.ENROL)
    return admit(before, Rank.WORDS, opened, f"{who.name} enrol", ("words", who.words), (HOME, key(home)))


def restarted(before: ControlLog, home: str, signing: str, seq: int, head: bytes) -> ControlLog:
    """A new epoch at the same home."""
    opened = epoch(before, home, signing, Reason.RESTART, seq, head)
    return admit(before, Rank.NODE, opened, signing, ("node", key(home)), (HOME, key(home)))


AUTHOR = member("maker")
RECIPIENT = member("smith")
AUTHOR_HOME = "toyota"
RECIPIENT_HOME = "kyoto"
GUARDIANS = ("guardian a", "guardian b", "guardian c")


@cache
def author_log() -> ControlLog:
    """The author after enrolment: one epoch at toyota."""
    return enrolled(AUTHOR, AUTHOR_HOME)


@cache
def recipient_log() -> ControlLog:
    """The recipient after enrolment and one restart that cut nothing back: its first epoch ended at entry 9."""
    return restarted(enrolled(RECIPIENT, RECIPIENT_HOME), RECIPIENT_HOME, "smith 2", 9, octets("entry 9"))


@cache
def eventful_log() -> ControlLog:
    """The author after guardians, new words, a move, a theft of the new words, its undoing and a restart."""
    who = AUTHOR
    at = author_log()
    guards = tuple(sorted(key(name).public for name in GUARDIANS))
    at = admit(at, Rank.WORDS, Guardians(guards, 2, 2, 2), "guardians", ("words", who.words))
    new = RoleKeys(Role.WORDS, 1, (key("maker words 2").public,))
    at = admit(at, Rank.WORDS, new, "new words", ("words", who.words))
    moved = epoch(at, "shikoku", "maker 2", Reason.MOVE, 3, octets("maker entry 3"))
    at = admit(
        at, Rank.GUARDIANS, moved, "move",
        ("association", key("association")), ("guardian", key("guardian a")), ("guardian", key("guardian c")),
        (HOME, key("shikoku")),
    )  # fmt: skip
    stolen = epoch(at, "thief", "thief 1", Reason.MOVE, 2, octets("maker entry 2"))
    theft = record(at, Rank.WORDS, stolen, "theft")
    robbed = log.admit(at, control.sign(theft, [("words", key("maker words 2")), (HOME, key("thief"))]), START)
    back = epoch(at, "shikoku", "maker 3", Reason.ROTATE, 4, octets("maker entry 4 of 2"))
    undo = record(at, Rank.WORDS_AND_FACTOR, back, "undo")
    signers = [("words", key("maker words 2")), ("factor", who.factor), (HOME, key("shikoku"))]
    at = log.admit(robbed, control.sign(undo, signers), START)
    return restarted(at, "shikoku", "maker 4", 1, octets("maker entry 1 of 3"))


BODY = canon.encode({"currency": "JPY", "issue_date": "2025-10-09", "number": "24-0017", "note": "ボルトM8を千本"})
PERSONAL = canon.encode({"contact": "山田 花子", "telephone": "075-000-0000"})


def order(
    author: ControlLog, recipient: bytes, number: str = "24-0017", epoch: bytes = b"", network: str = NETWORK
) -> Draft:
    """An order with a business and a personal part."""
    parts = {
        "business": Part(octets(f"salt b {number}", 16), BODY),
        "personal": Part(octets(f"salt p {number}", 16), PERSONAL),
    }
    header = Header(
        network=network,
        type="order",
        version=1,
        author=author.member,
        epoch=epoch or author.epoch.hash,
        nonce=octets(f"nonce {number}", 16),
        thread=b"",
        follows=(),
        audience=Audience(AudienceKind.MEMBER, recipient),
        business_key=BusinessKey(number, 0),
        time=START + 3_600_000_000,
        keep_until=START + 10 * 365 * 86_400_000_000,
        parts=envelope.part_refs(parts),
    )
    return envelope.draft(header, parts)


def signed(draft: Draft, signing: str = "maker 1") -> Document:
    """One document under its own signature."""
    return envelope.sign(key(signing), [draft])[0]


def receipt_of(
    documents: Sequence[bytes],
    recipient: bytes,
    epoch: bytes,
    *,
    home: str = RECIPIENT_HOME,
    first_seq: int = 1,
    verdict: str = "applied",
    network: str = NETWORK,
) -> bytes:
    """A receipt of ``home`` over ``documents``, entered one after another from ``first_seq`` on."""
    leaves = [Leaf(name, recipient, epoch, first_seq + at, verdict, False, "") for at, name in enumerate(documents)]
    return receipts.sign(
        key(home), network, node(AUTHOR_HOME), octets("incarnation", 16), len(documents), leaves, START + 3_601_000_000
    )


def history(genesis_bytes: bytes, records: Iterable[Signed]) -> bytes:
    """A history item put together by hand, nothing checked."""
    return canon.encode((log.HISTORY_TAG, genesis_bytes, [control.encode(item) for item in records]))


def signed_records(of: ControlLog) -> list[Signed]:
    """The records of a log, as they were signed."""
    return [item.signed for item in of.records.values()]


def erased(document: Document, name: str) -> Document:
    """``document`` after its part ``name`` was erased."""
    return document._replace(parts={other: part for other, part in document.parts.items() if other != name})


def entries(count: int) -> list[journal.Entry]:
    """The first entries of the author's journal."""
    at, found = journal.open_epoch(AUTHOR.id, author_log().epoch.hash), []
    for number in range(count):
        entry, at = journal.append(at, journal.Kind.SENT, octets(f"document {number}"), "applied")
        found.append(entry)
    return found
