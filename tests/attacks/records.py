"""One valid record of every kind that a stranger can send, and what reads it. Attacks go through the whole list."""

from collections.abc import Callable
from typing import Any

from federation import introduction
from protocol import journal, proof
from protocol.document import attachment, envelope, header
from protocol.identity import card, control, descriptor, genesis, log
from protocol.keys import NodeId
from protocol.link import batch, chunk, delta, holdings, receipt
from protocol.link.delta import Entry
from protocol.offer import delta as offer_delta
from protocol.offer import signed as offers
from protocol.offer.signed import Withdrawal
from protocol.statistics import ledger, messages, opening, question, roster
from tests.protocol.offer import samples
from tests.vectors import asking, exchanges, proof_cases, world
from tests.vectors.world import AUTHOR, NETWORK, key

Reader = Callable[[bytes], Any]


def any_certificate(_certificate: bytes, _node: NodeId) -> None:
    """X.509 is read elsewhere."""


def _proof() -> bytes:
    return next(data for name, _, data in proof_cases.good() if name == "one-of-five")


def _introduction() -> bytes:
    shown = descriptor.sign(key("toyota"), exchanges.descriptor_of("toyota", b"certificate"))
    return introduction.encode(shown, (b"certificate",))


def _receipt_proof() -> bytes:
    return proof_cases.receipt_proof(exchanges.five(), proof_cases.bulk()[1].id)


_EMPTY_ROOT = attachment.root_of(0, [b""])

RECORDS: dict[str, tuple[bytes, Reader]] = {
    "header": (proof_cases.single().header_bytes, header.parse),
    "full header": (exchanges.answer().header_bytes, header.parse),
    "envelope": (envelope.encode(proof_cases.bulk()[2]), envelope.parse),
    "genesis": (AUTHOR.genesis, genesis.parse),
    "control record": (world.signed_records(world.author_log())[0].record.data, control.parse_record),
    "signed control record": (control.encode(world.signed_records(world.author_log())[0]), control.parse),
    "history": (log.encode_history(world.eventful_log()), lambda data: log.parse_history(data, 2**20)),
    "head": (journal.encode_head(journal.open_epoch(AUTHOR.id, bytes(32))), journal.parse_head),
    "batch": (
        dict(exchanges.batches())["batch: a history and two documents behind position 2"],
        lambda data: batch.verify(data, key("toyota").public),
    ),
    "receipt": (exchanges.five(), lambda data: receipt.verify(data, key("kyoto").public)),
    "receipt proof": (_receipt_proof(), lambda data: receipt.verify_proof(data, key("kyoto").public)),
    "holdings": (holdings.encode(NETWORK, AUTHOR.id, bytes(32), [bytes(32), b"\1" * 32])[0], holdings.parse),
    "chunk": (chunk.encode(0, (), b""), lambda data: chunk.parse(data, _EMPTY_ROOT, 0, 0)),
    "cohort": (
        asking.vector("cohort"),
        lambda data: question.verify_cohort(data, asking.PUBLISHER.public),
    ),
    "question": (asking.vector("question"), question.verify_question),
    "commitment": (asking.vector("commitment"), lambda data: roster.entry_of(data, asking.question_hash())),
    "roster": (
        asking.vector("roster"),
        lambda data: roster.read_roster(data, asking.question_hash(), asking.publics()),
    ),
    "beacon": (asking.vector("beacon"), lambda data: roster.read_beacon(data, asking.roll())),
    "dealing": (asking.inside("dealing"), messages.parse_dealing),
    "handed": (asking.vector("handed"), messages.parse_handed),
    "masked answer": (
        asking.vector("answer"),
        lambda data: opening.require_answer(asking.setting(), 1, data, 20),
    ),
    "answered": (asking.vector("list"), messages.parse_answered),
    "signatures": (asking.vector("signatures"), messages.parse_signatures),
    "release": (asking.vector("release"), messages.parse_release),
    "opening": (asking.vector("opening"), messages.parse_opening),
    "counted": (asking.vector("counted"), messages.parse_counted),
    "result": (asking.inside("result"), messages.parse_result),
    "closed": (messages.encode(messages.CLOSED_TAG, (bytes(32), "no cell passes the rules")), messages.parse_closed),
    "ledger entry": (
        asking.entry(),
        lambda data: ledger.verify(data, asking.publics()[0], b""),
    ),
    "card": (card.sign(key("maker 1"), exchanges.CARD), card.parse),
    "delta": (delta.encode(NETWORK, 0, 1, False, [Entry(b"card", b"history")]), delta.parse),
    "offer": (offers.sign(samples.KEY, samples.offer("stock")), offers.parse),
    "withdrawal of an offer": (
        offers.sign(samples.KEY, Withdrawal(NETWORK, bytes(32), bytes(32), b"\1" * 32, samples.NOW, samples.NOW)),
        offers.parse,
    ),
    "delta of offers": (offer_delta.encode(NETWORK, 0, 1, False, [b"history"], [b"offer"]), offer_delta.parse),
    "descriptor": (
        descriptor.sign(key("toyota"), exchanges.descriptor_of("toyota", b"certificate")),
        descriptor.parse,
    ),
    "introduction": (_introduction(), lambda data: introduction.parse(data, NETWORK, any_certificate)),
    "proof": (_proof(), proof.verify),
}
"""Name → (a valid record, what reads it; raises PeerFault)."""
