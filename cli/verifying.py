"""What a proof says, in words. Owns the report; the proving is :mod:`protocol.proof`. Needs no node."""

from __future__ import annotations

from typing import Any

import msgspec

from cli.output import moment
from node.i18n import _
from protocol.errors import YuiError
from protocol.process.trade import papers
from protocol.process.trade.papers.base import THROUGH_LINK
from protocol.proof import Proven


def report(proven: Proven) -> tuple[dict[str, Any], list[tuple[str, object]]]:
    """(JSON value, labelled rows) of what was proved. Times are what the signers claimed."""
    document, header = proven.document, proven.document.header
    body = _body(proven)
    through_link = isinstance(body, dict) and body.get("origin") == THROUGH_LINK
    found: dict[str, Any] = {
        "holds": True,
        "document": document.id.hex(),
        "network": header.network,
        "type": header.type,
        "number": header.business_key.key,
        "author": header.author.hex(),
        "recipient": header.audience.id.hex(),
        "thread": (header.thread or document.id).hex(),
        "time": header.time,
        "epoch": proven.epoch.number,
        "home": proven.epoch.home.hex(),
        "erased": [ref.name for ref in header.parts if ref.name not in document.parts],
        "through_link": through_link,
        "body": body,
        "receipt": _receipt(proven),
    }
    rows: list[tuple[str, object]] = [
        (_("Holds"), _("yes: written by its author, not changed since")),
        (_("Document"), found["document"]),
        (_("Type"), found["type"]),
        (_("Number"), found["number"]),
        (_("Author"), found["author"]),
        (_("Recipient"), found["recipient"]),
        (_("Time (as the author says)"), moment(header.time)),
        (_("Signed in epoch"), f"{found['epoch']} @ {found['home'][:12]}"),
    ]
    if through_link:
        rows.append((_("Given"), _("through a link: signed by its node for a partner outside the association")))
    if found["receipt"]:
        receipt = found["receipt"]
        rows.append((_("Receipt"), f"{receipt['verdict']}, {receipt['node'][:12]}, {moment(receipt['time'])}"))
    else:
        rows.append((_("Receipt"), _("none in this file")))
    rows += [(_("Erased"), name) for name in found["erased"]]
    return found, rows


def _body(proven: Proven) -> Any:
    header, content = proven.document.header, proven.document.part("business")
    if content is None:
        return None
    try:
        return msgspec.to_builtins(papers.decode(header.type, header.version, content))
    except YuiError:
        return None


def _receipt(proven: Proven) -> dict[str, Any] | None:
    if proven.receipt is None:
        return None
    leaf, head = proven.receipt.leaf, proven.receipt.head
    return {
        "verdict": leaf.verdict,
        "reason": leaf.reason,
        "safe": leaf.safe,
        "node": head.signer.hex(),
        "time": head.time,
        "epoch": proven.receipt.epoch.number,
        "seq": leaf.seq,
    }
