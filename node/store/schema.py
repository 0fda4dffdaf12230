"""The tables, once, for both engines. Owns names, types, keys and indexes; knows neither engine nor queries.

What holds everywhere:

- *Positions* (documents, holdings, outgoing, receipts, quarantine, card changes) come from the table ``counters``,
  raised in the transaction that uses them: never reused, not even after a deletion, and visible in their own order,
  which a sequence of PostgreSQL does not promise.
- Where one row speaks of a stored document it names the document's *position*, not its 32-byte id: such rows and
  indexes grow at their end instead of touching a random page each. Repositories take and give ids.
- Times are µs UTC, money minor units. No floats, no foreign keys, no engine's own defaults.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

METADATA = sa.MetaData()

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
BLOB = sa.LargeBinary()


def _column(name: str, kind: sa.types.TypeEngine[Any], *, key: bool = False, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=key, nullable=null, autoincrement=False)


def _key(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return _column(name, kind, key=True)


def _null(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return _column(name, kind, null=True)


def _table(name: str, *columns: sa.schema.SchemaItem, clustered: bool = False) -> sa.Table:
    """A strict table; ``clustered`` keeps short rows in the primary key's own tree (SQLite: WITHOUT ROWID)."""
    return sa.Table(name, METADATA, *columns, sqlite_strict=True, sqlite_with_rowid=not clustered)


def _index(name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool]) -> None:
    """A partial index. Naming PostgreSQL here would load its dialects (5 MB) on every node: see ``add_conditions``."""
    sa.Index(name, *columns, sqlite_where=where, info={"where": where})


def add_conditions() -> None:
    """Tell PostgreSQL's dialect of the partial indexes; before DDL for it is made."""
    for table in METADATA.tables.values():
        for index in table.indexes:
            if "where" in index.info:
                index.dialect_kwargs["postgresql_where"] = index.info["where"]


def _verdict() -> tuple[sa.Column[Any], ...]:
    return (
        _null("receipt", INT),
        _column("verdict", TEXT),
        _column("epoch", BLOB),
        _column("seq", INT),
        _column("reason", TEXT),
    )


meta = _table("meta", _key("key", TEXT), _column("value", BLOB), clustered=True)
counters = _table("counters", _key("name", TEXT), _column("value", INT), clustered=True)

# --- members, their control logs and journals
members = _table(
    "members",
    _key("member", BLOB),
    _column("genesis", BLOB),
    _column("name", TEXT),
    _column("local", FLAG),
    _null("home", BLOB),
    _null("epoch", BLOB),
    _column("epoch_number", INT),
    _column("suspended", FLAG),
    _null("head_control", BLOB),
    _column("created", INT),
)
controls = _table(
    "controls",
    _key("hash", BLOB),
    _column("member", BLOB),
    _column("number", INT),
    _column("prev", BLOB),
    _column("kind", TEXT),
    _column("rank", INT),
    _column("first_seen", INT),
    _column("superseded", FLAG),
    _column("wire", BLOB),
    sa.Index("controls_by_member", "member", "number"),
)
journal = _table(
    "journal",
    _key("member", BLOB),
    _key("epoch", BLOB),
    _key("seq", INT),
    _column("previous", BLOB),
    _column("kind", TEXT),
    _column("object", BLOB),
    _column("verdict", TEXT),
    _column("hash", BLOB),
    _column("time", INT),
    clustered=True,
)
heads = _table(
    "heads",
    _key("member", BLOB),
    _column("epoch", BLOB),
    _column("seq", INT),
    _column("hash", BLOB),
    _column("signature", BLOB),
    _column("time", INT),
    clustered=True,
)
wrapped_keys = _table(
    "wrapped_keys",
    _key("purpose", TEXT),
    _key("subject", BLOB),
    _column("wrapped", BLOB),
    _column("created", INT),
    clustered=True,
)

# --- documents and what is known of them
documents = _table(
    "documents",
    _key("position", INT),
    _column("id", BLOB),
    _column("type", TEXT),
    _column("version", INT),
    _column("author", BLOB),
    _column("epoch", BLOB),
    _column("audience", BLOB),
    _null("thread", BLOB),  # NULL: this document starts its thread, whose id is its own
    _column("business_key", TEXT),
    _column("revision", INT),
    _column("time", INT),
    _column("keep_until", INT),
    _column("size", INT),
    _column("signature", BLOB),
    _column("path", BLOB),
    _column("header", BLOB),
    sa.Index("documents_by_id", "id", unique=True),
)
_index("documents_by_thread", documents.c.thread, where=documents.c.thread.is_not(None))
# slot = document position × 8 + ordinal (protocol/limits.py MAX_PARTS = 8): parts lie side by side, in no second index
parts = _table(
    "parts",
    _key("slot", INT),
    _column("name", TEXT),
    _column("salt", BLOB),
    _column("content", BLOB),
)
keys_used = _table(
    "keys_used",
    _key("author", BLOB),
    _key("audience", BLOB),
    _key("type", TEXT),
    _key("business_key", TEXT),
    _key("revision", INT),
    _column("document", BLOB),
    clustered=True,
)
holdings = _table(
    "holdings",
    _key("position", INT),
    _column("member", BLOB),
    _column("document", INT),
    _column("direction", TEXT),
    _column("verdict", TEXT),
    _column("reason", TEXT),
    _column("partner", BLOB),
    _column("time", INT),
    _column("read", INT),
    sa.Index("holdings_by_document", "document", "member", unique=True),
    sa.Index("holdings_by_member", "member", "position"),
)
UNSETTLED = holdings.c.verdict != sa.literal_column("'applied'")
# The few that a person or a parent has to come for; a query must repeat the condition for this index to be used.
_index("holdings_unsettled", holdings.c.verdict, holdings.c.member, holdings.c.position, where=UNSETTLED)
follows = _table("follows", _key("parent", BLOB), _key("document", INT), clustered=True)
waiting = _table("waiting", _key("missing", BLOB), _key("document", INT), _column("kind", TEXT), clustered=True)
sa.Index("waiting_by_document", waiting.c.document)
threads = _table(
    "threads",
    _key("member", BLOB),
    _key("thread", BLOB),
    _column("state", TEXT),
    _column("partner", BLOB),
    _column("first_type", TEXT),
    _column("number", TEXT),
    _null("amount", INT),
    _column("currency", TEXT),
    _column("updated", INT),
    _column("next_actor", TEXT),
    _column("documents", INT),
    _column("heads", BLOB),
    sa.Index("threads_by_update", "member", "updated", "thread"),
    clustered=True,
)
decisions = _table(
    "decisions",
    _key("position", INT),
    _column("document", BLOB),
    _column("by", TEXT),
    _column("decision", TEXT),
    _column("time", INT),
    _column("note", TEXT),
    sa.Index("decisions_by_document", "document"),
)

# --- peers and links
peers = _table(
    "peers",
    _key("node", BLOB),
    _column("key", BLOB),
    _column("state", TEXT),
    _column("descriptor", BLOB),
    _column("descriptor_signature", BLOB),
    _column("name", TEXT),
    _column("kind", TEXT),
    _column("area", TEXT),
    _column("tls", TEXT),
    _column("endpoint", TEXT),
    _column("start_number", INT),
    _column("start_nonce", BLOB),
    _column("introduction", BLOB),  # signed descriptor and certificates, as federation.introduction
    _column("vouched", FLAG),
    _column("private", FLAG),
    _column("added", INT),
    _column("last_contact", INT),
    _column("note", TEXT),
)
invitations = _table(
    "invitations", _key("id", BLOB), _column("state", TEXT), _column("expires", INT), _column("data", BLOB)
)
links = _table(
    "links",
    _key("node", BLOB),
    _column("failures", INT),
    _column("retry_at", INT),
    _column("last_error", TEXT),
    _column("last_success", INT),
    clustered=True,
)
streams = _table(
    "streams",
    _key("node", BLOB),
    _key("incarnation", BLOB),
    _column("cursor", INT),
    _column("updated", INT),
    clustered=True,
)
# What is for another node. A document is named by its position, everything else by its 32-byte object.
outgoing = _table(
    "outgoing",
    _key("position", INT),
    _column("node", BLOB),
    _column("kind", TEXT),
    _null("document", INT),
    _null("object", BLOB),
    _null("receipt", INT),
    _null("verdict", TEXT),
)
_index("outgoing_pending", outgoing.c.node, outgoing.c.position, where=outgoing.c.verdict.is_(None))
_index("outgoing_by_document", outgoing.c.document, outgoing.c.node, where=outgoing.c.document.is_not(None))
_index("outgoing_by_object", outgoing.c.object, outgoing.c.node, where=outgoing.c.object.is_not(None))
WAITS_THERE = outgoing.c.verdict == sa.literal_column("'waiting'")
_index("outgoing_waiting", outgoing.c.position, where=WAITS_THERE)
receipts = _table(
    "receipts",
    _key("id", INT),
    _column("node", BLOB),
    _column("direction", TEXT),
    _column("time", INT),
    _column("wire", BLOB),
)
# First verdicts: of stored documents by position, of what was never stored (refused, quarantined) by id.
given = _table("given", _key("document", INT), _key("recipient", BLOB), *_verdict(), clustered=True)
given_unstored = _table("given_unstored", _key("object", BLOB), _key("recipient", BLOB), *_verdict(), clustered=True)
knows = _table("knows", _key("node", BLOB), _key("member", BLOB), _column("control", BLOB), clustered=True)
quarantine = _table(
    "quarantine",
    _key("id", INT),
    _column("node", BLOB),
    _column("object", BLOB),
    _column("code", TEXT),
    _column("reason", TEXT),
    _column("time", INT),
    _column("state", TEXT),
    _column("size", INT),
    _column("content", BLOB),
    sa.Index("quarantine_by_node", "node", "state", "size"),
    sa.Index("quarantine_by_object", "object"),
)

# --- directory
cards = _table(
    "cards",
    _key("member", BLOB),
    _column("version", INT),
    _column("node", BLOB),
    _column("name", TEXT),
    _column("kana", TEXT),
    _column("corporate_number", TEXT),
    _column("industry", TEXT),
    _column("area", TEXT),
    _column("words", TEXT),
    _column("updated", INT),
    _column("change", INT),
    _column("wire", BLOB),
    sa.Index("cards_by_change", "change", unique=True),
    sa.Index("cards_by_corporate_number", "corporate_number"),
    sa.Index("cards_by_node", "node"),
)

# --- attachments: the bytes are files, this is what is known of them
attachments = _table(
    "attachments",
    _key("root", BLOB),
    _column("size", INT),
    _column("media_type", TEXT),
    _column("chunks", INT),
    _column("complete", FLAG),
    _column("added", INT),
    _column("have", BLOB),
)
attachment_uses = _table("attachment_uses", _key("root", BLOB), _key("document", BLOB), clustered=True)
sa.Index("attachment_uses_by_document", attachment_uses.c.document)

# --- who may call
users = _table(
    "users",
    _key("id", BLOB),
    _null("member", BLOB),
    _column("name", TEXT),
    _column("role", TEXT),
    _column("password_hash", TEXT),
    _column("created", INT),
    _column("disabled", FLAG),
    sa.Index("users_by_name", "name", unique=True),
)
tokens = _table(
    "tokens",
    _key("hash", BLOB),
    _column("label", TEXT),
    _null("user", BLOB),
    _null("member", BLOB),
    _column("scopes", TEXT),
    _column("created", INT),
    _null("expires", INT),
    _null("revoked", INT),
    _column("last_used", INT),
)
idempotency = _table(
    "idempotency",
    _key("token", BLOB),
    _key("key", TEXT),
    _column("fingerprint", BLOB),
    _column("status", INT),
    _column("response", BLOB),
    _column("created", INT),
    sa.Index("idempotency_by_age", "created"),
    clustered=True,
)
