"""What offers cost a node: search and matching over many open ones of many nodes, and what a flood can fill.

Owns the measurement: signed offers of simulated associations, taken by the product's own way into a store on disk.
Words are made of what small firms make and lack, so that a search finds some and not all.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from cli.bench.report import ROOT, Target
from node.services import greeting, members
from node.services.house import House
from node.services.offers import finding, fits, publishing, telling
from node.services.offers.finding import Wanted
from node.services.offers.publishing import Draft
from node.store import Store, Tx, open_sqlite
from protocol.identity import control, genesis, log
from protocol.identity.control import HOME, Epoch, Reason
from protocol.identity.genesis import DEFAULT_RULES, Genesis, Rank, Role, RoleKeys
from protocol.keys import SigningKey, node_id
from protocol.limits import MAX_OFFER_BYTES_OF_PEERS, MAX_OFFER_BYTES_PER_PEER, MAX_OFFERS_PER_MEMBER
from protocol.offer import delta, kinds, signed
from protocol.offer.fitting import Facts, judge
from protocol.offer.signed import Offer, Scope

TARGET_SEARCH_MS: Final = 50
TARGET_MATCH_MS: Final = 200
TARGET_PRECISION: Final = 0.9
NOW: Final = 1_791_849_600_000_000
DAY_US: Final = 24 * 3600 * 1_000_000
SEARCHES: Final = 400
REQUESTS: Final = 60
PAIRS: Final = ROOT / "tests" / "fixtures" / "offer_pairs.json"
GOODS: Final = (
    "紙袋", "竹籠", "ちりめんじゃこ", "抹茶あめ", "風呂敷", "干し柿",
    "だしパック", "海苔", "座金", "ブラケット", "台車", "段ボール箱",
    "清酒", "醤油", "味噌", "小麦粉", "木箱", "陶器", "漆器",
    "和紙", "ねじ", "歯車", "ばね", "鋼板", "樹脂部品", "金型", "作業着",
    "軽油", "包装機", "測定機", "旋盤", "冷凍庫", "厨房", "瓶詰めライン",
)  # fmt: skip
MADE: Final = ("大", "小", "業務用", "国産", "特製", "試作", "薄板", "厚手", "有機", "真空", "三次元", "手作り")
NOTES: Final = ("急ぎ", "月末まで", "小ロットから", "相談の上", "京都から発送", "図面あり", "検査成績書付き", "週3日")
UNITS: Final = ("KGM", "XBX", "H87", "XCS")


class Wrap:
    """Keys as they are: nothing of the measurement is secret."""

    def wrap(self, purpose: str, subject: bytes, secret: bytes) -> bytes:
        """As it is."""
        return secret

    def unwrap(self, purpose: str, subject: bytes, wrapped: bytes) -> bytes:
        """As it is."""
        return wrapped


class Author(NamedTuple):
    """A firm of a simulated association."""

    node: bytes
    member: bytes
    epoch: bytes
    key: SigningKey
    history: bytes


def author(number: int) -> Author:
    """An association with one firm that has opened its first epoch."""
    seed = [hashlib.sha256(f"offers {number} {name}".encode()).digest() for name in ("node", "words", "key", "nonce")]
    node, words, key = (SigningKey(each) for each in seed[:3])
    roles = (RoleKeys(Role.WORDS, 1, (words.public,)),)
    started = log.start(genesis.encode(Genesis("test", seed[3][:16], DEFAULT_RULES, roles)))
    home = node_id(node.public)
    epoch = Epoch(1, b"", 0, b"", home, node.public, key.public, Reason.ENROL)
    record = control.draft(
        "test", started.member, 1, started.standing.hash, Rank.WORDS, epoch, NOW, hashlib.sha256(seed[3]).digest()[:16]
    )
    opened = log.follow(started, [control.sign(record, [(Role.WORDS.value, words), (HOME, node)])], NOW)
    return Author(home, started.member, record.hash, key, log.encode_history(opened, b""))


def details(random_: random.Random, kind: str, side: str) -> dict[str, Any]:
    """A typed part that the vocabulary allows."""
    goods = random_.choice(MADE) + random_.choice(GOODS)
    number = random_.randint(1, 2_000)
    area = f"{random_.randint(1, 47):02}"
    process = random_.choice(kinds.PROCESSES)
    common: dict[str, dict[str, Any]] = {
        "joint_purchase": {"item": goods, "quantity": number, "unit": random_.choice(UNITS)},
        "joint_transport": {
            "origin": area, "destination": f"{random_.randint(1, 47):02}", "weight_kg": number,
            "temperature": random_.choice(kinds.TEMPERATURES), "carrier": "hired_carrier",
        },
        "stock": {
            "item": goods, "quantity": number, "unit": random_.choice(UNITS), "price_yen": number,
            "regulated": random_.choice(("none", "food")),
        },
        "goods": {
            "item": goods, "unit": random_.choice(UNITS), "price_yen": number,
            "regulated": random_.choice(("none", "food")),
        },
        "capacity": {
            "process": process, "force_kn": number, "lot_least": random_.randint(1, 500), "hours_week": 40,
            "materials": tuple(random_.sample(("SPCC", "SUS304", "A5052", "S45C", "ABS"), 2)),
        },
        "people": {
            "trade": random_.choice(kinds.TRADES), "skill": goods, "persons": random_.randint(1, 9), "form": "contract",
        },
        "gap_filling": {
            "theme": goods, "brings": tuple(random_.sample(kinds.STAGES, 3)),
            "seeks": tuple(random_.sample(kinds.STAGES, 2)),
        },
        "overflow": {
            "process": process, "item": goods, "quantity": number, "force_kn": number,
            "customer_consent": "no_customer",
        },
        "referral": {"specialities": (goods, random_.choice(NOTES))},
        "joint_investment": {
            "object": "facility", "purpose_text": goods, "amount_yen": number * 10_000, "not_solicitation": True,
        },
        "joint_machine": {"process": process, "machine": goods, "machines": 1},
        "shared_equipment": {
            "category": "other", "equipment": goods, "hours_week": random_.randint(1, 40), "permit": "none",
        },
        "abroad": {
            "countries": tuple(random_.sample(("FR", "DE", "US", "TH", "VN", "TW"), 2)), "product": goods,
            "activities": ("exhibition",), "export_class": "not_listed",
        },
    }  # fmt: skip
    return common[kind]


def offers(one: Author, count: int, seed: int) -> Iterator[bytes]:
    """Signed offers and requests of one firm, of every kind."""
    random_ = random.Random(seed)  # noqa: S311 - a measurement that can be repeated
    names = list(kinds.KINDS)
    for at in range(count):
        kind, side = names[(seed + at) % len(names)], random_.choice(("offer", "request"))
        part = details(random_, kind, side)
        placed = kinds.KINDS[kind].placed
        start = random_.randint(1, 20)
        said = Offer(
            "test", one.member, one.epoch, b"", 0, kind, side, Scope.FEDERATION, (),
            f"{random_.choice(MADE)}{random_.choice(GOODS)} {random_.choice(NOTES)}",
            " ".join(random_.sample(NOTES, 3)), f"{random_.randint(1, 47):02}100" if placed else "", "24",
            f"2026-10-{start:02}", f"2026-10-{start + random_.randint(1, 10):02}",
            NOW + random_.randint(20, 90) * DAY_US, dict(sorted(part.items())), random_.randbytes(16), NOW,
        )  # fmt: skip
        yield signed.sign(one.key, said)


def run(count: int, nodes: int, warn: Callable[[str], None]) -> tuple[dict[str, float], list[Target]]:
    """``count`` open offers of ``nodes`` associations. A minute or two; most of it is signing and taking them in."""
    with tempfile.TemporaryDirectory(prefix="yui-offers-") as folder:
        store = open_sqlite(Path(folder) / "node.db")
        try:
            return _measured(store, Path(folder), count, nodes, warn)
        finally:
            store.close()


def _measured(
    store: Store, folder: Path, count: int, nodes: int, warn: Callable[[str], None]
) -> tuple[dict[str, float], list[Target]]:
    ticks = itertools.count()
    house = House(
        "test", SigningKey(bytes(32)), Wrap(), lambda: NOW + next(ticks),
        lambda size: hashlib.sha512(b"%d" % next(ticks)).digest()[:size],
    )  # fmt: skip
    store.write(lambda tx: greeting.start(house, tx))
    ours = store.write(lambda tx: members.enrol(house, tx, "一寸法師精密")).member
    per = -(-count // nodes)
    warn(f"{count} offers of {nodes} associations")
    began = time.process_time()
    taken = sum(_bring(house, store, author(at), per, at) for at in range(nodes))
    taking_s = time.process_time() - began
    searches = _searches(house, store)
    matches = _matches(house, store, ours)
    flood = _flood(house, store, author(nodes))
    precision, recall = _precision()
    held = store.read(lambda tx: tx.offers.bytes_of_peers())
    figures = {
        "offers_open": float(taken),
        "offer_nodes": float(nodes),
        "offer_taking_ms": 1000 * taking_s / taken,
        "offer_search_ms_p50": statistics.median(searches),
        "offer_search_ms_p95": _p95(searches),
        "offer_match_ms_p50": statistics.median(matches),
        "offer_match_ms_p95": _p95(matches),
        "offer_bytes_of_peers": float(held),
        "offer_bytes_of_peers_limit": float(MAX_OFFER_BYTES_OF_PEERS),
        "offer_store_bytes_each": sum(path.stat().st_size for path in folder.iterdir()) / taken,
        "offer_flood_series_kept": float(flood),
        "offer_pairs_precision": precision,
        "offer_pairs_recall": recall,
    }
    return figures, [
        Target("offer_search_ms_p95", figures["offer_search_ms_p95"], TARGET_SEARCH_MS),
        Target("offer_match_ms_p95", figures["offer_match_ms_p95"], TARGET_MATCH_MS),
        Target("offer_bytes_of_peers", held, MAX_OFFER_BYTES_OF_PEERS),
        Target("offer_flood_series_kept", flood, MAX_OFFERS_PER_MEMBER),
        Target("offer_pairs_precision", precision, TARGET_PRECISION, at_least=True),
    ]


def _bring(house: House, store: Store, one: Author, count: int, seed: int) -> int:
    taken = 0
    wires = list(offers(one, count, seed))
    for at in range(0, len(wires), 200):
        data = delta.encode("test", at, at + 200, False, [one.history], wires[at : at + 200])
        taken += store.write(lambda tx, data=data: telling.learn(house, tx, one.node, data)).taken  # type: ignore[misc]
    return taken


def _searches(house: House, store: Store) -> list[float]:
    random_ = random.Random(1)  # noqa: S311
    found: list[float] = []
    for at in range(SEARCHES):
        wanted = (
            Wanted(text=random_.choice(GOODS)),
            Wanted(text=random_.choice(GOODS)[:2], kind=random_.choice(list(kinds.KINDS))),
            Wanted(text=random_.choice(MADE) + random_.choice(GOODS), area=f"{random_.randint(1, 47):02}"),
            Wanted(kind=random_.choice(list(kinds.KINDS)), side="offer", starts="2026-10-12", ends="2026-10-13"),
            Wanted(text=random_.choice(NOTES), industry="24"),
            Wanted(),
            Wanted(text="存在しない言葉"),
        )[at % 7]
        began = time.perf_counter()
        store.read(lambda tx, wanted=wanted: finding.search(house, tx, wanted))  # type: ignore[misc]
        found.append(1000 * (time.perf_counter() - began))
    return found


def _matches(house: House, store: Store, ours: bytes) -> list[float]:
    random_ = random.Random(2)  # noqa: S311
    found: list[float] = []
    names = list(kinds.KINDS)
    for at in range(REQUESTS):
        kind = names[at % len(names)]
        draft = Draft(
            kind=kind, side="request", title="探しています", area="23211" if kinds.KINDS[kind].placed else "",
            starts="2026-10-10", ends="2026-10-20", details=details(random_, kind, "request"),
        )  # fmt: skip
        row = store.write(lambda tx, draft=draft: publishing.publish(house, tx, ours, draft))  # type: ignore[misc]
        began = time.perf_counter()
        store.read(lambda tx, row=row: fits.search(house, tx, row))  # type: ignore[misc]
        found.append(1000 * (time.perf_counter() - began))
    return found


def _flood(house: House, store: Store, one: Author) -> int:
    """One firm of a node says more than it may: what of it is kept."""
    _bring(house, store, one, 5 * MAX_OFFERS_PER_MEMBER, 7)

    def kept(tx: Tx) -> int:
        at = tx.offers.peer(one.node)
        assert at.bytes <= MAX_OFFER_BYTES_PER_PEER
        return at.series

    return store.read(kept)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]


def _precision() -> tuple[float, float]:
    """Precision and recall on the pairs that a person labelled; 0 outside a checkout."""
    if not PAIRS.is_file():
        return 0.0, 0.0
    found = [
        (judge(_facts(pair["one"]), _facts(pair["other"])).fits, pair["fits"])
        for pair in json.loads(PAIRS.read_text("utf-8"))
    ]
    right = sum(said and meant for said, meant in found)
    return right / sum(said for said, _ in found), right / sum(meant for _, meant in found)


def _facts(one: dict[str, Any]) -> Facts:
    part = kinds.read(one["kind"], one["side"], one["details"])
    return Facts(one["kind"], one["side"], "", one["area"], one["starts"], one["ends"], part)
