"""Does an installed deepspeech recognize? Needs neither torch nor this checkout; `deepspeech` must be installed.

    python packaging/try_wheel.py [data/demo/clips/en-us-f3-001.flac]

Makes a network that hears four tones, as a model in float32 and one in 8 bits, and recognizes with each, as a file and
as a stream. With a clip: reads it and transcribes it, though this network makes no sense of speech. Prints what was
checked, and how long the import took; ends with 1 at the first difference.
"""

import platform
import sys
import tempfile
import time
from pathlib import Path

started_s = time.perf_counter()
import deepspeech  # noqa: E402 (its time is taken)

import_s = time.perf_counter() - started_s
import numpy as np  # noqa: E402

from deepspeech import Final, Recognizer  # noqa: E402
from deepspeech._native import Int8Network  # noqa: E402
from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig  # noqa: E402
from deepspeech.acoustic.deepspeech.graph import to_onnx  # noqa: E402
from deepspeech.audio.formats import read_audio, write_wav  # noqa: E402
from deepspeech.features.config import MfccConfig  # noqa: E402
from deepspeech.features.mfcc import Mfcc  # noqa: E402
from deepspeech.modelfile.card import ModelCard  # noqa: E402
from deepspeech.modelfile.checksum import add_checksum  # noqa: E402
from deepspeech.modelfile.graph import write_card  # noqa: E402
from deepspeech.text.tokens import ENGLISH  # noqa: E402

recognizer_s = time.perf_counter() - started_s
TONES_HZ = {" ": 0, "a": 300, "b": 600, "c": 1200, "d": 2400}
SAID = "abcd dcba ad"
RATE_HZ = 16000


def sound(text: str) -> np.ndarray:
    """Samples [float32, -1 to 1, 16 kHz]: 120 ms of a tone for each character, in a little noise."""
    times_s = np.arange(int(0.12 * RATE_HZ)) / RATE_HZ
    tones = [0.3 * np.sin(2 * np.pi * TONES_HZ[character] * times_s) for character in text]
    quiet = np.zeros(2000)
    samples = np.concatenate([quiet, *tones, quiet])
    return (samples + 0.01 * np.random.default_rng(1).standard_normal(len(samples))).astype(np.float32)


def weights(config: DeepSpeechConfig) -> dict[str, np.ndarray]:
    """A network that compares each frame with one of silence and one of each tone, and remembers nothing."""
    heard = np.stack([Mfcc(MfccConfig())(sound(character * 5))[20] for character in TONES_HZ])
    units, inputs = heard.shape
    scale = 4 / ((heard**2).sum(1) / 2).max()
    wide = config.hidden
    made = {f"layer_{n}.weight": np.zeros((wide, wide), np.float32) for n in "235"}
    made |= {f"layer_{n}.bias": np.zeros(wide, np.float32) for n in "1235"}
    made["layer_1.weight"] = np.zeros((wide, inputs), np.float32)
    made["layer_1.weight"][:units] = heard * scale
    made["layer_1.bias"][:units] = 8 - (heard**2).sum(1) / 2 * scale
    for layer in "235":
        made[f"layer_{layer}.weight"][range(units), range(units)] = 1
    gates = np.zeros((4, wide, wide), np.float32)  # i, f, g, o
    gates[2, range(units), range(units)] = 0.1
    made["lstm.weight_ih_l0"], made["lstm.weight_hh_l0"] = gates.reshape(-1, wide), np.zeros((4 * wide, wide), "f4")
    made["lstm.bias_ih_l0"] = np.repeat(np.array([20, -20, -0.8, 20], np.float32), wide)
    made["lstm.bias_hh_l0"] = np.zeros(4 * wide, np.float32)
    made["layer_5.bias"][:units] = 1
    labels = [ENGLISH.labels.index(character) for character in TONES_HZ]
    made["layer_6.weight"] = np.zeros((ENGLISH.classes, wide), np.float32)
    made["layer_6.weight"][labels, range(units)] = 40
    made["layer_6.weight"][ENGLISH.blank, 0] = 39.5
    made["layer_6.bias"] = np.full(ENGLISH.classes, -4, np.float32)
    made["layer_6.bias"][[*labels, ENGLISH.blank]] = 0
    return made | {"feature_mean": np.zeros(inputs, np.float32), "feature_scale": np.ones(inputs, np.float32)}


def model(path: Path, precision: str) -> Path:
    config = DeepSpeechConfig(hidden=32, context_frames=0, normalize_features=False)
    card = ModelCard(ENGLISH, MfccConfig(), config.described(), config.chunk, 64, precision, "tones", language="en")
    graph = to_onnx(weights(config), config, card)
    write_card(graph, card)
    path.write_bytes(add_checksum(graph.SerializeToString()))
    return path


def expect(what: str, found: object, due: object) -> None:
    if found != due:
        sys.exit(f"{what}: {found!r}, not {due!r}")
    print(f"  {what}: {found}")


def main(clips: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder, "said.wav")
        write_wav(wave, sound(SAID), RATE_HZ)
        for precision in ("float32", "int8"):
            recognizer = Recognizer.open(model(Path(folder, f"{precision}.onnx"), precision))
            expect(f"{precision}, a file", recognizer.transcribe(wave).text.strip(), SAID)
            *_, last = recognizer.stream(rate_hz=RATE_HZ).events(np.array_split(sound(SAID), 40))
            expect(f"{precision}, a stream", isinstance(last, Final) and last.transcript.text.strip(), SAID)
        print(f"  8-bit kernels of this processor: {', '.join(Int8Network.kernels()) or 'none, ONNX Runtime is used'}")
        for clip in clips:
            samples, rate_hz = read_audio(clip)
            expect(
                f"{clip} is read and transcribed",
                len(samples) > rate_hz and recognizer.transcribe(clip) is not None,
                True,
            )
    where = f"{platform.machine()}, Python {platform.python_version()}"
    print(f"deepspeech {deepspeech.version()}, {where}: import {import_s:.3f} s, with Recognizer {recognizer_s:.3f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
