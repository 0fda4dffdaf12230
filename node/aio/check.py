"""Diagnosis of one peer, step by step: name, address, TCP, TLS, application, clock.

Owns the order of steps and a sentence for each way to fail: what is wrong and what to do. Decides nothing; the clock's
difference is information only. Request and answer: ``["yui/check/1", time]``, times in µs UTC.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from federation.addresses import address_problem
from federation.endpoint import Endpoint
from node.aio.pins import Pin
from node.aio.request import TransportOptions
from node.aio.transport import PeerTransport
from node.i18n import _
from protocol import canon, shape
from protocol.errors import NotAuthorised, PeerFault, WorldFault

TAG = "yui/check/1"
PATH = "/peer/v1/check"
STEP_TIMEOUT_S = 10.0
NOTABLE_CLOCK_US = 60 * 1_000_000


class Step(Enum):
    """What is tried, in this order; a step that fails ends the check of its endpoint."""

    NAME = "name"
    ADDRESS = "address"
    CONNECT = "connect"
    TLS = "tls"
    ANSWER = "answer"
    CLOCK = "clock"


@dataclass(frozen=True)
class Finding:
    """One step's outcome at one endpoint. ``sentence``: for people, in their language."""

    endpoint: str
    step: Step
    good: bool
    sentence: str


def question(now: int) -> bytes:
    """The body of a check, and of its answer."""
    return canon.encode((TAG, now))


def said_time(body: bytes) -> int:
    """The time in a check's body, in µs UTC. Raises Malformed."""
    return shape.time_us(shape.record(canon.decode(body), TAG, 2)[1], "time")


async def check_peer(
    transport: PeerTransport, pin: Pin, context: ssl.SSLContext, options: TransportOptions, wall: Callable[[], int]
) -> list[Finding]:
    """Every step at every endpoint of ``pin``. ``context``: the pinned client context; ``wall``: now in µs UTC."""
    found: list[Finding] = []
    reached = False
    for endpoint in pin.endpoints:
        findings = await _reach(endpoint, pin, context, options)
        reached = reached or findings[-1].good
        found += findings
    if not pin.endpoints:
        found.append(Finding("", Step.NAME, False, _("The peer's descriptor names no address. Only it can call us.")))
    if reached:
        found += await _ask(transport, pin, wall)
    return found


async def _reach(endpoint: Endpoint, pin: Pin, context: ssl.SSLContext, options: TransportOptions) -> list[Finding]:
    done: list[Finding] = []

    def note(step: Step, good: bool, sentence: str) -> list[Finding]:
        done.append(Finding(str(endpoint), step, good, sentence))
        return done

    try:
        async with asyncio.timeout(STEP_TIMEOUT_S):
            addresses = await options.lookup(endpoint.host, endpoint.port, socket.AF_UNSPEC)
    except (OSError, TimeoutError):
        return note(Step.NAME, False, _("The name is not known. Is it spelt right, and does this machine reach a DNS?"))
    note(Step.NAME, True, _("The name leads to {addresses}.").format(addresses=", ".join(addresses)))
    private = pin.private or options.allow_private
    problems = [address_problem(address, private_agreed=private) for address in addresses]
    if all(problems):
        advice = _("This node does not connect there: {why}. If it is your own network, set peer.allow_private.")
        return note(Step.ADDRESS, False, advice.format(why="; ".join(sorted(set(problems)))))
    address = addresses[problems.index("")]
    note(Step.ADDRESS, True, _("The address {address} is allowed.").format(address=address))
    return await _handshake(endpoint.port, address, context, note)


async def _handshake(
    port: int, address: str, context: ssl.SSLContext, note: Callable[[Step, bool, str], list[Finding]]
) -> list[Finding]:
    try:
        async with asyncio.timeout(STEP_TIMEOUT_S):
            _reader, plain = await asyncio.open_connection(address, port)
    except TimeoutError:
        return note(Step.CONNECT, False, _("Nobody answers there. A firewall, a router, or the machine is off."))
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else type(error).__name__
        advice = _("No connection ({reason}). Is the other node running, and its port open?")
        return note(Step.CONNECT, False, advice.format(reason=reason))
    note(Step.CONNECT, True, _("A connection is possible."))
    try:
        async with asyncio.timeout(STEP_TIMEOUT_S):
            await plain.start_tls(context)
    except ssl.SSLCertVerificationError:
        advice = _("Another node answers there than the accepted one. Ask the other association before anything else.")
        return note(Step.TLS, False, advice)
    except (OSError, TimeoutError):
        return note(Step.TLS, False, _("What answers there does not speak TLS 1.3 as a node does. Wrong port?"))
    finally:
        plain.close()
    return note(Step.TLS, True, _("TLS 1.3, and the certificate is the accepted one."))


async def _ask(transport: PeerTransport, pin: Pin, wall: Callable[[], int]) -> list[Finding]:
    before = wall()
    try:
        body = await transport.post(pin.node, PATH, question(before), max_answer=1024)
        theirs = said_time(body)
    except NotAuthorised:
        return [
            Finding("", Step.ANSWER, False, _("The other node refuses this one: it has to accept it, or blocked it."))
        ]
    except WorldFault as fault:
        if fault.code == "broken":
            advice = _("The other node hangs up: it has not accepted this node yet, or has blocked it.")
            return [Finding("", Step.ANSWER, False, advice)]
        return [Finding("", Step.ANSWER, False, str(fault))]
    except PeerFault as fault:
        return [Finding("", Step.ANSWER, False, _("The other node answers wrongly: {why}").format(why=fault))]
    after = wall()
    good = Finding("", Step.ANSWER, True, _("The other node answers and accepts this one."))
    return [good, _clock(theirs - (before + after) // 2)]


def _clock(difference_us: int) -> Finding:
    seconds = round(difference_us / 1_000_000, 1) + 0.0  # and never minus nought
    if abs(difference_us) < NOTABLE_CLOCK_US:
        return Finding("", Step.CLOCK, True, _("The clocks differ by {seconds} s.").format(seconds=seconds))
    advice = _("The other node's clock differs by {seconds} s. Nothing breaks, but dates may surprise people.")
    return Finding("", Step.CLOCK, True, advice.format(seconds=seconds))
