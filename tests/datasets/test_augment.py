"""Augmentations: what all of them promise, what each of them does, and the text that names them."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.audio.formats import write_wav
from deepspeech.datasets.augment.apply import OPERATIONS, augment
from deepspeech.datasets.augment.context import AugmentContext, Float32
from deepspeech.datasets.augment.sources import COLORS, Sources
from deepspeech.datasets.augment.spec import KINDS, Range, keyed_random, parse
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.errors import ConfigError, DataError
from deepspeech.renamed import RenamedSetting

RATE_HZ, STEP_MS = 16000, 20.0
SHAPES: dict[str, tuple[int, ...]] = {"signal": (16000,), "spectrogram": (50, 257), "features": (50, 26)}
CHANGE_LENGTH = {"speed", "tempo"}
ALL = [(name, domain) for name, kind in KINDS.items() for domain in kind.domains]
# The defaults of these do nothing that shows, or nothing at all, to the sound made here.
VISIBLE = {
    "volume": "[dbfs=-20]",
    "time_mask": "[size=100]",
    "adaptive_time_mask": "[size=0.5]",
    "packet_loss": "[rate=0.3]",
    "overlay": "[source=white]",
}


def context(domain: str) -> AugmentContext:
    return AugmentContext(domain, RATE_HZ, STEP_MS, Sources([], [], ClipCache(0), RATE_HZ))


def made(domain: str) -> Float32:
    x = np.random.default_rng(7).normal(0, 0.1, SHAPES[domain]).astype(np.float32)
    return np.abs(x) if domain == "spectrogram" else x


def applied(text: str, x: Float32, domain: str, *key: int, clock: float = 0.5) -> Float32:
    return augment(x, parse(text), clock, keyed_random(*(key or (1, 2, 3))), context(domain))


def spelled(name: str, domain: str) -> str:
    inside = VISIBLE.get(name, "[]")[1:-1]
    default = KINDS[name].domains[0]
    return f"{name}[{inside}{f',domain={domain}' if domain != default else ''}]"


def test_every_kind_has_its_operation() -> None:
    assert set(KINDS) == set(OPERATIONS)


@pytest.mark.parametrize(("name", "domain"), ALL)
def test_what_every_augmentation_promises(name: str, domain: str) -> None:
    x, text = made(domain), spelled(name, domain)
    before = x.copy()
    result = applied(text, x, domain)
    np.testing.assert_array_equal(x, before)
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert domain != "spectrogram" or (result >= 0).all()  # or the network would be given no numbers
    assert result.ndim == x.ndim
    assert result.shape[1:] == x.shape[1:]
    if name not in CHANGE_LENGTH:
        assert len(result) == len(x)
    assert result.shape != x.shape or not np.array_equal(result, x)
    np.testing.assert_array_equal(result, applied(text, x, domain))  # seeded
    assert len(np.unique(result)) > 1  # something of the sound is left


@pytest.mark.parametrize(("name", "domain"), ALL)
def test_probability_zero_changes_nothing(name: str, domain: str) -> None:
    x = made(domain)
    text = spelled(name, domain).replace("[", "[p=0,").replace(",,", ",")
    assert parse(text).probability == 0
    np.testing.assert_array_equal(applied(text, x, domain), x)


@pytest.mark.parametrize(("name", "domain"), ALL)
@pytest.mark.parametrize("length", [0, 1, 2])
def test_the_shortest_sounds_pass_through(name: str, domain: str, length: int) -> None:
    x = made(domain)[:length]
    result = applied(spelled(name, domain), x, domain)
    assert result.dtype == np.float32
    assert np.isfinite(result).all()


@pytest.mark.parametrize(("name", "domain"), ALL)
def test_silence_makes_no_infinite_values(name: str, domain: str) -> None:
    silent = np.zeros(SHAPES[domain], np.float32)
    assert np.isfinite(applied(spelled(name, domain), silent, domain)).all()


@pytest.mark.parametrize(
    "text",
    [
        "speed[factor=-1]", "speed[factor=0]", "tempo[factor=0]", "tempo[factor=-1~3]", "pitch[pitch=0]",
        "frequency_mask[n=-3]", "frequency_mask[size=-3]", "frequency_mask[size=9999]", "time_mask[size=-30]",
        "time_mask[size=1e9]", "dropout[rate=2]", "dropout[rate=-1]", "volume[dbfs=400]", "noise[color=9]",
        "overlay[source=pink,layers=-2]", "overlay[source=pink,snr=-99]", "codec[bitrate=0]", "codec[bitrate=1e9]",
        "reverb[delay=0]", "reverb[delay=1e6]", "reverb[decay=-20]", "room[rt60=0]", "room[rt60=99]",
        "room[direct=-99]",
        "resample[rate=0]", "clipping[gain=-9]", "clipping[gain=99]", "packet_loss[rate=2]", "packet_loss[size=0]",
        "warp[nt=-1]", "warp[nf=0,nt=0]", "warp[wt=99,wf=99]", "adaptive_time_mask[size=9]", "adaptive_time_mask[n=-1]",
    ],
)  # fmt: skip
def test_values_beyond_sense_stay_bounded(text: str) -> None:
    entry = parse(text)
    result = applied(text, made(entry.domain), entry.domain)
    assert np.isfinite(result).all()
    assert len(result) <= 10 * SHAPES[entry.domain][0]


def test_probability_is_the_share_of_clips() -> None:
    x = made("signal")[:8]
    changed = sum(not np.array_equal(applied("volume[p=0.3,dbfs=-40]", x, "signal", i), x) for i in range(1000))
    assert 250 < changed < 350


@pytest.mark.parametrize(("factor", "expected"), [(1.0, 16000), (2.0, 8000), (0.8, 20000), (1.1, 14545)])
def test_speed_changes_length_and_pitch(factor: float, expected: int) -> None:
    tone = np.sin(2 * np.pi * 400 * np.arange(16000) / RATE_HZ).astype(np.float32)
    result = applied(f"speed[factor={factor}]", tone, "signal")
    assert abs(len(result) - expected) <= 1
    peak_hz = np.abs(np.fft.rfft(result)).argmax() * RATE_HZ / len(result)
    assert peak_hz == pytest.approx(400 * factor, abs=1.5)


@pytest.mark.parametrize("snr", [-5, 0, 10, 30])
@pytest.mark.parametrize("color", [0, 1, 2])
@pytest.mark.parametrize("length", [16000, 15999])
def test_noise_lies_as_far_below_the_speech_as_requested(snr: int, color: int, length: int) -> None:
    x = made("signal")[:length]
    added = applied(f"noise[snr={snr},color={color}]", x, "signal") - x
    measured = 10 * np.log10(np.mean(x.astype(np.float64) ** 2) / np.mean(added.astype(np.float64) ** 2))
    assert measured == pytest.approx(snr, abs=0.5)


def test_the_old_name_of_the_color_works_and_warns() -> None:
    with pytest.warns(RenamedSetting, match="^noise: 'colour' is deprecated; use 'color'$"):
        entry = parse("noise[colour=2]")
    assert entry == parse("noise[color=2]")


@pytest.mark.parametrize("color", [0, 1, 2])
def test_noise_falls_with_frequency_as_its_color_says(color: int) -> None:
    x = made("signal")
    added = applied(f"noise[snr=0,color={color}]", x, "signal") - x
    power = np.abs(np.fft.rfft(added)) ** 2
    low, high = power[100:200].mean(), power[1600:3200].mean()
    assert 10 * np.log10(low / high) == pytest.approx(color * 10 * np.log10(16), abs=1.5)


@pytest.mark.parametrize("dbfs", [3.0103, 0, -10, -40])
def test_volume_sets_the_peak(dbfs: float) -> None:
    result = applied(f"volume[dbfs={dbfs}]", made("signal"), "signal")
    assert 20 * np.log10(np.abs(result).max()) + 3.0103 == pytest.approx(dbfs, abs=1e-3)


def test_volume_keeps_within_full_scale() -> None:
    assert np.abs(applied("volume[dbfs=20]", made("signal"), "signal")).max() == 1


def test_volume_of_a_full_scale_sine_is_zero() -> None:
    tone = np.sin(np.arange(16000) * 0.1).astype(np.float32)
    peak = np.abs(applied("volume[dbfs=0]", tone, "signal")).max()
    assert peak == pytest.approx(np.sqrt(0.5), rel=1e-4)


@pytest.mark.parametrize(("pitch", "expected"), [(0.5, 50), (1.0, 100), (1.5, 150), (2.0, 200)])
def test_pitch_moves_a_tone_and_keeps_time(pitch: float, expected: int) -> None:
    x = np.zeros((5, 257), np.float32)
    x[2, 100] = 1
    result = applied(f"pitch[pitch={pitch}]", x, "spectrogram")
    assert result[2].argmax() == expected
    assert not result[[0, 1, 3, 4]].any()


def test_a_lower_pitch_leaves_silence_above() -> None:
    result = applied("pitch[pitch=0.5]", np.ones((5, 257), np.float32), "spectrogram")
    assert result[:, :129].all()
    assert not result[:, 129:].any()


def test_a_pitch_of_one_and_a_tempo_of_one_are_the_same_sound() -> None:
    x = made("spectrogram")
    np.testing.assert_array_equal(applied("pitch[pitch=1]", x, "spectrogram"), x)
    np.testing.assert_array_equal(applied("tempo[factor=1]", x, "spectrogram"), x)


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.1, 2.0])
def test_tempo_changes_length_and_keeps_order_and_ends(factor: float) -> None:
    x = np.linspace(1, 2, 50, dtype=np.float32)[:, None] * np.ones(257, np.float32)
    result = applied(f"tempo[factor={factor}]", x, "spectrogram")
    assert len(result) == round(50 / factor)
    np.testing.assert_allclose(result[:, 0], np.linspace(1, 2, len(result)), rtol=1e-5)


def masked(text: str, domain: str) -> Iterator[tuple[Float32, Float32]]:
    x = made(domain) + 1
    for seed in range(40):
        yield x, applied(text, x, domain, seed)


def test_frequency_masks_level_their_share_of_the_bands() -> None:
    for x, result in masked("frequency_mask[n=1,size=25]", "spectrogram"):
        level = np.flatnonzero(np.ptp(result, axis=0) == 0)
        assert (len(level), np.ptp(level)) == (25, 24)
        means = np.exp(np.log(x[:, level]).mean(axis=0))
        np.testing.assert_allclose(result[:, level], np.broadcast_to(means, (len(x), 25)), rtol=1e-5)
        others = np.setdiff1d(np.arange(257), level)
        np.testing.assert_array_equal(result[:, others], x[:, others])
    counts = {int((np.ptp(r, axis=0) == 0).sum()) for _, r in masked("frequency_mask[n=3,size=10]", "spectrogram")}
    assert max(counts) == 30
    assert min(counts) >= 10


def test_frequency_masks_pass_over_digital_silence() -> None:
    x = made("spectrogram") + 1
    x[:10] = x[-5:] = 0
    result = applied("frequency_mask[n=1,size=257]", x, "spectrogram")
    assert not result[:10].any()
    assert not result[-5:].any()
    np.testing.assert_allclose(result[10:-5].mean(), np.exp(np.log(x[10:-5]).mean()), rtol=0.01)


@pytest.mark.parametrize(("domain", "width"), [("signal", 3200), ("spectrogram", 10), ("features", 10)])
def test_time_masks_silence_their_share_of_the_time(domain: str, width: int) -> None:
    for x, result in masked(f"time_mask[n=1,size=200,domain={domain}]", domain):
        changed = np.flatnonzero((result != x).reshape(len(x), -1).any(axis=1))
        assert (len(changed), np.ptp(changed)) == (width, width - 1)
        fill = x.mean(axis=0) if domain == "features" else 0
        np.testing.assert_array_equal(result[changed], np.broadcast_to(fill, result[changed].shape))


@pytest.mark.parametrize("text", ["time_mask[n=1,size=200,domain=features]", "adaptive_time_mask[n=0.1,size=0.2]"])
def test_masks_of_normalized_features_put_in_the_training_sets_mean(text: str) -> None:
    x = made("features")
    normalized = AugmentContext("features", RATE_HZ, STEP_MS, normalized=True)
    results = [augment(x, parse(text), 0.5, keyed_random(number), normalized) for number in range(9)]
    masked = [result[(result != x).any(axis=1)] for result in results]
    assert sum(map(len, masked))
    assert not np.concatenate(masked).any()


def test_masks_fall_everywhere() -> None:
    x = made("spectrogram")[:20, :8]
    times, bands = set(), set()
    for i in range(400):
        times.add(int((applied("time_mask[n=1,size=20]", x, "spectrogram", i) != x)[:, 0].argmax()))
        bands.add(int((applied("frequency_mask[n=1,size=1]", x, "spectrogram", i) != x)[0].argmax()))
    assert times == set(range(20))
    assert bands == set(range(8))


@pytest.mark.parametrize("rate", [0, 0.05, 0.5, 1])
@pytest.mark.parametrize("domain", KINDS["dropout"].domains)
def test_dropout_zeroes_its_share(rate: float, domain: str) -> None:
    x = made(domain) + 10
    result = applied(f"dropout[rate={rate},domain={domain}]", x, domain)
    assert np.mean(result == 0) == pytest.approx(rate, abs=0.03)
    np.testing.assert_array_equal(result[result != 0], x[result != 0])


@pytest.mark.parametrize("domain", KINDS["add"].domains)
def test_add_and_multiply_have_their_deviation(domain: str) -> None:
    x = np.full(SHAPES[domain], 10, np.float32)
    added = applied(f"add[stddev=3,domain={domain}]", x, domain)
    assert (np.mean(added), np.std(added)) == pytest.approx((10, 3), abs=0.3)
    multiplied = applied(f"multiply[stddev=0.2,domain={domain}]", x, domain)
    assert (np.mean(multiplied), np.std(multiplied)) == pytest.approx((10, 2), abs=0.3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", Range(5, 5, 0)),
        ("-5", Range(-5, -5, 0)),
        ("5~2", Range(5, 5, 2)),
        ("1:5", Range(1, 5, 0)),
        ("-10:-40", Range(-10, -40, 0)),
        ("1:5~2.5", Range(1, 5, 2.5)),
        ("1e-3:.5", Range(0.001, 0.5, 0)),
    ],
)
def test_ranges_are_read(text: str, expected: Range) -> None:
    assert Range.parse(text) == expected


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0, 20), st.floats(0, 1), st.integers(0, 99))
def test_a_range_is_drawn_around_its_place_at_the_clock(a: float, b: float, r: float, clock: float, key: int) -> None:
    value = Range(a, b, r).draw(clock, keyed_random(key))
    assert abs(value - (a + clock * (b - a))) <= r * 1.000001 + 1e-9


def test_a_range_goes_from_its_start_to_its_end() -> None:
    moving = Range(1, 5)
    assert [moving.draw(clock, keyed_random(0)) for clock in (0, 0.25, 1)] == [1, 2, 5]
    drawn = [Range(1, 5, 2).draw(0.5, keyed_random(i)) for i in range(1000)]
    assert 1 <= min(drawn) < 1.1
    assert 4.9 < max(drawn) <= 5
    assert np.mean(drawn) == pytest.approx(3, abs=0.2)


def test_an_entry_is_read_with_its_defaults() -> None:
    entry = parse(" time_mask[p=0.2, size=1:5~2 ] ")
    assert (entry.name, entry.domain, entry.probability) == ("time_mask", "spectrogram", 0.2)
    assert entry.values == {"n": Range(3, 3), "size": Range(1, 5, 2)}
    assert parse("time_mask[domain=signal]").domain == "signal"
    assert parse("tempo") == parse("tempo[]")
    assert parse("tempo").probability == 1


@pytest.mark.parametrize("name", KINDS)
def test_defaults_are_ranges_and_domains_exist(name: str) -> None:
    entry = parse(spelled(name, KINDS[name].domains[0]))
    assert set(entry.values) == set(KINDS[name].parameters)
    assert set(KINDS[name].domains) <= set(SHAPES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write name[key=value"),
        ("volume[dbfs=1", "augment 'volume[dbfs=1': write name[key=value"),
        ("Volume", "write name[key=value"),
        ("loudness[p=1]", "'loudness' is unknown; available: overlay, codec"),
        ("volume[5]", "write parameters as key=value"),
        ("volume[gain=5]", "volume has no 'gain'; it takes p, dbfs"),
        ("volume[dbfs=loud]", "values are numbers such as"),
        ("volume[dbfs=1:2:3]", "values are numbers"),
        ("volume[dbfs=1~2~3]", "values are numbers"),
        ("volume[dbfs=nan]", "values are numbers"),
        ("overlay", "set source=… to a CSV, a folder, a sound file or one of babble, white, pink, brown"),
        ("overlay[source=]", "set source=…"),
        ("overlay[source=simulated]", "'simulated' cannot be its source; name a CSV, a folder or a sound file"),
        ("room[source=white]", "'white' cannot be its source"),
        ("codec[format=mp3]", "format is one of opus, gsm, alaw, ulaw"),
        ("codec[format=opus|mp3]", "format is one of"),
        ("tempo[factor=inf]", "values are numbers"),
        ("volume[dbfs=]", "values are numbers"),
        ("volume[p=high]", "values are numbers"),
        ("volume[p=1.5]", "p is a probability from 0 to 1"),
        ("volume[p=-0.1]", "p is a probability"),
        ("volume[p=nan]", "p is a probability"),
        ("pitch[domain=signal]", "pitch does not act on domain 'signal'; use spectrogram"),
        ("add[domain=nowhere]", "use features, spectrogram, signal"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def peak(x: Float32) -> float:
    return float(np.abs(x).max())


@pytest.fixture
def tones(tmp_path: Path) -> list[Sample]:
    """Three clips of a second, each a tone of its own."""
    clips = []
    for hz in (300, 500, 700):
        path = tmp_path / f"{hz}.wav"
        write_wav(path, np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32) / 2, RATE_HZ)
        clips.append(Sample(str(path), path, "", path.stat().st_size))
    return clips


def strongest_hz(x: Float32) -> float:
    return float(np.abs(np.fft.rfft(x)).argmax() * RATE_HZ / len(x))


@pytest.mark.parametrize("snr", [-3, 3, 12])
@pytest.mark.parametrize("layers", [1, 3])
def test_an_overlay_keeps_the_peak_and_lies_below_it_as_asked(snr: int, layers: int) -> None:
    x = made("signal")
    result = applied(f"overlay[source=pink,snr={snr},layers={layers}]", x, "signal")
    assert peak(result) == pytest.approx(peak(x), rel=1e-5)
    # result = a·(x + g·layer): what is not x is the layer
    share = float(np.dot(result, x) / np.dot(x, x))
    layer = result / share - x
    assert 20 * np.log10(peak(x) / peak(layer)) == pytest.approx(snr, abs=1.5)


def test_recordings_are_mixed_in_from_a_list_a_folder_or_a_file(tones: list[Sample], tmp_path: Path) -> None:
    listed = tmp_path / "noise.csv"
    write_csv(listed, tones[:1])
    for source, expected in ((listed, {300}), (tmp_path, {300, 500, 700}), (tones[1].audio, {500})):
        entry = parse(f"overlay[source={source},snr=-40]")
        mixed = AugmentContext("signal", RATE_HZ, STEP_MS, Sources([entry], [], ClipCache(1), RATE_HZ))
        found = {round(strongest_hz(augment(made("signal"), entry, 0, keyed_random(i), mixed)), -1) for i in range(20)}
        assert found == expected


def test_babble_is_made_of_the_training_set(tones: list[Sample]) -> None:
    entry = parse("overlay[source=babble,snr=-40]")
    mixed = AugmentContext("signal", RATE_HZ, STEP_MS, Sources([entry], tones, ClipCache(1), RATE_HZ))
    heard = {round(strongest_hz(augment(made("signal"), entry, 0, keyed_random(i), mixed)), -1) for i in range(20)}
    assert heard == {300, 500, 700}


def test_a_long_clip_is_covered_by_several_recordings(tones: list[Sample]) -> None:
    entry = parse(f"overlay[source={tones[0].audio},snr=-60]")
    mixed = AugmentContext("signal", RATE_HZ, STEP_MS, Sources([entry], [], ClipCache(1), RATE_HZ))
    silence = np.full(5 * RATE_HZ, 1e-3, np.float32)
    result = augment(silence, entry, 0, keyed_random(1), mixed)
    assert min(peak(second) for second in result.reshape(5, -1)) > 0.9 * peak(result)


def test_a_source_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(DataError, match=re.escape(str(path))):
            Sources([parse(f"overlay[source={path}]")], [], ClipCache(0), RATE_HZ)


@pytest.mark.parametrize(
    ("coding", "kept_hz", "lost_hz"), [("gsm", 800, 6000), ("alaw", 800, 6000), ("ulaw", 800, 6000)]
)
def test_the_telephone_keeps_its_band(coding: str, kept_hz: int, lost_hz: int) -> None:
    time = np.arange(RATE_HZ) / RATE_HZ
    x = (0.2 * np.sin(2 * np.pi * kept_hz * time) + 0.2 * np.sin(2 * np.pi * lost_hz * time)).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(applied(f"codec[format={coding}]", x, "signal")))
    assert spectrum[lost_hz] < 0.02 * spectrum[kept_hz]


def test_opus_loses_more_at_a_lower_rate() -> None:
    x = applied("noise[snr=10,color=1]", np.sin(np.arange(RATE_HZ) * 0.1).astype(np.float32) / 2, "signal")
    worse, better = (applied(f"codec[bitrate={rate}]", x, "signal") for rate in (6000, 64000))
    assert np.std(worse - x) > 2 * np.std(better - x)


def test_one_of_several_codings_is_drawn() -> None:
    x = made("signal")
    alone = [applied(f"codec[format={coding}]", x, "signal") for coding in ("alaw", "gsm")]
    drawn = [applied("codec[format=alaw|gsm]", x, "signal", i) for i in range(20)]
    assert {min((0, 1), key=lambda i: np.abs(alone[i] - one).max()) for one in drawn} == {0, 1}


def test_reverb_repeats_an_impulse_at_its_five_lags() -> None:
    x = np.zeros(RATE_HZ, np.float32)
    x[0] = 1
    result = applied("reverb[delay=17,decay=20]", x, "signal")
    lags = [17 * 16, 19 * 16, 23 * 16, 29 * 16, 31 * 16]
    assert sorted(np.flatnonzero(result > 0.01)[:6]) == [0, *lags]
    np.testing.assert_allclose(result[lags], result[0] / 6 / 10, rtol=1e-4)  # 20 dB below each layer's own


def test_a_simulated_room_rings_as_long_as_asked() -> None:
    x = np.zeros(2 * RATE_HZ, np.float32)
    x[0] = 1
    heard = applied("room[rt60=0.5,direct=0]", x, "signal")
    energy = np.cumsum(heard[::-1].astype(np.float64) ** 2)[::-1]  # Schroeder's backward integral
    decay_db = 10 * np.log10(energy[1:] / energy[1])
    slope = np.argmax(decay_db < -25) - np.argmax(decay_db < -5)
    assert 3 * slope / RATE_HZ == pytest.approx(0.5, abs=0.05)
    assert 10 * np.log10(heard[0] ** 2 / energy[1]) == pytest.approx(0, abs=0.1)


def test_a_recorded_room_keeps_the_place_of_the_sound(tmp_path: Path) -> None:
    response = np.zeros(1000, np.float32)
    response[[300, 500]] = 0.8, 0.4  # the direct sound comes late in the recording
    write_wav(tmp_path / "room.wav", response, RATE_HZ)
    entry = parse(f"room[source={tmp_path / 'room.wav'}]")
    x = np.zeros(4000, np.float32)
    x[1000] = 0.5
    sources = Sources([entry], [], ClipCache(0), RATE_HZ)
    heard = augment(x, entry, 0, keyed_random(1), AugmentContext("signal", RATE_HZ, STEP_MS, sources))
    assert heard[1000] == pytest.approx(0.5, rel=1e-4)
    assert heard[1200] == pytest.approx(0.25, rel=1e-3)


def test_resampling_loses_the_upper_half() -> None:
    spectrum = np.abs(np.fft.rfft(applied("resample[rate=8000]", made("signal"), "signal")))
    assert spectrum[4500:].mean() < 0.01 * spectrum[:3500].mean()


@pytest.mark.parametrize("gain", [6, 20])
def test_clipping_flattens_the_tops(gain: int) -> None:
    x = np.sin(np.arange(16000) * 0.01).astype(np.float32)
    result = applied(f"clipping[gain={gain}]", x, "signal")
    assert peak(result) == pytest.approx(peak(x))
    flat = np.mean(np.abs(result) > 0.999 * peak(result))
    assert flat == pytest.approx(1 - 2 / np.pi * np.arcsin(10 ** (-gain / 20)), abs=0.01)


@pytest.mark.parametrize("rate", [0, 0.1, 0.5, 1])
def test_packets_are_lost_whole(rate: float) -> None:
    x = np.ones(100 * 16000, np.float32)
    packets = applied(f"packet_loss[rate={rate},size=10]", x, "signal").reshape(-1, 160)
    assert set(packets.mean(axis=1)) <= {0, 1}
    assert np.mean(packets == 0) == pytest.approx(rate, abs=0.02)


def test_a_warp_bends_time_and_keeps_its_ends() -> None:
    x = np.arange(1, 101, dtype=np.float32)[:, None] * np.ones(257, np.float32)
    bent = [applied("warp[wt=0.2]", x, "spectrogram", i)[:, 128] for i in range(10)]
    for one in bent:
        assert (np.diff(one) > 0).all()  # time never runs backwards at so little
        np.testing.assert_allclose(one[[0, -1]], [1, 100], atol=0.01)
    assert max(np.abs(one - x[:, 0]).max() for one in bent) > 2


def test_a_warp_of_nothing_is_the_same_sound() -> None:
    x = made("spectrogram")
    np.testing.assert_allclose(applied("warp[wt=0,wf=0]", x, "spectrogram"), x, rtol=1e-5)


@pytest.mark.parametrize("frames", [50, 400])
def test_adaptive_masks_grow_with_the_clip(frames: int) -> None:
    x = np.random.default_rng(1).normal(size=(frames, 26)).astype(np.float32)
    covered = [
        np.mean((applied("adaptive_time_mask[n=0.02,size=0.1]", x, "features", i) != x).any(axis=1)) for i in range(200)
    ]
    assert max(covered) <= 0.02 * frames * 0.1
    assert np.mean(covered) > 0


def test_a_tempo_may_be_kept_from_growing_too_long() -> None:
    x = made("spectrogram")
    assert len(applied("tempo[factor=0.5]", x, "spectrogram")) == 100
    assert len(applied("tempo[factor=0.5,max_time=1200]", x, "spectrogram")) == 60
    assert len(applied("tempo[factor=0.5,max_time=200]", x, "spectrogram")) == 50


@pytest.mark.parametrize("name", COLORS)
def test_colored_sources_need_no_files(name: str) -> None:
    assert peak(context("signal").sources.sound(name, 1000, keyed_random(1))) > 0


def test_keys_make_generators() -> None:
    first, again, other = (keyed_random(*key).random(4).tolist() for key in ((1, 2), (1, 2), (2, 1)))
    assert first == again
    assert first != other


@pytest.mark.parametrize(("domain", "expected"), [("signal", 16.0), ("spectrogram", 0.05), ("features", 0.05)])
def test_a_context_counts_in_its_domain(domain: str, expected: float) -> None:
    assert context(domain).per_ms() == expected


@given(st.integers(1, 3000), st.integers(0, 10**6))
def test_spec_augment_masks_at_most_its_shares(frames: int, key: int) -> None:
    x = np.random.default_rng(key).normal(size=(frames, 80)).astype(np.float32)
    normalized = AugmentContext("features", RATE_HZ, 10.0, None, normalized=True)
    result = augment(x, parse("spec_augment[share=0.3]"), 0.5, keyed_random(key), normalized)
    masked = (result == 0) & (x != 0)
    in_time, in_bands = masked.all(1), masked.all(0)
    assert (masked == in_time[:, None] | in_bands).all()  # whole frames and whole bands
    assert in_bands.sum() <= 2 * 27 or in_time.all()
    assert in_time.sum() <= (0.2 * frames if frames < 200 else 0.3 * frames)
    assert ((result == x) | masked).all()


def test_spec_augment_of_features_that_are_not_normalized_fills_with_the_clips_mean() -> None:
    x = np.random.default_rng(1).normal(5, 1, (400, 80)).astype(np.float32)
    result = applied("spec_augment", x, "features", 4)
    assert (result != x).any()
    mean = x.mean(0)
    assert ((result == x) | (result == mean)).all()
