"""A document as PDF over the API: to those who hold it, in their language; made in another process."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT
from tests.node.api.town import BUYER, SELLER, STRANGER, Api, plain
from tests.node.services.town import accept_order, order


async def test_both_sides_print_what_they_hold_and_nobody_else(api: Api) -> None:
    order_id = await api.send("PO-1")
    path = f"/v1/documents/{order_id}/pdf"
    mine = await api.call(BUYER, "GET", path)
    assert mine.status == 200, mine.body
    assert mine.headers["Content-Type"] == "application/pdf"
    assert order_id[:12] in mine.headers["Content-Disposition"]
    assert mine.body.startswith(b"%PDF-")
    assert (await api.call(SELLER, "GET", path)).body == mine.body
    assert (await api.call(STRANGER, "GET", path)).status == 404
    assert (await api.call("", "GET", path)).status == 401
    assert (await api.call(BUYER, "GET", f"/v1/documents/{'0' * 64}/pdf")).status == 404
    shown = (await api.call(BUYER, "GET", f"/v1/documents/{order_id}")).json
    assert shown["links"]["pdf"] == path
    english = await api.call(BUYER, "GET", f"{path}?lang=en&fax=1")
    assert english.status == 200
    assert english.body != mine.body
    answer = {"type": "order_response", "to": api.members[BUYER].hex(), "thread": order_id}
    answer["body"] = plain(accept_order("A-1", order("PO-1")))
    sent = await api.call(SELLER, "POST", "/v1/documents", {"documents": [answer]})
    answered = sent.json["documents"][0]["id"]
    assert (await api.call(BUYER, "GET", f"/v1/documents/{answered}/pdf")).status == 200


async def test_what_cannot_be_asked_for_is_named(api: Api) -> None:
    path = f"/v1/documents/{await api.send('PO-1')}/pdf"
    for query, field in (("lang=fr", "lang"), ("form=poster", "form"), ("fax=7", "fax")):
        answer = await api.call(BUYER, "GET", f"{path}?{query}")
        assert (answer.status, answer.json["field"]) == (422, field), answer.body
    assert (await api.call(BUYER, "GET", f"{path}?size=A3")).status == 422


def test_an_idle_node_loads_no_font_and_no_layout() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import node.app, node.api.member.app, node.api.admin.app\n"
        "heavy = ('fpdf', 'fontTools', 'noto_cjk', 'segno', 'PIL', 'openpyxl', 'python_calamine', 'jpholiday')\n"
        "assert not [name for name in sys.modules if name.startswith(heavy)], 'loaded'\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code, str(ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
