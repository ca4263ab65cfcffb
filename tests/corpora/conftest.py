"""Fixtures of the importers' tests."""

from pathlib import Path

import pytest
from common_voice_tree import NEW_COLUMNS, OLD_COLUMNS, CommonVoice


@pytest.fixture(params=[OLD_COLUMNS, NEW_COLUMNS], ids=["release 2", "release 27"])
def common_voice(tmp_path: Path, request: pytest.FixtureRequest) -> CommonVoice:
    """An empty language folder in the layout of an early and of a recent release."""
    return CommonVoice(tmp_path / "cv" / "xx", request.param)
