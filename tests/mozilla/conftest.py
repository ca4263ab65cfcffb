"""What tests of the old API share."""

from pathlib import Path

import pytest

from deepspeech import Model


@pytest.fixture
def model(hearing_model: Path) -> Model:
    """The network of tones, opened by the old API."""
    opened = Model(str(hearing_model))
    opened.setBeamWidth(16)
    return opened


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old models are converted into a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
