"""What was erased goes from guardians' copies too: keys that are retired, vaults that are set aside, and thieves."""

from __future__ import annotations

from typing import Any

import pytest

from node.homecoming import Home
from node.services import setting_aside
from node.services.erasing import asking
from node.services.guarding import patience, renewing
from node.services.trade import Submission
from node.store import Tx
from protocol import vault
from protocol.errors import NotFound, YuiError
from protocol.guardian import frame
from protocol.guardian.forgetting import Forget
from protocol.guardian.frame import Signed
from protocol.identity.genesis import Role
from tests.node.services.erasing.pair import MARK, note, personal
from tests.node.six_towns import Six, by_words

HOUR_US = 3600 * 1_000_000
ASIDE_S = 3600


@pytest.fixture
def six(monkeypatch: pytest.MonkeyPatch) -> Six:
    monkeypatch.setattr(setting_aside, "ASIDE_US", ASIDE_S * 1_000_000)  # 7 days would take the test too long
    return Six()


def write(six: Six) -> tuple[bytes, bytes]:
    """An order, and a note that names a person; both are safe."""
    first = six.order("PO-1")
    said = six.at["豊田"].submit(six.buyer, Submission(six.seller, note("M-1"), personal(), thread=first))
    six.street.wait(10)
    six.copy()
    return first, said.id


def erase(six: Six, document: bytes) -> None:
    house = six.house("豊田")
    assert six.do("豊田", lambda tx: asking.ask(house, tx, six.buyer, document, by="owner")).state == "erased"


def state(six: Six, name: str = "豊田") -> str:
    row = six.see(name, lambda tx: tx.renewing.get(six.buyer))
    return row.state if row is not None else ""


def readable(six: Six, guardian: str, *, aside: bool = False) -> bool:
    """Can who has the words find the mark in what this guardian keeps?"""

    def work(tx: Tx) -> bool:
        wires = [tx.wards.get(six.buyer).vault]  # type: ignore[union-attr]
        if aside:
            wires += [row.wire for row in tx.renewing.aside(six.buyer)]
        keys: dict[bytes, bytes] = {}
        for wire in wires:
            keys |= vault.unwrap(vault.read(wire), six.words)
        for chain in tx.wards.chains(six.buyer):
            for row in tx.wards.frames_after(six.buyer, chain.epoch, 0, 1000):
                signed = Signed(frame.parse_header(row.record), row.record, row.signature, row.sealed)
                if signed.frame.key in keys and MARK.encode() in frame.unseal(signed, keys):
                    return True
        return False

    found: bool = six.see(guardian, work)
    return found


def has(six: Six, name: str, document: bytes) -> bool:
    stored = six.see(name, lambda tx: tx.documents.full(document))
    return any(part.name == "personal" for part in stored.parts)


def test_guardians_forget_and_confirm_it_by_signature(six: Six) -> None:
    _, said = write(six)
    assert all(readable(six, name) for name in six.guardians)
    erase(six, said)
    six.street.wait(900)
    assert state(six) == "retired"
    assert not any(readable(six, name) for name in six.guardians)
    assert all(readable(six, name, aside=True) for name in six.guardians)
    house = six.house("豊田")
    erased = six.see("豊田", lambda tx: tx.erasing.get(six.buyer, said, "personal")).erased
    copies = six.see("豊田", lambda tx: renewing.copies(six.house("豊田"), tx, six.buyer, erased))
    assert (copies.state, copies.said) == ("aside", 0)
    assert copies.until > house.clock()
    names = renewing.names_of(six.see("豊田", lambda tx: tx.renewing.get(six.buyer)))
    assert names
    assert [name for name in names if six.see("豊田", lambda tx, n=name: tx.wrapped_keys.get("vault", n))] == []
    six.street.wait(ASIDE_S + 1200)
    assert state(six) == "done"
    assert not any(readable(six, name, aside=True) for name in six.guardians)
    copies = six.see("豊田", lambda tx: renewing.copies(six.house("豊田"), tx, six.buyer, erased))
    assert (copies.state, copies.said, copies.of) == ("forgotten", 4, 4)
    later = six.order("PO-9")
    six.street.wait(30)
    assert six.see("豊田", lambda tx: patience.is_safe(house, tx, six.buyer, later))


@pytest.mark.parametrize("wait", [900, 900 + ASIDE_S + 1200], ids=["while it is set aside", "when it is forgotten"])
def test_a_member_comes_back_with_everything_but_what_was_erased(six: Six, wait: int) -> None:
    first, said = write(six)
    erase(six, said)
    six.street.wait(wait)
    later = six.order("PO-2")
    six.street.wait(20)
    six.copy()
    six.burn()
    home = six.bring_back("京都", by_words(six))
    assert isinstance(home, Home), home
    assert home.rebuilt.bad == []
    assert {first, said, later} <= set(six.held("京都", six.buyer))
    assert not has(six, "京都", said)
    assert six.see("京都", lambda tx: tx.erasing.get(six.buyer, said, "personal")).state == "erased"
    six.street.wait(120)
    fresh = six.order("PO-3", "京都")
    six.street.wait(60)
    assert six.see("京都", lambda tx: patience.is_safe(six.house("京都"), tx, six.buyer, fresh))


def test_an_erasing_of_which_guardians_have_only_the_journal_is_carried_out_at_the_new_home(six: Six) -> None:
    _, said = write(six)
    erase(six, said)
    six.order("PO-2")
    six.street.wait(2)  # the journal is copied; not all is laid again, and no key has gone
    assert readable(six, "竜宮")
    six.burn()
    assert isinstance(six.bring_back("四国", by_words(six)), Home)
    assert not has(six, "四国", said)


def test_a_thief_of_the_home_cannot_have_the_copies_forgotten_at_once(six: Six) -> None:
    first, said = write(six)
    house = six.house("豊田")

    def steal(tx: Tx) -> None:
        """Everything under a key that only the thief has; the vault that opened the copies is replaced."""
        row = tx.guarding.get(six.buyer)
        assert row is not None
        key = house.entropy(32)
        thief = type(six.words)(b"t" * 32)
        wrap = vault.wrap(six.buyer, key, Role.WORDS, thief.public, house.entropy(32))
        epoch = vault.claimed_epoch(row.vault)[1]
        made = vault.Vault(
            "test", six.buyer, epoch, row.vault_version + 5, (vault.VaultKey(vault.name_of(key), (wrap,)),)
        )
        wire = vault.sign(house.keyring[epoch], made)
        tx.guarding.put(row._replace(vault=wire, vault_version=made.version))
        house.uncopied.add(six.buyer)

    six.do("豊田", steal)
    six.street.wait(60)
    assert [six.see(name, lambda tx: tx.wards.get(six.buyer)).vault_version for name in six.guardians] == [6] * 4
    six.burn()
    home = six.bring_back("京都", by_words(six))
    assert isinstance(home, Home), home
    assert {first, said} <= set(six.held("京都", six.buyer))
    assert has(six, "京都", said)
    six.street.wait(120)
    six.street.wait(ASIDE_S + 1200)
    kept: Any = six.see("竜宮", lambda tx: tx.wards.get(six.buyer))
    assert kept.vault_version > 6
    assert vault.unwrap(vault.read(kept.vault), six.words)
    assert readable(six, "竜宮")
    six.at["京都"].crash()
    six.street.dark.add(six.at["京都"].id)
    again = six.bring_back("四国", by_words(six))
    assert isinstance(again, Home), again
    assert has(six, "四国", said)


def test_nobody_else_is_told_or_shown_anything(six: Six) -> None:
    write(six)
    guardian, stranger = six.house("竜宮"), six.house("京都").id
    with pytest.raises(NotFound):
        six.do("竜宮", lambda tx: setting_aside.until(guardian, tx, stranger, Forget(six.buyer, 1)))
    with pytest.raises(NotFound):  # of a vault that has not come
        six.do("竜宮", lambda tx: setting_aside.until(guardian, tx, six.house("豊田").id, Forget(six.buyer, 9)))
    asked = setting_aside.SetAside(bytes(32), six.buyer)
    with pytest.raises(YuiError):
        six.do("竜宮", lambda tx: setting_aside.show(guardian, tx, stranger, asked))


def test_what_is_erased_within_a_month_waits_for_the_next_time(six: Six, monkeypatch: pytest.MonkeyPatch) -> None:
    first, said = write(six)
    second = six.at["豊田"].submit(six.buyer, Submission(six.seller, note("M-2"), personal(), thread=first)).id
    erase(six, said)
    six.street.wait(900)
    erase(six, second)
    six.street.wait(ASIDE_S + 1200)
    assert state(six) == "done"
    erased = six.see("豊田", lambda tx: tx.erasing.get(six.buyer, second, "personal")).erased
    assert six.see("豊田", lambda tx: renewing.copies(six.house("豊田"), tx, six.buyer, erased)).state == "waiting"
    assert readable(six, "竜宮")
    monkeypatch.setattr(renewing, "PAUSE_US", HOUR_US)
    six.street.wait(900)
    assert not readable(six, "竜宮")
