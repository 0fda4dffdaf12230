"""A small client of the member API over one kept-alive connection.

Owns the connection, the token and the words of a refusal. Uses only what any other program could: docs/api. Knows no
document.
"""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit


class Refused(ValueError):
    """The node said no. ``status`` and the problem's members."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail') or problem.get('title') or 'refused'}")
        self.status = status
        self.problem = problem


class MemberApi:
    """Calls with one token. ``address``: ``http://host:port``. Not for several threads at once."""

    def __init__(self, address: str, token: str = "", timeout: float = 60.0) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def send(self, body: bytes, *, key: str = "") -> Any:
        """POST /v1/documents with a body that is ready; the answer. ``key``: its Idempotency-Key."""
        return json.loads(self.call("POST", "/v1/documents", body, key=key))

    def get(self, path: str, **query: Any) -> Any:
        """GET a JSON answer."""
        return json.loads(self.call("GET", f"{path}?{urlencode(query)}" if query else path))

    def download(self, path: str) -> bytes:
        """GET anything."""
        return self.call("GET", path)

    def post(self, path: str, value: object, *, key: str = "") -> Any:
        """POST JSON, get JSON."""
        return json.loads(self.call("POST", path, json.dumps(value, ensure_ascii=False).encode(), key=key))

    def call(
        self, method: str, path: str, body: bytes | None = None, *, key: str = "", media: str = "application/json"
    ) -> bytes:
        """One request. Refused for every status from 400 on; OSError and HTTPException when the node is not there.

        What may safely be said twice (GET, or with a key) is said again when a kept connection turns out to be dead.
        """
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = media
        if key:
            headers["Idempotency-Key"] = key
        kept = self._connection.sock is not None
        try:
            status, data = self._exchange(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            if not kept or not (key or method == "GET"):
                raise
            status, data = self._exchange(method, path, body, headers)
        if status < 400:
            return data
        try:
            problem = json.loads(data)
        except ValueError:
            problem = {}
        raise Refused(status, problem if isinstance(problem, dict) else {})

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
