"""Web push: RFC 8291's own example, and a real push service whose messages only the subscriber's browser reads."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from node.notices.encryption import sealed
from node.services.notices import browsers, choosing
from node.services.trade import Submission
from tests.node.notices.conftest import Office
from tests.node.notices.post import PushBrowser
from tests.node.services.town import order


def test_the_example_of_rfc_8291() -> None:
    own = int.from_bytes(browsers.decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    public = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    found = sealed(
        b"When I grow up, I want to be a watermelon",
        browsers.decoded(public),
        browsers.decoded("BTBZMqHH6r4Tts7J_aSIgg"),
        browsers.decoded("DGv6ra1nlYgDCS1FRnbzlw"),
        ec.derive_private_key(own, ec.SECP256R1()),
    )
    assert browsers.encoded(found) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


async def pushed(office: Office, names: tuple[str, ...] = ("one",)) -> PushBrowser:
    """The clerk takes orders in these browsers and by no mail; an order comes."""
    browser, clerk, town = PushBrowser(), office.user("clerk"), office.webs.kyoto.town
    for name in names:
        endpoint = office.push.endpoint(name)
        town.do(
            lambda tx, to=endpoint: browsers.add(  # type: ignore[misc]
                town.house, tx, clerk, to, browser.public, browser.secret, "telephone", inside=True
            )
        )
    town.do(lambda tx: choosing.choose(tx, clerk, {"orders": ["push"]}))
    office.webs.toyota.town.submit(office.webs.buyer, Submission(office.webs.seller, order("PO-7731")))
    office.webs.deliver()
    await office.steps()
    await office.after(1)
    return browser


async def test_the_subscribers_browser_reads_it_and_nobody_else_learns_anything(office: Office) -> None:
    browser = await pushed(office)
    ((path, headers, body),) = office.push.taken
    assert path == "/one"
    told = browser.read(body)
    assert told["title"] == "注文か見積依頼が回答を待っています。"
    assert told["path"].startswith("/dealings/")
    for secret in ("金太郎機械", "抹茶", "PO-7731", "2880"):
        assert secret not in json.dumps(told, ensure_ascii=False)
    assert (headers["Content-Encoding"], headers["TTL"]) == ("aes128gcm", "86400")
    assert "注文".encode() not in body
    with pytest.raises(InvalidTag):
        PushBrowser().read(body)


async def test_the_push_service_knows_the_node_by_its_key(office: Office) -> None:
    await pushed(office)
    said = office.push.taken[0][1]["Authorization"]
    token, _, key = said.removeprefix("vapid t=").partition(", k=")
    head, claims, signature = token.split(".")
    raw = browsers.decoded(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), browsers.decoded(key))
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    found = json.loads(base64.urlsafe_b64decode(claims + "=="))
    now = office.webs.kyoto.town.now // 1_000_000
    assert found["aud"] == f"https://127.0.0.1:{office.push.port}"
    assert now < found["exp"] <= now + 24 * 3600
    page = await (await office.webs.kyoto.logged_in("clerk")).get("/settings/notices")
    assert f'data-push-key="{key}"' in page.text


async def test_a_browser_that_is_gone_is_forgotten_and_a_busy_service_tried_again(office: Office) -> None:
    office.push.answer = 503
    await pushed(office)
    assert len(office.push.taken) == 1
    office.push.answer = 201
    await office.after(2)
    assert len(office.push.taken) == 2
    await office.after(2)
    assert len(office.push.taken) == 2
    office.push.answer = 410
    office.webs.toyota.town.submit(office.webs.buyer, Submission(office.webs.seller, order("PO-2")))
    office.webs.deliver()
    await office.steps()
    await office.after(11)
    clerk = office.user("clerk")
    assert office.webs.kyoto.town.see(lambda tx: tx.notices.subscriptions(clerk.id)) == []


async def test_the_page_adds_and_removes_a_browser(office: Office) -> None:
    keys = PushBrowser()
    browser = await office.webs.kyoto.logged_in("viewer")
    csrf = (await browser.get("/settings/notices")).csrf
    told = {
        "endpoint": "https://push.example.com/a",
        "p256dh": browsers.encoded(keys.public),
        "auth": browsers.encoded(keys.secret),
    }
    kind = {"Content-Type": "application/json", "X-CSRF-Token": csrf}
    answer = await browser.ask("POST", "/settings/notices/browsers", data=json.dumps(told), headers=kind)
    assert answer.status == 200
    user = office.user("viewer").id
    (row,) = office.webs.kyoto.town.see(lambda tx: tx.notices.subscriptions(user))
    other = await office.webs.kyoto.logged_in("clerk")
    await other.get("/settings/notices")
    path = f"/settings/notices/browsers/{row.id.hex()}/remove"
    await other.post(path)
    assert office.webs.kyoto.town.see(lambda tx: len(tx.notices.subscriptions(user))) == 1, "another person's"
    await browser.get("/settings/notices")
    await browser.post(path)
    assert office.webs.kyoto.town.see(lambda tx: tx.notices.subscriptions(user)) == []
