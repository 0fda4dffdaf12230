"""The pages over stores in memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.node.web.harness import TwoWebs, Web, serving, two_webs


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with serving(tmp_path) as found:
        yield found


@pytest.fixture
async def webs(tmp_path: Path) -> AsyncIterator[TwoWebs]:
    async with two_webs(tmp_path) as found:
        yield found
