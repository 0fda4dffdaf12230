"""Fixtures that every test may use."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# No deadline per example: a busy machine is no failure of ours; pytest-timeout ends what hangs.
settings.register_profile("yui", deadline=None, print_blob=True)
settings.load_profile("yui")


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give the path of a file or folder of published samples beside the project; skip where it is absent."""

    def find(name: str) -> Path:
        path = ROOT.parent / "shared" / "data" / name
        if not path.exists():
            pytest.skip(f"published samples are not beside the project: ../shared/data/{name}")
        return path

    return find
