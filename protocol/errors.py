"""The one error family. Owns who is at fault and what the other side may read; knows no transport and no log.

Every error has a short machine ``code`` (stable, on the wire and in the API) and a message for a person that names
what was wrong. ``str(error)`` may be shown to the peer or the caller; anything secret stays out of it.
"""

from __future__ import annotations


class YuiError(Exception):
    """Root of everything that is not a bug."""

    code = "error"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class PeerFault(YuiError):
    """The other side sent something it must not: refuse it, quarantine it, block it."""

    code = "peer-fault"


class Malformed(PeerFault):
    """Bytes that are not in the canonical form or not of the stated shape."""

    code = "malformed"


class TooLarge(PeerFault):
    """A size, depth, count or rate above its constant in :mod:`protocol.limits`."""

    code = "too-large"


class BadSignature(PeerFault):
    """A signature that does not verify under the key that has to have made it."""

    code = "bad-signature"


class NotAuthorised(PeerFault):
    """Validly signed, but by somebody who may not do this."""

    code = "not-authorised"


class Misdirected(PeerFault):
    """Meant for another node, member, network or stream."""

    code = "misdirected"


class CallerFault(YuiError):
    """The local caller (person, API client, CLI) asked for something wrong: ``field`` and ``rule`` say what.

    ``field`` is a path such as ``lines[2].quantity``; ``rule`` is the sentence that was broken.
    """

    code = "invalid"

    def __init__(self, field: str, rule: str, *, code: str | None = None) -> None:
        super().__init__(f"{field}: {rule}" if field else rule, code=code)
        self.field = field
        self.rule = rule


class ImpossibleStep(CallerFault):
    """The state table does not allow this document in this state of its dealing."""

    code = "impossible-step"


class NotFound(CallerFault):
    """No such thing, or not this caller's: the two look the same."""

    code = "not-found"


class WorldFault(YuiError):
    """Something outside is unavailable: try again later; nothing was lost."""

    code = "unavailable"


class Frozen(YuiError):
    """This node may not sign: another copy of it, or a later epoch, exists. A person has to look."""

    code = "frozen"


class InvariantBroken(YuiError):
    """A promise of our own does not hold: stop before anything else is signed."""

    code = "invariant-broken"
