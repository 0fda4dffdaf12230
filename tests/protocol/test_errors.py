"""Errors say who is at fault, in a word for machines and a sentence for people."""

import inspect

from protocol import errors
from protocol.errors import CallerFault, InvariantBroken, Malformed, PeerFault, YuiError


def test_every_error_has_a_code_of_its_own() -> None:
    found = [item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, YuiError)]
    codes = [item.code for item in found]
    assert len(codes) == len(set(codes))
    assert all(code == code.lower() and " " not in code for code in codes)


def test_a_code_may_be_more_precise() -> None:
    assert Malformed("text").code == "malformed"
    assert Malformed("text", code="other").code == "other"
    assert Malformed("text").code == "malformed"
    assert str(Malformed("text")) == "text"


def test_a_caller_hears_field_and_rule() -> None:
    fault = CallerFault("lines[2].quantity", "must be positive", code="range")
    assert (str(fault), fault.field, fault.rule) == (
        "lines[2].quantity: must be positive",
        "lines[2].quantity",
        "must be positive",
    )
    assert str(CallerFault("", "not now")) == "not now"


def test_our_own_faults_are_nobody_elses() -> None:
    assert not issubclass(InvariantBroken, PeerFault | CallerFault)
