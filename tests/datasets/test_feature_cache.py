"""The feature cache never changes what is learnt: not by augmentation, other settings or sound, damage, a full disk."""

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from deepspeech.audio.formats import write_wav
from deepspeech.audio.source import AudioSlice
from deepspeech.datasets.augment.spec import parse
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.feature_cache import FeatureCache, open_feature_cache
from deepspeech.datasets.pipeline import Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError
from deepspeech.features.config import FrontEndConfig, LogMelConfig, MfccConfig
from deepspeech.features.front_end import Float32
from deepspeech.features.log_mel import LogMel
from deepspeech.features.mfcc import Mfcc
from deepspeech.features.normalization import Normalization
from deepspeech.text.tokens import ENGLISH
from tests.datasets.test_pipeline import clip, pipeline, same, sound

CONFIG = MfccConfig()
VALUES: Float32 = np.arange(52, dtype=np.float32).reshape(2, 26)


def never() -> Float32:
    raise AssertionError("made, though it was kept")


def quiet(line: str) -> None:
    raise AssertionError(line)


def cache(folder: Path, config: FrontEndConfig = CONFIG, say: Callable[[str], None] = quiet) -> FeatureCache:
    return FeatureCache(folder / "kept", config, say)


def with_cache(plain: Pipeline, folder: Path) -> Pipeline:
    return replace(plain, feature_cache=cache(folder))


def test_what_was_made_is_kept_for_other_threads_and_runs(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    first = cache(tmp_path)
    assert first.features(sample, lambda: VALUES) is VALUES
    np.testing.assert_array_equal(first.features(sample, never), VALUES)
    with ThreadPoolExecutor(2) as pool:
        np.testing.assert_array_equal(pool.submit(first.features, sample, never).result(), VALUES)
    np.testing.assert_array_equal(cache(tmp_path).features(sample, never), VALUES)


def test_other_settings_and_other_sound_are_rebuilt(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    cache(tmp_path).features(sample, lambda: VALUES)
    for change in ({"step_ms": 10.0}, {"end": "pad"}, {"high_hz": 8000.0}, {"low_hz": 0.0}):
        other = cache(tmp_path, replace(CONFIG, **change))  # type: ignore[arg-type]
        np.testing.assert_array_equal(other.features(sample, lambda: VALUES + 1), VALUES + 1)
    moment = sample.audio.stat().st_mtime_ns
    write_wav(sample.audio, sound("b", 16000), 16000)
    os.utime(sample.audio, ns=(moment + 1000, moment + 1000))
    np.testing.assert_array_equal(cache(tmp_path).features(sample, lambda: VALUES + 2), VALUES + 2)


def test_clips_of_one_file_are_told_apart(tmp_path: Path) -> None:
    samples = [clip(tmp_path, name) for name in ("a.wav", "bb.wav")]
    whole = b"".join(sample.audio.read_bytes() for sample in samples)
    (tmp_path / "two").write_bytes(whole)
    size = len(whole) // 2
    inside = [
        Sample(str(i), AudioSlice(tmp_path / "two", i * size, size, "wav", str(i)), "hello", size) for i in range(2)
    ]
    kept = with_cache(pipeline(), tmp_path)
    for _ in range(2):
        for one, other in zip(inside, samples, strict=True):
            assert same(kept.prepare(one, 0), pipeline().prepare(other, 0))


@pytest.mark.parametrize(
    "augment",
    [
        (),
        ("volume[p=0.5,dbfs=-10~5]", "tempo[p=0.3,factor=1.5~0.2]", "time_mask[domain=features]", "add[stddev=1]"),
        ("noise[snr=10]", "frequency_mask"),
        ("tempo[p=0.5,factor=4.9]",),
    ],
)
def test_examples_are_the_same_with_and_without_it(tmp_path: Path, augment: tuple[str, ...]) -> None:
    samples = [clip(tmp_path, f"{'x' * i}.wav", "abcdefghijkl") for i in range(1, 6)]
    plain = replace(pipeline(*augment, seed=3, epochs=4), clean_epochs=0.5)
    cached = with_cache(plain, tmp_path)
    for epoch in range(4):
        for sample in samples:
            assert same(plain.prepare(sample, epoch), cached.prepare(sample, epoch))


def test_clips_that_nothing_touches_are_read_from_it(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    filled = with_cache(pipeline("add[stddev=1]", cache_mb=0), tmp_path)
    filled.prepare(sample, 0)
    stamp = sample.audio.stat()
    sample.audio.write_bytes(bytes(stamp.st_size))  # no sound any more, but nothing that one sees from outside
    os.utime(sample.audio, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert same(
        filled.prepare(sample, 1), with_cache(pipeline("add[stddev=1]", cache_mb=0), tmp_path).prepare(sample, 1)
    )


def test_a_damaged_file_is_rebuilt(tmp_path: Path) -> None:
    sample, said = clip(tmp_path, "a.wav"), list[str]()
    path = tmp_path / cache(tmp_path / "elsewhere").path.name
    path.write_bytes(b"not a database" * 1000)
    again = cache(tmp_path, say=said.append)
    assert [line for line in said if "damaged" in line and str(path) in line] == said != []
    again.features(sample, lambda: VALUES)
    np.testing.assert_array_equal(cache(tmp_path).features(sample, never), VALUES)


def test_damage_that_shows_later_is_mended_too(tmp_path: Path) -> None:
    samples = [clip(tmp_path, f"{i}.wav") for i in range(200)]
    first = cache(tmp_path)
    for sample in samples:
        first.features(sample, lambda: VALUES)
    path = first.path
    del first
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    said: list[str] = []
    again = cache(tmp_path, say=said.append)
    for sample in samples:
        np.testing.assert_array_equal(again.features(sample, lambda: VALUES), VALUES)
    assert len(said) == 1
    np.testing.assert_array_equal(again.features(samples[0], never), VALUES)


def test_a_row_with_a_flipped_bit_is_rebuilt(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    first = cache(tmp_path)
    first.features(sample, lambda: VALUES)
    with sqlite3.connect(first.path) as connection:
        connection.execute("UPDATE features SET frames = ?", ((VALUES + 1).tobytes(),))
    connection.close()
    np.testing.assert_array_equal(cache(tmp_path).features(sample, lambda: VALUES + 2), VALUES + 2)
    np.testing.assert_array_equal(cache(tmp_path).features(sample, never), VALUES + 2)


def test_a_full_disk_is_one_line_and_training_goes_on(tmp_path: Path) -> None:
    samples, said = [clip(tmp_path, f"{i}.wav") for i in range(4)], list[str]()
    small = cache(tmp_path, say=said.append)
    pages = small._execute("PRAGMA page_count")[0]
    small._execute(f"PRAGMA max_page_count = {pages + 1}")  # SQLite's own way to a disk that is full
    large = np.zeros((2000, 26), np.float32)
    for sample in samples:
        assert small.features(sample, lambda: large) is large
    assert len(said) == 1
    assert "full" in said[0]


def test_a_place_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"data\.feature_cache"):
        FeatureCache(tmp_path / "file" / "kept", CONFIG, quiet)


def test_a_clip_that_is_not_there_is_the_makers_fault(tmp_path: Path) -> None:
    sample = Sample("none", tmp_path / "none.wav", "", 0)
    with pytest.raises(ZeroDivisionError):
        cache(tmp_path).features(sample, lambda: VALUES / (1 // 0))


def test_a_folder_will_do_as_a_place(tmp_path: Path) -> None:
    assert FeatureCache(tmp_path, CONFIG, quiet).path.parent == tmp_path
    assert FeatureCache(f"{tmp_path}/new/", CONFIG, quiet).path.parent == tmp_path / "new"


def test_an_augmentation_that_leaves_nothing_to_keep_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    some = [parse(text) for text in ("volume[p=0.5]", "add")]
    assert open_feature_cache("", CONFIG, some, said.append) is None
    open_feature_cache(str(tmp_path / "x"), CONFIG, some, said.append)
    assert said == []
    open_feature_cache(str(tmp_path / "x"), CONFIG, [*some, parse("speed")], said.append)
    assert len(said) == 1
    assert "speed" in said[0]


def test_it_saves_the_work(tmp_path: Path) -> None:
    front_end = Mfcc(CONFIG)
    sample = clip(tmp_path, "a.wav")
    one = Pipeline(front_end, ENGLISH, ClipCache(0), feature_cache=cache(tmp_path))
    example = one.prepare(sample, 0)
    np.testing.assert_array_equal(cache(tmp_path).features(sample, never), example.features_TF)


def test_files_of_before_there_were_kinds_of_features_serve_on(tmp_path: Path) -> None:
    settings = (
        '{"coefficients": 26, "end": "drop", "format": 1, "high_hz": null, "low_hz": 20.0, "mel_bands": 40, '
        '"sample_rate_hz": 16000, "step_ms": 20.0, "window_ms": 32.0}'
    )
    name = blake2b(settings.encode(), digest_size=6).hexdigest()
    assert cache(tmp_path).path == tmp_path / f"kept-{name}.sqlite"


def test_what_is_kept_serves_whatever_mean_and_deviation_are_measured(tmp_path: Path) -> None:
    sample, config = clip(tmp_path, "a.wav"), LogMelConfig()
    for mean in (0.0, -8.0):
        plain = pipeline(front_end=LogMel(config, Normalization((mean,) * 80, (3.0,) * 80)))
        for _ in range(2):  # made, then found
            kept = replace(plain, feature_cache=cache(tmp_path, config)).prepare(sample, 0)
            assert same(kept, plain.prepare(sample, 0))
    cache(tmp_path, config).features(sample, never)
