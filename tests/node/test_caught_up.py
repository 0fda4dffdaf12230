"""A home that was put back from an old backup reads what its guardians have beyond it, and is safe again."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.attachments import AttachmentFiles
from node.homecoming import Home
from node.services import attachments, drafts, keying, salvage, users, warding
from node.services.guarding import overview, patience
from node.services.trade import Submission
from node.store import Tx, open_memory
from protocol.document.header import AttachmentRef
from protocol.errors import NotAuthorised
from protocol.guardian import messages
from protocol.identity import words
from protocol.identity.control import Reason
from tests.node.services.town import order
from tests.node.six_towns import Six, by_words

HOME = "豊田"


@pytest.fixture
def six() -> Six:
    return Six()


def cut_off(six: Six) -> None:
    """The partner's node is away: only guardians hear of what is written now."""
    six.street.dark.add(six.at["京都"].id)


def put_back(six: Six, image: bytes) -> None:
    six.at[HOME].crash()
    six.at[HOME].put_back(image)


def test_what_only_guardians_had_is_there_again_and_reaches_the_partner(six: Six) -> None:
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    image = six.at[HOME].store.serialize()
    cut_off(six)
    second, third = six.order("PO-2"), six.order("PO-3")
    six.copy()
    put_back(six, image)
    six.street.wait(700)
    assert set(six.held(HOME, six.buyer)) == {first, second, third}
    six.street.dark.clear()
    six.street.wait(1200)
    assert six.held("京都", six.seller) == dict.fromkeys((first, second, third), "applied")
    (row,) = (
        item for item in six.see(HOME, lambda tx: overview.members(six.house(HOME), tx)) if item.member == six.buyer
    )
    assert (row.missing, row.light) == (0, overview.GREEN), row
    fresh = six.order("PO-4")
    six.street.wait(30)
    assert six.see(HOME, lambda tx: patience.is_safe(six.house(HOME), tx, six.buyer, fresh))
    assert fresh in six.held("京都", six.seller)


def test_dealings_within_one_house_come_back_too(six: Six) -> None:
    """Nobody but guardians has them: author and recipient are both members of the node that lost them."""
    neighbour = six.towns[HOME].enrol("となりの店")
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    image = six.at[HOME].store.serialize()
    paper = six.at[HOME].submit(neighbour, Submission(six.buyer, order("N-1"))).id
    six.copy()
    put_back(six, image)
    six.street.wait(700)
    assert paper in six.held(HOME, six.buyer)
    row = six.see(HOME, lambda tx: tx.threads.get(six.buyer, paper))
    assert row is not None


def test_a_guardian_that_was_away_gives_what_it_has_when_it_comes(six: Six) -> None:
    """The only one that is heard at first knows less than the others, which come one by one."""
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    image = six.at[HOME].store.serialize()
    cut_off(six)
    six.street.dark.add(six.at["月の都"].id)
    second = six.order("PO-2")
    six.copy()
    six.street.dark |= {six.at[name].id for name in six.guardians}
    six.street.dark.discard(six.at["月の都"].id)
    put_back(six, image)
    six.street.wait(1200)
    assert second not in six.held(HOME, six.buyer)
    waiting = six.see(HOME, lambda tx: overview.members(six.house(HOME), tx))[0]
    assert (waiting.heard, waiting.to_hear, waiting.light) == (1, 3, overview.RED)
    between = six.order("PO-3")
    six.street.wait(30)
    six.street.dark.clear()
    cut_off(six)
    six.street.wait(900)
    assert {second, between} <= set(six.held(HOME, six.buyer))
    assert six.see(HOME, lambda tx: patience.is_safe(six.house(HOME), tx, six.buyer, second))
    assert six.see(HOME, lambda tx: overview.members(six.house(HOME), tx))[0].to_hear == 0


def test_what_no_paper_brings_back_comes_as_it_was_and_newer_work_stays(six: Six) -> None:
    house = six.house(HOME)
    otsu = six.do(
        HOME, lambda tx: users.add(house, tx, six.buyer, "otsu", "owner", users.password_hash("correct horse"))
    )
    six.do(HOME, lambda tx: drafts.save(house, tx, six.buyer, otsu.name, "/orders/new", b"old"))
    six.street.wait(90)
    six.copy()
    image = six.at[HOME].store.serialize()
    kept = six.do(HOME, lambda tx: drafts.save(house, tx, six.buyer, otsu.name, "/quotations/new", b"lost"))
    hana = six.do(
        HOME, lambda tx: users.add(house, tx, six.buyer, "hana", "clerk", users.password_hash("correct horse"))
    )
    six.street.wait(90)
    six.copy()
    put_back(six, image)
    house = six.house(HOME)
    assert six.see(HOME, lambda tx: tx.users.by_name("hana")) is None
    six.street.wait(700)
    assert six.see(HOME, lambda tx: tx.desk.draft(kept.id)).data == b"lost"
    assert six.see(HOME, lambda tx: tx.users.by_name("hana")).id == hana.id


def test_what_was_changed_since_the_backup_was_put_back_stays_and_is_told(six: Six) -> None:
    house = six.house(HOME)
    secret = users.password_hash("correct horse")
    six.do(HOME, lambda tx: users.add(house, tx, six.buyer, "otsu", "owner", secret))
    six.street.wait(90)
    six.copy()
    image = six.at[HOME].store.serialize()
    six.do(HOME, lambda tx: users.add(house, tx, six.buyer, "hana", "clerk", secret))
    six.street.wait(90)
    six.copy()
    six.street.dark |= {six.at[name].id for name in six.guardians}
    put_back(six, image)
    six.street.wait(1200)
    house = six.house(HOME)
    six.do(HOME, lambda tx: users.add(house, tx, six.buyer, "kuro", "clerk", secret))
    six.street.dark.clear()
    six.street.wait(1200)
    assert six.see(HOME, lambda tx: tx.users.by_name("kuro")) is not None
    assert six.see(HOME, lambda tx: tx.users.by_name("hana")) is None
    (kept,) = six.see(HOME, lambda tx: overview.members(house, tx))
    assert [line.split(":")[0] for line in kept.told] == ["users"]


def test_a_home_that_burns_while_it_catches_up_loses_nothing(six: Six) -> None:
    """Frames that follow an old one hang where the backup ended; what lies behind that is read all the same."""
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    image = six.at[HOME].store.serialize()
    cut_off(six)
    second = six.order("PO-2")
    six.copy()
    six.at[HOME].crash()
    six.at[HOME].put_back(image)
    for _ in range(80):
        six.street.wait(0.25)
        if len(six.see("竜宮", lambda tx: tx.wards.chains(six.buyer))) > 1:
            break
    six.burn()
    six.street.dark.discard(six.at["京都"].id)
    home = six.bring_back("京都", by_words(six), seconds=300)
    assert isinstance(home, Home), home
    six.street.wait(60)
    assert {first, second} <= set(six.held("京都", six.buyer))
    assert {first, second} <= set(six.held("京都", six.seller))


def test_frames_that_hang_before_the_end_of_the_last_epoch_are_no_less_part_of_it(six: Six) -> None:
    """The home went on behind its backup while the guardians that know more were away, and burned then."""
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    image = six.at[HOME].store.serialize()
    cut_off(six)
    six.street.dark.add(six.at["月の都"].id)
    second = six.order("PO-2")
    six.copy()
    six.street.dark |= {six.at[name].id for name in six.guardians}
    six.street.dark.discard(six.at["月の都"].id)
    put_back(six, image)
    six.street.wait(1200)
    third = six.order("PO-3")
    six.street.wait(30)
    six.street.dark.clear()
    six.street.dark.add(six.at["鬼ヶ島"].id)
    six.burn()
    home = six.bring_back("京都", by_words(six), seconds=300)
    assert isinstance(home, Home), home
    assert {second, third} <= set(six.held("京都", six.buyer))
    fourth = six.order("PO-4", "京都")
    six.street.dark.clear()
    six.street.wait(400)
    assert six.see("京都", lambda tx: patience.is_safe(six.house("京都"), tx, six.buyer, fourth))


def test_an_attachment_that_the_backup_lacks_is_fetched_from_guardians(six: Six, tmp_path: Path) -> None:
    files = AttachmentFiles(tmp_path)
    six.at[HOME].runtime.guarding.read_chunk = files.read_chunk
    six.order("PO-1")
    six.street.wait(10)
    six.copy()
    image = six.at[HOME].store.serialize()
    cut_off(six)
    content = b"a drawing " * 1000
    upload = files.begin("ab" * 16, six.buyer, len(content), "application/pdf")
    files.put_chunk(upload.name, 0, content)
    root = files.finish(upload.name)
    six.do(HOME, lambda tx: attachments.completed(six.house(HOME), tx, root, len(content), "application/pdf"))
    ref = AttachmentRef(root, len(content), "application/pdf")
    paper = six.at[HOME].submit(six.buyer, Submission(six.seller, order("PO-2"), attachments=(ref,)))
    six.street.wait(80)
    put_back(six, image)
    six.street.wait(1200)
    assert paper.id in six.held(HOME, six.buyer)
    house = six.house(HOME)
    (copy,) = six.see(HOME, lambda tx: salvage.lost(house, tx))
    (key, body), *_ = salvage.questions(copy, 0)
    asked = messages.parse_read_chunk(body)
    sealed = six.see("竜宮", lambda tx: warding.read_chunk(tx, house.id, asked))
    assert salvage.opened(copy, 0, key, sealed) == content
    with pytest.raises(NotAuthorised):
        six.see("竜宮", lambda tx: warding.read_chunk(tx, six.house("京都").id, asked))
    read = messages.Read(bytes(32), six.buyer, house.keyring and next(iter(house.keyring)), 0)
    with pytest.raises(NotAuthorised):
        six.see("竜宮", lambda tx: warding.read(six.house("竜宮"), tx, six.house("京都").id, read))


def test_a_backup_older_than_the_first_copy_begins_a_chain_anew_and_calls_nothing_safe_that_is_not(six: Six) -> None:
    """It has no frame to hang the next one on; and a restart in between must not make up for what nobody has."""
    house = six.house(HOME)
    six.at[HOME].crash()
    image = six.at[HOME].store.serialize()

    def forget(tx: Tx) -> None:
        row = tx.guarding.get(six.buyer)
        tx.guarding.drop(six.buyer)
        tx.guarding.begin(six.buyer)
        assert row is not None

    bare = open_memory(image)
    bare.write(forget)
    six.at[HOME].restart(Reason.RESTART)
    six.street.wait(20)
    first = six.order("PO-1")
    six.copy()
    put_back(six, bare.serialize())
    six.street.dark |= {six.at[name].id for name in six.guardians}
    six.street.wait(800)
    second = six.order("PO-2")
    six.at[HOME].restart(Reason.RESTART)
    six.street.wait(20)
    six.street.dark.clear()
    six.street.wait(900)
    house = six.house(HOME)
    row = six.see(HOME, lambda tx: tx.guarding.get(six.buyer))
    made = six.see(HOME, lambda tx: tx.guarding.frame_at(six.buyer, row.safe_place))
    holding = [name for name in six.guardians if six.see(name, lambda tx: tx.wards.frame_hashed(six.buyer, made.hash))]
    assert len(holding) >= 3, holding
    assert row.safe_place == row.place
    for paper in (first, second):
        assert six.see(HOME, lambda tx, paper=paper: patience.is_safe(house, tx, six.buyer, paper))


def test_a_member_that_does_nothing_gets_no_frames(six: Six) -> None:
    six.order("PO-1")
    six.copy()
    six.street.wait(130)
    before = six.see(HOME, lambda tx: tx.guarding.get(six.buyer).place)
    six.street.wait(600)
    assert six.see(HOME, lambda tx: tx.guarding.get(six.buyer).place) == before


def test_a_member_comes_back_to_a_node_where_it_was_at_home_before(six: Six) -> None:
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    six.burn()
    assert isinstance(six.bring_back("四国", by_words(six)), Home)
    six.street.wait(60)
    six.street.dark.clear()
    six.at[HOME].boot()
    six.at[HOME].start(Reason.RESTART)
    six.street.wait(60)
    six.at["四国"].crash()
    home = six.bring_back(HOME, by_words(six), 600)
    assert isinstance(home, Home), home
    assert first in six.held(HOME, six.buyer)


@pytest.mark.parametrize("older_than", ["the change of words", "the first copies"])
def test_a_backup_older_than_the_vault_key_learns_it_from_the_guardians(six: Six, older_than: str) -> None:
    """Its own key in place of theirs would lock away what only guardians have."""
    bare = six.at[HOME].store.serialize()
    first = six.order("PO-1")
    six.street.wait(10)
    six.copy()
    image = six.at[HOME].store.serialize()
    change_words(six)
    cut_off(six)
    second = six.order("PO-2")
    six.copy()
    put_back(six, without_copies(bare, six.buyer) if older_than == "the first copies" else image)
    six.street.wait(900)
    house = six.house(HOME)
    assert {first, second} <= set(six.held(HOME, six.buyer))
    third = six.order("PO-3")
    six.street.wait(60)
    for paper in (first, second, third):
        assert six.see(HOME, lambda tx, paper=paper: patience.is_safe(house, tx, six.buyer, paper)), paper
    assert six.see(HOME, lambda tx: overview.members(house, tx))[0].to_hear == 0
    six.street.dark.clear()
    six.burn()
    home = six.bring_back("四国", by_words(six), seconds=300)
    assert isinstance(home, Home), home
    assert {first, second, third} <= set(six.held("四国", six.buyer))


def without_copies(image: bytes, member: bytes) -> bytes:
    """The store of a home that has made no copies of ``member`` yet."""
    bare = open_memory(image)

    def forget(tx: Tx) -> None:
        tx.guarding.drop(member)
        for name in [row.subject for row in tx.wrapped_keys.by_purpose("vault")]:
            tx.wrapped_keys.destroy("vault", name)

    bare.write(forget)
    return bare.serialize()


def change_words(six: Six) -> None:
    """The firm makes a new sheet: new words, and so a new vault key."""
    house = six.house(HOME)
    phrase = six.do(HOME, lambda tx: keying.replace_words(house, tx, six.buyer, six.words))
    six.words = words.key_of(words.entropy_of(" ".join(phrase)))
    six.street.wait(120)
