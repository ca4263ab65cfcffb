"""Fixtures that many rooms share."""

from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault: tests are about results, never about time.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and of outputs of the real old system; tests that need it skip without it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared (real recordings, outputs of the old system), which is not here")
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported network of 16 units that learnt a few tones (tests/fakes.py)."""
    from deepspeech.cli.export import export
    from deepspeech.training.log import Log
    from deepspeech.training.run import Run
    from tests.fakes import config

    folder = tmp_path_factory.mktemp("tiny")
    Run(config(folder, training__epochs=6), Log()).train()
    export(folder / "checkpoints", folder / "tiny.onnx", language="en")
    return folder / "tiny.onnx"
