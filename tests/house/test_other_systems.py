"""Transcription, imports and the trainer's loader run without the calls that only Linux, or only Unix, has."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from deepspeech import cores
from deepspeech.audio.formats import write_wav
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.pipeline import Pipeline
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import LmError, TrainingError
from deepspeech.features.config import MfccConfig
from deepspeech.features.mfcc import Mfcc
from deepspeech.file_positions import read_at, write_at
from deepspeech.lm.memory import memory_bytes
from deepspeech.remote import files as remote_files
from deepspeech.text.tokens import ENGLISH
from deepspeech.training import memory_probe
from deepspeech.training.loader import load, refuse
from tests.conftest import Command
from tests.fakes import corpus, spoken

UNIX_ONLY = (
    "sched_getaffinity", "posix_fadvise", "fork", "pread", "pwrite", "sendfile", "sysconf", "getuid", "statvfs",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in UNIX_ONLY:
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(remote_files, "fcntl", None)
    monkeypatch.setattr(memory_probe, "resource", None)
    read_text = Path.read_text

    def no_proc(path: Path, *how: object, **more: object) -> str:
        if path.as_posix().startswith("/proc/"):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return read_text(path, *how, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "read_text", no_proc)


def test_bytes_are_read_and_written_at_a_place() -> None:
    with tempfile.TemporaryFile() as file:
        assert write_at(file.fileno(), b"abcdef", 0) == 6
        assert write_at(file.fileno(), b"X", 2) == 1
        assert read_at(file.fileno(), 3, 1) == b"bXd"
        assert read_at(file.fileno(), 9, 4) == b"ef"


def test_cores_are_counted() -> None:
    assert cores.affinity() == []
    assert cores.cores() >= 1


def test_a_machine_without_a_size_asks_for_one() -> None:
    with pytest.raises(LmError, match="write a size, for example 2GB"):
        memory_bytes("75%")
    assert memory_bytes("2GB") == 2 * 10**9


def test_memory_that_cannot_be_measured_is_no_batch_size() -> None:
    with pytest.raises(TrainingError, match=r"set training\.batch_size"):
        memory_probe._peak(torch.device("cpu"))


def test_recordings_are_transcribed(
    deepspeech: Command, hearing_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "a.wav", spoken("abba dc"), 16000)
    here = deepspeech("transcribe", "--model", hearing_model, tmp_path / "a.wav")
    monkeypatch.undo()
    assert here == deepspeech("transcribe", "--model", hearing_model, tmp_path / "a.wav")
    assert here[0] == 0
    assert here[1].strip()


def test_a_corpus_is_imported(deepspeech: Command, tmp_path: Path) -> None:
    table = corpus(tmp_path, 4)
    code, _, told = deepspeech("import", "csv", table, "--target-dir", tmp_path / "made")
    assert code == 0, told
    assert len(read_samples(next((tmp_path / "made").glob("*.csv")))) == 4


def test_batches_are_loaded(tmp_path: Path) -> None:
    samples = read_samples(corpus(tmp_path, 5))
    pipeline = Pipeline(Mfcc(MfccConfig()), ENGLISH, ClipCache(0))
    ((_, (batch,)),) = load([samples], pipeline, 0, 2, torch.device("cpu"), refuse, 1)
    assert batch.ids == tuple(sample.id for sample in samples)
    assert np.isfinite(batch.features_BTF.numpy()).all()
