"""Drills over real guardians: what they hold today is read, decrypted and put back; who lies or withholds is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.attachments import AttachmentFiles
from node.drill import Drill
from node.services.drilling import report
from node.services.drilling.report import Reporter
from node.services.erasing import asking
from node.services.guarding import renewing
from node.services.trade import Submission
from node.store import Tx
from protocol.errors import BadSignature, Malformed, NotAuthorised
from tests.node.services.erasing.pair import personal
from tests.node.services.guarding.province import Province
from tests.node.services.guarding.test_chunks import CONTENT, put
from tests.node.services.town import order

Changed = Callable[[Tx, bytes], None]


def drill(province: Province, *, whole: bool = True) -> dict[str, Any]:
    """A drill of the guarded member; its report."""
    running = province.home
    house = running.town.house
    reporter = Reporter(house, {})
    ended: list[object] = []
    made = Drill(house, [province.member], [province.member] if whole else [])
    running.driver.run(made.run(reporter.add), ended.append, ended.append)
    for _ in range(60):
        if not ended:
            province.street.wait(1)
    assert ended == [None], ended
    return reporter.report()


@pytest.fixture
def province(tmp_path: Path) -> Province:
    """A member with four guardians, two dealings and a drawing; everything is copied."""
    made = Province(4)
    files = AttachmentFiles(tmp_path)
    made.home.runtime.guarding.read_chunk = files.read_chunk
    ref = put(made, files, CONTENT)
    made.home.submit(made.member, Submission(to=made.seller, paper=order("A-1"), attachments=(ref,)))
    made.home.submit(made.member, Submission(to=made.seller, paper=order("A-2")))
    made.street.wait(70)
    return made


def test_everything_comes_back_from_what_guardians_hold(province: Province) -> None:
    found = drill(province)
    (row,) = found["members"]
    assert row["lacking"] == []
    assert (row["documents"], row["documents_back"]) == (2, 2)
    assert (row["attachments"], row["attachments_back"]) == (1, 1)
    assert row["dealings"] == row["dealings_back"] == 2
    assert row["entries_back"] > 0
    assert row["whole"] == 4
    assert row["verdict"] == found["verdict"] == report.GOOD
    assert all(item["word"] and item["agreed"] and item["frames"] == item["frames_of"] for item in row["guardians"])
    assert all(item["chunks"] == item["chunks_of"] == 2 for item in row["guardians"])
    assert row["back_s"] >= 10


def test_nothing_of_a_drill_changes_the_home_or_its_guardians(province: Province) -> None:
    def heads(tx: Tx) -> object:
        member = province.member
        return (tx.heads.get(member), tx.wards.chains(member), tx.registers.of(member), tx.holdings.after(member, 0, 9))

    nodes = [province.home, *province.guardians]
    before = [one.town.see(heads) for one in nodes]
    drill(province)
    assert [one.town.see(heads) for one in nodes] == before


def forget_frame(tx: Tx, member: bytes) -> None:
    """A guardian that cuts off what it signed to keep."""
    tx.wards.forget(member)


def garble(tx: Tx, member: bytes) -> None:
    """A guardian whose disk has changed the bytes of a frame."""
    chain = tx.wards.chains(member)[0]
    row = tx.wards.frames_after(member, chain.epoch, 0, 1)[0]
    tx.wards.mend_frame(row._replace(sealed=bytes(len(row.sealed))))


@pytest.mark.parametrize("lie", [forget_frame, garble], ids=["withholds", "garbled"])
def test_a_guardian_that_lies_is_found(province: Province, lie: Changed) -> None:
    liar = province.guardians[0]
    liar.town.do(lambda tx: lie(tx, province.member))
    found = drill(province)
    (row,) = found["members"]
    bad = [item for item in row["guardians"] if not item["whole"]]
    assert [item["node"] for item in bad] == [liar.id.hex()]
    assert bad[0]["frames"] < bad[0]["frames_of"]
    assert bad[0]["said"] == bad[0]["frames_of"]
    assert row["lacking"] == []
    assert row["verdict"] == report.WEAK


def test_what_only_the_ends_would_not_show_is_found_by_reading(province: Province) -> None:
    for guardian in province.guardians:
        guardian.town.do(lambda tx: garble(tx, province.member))
    assert drill(province, whole=False)["verdict"] == report.GOOD
    found = drill(province)
    lacking = {item["what"] for item in found["members"][0]["lacking"]}
    assert "frames-lost" in lacking
    assert found["verdict"] == report.FAILED


def test_a_lost_chunk_is_an_attachment_that_does_not_come_back(province: Province) -> None:
    rows = province.home.town.see(lambda tx: tx.guarding.chunks_after(province.member, 0, 10))
    for guardian in province.guardians:
        with guardian.town.store._connection as raw:  # type: ignore[attr-defined]  # a disk that loses bytes
            raw.execute("UPDATE ward_chunks SET sealed = ? WHERE name = ?", (bytes(1000), rows[0].name))
    found = drill(province)
    assert [item["what"] for item in found["members"][0]["lacking"]] == ["attachments"]


def test_a_silent_guardian_is_named_and_too_few_fail(province: Province) -> None:
    province.street.dark.add(province.guardians[0].id)
    (row,) = drill(province)["members"]
    assert row["whole"] == 3
    assert row["verdict"] == report.WEAK
    assert row["guardians"][0]["trouble"] or any(item["trouble"] for item in row["guardians"])
    province.street.dark.add(province.guardians[1].id)
    (row,) = drill(province)["members"]
    assert row["whole"] == 2
    assert row["verdict"] == report.FAILED


def test_what_a_guardian_was_not_given_yet_is_said(province: Province) -> None:
    late = province.guardians[0]
    province.street.dark.add(late.id)
    province.home.submit(province.member, Submission(to=province.seller, paper=order("A-3")))
    province.street.wait(30)
    province.street.dark.discard(late.id)
    (row,) = drill(province, whole=False)["members"]
    behind = [item for item in row["guardians"] if item["reach"] < item["frames_of"]]
    assert [item["node"] for item in behind] == [late.id.hex()]
    assert row["whole"] == 3
    assert row["verdict"] == report.WEAK


def test_the_report_is_signed_and_no_word_of_it_can_be_changed(province: Province) -> None:
    house = province.home.town.house
    made = report.sign(house, drill(province))
    data = report.encode(made)
    assert report.verify(data) == made["report"]
    page = ("<html>" + report.embed(made) + "</html>").encode()
    assert report.verify(page) == made["report"]
    changed = data.replace(b'"verdict":"good"', b'"verdict":"weak"')
    assert changed != data
    with pytest.raises(Malformed, match="changed"):
        report.verify(changed)
    other = province.guardians[0].town.house.node.public.hex().encode()
    with pytest.raises((BadSignature, NotAuthorised)):
        report.verify(data.replace(house.node.public.hex().encode(), other))
    with pytest.raises(Malformed):
        report.verify(b"[]")


def test_the_last_drill_is_remembered(province: Province) -> None:
    town = province.home.town
    assert town.see(report.last) is None
    found = drill(province)
    town.do(lambda tx: report.note(tx, found))
    assert town.see(report.last) == report.Last(found["time"], report.GOOD)


def test_a_drill_after_an_erasing_reads_past_what_nobody_can_open(province: Province) -> None:
    said = Submission(to=province.seller, paper=order("A-3"), personal=personal())
    paper = province.home.submit(province.member, said).id
    province.street.wait(10)
    town = province.home.town

    def erase(tx: Tx) -> None:
        now = town.house.clock()
        tx.erasing.put(asking.erase(town.house, tx, asking.blank(province.member, paper, province.seller, now)))

    for _ in range(2):  # keys are retired twice: names of the first ones are known nowhere any more
        town.do(erase)
        town.do(lambda tx: renewing.want(tx, province.member, 0))
        province.street.wait(400)
        row = town.see(lambda tx: tx.renewing.get(province.member))
        assert row is not None
        assert row.state == renewing.State.RETIRED.value
        town.do(lambda tx, at=row: tx.renewing.put(at._replace(begun=0)))
    found = drill(province)
    (row,) = found["members"]
    assert row["lacking"] == []
    assert (row["documents"], row["documents_back"]) == (3, 3)
    assert (row["attachments"], row["attachments_back"]) == (1, 1)
    assert found["verdict"] == "good"
