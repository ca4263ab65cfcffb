"""What augmentations do, to see and to hear: makes docs/augmentation/ and the gallery in docs/augmentation.md.

    python scripts/draw_augmentations.py

In: a clip of the demo corpus, and the entries below. Out: for each a picture, the clip before and after as the network
meets it (squared magnitudes in dB), and a sound file. What acts on the spectrogram has no sound of its own: one is made
whose spectrogram is nearest to it (Griffin and Lim 1984), from the clip's own phases where its length is kept.
"""

import io
from pathlib import Path

import numpy as np
import soundfile
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from deepspeech.datasets.augment.apply import augment
from deepspeech.datasets.augment.context import AugmentContext
from deepspeech.datasets.augment.sources import Sources
from deepspeech.datasets.augment.spec import keyed_random, parse
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.features.config import MfccConfig
from deepspeech.features.mfcc import Mfcc

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "data" / "demo"
CLIP = "en-us-f3-005.flac"
SPEECH = DEMO / "train.csv"  # other voices, for babble
PAGE, FOLDER = ROOT / "docs" / "augmentation.md", ROOT / "docs" / "augmentation"
BEGIN, END = "<!-- made by scripts/draw_augmentations.py -->\n", "<!-- end -->\n"
EXAMPLES = {  # strong enough to be seen
    "overlay": "overlay[source=babble,snr=3]",
    "noise": "noise[snr=10,color=1]",
    "room": "room[rt60=0.6,direct=0]",
    "reverb": "reverb[delay=40,decay=3]",
    "speed": "speed[factor=0.8]",
    "resample": "resample[rate=4000]",
    "codec": "codec[format=opus]",
    "packet_loss": "packet_loss[rate=0.2,size=40]",
    "clipping": "clipping[gain=20]",
    "volume": "volume[dbfs=-25]",
    "pitch": "pitch[pitch=1.3]",
    "tempo": "tempo[factor=0.8]",
    "warp": "warp[nt=2,nf=1,wt=0.3,wf=0.2]",
    "frequency_mask": "frequency_mask[n=2,size=25]",
    "time_mask": "time_mask[n=2,size=150]",
    "adaptive_time_mask": "adaptive_time_mask[n=0.04,size=0.1,domain=spectrogram]",
    "spec_augment": "spec_augment[bands=40,share=0.3,size=300,domain=spectrogram]",
    "dropout": "dropout[rate=0.3]",
    "add": "add[stddev=0.01,domain=signal]",
    "multiply": "multiply[stddev=0.7,domain=signal]",
}
LOUDEST_DB, QUIETEST_DB = 20, -50
LONGEST_S = 2.25
KEY = 20  # of what is drawn: masks fall where there is something to hide
OPUS_LEVEL = 0.9  # libsndfile's for about 30,000 bits a second
ROUNDS = 200
Float32 = NDArray[np.float32]


class Studio:
    """The clip before, and what it becomes."""

    def __init__(self) -> None:
        self.config, cache = MfccConfig(), ClipCache(100)
        self.rate_hz, self.extractor = self.config.sample_rate_hz, Mfcc(self.config)
        entries = [parse(text) for text in EXAMPLES.values()]
        self.sources = Sources(entries, read_csv(SPEECH), cache, self.rate_hz)
        samples, rate_hz = soundfile.read(DEMO / "clips" / CLIP, dtype="float32")
        assert rate_hz == self.rate_hz
        self.before: Float32 = samples

    def after(self, text: str) -> tuple[Float32, Float32]:
        """(samples, squared magnitudes) of the clip after an entry."""
        entry, random = parse(text), keyed_random(KEY)
        context = AugmentContext(entry.domain, self.rate_hz, self.config.step_ms, self.sources)
        if entry.domain == "signal":
            samples = augment(self.before, entry, 0.5, random, context)
            return samples, self.extractor.power(samples)
        power = augment(self.extractor.power(self.before), entry, 0.5, random, context)
        return self.sound(power), power

    def sound(self, power: Float32) -> Float32:
        """Samples whose squared magnitudes come near to `power`."""
        frames = self.frames(self.before)
        phases = np.angle(np.fft.rfft(frames))
        if len(phases) != len(power):
            phases = np.random.default_rng(1).uniform(-np.pi, np.pi, power.shape)
        for _ in range(ROUNDS):
            samples = self.joined(np.fft.irfft(np.sqrt(power) * np.exp(1j * phases)))
            phases = np.angle(np.fft.rfft(self.frames(samples)))
        return samples.astype(np.float32)

    def frames(self, samples: Float32) -> Float32:
        """Windows [frames, window_samples]."""
        size, step = self.config.window_samples, self.config.step_samples
        return np.lib.stride_tricks.sliding_window_view(samples, size)[::step] * self.window()

    def joined(self, frames: NDArray[np.float64]) -> Float32:
        """Samples of windows, each sample the mean of those that hold it, weighted by their windows."""
        size, step = self.config.window_samples, self.config.step_samples
        total = np.zeros((len(frames) - 1) * step + size)
        weight = np.full(len(total), 1e-3)
        for number, frame in enumerate(frames):
            total[number * step :][:size] += frame * self.window()
            weight[number * step :][:size] += self.window() ** 2
        return (total / weight).astype(np.float32)

    def window(self) -> NDArray[np.float64]:
        size = self.config.window_samples
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)


def draw(path: Path, before: Float32, after: Float32, text: str) -> None:
    """Two spectrograms side by side with the same axes and colors."""
    step_s = MfccConfig().step_s
    figure = Figure(figsize=(7.6, 2.1), dpi=100, layout="constrained")
    for axes, power, title in zip(figure.subplots(1, 2, sharey=True), (before, after), ("before", text), strict=True):
        level_db = 10 * np.log10(np.maximum(power.T, 1e-10))
        extent = (0, power.shape[0] * step_s, 0, MfccConfig().sample_rate_hz / 2000)
        axes.set_facecolor("black")
        axes.imshow(level_db, "magma", aspect="auto", origin="lower", extent=extent, vmin=QUIETEST_DB, vmax=LOUDEST_DB)
        axes.set(xlim=(0, LONGEST_S), ylim=(0, 8), yticks=(0, 2, 4, 6, 8), xlabel="s")
        axes.set_title(title, fontsize=7)
    figure.axes[0].set_ylabel("kHz")
    buffer = io.BytesIO()
    figure.savefig(buffer)
    Image.open(buffer).convert("RGB").quantize(64).save(path, optimize=True)


def write_sound(path: Path, samples: Float32, rate_hz: int) -> None:
    clipped = np.clip(samples, -1, 1)
    soundfile.write(path, clipped, rate_hz, format="OGG", subtype="OPUS", compression_level=OPUS_LEVEL)


def gallery() -> str:
    """The part of the page that shows them."""
    shown = [f"The original clip: [before.opus](augmentation/before.opus), `data/demo/clips/{CLIP}`.\n"]
    for name, text in EXAMPLES.items():
        shown.append(f"`{text}`: [listen](augmentation/{name}.opus)\n\n![{name}](augmentation/{name}.png)\n")
    return "\n".join(shown)


def with_gallery(page: str) -> str:
    before, rest = page.split(BEGIN)
    return before + BEGIN + gallery() + END + rest.split(END)[1]


def main() -> None:
    studio = Studio()
    FOLDER.mkdir(exist_ok=True)
    write_sound(FOLDER / "before.opus", studio.before, studio.rate_hz)
    for name, text in EXAMPLES.items():
        samples, power = studio.after(text)
        write_sound(FOLDER / f"{name}.opus", samples, studio.rate_hz)
        draw(FOLDER / f"{name}.png", studio.extractor.power(studio.before), power, text)
    PAGE.write_text(with_gallery(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
