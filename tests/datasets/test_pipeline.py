"""From a sample to an example: keyed randomness, the way back where a clip became too short, the cache."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.audio.formats import write_wav
from deepspeech.audio.pcm import Float32
from deepspeech.datasets.augment.sources import Sources
from deepspeech.datasets.augment.spec import KINDS, parse
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.feature_cache import FeatureCache
from deepspeech.datasets.pipeline import Example, Pipeline, frames_needed
from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, TextError
from deepspeech.features.config import LogMelConfig, MfccConfig
from deepspeech.features.front_end import FrontEnd
from deepspeech.features.log_mel import LogMel
from deepspeech.features.mfcc import Mfcc
from deepspeech.features.normalization import Normalization
from deepspeech.text.tokens import ENGLISH

MFCC = Mfcc(MfccConfig())
LOG_MEL = LogMel(LogMelConfig(), Normalization((-8.0,) * 80, (3.0,) * 80))
FRONT_ENDS: dict[str, FrontEnd] = {"mfcc": MFCC, "log_mel": LOG_MEL}
every_kind = pytest.mark.parametrize("kind", sorted(FRONT_ENDS))
EVERYWHERE = ("noise[snr=10~5]", "volume[p=0.5,dbfs=-10]", "tempo[factor=1~0.2]", "time_mask[p=0.5]", "add[stddev=1]")


def sound(name: str, count: int, rate_hz: int = 16000) -> Float32:
    random = np.random.default_rng(len(name) + count)
    return (0.1 * random.standard_normal(count)).astype(np.float32)


def clip(folder: Path, name: str, transcript: str = "hello", count: int = 16000, rate_hz: int = 16000) -> Sample:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    write_wav(path, sound(name, count), rate_hz)
    return Sample(str(path), path, transcript, path.stat().st_size)


def pipeline(*augment: str, seed: int = 0, epochs: int = 1, cache_mb: int = 1, front_end: FrontEnd = MFCC) -> Pipeline:
    entries = tuple(map(parse, augment))
    sources = Sources(entries, [], ClipCache(0), 16000)
    return Pipeline(front_end, ENGLISH, ClipCache(cache_mb), entries, seed, epochs, sources=sources)


def same(one: Example, other: Example) -> bool:
    return np.array_equal(one.features_TF, other.features_TF)


@every_kind
def test_without_augmentation_an_example_is_the_clips_features(tmp_path: Path, kind: str) -> None:
    sample = clip(tmp_path, "a.wav", "don't")
    example = pipeline(front_end=FRONT_ENDS[kind]).prepare(sample, 3)
    assert example.id == sample.id
    assert example.features_TF.dtype == np.float32
    assert example.labels_L.dtype == np.int32
    assert ENGLISH.decode(example.labels_L.tolist()) == "don't"
    heard = np.rint(sound("a.wav", 16000) * 32768).astype(np.float32) / 32768
    np.testing.assert_array_equal(example.features_TF, FRONT_ENDS[kind].whole(heard))


def test_the_same_key_gives_the_same_example_in_any_order_and_on_any_thread(tmp_path: Path) -> None:
    samples = [clip(tmp_path, f"{'x' * i}.wav") for i in range(1, 9)]
    keys = [(sample, epoch) for sample in samples for epoch in (0, 1)]
    alone = {key: pipeline(*EVERYWHERE, seed=5, epochs=2).prepare(*key) for key in keys}
    shared = pipeline(*EVERYWHERE, seed=5, epochs=2)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda key: shared.prepare(*key), reversed(keys)))
    assert all(same(alone[key], example) for key, example in zip(reversed(keys), together, strict=True))


def test_two_views_share_everything_but_the_augmentation_of_features(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav", count=48000)
    entries = ("speed", "noise", "warp", "spec_augment")
    one = pipeline(*entries, seed=3, front_end=LOG_MEL)
    example = replace(one, two_views=True).prepare(sample, 1)
    assert same(example, one.prepare(sample, 1))  # the first view is the only view of other runs
    assert one.prepare(sample, 1).second_TF is None
    assert example.second_TF is not None
    unmasked = pipeline(*entries[:-1], seed=3, front_end=LOG_MEL).prepare(sample, 1).features_TF
    views = (example.features_TF, example.second_TF)
    masked = [view != unmasked for view in views]
    assert all(0.02 < share.mean() < 0.7 for share in masked)
    assert (masked[0] != masked[1]).any()
    assert all((view[where] == 0).all() for view, where in zip(views, masked, strict=True))  # the mean


def test_a_clip_too_short_for_masks_has_two_equal_views(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav", "abcd", count=3200)
    one = replace(pipeline("tempo[factor=5]", "spec_augment", front_end=MFCC), two_views=True)
    example = one.prepare(sample, 0)
    assert np.array_equal(example.features_TF, MFCC.whole(one.cache.read(sample, 16000)))
    assert np.array_equal(example.features_TF, example.second_TF)


def test_other_keys_give_other_examples(tmp_path: Path) -> None:
    a = clip(tmp_path, "a.wav")
    b = clip(tmp_path, "b.wav")  # the same sound under another name
    base = pipeline("add[stddev=1]", epochs=9).prepare(a, 0)
    assert not same(base, pipeline("add[stddev=1]", epochs=9).prepare(a, 1))
    assert not same(base, pipeline("add[stddev=1]", epochs=9).prepare(b, 0))
    assert not same(base, pipeline("add[stddev=1]", epochs=9, seed=1).prepare(a, 0))
    assert not same(base, pipeline("add[p=0]", "add[stddev=1]", epochs=9).prepare(a, 0))


def test_a_corpus_may_lie_anywhere(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here, there = (clip(tmp_path / place / "clips", "a.wav") for place in ("here", "there"))
    assert same(pipeline(*EVERYWHERE).prepare(here, 0), pipeline(*EVERYWHERE).prepare(there, 0))


def test_domains_act_in_the_order_of_the_walk_whatever_the_order_of_the_list(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    example = pipeline("multiply[stddev=0,domain=features]", "volume[dbfs=-3]").prepare(sample, 0)
    read = pipeline().cache.read(sample, 16000)
    loud = np.clip(read * np.float32(10 ** ((-3 - 3.0103) / 20) / np.abs(read).max()), -1, 1)
    np.testing.assert_allclose(example.features_TF, MFCC.whole(loud), atol=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        f"{name}[domain={domain}{',source=pink' if name == 'overlay' else ''}]"
        for name, kind in KINDS.items()
        for domain in kind.domains
    ],
)
@every_kind
def test_the_network_is_given_numbers_after_every_augmentation(tmp_path: Path, text: str, kind: str) -> None:
    sample = clip(tmp_path, "a.wav")
    walk = pipeline(text, "frequency_mask", "time_mask[domain=features]", front_end=FRONT_ENDS[kind])
    example = walk.prepare(sample, 0)
    assert np.isfinite(example.features_TF).all()
    assert example.features_TF.shape[1] == FRONT_ENDS[kind].dimensions


@pytest.mark.parametrize(
    "text", ["pitch[pitch=1.2]", "tempo[factor=1.3]", "warp", "frequency_mask", "time_mask[size=99]"]
)
@every_kind
def test_what_acts_on_the_spectrum_acts_on_every_kind_of_features(tmp_path: Path, text: str, kind: str) -> None:
    sample = clip(tmp_path, "a.wav")
    plain, changed = (pipeline(*entries, front_end=FRONT_ENDS[kind]).prepare(sample, 0) for entries in ((), (text,)))
    assert not same(plain, changed)


def test_masks_of_normalized_features_put_in_the_training_sets_mean(tmp_path: Path) -> None:
    found = pipeline("time_mask[n=1,size=100,domain=features]", front_end=LOG_MEL).prepare(clip(tmp_path, "a.wav"), 0)
    assert np.count_nonzero(~found.features_TF.any(axis=1)) == 10  # frames of 10 ms


def test_augmentation_may_begin_later(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    late = replace(pipeline("add", epochs=4), clean_epochs=1.5)
    found = [same(late.prepare(sample, epoch), pipeline().prepare(sample, epoch)) for epoch in range(4)]
    assert found == [True, True, False, False]


def test_values_move_with_the_epochs(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    lengths = [len(pipeline("tempo[factor=1:2]", epochs=4).prepare(sample, epoch).features_TF) for epoch in range(4)]
    whole = len(pipeline().prepare(sample, 0).features_TF)
    assert lengths == [round(whole / (1 + epoch / 4)) for epoch in range(4)]


@pytest.mark.parametrize("augment", ["tempo[factor=5]", "speed[factor=5]"])
def test_a_clip_bent_too_short_for_its_transcript_is_left_as_it_is(tmp_path: Path, augment: str) -> None:
    sample = clip(tmp_path, "a.wav", "a transcript of many letters")
    bent, plain = pipeline(augment), pipeline()
    assert same(bent.prepare(sample, 0), plain.prepare(sample, 0))
    assert len(bent.prepare(replace(sample, transcript="a few"), 0).features_TF) < 15


def test_equal_neighbours_count_for_the_way_back(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")  # 49 frames, 10 after tempo
    bent = pipeline("tempo[factor=4.9]")
    assert len(bent.prepare(replace(sample, transcript="ababababab"), 0).features_TF) == 10
    assert len(bent.prepare(replace(sample, transcript="abababab" + "cc"), 0).features_TF) == 49


@given(st.lists(st.integers(0, 3), max_size=12))
def test_frames_needed_are_the_labels_and_a_blank_between_equals(labels: list[int]) -> None:
    runs = [len(list(group)) for _, group in groupby(labels)]
    assert frames_needed(labels) == sum(2 * run - 1 for run in runs)


def test_clips_of_another_rate_are_resampled(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav", count=8000, rate_hz=8000)
    assert len(ClipCache(1).read(sample, 16000)) == 16000
    assert len(pipeline().prepare(sample, 0).features_TF) == 49


def test_the_cache_gives_the_same_without_the_file(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    cache = ClipCache(1)
    first = cache.read(sample, 16000)
    sample.audio.unlink()
    np.testing.assert_array_equal(cache.read(sample, 16000), first)


def test_a_reader_of_the_cache_may_change_what_it_got(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    cache = ClipCache(1)
    first = cache.read(sample, 16000).copy()
    cache.read(sample, 16000)[:] = 0
    np.testing.assert_array_equal(cache.read(sample, 16000), first)


def test_the_cache_stops_at_its_limit(tmp_path: Path) -> None:
    samples = [clip(tmp_path, f"{i}.wav", count=200_000) for i in range(4)]  # 0.4 MB each
    cache = ClipCache(1)
    for sample in (*samples, *samples):
        cache.read(sample, 16000)
    for sample in samples:
        sample.audio.unlink()
    assert [len(cache.read(sample, 16000)) for sample in samples[:2]] == [200_000] * 2
    for sample in samples[2:]:
        with pytest.raises(AudioError, match="no such file"):
            cache.read(sample, 16000)


def test_a_cache_of_nothing_keeps_nothing(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    cache = ClipCache(0)
    cache.read(sample, 16000)
    sample.audio.unlink()
    with pytest.raises(AudioError):
        cache.read(sample, 16000)


def test_only_what_must_be_read_is_asked_for_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, other = (clip(tmp_path, f"{name}.wav") for name in "ab")
    asked: list[object] = []
    monkeypatch.setattr("deepspeech.datasets.clips.read_ahead", asked.append)
    walk = pipeline()
    walk.prepare(kept, 0)
    for sample in (kept, other):
        walk.expect(sample)
    assert asked == [other.audio]
    replace(walk, feature_cache=FeatureCache(tmp_path / "kept", MfccConfig(), print)).expect(other)
    assert asked == [other.audio]


def test_threads_that_read_one_clip_at_once_fill_the_cache_once(tmp_path: Path) -> None:
    first, second = (clip(tmp_path, f"{name}.wav", count=200_000) for name in "ab")
    cache = ClipCache(1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: cache.read(first, 16000), range(16)))
    cache.read(second, 16000)
    second.audio.unlink()
    assert len(cache.read(second, 16000)) == 200_000


def test_faults_of_a_sample_are_errors_of_their_kind(tmp_path: Path) -> None:
    sample = clip(tmp_path, "a.wav")
    with pytest.raises(TextError, match="'é'"):
        pipeline().prepare(replace(sample, transcript="café"), 0)
    with pytest.raises(AudioError, match="no such file"):
        pipeline().prepare(replace(sample, audio=tmp_path / "none.wav", id="none"), 0)
