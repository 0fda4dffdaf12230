"""The doctor on a healthy node, and on one whose members' histories grew too long."""

from __future__ import annotations

import gettext
import shutil
from pathlib import Path

from node import i18n, words
from node.services import deciding, doctor
from node.services.house import COPY_SEEN
from node.services.trade import Submission
from node.store import open_memory
from tests.node.services.town import Association, order

JAPANESE = gettext.translation(i18n.DOMAIN, i18n.LOCALE, ["ja"]).gettext


def findings(town: Association, folder: Path) -> dict[str, doctor.Finding]:
    (folder / "keys").mkdir(exist_ok=True)
    return {found.check: found for found in doctor.examine(town.house, town.store, folder)}


def test_a_healthy_node(tmp_path: Path) -> None:
    town = Association("toyota")
    town.enrol("一寸法師精密")
    found = findings(town, tmp_path)
    room = shutil.disk_usage(tmp_path).free >= doctor.LOW_SPACE_BYTES
    assert [check for check, finding in found.items() if not finding.ok] == ([] if room else ["disk space"])
    assert found["epochs"].detail == "the longest history has 1 epochs"


def test_a_node_that_crashes_again_and_again(tmp_path: Path) -> None:
    town = Association("toyota")
    member = town.enrol("一寸法師精密")
    row = town.see(lambda tx: tx.members.get(member))
    assert row is not None
    town.do(lambda tx: tx.members.put(row._replace(epoch_number=doctor.MANY_EPOCHS)))
    found = findings(town, tmp_path)["epochs"]
    assert not found.ok
    assert "crashes too often" in found.detail


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    town = Association("toyota")
    buyer, seller = town.enrol("金太郎機械"), town.enrol("一寸法師精密")
    document = town.submit(buyer, Submission(seller, order("PO-1")))[0].id
    assert findings(town, tmp_path)["documents"].ok
    row = town.see(lambda tx: tx.documents.get(document))
    assert row is not None
    image = town.store.serialize()
    assert image.count(row.header) == 1
    town.store = open_memory(image.replace(row.header, row.header[:-1] + bytes([row.header[-1] ^ 1])))
    found = findings(town, tmp_path)["documents"]
    assert not found.ok
    assert "was changed" in found.detail


def test_every_finding_has_words_in_both_languages(tmp_path: Path) -> None:
    town = Association("toyota")
    town.enrol("一寸法師精密")
    for found in findings(town, tmp_path).values():
        what, seen = words.finding(found._asdict(), JAPANESE)
        assert not what.isascii()
        assert not seen.isascii()
        assert "{" not in what + seen
        assert words.finding(found._asdict(), str) == (found.check, found.detail)


def test_why_a_node_signs_nothing(tmp_path: Path) -> None:
    say = JAPANESE
    assert "複製が見つかりました" in words.signing(COPY_SEEN, "", say)
    assert "yui key decide 0a0a0a0a0a0a" in words.signing(deciding.reason(b"\x0a" * 32), "", say)
    assert "バックアップから戻した" in words.signing("", "restore", say)
    assert words.signing("", "", say) == "はい"
    town = Association("toyota")
    town.house.frozen = COPY_SEEN
    found = findings(town, tmp_path)["may sign"]
    assert (found.ok, found.detail) == (False, COPY_SEEN)
    assert "複製が見つかりました" in words.finding(found._asdict(), say)[1]
