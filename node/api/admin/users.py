"""Admin commands: users and tokens."""

from __future__ import annotations

from typing import Any

from node import opening
from node.api.admin.command import Ask, Command, Nothing, local_member
from node.api.context import Context
from node.services import joining, login, tokens, users
from node.services.transaction import Tx
from protocol.errors import NotFound

DAY_US = 24 * 3600 * 1_000_000


class AddUser(Ask, frozen=True):
    """``role``: owner, clerk or viewer; with ``member`` empty staff or admin."""

    name: str
    role: str
    password: str
    member: str = ""


class InviteUser(Ask, frozen=True):
    """``member`` empty: for staff and admin. ``login``: of somebody who lost password or device; then nothing else."""

    member: str = ""
    role: str = "clerk"
    note: str = ""
    login: str = ""


class ListUsers(Ask, frozen=True):
    """``member`` empty: of all members."""

    member: str = ""


class UserNamed(Ask, frozen=True):
    """A user by login name."""

    name: str
    disabled: bool = True


class CreateToken(Ask, frozen=True):
    """``member`` empty: a token of the node's own monitoring. ``scopes`` empty: all that it may have."""

    label: str
    member: str = ""
    user: str = ""
    scopes: str = ""
    days: int | None = None


class RevokeToken(Ask, frozen=True):
    """At least 8 digits of the id in the list."""

    token: str


def add_user(context: Context, ask: AddUser) -> dict[str, Any]:
    """Add a login. The password is hashed before the transaction begins."""
    hashed = users.password_hash(ask.password)

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member) if ask.member else None
        return _user(users.add(context.house, tx, member, ask.name, ask.role, hashed))

    return context.commit(work)


def invite_user(context: Context, ask: InviteUser) -> dict[str, Any]:
    """A one-time link by which somebody makes a login, or (``login``) gets a new way in; shown once."""

    def work(tx: Tx) -> joining.Link:
        if ask.login:
            user = tx.users.by_name(login.normal(ask.login))
            if user is None:
                raise NotFound("login", "no such user")
            return joining.recover(context.house, tx, user)
        member = local_member(tx, ask.member) if ask.member else None
        return joining.invite(context.house, tx, member, ask.role, note=ask.note)

    made = context.commit(work)
    row = made.row
    return {
        "link": _base(context) + made.path,
        "role": row.role,
        "member": row.member.hex() if row.member else "",
        "expires": row.expires,
    }


def _base(context: Context) -> str:
    """Where people reach the pages: as configured, else the port that the API listens on."""
    api = opening.load_config(context.folder).api
    if api.base_url:
        return api.base_url.rstrip("/")
    host = f"[{api.host}]" if ":" in api.host else api.host
    return f"{'http' if api.tls == 'proxy' else 'https'}://{host}:{api.port}"


def list_users(context: Context, ask: ListUsers) -> list[dict[str, Any]]:
    """Logins by name."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        return [_user(row) for row in users.list_of(tx, local_member(tx, ask.member) if ask.member else None)]

    return context.store.read(work)


def disable_user(context: Context, ask: UserNamed) -> dict[str, Any]:
    """Stop a login, or let it in again."""
    return context.commit(lambda tx: _user(users.disable(tx, ask.name, ask.disabled)))


def _user(row: Any) -> dict[str, Any]:
    member = row.member.hex() if row.member else ""
    return {
        "name": row.name,
        "role": row.role,
        "member": member,
        "created": row.created,
        "disabled": bool(row.disabled),
    }


def create_token(context: Context, ask: CreateToken) -> dict[str, Any]:
    """A new token; its text is in this answer and nowhere else."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member) if ask.member else None
        lifetime = None if ask.days is None else ask.days * DAY_US
        made = tokens.create(context.house, tx, member, ask.label, ask.scopes, user=ask.user, lifetime_us=lifetime)
        return {"token": made.text, **_token(made.row)}

    return context.commit(work)


def list_tokens(context: Context, _ask: Nothing) -> list[dict[str, Any]]:
    """Every token, oldest first."""
    return context.store.read(lambda tx: [_token(row) for row in tx.tokens.all()])


def revoke_token(context: Context, ask: RevokeToken) -> dict[str, Any]:
    """Take a token out of use at once."""
    return context.commit(lambda tx: _token(tokens.revoke(tx, ask.token, context.house.clock())))


def _token(row: Any) -> dict[str, Any]:
    return {
        "id": row.hash.hex()[:16],
        "label": row.label,
        "member": row.member.hex() if row.member else "",
        "scopes": row.scopes,
        "created": row.created,
        "expires": row.expires,
        "revoked": row.revoked,
        "last_used": row.last_used,
    }


COMMANDS = (
    Command("user.add", AddUser, add_user, offline=True),
    Command("user.invite", InviteUser, invite_user, offline=True),
    Command("user.list", ListUsers, list_users, offline=True),
    Command("user.disable", UserNamed, disable_user, offline=True),
    Command("token.create", CreateToken, create_token, offline=True),
    Command("token.list", Nothing, list_tokens, offline=True),
    Command("token.revoke", RevokeToken, revoke_token, offline=True),
)
