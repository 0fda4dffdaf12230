"""Files attached on a page: streamed in, sent with the message, saved at the partner and by nobody else."""

from __future__ import annotations

import html
import re
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from node.services import attachments
from node.services.trade import Submission
from node.web import upload
from protocol.document import attachment
from protocol.document import header as headers
from tests.node.services.town import order
from tests.node.web.harness import Browser, Shown, TwoWebs

DRAWING = bytes(range(256)) * 6000  # more than a chunk


def new_order(webs: TwoWebs) -> str:
    sent = webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-1")))
    webs.deliver()
    return sent[0].id.hex()


async def say(
    browser: Browser, thread: str, text: str, *files: tuple[str, bytes], csrf: str = "", late: bool = False
) -> Shown:
    data = aiohttp.FormData(default_to_multipart=True, quote_fields=False)  # as browsers do
    token = csrf or browser.last.csrf
    if not late:
        data.add_field("csrf", token)
    data.add_field("text", text)
    for name, content in files:
        data.add_field("files", BytesIO(content), filename=name, content_type="text/html")
    if late:
        data.add_field("csrf", token)
    shown = await browser.ask("POST", f"/dealings/{thread}/message", data=data)
    return await browser.get(shown.location.partition("#")[0]) if shown.status == 303 else shown


def link(shown: Shown) -> str:
    found = shown.text.partition("/attached/")
    return f"/documents/{found[0].rpartition('/')[2]}/attached/{found[2][:64]}"


async def saved(webs: TwoWebs, browser: Browser, path: str) -> tuple[int, Any, bytes]:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    client = (webs.toyota if browser._client is webs.toyota.client else webs.kyoto).client
    async with client.get(path, headers={"Cookie": cookies}, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_a_drawing_goes_with_a_message_and_is_saved_at_the_partner(webs: TwoWebs) -> None:
    thread = new_order(webs)
    clerk = await webs.toyota.logged_in("clerk")
    await clerk.get(f"/dealings/{thread}")
    shown = await say(clerk, thread, "図面です", ("C:\\図面 v2<b>.pdf", DRAWING))
    assert "送りました" in shown.plain
    assert "図面 v2<b>.pdf" in shown.plain
    status, headers, body = await saved(webs, clerk, link(shown))
    assert (status, body) == (200, DRAWING)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert "default-src 'none'" in headers["Content-Security-Policy"]

    webs.deliver()
    kyoto = webs.kyoto
    partner = await kyoto.logged_in("viewer")
    assert "配達中" in (await partner.get(f"/dealings/{thread}")).plain
    root = bytes.fromhex(link(shown).rpartition("/")[2])
    files = kyoto.context.files
    name = files.begin("ab" * 16, webs.toyota.town.house.id, len(DRAWING), "application/pdf").name
    for index in range(2):
        files.put_chunk(name, index, webs.toyota.context.files.read_chunk(root, index))
    files.finish(name, root)
    kyoto.town.do(lambda tx: attachments.completed(kyoto.town.house, tx, root, len(DRAWING), "application/pdf"))
    got = await partner.get(f"/dealings/{thread}")
    assert "図面 v2<b>.pdf" in got.plain
    assert (await saved(webs, partner, link(got)))[2] == DRAWING


async def test_nobody_else_gets_it(webs: TwoWebs) -> None:
    thread = new_order(webs)
    clerk = await webs.toyota.logged_in("clerk")
    await clerk.get(f"/dealings/{thread}")
    shown = await say(clerk, thread, "", ("a.txt", b"secret"))
    path = link(shown)
    toyota = webs.toyota
    toyota.settle_in("すずめ屋", toyota.town.enrol("すずめ屋"), "suzume-")
    stranger = await toyota.logged_in("suzume-owner")
    unknown = path[:-64] + "0" * 64
    assert (await stranger.get(path)).status == (await stranger.get(unknown)).status == 404
    assert (await clerk.get(unknown)).status == 404


async def test_without_the_token_before_it_no_file_is_taken(webs: TwoWebs) -> None:
    thread = new_order(webs)
    clerk = await webs.toyota.logged_in("clerk")
    await clerk.get(f"/dealings/{thread}")
    assert (await say(clerk, thread, "x", ("a.txt", b"x"), csrf="forged")).status == 403
    assert (await say(clerk, thread, "x", ("a.txt", b"x"), late=True)).status == 403
    folder = webs.toyota.context.folder / "attachments"
    assert not folder.exists() or not any(path.is_file() for path in folder.rglob("*"))


async def test_too_large_and_too_many_send_nothing(webs: TwoWebs, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = new_order(webs)
    clerk = await webs.toyota.logged_in("clerk")
    await clerk.get(f"/dealings/{thread}")
    monkeypatch.setattr(upload, "MAX_FILE_BYTES", 1000)
    assert "超えています" in (await say(clerk, thread, "x", ("a.pdf", b"x" * 1001))).plain
    many = [(f"{number}.txt", b"x") for number in range(6)]
    assert "5つまで" in (await say(clerk, thread, "x", *many)).plain
    documents = webs.toyota.town.see(lambda tx: tx.documents.by_thread(bytes.fromhex(thread)))
    assert len(documents) == 1


async def test_a_message_without_files_goes_as_before(webs: TwoWebs) -> None:
    thread = new_order(webs)
    clerk = await webs.toyota.logged_in("clerk")
    await clerk.get(f"/dealings/{thread}")
    assert "よろしく" in (await say(clerk, thread, "よろしく", ("", b""))).plain


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../etc/passwd", "passwd"), ("a\r\nX: y.pdf", "aX: y.pdf"), ("\u202efdp.exe", "fdp.exe"), ("...", "file"),
     ("x" * 300 + ".pdf", "x" * 116 + ".pdf"), ("", "file")],
)  # fmt: skip
def test_names_are_cleaned(name: str, kept: str) -> None:
    assert upload.clean(name) == kept
    assert "\n" not in upload.download_headers(name, 1)["Content-Disposition"]


# --- with a paper


async def attach(browser: Browser, action: str, *files: tuple[str, bytes], **typed: str) -> Shown:
    """Press “Attach” in the form that posts to ``action``."""
    data = aiohttp.FormData(default_to_multipart=True, quote_fields=False)
    shown = browser.last
    for name, value in {"csrf": shown.csrf, **shown.fields(action), **typed}.items():
        if name not in ("action", "attached"):
            data.add_field(name, value)
    for value in re.findall(r'name="attached" value="([^"]*)"', shown.text):
        data.add_field("attached", html.unescape(value))
    data.add_field("action", "attach")
    for name, content in files:
        data.add_field("files", BytesIO(content), filename=name, content_type="application/pdf")
    return await browser.ask("POST", f"{action}/attach", data=data)


GOODS = {"lines.0.name": "竹ざる", "lines.0.quantity": "2", "lines.0.price": "780", "lines.0.tax": "S10"}


async def test_a_drawing_goes_with_an_order_and_stays_with_its_form_until_then(webs: TwoWebs) -> None:
    clerk = await webs.toyota.logged_in("clerk")
    action = f"/partners/{webs.seller.hex()}/order"
    await clerk.get(action)
    shown = await attach(clerk, action, ("図面.pdf", DRAWING), ("写真.jpg", b"x"), **GOODS)
    assert shown.status == 200, shown.plain
    assert "図面.pdf" in shown.plain
    assert shown.fields(action)["lines.0.name"] == "竹ざる"
    photo = re.search(r'value="(drop-[0-9a-f]{64})">[^<]*<span class="sr"> 写真', shown.text)
    assert photo is not None
    fields = {"attached": re.findall(r'name="attached" value="([^"]*)"', shown.text)}
    shown = await clerk.submit(action, {**fields, "action": photo[1]})
    assert "写真.jpg" not in shown.plain
    review = await clerk.submit(action, {"action": "check"})
    assert "図面.pdf" in review.plain
    sent = await clerk.submit(action, {"action": "send"})
    assert "送りました" in sent.plain
    assert "図面.pdf" in sent.plain
    stored = webs.toyota.town.see(lambda tx: tx.documents.full(tx.holdings.after(webs.buyer, 0, 10)[-1].document))
    assert stored is not None
    assert [ref.size for ref in headers.parse(stored.row.header).attachments] == [len(DRAWING)]
    webs.deliver()
    (ref,) = headers.parse(stored.row.header).attachments
    fetch(webs, ref.root, ref.size)
    partner = await webs.kyoto.logged_in("clerk")
    assert "図面.pdf" in (await partner.get(f"/dealings/{stored.row.thread.hex()}")).plain


def fetch(webs: TwoWebs, root: bytes, size: int) -> None:
    """The other node has fetched a file."""
    kyoto, files = webs.kyoto, webs.kyoto.context.files
    name = files.begin("cd" * 16, webs.toyota.town.house.id, size, "application/pdf").name
    for index in range(attachment.chunk_count(size)):
        files.put_chunk(name, index, webs.toyota.context.files.read_chunk(root, index))
    files.finish(name, root)
    kyoto.town.do(lambda tx: attachments.completed(kyoto.town.house, tx, root, size, "application/pdf"))


async def test_a_file_that_was_not_taken_over_is_not_lost_without_a_word(webs: TwoWebs) -> None:
    clerk = await webs.toyota.logged_in("clerk")
    action = f"/partners/{webs.seller.hex()}/order"
    await clerk.get(action)
    shown = await clerk.submit(action, {**GOODS, "files": "図面.pdf", "action": "send"})
    assert shown.status == 422
    assert "「添付する」" in shown.plain
    assert webs.toyota.town.see(lambda tx: tx.holdings.after(webs.buyer, 0, 10)) == []


async def test_only_own_files_and_no_more_than_five_go_with_a_paper(webs: TwoWebs) -> None:
    clerk, foreign = await webs.toyota.logged_in("clerk"), await webs.kyoto.logged_in("clerk")
    thread = new_order(webs)
    await foreign.get(f"/dealings/{thread}/answer")
    action = f"/partners/{webs.seller.hex()}/order"
    await clerk.get(action)
    guessed = await clerk.submit(action, {**GOODS, "attached": f"{'0' * 64}:x.pdf", "action": "send"})
    assert guessed.status == 422
    assert "もう一度添付" in guessed.plain
    await clerk.get(action)
    shown = await attach(clerk, action, *((f"{n}.pdf", bytes([n])) for n in range(1, 7)), **GOODS)
    assert shown.text.count('name="attached"') == 5
    assert "5" in shown.plain
    viewer = await webs.toyota.logged_in("viewer")
    await viewer.get("/")
    assert (await attach_as(viewer, action)).status == 403


async def attach_as(browser: Browser, action: str) -> Shown:
    data = aiohttp.FormData(default_to_multipart=True, quote_fields=False)
    data.add_field("csrf", browser.last.csrf)
    return await browser.ask("POST", f"{action}/attach", data=data)
