"""Row B3: somebody speaks in another's name (Mastodon CVE-2024-23832, diaspora CVE-2020-26257).

Whoever a record names, whoever signed it, whose log is asked and who stands at the other end of the connection have to
be the same. Every combination of right and wrong is tried: 2^n for n places, and only one of them is accepted.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import pytest

from node.services.trade import Submission
from node.store import Tx
from protocol import canon, proof
from protocol.document import envelope
from protocol.document.envelope import Document
from protocol.errors import PeerFault
from protocol.identity import card, log
from protocol.keys import Purpose
from protocol.link import batch as batches
from protocol.link import receipt as receipts
from protocol.link.batch import Batch, Item
from tests.node.services.town import Association, order, two_towns
from tests.vectors import exchanges, proof_cases, world
from tests.vectors.world import NETWORK, RECIPIENT, key, node, octets

OTHER = world.enrolled(world.member("other"), "kyoto")
AUTHOR = world.author_log()
READER = world.recipient_log()


def combinations(count: int) -> Iterator[tuple[bool, ...]]:
    """Every combination of ``count`` places being right (False) or wrong (True)."""
    yield from product((False, True), repeat=count)


def only_the_right_one(attempt: Callable[..., object], count: int) -> None:
    for wrong in combinations(count):
        if not any(wrong):
            attempt(*wrong)
            continue
        with pytest.raises(PeerFault):
            attempt(*wrong)


def test_documents() -> None:
    """Author, epoch, signing key, network and the log that is shown."""

    def attempt(author: bool, epoch: bool, signer: bool, network: bool, shown: bool, path: bool) -> None:
        header = proof_cases.single().header._replace(
            author=OTHER.member if author else AUTHOR.member,
            epoch=OTHER.epoch.hash if epoch else AUTHOR.epoch.hash,
            network="live" if network else NETWORK,
        )
        made = envelope.draft(header, proof_cases.single().parts)
        document = world.signed(made, "other 1" if signer else "maker 1")
        if path:
            document = document._replace(path=proof_cases.bulk()[0].path)
        found = proof.verify(proof_cases.raw(document, log.encode_history(OTHER if shown else AUTHOR)))
        if author:
            assert (found.author.member, epoch, signer, shown) == (OTHER.member, True, True, True)
            raise PeerFault("the other member's own document")

    only_the_right_one(attempt, 6)


def test_batches() -> None:
    """The sender that a batch names, the key that signed it, and the peer whose key it is checked with."""

    def attempt(named: bool, signer: bool, peer: bool) -> None:
        sent = Batch(NETWORK, node("kyoto" if named else "toyota"), node("shikoku"), octets("incarnation", 16), 0, ())
        wire = batches.sign(key("kyoto" if signer else "toyota"), sent)
        found = batches.verify(wire, key("kyoto" if peer else "toyota").public)
        if peer:
            assert found.sender == node("kyoto")
            raise PeerFault("the other node's own batch over the other node's connection")

    only_the_right_one(attempt, 3)


def test_receipts() -> None:
    """The signer that a receipt names, its key, the epoch's home, the recipient, the document and the network."""

    def attempt(named: bool, signer: bool, home: bool, recipient: bool, document: bool, network: bool) -> None:
        leaf = receipts.Leaf(
            octets("another document") if document else proof_cases.single().id,
            OTHER.member if recipient else RECIPIENT.id,
            OTHER.epoch.hash if home else READER.epoch.hash,
            1,
            "applied",
            False,
            "",
        )
        wire = receipts.sign(
            key("shikoku" if signer else "kyoto"),
            "live" if network else NETWORK,
            node("toyota"),
            bytes(16),
            1,
            [leaf],
            0,
        )
        tag, record, signature, leaves = canon.decode(wire)
        if named is not signer:  # sign() names its own key: name the other one and sign again
            fields = canon.decode(record)
            fields[2] = node("shikoku" if named else "kyoto")
            record = canon.encode(fields)
            signature = key("shikoku" if signer else "kyoto").sign(Purpose.RECEIPT, canon.digest(record))
        wire = canon.encode((tag, record, signature, leaves))
        shown = receipts.prove(wire, leaf.document, leaf.recipient)
        assert shown is not None
        history = log.encode_history(READER)
        proof.verify(proof_cases.raw(proof_cases.single(), log.encode_history(AUTHOR), history, shown))

    only_the_right_one(attempt, 6)


def test_cards() -> None:
    """A card is checked with the key of the epoch that it names, out of the log of the member that it names."""

    def attempt(member: bool, epoch: bool, signer: bool) -> None:
        shown = exchanges.CARD._replace(
            member=OTHER.member if member else AUTHOR.member,
            epoch=OTHER.epoch.hash if epoch else AUTHOR.epoch.hash,
        )
        wire = card.sign(key("other 1" if signer else "maker 1"), shown)
        named = card.parse(wire)
        at = OTHER if named.member == OTHER.member else AUTHOR
        opened = at.epoch_named(named.epoch)
        if opened is None:
            raise PeerFault("no such epoch of this member")
        card.verify(wire, opened.signing_key)
        if member:
            raise PeerFault("the other member's own card")

    only_the_right_one(attempt, 3)


class Towns:
    """Toyota sends, Kyoto receives; Shikoku is another peer of Kyoto with a member of its own."""

    def __init__(self) -> None:
        self.toyota, self.kyoto, self.buyer, self.seller = two_towns()
        self.shikoku = Association("四国")
        self.stranger = self.shikoku.enrol("阿波木工")
        self.shikoku.accept(self.kyoto)
        self.kyoto.accept(self.shikoku)
        self.kyoto.learn_from(self.shikoku)
        assert self.shikoku.greet(self.kyoto) == "ok"

    def document(self, author: bool, epoch: bool, signer: bool, audience: bool, number: str) -> Document:
        """An order of toyota's buyer to kyoto's seller, with the places named changed to shikoku's member."""
        sent = self.toyota.submit(self.buyer, Submission(self.seller, order(number)))[0]
        stored = self.toyota.see(lambda tx: tx.documents.full(sent.id))
        assert stored is not None
        wire = envelope.encode_raw(stored.row.header, stored.row.signature, canon.decode(stored.row.path), stored.parts)
        genuine = envelope.parse(wire)
        there = self.shikoku.see(lambda tx: tx.members.get(self.stranger))
        assert there is not None
        assert there.epoch is not None
        header = genuine.header._replace(
            author=self.stranger if author else genuine.header.author,
            epoch=there.epoch if epoch else genuine.header.epoch,
            audience=genuine.header.audience._replace(id=self.stranger if audience else genuine.header.audience.id),
        )
        keyring = self.shikoku.house.keyring if signer else self.toyota.house.keyring
        signing = keyring[there.epoch if signer else stored.row.epoch]
        return envelope.sign(signing, [envelope.draft(header, genuine.parts)])[0]


@pytest.fixture(scope="module")
def towns() -> Towns:
    return Towns()


def _stored(tx: Tx, name: bytes) -> object:
    return tx.documents.get(name)


def test_documents_at_a_node(towns: Towns) -> None:
    """Author, epoch, signing key, audience, and the peer that brings it, which is to be the author's home."""
    for at, wrong in enumerate(combinations(5)):
        author, epoch, signer, audience, bringer = wrong
        document = towns.document(author, epoch, signer, audience, f"PO-{at}")
        peer = towns.shikoku if bringer else towns.toyota
        batch = Batch(
            "test", peer.house.id, towns.kyoto.house.id, peer.house.incarnation, 0,
            (Item(10_000 + at, "document", envelope.encode(document)),),
        )  # fmt: skip
        taken, _ = towns.kyoto.take(peer, batches.sign(peer.house.node, batch))
        genuine = (author, epoch, signer, bringer) in ((False,) * 4, (True,) * 4) and not audience
        assert [leaf.verdict for leaf in taken.leaves] == ["applied" if genuine else "quarantined"], wrong
        held = towns.kyoto.see(partial(_stored, name=document.id))
        assert (held is not None) is genuine, wrong


def test_batches_at_a_node(towns: Towns) -> None:
    """Who a batch names as sender and receiver, who signed it, its network, and whose connection it came by."""

    def attempt(sender: bool, receiver: bool, signer: bool, network: bool, peer: bool) -> None:
        batch = Batch(
            "live" if network else "test",
            (towns.shikoku if sender else towns.toyota).house.id,
            (towns.shikoku if receiver else towns.kyoto).house.id,
            towns.toyota.house.incarnation,
            0,
            (),
        )
        wire = batches.sign((towns.shikoku if signer else towns.toyota).house.node, batch)
        towns.kyoto.take(towns.shikoku if peer else towns.toyota, wire)

    only_the_right_one(attempt, 5)


def test_receipts_at_a_node(towns: Towns) -> None:
    """Who a receipt is for, who signed it, its network, and whose connection it came by."""

    def attempt(receiver: bool, signer: bool, network: bool, peer: bool) -> None:
        wire = receipts.sign(
            (towns.shikoku if signer else towns.kyoto).house.node,
            "live" if network else "test",
            (towns.shikoku if receiver else towns.toyota).house.id,
            bytes(16),
            0,
            [],
            0,
        )
        towns.toyota.credit(towns.shikoku if peer else towns.kyoto, wire)

    only_the_right_one(attempt, 4)
