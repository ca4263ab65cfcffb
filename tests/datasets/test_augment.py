"""Augmentations: what all of them promise, what each of them does, and the text that names them."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.datasets.augment.apply import OPERATIONS, Float32, Scene, augment
from deepspeech.datasets.augment.spec import ABSENT, KINDS, Range, keyed_random, parse
from deepspeech.errors import ConfigError

RATE_HZ, STEP_MS = 16000, 20.0
SHAPES: dict[str, tuple[int, ...]] = {"signal": (16000,), "spectrogram": (50, 257), "features": (50, 26)}
CHANGE_LENGTH = {"speed", "tempo"}
ALL = [(name, domain) for name, kind in KINDS.items() for domain in kind.domains]
# The defaults of these do nothing that shows, or nothing at all, to the sound made here.
VISIBLE = {"volume": "[dbfs=-20]", "time_mask": "[size=100]"}


def scene(domain: str) -> Scene:
    return Scene(domain, RATE_HZ, STEP_MS)


def made(domain: str) -> Float32:
    x = np.random.default_rng(7).normal(0, 0.1, SHAPES[domain]).astype(np.float32)
    return np.abs(x) if domain == "spectrogram" else x


def applied(text: str, x: Float32, domain: str, *key: int, clock: float = 0.5) -> Float32:
    return augment(x, parse(text), clock, keyed_random(*(key or (1, 2, 3))), scene(domain))


def spelled(name: str, domain: str) -> str:
    inside = VISIBLE.get(name, "[]")[1:-1]
    default = KINDS[name].domains[0]
    return f"{name}[{inside}{f',domain={domain}' if domain != default else ''}]"


def test_every_kind_has_its_operation() -> None:
    assert set(KINDS) == set(OPERATIONS)
    assert not set(KINDS) & set(ABSENT)


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
        "time_mask[size=1e9]", "dropout[rate=2]", "dropout[rate=-1]", "volume[dbfs=400]", "noise[colour=9]",
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
@pytest.mark.parametrize("colour", [0, 1, 2])
@pytest.mark.parametrize("length", [16000, 15999])
def test_noise_lies_as_far_below_the_speech_as_asked(snr: int, colour: int, length: int) -> None:
    x = made("signal")[:length]
    added = applied(f"noise[snr={snr},colour={colour}]", x, "signal") - x
    measured = 10 * np.log10(np.mean(x.astype(np.float64) ** 2) / np.mean(added.astype(np.float64) ** 2))
    assert measured == pytest.approx(snr, abs=0.5)


@pytest.mark.parametrize("colour", [0, 1, 2])
def test_noise_falls_with_frequency_as_its_colour_says(colour: int) -> None:
    x = made("signal")
    added = applied(f"noise[snr=0,colour={colour}]", x, "signal") - x
    power = np.abs(np.fft.rfft(added)) ** 2
    low, high = power[100:200].mean(), power[1600:3200].mean()
    assert 10 * np.log10(low / high) == pytest.approx(colour * 10 * np.log10(16), abs=1.5)


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


@pytest.mark.parametrize(("domain", "width"), [("signal", 3200), ("spectrogram", 10), ("features", 10)])
def test_time_masks_silence_their_share_of_the_time(domain: str, width: int) -> None:
    for x, result in masked(f"time_mask[n=1,size=200,domain={domain}]", domain):
        changed = np.flatnonzero((result != x).reshape(len(x), -1).any(axis=1))
        assert (len(changed), np.ptp(changed)) == (width, width - 1)
        fill = x.mean(axis=0) if domain == "features" else 0
        np.testing.assert_array_equal(result[changed], np.broadcast_to(fill, result[changed].shape))


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
    entry = parse(name)
    assert set(entry.values) == set(KINDS[name].parameters)
    assert set(KINDS[name].domains) <= set(SHAPES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write name[key=value"),
        ("volume[dbfs=1", "augment 'volume[dbfs=1': write name[key=value"),
        ("Volume", "write name[key=value"),
        ("loudness[p=1]", "'loudness' is unknown; available: speed, noise"),
        ("volume[5]", "every value has a name"),
        ("volume[gain=5]", "volume has no 'gain'; it takes p, dbfs"),
        ("volume[dbfs=loud]", "values are numbers such as"),
        ("volume[dbfs=1:2:3]", "values are numbers"),
        ("volume[dbfs=1~2~3]", "values are numbers"),
        ("volume[dbfs=nan]", "values are numbers"),
        ("tempo[factor=inf]", "values are numbers"),
        ("volume[dbfs=]", "values are numbers"),
        ("volume[p=high]", "values are numbers"),
        ("volume[p=1.5]", "p is a probability from 0 to 1"),
        ("volume[p=-0.1]", "p is a probability"),
        ("volume[p=nan]", "p is a probability"),
        ("pitch[domain=signal]", "domain 'signal' does not suit pitch; use spectrogram"),
        ("add[domain=nowhere]", "use features, spectrogram, signal"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ABSENT)
def test_augmentations_of_the_old_system_that_are_absent_say_so(name: str) -> None:
    with pytest.raises(ConfigError, match=f"augment '{name}' is not available yet; available: "):
        parse(f"{name}[p=0.1]")


def test_keys_make_generators() -> None:
    first, again, other = (keyed_random(*key).random(4).tolist() for key in ((1, 2), (1, 2), (2, 1)))
    assert first == again
    assert first != other


@pytest.mark.parametrize(("domain", "expected"), [("signal", 16.0), ("spectrogram", 0.05), ("features", 0.05)])
def test_a_scene_counts_in_its_domain(domain: str, expected: float) -> None:
    assert scene(domain).per_ms() == expected
