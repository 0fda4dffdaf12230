"""The API over a store in memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.node.api.town import Api, serving


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(tmp_path) as found:
        yield found
