"""Noise robustness: WER of several models on the same noisy clips.

    python benchmarks/robustness.py plain=runs/plain noisy=runs/noisy --data DEV.csv --recordings prompts=FOLDER \\
        [--scorer FILE] [--json] [--picture curves.png]

In: models (files or checkpoint folders), of which the first is the baseline; a CSV. Noises: white; babble of four other
speakers of the CSV at a time; and recordings, each a folder or a CSV, concatenated. They are mixed in at an SNR of 20,
10, 5 and 0 dB: the power of the speech while somebody speaks, over that of the whole noise. Random draws depend only on
the seed and the clip, so all models get the same samples. Out: a table, and the error ratio of each model to the
baseline at 5 dB.
"""

import argparse
import json
import re
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from deepspeech.audio.formats import write_wav
from deepspeech.audio.vad import SilenceRules, segments
from deepspeech.cli.models import open_model
from deepspeech.datasets.augment.sources import Sources
from deepspeech.datasets.augment.spec import keyed_random, parse
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.evaluation.evaluate import evaluate

SNRS_DB = (20, 10, 5, 0)
COMPARED_DB = 5
RATE_HZ = 16000
CACHE_MB = 1000
Float32 = NDArray[np.float32]
Rates = dict[tuple[str, float | None], dict[str, float]]  # (noise, SNR in dB) → model → WER; None: no noise


@dataclass(frozen=True)
class Mixer:
    """Mixes noise into clips; `noises` maps kinds to their sources."""

    samples: Sequence[Sample]
    noises: Mapping[str, str]
    speaker_pattern: str
    seed: int
    cache: ClipCache

    def write(self, kind: str, snr_db: float, folder: Path) -> list[Sample]:
        """Write the noisy samples as wav files to `folder`."""
        entries = [parse(f"overlay[source={source}]") for source in self.noises.values()]
        noisy = []
        for number, sample in enumerate(self.samples):
            others = [other for other in self.samples if self.speaker(other) != self.speaker(sample)]
            sources = Sources(entries, others, self.cache, RATE_HZ)
            random = keyed_random(self.seed, zlib.crc32(f"{kind} {sample.audio.name}".encode()))
            speech = self.cache.read(sample, RATE_HZ)
            noise = sources.sound(self.noises[kind], len(speech), random)
            path = folder / f"{number:05}.wav"
            write_wav(path, mixed(speech, noise, snr_db), RATE_HZ)
            noisy.append(replace(sample, id=str(path), audio=path, size_bytes=path.stat().st_size))
        return noisy

    def speaker(self, sample: Sample) -> str:
        found = re.search(self.speaker_pattern, sample.audio.name)
        return sample.speaker or (found[1] if found else sample.id)


def mixed(speech: Float32, noise: Float32, snr_db: float) -> Float32:
    """Speech with noise at `snr_db`; both are attenuated if they would clip in 16 bits."""
    stretches = segments(speech, RATE_HZ, SilenceRules(margin_s=0))
    spoken = [speech[round(start * RATE_HZ) : round(end * RATE_HZ)] for start, end in stretches]
    power = np.mean(np.concatenate(spoken or [speech]) ** 2, dtype=np.float64)
    noise_power = np.mean(noise**2, dtype=np.float64)
    if noise_power == 0:
        raise SystemExit("a stretch of noise is silent; choose other recordings or another --seed")
    sound = speech + noise * np.float32(np.sqrt(power / noise_power) * 10 ** (-snr_db / 20))
    return sound / max(1.0, float(np.abs(sound).max()))


def measure(models: Mapping[str, Path], mixer: Mixer, scorer: Path | None) -> Rates:
    opened = {name: open_model(path) for name, path in models.items()}
    search = Scorer.open(scorer) if scorer else None
    rates: Rates = {}
    for kind, snr_db in [("none", None), *((kind, snr_db) for kind in mixer.noises for snr_db in SNRS_DB)]:
        with tempfile.TemporaryDirectory() as folder:
            samples = mixer.samples if snr_db is None else mixer.write(kind, snr_db, Path(folder))
            for name, model in opened.items():
                options = DecodeOptions(model.beam_width) if search else None
                scores = evaluate(model.emit(list(samples)), samples, model.tokens, options, name, search)
                rates.setdefault((kind, snr_db), {})[name] = scores.wer
    return rates


def ratios(rates: Rates, models: Sequence[str], kinds: Sequence[str]) -> dict[str, dict[str, float]]:
    """Returns noise (or all) → model → its WER at 5 dB relative to the first model's."""
    first, *others = models
    at = {kind: rates[kind, COMPARED_DB] for kind in kinds}
    at["all"] = {name: sum(at[kind][name] for kind in kinds) for name in models}
    return {kind: {name: of[name] / of[first] for name in others if of[first]} for kind, of in at.items()}


def table(rates: Rates, models: Sequence[str], compared: Mapping[str, Mapping[str, float]]) -> str:
    """Returns the rates as a Markdown table."""
    lines = [f"| noise | dB | {' | '.join(models)} |", f"|---|---|{'---|' * len(models)}"]
    for (kind, snr_db), of in rates.items():
        shown = " | ".join(f"{of[name]:.1%}" for name in models)
        lines.append(f"| {kind} | {'–' if snr_db is None else f'{snr_db:g}'} | {shown} |")
    for name in models[1:]:
        shares = ", ".join(f"{kind} {of[name]:.2f}" for kind, of in compared.items() if name in of)
        lines.append(f"\nAt {COMPARED_DB} dB {name} has so many times the errors of {models[0]}: {shares}.")
    return "\n".join(lines)


def draw(rates: Rates, models: Sequence[str], kinds: Sequence[str], path: Path) -> None:
    """Plot a panel per noise, a curve per model; the rightmost point is without noise."""
    figure = Figure(figsize=(2.6 * len(kinds), 2.7), dpi=100, layout="constrained")
    all_axes = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    places = [*reversed(SNRS_DB), SNRS_DB[0] + 10]
    for axes, kind in zip(all_axes, kinds, strict=True):
        for name in models:
            curve = [rates[kind, snr_db][name] for snr_db in reversed(SNRS_DB)] + [rates["none", None][name]]
            axes.plot(places, [100 * rate for rate in curve], "o-", markersize=4, label=name)
        axes.set(title=kind, xlabel="dB", xticks=places)
        axes.set_xticklabels([*map(str, reversed(SNRS_DB)), "clean"])
        axes.grid(alpha=0.3)
    all_axes[0].set_ylabel("word error rate, %")
    all_axes[0].set_ylim(bottom=0)
    all_axes[-1].legend()
    figure.savefig(path)


def named(text: str) -> tuple[str, str]:
    """Parse NAME=PATH, or a path that is its own name."""
    name, equals, path = text.partition("=")
    return (name, path) if equals else (Path(text).stem, text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL", help="compare these files or checkpoint folders")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recordings", nargs="*", default=[], metavar="NAME=PATH", help="mix in this folder or CSV")
    parser.add_argument("--speaker", default=r"-([a-z]+\d*)-", help="match the speaker in file names; default: AN4's")
    parser.add_argument("--clips", type=int, help="use only the first clips")
    parser.add_argument("--scorer", type=Path, help="decode with beam search and this scorer; by default greedily")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    models = {name: Path(path) for name, path in map(named, given.models)}
    noises = {"white": "white", "babble": "babble", **dict(map(named, given.recordings))}
    mixer = Mixer(read_csv(given.data)[: given.clips], noises, given.speaker, given.seed, ClipCache(CACHE_MB))
    if len(set(map(mixer.speaker, mixer.samples))) < 2:
        raise SystemExit(f"{given.data}: babble needs two speakers, identified by a column or by --speaker")
    rates = measure(models, mixer, given.scorer)
    names, kinds = list(models), list(noises)
    compared = ratios(rates, names, kinds)
    if given.picture:
        draw(rates, names, kinds, given.picture)
    if given.json:
        rows = [{"noise": kind, "snr_db": snr_db, "wer": of} for (kind, snr_db), of in rates.items()]
        print(json.dumps({"rates": rows, f"ratio_at_{COMPARED_DB}_db": compared}, indent=2))
    else:
        print(table(rates, names, compared))


if __name__ == "__main__":
    main()
