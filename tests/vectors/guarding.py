"""A guarded member: its vault, two frames, an agreement, and a claim from fence to countersignature."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from protocol import canon, move, sealing, vault
from protocol.guardian import agreement, claim, frame, mail
from protocol.guardian.agreement import Agreement, Terms
from protocol.guardian.claim import Claim, Countersigned, Fence, Promise
from protocol.guardian.frame import Frame, Place, Signed, Tip
from protocol.guardian.mail import Box, Label, Listed, Waiting
from protocol.identity import control, log
from protocol.identity.control import HOME, Guardians, Reason
from protocol.identity.genesis import Rank, Role
from protocol.identity.log import ControlLog
from protocol.link import batch
from protocol.link.batch import Batch, Item, ItemKind
from protocol.vault import Vault, VaultKey
from tests.vectors import world
from tests.vectors.world import AUTHOR, START, key, node, octets

Vector = dict[str, Any]
KEY = octets("vault key")
ROOT = octets("root of an attachment")


@cache
def guarded() -> ControlLog:
    """The author with three guardians."""
    keys = tuple(sorted(key(name).public for name in world.GUARDIANS))
    return world.admit(world.author_log(), Rank.WORDS, Guardians(keys, 2, 2, 2), "guardians", ("words", AUTHOR.words))


def made_frame(number: int, previous: bytes, plain: bytes) -> Signed:
    """A frame of the author's first epoch."""
    place = Place(AUTHOR.id, guarded().epoch.hash, number)
    sealed = vault.seal_frame(KEY, frame.about(place), plain, octets(f"frame nonce {number}", 24))
    entry = world.entries(number)[-1]
    head = Frame(world.NETWORK, place, previous, vault.name_of(KEY), b"", number, entry.hash, START + number)
    return frame.sign(key("maker 1"), head, sealed)


def vectors() -> Iterator[Vector]:
    """Every record of §15, in the order in which it is made."""
    yield from _copies()
    yield from _claim()
    yield from _mail()
    yield from _move()


def _copies() -> Iterator[Vector]:
    holders = [(Role.WORDS, AUTHOR.words), (Role.ASSOCIATION, key("association"))]
    wraps = [vault.wrap(AUTHOR.id, KEY, role, at.public, octets(f"wrap {role.value}")) for role, at in holders]
    kept = VaultKey(vault.name_of(KEY), tuple(sorted(wraps)))
    wire = vault.sign(key("maker 1"), Vault(world.NETWORK, AUTHOR.id, guarded().epoch.hash, 1, (kept,)))
    yield {
        "name": "vault",
        "vault_key": KEY,
        "vault_key_name": kept.name,
        "words_seed": AUTHOR.words.seed(),
        "association_seed": key("association").seed(),
        "signed": wire,
    }
    previous = b""
    for number, plain in ((1, b"first"), (2, b"second" * 300)):
        item = made_frame(number, previous, plain)
        previous = item.frame.hash
        yield {"name": f"frame {number}", "plain": plain, "hash": item.frame.hash, "signed": frame.encode(item)}
    yield {
        "name": "chunk 3 of an attachment",
        "root": ROOT,
        "plain": b"chunk",
        "chunk_name": vault.chunk_name(KEY, ROOT, 3),
        "sealed": vault.seal_chunk(KEY, ROOT, 3, b"chunk"),
    }
    tips, names = [Tip(AUTHOR.id, guarded().epoch.hash, 2, previous)], [vault.chunk_name(KEY, ROOT, 3)]
    signed = frame.sign_kept(key("guardian a"), world.NETWORK, node("toyota"), START + 9, tips, names)
    yield {"name": "kept", "guardian": key("guardian a").public, "signed": signed}
    terms = Terms("7000012050002", "竜宮商工会議所", ("JP",), False, True, 30, 500, 4 * 2**30, START, 0)
    home, guardian = key("toyota"), key("guardian a")
    found = agreement.draft(
        Agreement(world.NETWORK, home.public, guardian.public, 1, octets("agreement", 16), terms)
    )  # fmt: skip
    both = agreement.encode(found, agreement.sign(home, found), agreement.sign(guardian, found))
    yield {"name": "agreement", "hash": found.hash, "signed": both}


def _claim() -> Iterator[Vector]:
    at = guarded()
    tip = Tip(
        AUTHOR.id, at.epoch.hash, 2, made_frame(2, made_frame(1, b"", b"first").frame.hash, b"second" * 300).frame.hash
    )
    made = claim.draft_fence(
        Fence(
            world.NETWORK, AUTHOR.id, key("kyoto").public, Rank.WORDS, 1, at.epoch.hash, b"", START, octets("f", 16)
        )
    )  # fmt: skip
    fence = claim.sign_fence(made, [("words", AUTHOR.words), (HOME, key("kyoto"))])
    yield {"name": "fence", "hash": made.hash, "signed": fence}
    promises = []
    for name in world.GUARDIANS[:2]:
        said = Promise(world.NETWORK, node(name), made.hash, AUTHOR.id, made.parent, 1, (tip,), 0, b"")
        promises.append(claim.sign_promise(key(name), said))
        yield {"name": f"promise of {name}", "guardian": key(name).public, "signed": promises[-1]}
    opened = world.epoch(at, "kyoto", "maker at kyoto", Reason.MOVE, 2, world.entries(2)[-1].hash)
    record = world.record(at, Rank.WORDS, opened, "moved by claim")
    wire = control.encode(control.sign(record, [("words", AUTHOR.words), (HOME, key("kyoto"))]))
    yield {"name": "claim", "bytes": claim.encode_claim(Claim(fence, wire, tuple(promises)))}
    word = Countersigned(world.NETWORK, node("guardian a"), AUTHOR.id, made.parent, 1, record.hash)
    signed = claim.sign_countersigned(key("guardian a"), word)
    yield {"name": "countersignature", "guardian": key("guardian a").public, "signed": signed}
    yield {"name": "answer to the claim", "bytes": claim.encode_claimed(signed, None)}


def _mail() -> Iterator[Vector]:
    """A box of the author, and a parcel for it."""
    opened, own = mail.box_key(KEY), guarded()
    box = Box(world.NETWORK, AUTHOR.id, own.epoch.hash, vault.name_of(KEY), opened.public)
    yield {"name": "box", "seed": opened.seed(), "signed": mail.sign_box(key("maker 1"), box)}
    item = Item(1, ItemKind.HISTORY.value, log.encode_history(own))
    inside = batch.sign(key("kyoto"), Batch(world.NETWORK, node("kyoto"), AUTHOR.id, bytes(16), 0, (item,)))
    label = Label(world.NETWORK, node("kyoto"), AUTHOR.id, box.name, START + 30 * 24 * 3600 * 1_000_000)
    parcel = mail.seal(label, inside, box.public, octets("parcel"))
    yield {"name": "parcel", "batch": inside, "id": canon.digest(parcel), "bytes": parcel}
    waiting = Waiting(False, (Listed(AUTHOR.id, canon.digest(parcel), len(parcel)),), False)
    yield {"name": "what waits", "bytes": mail.encode_waiting(waiting)}


def _move() -> Iterator[Vector]:
    """§15.8: the author moves from Toyota to Kyoto while both live."""
    log, named = guarded(), octets("move", 16)
    asked = move.Asked(named, world.NETWORK, "12345678")
    yield {"name": "move: ask", "bytes": move.encode_ask(asked)}
    about = move.key_about(named, AUTHOR.id, vault.name_of(KEY))
    sealed = sealing.seal(KEY, about, key("kyoto").public, octets("move seed"))
    yield {"name": "move: sealed vault key", "plain": KEY, "kyoto_seed": key("kyoto").seed(), "sealed": sealed}
    yield {"name": "move: read", "bytes": move.encode_read(move.Read(named, 2, log.standing.hash))}
    opened = world.epoch(log, "kyoto", "maker at kyoto", Reason.MOVE, 2, world.entries(2)[-1].hash)
    record = world.record(log, Rank.WORDS, opened, "moved by claim")
    drafted = control.encode(control.sign(record, [(HOME, key("kyoto"))]))
    yield {"name": "move: switch", "bytes": move.encode_switch(move.Switch(named, 2, drafted))}
    yield {"name": "move: wait", "bytes": move.encode_said(move.Said(move.Word.WAIT, b""))}
    yield {"name": "move: cancel", "bytes": move.encode_cancel(named)}
    yield {"name": "move: done", "bytes": move.encode_done(named)}
