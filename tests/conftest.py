"""Fixtures that many rooms share."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from tests.web import Web, serving

# A busy machine is no fault: tests are about results, never about time. Each run tries the same examples, so that a
# failure is a change's own; HYPOTHESIS=nightly looks for new ones.
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.register_profile("nightly", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS", "house"))

Command = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and of outputs of the real old system; tests that need it skip without it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared (real recordings, outputs of the old system), which is not here")
    return folder


@pytest.fixture
def entry_point(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `deepspeech` or an old script, by name, with arguments; gives its exit code, its stdout and its stderr."""
    from deepspeech.cli import old_trainer
    from deepspeech.cli.main import main

    def run(name: str, *arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        before, code = signal.getsignal(signal.SIGTERM), 0
        try:
            main() if name == "deepspeech" else old_trainer.main(name)
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            signal.signal(signal.SIGTERM, before)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def deepspeech(entry_point: Command) -> Command:
    """Runs `deepspeech` with arguments."""
    return partial(entry_point, "deepspeech")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A web server whose files the test chooses (tests/web.py)."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as server:
        yield server


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


@pytest.fixture(scope="session")
def hearing_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of a network of 32 units that tells the tones of tests/fakes.py apart; made, not learnt."""
    from deepspeech.training.log import Log
    from deepspeech.training.run import Run
    from tests.fakes import config, knows_tones

    folder = tmp_path_factory.mktemp("hearing")
    run = Run(config(folder, network={"hidden": 32, "normalize_features": False}), Log())
    knows_tones(run.network)
    run.position.epoch, run.position.step = run.config.training.epochs, 6
    run.writer.save("train")
    run.writer.save("best")
    return folder / "checkpoints"


@pytest.fixture(scope="session")
def hearing_model(hearing_checkpoints: Path) -> Path:
    """The same network, exported."""
    from deepspeech.cli.export import export

    path = hearing_checkpoints.parent / "hearing.onnx"
    export(hearing_checkpoints, path, language="en")
    return path


@pytest.fixture(scope="session")
def word_scorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.scorer` of four words that the network of tones can hear."""
    from deepspeech.text.tokens import ENGLISH
    from tests.decoder.small_scorer import language_model, scorer

    words = ("ab", "abba", "dc", "bad")
    grams = {("<unk>",): (-2.0, 0.0), ("<s>",): (-1.5, -0.3), ("</s>",): (-1.0, 0.0), ("ab", "dc"): (-0.2, 0.0)}
    grams |= {(word,): (-0.6 - 0.1 * number, -0.2) for number, word in enumerate(words)}
    path = tmp_path_factory.mktemp("scorer") / "words.scorer"
    path.write_bytes(scorer(language_model(grams, 2), [ENGLISH.encode(word + " ") for word in words]))
    return path
