"""Proofs that hold and proofs that must be refused, each signed properly by whoever tries it.

The refused ones are what an attacker with keys of its own, or with lesser keys of the member, can put together. None
is a broken file: broken files are the mutants of the good ones.
"""

from collections.abc import Iterator
from functools import cache

from protocol import canon, proof
from protocol.document import envelope
from protocol.document.envelope import Document
from protocol.identity import control, genesis, log
from protocol.identity.control import HOME, Guardians, Payload, Reason
from protocol.identity.genesis import DEFAULT_RULES, Genesis, Rank, Role, RoleKeys, Rule
from protocol.identity.log import ControlLog
from protocol.keys import Purpose, SigningKey
from protocol.link import receipt as receipts
from tests.vectors import world
from tests.vectors.world import AUTHOR, RECIPIENT, key

RECIPIENT_ID = RECIPIENT.id


@cache
def single() -> Document:
    return world.signed(world.order(world.author_log(), RECIPIENT_ID))


@cache
def bulk() -> list[Document]:
    """Five orders under one signature."""
    drafts = [world.order(world.author_log(), RECIPIENT_ID, f"24-10{number}") for number in range(5)]
    return envelope.sign(key("maker 1"), drafts)


def receipt_proof(wire: bytes, document: bytes, recipient: bytes = RECIPIENT_ID) -> bytes:
    found = receipts.prove(wire, document, recipient)
    assert found is not None
    return found


def raw(document: Document, author: bytes, recipient: bytes = b"", receipt: bytes = b"") -> bytes:
    """A proof put together by hand, nothing checked."""
    return canon.encode((proof.TAG, envelope.encode(document), author, recipient, receipt))


def good() -> Iterator[tuple[str, str, bytes]]:
    """(name, what it shows, proof)."""
    author, recipient = world.author_log(), world.recipient_log()
    yield "document-alone", "author and document, no receipt", proof.build(envelope.encode(single()), author)
    first = recipient.epoch.parent
    wire = world.receipt_of([item.id for item in bulk()], RECIPIENT_ID, recipient.epoch.hash)
    yield (
        "one-of-five",
        "third of five documents under one signature, third of five leaves under one receipt",
        proof.build(envelope.encode(bulk()[2]), author, recipient, receipt_proof(wire, bulk()[2].id)),
    )
    wire = world.receipt_of([single().id], RECIPIENT_ID, first, first_seq=9, verdict="held")
    yield (
        "earlier-epoch-of-recipient",
        "the receipt names the last entry of an epoch that has ended; verdict held",
        proof.build(envelope.encode(single()), author, recipient, receipt_proof(wire, single().id)),
    )
    yield (
        "personal-part-erased",
        "the personal part is gone, everything else proves",
        proof.build(envelope.encode(world.erased(single(), "personal")), author),
    )
    late = world.eventful_log()
    document = world.signed(world.order(late, RECIPIENT_ID), "maker 4")
    wire = world.receipt_of([document.id], RECIPIENT_ID, recipient.epoch.hash, verdict="refused")
    yield (
        "eventful-author",
        "guardians, new words, a move, a theft undone, a restart; verdict refused",
        proof.build(envelope.encode(document), late, recipient, receipt_proof(wire, document.id)),
    )


def refused() -> Iterator[tuple[str, str, bytes]]:
    """(name, which rule it breaks, proof)."""
    yield from _wrong_documents()
    yield from _wrong_histories()
    yield from _wrong_epochs()
    yield from _wrong_receipts()


def _author() -> bytes:
    return log.encode_history(world.author_log())


def _recipient() -> bytes:
    return log.encode_history(world.recipient_log())


def _wrong_documents() -> Iterator[tuple[str, str, bytes]]:
    draft = world.order(world.author_log(), RECIPIENT_ID)
    yield "signed-by-stranger", "signature under another key", raw(world.signed(draft, "stranger"), _author())
    other = world.order(world.author_log(), RECIPIENT_ID, "24-0018")
    document = world.signed(other)._replace(signature=single().signature, path=single().path)
    yield "signature-of-another-document", "the path leads to another root", raw(document, _author())
    part = single().parts["business"]
    swapped = {**single().parts, "business": part._replace(content=part.content[:-1] + b"!")}
    yield "part-changed", "a part does not match its hash", raw(single()._replace(parts=swapped), _author())
    salted = {**single().parts, "business": part._replace(salt=world.octets("other salt", 16))}
    yield "salt-changed", "a salt does not match the part's hash", raw(single()._replace(parts=salted), _author())
    purpose = envelope.sign(key("maker 1"), [draft])[0]
    signature = key("maker 1").sign(Purpose.CARD, envelope.signed_root(purpose))
    yield "signed-for-another-purpose", "signature for a card", raw(purpose._replace(signature=signature), _author())
    live = world.order(world.author_log(), RECIPIENT_ID, network="live")
    yield "document-of-another-network", "live document, test member", raw(world.signed(live), _author())


def _wrong_histories() -> Iterator[tuple[str, str, bytes]]:
    namesake = world.enrolled(world.member("maker", "another association"), world.AUTHOR_HOME)
    yield "history-of-another-member", "genesis is not the author", raw(single(), log.encode_history(namesake))
    records = world.signed_records(world.author_log())
    yield "no-epoch", "the document's epoch is not shown", raw(single(), world.history(AUTHOR.genesis, []))
    yield "record-repeated", "a record stands twice", raw(single(), world.history(AUTHOR.genesis, records * 2))
    late = world.signed_records(world.eventful_log())
    document = world.signed(world.order(world.eventful_log(), RECIPIENT_ID), "maker 4")
    missing = world.history(AUTHOR.genesis, [*late[:2], *late[3:]])
    yield "record-left-out", "a record's predecessor is missing", raw(document, missing)
    swapped = world.history(AUTHOR.genesis, [late[1], late[0], *late[2:]])
    yield "records-out-of-order", "a record stands before its predecessor", raw(document, swapped)
    theft = world.signed(world.order(world.eventful_log(), RECIPIENT_ID, epoch=late[4].record.hash), "thief 1")
    yield "epoch-undone", "signed in an epoch that was undone", raw(theft, log.encode_history(world.eventful_log()))

    at = world.author_log()
    turned = world.record(at, Rank.WORDS, world.epoch(at, world.AUTHOR_HOME, "maker 2", Reason.ROTATE), "turned")
    signed = control.sign(turned, [("words", AUTHOR.words), (HOME, key(world.AUTHOR_HOME))])
    home = next(item for item in signed.proofs if item.role == HOME)
    added = signed._replace(proofs=tuple(sorted((*signed.proofs, home._replace(role="node")))))
    document = world.signed(world.order(log.admit(at, signed, world.START), RECIPIENT_ID), "maker 2")
    yield (
        "role-not-asked-for",
        "a genuine signature stands once more under a role that the rule does not ask for",
        raw(document, world.history(AUTHOR.genesis, [*records, added])),
    )


Signer = tuple[str, SigningKey]


def _forged(before: ControlLog, rank: Rank, payload: Payload, *signers: Signer, number: int = 0) -> bytes:
    """A proof of an order signed by ``thief 1`` in an epoch that ``signers`` opened behind ``before``."""
    made = world.record(before, rank, payload, "forged")
    if number:
        at = before.standing
        made = control.draft(world.NETWORK, before.member, number, at.hash, rank, payload, world.START, made.nonce)
    signed = control.sign(made, signers)
    document = world.signed(world.order(before, RECIPIENT_ID, epoch=made.hash), "thief 1")
    return raw(document, world.history(before.genesis_bytes, [*world.signed_records(before), signed]))


def _wrong_epochs() -> Iterator[tuple[str, str, bytes]]:
    before = world.author_log()
    words, association, factor = ("words", AUTHOR.words), ("association", key("association")), ("factor", AUTHOR.factor)
    home, thief = (HOME, key("toyota")), (HOME, key("thief"))
    node = ("node", key("toyota"))
    moved = world.epoch(before, "thief", "thief 1", Reason.MOVE)
    same = world.epoch(before, "toyota", "thief 1", Reason.RESTART)
    yield (
        "move-by-association",
        "rank association moves a member",
        _forged(before, Rank.ASSOCIATION, moved, association, node, thief),
    )
    yield "move-by-node", "rank node moves a member", _forged(before, Rank.NODE, moved, node, thief)
    yield "move-without-words", "rank words without the words", _forged(before, Rank.WORDS, moved, factor, thief)
    yield (
        "words-of-another-member",
        "words that are not this member's",
        _forged(before, Rank.WORDS, moved, ("words", RECIPIENT.words), thief),
    )
    yield (
        "factor-missing",
        "rank words and factor by the words alone",
        _forged(before, Rank.WORDS_AND_FACTOR, moved, words, thief),
    )
    yield "no-consent-of-home", "an epoch without its home's consent", _forged(before, Rank.WORDS, moved, words)
    yield (
        "consent-of-another-node",
        "the consent of a node that is not the home",
        _forged(before, Rank.WORDS, moved, words, home),
    )
    yield (
        "node-of-another-member",
        "restart by a node that is not the home",
        _forged(before, Rank.NODE, same, ("node", key("kyoto")), home),
    )
    yield (
        "superfluous-proof",
        "a proof whose key holds no such role",
        _forged(before, Rank.NODE, same, node, home, ("words", key("stranger"))),
    )
    yield (
        "wrong-parent",
        "an epoch that does not follow the one before",
        _forged(before, Rank.NODE, same._replace(parent=world.octets("other parent")), node, home),
    )
    yield (
        "wrong-epoch-number",
        "an epoch's number jumps",
        _forged(before, Rank.NODE, same._replace(number=3), node, home),
    )
    yield "wrong-record-number", "a record's number jumps", _forged(before, Rank.NODE, same, node, home, number=3)
    yield (
        "move-called-restart",
        "another home without the reason move",
        _forged(before, Rank.WORDS, moved._replace(reason=Reason.RESTART), words, thief),
    )
    yield (
        "enrolled-twice",
        "a second enrolment",
        _forged(before, Rank.WORDS, same._replace(reason=Reason.ENROL), words, home),
    )
    yield (
        "guardians-do-not-exist",
        "rank guardians without guardians",
        _forged(before, Rank.GUARDIANS, moved, association, ("guardian", key("guardian a")), thief),
    )
    yield from _wrong_guardians(thief)
    yield from _wrong_undo()
    yield from _first_epoch()


def _wrong_guardians(thief: Signer) -> Iterator[tuple[str, str, bytes]]:
    guards = tuple(sorted(key(name).public for name in world.GUARDIANS))
    guarded = world.admit(
        world.author_log(), Rank.WORDS, Guardians(guards, 2, 2, 2), "guardians", ("words", AUTHOR.words)
    )
    moved = world.epoch(guarded, "thief", "thief 1", Reason.MOVE)
    association = ("association", key("association"))
    yield (
        "too-few-guardians",
        "one guardian where two are needed",
        _forged(guarded, Rank.GUARDIANS, moved, association, ("guardian", key("guardian a")), thief),
    )
    yield (
        "guardians-chosen-by-association",
        "association and node choose the guardians with whom the association then moves the member",
        _moved_by(Rank.ASSOCIATION, Guardians(guards, 2, 2, 2), association, ("node", key("toyota"))),
    )
    replaced = RoleKeys(Role.ASSOCIATION, 1, (key("thief").public,))
    yield (
        "keys-replaced-by-association",
        "association and node replace the keys of a role",
        _moved_by(Rank.ASSOCIATION, replaced, association, ("node", key("toyota"))),
    )


def _moved_by(rank: Rank, first: Payload, *signers: Signer) -> bytes:
    """A record that ``signers`` may not make, and behind it a move signed by words: only the first can be wrong."""
    before = world.author_log()
    record = control.sign(world.record(before, rank, first, "first"), signers)
    moved = control.draft(
        world.NETWORK,
        AUTHOR.id,
        record.record.number + 1,
        record.record.hash,
        Rank.WORDS,
        world.epoch(before, "thief", "thief 1", Reason.MOVE),
        world.START,
        world.octets("moved", 16),
    )
    opened = control.sign(moved, [("words", AUTHOR.words), (HOME, key("thief"))])
    document = world.signed(world.order(before, RECIPIENT_ID, epoch=moved.hash), "thief 1")
    return raw(document, world.history(AUTHOR.genesis, [*world.signed_records(before), record, opened]))


def _rivals(rank: Rank, *signers: Signer) -> bytes:
    """The owner opened an epoch with rank words; somebody with ``rank`` opens a rival one."""
    before = world.author_log()
    own = world.admit(
        before, Rank.WORDS, world.epoch(before, "toyota", "maker 2", Reason.ROTATE), "own",
        ("words", AUTHOR.words), (HOME, key("toyota")),
    )  # fmt: skip
    rival = world.record(before, rank, world.epoch(before, "toyota", "thief 1", Reason.ROTATE), "rival")
    signed = control.sign(rival, [*signers, (HOME, key("toyota"))])
    document = world.signed(world.order(before, RECIPIENT_ID, epoch=rival.hash), "thief 1")
    return raw(document, world.history(AUTHOR.genesis, [*world.signed_records(own), signed]))


def _wrong_undo() -> Iterator[tuple[str, str, bytes]]:
    yield "undo-by-equal-rank", "words undo what words did", _rivals(Rank.WORDS, ("words", AUTHOR.words))
    yield "undo-by-lower-rank", "the node undoes what words did", _rivals(Rank.NODE, ("node", key("toyota")))


def _first_epoch() -> Iterator[tuple[str, str, bytes]]:
    before = log.start(AUTHOR.genesis)
    opened = world.epoch(before, "thief", "thief 1", Reason.ENROL)
    association = ("association", key("association"))
    yield (
        "enrolled-by-association",
        "the first epoch without words",
        _forged(before, Rank.ASSOCIATION, opened, association, (HOME, key("thief"))),
    )
    loose = Genesis(
        world.NETWORK,
        bytes(16),
        (Rule(Rank.ASSOCIATION, (Role.ASSOCIATION,)),),
        (RoleKeys(Role.ASSOCIATION, 1, (association[1].public,)),),
    )
    lenient = log.start(genesis.encode(loose))
    yield (
        "enrolled-below-words",
        "the first epoch with less than rank words, whatever the genesis lets the association sign",
        _forged(
            lenient, Rank.ASSOCIATION, world.epoch(lenient, "thief", "thief 1", Reason.ENROL),
            association, (HOME, key("thief")),
        ),
    )  # fmt: skip
    weak = Genesis(world.NETWORK, bytes(16), DEFAULT_RULES[:1], (RoleKeys(Role.WORDS, 1, (AUTHOR.words.public,)),))
    ruled = log.start(genesis.encode(weak))
    yield "rank-without-a-rule", "the genesis has no rule for the rank", _forged(
        ruled, Rank.WORDS, world.epoch(ruled, "thief", "thief 1", Reason.ENROL),
        ("words", AUTHOR.words), (HOME, key("thief")),
    )  # fmt: skip


def _wrong_receipts() -> Iterator[tuple[str, str, bytes]]:
    document, recipient = single(), world.recipient_log()
    now, before = recipient.epoch.hash, recipient.epoch.parent

    def shown(wire: bytes, name: bytes = document.id, whom: bytes = RECIPIENT_ID) -> bytes:
        return raw(document, _author(), _recipient(), receipt_proof(wire, name, whom))

    fine = world.receipt_of([document.id], RECIPIENT_ID, now)
    proven = receipt_proof(fine, document.id)
    yield "receipt-without-history", "a receipt, but no history", raw(document, _author(), b"", proven)
    yield "history-without-receipt", "a history, but no receipt", raw(document, _author(), _recipient())
    yield (
        "receipt-by-another-node",
        "signed by a node that is not the recipient's home",
        shown(world.receipt_of([document.id], RECIPIENT_ID, now, home="thief")),
    )
    yield (
        "receipt-cut-back",
        "its entry lies behind the end of its epoch",
        shown(world.receipt_of([document.id], RECIPIENT_ID, before, first_seq=10)),
    )
    yield (
        "receipt-of-unknown-epoch",
        "its epoch is not in the history",
        shown(world.receipt_of([document.id], RECIPIENT_ID, world.octets("no epoch"))),
    )
    yield (
        "receipt-not-entered",
        "no journal entered the document",
        shown(
            receipts.sign(
                key("kyoto"),
                world.NETWORK,
                world.node("toyota"),
                bytes(16),
                1,
                [receipts.Leaf(document.id, RECIPIENT_ID, b"", 0, "quarantined", False, "")],
                world.START,
            )
        ),
    )
    other = world.octets("another document")
    yield (
        "receipt-for-another-document",
        "its leaf names another document",
        shown(world.receipt_of([other], RECIPIENT_ID, now), other),
    )
    stranger = world.member("stranger").id
    yield (
        "receipt-for-another-recipient",
        "its leaf names another member",
        shown(world.receipt_of([document.id], stranger, now), document.id, stranger),
    )
    yield (
        "receipt-of-another-network",
        "receipt on live, document on test",
        shown(world.receipt_of([document.id], RECIPIENT_ID, now, network="live")),
    )
    head, signature, leaf, path = canon.decode(proven)[1:]
    changed = [*leaf[:4], "held", *leaf[5:]]
    yield (
        "verdict-changed",
        "the leaf is not under the signed root",
        raw(document, _author(), _recipient(), canon.encode((receipts.PROOF_TAG, head, signature, changed, path))),
    )
    elsewhere = world.enrolled(world.member("stranger"), "kyoto")
    yield (
        "history-of-another-recipient",
        "the history is not the audience's",
        raw(document, _author(), log.encode_history(elsewhere), proven),
    )
