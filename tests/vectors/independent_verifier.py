"""Verifies a proof: ``python independent_verifier.py FILE``. By docs/protocol.md (§) alone, no code of the node."""

import hashlib
import sys
import unicodedata
from pathlib import Path
from typing import Any

import msgpack
import nacl.bindings as sodium
from nacl.exceptions import BadSignatureError

# §2.2: types, as tuples that `fits` reads
HASH, MAYBE, NONCE, SIGNATURE, KEY = ("bin", 32), ("bin", 0, 32), ("bin", 16), ("bin", 64), ("key",)
COUNT, NUMBER, RANK, NETWORK = ("int", 0, 2**53 - 1), ("int", 1, 9_000), ("int", 1, 5), ("word", "live", "test")
FLAG, ANY, RECORD, HISTORY, DOCUMENT = ("flag",), ("any",), ("most", 16_384), ("most", 6_291_456), ("most", 262_144)
PATH = ("array", 0, 20, "any", ("row", FLAG, HASH))
# §4: genesis, signed control record, control record, payloads
ROLE_KEYS = ("row", ("word", "association", "factor", "words"), ("int", 1, 8), ("array", 1, 8, "all", KEY))
RULE_ROLES = ("array", 1, 8, "all", ("word", "association", "factor", "guardian", "node", "words"))
GENESIS = (NETWORK, NONCE, ("array", 1, 8, "first", ("row", RANK, RULE_ROLES)), ("array", 0, 8, "first", ROLE_KEYS))
SIGNED = (RECORD, ("array", 0, 16, "all", ("row", ("text", 0, 16), HASH, SIGNATURE)))
KIND, REASON = ("word", "epoch", "keys", "guardians"), ("word", "enrol", "restart", "restore", "rotate", "move")
CONTROL = (NETWORK, HASH, NUMBER, HASH, KIND, RANK, ANY, COUNT, NONCE)
EPOCH, QUORUM = ("row", NUMBER, MAYBE, COUNT, MAYBE, HASH, KEY, KEY, REASON), [("int", 0, 8)] * 3
PAYLOADS: Any = {"epoch": EPOCH, "keys": ROLE_KEYS, "guardians": ("row", ("array", 0, 8, "all", KEY), *QUORUM)}
# §5: envelope, header; §8.3: leaf, receipt
ENVELOPE = (RECORD, SIGNATURE, PATH, ("array", 0, 8, "first", ("row", ("text", 1, 32), NONCE, DOCUMENT)))
TYPE, VERSION, FOLLOWS = ("text", 1, 64), ("int", 1, 1_000_000), ("array", 0, 32, "all", HASH)
WHOM, NUMBERED = ("row", ("int", 0, 1), HASH, MAYBE), ("row", ("text", 1, 128), ("int", 0, 1_000_000))
PARTS = ("array", 1, 8, "first", ("row", ("text", 1, 32), HASH, ("int", 0, 262_144)))
FILES = ("array", 0, 64, "any", ("row", HASH, ("int", 0, 2**31), ("text", 1, 127)))
EXTRA = ("array", 0, 16, "first", ("row", ("int", 1, 65_535), FLAG, ("most", 1_024)))
HEADER = (NETWORK, TYPE, VERSION, HASH, HASH, NONCE, MAYBE, FOLLOWS, WHOM, NUMBERED, COUNT, COUNT, PARTS, FILES, EXTRA)
VERDICT, REASONED = ("word", "applied", "held", "waiting", "refused", "quarantined"), ("text", 0, 300)
LEAF = ("row", HASH, HASH, MAYBE, COUNT, VERDICT, FLAG, REASONED)
HEAD = (NETWORK, HASH, HASH, NONCE, COUNT, HASH, ("int", 0, 512), COUNT)


class Refused(Exception):
    """The file proves nothing; says why."""


def need(holds: object, rule: str) -> None:
    if not holds:
        raise Refused(rule)


def fits(value: Any, kind: str, *rest: Any) -> bool:
    """§2.2: whether a value is of a type."""
    if kind in {"bin", "most", "key"} and type(value) is bytes:
        if kind == "key":
            return len(value) == 32 and bool(sodium.crypto_core_ed25519_is_valid_point(value))
        return len(value) in rest if kind == "bin" else len(value) <= rest[0]
    if kind == "int":
        return type(value) is int and rest[0] <= value <= rest[1]
    if kind == "text":
        return type(value) is str and rest[0] <= len(value) <= rest[1]
    if kind == "row" and type(value) is list:
        return len(value) == len(rest) and all(fits(item, *of) for item, of in zip(value, rest, strict=True))
    if kind == "array" and type(value) is list:
        least, most, order, of = rest
        if not least <= len(value) <= most or not all(fits(item, *of) for item in value):
            return False
        keys = [item[0] if order == "first" else tuple(item) if of[0] == "row" else item for item in value]
        return order == "any" or keys == sorted(set(keys))
    return kind == "any" or (kind == "flag" and type(value) is bool) or (kind == "word" and value in rest)


def unpack(data: bytes, limit: int, tag: str, *fields: Any) -> Any:
    """§2.1: the fields of a record behind its tag."""
    need(len(data) <= limit, f"{tag}: too large")
    try:
        value = msgpack.unpackb(data, max_ext_len=0, max_array_len=min(10_000, len(data)), max_map_len=0)
    except (ValueError, TypeError, msgpack.UnpackException) as fault:
        raise Refused(f"{tag}: not msgpack") from fault
    level, count, profile = [value], 1, {type(None), bool, int, bytes, str, list}
    for depth in range(17):
        need(all(type(item) in profile for item in level), f"{tag}: a value outside the profile")
        need(all(unicodedata.is_normalized("NFC", item) for item in level if type(item) is str), f"{tag}: not NFC")
        level = [inner for item in level if type(item) is list for inner in item]
        count += len(level)
        need(count <= 10_000 and (depth < 16 or not level), f"{tag}: too many values, or too deep")
    need(msgpack.packb(value) == data, f"{tag}: not canonical")
    need(fits(value, "row", ("word", tag), *fields), f"{tag}: not of its shape")
    return value[1:]


def sha(*pieces: bytes) -> bytes:
    return hashlib.sha256(b"".join(pieces)).digest()


def check(public: bytes, purpose: bytes, digest: bytes, signature: bytes) -> None:
    try:
        sodium.crypto_sign_open(signature + b"yui/sig/1/" + purpose + b"\0" + digest, public)
    except BadSignatureError:
        raise Refused(f"the {purpose.decode()} signature does not verify") from None


def climb(item: bytes, path: Any) -> bytes:
    value = sha(b"\0", item)
    for left, sibling in path:
        value = sha(b"\1", sibling, value) if left else sha(b"\1", value, sibling)
    return value


class Log:
    """§4.3: a member's control log. ``done``: hash → number, rank, standing; ``chain``: hashes that stand, in order."""

    def __init__(self, data: bytes, member: bytes, network: str) -> None:
        first, records = unpack(data, 6_291_456, "yui/history/1", RECORD, ("array", 0, 9_000, "any", ("most", 32_768)))
        self.network, _, rules, roles = unpack(first, 16_384, "yui/genesis/1", *GENESIS)
        need(sha(first) == member and self.network == network, "the history of another member or network")
        need(all(threshold <= len(keys) for _, threshold, keys in roles), "a threshold above the number of keys")
        self.member, self.rules, self.chain, self.epochs = member, dict(rules), [member], dict[bytes, Any]()
        self.done = {member: (0, 0, {"roles": {row[0]: row[1:] for row in roles}, "epoch": None, "guardians": None})}
        for signed in records:
            self.admit(*unpack(signed, 32_768, "yui/control-signed/1", *SIGNED))

    def admit(self, data: bytes, proofs: Any) -> None:
        name, record = sha(data), unpack(data, 16_384, "yui/control/1", *CONTROL)
        network, member, number, previous, kind, rank, payload, _, _ = record
        need(member == self.member and network == self.network, "a record of another member or network")
        need(name not in self.done and len(self.done) <= 9_000 - 500 * (5 - rank), "a record twice, or the log is full")
        need(previous in self.chain and number == self.done[previous][0] + 1, "the predecessor is unknown or undone")
        before: dict[str, Any] = self.done[previous][2]
        need(fits(payload, *PAYLOADS[kind]), "the payload is not of its shape")
        holders, after, old, least = {**before["roles"]}, {**before}, before["epoch"], 3
        if old:
            holders["node"] = [1, [old[5]]]
        if before["guardians"] and before["guardians"][0]:
            holders["guardian"] = [before["guardians"][1], before["guardians"][0]]
        if kind == "epoch":
            holders["home"], least = [1, [payload[5]]], (1 if payload[4] == old[4] else 3) if old else 4
            after["epoch"] = self.epochs[name] = [*payload, name]
            self.require_epoch(old, *payload)
        elif kind == "keys":
            need(payload[1] <= len(payload[2]), "a threshold above the number of keys")
            after["roles"] = {**before["roles"], payload[0]: payload[1:]}
        else:
            need(all(bool(payload[0]) <= figure <= len(payload[0]) for figure in payload[1:]), "guardians' figures")
            after["guardians"], least = payload, 3 if before["guardians"] else 4
        need(rank >= least, "the rank may not do this")
        asked = [*self.rules.get(rank, ["(no rule for this rank)"]), *(["home"] if kind == "epoch" else [])]
        for role, key, signature in proofs:
            need(role in asked and role in holders and key in holders[role][1], "a proof of a role not asked or held")
            check(key, b"control", name, signature)
        for role in asked:
            signers = {proof[1] for proof in proofs if proof[0] == role}
            need(role in holders and len(signers) >= holders[role][0], f"not signed by {role}")
        while self.chain[-1] != previous:
            need(rank > self.done[self.chain.pop()][1], "an undo needs a strictly higher rank")
        self.chain.append(name)
        self.done[name] = (number, rank, after)

    def require_epoch(self, old: Any, number: int, parent: bytes, seq: int, head: bytes, home: bytes, *of: Any) -> None:
        need(home == sha(b"yui/node/1\0", of[0]), "home is not the node id of the home key")
        need(bool(seq) == bool(head) and (parent or not seq), "the epoch's parent head")
        need(parent == (old[8] if old else b"") and number == (old[0] + 1 if old else 1), "the epoch before")
        need((of[2] == "enrol") == (not old) and (not old or (of[2] == "move") == (home != old[4])), "the reason")

    def standing(self, name: bytes, seq: int = 0) -> Any:
        """The epoch of that name, if it stands and the log covers its entry ``seq``."""
        need(name in self.chain and name in self.epochs, "no such epoch, or it was undone")
        at: Any = self.done[self.chain[-1]][2]["epoch"]
        while at[8] != name:
            need(at[1] != name or seq <= at[2], "the entry was cut back")
            at = self.epochs[at[1]]
        return at


def verify(data: bytes) -> dict[str, Any]:
    """§11: what a proof proves. Raises Refused."""
    wire, author, recipient, receipt = unpack(data, 13_631_488, "yui/proof/1", DOCUMENT, HISTORY, HISTORY, RECORD)
    header_bytes, signature, path, parts = unpack(wire, 262_144, "yui/env/1", *ENVELOPE)
    header, name = unpack(header_bytes, 16_384, "yui/doc/1", *HEADER), sha(header_bytes)
    need(bool(header[6]) == bool(header[7]) and len(header[8][2]) == 32 * header[8][0], "thread, follows or audience")
    stated = {part: rest for part, *rest in header[12]}
    for part, salt, content in parts:
        need(stated.get(part) == [sha(b"yui/part/1\0", salt, content), len(content)], f"{part} is not the one signed")
    check(Log(author, header[3], header[0]).standing(header[4])[6], b"documents", climb(name, path), signature)
    proven = {"document": name, "author": header[3], "audience": header[8][1], "verdict": None, "time": None}
    need(bool(recipient) == bool(receipt), "a receipt and its recipient's history stand together")
    if receipt:
        data, signature, leaf, path = unpack(receipt, 16_384, "yui/receipt-proof/1", RECORD, SIGNATURE, LEAF, PATH)
        need(header[8][0] == 0 and leaf[:2] == [name, header[8][1]], "the receipt is for another document or member")
        epoch = Log(recipient, header[8][1], header[0]).standing(leaf[2], leaf[3])
        check(epoch[5], b"receipt", sha(data), signature)
        head = unpack(data, 4_096, "yui/receipt/1", *HEAD)
        need(leaf[3] and head[:2] == [header[0], epoch[4]], "the receipt's entry, network or signer")
        need(climb(msgpack.packb(leaf), path) == head[5], "the leaf is not under the receipt's root")
        proven.update(verdict=leaf[4], time=head[7])
    return proven


if __name__ == "__main__":
    for field, value in verify(Path(sys.argv[1]).read_bytes()).items():
        print(field, value.hex() if isinstance(value, bytes) else value)
