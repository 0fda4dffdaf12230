"""The three nodes of the demo, their firms, and what a firm's program does over the API.

Owns set-up and the calls. Everything goes through the command line and the member API. Decides no story.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from cli.cluster.member_api import MemberApi
from cli.cluster.nodes import Failed, Node, befriend, free_ports, stop_all
from cli.demonstration.firms import ASSOCIATIONS, FIRMS, Firm

ARRIVAL_S = 90.0
KNOWN_S = 60.0


class Account(NamedTuple):
    """A firm's access: its member id and the token of its programs."""

    firm: Firm
    member: str
    token: str


class Federation:
    """Nodes by association, accounts by firm."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports(2 * len(ASSOCIATIONS))
        self.folder = folder
        self.nodes = {
            key: Node(folder / key, item.name, ports[2 * at], ports[2 * at + 1])
            for at, (key, item) in enumerate(ASSOCIATIONS.items())
        }
        self.accounts: dict[str, Account] = {}
        self._apis: dict[str, MemberApi] = {}
        self._cursors: dict[str, int] = {}
        self._arrived: dict[str, dict[str, Any]] = {}

    # --- set-up

    def found(self) -> None:
        """Make the three nodes and start them."""
        for key, node in self.nodes.items():
            node.init("--area", ASSOCIATIONS[key].area)
            node.start()
        for node in self.nodes.values():
            node.wait_ready()

    def befriend(self) -> list[tuple[str, str, str]]:
        """Make every two nodes peers: (one, other, the code that both sides saw)."""
        return [
            (one, other, befriend(self.nodes[one], self.nodes[other])) for one, other in combinations(self.nodes, 2)
        ]

    def enrol(self, firms: Collection[Firm]) -> None:
        """Member firms, each with a token for its programs."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for firm, account in zip(firms, pool.map(self._enrol, firms), strict=True):
                self.accounts[firm.key] = account
                self._apis[firm.key] = MemberApi(self.nodes[firm.association].api, account.token)

    def _enrol(self, firm: Firm) -> Account:
        node = self.nodes[firm.association]
        member = node.yui(
            "member",
            "add",
            firm.name,
            "--kana",
            firm.kana,
            "--corporate-number",
            firm.corporate_number,
            "--registration-number",
            f"T{firm.corporate_number}",
            "--industry",
            firm.industry,
            "--area",
            ASSOCIATIONS[firm.association].area,
        )["member"]
        token = node.yui("token", "create", "demo", "--member", member)["token"]
        return Account(firm, member, token)

    def await_directory(self) -> None:
        """Return when every firm finds every other one in the directory of its own node."""
        wanted = {account.member for account in self.accounts.values()}
        until = time.monotonic() + KNOWN_S
        for key, node in self.nodes.items():
            api = self._apis[next(firm.key for firm in FIRMS.values() if firm.association == key)]
            while wanted - {card["member"] for card in api.get("/v1/directory", limit=200)["members"]}:
                if time.monotonic() > until:
                    raise Failed(f"{node.name}: the directory does not fill")
                time.sleep(0.2)

    def stop(self) -> None:
        """Stop every node."""
        for api in self._apis.values():
            api.close()
        stop_all(self.nodes.values())

    # --- what firms do

    def api(self, firm: str) -> MemberApi:
        """The member API with the firm's token."""
        return self._apis[firm]

    def node_of(self, firm: str) -> Node:
        """The node that the firm lives at."""
        return self.nodes[FIRMS[firm].association]

    def send(self, author: str, recipient: str, type: str, body: Any, thread: str = "") -> dict[str, Any]:
        """Send a paper; what the node says of it."""
        item = {"type": type, "to": self.accounts[recipient].member, "body": body}
        asked = {"documents": [item | ({"thread": thread} if thread else {})]}
        answer = self.api(author).post("/v1/documents", asked, key=secrets.token_hex(16))
        sent: dict[str, Any] = answer["documents"][0]
        return sent

    def send_ubl(self, author: str, recipient: str, path: Path) -> dict[str, Any]:
        """Send an order or its answer out of a UBL file over the API."""
        to = self.accounts[recipient].member
        answer = self.api(author).call(
            "POST",
            f"/v1/documents/ubl?to={to}",
            path.read_bytes(),
            key=secrets.token_hex(16),
            media="application/xml",
        )
        sent: dict[str, Any] = json.loads(answer)["documents"][0]
        return sent

    def await_arrivals(self, firm: str, documents: Iterable[str]) -> None:
        """Follow the firm's feed until all of ``documents`` were in it."""
        seen = self._arrived.setdefault(firm, {})
        until = time.monotonic() + ARRIVAL_S
        while missing := [document for document in documents if document not in seen]:
            if time.monotonic() > until:
                raise Failed(f"{FIRMS[firm].name}: {missing[0][:12]} does not arrive\n{self.node_of(firm).log_tail()}")
            page = self.api(firm).get("/v1/feed", after=self._cursors.get(firm, 0), wait=2, direction="received")
            self._cursors[firm] = page["next"]
            seen.update({item["id"]: item for item in page["documents"]})
