"""What tests of the old API share."""

from pathlib import Path

import pytest

from deepspeech import Model
from tests.old_models.conftest import own_cache

__all__ = ["model", "own_cache"]


@pytest.fixture
def model(hearing_model: Path) -> Model:
    """The network of tones, opened by the old API."""
    opened = Model(str(hearing_model))
    opened.setBeamWidth(16)
    return opened
