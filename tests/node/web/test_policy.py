"""The whole matrix of roles and pages, from the one table that decides."""

from __future__ import annotations

import re

import pytest

from node.services.policy import ASSOCIATION_ROLES, MEMBER_ROLES, OPERATIONS, PUBLIC, Role, allows
from node.web import site
from node.web.app import AREAS
from node.web.page import Page
from tests.node.web.harness import Web

PAGES = [page for area in AREAS for page in area.PAGES]
LOGINS = {role: role.value for role in Role}


def test_every_operation_is_for_one_house() -> None:
    for operation, roles in OPERATIONS.items():
        if operation not in (PUBLIC, "own"):
            assert roles, operation
            assert roles <= MEMBER_ROLES or roles <= ASSOCIATION_ROLES, operation


def test_who_may_more_than_whom() -> None:
    """A viewer may nothing that a clerk may not, a clerk nothing that an owner may not; staff likewise."""
    family = (Role.VIEWER, Role.CLERK), (Role.CLERK, Role.OWNER), (Role.SUPPORTER, Role.STAFF), (Role.STAFF, Role.ADMIN)
    for lesser, greater in family:
        for operation, roles in OPERATIONS.items():
            assert lesser not in roles or greater in roles, operation
    assert not allows("own", None)
    assert allows(PUBLIC, None)


@pytest.mark.parametrize("role", [None, *Role])
async def test_the_matrix(web: Web, role: Role | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page answers a role as the table says; what it does not permit is not reached with a good form either."""
    monkeypatch.setattr(site, "PER_GUEST", 10**6)  # there are more pages than a person opens in a minute
    monkeypatch.setattr(site, "PER_VISITOR", 10**6)
    browser = web.browser() if role is None else await web.logged_in(LOGINS[role])
    csrf = (await browser.get("/login" if role is None else "/menu")).csrf
    for page in PAGES:
        if page.path == "/logout":
            continue  # ends the session: test_site
        path = re.sub(r"\{\w+\}", "0" * 64, page.path)
        shown = await (browser.ask("GET", path) if page.method == "GET" else browser.post(path, csrf=csrf))
        assert _as_permitted(page, role, shown.status, shown.location), f"{role} {page.method} {path}: {shown.status}"


def _as_permitted(page: Page, role: Role | None, status: int, location: str) -> bool:
    if page.operation == PUBLIC:
        return status != 403 and not (status == 303 and location.startswith("/login?"))
    if role is None:
        return status == 303 and location.startswith("/login")
    if allows(page.operation, role):
        return status not in (403, 500) and not location.startswith("/login")
    family = MEMBER_ROLES if role in MEMBER_ROLES else ASSOCIATION_ROLES
    return status == (403 if OPERATIONS[page.operation] & family else 404)
