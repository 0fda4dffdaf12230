"""The code reproduces the golden vectors byte for byte, and reads what they hold."""

import json
import re
from typing import Any

import msgspec
import pytest

from federation import guardians
from protocol import canon, journal, keys, move, proof, sealing, vault
from protocol.document import attachment, envelope, header
from protocol.errors import Malformed, PeerFault, TooLarge
from protocol.guardian import agreement, claim, frame, mail
from protocol.identity import card, control, descriptor, genesis, log
from protocol.keys import Purpose
from protocol.limits import MAX_BATCH_BYTES
from protocol.link import batch, carried, holdings, receipt
from protocol.offer import delta as offer_delta
from protocol.offer import signed as offers
from protocol.process.drawing import content, records
from protocol.process.group import facts as group_facts
from protocol.process.group import folding
from protocol.process.joint import arrival, billing, closing, deciding, pledge, shortage, terms
from protocol.process.trade import check
from protocol.statistics import lanes, messages, opening, rules, shamir
from tests.vectors import asking, generate, guarding, world


def load(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((generate.FOLDER / f"{name}.json").read_text("utf-8"))
    assert found
    return found


@pytest.mark.parametrize("name", generate.FILES)
def test_the_code_makes_the_same_bytes(name: str) -> None:
    assert generate.text_of(name) == (generate.FOLDER / f"{name}.json").read_text("utf-8")


def test_no_file_without_a_generator() -> None:
    assert {path.stem for path in generate.FOLDER.glob("*.json")} == set(generate.FILES)


@pytest.mark.parametrize("vector", load("canonical"), ids=lambda vector: str(vector["name"]))
def test_canonical_form(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["bytes"])
    if vector["valid"]:
        assert canon.encode(canon.decode(data)) == data
    else:
        with pytest.raises((Malformed, TooLarge)):
            canon.decode(data)


@pytest.mark.parametrize("vector", load("papers"), ids=lambda vector: str(vector["name"]))
def test_papers(vector: dict[str, Any]) -> None:
    paper = check.admit(vector["type"], vector["version"], bytes.fromhex(vector["bytes"]))
    assert json.loads(msgspec.json.encode(paper)) == vector["paper"]


def test_keys_and_trees() -> None:
    for vector in load("keys"):
        if "seed" in vector:
            assert keys.SigningKey(bytes.fromhex(vector["seed"])).seed().hex() == vector["seed"]
        if "signature" in vector:
            purpose = next(item for item in Purpose if vector["name"].endswith(f" {item.value.decode()}"))
            public = keys.SigningKey(bytes.fromhex(vector["seed"])).public
            keys.verify(public, purpose, bytes.fromhex(vector["digest"]), bytes.fromhex(vector["signature"]))
        for item, path in zip(vector.get("items", ()), vector.get("paths", ()), strict=True):
            steps = [keys.Step(left, bytes.fromhex(sibling)) for left, sibling in path]
            assert keys.climb(bytes.fromhex(item), steps).hex() == vector["root"]


def test_identities() -> None:
    known: dict[str, log.ControlLog] = {}
    for vector in load("identities"):
        if "member" in vector:
            data = bytes.fromhex(vector["record"])
            assert genesis.encode(genesis.parse(data)) == data
            known[vector["member"]] = log.start(data)
        elif "signed" in vector:
            signed = control.parse(bytes.fromhex(vector["signed"]))
            assert control.encode(signed).hex() == vector["signed"]
            assert signed.record.hash.hex() == vector["hash"]
        elif "history" in vector:
            first, records = log.parse_history(bytes.fromhex(vector["history"]), MAX_BATCH_BYTES)
            found = log.admit_all(log.start(first), records, 0)
            assert found.epoch.hash.hex() == vector["epoch"]
            assert found.standing.hash.hex() == vector["standing"]


def test_documents() -> None:
    for vector in load("documents"):
        document = envelope.parse(bytes.fromhex(vector["envelope"]))
        envelope.verify(document, bytes.fromhex(vector["signing_key"]))
        assert envelope.encode(document).hex() == vector["envelope"]
        assert document.id.hex() == vector["id"]
        assert header.encode(document.header) == document.header_bytes


def test_journal_heads() -> None:
    for vector in load("journal"):
        if "signature" in vector:
            at = journal.parse_head(bytes.fromhex(vector["record"]))
            journal.verify_head(bytes.fromhex(vector["signing_key"]), at, bytes.fromhex(vector["signature"]))
            assert journal.encode_head(at).hex() == vector["record"]


def test_links() -> None:
    for vector in load("links"):
        name, wire = vector["name"], bytes.fromhex(vector.get("signed", ""))
        if name.startswith("batch"):
            found = batch.verify(wire, bytes.fromhex(vector["signer"]))
            for item in found.items:
                assert item.kind in {kind.value for kind in batch.ItemKind}
        elif name.startswith("receipt:"):
            assert receipt.verify(wire, bytes.fromhex(vector["signer"])).head.root.hex() == vector["root"]
        elif name.startswith("receipt proof"):
            head, leaf = receipt.verify_proof(bytes.fromhex(vector["proof"]), world.key("kyoto").public)
            assert (leaf.document.hex(), leaf.recipient.hex()) == (vector["document"], vector["recipient"])
            assert head.leaves == 5
        elif name.startswith("carried"):
            piece = bytes.fromhex(vector["piece"])
            about, load_ = carried.open_piece(piece, keys.SigningKey(bytes.fromhex(vector["receiver_seed"])))
            assert generate.plain(about) == vector["label"]
            assert [load_.content.value, *generate.plain(load_[1:])] == vector["load"]
        else:
            for part in vector["records"]:
                assert holdings.parse(bytes.fromhex(part)).network == "test"


def test_directory() -> None:
    shown, public = load("directory")
    assert descriptor.parse(bytes.fromhex(shown["signed"])).node.hex() == shown["node_id"]
    assert card.verify(bytes.fromhex(public["signed"]), bytes.fromhex(public["signing_key"])).name == "豊田精機株式会社"


def test_guardians() -> None:
    """Whoever holds the words opens the frames of the vectors and finds the claim in order."""
    found = {vector["name"]: vector for vector in load("guardians")}

    def wire(name: str, field: str = "signed") -> bytes:
        return bytes.fromhex(found[name][field])

    epoch = guarding.guarded().epoch
    kept = vault.verify(wire("vault"), epoch)
    opened = vault.unwrap(kept, keys.SigningKey(wire("vault", "words_seed")))
    assert opened == vault.unwrap(kept, keys.SigningKey(wire("vault", "association_seed")))
    last = None
    for name in ("frame 1", "frame 2"):
        item = frame.parse(wire(name))
        frame.require_next(last, last := frame.verify(item, epoch))
        assert frame.unseal(item, opened) == wire(name, "plain")
    chunk = found["chunk 3 of an attachment"]
    secret = wire("vault", "vault_key")
    assert vault.open_chunk(secret, bytes.fromhex(chunk["root"]), 3, bytes.fromhex(chunk["sealed"])) == b"chunk"
    both = agreement.parse(wire("agreement"))
    assert agreement.is_in_force(*both, both[0].terms.since)
    made = claim.parse_claim(wire("claim", "bytes"))
    fenced = claim.parse_fence(made.fence)
    guardians.require_fence(guarding.guarded(), fenced, 0, consent=False)
    publics = guarding.guarded().standing.guardians.keys  # type: ignore[union-attr]
    promises = [claim.verify_promise(item, publics) for item in made.promises]
    record = control.parse(made.record).record
    register = guardians.on_fence(None, fenced.fence)
    assert guardians.on_claim(register, fenced.fence, record, promises, 2, 0).accepted == record.hash
    word = claim.verify_countersigned(claim.parse_claimed(wire("answer to the claim", "bytes"))[0], publics)
    assert word.record == record.hash
    box = mail.verify_box(wire("box"), epoch)
    assert (box.public, box.member) == (mail.box_key(secret).public, kept.member)
    label, inside = mail.open_parcel(wire("parcel", "bytes"), mail.box_key(opened[box.name]))
    assert (label.receiver, inside) == (box.member, wire("parcel", "batch"))
    assert mail.parse_waiting(wire("what waits", "bytes")).listed[0].id == wire("parcel", "id")


def test_moves() -> None:
    """The new home opens the vault key, and the record that waits for the words is one that they may sign."""
    found = {vector["name"]: vector for vector in load("guardians")}

    def wire(name: str, field: str = "bytes") -> bytes:
        return bytes.fromhex(found[f"move: {name}"][field])

    named = move.parse_ask(wire("ask")).move
    about = move.key_about(named, world.AUTHOR.id, vault.name_of(guarding.KEY))
    own = keys.SigningKey(wire("sealed vault key", "kyoto_seed"))
    assert sealing.unseal(wire("sealed vault key", "sealed"), about, own) == guarding.KEY
    drafted = control.parse(move.parse_switch(wire("switch")).record)
    words = world.AUTHOR.words
    proof_of_words = control.Proof("words", words.public, words.sign(Purpose.CONTROL, drafted.record.hash))
    signed = control.Signed(drafted.record, tuple(sorted({*drafted.proofs, proof_of_words})))
    assert log.admit(guarding.guarded(), signed, 0).epoch.home == keys.node_id(own.public)
    assert move.parse_said(wire("wait")).word is move.Word.WAIT
    assert {move.parse_read(wire("read")).move, move.parse_cancel(wire("cancel")), move.parse_done(wire("done"))} == {
        named
    }


def test_statistics() -> None:
    """Whoever has the seeds of the vectors opens the sums from the masked answers."""
    found = {vector["name"]: vector for vector in load("statistics")}
    for vector in (found["size classes"], found["counts"]):
        assert rules.class_counts(vector["contributions"], 65_535) == tuple(vector["classes"])
    shared = found["shares of a secret"]
    dealt = {at + 1: bytes.fromhex(share) for at, share in enumerate(shared["shares"])}
    assert shamir.join({at: dealt[at] for at in (2, 4, 5, 6)}, shared["threshold"]).hex() == shared["secret"]
    setting = asking.setting()
    answers, own = {}, {}
    for vector in found["answers of step 2"]["answers"]:
        number, words = opening.require_answer(setting, 2, bytes.fromhex(vector["signed"]), 2)
        answers[number], own[number] = words, bytes.fromhex(vector["own_seed"])
    total = lanes.to_values(opening.total(setting, 2, tuple(answers), answers, own, {}))
    assert list(total) == found["answers of step 2"]["sums"]
    made = messages.parse_result(bytes.fromhex(found["result"]["record"]))
    assert [value for _, value in made.sums] == list(total)


def test_joint_rounds() -> None:
    """Whoever has the round and the pledges of the vectors computes the result that was signed, and its slips."""
    found = {vector["name"]: vector for vector in load("joint")}

    def wire(name: str, field: str = "bytes") -> bytes:
        return bytes.fromhex(found[name][field])

    terms_, name = terms.verify(wire("round", "signed"))
    words = {
        word.hash: word
        for shop in ("bunbuku", "suzumeya", "momonosato")
        if (
            word := pledge.verify(
                wire(f"pledge of {shop}", "signed"), terms_, name, wire(f"pledge of {shop}", "signing_key")
            )
        )
    }
    own = keys.SigningKey(wire("sealed pledge", "receiver_seed"))
    assert pledge.unseal(wire("sealed pledge", "sealed"), name, own) == wire("pledge of bunbuku", "signed")
    assert pledge.verify_receipt(wire("receipt"), terms_, name)[0].word in words
    stated = deciding.verify_statement(wire("statement"), terms_, name)
    outcome = deciding.outcome_of(terms_, name, stated.attempt, stated.words, words.get)
    assert outcome.record.hex() == found["result"]["record"]
    assert deciding.verify_closed(wire("closed"), terms_, name) == outcome.result
    assert [slip.hex() for slip in outcome.slips] == [
        each["record"] for each in load("joint") if each["name"] == "slip"
    ]
    said = arrival.verify(wire("arrival", "signed"), name, wire("arrival", "signing_key"))
    assert said.hash.hex() == found["arrival"]["hash"]
    less = shortage.arrived(outcome, {said.arrival.member: dict(said.arrival.came)})
    parts = [[part.share.pledge.member.hex(), [list(rate) for rate in part.rates], part.total]
             for part in billing.pass_on(less, {100: 11_688})]  # fmt: skip
    assert parts == found["bill passed on by what came"]["parts"]
    closed, slip, path = closing.parse_told(wire("told"))
    assert closing.verify_slip(deciding.verify_closed(closed, terms_, name), slip, path).pays == 41_600


def test_drawings() -> None:
    """Records of a drawing are read, their keys and pieces opened."""
    found = {vector["name"]: {k: v if k in ("name", "index") else bytes.fromhex(v) for k, v in vector.items()}
             for vector in load("drawings")}  # fmt: skip
    piece = found["piece"]
    assert content.open_piece(piece["sealed"], piece["key"], piece["about"], 0) == piece["plain"]
    known = {
        name: records.verify(each["signed"], lambda *_, key=each["signing_key"]: key)
        for name, each in found.items()
        if name != "piece"
    }
    version, grant = known["version"], known["grant"]
    assert attachment.root_of(len(piece["sealed"]), [piece["sealed"]]) == version.record.root
    own = keys.SigningKey(found["grant"]["node_seed"])
    assert records.unseal_key(grant.record.sealed, version.hash, grant.record.reader, own) == piece["key"]
    assert known["reading"].record.grant == grant.hash
    assert known["deletion"].record.grant == known["withdrawal"].hash


def test_groups() -> None:
    """The facts of the vectors come to the group that is stated, whatever their order."""
    *said, stated = load("groups")
    keys_ = {one["hash"]: bytes.fromhex(one["signing_key"]) for one in said}
    known = [group_facts.verify(bytes.fromhex(one["signed"]), lambda *_, name=one["hash"]: keys_[name]) for one in said]
    assert [one.hash.hex() for one in known] == [one["hash"] for one in said]
    for each in (known, known[::-1]):
        found = folding.fold(each)
        assert found is not None
        assert sorted(one.hex() for one in found.standing.members) == stated["members"]
        assert sorted(one.hex() for one in found.standing.keepers) == stated["keepers"]
        assert [one.hex() for one in found.heads] == stated["heads"]
        assert sorted(one.hex() for one in found.void) == stated["void"]
        assert found.standing.invited == frozenset()


@pytest.mark.parametrize("vector", load("proofs"), ids=lambda vector: str(vector["name"]))
def test_proofs(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["proof"])
    if vector["valid"]:
        assert proof.verify(data).document.id == canon.digest(canon.decode(canon.decode(data)[1])[1])
    else:
        with pytest.raises(PeerFault):
            proof.verify(data)


def test_the_examples_of_the_protocol_page_are_from_the_vectors() -> None:
    page = (generate.FOLDER.parents[1] / "docs" / "protocol.md").read_text("utf-8")
    vectors = "".join((generate.FOLDER / f"{name}.json").read_text("utf-8") for name in generate.FILES)
    shown = re.findall(r"\b[0-9a-f]{12,}\b", page)
    assert len(shown) > 15
    assert [hexadecimal for hexadecimal in shown if hexadecimal not in vectors] == []


def test_every_tag_is_on_the_protocol_page() -> None:
    """A record that a node sends or signs and that the page does not describe could not be written by another team."""
    root = generate.FOLDER.parents[1]
    page = (root / "docs" / "protocol.md").read_text("utf-8")
    code = "".join(
        path.read_text("utf-8")
        for folder in ("protocol", "federation", "node/services", "node/aio", "node/api/peer")
        for path in sorted((root / folder).rglob("*.py"))
    )
    inside = {"yui/behind/1", "yui/invitation/1", "yui/return-progress/1", "yui/wrap/1"}  # never leave their node
    tags = set(re.findall(r"[\"`\[]\"?(yui/[a-z/-]+/1)\b", code)) - inside
    assert len(tags) > 25
    assert sorted(tag for tag in tags if tag not in page) == []


def test_offers() -> None:
    """Every kind is read and verified; revision and withdrawal name the series; the delta holds both."""
    found = load("offers")
    for vector in found[:-1]:
        read = offers.parse(bytes.fromhex(vector["signed"]))
        assert offers.verify(read, bytes.fromhex(vector["signing_key"])) == read
        assert (read.id.hex(), read.series.hex()) == (vector["id"], vector["series"])
    assert len({vector["series"] for vector in found[-4:-1]}) == 1
    told = offer_delta.parse(bytes.fromhex(found[-1]["bytes"]))
    assert [entry.hex() for entry in told.entries] == [vector["signed"] for vector in found[-3:-1]]
