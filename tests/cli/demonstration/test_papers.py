"""The demo's papers: lawful, and a dealing that ends paid in full."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec

from cli.demonstration import dealing, papers
from cli.demonstration.firms import FIRMS, partners
from node.services import dealings
from node.services.trade import Submission
from protocol.process import checks
from protocol.process.trade.papers import PAPERS
from tests.node.services.town import two_towns


def steps() -> list[dealing.Step]:
    buyer, seller = FIRMS[dealing.BUYER], FIRMS[dealing.SELLER]
    return dealing.steps(dict(papers.party(buyer)), dict(papers.party(seller)), "1")


def test_the_long_dealing_folds_to_the_same_state_at_both_ends_with_nothing_refused() -> None:
    toyota, shikoku, buyer, seller = two_towns()
    thread = b""
    for step in steps():
        here, there, author, partner = (
            (toyota, shikoku, buyer, seller) if step.writer == dealing.BUYER else (shikoku, toyota, seller, buyer)
        )
        paper = msgspec.json.decode(json.dumps(step.body).encode(), type=PAPERS[step.type])
        sent = here.submit(author, Submission(partner, paper, thread=thread))[0]
        thread = thread or sent.thread
        here.greet(there)
        here.send_all(there)
        assert sent.verdict == "applied", step.type
    ends = [town.see(lambda tx: dealings.fold(tx, thread)).state for town in (toyota, shikoku)]
    assert ends[0] == ends[1]
    assert len(ends[0].outcomes) == len(steps())
    counted = Counter(outcome.verdict.value for outcome in ends[0].outcomes.values())
    assert counted == {"effective": len(steps()) - 1, "superseded": 1}  # the invoice, replaced by the corrected one


def test_it_has_every_kind_from_request_to_payment_a_correction_and_a_cancellation() -> None:
    kinds = [step.type for step in steps()]
    assert kinds[0] == "request_for_quotation"
    assert kinds[-1] == "payment_notice"
    assert {"quotation", "order", "order_response", "order_change", "order_cancellation"} <= set(kinds)
    assert {"despatch_advice", "receiving_advice", "invoice", "corrective_invoice"} <= set(kinds)


def test_firms_are_fictitious_and_their_numbers_valid() -> None:
    for firm in FIRMS.values():
        assert firm.corporate_number[1:5] == "9999"
        assert checks.is_corporate_number(firm.corporate_number)


def test_partners_live_at_different_nodes_and_every_link_has_its_turn() -> None:
    found = partners()
    assert len(set(found)) == len(found)
    links = Counter((FIRMS[buyer].association, FIRMS[seller].association) for buyer, seller in found[:6])
    assert len(links) == 6
    assert all(one != other for one, other in links)


def test_shipped_samples_become_papers_of_the_demos_firms(tmp_path: Path) -> None:
    for name in papers.names("order"):
        written = papers.write(name, tmp_path / name, "N-1", "F01", "F10").read_text("utf-8")
        assert ">N-1<" in written
        assert FIRMS["F01"].name in written
        assert FIRMS["F10"].name in written
    answered = {papers.order_of(name) for name in papers.names("response")}
    assert answered <= {papers.number_of(name) for name in papers.names("order")}
