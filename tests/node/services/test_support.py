"""What may be handed to somebody who helps: nothing in it names anybody."""

from __future__ import annotations

import json
from pathlib import Path

from node.services import doctor, support
from tests.node.services.guarding.province import Province


def test_every_check_of_the_doctor_is_known_by_its_kind(tmp_path: Path) -> None:
    town = Province(3).home_town
    found = [support._check(item) for item in doctor.examine(town.house, town.store, tmp_path)]
    assert "other" not in {item["check"] for item in found}


def test_no_name_or_id_is_in_it(tmp_path: Path) -> None:
    province = Province(3)
    province.street.wait(5)
    town = province.home_town
    text = json.dumps(support.bundle(town.house, town.store, tmp_path), ensure_ascii=False)
    names = ["豊田", "広島", "京都", "桃太郎商事", "金太郎機械", str(tmp_path)]
    ids = [province.member, town.house.id, *(one.id for one in province.guardians)]
    assert [one for one in (*names, *(one.hex()[:8] for one in ids)) if one in text] == []
    assert json.loads(text)["counts"]["members"] == 2


def test_an_unknown_check_or_error_says_nothing_of_itself() -> None:
    assert support._check(doctor.Finding("浦島 with 12", True, "浦島 7"))["check"] == "other"
    assert support._code("浦島水産 is gone") == "other"
    assert support._code("timeout: 浦島水産 does not answer") == "timeout"
