"""Tokens: who may call, and how refusals look."""

from node.services import members, tokens, users
from tests.node.api.town import BUYER, SELLER, Api


async def test_without_a_token(api: Api) -> None:
    answer = await api.call("", "GET", "/v1/me")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["code"] == "no-token"


async def test_unknown_expired_and_revoked_tokens_look_alike(api: Api) -> None:
    expired = api.token(BUYER, lifetime_us=1)
    revoked = api.token(BUYER)
    prefix = tokens.hash_of(revoked).hex()[:16]
    api.town.do(lambda tx: tokens.revoke(tx, prefix, api.town.now))
    answers = [await api.call("", "GET", "/v1/me", token=text) for text in ("yui_x", expired, revoked)]
    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1


async def test_only_the_hash_is_stored(api: Api) -> None:
    text = api.token(BUYER)
    assert text.encode() not in api.town.store.serialize()
    assert len(text) == len("yui_") + 43


async def test_me(api: Api) -> None:
    me = (await api.call(SELLER, "GET", "/v1/me")).json
    assert me["member"] == api.members[SELLER].hex()
    assert me["name"] == SELLER
    assert me["network"] == "test"


async def test_a_scope_that_is_lacking(api: Api) -> None:
    token = api.token(BUYER, "documents:read")
    answer = await api.call("", "POST", "/v1/documents", {"documents": []}, token=token)
    assert answer.status == 403
    assert 'scope="documents:write"' in answer.headers["WWW-Authenticate"]


async def test_a_users_token_has_no_more_than_the_role(api: Api) -> None:
    house, member = api.town.house, api.members[BUYER]
    hashed = users.password_hash("long enough to pass")
    api.town.do(lambda tx: users.add(house, tx, member, "taro", "viewer", hashed))
    token = api.token(BUYER, user="taro")
    assert (await api.call("", "GET", "/v1/documents", token=token)).status == 200
    assert (await api.call("", "POST", "/v1/documents", {"documents": []}, token=token)).status == 403
    api.town.do(lambda tx: users.disable(tx, "taro"))
    assert (await api.call("", "GET", "/v1/documents", token=token)).status == 401


async def test_a_suspended_member_gets_nothing(api: Api) -> None:
    api.town.do(lambda tx: members.suspend(tx, api.members[BUYER]))
    answer = await api.call(BUYER, "GET", "/v1/documents")
    assert answer.status == 403
    assert answer.json["code"] == "suspended"


async def test_guessing_is_slowed_down(api: Api) -> None:
    api.context.limits.refused_per_address = 5
    statuses = [(await api.call("", "GET", "/v1/me", token=f"yui_{at}")).status for at in range(8)]
    assert statuses[:5] == [401] * 5
    assert statuses[5:] == [429] * 3
    assert (await api.call(BUYER, "GET", "/v1/me")).status == 200


async def test_behind_a_trusted_proxy_the_caller_is_counted_not_the_proxy(api: Api) -> None:
    api.context.limits.refused_per_address = 2

    async def guess(at: int, forwarded: str) -> int:
        return (await api.call("", "GET", "/v1/me", token=f"yui_{at}", headers={"X-Forwarded-For": forwarded})).status

    assert [await guess(at, f"192.0.2.{at}") for at in range(3)] == [401, 401, 429]  # not trusted: not believed
    api.context.trusted_proxies = frozenset({"127.0.0.1"})
    assert [await guess(at, "spoofed, 198.51.100.7") for at in range(3)] == [401, 401, 429]
    assert await guess(9, "198.51.100.7, 198.51.100.8") == 401


async def test_too_many_requests_of_one_token(api: Api) -> None:
    api.context.limits.per_token = 3
    answers = [await api.call(BUYER, "GET", "/v1/me") for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["Retry-After"]
    assert (await api.call(SELLER, "GET", "/v1/me")).status == 200
