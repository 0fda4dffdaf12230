"""Row B61: drawings: a grant that the owner did not sign, an old one after the withdrawal, changed bytes.

The attacker is the reader's own home, or a third one. What the owner's node hands out and what the reader may open does
not change.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from node.services import members
from node.services.drawings import receiving, travelling
from protocol import canon
from protocol.errors import CallerFault, NotFound, PeerFault
from protocol.process.drawing import records
from protocol.process.drawing.records import May
from tests.node.services.test_drawings import Two


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def given(two: Two) -> tuple[bytes, bytes, bytes]:
    """The word about a version and its grant as it travels: the whole, the version, the grant."""
    (word,) = two.toyota.see(lambda tx: travelling.words(two.toyota.house, tx))
    raw = canon.decode(canon.decode(word.body)[1])
    return word.body, raw[1], raw[2]


def test_a_reader_gives_itself_more(two: Two) -> None:
    """It may look; its home signs a grant of the whole file with its own key, in the owner's name and in its own."""
    version = two.publish()
    two.allow(version, May.VIEW)
    _, signed_version, signed_grant = given(two)
    two.carry()
    grant = records.unsigned(signed_grant)
    kyoto = two.kyoto
    epoch = kyoto.see(lambda tx: members.require_log(kyoto.house, tx, two.reader).epoch)
    more = grant._replace(may=May.FILE, revision=grant.revision + 1)
    for made in (more, more._replace(owner=two.reader, epoch=epoch.hash), more._replace(epoch=epoch.hash)):
        forged = records.sign_grant(kyoto.house.keyring[epoch.hash], made)
        with pytest.raises((PeerFault, NotFound)):
            two.post(kyoto, travelling.wrap(canon.encode((travelling.GIVEN_TAG, signed_version, forged))))
    assert [one.may for one in two.held()] == [May.VIEW]


def test_after_the_withdrawal_the_old_grant_opens_nothing(two: Two) -> None:
    version = two.publish()
    two.allow(version)
    old, _, _ = given(two)
    two.carry()
    two.fetch(version)
    two.allow(version, May.NOTHING)
    two.carry()
    for _ in range(3):
        two.post(two.kyoto, old)
    with pytest.raises(CallerFault, match="withdrawn"):
        two.open(version)
    with pytest.raises(NotFound):
        two.ask(two.kyoto.house.id, version, 0)
    with pytest.raises(CallerFault, match="withdrawn"):
        two.kyoto.do(lambda tx: receiving.want(two.kyoto.house, tx, two.reader, version))


def test_changed_bytes_and_halves(two: Two) -> None:
    version = two.publish()
    two.allow(version)
    body, signed_version, signed_grant = given(two)
    wrong = [
        canon.encode((travelling.GIVEN_TAG, data, signed_grant))
        for data in (signed_version[:-1] + bytes([signed_version[-1] ^ 1]), b"", signed_grant)
    ]
    wrong += [
        canon.encode((travelling.GIVEN_TAG, signed_version, data))
        for data in (signed_grant[:-1] + bytes([signed_grant[-1] ^ 1]), b"", signed_version)
    ]
    for each in wrong:
        with pytest.raises((PeerFault, NotFound)):
            two.post(two.kyoto, travelling.wrap(each))
    assert two.held() == []
    two.post(two.kyoto, body)
    assert [one.hash for one in two.held()] == [version]
