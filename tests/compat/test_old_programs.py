"""Programs that were written for DeepSpeech 0.9.3 run untouched: each as its makers published it, in an old-style venv.

They need the package index once; without it these tests are skipped.
"""

import json
import socket
import subprocess
import sys
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from deepspeech import Model
from deepspeech.audio.formats import read_audio, write_wav
from deepspeech.audio.pcm import float_to_int16
from tests.fakes import tones

pytestmark = pytest.mark.slow

# Installed without what they depend on: the wheel of 0.9.3, and rhasspy-nlu's networkx that no longer runs.
PROGRAMS = ("deepspeech-server==2.2.0", "rhasspy-asr-deepspeech==0.4.0", "pydeepspeech==1.1.7", "rhasspy-nlu==0.3.3")
NEEDS = (
    "rx>=3,<4", "scipy", "cyclotron<2", "cyclotron-aiohttp<2", "cyclotron-std<2", "rhasspy-asr==0.2.0",
    "num2words==0.5.10", "webrtcvad", "requests", "setuptools<81",
)  # fmt: skip
ALPHA, BETA = 0.93, 1.18
NAME = "deepspeech-0.9.3-models"  # pydeepspeech looks for these files

RHASSPY = """
import json, sys, wave
from pathlib import Path
from rhasspyasr_deepspeech import DeepSpeechTranscriber

model, scorer, sound, alpha, beta = sys.argv[1:]
listener = DeepSpeechTranscriber(Path(model), Path(scorer), beam_width=100, lm_alpha=float(alpha), lm_beta=float(beta))
with wave.open(sound) as file:
    samples = file.readframes(file.getnframes())
chunks = (samples[place : place + 2048] for place in range(0, len(samples), 2048))
found = listener.transcribe_wav(Path(sound).read_bytes()), listener.transcribe_stream(chunks, 16000, 2, 1)
page = [{"text": f.text, "likelihood": f.likelihood, "tokens": [vars(token) for token in f.tokens]} for f in found]
print(json.dumps(page))
"""
SEGMENTS = """
import sys
from pathlib import Path
from pydeepspeech.wav_transcriber import vad_segment_generator

for number, segment in enumerate(vad_segment_generator(sys.argv[1], 1)[0]):
    Path(f"{sys.argv[1]}.{number:03d}.raw").write_bytes(segment)
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a venv with the old programs; `deepspeech` and its libraries are those that run this test."""
    folder = tmp_path_factory.mktemp("programs")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    ours = sysconfig.get_paths()["purelib"]
    (site / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    # deepspeech-server decodes with PyAV where it finds it, through an interface that PyAV no longer has.
    (site / "av.py").write_text("raise ImportError\n")

    def install(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    reached = install("--no-deps", PROGRAMS[0])
    if reached.returncode:
        pytest.skip(f"the package index cannot be reached: {reached.stderr.strip().splitlines()[-1]}")
    for arguments in (("--no-deps", *PROGRAMS), NEEDS):
        done = install(*arguments)
        assert done.returncode == 0, done.stderr
    return folder / "bin"


@dataclass(frozen=True)
class Case:
    """A folder with model and scorer as 0.9.3 called them, and a sound file."""

    model: Path
    scorer: Path
    sound: Path

    @property
    def samples(self) -> np.ndarray:
        return float_to_int16(read_audio(self.sound)[0])

    def open(self, beam_width: int) -> Model:
        model = Model(str(self.model))
        model.enableExternalScorer(str(self.scorer))
        model.setScorerAlphaBeta(ALPHA, BETA)
        model.setBeamWidth(beam_width)
        return model


@pytest.fixture(params=["a model of today", "AN4's old model"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    made = Case(tmp_path / f"{NAME}.pbmm", tmp_path / f"{NAME}.scorer", tmp_path / "hello.wav")
    if request.param == "AN4's old model":
        shared: Path = request.getfixturevalue("shared")
        model = shared / "fixtures" / "old_models" / "an4" / "output_graph.pb"
        scorer = shared / "fixtures" / "decoder" / "an4.scorer"
        write_wav(made.sound, *read_audio(shared / "data" / "an4" / "clips" / "an255-fash-b.flac"))
    else:
        model, scorer = request.getfixturevalue("hearing_model"), request.getfixturevalue("word_scorer")
        write_wav(made.sound, tones("abba dc ab", 5), 16000)
    made.model.write_bytes(model.read_bytes())
    made.scorer.write_bytes(scorer.read_bytes())
    return made


@contextmanager
def server(programs: Path, case: Case) -> Iterator[str]:
    """deepspeech-server, running; its address."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    output = {
        "deepspeech": {"model": str(case.model), "scorer": str(case.scorer), "lm_alpha": ALPHA, "lm_beta": BETA,
                       "beam_width": 100},
        "server": {"http": {"host": "127.0.0.1", "port": port, "request_max_size": 1 << 20}},
        "log": {"level": [{"logger": "deepspeech_server", "level": "DEBUG"}]},
    }  # fmt: skip
    config = case.model.with_name("server.json")
    config.write_text(json.dumps(output))
    with config.with_name("server.log").open("w") as log:
        process = subprocess.Popen([programs / "deepspeech-server", "--config", config], stdout=log, stderr=log)
        try:
            while process.poll() is None:
                with closing(socket.socket()) as connection:
                    connection.settimeout(1)
                    if connection.connect_ex(("127.0.0.1", port)) == 0:
                        break
            assert process.poll() is None, config.with_name("server.log").read_text()
            yield f"http://127.0.0.1:{port}/stt"
        finally:
            process.terminate()
            process.wait()


def test_deepspeech_server(programs: Path, case: Case) -> None:
    with server(programs, case) as address:

        def post(content: bytes) -> str:
            with urllib.request.urlopen(urllib.request.Request(address, content), timeout=60) as answer:
                text: str = answer.read().decode()
                return text

        expected = case.open(100).stt(case.samples)
        assert expected
        assert post(case.sound.read_bytes()) == expected
        with pytest.raises(urllib.error.HTTPError):
            post(b"no sound")
        assert post(case.sound.read_bytes()) == expected


def test_rhasspy(programs: Path, case: Case) -> None:
    arguments = [case.model, case.scorer, case.sound, str(ALPHA), str(BETA)]
    done = subprocess.run([programs / "python", "-c", RHASSPY, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    whole, streamed = json.loads(done.stdout)
    expected = case.open(100).sttWithMetadata(case.samples).transcripts[0]
    assert whole == streamed
    assert whole["text"] == "".join(token.text for token in expected.tokens)
    assert whole["likelihood"] == expected.confidence
    assert [token["start_time"] for token in whole["tokens"]] == [token.start_time for token in expected.tokens]


def test_pydeepspeech(programs: Path, case: Case) -> None:
    subprocess.run([programs / "python", "-c", SEGMENTS, case.sound], check=True)
    raw = sorted(case.sound.parent.glob("*.raw"))
    model = Model(str(case.model))
    model.enableExternalScorer(str(case.scorer))
    expected = "".join(model.stt(np.frombuffer(path.read_bytes(), np.int16)) + " " for path in raw)
    output = case.sound.with_name("out.txt")
    command = [programs / "pydeepspeech", "--wav_file", case.sound, "--model_dir", case.model.parent]
    done = subprocess.run([*command, "--out_file", output], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert output.read_text() == expected
