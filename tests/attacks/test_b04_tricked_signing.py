"""Row B4: a server that signs what a stranger hands it (Matrix, CVE-2026-24471: signing of remote templates).

A key signs in these places, all listed here, each over the digest of a record that the same function puts together,
for its own purpose. Whoever adds another has to add it to this list, and should ask first what a stranger could put
into it. Nobody but ``protocol.keys`` has a signing function of libsodium at hand.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "federation", "node", "cli")

# (file, function): (purpose, what is signed)
SIGNERS = {
    ("protocol/identity/descriptor.py", "sign"): ("DESCRIPTOR", "canon.digest(record)"),
    ("protocol/identity/control.py", "sign"): ("CONTROL", "record.hash"),
    ("protocol/identity/card.py", "sign"): ("CARD", "canon.digest(record)"),
    ("protocol/document/envelope.py", "sign"): ("DOCUMENTS", "root"),
    ("protocol/link/batch.py", "sign"): ("BATCH", "canon.digest(record)"),
    ("protocol/link/receipt.py", "sign"): ("RECEIPT", "canon.digest(record)"),
    ("protocol/journal.py", "sign_head"): ("HEAD", "canon.digest(encode_head(at))"),
    ("federation/enrolment.py", "Caller.answered"): ("ENROL", "_enrolment_id(self._transcript)"),
    ("federation/enrolment.py", "Desk._finish"): ("ENROL", "enrolment"),
    ("node/services/greeting.py", "_sign"): ("HELLO", "canon.digest(record)"),
    ("protocol/vault.py", "sign"): ("VAULT", "canon.digest(record)"),
    ("protocol/guardian/frame.py", "sign"): ("FRAME", "hashed"),
    ("protocol/guardian/frame.py", "sign_kept"): ("KEPT", "canon.digest(record)"),
    ("protocol/guardian/agreement.py", "sign"): ("CUSTODY", "agreement.hash"),  # people agreed to exactly this record
    ("protocol/guardian/claim.py", "sign_fence"): ("FENCE", "fence.hash"),
    ("protocol/guardian/claim.py", "sign_promise"): ("PROMISE", "canon.digest(record)"),
    ("protocol/guardian/claim.py", "sign_countersigned"): ("COUNTERSIGN", "canon.digest(record)"),
    ("protocol/guardian/messages.py", "sign_find"): ("FENCE", "_find_digest(question)"),
    ("protocol/guardian/mail.py", "sign_box"): ("BOX", "canon.digest(record)"),
    ("protocol/guardian/forgetting.py", "sign_forgotten"): ("FORGOTTEN", "canon.digest(record)"),
    ("protocol/export.py", "sign"): ("EXPORT", "canon.digest(record)"),
    ("protocol/drill.py", "sign"): ("DRILL", "canon.digest(record)"),
    ("protocol/statistics/signed.py", "sign"): ("STATISTICS", "canon.digest(record)"),
    ("protocol/process/joint/signed.py", "sign"): ("JOINT", "canon.digest(record)"),
    ("protocol/offer/signed.py", "sign"): ("OFFER", "canon.digest(record)"),
    ("protocol/process/drawing/records.py", "sign"): ("DRAWING", "canon.digest(record)"),
    ("protocol/process/group/facts.py", "sign"): ("GROUP", "canon.digest(record)"),
    ("node/services/claiming.py", "fenced"): ("FENCE", "made.hash"),  # a fence that this node drafted
    # A guardian's proof in a record that somebody else drafted: the one place of its kind. It was judged, and stored
    # as accepted, before; and it opens an epoch at the claimant's node, never at this one (``on_claim``).
    ("node/services/warding.py", "prove_accepted"): ("CONTROL", "accepted.record"),
    # The node drafted it, the command line judges it: this member, a move, to the node that was named.
    ("cli/moving.py", "_signed"): ("CONTROL", "record.hash"),
    ("node/signing.py", "KeyRing.fence"): ("FENCE", "made.hash"),
    ("node/signing.py", "KeyRing.record"): ("CONTROL", "made.hash"),
}
# What stands for a digest above, as the same function makes it.
MADE = {
    ("protocol/identity/descriptor.py", "sign"): "record = canon.encode((TAG, *descriptor))",
    ("protocol/identity/card.py", "sign"): "record = canon.encode((TAG, *card))",
    ("protocol/document/envelope.py", "sign"): "root, paths = keys.tree([item.id for item in drafts])",
    ("protocol/link/batch.py", "sign"): "record = canon.encode((TAG, *batch))",
    ("protocol/link/receipt.py", "sign"): "record = canon.encode((TAG, *head))",
    ("federation/enrolment.py", "Desk._finish"): "enrolment = _enrolment_id(transcript)",
    ("protocol/vault.py", "sign"): "record = canon.encode((TAG, *vault[:4], vault.keys))",
    ("protocol/guardian/mail.py", "sign_box"): "record = canon.encode((BOX_TAG, *box))",
    ("protocol/drill.py", "sign"): "record = canon.encode((TAG, *drill))",
    ("protocol/statistics/signed.py", "sign"): "record = canon.encode((tag, *fields))",
    ("protocol/process/joint/signed.py", "sign"): "record = canon.encode((tag, *fields))",
    ("protocol/offer/signed.py", "sign"): "record = canon.encode(_plain(said))",
    ("protocol/process/drawing/records.py", "sign"): "record = canon.encode((tag, *fields))",
    ("protocol/guardian/frame.py", "sign"): "hashed = canon.digest(record)",
    (
        "protocol/guardian/frame.py",
        "sign_kept",
    ): "record = canon.encode((KEPT_TAG, network, keys.node_id(key.public), home, time, tips, names))",
    (
        "protocol/guardian/forgetting.py",
        "sign_forgotten",
    ): "record = canon.encode((FORGOTTEN_TAG, network, keys.node_id(key.public), home, time, *asked, until))",
    ("protocol/guardian/claim.py", "sign_promise"): "record = canon.encode((PROMISE_TAG, *promise))",
    ("protocol/guardian/claim.py", "sign_countersigned"): "record = canon.encode((COUNTERSIGNED_TAG, *word))",
    ("protocol/guardian/messages.py", "sign_find"): "question = Find(network, claimant, role, key.public, after)",
}
# Who may ask for a signature: files that call one of the functions above, with what they build themselves.
CALLERS = {
    "node/services/directory.py": "a member's own card",
    "node/services/exchange.py": "batches and receipts of this node",
    "node/services/receipting.py": "later verdicts of this node",
    "node/services/keying.py": "records of the control log that this node drafts",
    "node/services/members.py": "epochs that this node opens",
    "node/services/peers.py": "this node's descriptor",
    "node/services/proof.py": "this node's own receipt, once more",
    "node/services/trade.py": "documents that a local member submits",
    "node/services/greeting.py": "hellos and answers of this node",
    "node/sim/poison.py": "the simulator's dishonest node",
    "node/sim/guarded/base.py": "agreements of the simulator's federation",
    "node/sim/guarded/fate.py": "guardians that a simulated member names with its words",
    "node/sim/guarded/liars.py": "the simulator's lying guardian",
    "node/notices/encryption.py": "a push service's own token (VAPID), by a P-256 key that signs nothing else",
    "cli/bench/offers.py": "firms and offers of the bench, by keys of its own",
    "cli/bringing.py": "a fence or an epoch of a return to the very node that asks, by words or the association's key",
    "node/signing.py": "the same, where the keys are at hand",
    "node/services/claiming.py": "fences and epochs of returns to this node",
    "node/services/moving/arriving.py": "the consent of this node to be a member's home, in a record that it drafts",
    "node/leaving/archive.py": "archives of this node's members",
    "node/services/archived.py": "an epoch at this node for a member whose archive is here, drafted here",
    "node/services/guarding/agreeing.py": "agreements that people of this node made",
    "node/services/guarding/choosing.py": "the first guardians of a member, its words at hand at its enrolment",
    "node/services/guarding/framing.py": "frames of this node's members",
    "node/services/guarding/vaulting.py": "vaults of this node's members",
    "node/services/drilling/report.py": "what this node found in its own drill",
    "node/api/admin/drills.py": "the report of its own drill, put together here",
    "node/services/mailing/posting.py": "batches with what already waits in this node's streams",
    "protocol/statistics/question.py": "cohorts that a council publishes, questions that this node asks",
    "protocol/statistics/party.py": "this node's part in a question: commitment, shares, masked words",
    "protocol/statistics/ledger.py": "this node's ledger of questions",
    "node/services/questions/ledgering.py": "entries of this node's ledger, put together there",
    "node/sim/asked/liars.py": "the simulator's lying node",
    "federation/answering.py": "the list of answerers with this node on it, counts that it has added up itself",
    "federation/coordinating.py": "the sums that this node has added up",
    "node/services/groups/acting.py": "facts that a member of this node states in a group, put together here",
    "protocol/process/joint/terms.py": "rounds that this association announces",
    "protocol/process/joint/pledge.py": "a member's pledges, receipts of this conductor",
    "federation/conducting.py": "how far a round has come, as this conductor holds it",
    "protocol/process/joint/arrival.py": "a member's word about what came to it",
    "protocol/process/joint/metering.py": "how far a round has come, as this conductor holds it",
    "protocol/process/joint/deciding.py": "this conductor's own words in the closing of a round",
    "node/services/offers/publishing.py": "offers and withdrawals of this node's members as they said them",
    "node/services/joint/receiving.py": "a member's word about what came to it; receipts of this conductor",
    "node/services/joint/rounds.py": "rounds of this association, words of its members as they said them",
    "node/sim/rounds/world.py": "the simulator's rounds and firms",
    "cli/key.py": "a drafted control record, by the member's words or the association's key",
}
LIBRARIES = {
    "protocol/keys.py": "the one place",
    "protocol/sealing.py": "seals bytes to a node's key; signs nothing",
    "cli/bench/floors.py": "measures the machine, with a key of its own",
    "node/keyfile.py": "wraps keys at rest; signs nothing",
    "node/sealing.py": "seals files at rest; signs nothing",
}
CERTIFICATES = {"node/certificate.py": "a self-signed TLS certificate, P-256"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """(qualified name, node) of every function and of the module itself."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}{child.name}"
                if not isinstance(child, ast.ClassDef):
                    yield name, child
                yield from walk(child, f"{name}.")
            else:
                yield from walk(child, prefix)

    yield from walk(tree, "")


def sign_calls(node: ast.AST) -> Iterator[ast.Call]:
    for found in ast.walk(node):
        if isinstance(found, ast.Call) and isinstance(found.func, ast.Attribute) and found.func.attr == "sign":
            yield found


def purpose_of(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    named = isinstance(first, ast.Attribute) and isinstance(first.value, ast.Name) and first.value.id == "Purpose"
    return first.attr if named and isinstance(first, ast.Attribute) else None


def test_keys_sign_in_the_listed_places_only() -> None:
    found = {
        (path, name): (purpose, ast.unparse(call.args[1]))
        for path, tree in sources()
        for name, function in functions(tree)
        for call in sign_calls(function)
        if (purpose := purpose_of(call)) is not None
    }
    assert found == SIGNERS


def test_what_is_signed_was_put_together_in_the_same_function() -> None:
    for path, tree in sources():
        for name, function in functions(tree):
            made = MADE.get((path, name))
            if made is not None:
                assert made in {ast.unparse(node) for node in ast.walk(function) if isinstance(node, ast.Assign)}


def test_a_hello_is_put_together_by_whoever_has_it_signed() -> None:
    """``_sign`` of the greeting takes a record: its callers encode one of the two with the tag first."""
    tree = ast.parse((ROOT / "node/services/greeting.py").read_text("utf-8"))
    passed = []
    for _, function in functions(tree):
        assigned = {
            node.targets[0].id: ast.unparse(node.value)
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_sign":
                text = ast.unparse(call.args[2])
                passed.append(assigned.get(text, text))
    assert len(passed) == 2
    assert all(text.startswith(("canon.encode((HELLO, ", "canon.encode((ANSWER, ")) for text in passed), passed


def test_only_listed_files_ask_for_signatures() -> None:
    found = {
        path
        for path, tree in sources()
        for call in sign_calls(tree)
        if purpose_of(call) is None and path not in CERTIFICATES and path not in LIBRARIES
    }
    assert found == set(CALLERS) - {"node/services/greeting.py"}


def test_no_other_file_has_a_library_that_signs() -> None:
    found = set()
    for path, tree in sources():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if any(text.startswith("nacl.") or text == "nacl" for text in [module, *names] if "exceptions" not in text):
                found.add(path)
            assert not any("ed25519" in text.lower() for text in [module, *names]), path
    assert found == set(LIBRARIES)


def test_wrapping_keys_is_not_signing() -> None:
    tree = ast.parse((ROOT / "node/keyfile.py").read_text("utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not {name for name in used if "sign" in name}


def test_every_kind_of_record_has_a_tag_of_its_own() -> None:
    """Two kinds with one tag could be signed as one and read as the other."""
    seen: dict[str, str] = {}
    for path, tree in sources():
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                tag = node.value.value
                if isinstance(tag, str) and tag.startswith("yui/") and tag.rsplit("/", 1)[-1].isdigit():
                    assert seen.setdefault(tag, path) == path, f"{tag}: {seen[tag]} and {path}"
    assert len(seen) > 15


@pytest.mark.parametrize("path", [*CALLERS, *LIBRARIES, *CERTIFICATES])
def test_the_lists_name_files_that_exist(path: str) -> None:
    assert (ROOT / path).is_file()
