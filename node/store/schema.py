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

from node.store.tables import BLOB, FIRST_STEP, FLAG, INT, TEXT, column, index, key, null, table

STEP = FIRST_STEP


def _verdict() -> tuple[sa.Column[Any], ...]:
    return (
        null("receipt", INT),
        column("verdict", TEXT),
        column("epoch", BLOB),
        column("seq", INT),
        column("reason", TEXT),
    )


meta = table("meta", key("key", TEXT), column("value", BLOB), clustered=True)
counters = table("counters", key("name", TEXT), column("value", INT), clustered=True)

# --- members, their control logs and journals
members = table(
    "members",
    key("member", BLOB),
    column("genesis", BLOB),
    column("name", TEXT),
    column("local", FLAG),
    null("home", BLOB),
    null("epoch", BLOB),
    column("epoch_number", INT),
    column("suspended", FLAG),
    null("head_control", BLOB),
    column("created", INT),
)
controls = table(
    "controls",
    key("hash", BLOB),
    column("member", BLOB),
    column("number", INT),
    column("prev", BLOB),
    column("kind", TEXT),
    column("rank", INT),
    column("first_seen", INT),
    column("superseded", FLAG),
    column("wire", BLOB),
    sa.Index("controls_by_member", "member", "number"),
)
journal = table(
    "journal",
    key("member", BLOB),
    key("epoch", BLOB),
    key("seq", INT),
    column("previous", BLOB),
    column("kind", TEXT),
    column("object", BLOB),
    column("verdict", TEXT),
    column("hash", BLOB),
    column("time", INT),
    clustered=True,
)
heads = table(
    "heads",
    key("member", BLOB),
    column("epoch", BLOB),
    column("seq", INT),
    column("hash", BLOB),
    column("signature", BLOB),
    column("time", INT),
    clustered=True,
)
wrapped_keys = table(
    "wrapped_keys",
    key("purpose", TEXT),
    key("subject", BLOB),
    column("wrapped", BLOB),
    column("created", INT),
    clustered=True,
)

# --- documents and what is known of them
documents = table(
    "documents",
    key("position", INT),
    column("id", BLOB),
    column("type", TEXT),
    column("version", INT),
    column("author", BLOB),
    column("epoch", BLOB),
    column("audience", BLOB),
    null("thread", BLOB),  # NULL: this document starts its thread, whose id is its own
    column("business_key", TEXT),
    column("revision", INT),
    column("time", INT),
    column("keep_until", INT),
    column("size", INT),
    column("signature", BLOB),
    column("path", BLOB),
    column("header", BLOB),
    sa.Index("documents_by_id", "id", unique=True),
)
index("documents_by_thread", documents.c.thread, where=documents.c.thread.is_not(None))
# slot = document position × 8 + ordinal (protocol/limits.py MAX_PARTS = 8): parts lie side by side, in no second index
parts = table(
    "parts",
    key("slot", INT),
    column("name", TEXT),
    column("salt", BLOB),
    column("content", BLOB),
)
keys_used = table(
    "keys_used",
    key("author", BLOB),
    key("audience", BLOB),
    key("type", TEXT),
    key("business_key", TEXT),
    key("revision", INT),
    column("document", BLOB),
    clustered=True,
)
holdings = table(
    "holdings",
    key("position", INT),
    column("member", BLOB),
    column("document", INT),
    column("direction", TEXT),
    column("verdict", TEXT),
    column("reason", TEXT),
    column("partner", BLOB),
    column("time", INT),
    column("read", INT),
    sa.Index("holdings_by_document", "document", "member", unique=True),
    sa.Index("holdings_by_member", "member", "position"),
)
UNSETTLED = holdings.c.verdict != sa.literal_column("'applied'")
# The few that a person or a parent has to come for; a query must repeat the condition for this index to be used.
index("holdings_unsettled", holdings.c.verdict, holdings.c.member, holdings.c.position, where=UNSETTLED)
follows = table("follows", key("parent", BLOB), key("document", INT), clustered=True)
waiting = table("waiting", key("missing", BLOB), key("document", INT), column("kind", TEXT), clustered=True)
sa.Index("waiting_by_document", waiting.c.document)
# start = position of the first document of the dealing that was stored here: it never changes, new ones grow at the end
threads = table(
    "threads",
    key("start", INT),
    key("member", BLOB),
    column("thread", BLOB),
    column("state", TEXT),
    column("partner", BLOB),
    column("first_type", TEXT),
    column("number", TEXT),
    null("amount", INT),
    column("currency", TEXT),
    column("updated", INT),
    column("next_actor", TEXT),
    column("documents", INT),
    column("heads", BLOB),
    sa.Index("threads_by_update", "member", "updated", "thread"),
    clustered=True,
)
decisions = table(
    "decisions",
    key("position", INT),
    column("document", BLOB),
    column("by", TEXT),
    column("decision", TEXT),
    column("time", INT),
    column("note", TEXT),
    sa.Index("decisions_by_document", "document"),
)

# --- peers and links
peers = table(
    "peers",
    key("node", BLOB),
    column("key", BLOB),
    column("state", TEXT),
    column("descriptor", BLOB),
    column("descriptor_signature", BLOB),
    column("name", TEXT),
    column("kind", TEXT),
    column("area", TEXT),
    column("tls", TEXT),
    column("endpoint", TEXT),
    column("start_number", INT),
    column("start_nonce", BLOB),
    column("introduction", BLOB),  # signed descriptor and certificates, as federation.introduction
    column("vouched", FLAG),
    column("private", FLAG),
    column("added", INT),
    column("last_contact", INT),
    column("note", TEXT),
)
invitations = table("invitations", key("id", BLOB), column("state", TEXT), column("expires", INT), column("data", BLOB))
links = table(
    "links",
    key("node", BLOB),
    column("failures", INT),
    column("retry_at", INT),
    column("last_error", TEXT),
    column("last_success", INT),
    clustered=True,
)
streams = table(
    "streams",
    key("node", BLOB),
    key("incarnation", BLOB),
    column("cursor", INT),
    column("updated", INT),
    clustered=True,
)
# What is for another node. A document is named by its position, everything else by its 32-byte object.
outgoing = table(
    "outgoing",
    key("position", INT),
    column("node", BLOB),
    column("kind", TEXT),
    null("document", INT),
    null("object", BLOB),
    null("receipt", INT),
    null("verdict", TEXT),
)
index("outgoing_pending", outgoing.c.node, outgoing.c.position, where=outgoing.c.verdict.is_(None))
index("outgoing_by_document", outgoing.c.document, outgoing.c.node, where=outgoing.c.document.is_not(None))
index("outgoing_by_object", outgoing.c.object, outgoing.c.node, where=outgoing.c.object.is_not(None))
WAITS_THERE = outgoing.c.verdict == sa.literal_column("'waiting'")
index("outgoing_waiting", outgoing.c.position, where=WAITS_THERE)
receipts = table(
    "receipts",
    key("id", INT),
    column("node", BLOB),
    column("direction", TEXT),
    column("time", INT),
    column("wire", BLOB),
)
# First verdicts: of stored documents by position, of what was never stored (refused, quarantined) by id.
given = table("given", key("document", INT), key("recipient", BLOB), *_verdict(), clustered=True)
given_unstored = table("given_unstored", key("object", BLOB), key("recipient", BLOB), *_verdict(), clustered=True)
knows = table("knows", key("node", BLOB), key("member", BLOB), column("control", BLOB), clustered=True)
quarantine = table(
    "quarantine",
    key("id", INT),
    column("node", BLOB),
    column("object", BLOB),
    column("code", TEXT),
    column("reason", TEXT),
    column("time", INT),
    column("state", TEXT),
    column("size", INT),
    column("content", BLOB),
    sa.Index("quarantine_by_node", "node", "state", "size"),
    sa.Index("quarantine_by_object", "object"),
)

# --- directory
cards = table(
    "cards",
    key("member", BLOB),
    column("version", INT),
    column("node", BLOB),
    column("name", TEXT),
    column("kana", TEXT),
    column("corporate_number", TEXT),
    column("industry", TEXT),
    column("area", TEXT),
    column("words", TEXT),
    column("updated", INT),
    column("change", INT),
    column("wire", BLOB),
    sa.Index("cards_by_change", "change", unique=True),
    sa.Index("cards_by_corporate_number", "corporate_number"),
    sa.Index("cards_by_node", "node"),
)

# --- attachments: the bytes are files, this is what is known of them
attachments = table(
    "attachments",
    key("root", BLOB),
    column("size", INT),
    column("media_type", TEXT),
    column("chunks", INT),
    column("complete", FLAG),
    column("added", INT),
    column("have", BLOB),
)
attachment_uses = table("attachment_uses", key("root", BLOB), key("document", BLOB), clustered=True)
sa.Index("attachment_uses_by_document", attachment_uses.c.document)

# --- who may call
users = table(
    "users",
    key("id", BLOB),
    null("member", BLOB),
    column("name", TEXT),
    column("role", TEXT),
    column("password_hash", TEXT),
    column("created", INT),
    column("disabled", FLAG),
    sa.Index("users_by_name", "name", unique=True),
)
tokens = table(
    "tokens",
    key("hash", BLOB),
    column("label", TEXT),
    null("user", BLOB),
    null("member", BLOB),
    column("scopes", TEXT),
    column("created", INT),
    null("expires", INT),
    null("revoked", INT),
    column("last_used", INT),
)
idempotency = table(
    "idempotency",
    key("token", BLOB),
    key("key", TEXT),
    column("fingerprint", BLOB),
    column("status", INT),
    column("response", BLOB),
    column("created", INT),
    sa.Index("idempotency_by_age", "created"),
    clustered=True,
)
