"""Who may call: tables ``users``, ``tokens``, ``idempotency``."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import idempotency, tokens, users
from node.store.sql import Query, Statement, insert_new, insert_rows, upsert


class UserRow(NamedTuple):
    """A login. ``member`` None: the association's own people."""

    id: bytes
    member: bytes | None
    name: str
    role: str
    password_hash: str
    created: int
    disabled: bool


class TokenRow(NamedTuple):
    """A bearer token, by its hash. ``scopes`` separated by spaces; times in µs, None: never."""

    hash: bytes
    label: str
    user: bytes | None
    member: bytes | None
    scopes: str
    created: int
    expires: int | None
    revoked: int | None
    last_used: int


class IdempotencyRow(NamedTuple):
    """The answer that was given to a request with an idempotency key. ``fingerprint``: hash of the request."""

    token: bytes
    key: str
    fingerprint: bytes
    status: int
    response: bytes
    created: int


_USER = sa.select(*(users.c[name] for name in UserRow._fields))
_USER_PUT = upsert(users, UserRow._fields)
_USER_GET = Query(UserRow._make, _USER.where(users.c.id == sa.bindparam("id")))
_USER_NAMED = Query(UserRow._make, _USER.where(users.c.name == sa.bindparam("name")))
_USERS = Query(UserRow._make, _USER.order_by(users.c.name))

_TOKEN = sa.select(*(tokens.c[name] for name in TokenRow._fields))
_TOKEN_ADD = insert_rows(tokens, TokenRow._fields)
_TOKEN_GET = Query(TokenRow._make, _TOKEN.where(tokens.c.hash == sa.bindparam("hash")))
_TOKENS = Query(TokenRow._make, _TOKEN.order_by(tokens.c.created, tokens.c.hash))
_REVOKE = Statement(
    sa.update(tokens)
    .where(tokens.c.hash == sa.bindparam("which"), tokens.c.revoked.is_(None))
    .values(revoked=sa.bindparam("revoked"))
)
_TOUCH = Statement(
    sa.update(tokens).where(tokens.c.hash == sa.bindparam("which")).values(last_used=sa.bindparam("last_used"))
)

_ANSWER = sa.select(*(idempotency.c[name] for name in IdempotencyRow._fields))
_ANSWER_ADD = insert_new(idempotency, IdempotencyRow._fields)
_ANSWER_GET = Query(
    IdempotencyRow._make,
    _ANSWER.where(idempotency.c.token == sa.bindparam("token"), idempotency.c.key == sa.bindparam("key")),
)
_FORGET = Statement(sa.delete(idempotency).where(idempotency.c.created < sa.bindparam("before")))


class Users(Repository):
    """Logins."""

    def put(self, row: UserRow) -> None:
        """Add or replace a user; a name that another one has is an integrity error."""
        self._db.run_many(_USER_PUT, [row])

    def get(self, user: bytes) -> UserRow | None:
        """One user, or None."""
        return self._db.one(_USER_GET, id=user)

    def by_name(self, name: str) -> UserRow | None:
        """One user by login name, or None."""
        return self._db.one(_USER_NAMED, name=name)

    def all(self) -> list[UserRow]:
        """Every user, by name."""
        return self._db.all(_USERS)


class Tokens(Repository):
    """Bearer tokens, by their hashes only."""

    def add(self, row: TokenRow) -> None:
        """Add a token."""
        self._db.run_many(_TOKEN_ADD, [row])

    def get(self, hashed: bytes) -> TokenRow | None:
        """One token, whatever its state, or None."""
        return self._db.one(_TOKEN_GET, hash=hashed)

    def all(self) -> list[TokenRow]:
        """Every token, oldest first."""
        return self._db.all(_TOKENS)

    def revoke(self, hashed: bytes, time: int) -> bool:
        """Take a token out of use; False if there is none or it is already."""
        return self._db.run(_REVOKE, which=hashed, revoked=time) > 0

    def touch(self, hashed: bytes, time: int) -> None:
        """It was used at ``time``."""
        self._db.run(_TOUCH, which=hashed, last_used=time)


class Idempotency(Repository):
    """Answers that were given, for requests that come again."""

    def add(self, row: IdempotencyRow) -> bool:
        """Keep an answer, in the transaction of the work itself; False if the key was used already."""
        return self._db.run_many(_ANSWER_ADD, [row]) > 0

    def get(self, token: bytes, key: str) -> IdempotencyRow | None:
        """The answer to a key, or None."""
        return self._db.one(_ANSWER_GET, token=token, key=key)

    def forget(self, before: int) -> int:
        """Remove answers older than ``before`` (µs); how many."""
        return self._db.run(_FORGET, before=before)
