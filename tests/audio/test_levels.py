"""Loudness in decibels, silence and clipping."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.audio.levels import measure

SINE = np.sin(np.arange(16000) * 0.3).astype(np.float32)


def test_a_sine_of_full_scale_is_at_0_db_and_not_clipped() -> None:
    levels = measure(SINE)
    assert levels.peak_db == pytest.approx(0, abs=0.01)
    assert levels.rms_db == pytest.approx(-3.01, abs=0.01)
    assert not levels.clipped
    assert not levels.silent


@given(st.floats(-100, 0))
def test_levels_follow_the_gain(gain_db: float) -> None:
    levels = measure(SINE * np.float32(10 ** (gain_db / 20)))
    assert levels.peak_db == pytest.approx(gain_db, abs=0.05)
    assert levels.silent == (levels.peak_db < -60)


def test_cut_off_peaks_are_clipped_single_ones_are_not() -> None:
    assert measure(np.clip(2 * SINE, -1, 1)).clipped_share == pytest.approx(2 / 3, abs=0.1)
    lonely = 0.1 * SINE
    lonely[::10] = 1.0
    assert measure(lonely).clipped_share == 0
    flat = 0.1 * SINE
    flat[100:116] = -1.0
    assert measure(flat).clipped_share == 0.001
    assert measure(flat).clipped


def test_digital_silence_has_a_level_too() -> None:
    levels = measure(np.zeros(1, np.float32))
    assert levels.silent
    assert np.isfinite(levels.rms_db)
