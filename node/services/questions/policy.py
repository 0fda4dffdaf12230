"""Who may ask: automatically, after a person has looked, or never; for each asking node, and for everybody else.

Owns the rules of this node's people. What nobody may allow is :mod:`federation.answering`.
"""

from __future__ import annotations

from typing import Final

from node.services import peers
from node.services.house import House
from node.store import StatsPolicyRow, Tx
from protocol.errors import CallerFault

AUTO: Final = "auto"
ASK: Final = "ask"
NEVER: Final = "never"
RULES: Final = (AUTO, ASK, NEVER)
EVERYBODY: Final = b""


def rule_for(house: House, tx: Tx, asker: bytes) -> str:
    """What happens when this node key asks. This node's own questions are answered: its people have just asked them."""
    if asker == house.node.public:
        return AUTO
    rules = {row.asker: row.rule for row in tx.questions.policies()}
    return rules.get(asker, rules.get(EVERYBODY, ASK))


def asker_of(tx: Tx, text: str) -> bytes:
    """The node key of a peer by name or id; nothing means everybody else."""
    if not text:
        return EVERYBODY
    row = tx.peers.get(peers.find(tx, text))
    return EVERYBODY if row is None else row.key


def change(house: House, tx: Tx, asker: bytes, rule: str, by: str) -> StatsPolicyRow:
    """Set the rule for a node key, or for everybody else (empty)."""
    if rule not in RULES:
        raise CallerFault("rule", "auto, ask or never")
    row = StatsPolicyRow(asker, rule, by, house.clock())
    tx.questions.put_policy(row)
    return row
