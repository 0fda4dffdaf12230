"""Who may do what: scopes of tokens, roles of people, operations of pages. The tables that the tests walk as well.

Owns words, not checks (``node.api.auth`` for programs, ``node.web.site`` for pages). A token has scopes of its own and
never more than its user's role allows; a page names one operation, and OPERATIONS says which roles may do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from protocol.errors import CallerFault


class Scope(StrEnum):
    """What a token may be used for."""

    READ = "documents:read"
    WRITE = "documents:write"
    DECIDE = "held:decide"
    PAY = "payments:mark"
    DIRECTORY = "directory:read"
    SALES = "sales:write"  # of a register: nothing else
    EXPORT = "member:export"  # everything of the member in one file
    METRICS = "metrics:read"  # of the node, not of a member


class Role(StrEnum):
    """What a user is: the first three at its member, the others at the association (such users have no member).

    A supporter (municipality, bank, IT coordinator) sees sums of the area and nothing of anybody.
    """

    OWNER = "owner"
    CLERK = "clerk"
    VIEWER = "viewer"
    SUPPORTER = "supporter"
    STAFF = "staff"
    ADMIN = "admin"


MEMBER_ROLES: Final = frozenset({Role.OWNER, Role.CLERK, Role.VIEWER})
STAFF_ROLES: Final = frozenset({Role.STAFF, Role.ADMIN})
ASSOCIATION_ROLES: Final = STAFF_ROLES | {Role.SUPPORTER}
MEMBER_SCOPES = frozenset(
    {Scope.READ, Scope.WRITE, Scope.DECIDE, Scope.PAY, Scope.DIRECTORY, Scope.SALES, Scope.EXPORT}
)

ROLES: dict[Role, frozenset[Scope]] = {
    Role.OWNER: MEMBER_SCOPES,
    Role.CLERK: frozenset({Scope.READ, Scope.WRITE, Scope.SALES, Scope.DIRECTORY}),
    Role.VIEWER: frozenset({Scope.READ, Scope.DIRECTORY}),
    Role.SUPPORTER: frozenset(),
    Role.STAFF: frozenset({Scope.METRICS}),
    Role.ADMIN: frozenset({Scope.METRICS}),
}

_OWNER: Final = frozenset({Role.OWNER})
_WRITERS: Final = frozenset({Role.OWNER, Role.CLERK})
_ADMIN: Final = frozenset({Role.ADMIN})

#: What needs no login.
PUBLIC: Final = "public"
#: Operation → the roles that may do it. Every page names one; nothing else decides.
OPERATIONS: Final[Mapping[str, frozenset[Role]]] = {
    PUBLIC: frozenset(),
    # everybody, for themselves: language, password, passkeys, sessions, notices
    "own": MEMBER_ROLES | ASSOCIATION_ROLES,
    # a member's work
    "today.read": MEMBER_ROLES,
    "dealings.read": MEMBER_ROLES,
    "dealings.write": _WRITERS,
    "held.decide": _OWNER,
    "partners.read": MEMBER_ROLES,
    "partners.write": _WRITERS,
    "catalogue.read": MEMBER_ROLES,
    "catalogue.write": _WRITERS,
    "import.write": _WRITERS,
    "joint.read": MEMBER_ROLES,
    "joint.write": _WRITERS,
    "sales.read": MEMBER_ROLES,
    "sales.write": _WRITERS,
    "supplying.read": MEMBER_ROLES,
    "supplying.write": _WRITERS,
    "supplying.grant": _OWNER,
    "drawings.read": MEMBER_ROLES,
    "drawings.write": _WRITERS,
    "groups.read": MEMBER_ROLES,
    "groups.write": _WRITERS,
    "groups.manage": _OWNER,
    "offers.read": MEMBER_ROLES,
    "offers.write": _WRITERS,
    "deeds.read": MEMBER_ROLES,
    "deeds.write": _WRITERS,
    "books.read": MEMBER_ROLES,
    "books.write": _WRITERS,
    "payments.prepare": _WRITERS,
    "payments.pay": _OWNER,
    # a member's people
    "people.manage": _OWNER,
    "access.read": _OWNER,
    "consent.manage": _OWNER,
    "export.take": _OWNER,
    "move.ask": _OWNER,
    "erasure.ask": _OWNER,
    "copies.wait": _OWNER,
    "datause.choose": _OWNER,
    # sums of the area
    "area.read": ASSOCIATION_ROLES,
    # the association's work
    "association.read": STAFF_ROLES,
    "association.members": STAFF_ROLES,
    "association.view": STAFF_ROLES,
    "association.peers": STAFF_ROLES,
    "association.joint": STAFF_ROLES,
    "association.moves": STAFF_ROLES,
    "association.safety": STAFF_ROLES,
    "association.questions": STAFF_ROLES,
    "association.audit": STAFF_ROLES,
    "association.staff": _ADMIN,
}


def scopes_of(text: str) -> frozenset[Scope]:
    """The scopes in a space-separated list. CallerFault names the first unknown one."""
    found = set()
    for word in text.split():
        try:
            found.add(Scope(word))
        except ValueError:
            raise CallerFault("scopes", f"{word} is none of {', '.join(scope.value for scope in Scope)}") from None
    return frozenset(found)


def text_of(scopes: frozenset[Scope]) -> str:
    """The space-separated list, in a fixed order."""
    return " ".join(scope.value for scope in Scope if scope in scopes)


def allows(operation: str, role: Role | None) -> bool:
    """Whether somebody of that role (None: nobody is logged in) may do it. KeyError for an operation without a row."""
    roles = OPERATIONS[operation]
    return operation == PUBLIC or role in roles


def role_of(text: str) -> Role:
    """The role of that name. CallerFault otherwise."""
    try:
        return Role(text)
    except ValueError:
        raise CallerFault("role", f"{text} is none of {', '.join(role.value for role in Role)}") from None
