"""The round of paper bags, with the organiser dark at the deadline: every record of §19, as the machines make them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from federation import conducting
from federation.conducting import Conducting, Send
from protocol import canon
from protocol.process.joint import arrival, billing, closing, deciding, metering, pledge, shortage, signed, stops
from protocol.process.joint.terms import Rule
from tests.protocol.process.joint import october
from tests.protocol.process.joint.october import ASSOCIATIONS, DEADLINE, SHOPS, bags, member, name
from tests.vectors import world
from tests.vectors.world import octets

Vector = dict[str, Any]
KINDS = {
    deciding.CALL_TAG: "call",
    deciding.PROMISE_TAG: "promise",
    deciding.STATEMENT_TAG: "statement",
    deciding.ACCEPTED_TAG: "acceptance",
    deciding.CLOSED_TAG: "closed",
    conducting.WANTED_TAG: "words wanted",
    conducting.HANDED_TAG: "words handed",
}


def sealed(shop: str, conductor: int) -> bytes:
    """A shop's word for one conductor."""
    public = bags().conductors[conductor].key
    return pledge.seal(october.said(shop).data, name(), public, octets(f"seed of {shop} to {conductor}"))


@cache
def ended() -> tuple[Conducting, dict[str, bytes]]:
    """四国's conductor after the closing, the first message of each kind, and a receipt."""
    hosts = [Conducting(bags(), name(), world.key(each), october.key_of) for each in ASSOCIATIONS]
    first: dict[str, bytes] = {}
    for shop in SHOPS:
        for host in hosts[1:] if shop == "momonosato" else hosts[:2]:
            first.setdefault("receipt", host.take(sealed(shop, host.number), DEADLINE - 1))
    sends: list[Send] = hosts[1].begin()
    while sends:
        send = sends.pop(0)
        record = signed.parse(send.body).record if send.body[2:18] == b"yui/joint-signed" else send.body
        first.setdefault(KINDS[canon.decode(record, max_bytes=2**20)[0]], send.body)
        if send.to:
            sends += hosts[send.to].on(send.body, DEADLINE)
    return hosts[1], first


def rule_of(rule: Rule) -> Vector:
    """Shares of a freight of 1,000 yen and two drops under a rule."""
    freight = bags().freight._replace(flat=1_000)
    found = bags()._replace(freight_rule=rule, freight=freight)
    outcome = closing.close(
        found, name(), 0, bytes(32), [october.pledged(shop, drop=shop == "bunbuku") for shop in SHOPS]
    )
    return {"rule": rule.value, "shares": {share.pledge.member.hex(): share.freight for share in outcome.shares}}


def vectors() -> Iterator[Vector]:
    """The vectors, in the order of the page."""
    host, first = ended()
    yield {"name": "round", "signed": october.announced(), "hash": name()}
    for shop in SHOPS:
        said = october.said(shop)
        found = {"name": f"pledge of {shop}", "signed": said.data, "signing_key": said.key}
        yield {**found, "hash": canon.digest(signed.parse(said.data).record)}
    withdrawn = october.said("bunbuku", revision=1, wants=())
    yield {"name": "withdrawal", "signed": withdrawn.data, "signing_key": withdrawn.key}
    yield {"name": "sealed pledge", "sealed": sealed("bunbuku", 1), "receiver_seed": world.key("shikoku").seed()}
    for kind in ("receipt", *KINDS.values()):
        if kind in first:
            yield {"name": kind, "bytes": first[kind]}
    yield {
        "name": "meter",
        "bytes": metering.sign(
            world.key("shikoku"), metering.of(bags(), name(), [october.pledged(shop) for shop in SHOPS], DEADLINE - 1)
        ),
    }
    shut = host.closed[0]
    outcome = host.outcomes[shut.result.words]
    yield {"name": "result", "record": outcome.record, "words": shut.result.words}
    for share, slip in zip(outcome.shares, outcome.slips, strict=True):
        numbers = [share.granted, share.goods, share.rebate, share.freight, share.settled, share.alone, share.pays]
        yield {"name": "slip", "member": share.pledge.member, "record": slip, "numbers": numbers}
    yield {"name": "told", "bytes": host.slip_of(0, member("suzumeya"))}
    passed = billing.pass_on(outcome, {100: 12_480})
    parts = [[part.share.pledge.member, part.rates, part.total] for part in passed]
    yield {"name": "bill passed on", "taxes": {"100": 12_480}, "parts": parts}
    came = arrival.sign(
        world.key("shop momonosato"),
        arrival.Arrival(
            name(),
            member("momonosato"),
            october.pledged("momonosato").epoch,
            0,
            ((0, 6),),
            DEADLINE + 7 * 86_400_000_000,
        ),
    )
    said = arrival.claimed(came, name())
    yield {"name": "arrival", "signed": came, "signing_key": world.key("shop momonosato").public, "hash": said.hash}
    less = shortage.arrived(outcome, {member("momonosato"): dict(said.arrival.came)})
    parts = [[part.share.pledge.member, part.rates, part.total] for part in billing.pass_on(less, {100: 11_688})]
    yield {"name": "bill passed on by what came", "taxes": {"100": 11_688}, "parts": parts}
    plan = stops.plan(bags().origin, bags().drops)
    yield {"name": "stops", "order": plan.order, "metres": plan.metres}
    yield {"name": "freight by rule", "rules": [rule_of(rule) for rule in Rule]}
