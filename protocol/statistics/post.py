"""How questions travel over the peer port: three requests, and the one form in which a node answers them.

Owns paths and envelopes; what is inside is :mod:`protocol.statistics.messages`. Only the coordinator asks; what a node
has to say is the answer to that request, so an answer that was lost is simply asked for again.
Source: ``docs/protocol.md`` §18.9.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from protocol import canon, shape
from protocol.errors import Malformed
from protocol.limits import MAX_STATS_MESSAGE_BYTES, MIB
from protocol.statistics.rules import Parameters

COHORT: Final = "/peer/v1/statistics/cohort"
QUESTION: Final = "/peer/v1/statistics/question"
ROUND: Final = "/peer/v1/statistics/round"
PATHS: Final = (COHORT, QUESTION, ROUND)
MAX_BODY_BYTES: Final = 64 * MIB  # an opening for the checkers of some 800 nodes and 1,000 cells

OFFER_TAG: Final = "yui/stats-offer/1"
ROUND_TAG: Final = "yui/stats-round/1"
TOLD_TAG: Final = "yui/stats-told/1"

READY: Final = "ready"
WAITING: Final = "waiting"  # for a person, who may take days
REFUSED: Final = "refused"
ENDED: Final = "ended"  # this node's part is over
STATES: Final = (READY, WAITING, REFUSED, ENDED)
MAX_REASON_CHARS: Final = 200


class Offer(NamedTuple):
    """A signed cohort with the parameters that its nodes know and nobody else."""

    cohort: bytes
    parameters: Parameters


class Told(NamedTuple):
    """What a node answers: how it stands, at most one message for the coordinator, and why, if it says no."""

    state: str
    messages: tuple[bytes, ...] = ()
    reason: str = ""


def encode_offer(offer: Offer) -> bytes:
    """The body of a request to :data:`COHORT`."""
    return canon.encode((OFFER_TAG, offer.cohort, *offer.parameters))


def parse_offer(data: bytes) -> Offer:
    """The offer; nothing in it is verified."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_MESSAGE_BYTES), OFFER_TAG, 5)
    parameters = Parameters(
        shape.integer(raw[2], "units", 0, 255),
        shape.integer(raw[3], "percent", 0, 255),
        shape.fixed(raw[4], "salt", 16),
    )
    return Offer(shape.binary(raw[1], "cohort", MAX_STATS_MESSAGE_BYTES), parameters)


def encode_round(question: bytes, message: bytes) -> bytes:
    """The body of a request to :data:`ROUND`: one message of the coordinator about a question, by its hash."""
    return canon.encode((ROUND_TAG, question, message))


def parse_round(data: bytes) -> tuple[bytes, bytes]:
    """(question hash, message)."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), ROUND_TAG, 3)
    return shape.hash32(raw[1], "question"), shape.binary(raw[2], "message", MAX_BODY_BYTES)


def encode_told(told: Told) -> bytes:
    """The answer to a question or to a message of a round."""
    return canon.encode((TOLD_TAG, told.state, told.messages, told.reason[:MAX_REASON_CHARS]))


def parse_told(data: bytes) -> Told:
    """What a node answered."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_STATS_MESSAGE_BYTES), TOLD_TAG, 4)
    if raw[1] not in STATES:
        raise Malformed("state: not one of those that there are")
    found = raw[2]
    if type(found) is not list or len(found) > 1:
        raise Malformed("messages: a node answers a message once")
    told = tuple(shape.binary(item, "messages", MAX_STATS_MESSAGE_BYTES) for item in found)
    return Told(raw[1], told, shape.text(raw[3], "reason", MAX_REASON_CHARS))
