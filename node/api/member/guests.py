"""Partners without a node over the API: who they are, and the link by which one reads and answers a dealing."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import asdict

from node.api.member.shapes import Answer, Shape
from node.api.operation import Call, Operation, Written
from node.services import guests
from node.services.guests import Addresses, Guest
from node.services.policy import Scope
from node.services.transaction import Tx

Line = Annotated[str, Meta(max_length=200)]


class GuestGiven(Shape, frozen=True):
    """A partner outside the association; what is left out is empty."""

    name: Annotated[str, Meta(min_length=1, max_length=guests.MAX_NAME_CHARS)]
    person: Line = ""
    postal: Line = ""
    telephone: Line = ""
    fax: Line = ""
    email: Line = ""
    registration_number: Line = ""


class GuestShown(Answer, frozen=True):
    """One partner. ``id`` is its member id, by which papers are sent to it; times in µs."""

    id: str
    name: str
    person: str
    postal: str
    telephone: str
    fax: str
    email: str
    registration_number: str
    created: int
    updated: int


class GuestList(Answer, frozen=True):
    """By name; those that were enrolled meanwhile are members and not here."""

    guests: list[GuestShown]


class LinkShown(Answer, frozen=True):
    """A link, shown once: who holds it speaks for the partner in this dealing. ``expires`` in µs."""

    address: str
    expires: int


class Revoked(Answer, frozen=True):
    """No link of the dealing opens anything any more."""

    thread: str


def shown(one: Guest) -> GuestShown:
    """As the API shows it."""
    addresses = {name: getattr(one.addresses, name) for name in Addresses.__struct_fields__}
    row = one.row
    return GuestShown(id=row.guest.hex(), name=row.name, created=row.created, updated=row.updated, **addresses)


def _addresses(given: GuestGiven) -> Addresses:
    return Addresses(**{name: value for name, value in asdict(given).items() if name != "name"})


async def listed(call: Call) -> object:
    """GET /v1/guests."""
    member = call.member
    return GuestList(guests=[shown(one) for one in await call.read(lambda tx: guests.of(tx, member))])


async def add(call: Call) -> object:
    """POST /v1/guests."""
    given: GuestGiven = call.body
    house, member = call.context.house, call.member

    def work(tx: Tx) -> Written:
        made = guests.add(house, tx, member, given.name, _addresses(given))
        return Written(shown(guests.require(tx, member, made)))

    return await call.write(work)


async def change(call: Call) -> object:
    """PUT /v1/guests/{guest}."""
    given: GuestGiven = call.body
    house, member, guest = call.context.house, call.member, call.path_hash("guest")

    def work(tx: Tx) -> Written:
        guests.change(house, tx, member, guest, given.name, _addresses(given))
        return Written(shown(guests.require(tx, member, guest)), 200)

    return await call.write(work)


async def issue(call: Call) -> object:
    """POST /v1/threads/{thread}/guest-link."""
    house, member, thread = call.context.house, call.member, call.path_hash("thread")

    def work(tx: Tx) -> Written:
        made = guests.issue(house, tx, member, thread)
        address = f"{call.context.base_url.rstrip('/')}{made.path}"
        return Written(LinkShown(address=address, expires=made.row.expires))

    return await call.write(work)


async def revoke(call: Call) -> object:
    """DELETE /v1/threads/{thread}/guest-link."""
    house, member, thread = call.context.house, call.member, call.path_hash("thread")

    def work(tx: Tx) -> Written:
        guests.revoke(house, tx, member, thread)
        return Written(Revoked(thread=thread.hex()), 200)

    return await call.write(work)


OPERATIONS = (
    Operation("GET", "/v1/guests", "list_guests", "Partners without a node", listed, Scope.READ, answer=GuestList),
    Operation("POST", "/v1/guests", "add_guest", "Add a partner that is reached by FAX or mail", add, Scope.WRITE,
              body=GuestGiven, answer=GuestShown, status=201, idempotent_key=True),
    Operation("PUT", "/v1/guests/{guest}", "change_guest", "Change such a partner's name and addresses", change,
              Scope.WRITE, body=GuestGiven, answer=GuestShown, idempotent_key=True),
    Operation("POST", "/v1/threads/{thread}/guest-link", "issue_guest_link",
              "A new link to a dealing for such a partner; earlier ones end", issue, Scope.WRITE, answer=LinkShown,
              status=201, idempotent_key=True),
    Operation("DELETE", "/v1/threads/{thread}/guest-link", "revoke_guest_link", "End the links of a dealing", revoke,
              Scope.WRITE, answer=Revoked, idempotent_key=True),
)  # fmt: skip
