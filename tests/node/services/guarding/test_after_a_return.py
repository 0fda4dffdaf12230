"""A member that came back at another node: its copies go on from there."""

from __future__ import annotations

from node.homecoming import Home
from node.services.guarding import patience
from protocol import vault
from tests.node.six_towns import Six, by_words


def test_at_the_new_home_documents_become_safe_again_behind_the_old_frames() -> None:
    six = Six()
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    assert isinstance(six.bring_back("京都", by_words(six)), Home)
    before = six.see("竜宮", lambda tx: [row.number for row in tx.wards.chains(six.buyer)])
    sent = six.order("PO-2", "京都")
    six.street.wait(20)
    house = six.house("京都")
    assert six.see("京都", lambda tx: patience.is_safe(house, tx, six.buyer, sent))
    after = six.see("竜宮", lambda tx: [row.number for row in tx.wards.chains(six.buyer)])
    assert len(after) == 2
    assert after[1] == 1
    assert len(before) <= len(after)
    ward = six.see("竜宮", lambda tx: tx.wards.get(six.buyer))
    assert ward is not None
    kept = vault.read(ward.vault)
    assert (kept.version, len(kept.keys)) == (2, 2)  # the old home does not open what is written from now on
    openers = [{(wrap.role, wrap.public) for wrap in item.wraps if wrap.role == "node"} for item in kept.keys]
    assert openers == [{("node", house.node.public)}] * 2
