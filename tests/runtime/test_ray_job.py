"""Bulk transcription on a local Ray."""

from pathlib import Path

import pytest

from deepspeech.errors import ConfigError, MissingPartError
from deepspeech.runtime import ray_job
from deepspeech.runtime.jobs import find, to_do
from tests.fakes import corpus


def test_without_ray_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ray_job, "ray", None)
    with pytest.raises(MissingPartError, match=r"pip install .*\[ray\]"):
        ray_job.transcribe([], tmp_path, "txt", tmp_path / "m.onnx")


def test_hot_phrases_reach_the_workers(tiny_model: Path) -> None:
    with pytest.raises(ConfigError, match="日"):
        ray_job.Worker(str(tiny_model), None, None, {"日": 1.0}, "texts", "txt", 0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_ray_job_writes_what_one_machine_writes(tiny_model: Path, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="needs ray, the extra [ray]")
    from deepspeech import Recognizer

    corpus(tmp_path / "clips", 6)
    (tmp_path / "clips" / "bad.wav").write_bytes(b"RIFF")
    jobs = find([str(tmp_path / "clips")])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        rows = ray_job.transcribe(jobs, tmp_path / "texts", "txt", tiny_model)
    finally:
        ray.shutdown()
    assert [bool(row["error"]) for row in rows].count(True) == 1
    assert [job.name.name for job in to_do(jobs, tmp_path / "texts", "txt")] == ["bad"]
    model = Recognizer.open(tiny_model)
    for job in jobs:
        if job.name.name != "bad":
            text = model.transcribe(job.audio).text
            assert (tmp_path / "texts" / f"{job.name}.txt").read_text() == f"{text.strip()}\n"
