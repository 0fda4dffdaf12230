"""Verifies an export archive: ``python3 verify.py [ARCHIVE.zip or its unpacked folder]``. Python alone is enough.

Checks the list of files and its signature, every document and receipt with its signatures, attachments, and the
journal, which names every document that must be there. By docs/protocol.md; shares no code with the node.
Exit code 0: all of it holds; 1: something is missing or changed, and named; 2: this is no archive.
"""

import hashlib
import json
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
MOST = 1 << 29  # bytes of a file that is read whole
LINE = 1 << 20  # bytes of a line of a journal
SWELL = 1100  # how many times its size a file can grow by unpacking it once (deflate: 1032)
Point = tuple[int, int, int, int]
ZERO: Point = (0, 1, 1, 0)
_checked: dict[tuple[bytes, ...], bool] = {}
_logs: dict[tuple[bytes, bytes, str], "Log"] = {}


class Refused(Exception):
    """Says what does not hold."""


def need(holds: object, rule: str) -> None:
    if not holds:
        raise Refused(rule)


# ---------------------------------------------------------------- Ed25519 (RFC 8032), as strict as libsodium


def add(one: Point, two: Point) -> Point:
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def decompress(data: bytes) -> Point:
    value = int.from_bytes(data, "little")
    sign, y = value >> 255, value & (2**255 - 1)
    need(len(data) == 32 and y < P, "a point is not canonical")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    need((x * x - square) % P == 0 and not (x == 0 and sign), "not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def compress(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    key, first, s = decompress(public), decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    for point in (key, first):
        twice = add(point, point)
        four = add(twice, twice)
        need(compress(add(four, four)) != compress(ZERO), "a point of small order")
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    minus = (P - key[0], key[1], 1, P - key[3])
    sums, at = (ZERO, BASE, minus, add(BASE, minus)), ZERO
    for bit in range(255, -1, -1):
        at = add(at, at)
        chosen = (s >> bit & 1) | (hashed >> bit & 1) << 1
        at = add(at, sums[chosen]) if chosen else at
    return len(signature) == 64 and s < L and compress(at) == signature[:32]


def check(public: bytes, purpose: bytes, digest: bytes, signature: bytes) -> None:
    asked = (public, purpose, digest, signature)
    if asked not in _checked:
        _checked[asked] = is_signed(public, b"yui/sig/1/" + purpose + b"\0" + digest, signature)
    need(_checked[asked], f"the {purpose.decode()} signature does not verify")


# ---------------------------------------------------------------- §2.1: records, read, written again and compared


def pack(value: Any) -> bytes:
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        need(0 <= value < 2**64, "an integer out of range")
        if value < 128:
            return bytes((value,))
        size = next(at for at in range(4) if value < 1 << (8 << at))
        return bytes((0xCC + size,)) + value.to_bytes(1 << size, "big")
    if isinstance(value, list | tuple):
        small, wide, data = 0x90, (0xDC, 0xDD), b"".join(map(pack, value))
        return (bytes((small | len(value),)) if len(value) < 16 else _length(len(value), wide, 1)) + data
    data = value.encode() if isinstance(value, str) else value
    if isinstance(value, str) and len(data) < 32:
        return bytes((0xA0 | len(data),)) + data
    return _length(len(data), (0xD9, 0xDA, 0xDB) if isinstance(value, str) else (0xC4, 0xC5, 0xC6), 0) + data


def _length(count: int, marks: tuple[int, ...], least: int) -> bytes:
    at = next(at for at in range(least, 3) if count < 1 << (8 << at))
    return bytes((marks[at - least],)) + count.to_bytes(1 << at, "big")


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    need(at < len(data) and depth <= 16, "a record breaks off or is too deep")
    mark, at = data[at], at + 1
    if mark < 0x80 or mark in (0xC0, 0xC2, 0xC3):
        return ({0xC0: None, 0xC2: False, 0xC3: True}[mark] if mark >= 0x80 else mark), at
    if 0xCC <= mark <= 0xCF:
        size = 1 << (mark - 0xCC)
        return int.from_bytes(data[at : at + size], "big"), at + size
    sizes = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4}
    size = sizes.get(mark, 0)
    count = int.from_bytes(data[at : at + size], "big") if size else mark & (0x1F if mark >= 0xA0 else 0x0F)
    at += size
    if 0x90 <= mark < 0xA0 or mark in (0xDC, 0xDD):
        found: list[Any] = []
        for _ in range(count):
            item, at = _value(data, at, depth + 1)
            found.append(item)
        return found, at
    need(size or 0xA0 <= mark < 0xC0, "a value outside the profile")
    piece = data[at : at + count]
    need(len(piece) == count, "a record breaks off")
    if 0xC4 <= mark <= 0xC6:
        return piece, at + count
    text = piece.decode()
    need(unicodedata.is_normalized("NFC", text), "text is not NFC")
    return text, at + count


def unpack(data: bytes, tag: str, fields: int) -> Any:
    value, end = _value(data, 0, 0)
    need(end == len(data) and pack(value) == data, f"{tag}: not canonical")
    need(isinstance(value, list) and len(value) == fields + 1 and value[0] == tag, f"not a record {tag}")
    return value[1:]


def sha(*pieces: bytes) -> bytes:
    return hashlib.sha256(b"".join(pieces)).digest()


def climb(item: bytes, path: Any) -> bytes:
    value = sha(b"\0", item)
    for left, sibling in path:
        value = sha(b"\1", sibling, value) if left else sha(b"\1", value, sibling)
    return value


# ---------------------------------------------------------------- §4: who may sign for a member


class Log:
    def __init__(self, data: bytes, member: bytes, network: str) -> None:
        first, records = unpack(data, "yui/history/1", 2)
        self.network, _, rules, roles = unpack(first, "yui/genesis/1", 4)
        need(sha(first) == member and self.network == network, "the history of another member or network")
        self.member, self.rules, self.chain = member, dict(rules), [member]
        self.epochs: dict[bytes, Any] = {}
        standing: Any = {"roles": {row[0]: row[1:] for row in roles}, "epoch": None, "guardians": None}
        self.done: dict[bytes, Any] = {member: (0, 0, standing)}
        for signed in records:
            self.admit(*unpack(signed, "yui/control-signed/1", 2))

    def admit(self, data: bytes, proofs: Any) -> None:
        name, record = sha(data), unpack(data, "yui/control/1", 9)
        network, member, number, previous, kind, rank, payload, _, _ = record
        need(member == self.member and network == self.network, "a record of another member or network")
        need(name not in self.done and previous in self.chain, "a record twice, or its predecessor is undone")
        need(number == self.done[previous][0] + 1 and rank in self.rules, "a record's number or rank")
        before = self.done[previous][2]
        holders, after, old, least = {**before["roles"]}, {**before}, before["epoch"], 3
        if old:
            holders["node"] = [1, [old[5]]]
        if before["guardians"] and before["guardians"][0]:
            holders["guardian"] = [before["guardians"][1], before["guardians"][0]]
        if kind == "epoch":
            holders["home"], least = [1, [payload[5]]], (1 if payload[4] == old[4] else 3) if old else 4
            after["epoch"] = self.epochs[name] = [*payload, name]
            need(len(payload) == 8 and payload[4] == sha(b"yui/node/1\0", payload[5]), "the home of an epoch")
            need(
                payload[1] == (old[8] if old else b"") and payload[0] == (old[0] + 1 if old else 1), "an epoch's place"
            )
        elif kind == "keys":
            need(1 <= payload[1] <= len(set(payload[2])), "a threshold above the number of keys")
            after["roles"] = {**before["roles"], payload[0]: payload[1:]}
        else:
            need(kind == "guardians", "an unknown kind of record")
            after["guardians"], least = payload, 3 if before["guardians"] else 4
        need(rank >= least, "the rank may not do this")
        for role, key, signature in proofs:
            need(role in holders and key in holders[role][1], "a proof whose key does not hold its role")
            check(key, b"control", name, signature)
        for role in [*self.rules[rank], *(["home"] if kind == "epoch" else [])]:
            signers = {proof[1] for proof in proofs if proof[0] == role}
            need(role in holders and len(signers) >= max(1, holders[role][0]), f"not signed by {role}")
        while self.chain[-1] != previous:
            need(rank > self.done[self.chain.pop()][1], "an undo needs a strictly higher rank")
        self.chain.append(name)
        self.done[name] = (number, rank, after)

    def standing(self, name: bytes, seq: int = 0) -> Any:
        """The epoch of that name, if it stands and the log covers its entry ``seq``."""
        need(name in self.chain and name in self.epochs, "no such epoch, or it was undone")
        at = self.done[self.chain[-1]][2]["epoch"]
        while at[8] != name:
            need(at[1] != name or seq <= at[2], "the entry was cut back")
            at = self.epochs[at[1]]
        return at


def log_of(data: bytes, member: bytes, network: str) -> Log:
    known = (sha(data), member, network)
    if known not in _logs:
        _logs[known] = Log(data, member, network)
    return _logs[known]


# ---------------------------------------------------------------- §5, §8.3, §11: a document and its receipt


def prove(data: bytes) -> tuple[bytes, list[Any], str]:
    """(id, header's attachments, the verdict that the recipient stated or ""); Refused."""
    wire, author, recipient, receipt = unpack(data, "yui/proof/1", 4)
    header_bytes, signature, path, parts = unpack(wire, "yui/env/1", 4)
    header, name = unpack(header_bytes, "yui/doc/1", 15), sha(header_bytes)
    stated = {part: rest for part, *rest in header[12]}
    for part, salt, content in parts:
        need(stated.get(part) == [sha(b"yui/part/1\0", salt, content), len(content)], f"{part} is not the one signed")
    check(log_of(author, header[3], header[0]).standing(header[4])[6], b"documents", climb(name, path), signature)
    need(bool(recipient) == bool(receipt), "a receipt and its recipient's history stand together")
    if not receipt:
        return name, header[13], ""
    data, signature, leaf, path = unpack(receipt, "yui/receipt-proof/1", 4)
    need(header[8][0] == 0 and leaf[:2] == [name, header[8][1]], "the receipt is for another document or member")
    epoch = log_of(recipient, header[8][1], header[0]).standing(leaf[2], leaf[3])
    check(epoch[5], b"receipt", sha(data), signature)
    head = unpack(data, "yui/receipt/1", 8)
    need(leaf[3] and head[:2] == [header[0], epoch[4]], "the receipt's entry, network or signer")
    need(climb(pack(leaf), path) == head[5], "the leaf is not under the receipt's root")
    return name, header[13], leaf[4]


def attachment_root(file: IO[bytes]) -> bytes:
    """§6"""
    level, at, size = list[bytes](), 0, 0
    while (chunk := file.read(1 << 20)) or not at:
        size += len(chunk)
        level.append(sha(b"\0", sha(b"yui/chunk/1\0", at.to_bytes(8, "big"), chunk)))
        at += 1
    while len(level) > 1:
        level = [
            sha(b"\1", *level[at : at + 2]) if at + 1 < len(level) else level[at] for at in range(0, len(level), 2)
        ]
    return sha(b"yui/attachment/1\0", size.to_bytes(8, "big"), level[0])


# ---------------------------------------------------------------- the archive


class Archive:
    """A zip, or the folder that it was unpacked into."""

    def __init__(self, path: Path) -> None:
        self.folder = None if path.is_file() else path
        self.zip = zipfile.ZipFile(path) if path.is_file() else None
        if self.zip is not None:
            whole = sum(part.file_size for part in self.zip.infolist())
            need(whole <= SWELL * path.stat().st_size, "files lie over each other: it would unpack without end")

    def names(self) -> list[str]:
        if self.zip is not None:
            return self.zip.namelist()
        assert self.folder is not None
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return [PurePosixPath(path).as_posix() for path in found]

    def open(self, name: str) -> IO[bytes]:
        if self.zip is not None:
            return self.zip.open(name)
        assert self.folder is not None
        inside = ".." not in PurePosixPath(name).parts and not PurePosixPath(name).is_absolute()
        need(inside, f"{name}: no name in here")
        return (self.folder / name).open("rb")

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            data = file.read(MOST + 1)
        need(len(data) <= MOST, f"{name}: is larger than any that a node writes")
        return data

    def lines(self, name: str) -> Iterator[bytes]:
        with self.open(name) as file:
            while line := file.readline(LINE + 1):
                need(len(line) <= LINE, f"{name}: a line is longer than any that a node writes")
                yield line


def listed(archive: Archive, faults: list[str]) -> dict[str, str]:
    """Every file as SHA256SUMS names it; what is missing, changed or not listed is a fault."""
    sums = {line[66:]: line[:64] for line in archive.read("SHA256SUMS").decode().splitlines()}
    there = [name for name in archive.names() if not name.endswith("/")]
    faults += [f"{name}: is missing" for name in sorted(sums.keys() - set(there))]
    strangers = set(there) - {*sums, "SHA256SUMS", "signature.yui"}
    faults += [f"{name}: is not in the list of files" for name in sorted(strangers) if "__pycache__" not in name]
    faults += [f"{name}: is there twice" for name, times in sorted(Counter(there).items()) if times > 1]
    for name in sorted(sums.keys() & set(there)):
        hashed = hashlib.sha256()
        try:
            with archive.open(name) as file:
                while piece := file.read(1 << 20):
                    hashed.update(piece)
        except (OSError, zipfile.BadZipFile, ValueError) as fault:
            faults.append(f"{name}: cannot be read ({fault})")
            continue
        if hashed.hexdigest() != sums[name]:
            faults.append(f"{name}: was changed")
    return sums


def signed(archive: Archive, about: Any) -> tuple[Log, Any]:
    """The member's log, and the journal's position that the list of files was signed with."""
    record, signature = unpack(archive.read("signature.yui"), "yui/export-signed/1", 2)
    network, member, *at, names = unpack(record, "yui/export/1", 6)
    need([network, member.hex()] == [about["network"], about["member"]], "about.json: another member or network")
    log = log_of(archive.read(f"history/{member.hex()}.yui-history"), member, network)
    epoch = log.standing(at[0], at[1])
    check(epoch[6], b"export", sha(record), signature)
    need(names == sha(archive.read("SHA256SUMS")), "SHA256SUMS: is not the list that was signed")
    need(epoch == log.done[log.chain[-1]][2]["epoch"], "the list was signed in an epoch that is not the last")
    return log, at


def entries(archive: Archive, name: str, member: bytes, epoch: bytes) -> Iterator[tuple[int, bytes, str, bytes, str]]:
    """(seq, hash, kind, object, verdict) of an epoch's journal, each linked to the one before."""
    before, last = b"", 0
    for line in archive.lines(name):
        seq, previous, kind, subject, verdict, hashed, _ = json.loads(line)
        record = ["yui/entry/1", member, epoch, seq, before, kind, bytes.fromhex(subject), verdict]
        need(seq == last + 1 and previous == before.hex(), f"{name}: entry {last + 1} is missing")
        need(sha(pack(record)).hex() == hashed, f"{name}: entry {seq} was changed")
        before, last = bytes.fromhex(hashed), seq
        yield seq, before, kind, record[6], verdict


def journal(archive: Archive, about: Any, log: Log, at: Any, faults: list[str]) -> dict[bytes, str]:
    """Documents that the journal names, with the last verdict that it entered."""
    ends, epoch = {at[0]: (at[1], at[2])}, log.epochs[at[0]]
    while epoch[1]:  # what each epoch states of the one before
        ends[epoch[1]] = (epoch[2], epoch[3])
        epoch = log.epochs[epoch[1]]
    files, found = {bytes.fromhex(one["epoch"]): one["file"] for one in about["epochs"]}, dict[bytes, str]()
    for name, (seq, _) in ends.items():
        if seq and name not in files:
            faults.append(f"the journal of epoch {name.hex()[:12]} is missing: {seq} entries")
    for name, file in files.items():
        seq, hashed = ends.get(name, (0, b""))
        last = 0
        for last, own, kind, subject, verdict in entries(archive, file, log.member, name):
            need(last != seq or own == hashed, f"{file}: entry {seq} is not the one that was signed")
            if kind in ("sent", "received", "adopted", "decided") and last <= seq:
                found[subject] = verdict
        need(last >= seq, f"{file}: ends at {last}, signed were {seq} entries")
    return found


def documents(archive: Archive, index: Any, faults: list[str]) -> tuple[set[bytes], dict[str, int]]:
    """The documents that hold, and counts."""
    held, counts = set[bytes](), {"documents": 0, "receipts": 0, "attachments": 0, "unproven": 0}
    roots: dict[str, str] = {}
    for row in index:
        name = row["files"].get("proof", "")
        try:
            if not name:
                counts["unproven"] += 1
                held.add(sha(unpack(archive.read(row["files"]["envelope"]), "yui/env/1", 4)[0]))
                continue
            proven, attached, verdict = prove(archive.read(name))
            need(proven.hex() == row["id"], "another document than the index says")
            held.add(proven)
            counts["documents"] += 1
            counts["receipts"] += bool(verdict)
            there = {one["root"]: one["file"] for one in row["attachments"]}
            roots.update({one[0].hex(): there.get(one[0].hex(), "") for one in attached})
        except (Refused, OSError, KeyError, IndexError, TypeError, ValueError) as fault:
            faults.append(f"{name or row.get('id')}: does not hold: {fault}")
    for root, name in roots.items():
        try:
            need(name, "is not in the archive")
            with archive.open(name) as file:
                need(attachment_root(file).hex() == root, "is not the one that was signed")
            counts["attachments"] += 1
        except (Refused, OSError, KeyError) as fault:
            faults.append(f"attachment {root[:12]} {name}: {fault}")
    return held, counts


def verify(path: Path) -> tuple[dict[str, Any], list[str]]:
    """What was found, and what does not hold."""
    archive, faults = Archive(path), list[str]()
    about = json.loads(archive.read("about.json"))
    listed(archive, faults)
    log, at = signed(archive, about)
    held, counts = documents(archive, json.loads(archive.read("index.json"))["documents"], faults)
    named = journal(archive, about, log, at, faults)
    for missing in sorted(named.keys() - held):
        faults.append(f"document {missing.hex()[:12]}: the journal names it ({named[missing] or '-'}), it is not here")
    return {"member": about["name"], "id": about["member"], "network": about["network"], **counts}, faults


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    try:
        found, faults = verify(path)
    except (Refused, OSError, KeyError, IndexError, TypeError, ValueError, zipfile.BadZipFile) as fault:
        print(f"NOT AN ARCHIVE THAT HOLDS / 検証できません: {fault!s}")  # noqa: T201
        return 1 if path.exists() and (path.is_dir() or zipfile.is_zipfile(path)) else 2
    for name, value in found.items():
        print(f"{name}: {value}")  # noqa: T201
    for line in faults:
        print(f"! {line}")  # noqa: T201
    good = "All of it holds. / すべて正しいことを確認しました。"
    print(f"{len(faults)} faults / 問題 {len(faults)} 件" if faults else good)  # noqa: T201
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
