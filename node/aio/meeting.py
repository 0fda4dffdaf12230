"""Our side of an enrolment over the network: two requests to an address that an operator typed.

Owns carrying the messages of :class:`federation.enrolment.Caller`. Must not know what is done with the result.
"""

from __future__ import annotations

from federation.endpoint import Endpoint
from federation.enrolment import MAX_MESSAGE_BYTES, Caller, Invitation
from node.aio.request import TransportOptions, exchange, open_session
from node.aio.tls import Meeting
from node.certificate import require_profile

COMMIT = "/peer/v1/enrol/commit"
REVEAL = "/peer/v1/enrol/reveal"


async def meet(endpoint: Endpoint, caller: Caller, options: TransportOptions, now: int) -> Invitation:
    """The finished exchange with whoever answers at ``endpoint``; ``now`` in µs UTC.

    A private address written out by the operator is agreed to by that; a name that leads to one is not.
    Raises WorldFault, PeerFault, NotAuthorised as :mod:`node.aio.request`, and those of ``Caller``.
    """
    meeting = Meeting()
    private_agreed = options.allow_private or endpoint.address is not None
    session = open_session(meeting.context, private_agreed, options)
    try:
        answer = await exchange(session, endpoint, "POST", COMMIT, caller.commitment(), MAX_MESSAGE_BYTES)
        reveal = caller.answered(answer, meeting.certificate, require_profile)
        noted = await exchange(session, endpoint, "POST", REVEAL, reveal, MAX_MESSAGE_BYTES)
        return caller.noted(noted, now)
    finally:
        await session.close()
