"""One SQL: SQLAlchemy Core statements, compiled once per engine and run on the engine's own connection.

Owns compiling, parameters and rows. Core's own execution costs as much as the statements of a whole document, so only
its compiler is used here; a statement's text is made at its first use and then only bound. Knows no table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

R = TypeVar("R")
Build = Callable[[Callable[[sa.Table], Any]], Any]

#: Lists of values are cut into pieces of one of these sizes and filled up with their last value: few texts, all cached.
LIST_SIZES = (1, 4, 16, 64, 128, 256)
#: SQLite inserts this many rows by one statement: less is spent on beginning and ending statements than on the rows.
ROWS_AT_ONCE = 25
_ONE_ROW = re.compile(r"(VALUES )(\(\?(?:, \?)*\))")

Executable = sa.sql.expression.Executable
Bound = tuple[str, tuple[str, ...], Mapping[str, Any]]
Arrange = Callable[[Any], Any]


@cache
def dialect(engine: str) -> sa.Dialect:
    """SQLAlchemy's dialect of an engine; only the one that is used is loaded."""
    if engine == "sqlite":
        from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

        return SQLiteDialect_pysqlite(paramstyle="qmark")
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    made: sa.Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
    return made


@cache
def _insert(engine: str) -> Callable[[sa.Table], Any]:
    """The engine's INSERT … ON CONFLICT."""
    if engine == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert


class Statement:
    """A Core statement, or a function from the engine's ``insert`` to one, and its text per engine."""

    def __init__(self, source: Executable | Build, order: Sequence[str] = ()) -> None:
        self._source = source
        self._order = tuple(order)  # of the values in a row given to Connection.run_many
        self._compiled: dict[str, Bound] = {}
        self._arranged: dict[str, tuple[str, Arrange | None]] = {}
        self._wide: str | None = None

    def compiled(self, engine: str) -> Bound:
        """Text, names of its parameters in their order, values of those that the statement itself brings."""
        found = self._compiled.get(engine)
        if found is None:
            found = self._compiled[engine] = self._compile(engine)
        return found

    def arranged(self, engine: str) -> tuple[str, Arrange | None]:
        """Text, and what brings a row's values from the stated order into that of the text (None: the same)."""
        found = self._arranged.get(engine)
        if found is None:
            text, names, own = self.compiled(engine)
            assert not own, "a statement for many rows has no values of its own"
            assert sorted(names) == sorted(self._order), f"{names} are not {self._order}"
            same = names == self._order
            found = text, None if same else itemgetter(*(self._order.index(name) for name in names))
            self._arranged[engine] = found
        return found

    def wide(self) -> str:
        """SQLite's text for ``ROWS_AT_ONCE`` rows at once; empty where it is not an INSERT of plain values."""
        if self._wide is None:
            text, _ = self.arranged("sqlite")
            many, found = _ONE_ROW.subn(lambda row: row[1] + ", ".join([row[2]] * ROWS_AT_ONCE), text, count=1)
            self._wide = many if found and text.startswith("INSERT") else ""
        return self._wide

    def _compile(self, engine: str) -> Bound:
        source: Any = self._source
        if not isinstance(source, sa.ClauseElement):
            source = source(_insert(engine))
        compiled = source.compile(dialect=dialect(engine))
        assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
        names = tuple(compiled.positiontup or ())
        own = {name: value for name, value in compiled.params.items() if value is not None}
        return str(compiled), names, own


class Query(Statement, Generic[R]):
    """A statement that gives rows, each made into ``R`` by ``make``."""

    def __init__(self, make: Callable[[Any], R], source: Executable | Build) -> None:
        super().__init__(source)
        columns = getattr(source, "selected_columns", ())
        flags = tuple(at for at, column in enumerate(columns) if isinstance(column.type, sa.Boolean))
        self.make = _with_flags(make, flags) if flags else make


class ListQuery(Generic[R]):
    """A query with ``column IN (…)`` for lists of any length: ``build`` gets the parameter of one value.

    The texts for longer lists are made from that of one: a list's 256 parameters as objects of Core are half a megabyte
    for each such query.
    """

    def __init__(self, make: Callable[[Any], R], build: Callable[[list[Any]], sa.Select[Any]]) -> None:
        self._make = make
        self._build = build
        self._sized: dict[int, Query[R]] = {}

    def pieces(self, values: Sequence[Any]) -> Iterator[tuple[Query[R], list[Any]]]:
        """The queries, with the values of each, that together cover ``values``."""
        for start in range(0, len(values), LIST_SIZES[-1]):
            piece = values[start : start + LIST_SIZES[-1]]
            size = next(size for size in LIST_SIZES if size >= len(piece))
            yield self._of(size), [*piece, *[piece[-1]] * (size - len(piece))]

    def _of(self, size: int) -> Query[R]:
        found = self._sized.get(size)
        if found is None:
            if size == 1:
                found = Query(self._make, self._build([sa.bindparam(_NAMES[0])]))
            else:
                found = _Longer(self._of(1), size)
            self._sized[size] = found
        return found


class _Longer(Query[R]):
    """A query for one value, made into one for ``size``."""

    def __init__(self, single: Query[R], size: int) -> None:
        super().__init__(single.make, lambda _insert: single)
        self._single = single
        self._size = size

    def _compile(self, engine: str) -> Bound:
        text, names, own = self._single.compiled(engine)
        longer, found = _ONE_VALUE.subn(lambda one: f"IN ({', '.join([one[1]] * self._size)})", text)
        assert found == 1, f"one list in {text}"
        at = names.index(_NAMES[0])
        return longer, (*names[:at], *_NAMES[: self._size], *names[at + 1 :]), own


#: ``IN (?)``, or psycopg's ``IN (%s)`` with or without a type behind it.
_ONE_VALUE = re.compile(r"IN \(((?:\?|%s)[^()]*)\)")
_NAMES = tuple(f"v{n}" for n in range(LIST_SIZES[-1]))


def _with_flags(make: Callable[[Any], R], flags: tuple[int, ...]) -> Callable[[Any], R]:
    """SQLite keeps booleans as 0 and 1: give them back as what they are."""

    def made(row: Sequence[Any]) -> R:
        values = list(row)
        for at in flags:
            values[at] = bool(values[at])
        return make(values)

    return made


def first(row: Sequence[Any]) -> Any:
    """``make`` of queries with one column."""
    return row[0]


def plain(row: Sequence[Any]) -> Any:
    """``make`` of queries whose rows stay tuples."""
    return row


def insert_rows(table: sa.Table, columns: Sequence[str]) -> Statement:
    """INSERT of ``columns`` in this order: rows are plain tuples."""
    return Statement(sa.insert(table).values({name: sa.bindparam(name) for name in columns}), columns)


def insert_new(table: sa.Table, columns: Sequence[str]) -> Statement:
    """INSERT that leaves an existing row of the same key alone."""
    values: dict[str, Any] = {name: sa.bindparam(name) for name in columns}
    return Statement(lambda insert: insert(table).values(values).on_conflict_do_nothing(), columns)


def upsert(table: sa.Table, columns: Sequence[str], *, keep: Sequence[str] = ()) -> Statement:
    """INSERT, or UPDATE of every column but the key and ``keep``, where the row exists."""
    values: dict[str, Any] = {name: sa.bindparam(name) for name in columns}
    key = [column.name for column in table.primary_key]
    changed = [name for name in columns if name not in key and name not in keep]

    def build(insert: Callable[[sa.Table], Any]) -> Any:
        new = insert(table).values(values)
        updates = {name: new.excluded[name] for name in changed}
        return new.on_conflict_do_update(index_elements=key, set_=updates)

    return Statement(build, columns)


class Cursor(Protocol):
    """What is used of a DB-API cursor, the same in sqlite3 and psycopg."""

    @property
    def rowcount(self) -> int: ...
    def execute(self, sql: Any, parameters: Any = ..., /) -> Any: ...
    def executemany(self, sql: Any, rows: Any, /) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection:
    """One engine's connection, inside a transaction that somebody else begins and ends.

    ``fault`` is called with the text before every statement; what it raises goes through (the simulator's crashes).
    """

    def __init__(self, engine: str, cursor: Cursor, fault: Callable[[str], None] | None = None) -> None:
        self.engine = engine
        self.cursor = cursor
        self.fault = fault

    def run(self, statement: Statement, /, **values: Any) -> int:
        """Run it; the number of rows it touched."""
        self._execute(statement, values)
        return self.cursor.rowcount

    def run_many(self, statement: Statement, rows: Iterable[Sequence[Any]]) -> int:
        """Run it once for each row, a tuple in the order that the statement was made with; how many it touched."""
        text, arrange = statement.arranged(self.engine)
        if self.fault is not None:
            self.fault(text)
        left = list(rows if arrange is None else map(arrange, rows))
        touched = 0
        whole = len(left) - len(left) % ROWS_AT_ONCE
        if whole and self.engine == "sqlite" and (wide := statement.wide()):
            pieces = (left[at : at + ROWS_AT_ONCE] for at in range(0, whole, ROWS_AT_ONCE))
            self.cursor.executemany(wide, [tuple(chain.from_iterable(piece)) for piece in pieces])
            touched = self.cursor.rowcount
            left = left[whole:]
        if left:
            self.cursor.executemany(text, left)
            touched += self.cursor.rowcount
        return touched

    def all(self, query: Query[R], /, **values: Any) -> list[R]:
        """Every row."""
        self._execute(query, values)
        make = query.make
        return [make(row) for row in self.cursor.fetchall()]

    def one(self, query: Query[R], /, **values: Any) -> R | None:
        """The first row, or None."""
        self._execute(query, values)
        row = self.cursor.fetchone()
        if self.engine == "sqlite":
            self.cursor.fetchall()  # a statement left half-way would keep its snapshot open
        return None if row is None else query.make(row)

    def by_values(self, query: ListQuery[R], values: Iterable[Any], /, **more: Any) -> list[R]:
        """Rows for a list of values, which may be long or empty; each value is asked for once."""
        found: list[R] = []
        for piece, listed in query.pieces(list(dict.fromkeys(values))):
            text, names, own = piece.compiled(self.engine)
            if names == _NAMES[: len(listed)]:
                self._begin(text, listed)
            else:
                named = {**own, **more, **dict(zip(_NAMES, listed, strict=False))}
                self._begin(text, [named[name] for name in names])
            make = piece.make
            found += [make(row) for row in self.cursor.fetchall()]
        return found

    def _execute(self, statement: Statement, values: Mapping[str, Any]) -> None:
        text, names, own = statement.compiled(self.engine)
        if own:
            values = {**own, **values}
        self._begin(text, [values[name] for name in names])

    def _begin(self, text: str, values: list[Any]) -> None:
        if self.fault is not None:
            self.fault(text)
        self.cursor.execute(text, values)
