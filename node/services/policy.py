"""Who may do what: scopes, roles, and which role has which scope. The one table that the tests walk as well.

Owns words, not checks (``node.api.auth``). Every operation names one scope; a token has scopes of its own and never
more than its user's role allows.
"""

from __future__ import annotations

from enum import StrEnum

from protocol.errors import CallerFault


class Scope(StrEnum):
    """What a token may be used for."""

    READ = "documents:read"
    WRITE = "documents:write"
    DECIDE = "held:decide"
    DIRECTORY = "directory:read"
    METRICS = "metrics:read"  # of the node, not of a member


class Role(StrEnum):
    """What a user is at its member."""

    OWNER = "owner"
    CLERK = "clerk"
    VIEWER = "viewer"


MEMBER_SCOPES = frozenset({Scope.READ, Scope.WRITE, Scope.DECIDE, Scope.DIRECTORY})

ROLES: dict[Role, frozenset[Scope]] = {
    Role.OWNER: MEMBER_SCOPES,
    Role.CLERK: frozenset({Scope.READ, Scope.WRITE, Scope.DIRECTORY}),
    Role.VIEWER: frozenset({Scope.READ, Scope.DIRECTORY}),
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


def role_of(text: str) -> Role:
    """The role of that name. CallerFault otherwise."""
    try:
        return Role(text)
    except ValueError:
        raise CallerFault("role", f"{text} is none of {', '.join(role.value for role in Role)}") from None
