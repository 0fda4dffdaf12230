"""schemathesis against the served OpenAPI: what the description promises holds for requests that nobody wrote.

Made from the schemas, deterministic and bounded. ``positive_data_acceptance`` is left out: that a day is a day of the
calendar, or a partner a known firm, is said by a 422 with its rule and not by a schema; so is ``unsupported_method``,
because a path with a variable in it also answers for its fixed neighbour.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.node.api.town import BUYER, SELLER, serving

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "ignored_auth",
)
SECONDS = 100


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 3)
async def test_the_api_is_as_it_says(tmp_path: Path) -> None:
    async with serving(tmp_path) as api:
        for number in range(3):
            await api.send(f"PO-{number}")
            await api.send(f"SO-{number}", SELLER, BUYER)
        api.context.limits.per_token = api.context.limits.refused_per_address = 10**9
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "run", str(api.client.make_url("/v1/openapi.json"))),
            *("--header", f"Authorization: Bearer {api.tokens[BUYER]}", "--checks", ",".join(CHECKS)),
            *("--phases", "coverage,fuzzing", "--max-examples", "12", "--max-time", str(SECONDS)),
            *("--generation-deterministic", "--request-timeout", "45", "--no-color"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await process.communicate())[0].decode("utf-8", "replace")
    assert process.returncode == 0, said[-8_000:]
    assert "operations" in said
