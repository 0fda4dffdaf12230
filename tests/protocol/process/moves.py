"""What a clerk may write next: one move per type of paper and thing it can say. Numbers are few, so they collide."""

from __future__ import annotations

from collections.abc import Callable

from protocol.process.fact import Fact
from protocol.process.trade.papers import Item, Quotation, ResponseLine, Scaled
from tests.protocol.process.dealings import PARTIES, Desk, head, order_lines

Move = Callable[..., Fact]
ONE_OF_TEN = ResponseLine(line_id="1", order_line_id="1", status="changed", quantity=Scaled(7))
ADDED = ResponseLine(
    line_id="9", order_line_id="", status="added", item=Item(name="座金"), quantity=Scaled(3), unit="H87"
)

MOVES: dict[str, Move] = {
    "enquire": lambda desk, *seen: desk.enquire(*seen, number="E-2"),
    "quote": lambda desk, *seen: desk.quote(*seen),
    "quote otherwise": lambda desk, *seen: desk.quote(*seen, lines={"1": 3}),
    "quote again": lambda desk, *seen: desk.quote(*seen, revision=1),
    "order": lambda desk, *seen: desk.order(*seen),
    "order otherwise": lambda desk, *seen: desk.order(*seen, lines={"1": 4, "2": 5}),
    "order again": lambda desk, *seen: desk.order(*seen, lines={"1": 20}, revision=1),
    "order anew": lambda desk, *seen: desk.order(*seen, number="PO-2"),
    "receive order": lambda desk, *seen: desk.respond("received", *seen, number="R-0"),
    "accept": lambda desk, *seen: desk.respond("accepted", *seen),
    "accept beside": lambda desk, *seen: desk.respond("accepted", *seen, number="R-3"),
    "accept with changes": lambda desk, *seen: desk.respond("changed", *seen, number="R-4", lines=(ONE_OF_TEN, ADDED)),
    "refuse": lambda desk, *seen: desk.respond("refused", *seen, number="R-2"),
    "buyer changes": lambda desk, *seen: desk.change("buyer", *seen),
    "buyer changes again": lambda desk, *seen: desk.change("buyer", *seen, lines={"1": 6}, revision=1),
    "seller changes": lambda desk, *seen: desk.change("seller", *seen, number="C-2", lines={"2": 4}),
    "buyer cancels": lambda desk, *seen: desk.cancel("buyer", *seen),
    "buyer cancels a line": lambda desk, *seen: desk.cancel("buyer", *seen, lines=("1",)),
    "seller cancels a line": lambda desk, *seen: desk.cancel("seller", *seen, number="X-2", lines=("2",)),
    "accept buyer's change": lambda desk, *seen: desk.answer("seller", "accepted", "C-1", *seen),
    "refuse buyer's change": lambda desk, *seen: desk.answer("seller", "refused", "C-1", *seen, number="A-2"),
    "accept seller's change": lambda desk, *seen: desk.answer("buyer", "accepted", "C-2", *seen, number="A-3"),
    "accept cancellation": lambda desk, *seen: desk.answer("seller", "accepted", "X-1", *seen, number="A-4"),
    "refuse cancellation": lambda desk, *seen: desk.answer("seller", "refused", "X-1", *seen, number="A-5"),
    "accept cancelled line": lambda desk, *seen: desk.answer("buyer", "accepted", "X-2", *seen, number="A-6"),
    "accept counter": lambda desk, *seen: desk.answer("buyer", "accepted", "R-4", *seen, number="A-7"),
    "refuse counter": lambda desk, *seen: desk.answer("buyer", "refused", "R-4", *seen, number="A-8"),
    "ship": lambda desk, *seen: desk.despatch(*seen),
    "ship part": lambda desk, *seen: desk.despatch(*seen, number="D-2", lines={"1": 6}),
    "ship part again": lambda desk, *seen: desk.despatch(*seen, number="D-2", lines={"1": 5}, revision=1),
    "receive": lambda desk, *seen: desk.receive(*seen),
    "receive otherwise": lambda desk, *seen: desk.receive(*seen, passed={"1": 9, "2": 5}),
    "receive rest": lambda desk, *seen: desk.receive(*seen, number="V-3", passed={"1": 3}),
    "receive part": lambda desk, *seen: desk.receive(
        *seen, number="V-2", passed={"1": 4}, failed={"1": 2}, despatch="D-2"
    ),
    "invoice": lambda desk, *seen: desk.bill(*seen),
    "invoice part": lambda desk, *seen: desk.bill(*seen, number="I-2", lines={"1": 6}),
    "replace invoice": lambda desk, *seen: desk.correct("replaced", *seen),
    "replace otherwise": lambda desk, *seen: desk.correct("replaced", *seen, number="K-4", lines={"1": 2}),
    "replace it again": lambda desk, *seen: desk.correct(
        "replaced", *seen, number="K-3", corrects="K-1", lines={"1": 5}
    ),
    "credit": lambda desk, *seen: desk.correct("credited", *seen, number="K-2", lines={"1": 1}),
    "credit all": lambda desk, *seen: desk.correct("credited", *seen, number="K-5"),
    "state purchase": lambda desk, *seen: desk.state(*seen, lines={"1": 6}),
    "state purchase again": lambda desk, *seen: desk.state(*seen, lines={"1": 5}, revision=1),
    "confirm": lambda desk, *seen: desk.confirm("confirmed", *seen),
    "do not confirm": lambda desk, *seen: desk.confirm("refused", *seen, number="F-2"),
    "pay": lambda desk, *seen: desk.pay(1650, *seen),
    "pay part": lambda desk, *seen: desk.pay(600, *seen, number="P-2"),
    "pay purchase": lambda desk, *seen: desk.pay(660, *seen, number="P-3", bill="T-1", kind="self_billed_statement"),
    "say": lambda desk, *seen: desk.say("seller", *seen),
    "talk about the price": lambda desk, *seen: desk.say("buyer", *seen, number="M-2", kind="price_talk"),
}


def _quoted_otherwise(desk: Desk) -> Fact:
    return desk.write("seller", Quotation(**head("Q-9"), **PARTIES, lines=order_lines({"1": 1})))


def _asked(desk: Desk) -> Fact:
    """Both sides have asked for changes, and the buyer for a cancellation."""
    theirs = desk.change("seller", desk.change("buyer", desk.accepted()), number="C-2", lines={"2": 4})
    return desk.cancel("buyer", theirs)


OPENINGS: dict[str, Callable[[Desk], Fact]] = {
    "enquire": lambda desk: desk.enquire(),
    "quote": _quoted_otherwise,
    "order": lambda desk: desk.order(),
    "accepted": lambda desk: desk.accepted(),
    "countered": lambda desk: desk.countered(number="R-4"),
    "held": lambda desk: desk.held()[0],
    "invoice": lambda desk: desk.bill(),
    "asked": _asked,
    "asked before the answer": lambda desk: desk.cancel("buyer", desk.change("buyer", desk.order())),
    "stated": lambda desk: desk.state(desk.accepted(), lines={"1": 6}),
    "shipped and billed": lambda desk: desk.bill(desk.despatch(desk.accepted())),
}
