"""Guests: partners without a node (相手先(会員外)). Adding them, their links, what they do through one, enrolling them.

A guest is a member of the protocol whose keys, recovery words included, this node holds for it. What it says comes in
through a link to one dealing, and every paper so made carries ``origin`` THROUGH_LINK inside what is signed. The words
stay wrapped by the node's secret until the association enrols the guest: then it gets words of its own, a new signing
key and a card, and goes on as the same member. See ADR 21.

Owns who may see a guest (its owner alone) and how long a link is good. Only SHA-256 of a link's secret is kept.
"""

from __future__ import annotations

import base64
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from node.i18n import N_
from node.services import access, dealings, directory, drafting, keying, members, reading, trade
from node.services.desk import numbering, sending
from node.services.desk.parties import party_of
from node.services.drafting import Context, Step
from node.services.drafting.papers import PAPER_OF
from node.services.house import House
from node.services.members import Enrolled
from node.services.sessions import DAY_US
from node.services.tokens import hash_of
from node.services.trade import Outcome, Submission
from node.store import GuestLinkRow, GuestRow, ThreadRow, Tx, UserRow, WrappedKeyRow
from protocol.errors import CallerFault, NotFound
from protocol.identity import words
from protocol.identity.control import Reason
from protocol.process import checks
from protocol.process.money import Rounding
from protocol.process.trade.papers import TYPE_OF, Message, Paper
from protocol.process.trade.papers.base import THROUGH_LINK
from protocol.process.trade.table import Role

LIFETIME_US: Final = 30 * DAY_US
SECRET_BYTES: Final = 20
PATH: Final = "/g/"
WORDS_KEY: Final = "guest-words"
MAX_NAME_CHARS: Final = 100
MAX_GUESTS: Final = 500
#: What can be done through a link. Whatever binds money or takes goods back needs a login.
STEPS: Final = (Step.QUOTE, Step.ANSWER, Step.DECIDE, Step.SHIP, Step.BILL, Step.CONFIRM)
NO_NAME: Final = N_("Enter a name of at most 100 characters.")
TOO_MANY: Final = N_("You have 500 partners outside the association. Ask your association to enrol some of them.")
BAD_NUMBER: Final = N_("Enter T and 13 digits.")
ENROLLED: Final = N_("This partner is a member now: send it your papers as to any other.")


class Addresses(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a guest is reached, as its owner knows it. Never leaves the node."""

    person: str = ""
    postal: str = ""
    telephone: str = ""
    fax: str = ""
    email: str = ""
    registration_number: str = ""


class Guest(NamedTuple):
    """A guest with its addresses."""

    row: GuestRow
    addresses: Addresses


class Issued(NamedTuple):
    """A new link: its secret, shown once, and its row."""

    secret: str
    row: GuestLinkRow

    @property
    def path(self) -> str:
        """Where it leads, behind the node's own address."""
        return PATH + self.secret


class Opened(NamedTuple):
    """What a good link opens: one dealing, as the guest's side of it."""

    link: GuestLinkRow
    guest: GuestRow
    thread: ThreadRow


_ADDRESSES: Final = msgspec.msgpack.Decoder(Addresses)


# --- a member's guests


def add(house: House, tx: Tx, owner: bytes, name: str, addresses: Addresses, *, by: UserRow | None = None) -> bytes:
    """A new guest of ``owner``; its member id. CallerFault names the field."""
    members.require_local(tx, owner)
    name = _require(name, addresses)
    if len(tx.guests.of(owner)) >= MAX_GUESTS:
        raise CallerFault("name", TOO_MANY)
    made = members.enrol(house, tx, name)
    entropy = words.entropy_of(" ".join(made.words))
    now = house.clock()
    tx.wrapped_keys.add(WrappedKeyRow(WORDS_KEY, made.member, house.wrap.wrap(WORDS_KEY, made.member, entropy), now))
    tx.guests.put(GuestRow(made.member, owner, name, now, now, None, None, msgspec.msgpack.encode(addresses)))
    access.note(house, tx, "guest-added", member=owner, user=by, detail=name)
    return made.member


def change(house: House, tx: Tx, owner: bytes, guest: bytes, name: str, addresses: Addresses) -> None:
    """Another name or other addresses. NotFound for another's guest or one that is enrolled."""
    row = require(tx, owner, guest).row
    name = _require(name, addresses)
    tx.guests.put(row._replace(name=name, updated=house.clock(), data=msgspec.msgpack.encode(addresses)))
    known = members.require_local(tx, guest)
    tx.members.put(known._replace(name=name))


def _require(name: str, addresses: Addresses) -> str:
    name = name.strip()
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise CallerFault("name", NO_NAME)
    number = addresses.registration_number
    if number and not checks.is_registration_number(number):
        raise CallerFault("registration_number", BAD_NUMBER)
    return name


def of(tx: Tx, owner: bytes) -> list[Guest]:
    """The guests that are not enrolled, by name."""
    return [_guest(row) for row in tx.guests.of(owner) if row.enrolled is None]


def find(tx: Tx, owner: bytes, guest: bytes) -> Guest | None:
    """A guest of ``owner`` that is not enrolled; None for everybody else."""
    row = tx.guests.get(guest)
    return _guest(row) if row is not None and row.owner == owner and row.enrolled is None else None


def require(tx: Tx, owner: bytes, guest: bytes) -> Guest:
    """As :func:`find`; NotFound."""
    found = find(tx, owner, guest)
    if found is None:
        raise NotFound("partner", "no such partner")
    return found


def _guest(row: GuestRow) -> Guest:
    return Guest(row, _ADDRESSES.decode(row.data))


def hidden(tx: Tx, member: bytes, partner: bytes) -> bool:
    """Whether ``partner`` is a guest of somebody else, whom ``member`` must not reach."""
    row = tx.guests.get(partner)
    return row is not None and row.enrolled is None and row.owner != member


# --- links


def issue(house: House, tx: Tx, owner: bytes, thread: bytes, *, by: UserRow | None = None, address: str = "") -> Issued:
    """A link to one dealing with a guest; every earlier one of the dealing becomes useless."""
    row = _dealing(tx, owner, thread)
    guest = require(tx, owner, row.partner).row
    now = house.clock()
    for link in tx.guests.links_in(thread):
        if link.revoked is None:
            tx.guests.put_link(link._replace(revoked=now))
    secret = base64.b32encode(house.entropy(SECRET_BYTES)).decode().lower()
    user = None if by is None else by.id
    made = GuestLinkRow(hash_of(secret), guest.guest, thread, now, now + LIFETIME_US, None, user)
    tx.guests.put_link(made)
    access.note(house, tx, "guest-link", member=owner, user=by, detail=_said(guest, row), address=address)
    return Issued(secret, made)


def revoke(house: House, tx: Tx, owner: bytes, thread: bytes, *, by: UserRow | None = None, address: str = "") -> None:
    """Make the links of a dealing useless."""
    row = _dealing(tx, owner, thread)
    guest = require(tx, owner, row.partner).row
    now = house.clock()
    for link in tx.guests.links_in(thread):
        if link.revoked is None:
            tx.guests.put_link(link._replace(revoked=now))
    access.note(house, tx, "guest-link-revoked", member=owner, user=by, detail=_said(guest, row), address=address)


def _said(guest: GuestRow, row: ThreadRow) -> str:
    return f"{guest.name} {row.number}"


def _dealing(tx: Tx, member: bytes, thread: bytes) -> ThreadRow:
    row = tx.threads.get(member, thread)
    if row is None:
        raise NotFound("thread", "no such dealing")
    return row


def good_link(tx: Tx, thread: bytes, now: int) -> GuestLinkRow | None:
    """The link of a dealing that is good now."""
    return next((link for link in tx.guests.links_in(thread) if link.revoked is None and now < link.expires), None)


def check_secret(tx: Tx, owner: bytes, thread: bytes, secret: str, now: int) -> None:
    """NotFound unless ``secret`` is that of the good link of the owner's dealing: for printing it."""
    _dealing(tx, owner, thread)
    link = good_link(tx, thread, now)
    if link is None or link.hash != hash_of(secret):
        raise NotFound("link", "no such link")


# --- through a link


def look(house: House, tx: Tx, secret: str) -> Opened:
    """What a link opens. NotFound for one that is wrong, too old, revoked, or of an enrolled guest: they look alike."""
    link = tx.guests.link(hash_of(secret))
    if link is None or link.revoked is not None or house.clock() >= link.expires:
        raise NotFound("link", "no such link")
    guest = tx.guests.get(link.guest)
    row = tx.threads.get(link.guest, link.thread)
    if guest is None or guest.enrolled is not None or row is None or row.partner != guest.owner:
        raise NotFound("link", "no such link")
    return Opened(link, guest, row)


def draft(tx: Tx, opened: Opened, step: Step, today: str, *, rounding: Rounding = Rounding.DOWN) -> Paper:
    """The guest's next paper, prefilled. Writes nothing: looking at a form, as crawlers do, leaves no trace."""
    folded = dealings.fold(tx, opened.link.thread)
    if step not in STEPS:
        raise NotFound("step", "no such step")
    state, guest = folded.state, opened.guest
    kind = TYPE_OF[PAPER_OF[step]]
    number = numbering.peek(tx, guest.guest, kind, today, partner=guest.owner)
    role = Role.BUYER if state.buyer == guest.guest else Role.SELLER
    context = Context(today, number, role, party_of(tx, state.buyer), party_of(tx, state.seller), rounding)
    return drafting.draft(step, state, folded.facts, context)


def send(
    house: House, tx: Tx, secret: str, paper: Paper, as_seen: str, today: str, *, address: str = "", agent: str = ""
) -> Outcome:
    """Sign for the guest what came through its link, and say so inside. NotFound; errors as ``sending.send``."""
    opened = look(house, tx, secret)
    guest = opened.guest
    number = numbering.next_number(tx, guest.guest, TYPE_OF[type(paper)], today, partner=guest.owner)
    marked = replace(paper, number=number, origin=THROUGH_LINK, kept=())
    done = sending.send(house, tx, guest.guest, opened.link.thread, marked, as_seen)
    _note(house, tx, opened, address, agent)
    return done


def say(house: House, tx: Tx, secret: str, text: str, today: str, *, address: str = "", agent: str = "") -> Outcome:
    """A message beside the dealing, through the link."""
    opened = look(house, tx, secret)
    guest, thread = opened.guest, opened.link.thread
    number = numbering.next_number(tx, guest.guest, "message", today, partner=guest.owner)
    paper = Message(number=number, issue_date=today, kind="note", text=text, origin=THROUGH_LINK)
    done = trade.submit(house, tx, guest.guest, [Submission(guest.owner, paper, thread=thread)])
    _note(house, tx, opened, address, agent)
    return done


def _note(house: House, tx: Tx, opened: Opened, address: str, agent: str) -> None:
    detail = f"{_said(opened.guest, opened.thread)} {opened.link.hash.hex()[:8]} {agent[:80]}"
    access.note(house, tx, "guest-answered", member=opened.guest.owner, name="link", detail=detail, address=address)


def document(house: House, tx: Tx, secret: str, wanted: bytes) -> Opened:
    """The link, if ``wanted`` is a document of its dealing. NotFound otherwise, whatever else the guest holds."""
    opened = look(house, tx, secret)
    if reading.require(tx, opened.guest.guest, wanted).thread != opened.link.thread:
        raise NotFound("document", "no such document")
    return opened


# --- becoming a member


def ask_enrolment(house: House, tx: Tx, owner: bytes, guest: bytes) -> None:
    """The owner asks the association to enrol its guest."""
    row = require(tx, owner, guest).row
    tx.guests.put(row._replace(asked=row.asked or house.clock()))


def waiting(tx: Tx) -> list[GuestRow]:
    """Guests of the node that are not enrolled: those whose enrolment was asked for first."""
    found = [row for row in tx.guests.all() if row.enrolled is None]
    return sorted(found, key=lambda row: (row.asked is None, row.asked or 0, row.created))


def of_node(tx: Tx, guest: bytes) -> Guest:
    """A guest of any member, for the association that enrols it. NotFound."""
    row = tx.guests.get(guest)
    if row is None or row.enrolled is not None:
        raise NotFound("guest", "no such guest")
    return _guest(row)


def enrol(
    house: House, tx: Tx, guest: bytes, profile: directory.Profile, *, by: UserRow | None = None, address: str = ""
) -> Enrolled:
    """Make a guest a member with its history: words and keys of its own, a card; its links end. NotFound.

    From the record of the new words on, and from the new epoch on, nothing that is signed for it comes from a link.
    """
    row = tx.guests.get(guest)
    wrapped = tx.wrapped_keys.get(WORDS_KEY, guest)
    if row is None or row.enrolled is not None or wrapped is None:
        raise NotFound("guest", "no such guest")
    held = words.key_of(house.wrap.unwrap(WORDS_KEY, guest, wrapped.wrapped))
    own = keying.replace_words(house, tx, guest, held)
    tx.wrapped_keys.delete(WORDS_KEY, guest)
    members.open_epoch(house, tx, guest, Reason.ROTATE)
    tx.members.put(members.require_local(tx, guest)._replace(name=profile.name))
    now = house.clock()
    tx.guests.revoke_links(guest, now)
    tx.guests.put(row._replace(enrolled=now, updated=now))
    directory.publish(house, tx, guest, profile)
    access.note(house, tx, "member-enrolled", member=guest, user=by, address=address)
    access.note(house, tx, "guest-enrolled", member=row.owner, user=by, detail=row.name, address=address)
    return Enrolled(members.require_log(house, tx, guest).member, own)
