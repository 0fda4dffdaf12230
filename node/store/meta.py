"""Single values of the node, by name: table ``meta``."""

from __future__ import annotations

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import meta
from node.store.sql import Query, Statement, first, plain, upsert

_GET = Query(first, sa.select(meta.c.value).where(meta.c.key == sa.bindparam("key")))
_PUT = upsert(meta, ("key", "value"))
_UNDER = Query(
    plain, sa.select(meta.c.key, meta.c.value).where(meta.c.key.startswith(sa.bindparam("prefix"))).order_by(meta.c.key)
)
_DELETE = Statement(sa.delete(meta).where(meta.c.key == sa.bindparam("key")))


class Meta(Repository):
    """Values as bytes, numbers as decimal text."""

    def get(self, key: str) -> bytes | None:
        """One value, or None."""
        return self._db.one(_GET, key=key)

    def set(self, key: str, value: bytes) -> None:
        """Set a value."""
        self._db.run_many(_PUT, [(key, value)])

    def get_int(self, key: str, default: int = 0) -> int:
        """A number."""
        value = self.get(key)
        return default if value is None else int(value)

    def set_int(self, key: str, value: int) -> None:
        """Set a number."""
        self.set(key, b"%d" % value)

    def under(self, prefix: str) -> list[tuple[str, bytes]]:
        """Names that begin with ``prefix`` (no wildcards in it), and their values."""
        return [(name, value) for name, value in self._db.all(_UNDER, prefix=prefix)]

    def delete(self, key: str) -> None:
        """Remove a value."""
        self._db.run(_DELETE, key=key)
