"""`deepspeech data check`, `alphabet`, `split` and `stats`, and the old scripts, as a person runs them."""

import json
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from deepspeech.cli.data_options import as_options
from deepspeech.cli.text_options import text_config
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.text.config import TextConfig
from deepspeech.text.tokens import Characters
from tests.datasets.faulty_set import REFUSED, faulty_set

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data(deepspeech):
    """Runs `deepspeech data …`."""
    return partial(deepspeech, "data")


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return faulty_set(tmp_path_factory.mktemp("faulty"))


def old(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_check_ends_with_1_where_training_would_refuse(data, sets: tuple[Path, Path]) -> None:
    code, out, err = data("check", *sets)
    assert (code, err) == (1, "")
    assert f"Training would refuse {len(REFUSED)} of 51 clips" in out


def test_check_says_which_alphabet_it_took_and_proposes_the_data_s_own(data, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("wav_filename,wav_filesize,transcript\na.wav,1,ışık\nb.wav,1,a\u00adb\n", encoding="utf-8")
    code, out, _ = data("check", path)
    assert code == 1
    assert "No --alphabet, and not English: checked with the transcripts' own characters." in out
    assert "These transcripts need 5 characters: a b k ş ı\n" in out
    assert f"deepspeech data alphabet {path} --output alphabet.txt" in out
    assert "--skip-bad" not in out
    assert "soft hyphen (U+00AD)" in out
    assert "\u00ad" not in out.replace(repr("a\u00adb"), "")
    (tmp_path / "a.txt").write_text("a\nb\n")
    assert "No --alphabet" not in data("check", path, "--alphabet", tmp_path / "a.txt")[1]


def test_check_ends_with_0_where_training_would_begin(data, sets: tuple[Path, Path], tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    code, out, err = data("check", sets[1], "--picture", picture, "--json")
    assert (code, json.loads(out)["accepted"]) == (0, True)
    assert str(picture) in err
    assert picture.stat().st_size > 10_000


def test_another_alphabet_or_bytes_change_the_verdict(data, sets: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\r\nb\r\n")
    code, out, _ = data("check", sets[1], "--alphabet", tmp_path / "a.txt", "--json")
    assert (code, json.loads(out)["refused"]) == (1, 6)
    code, out, _ = data("check", sets[0], "--bytes", "--json")
    assert "letters" not in {one["kind"] for one in json.loads(out)["findings"]}


def test_an_alphabet_is_proposed_with_which_training_refuses_no_letter(
    data, sets: tuple[Path, Path], tmp_path: Path
) -> None:
    code, out, err = data("alphabet", *sets)
    assert code == 0
    assert "é" in Characters.from_text(out).labels
    assert "not in NFC" in err
    assert "carriage return (U+000D)" in err
    path = tmp_path / "alphabet.txt"
    code, told, err = data("alphabet", *sets, "--output", path)
    assert (code, err) == (0, "")
    assert path.read_text(encoding="utf-8") == out
    assert f"{path}: {len(Characters.from_file(path).labels)} characters" in told
    code, out, _ = data("check", sets[1], "--alphabet", path)
    assert code == 0


def test_letters_that_look_alike_are_pointed_out(data, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("wav_filename,wav_filesize,transcript\na.wav,1,don’t\nb.wav,1,don't\n", encoding="utf-8")
    assert "(U+0027) and '’' (U+2019) look alike" in data("alphabet", path)[2]
    path.write_text("wav_filename,wav_filesize,transcript\na.wav,1,don’t\n", encoding="utf-8")
    assert "look alike" not in data("alphabet", path)[2]


def test_an_alphabet_that_is_there_stays(data, sets: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\n")
    code, _, err = data("alphabet", sets[1], "-o", tmp_path / "a.txt")
    assert (code, err.count("\n")) == (2, 1)
    assert "--force" in err
    assert (tmp_path / "a.txt").read_text() == "a\n"
    assert data("alphabet", sets[1], "-o", tmp_path / "a.txt", "--force", "--json")[0] == 0
    assert len((tmp_path / "a.txt").read_text()) > 10


def test_split_writes_three_sets_without_a_voice_in_common(data, tmp_path: Path) -> None:
    rows = [f"good{n}.wav,1,sentence {n % 9},voice {n % 15}" for n in range(30)]
    clips = faulty_set(tmp_path / "faulty")[0].parent / "clips"
    (clips / "all.csv").write_text("\n".join(["wav_filename,wav_filesize,transcript,client_id", *rows]) + "\n")
    code, out, _ = data("split", clips / "all.csv", "--output-dir", tmp_path / "sets", "--dev", 0.2, "--test", 0.2)
    assert code == 0
    assert "no speaker is in two sets" in out
    voices = [{s.speaker for s in read_csv(tmp_path / "sets" / f"{n}.csv")} for n in ("train", "dev", "test")]
    assert sum(map(len, voices)) == len(set().union(*voices)) == 15
    assert all(s.audio.is_file() for s in read_csv(tmp_path / "sets" / "dev.csv"))
    code, _, err = data("split", clips / "all.csv", "--output-dir", tmp_path / "sets")
    assert (code, err.count("\n")) == (2, 1)
    assert "--force" in err
    code, out, _ = data("split", clips / "all.csv", "-o", tmp_path / "sets", "--by", "sentence", "--force", "--json")
    assert json.loads(out)["sets"]["dev"]["sentences_also_in_train"] == 0


def test_a_split_that_cannot_be_made_leaves_nothing(data, sets: tuple[Path, Path], tmp_path: Path) -> None:
    code, out, err = data("split", sets[0], "--output-dir", tmp_path / "sets")
    assert (code, out) == (2, "")
    assert "gone.wav" in err
    code, _, err = data("split", sets[0], "--output-dir", tmp_path / "sets", "--skip-bad", "--dev", 0.01, "--test", 0)
    assert code == 2
    assert "no speaker is left for the dev set" in err
    assert not (tmp_path / "sets").exists()


def test_a_split_never_writes_over_its_source(data, sets: tuple[Path, Path]) -> None:
    before = sets[0].read_bytes()
    code, _, err = data("split", sets[0], "--output-dir", sets[0].parent, "--force", "--skip-bad")
    assert (code, err.count("\n")) == (2, 1)
    assert "one of the sets to split" in err
    assert sets[0].read_bytes() == before


def test_stats_tell_of_each_set_and_of_all(data, sets: tuple[Path, Path]) -> None:
    code, out, _ = data("stats", *sets, "--json", "--listen")
    figures = json.loads(out)
    assert code == 0
    assert [figures[name]["clips"] for name in ("train.csv", "dev.csv", "all")] == [45, 6, 51]
    assert figures["dev.csv"]["words_unheard"] == 8
    assert len(figures["dev.csv"]["peaks_db"]) == 7
    code, out, _ = data("stats", *sets)
    assert "unreadable clips" in out
    assert "not in train.csv" in out


@pytest.mark.parametrize("command", ["check", "alphabet", "stats", "split -o sets"])
def test_what_is_not_there_is_told_in_one_line(data, command: str, tmp_path: Path) -> None:
    code, out, err = data(*command.split(), tmp_path / "none.csv")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "none.csv: cannot read the data set" in err


@pytest.mark.parametrize("script", ["stats.py", "bin/stats.py"])
def test_the_old_statistics(script: str, sets: tuple[Path, Path], tmp_path: Path) -> None:
    sizes = sum(sample.size_bytes for sample in read_csv(sets[1]))
    done = old(script, "-csv", sets[1])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Total bytes: {sizes}\nTotal files: 6\nTotal time: 0:00:12\n"
    (tmp_path / "gone.csv").write_text("wav_filename,wav_filesize\ngone.wav,960044\n")
    done = old(script, "--csv-files", f"{tmp_path / 'gone.csv'},{sets[1]}", "--sample-rate", 8000, "--channels", "2")
    assert done.stdout.endswith("Total files: 7\nTotal time: 0:00:42\n")
    assert "1 files could not be read" in done.stderr


def test_the_old_character_check(sets: tuple[Path, Path], tmp_path: Path) -> None:
    done = old("util/check_characters.py", "-csv", sets[1], "-alpha")
    assert (done.returncode, done.stderr) == (0, "")
    assert {" ", "a", "j"} < set(Characters.from_text(done.stdout).labels)
    assert all(len(label) == 1 for label in Characters.from_text(done.stdout).labels)
    done = old("util/check_characters.py", "-csv", sets[0])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "accent.wav: its transcript is not in NFKC" in done.stderr
    done = old("util/check_characters.py", "-csv", f"{sets[0]},{sets[1]}", "-unicode")
    assert done.returncode == 0
    assert "'\\r'" in done.stdout.splitlines()[-1]
    done = old("util/check_characters.py", "-csv", tmp_path / "none.csv")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_data_are_checked_and_an_alphabet_is_proposed_as_a_language_normalizes_them(data, tmp_path: Path) -> None:
    path, alphabet = tmp_path / "fr.csv", tmp_path / "alphabet.txt"
    noise = np.random.default_rng(0).normal(0, 0.1, 48000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", noise, 16000)
    path.write_text("wav_filename,wav_filesize,transcript\na.wav,1,L’œuvre à 5 %\n", encoding="utf-8")
    code, out, err = data("alphabet", path, "--language", "fr", "--output", alphabet)
    assert code == 0
    assert "fr.csv: 1 of 1 transcripts normalized" in err
    labels = alphabet.read_text(encoding="utf-8").splitlines()
    assert "q" in labels  # of cinq
    assert not {"5", "%", "L", "’"} & set(labels)
    assert data("check", path, "--alphabet", alphabet)[0] == 1
    assert data("check", path, "--alphabet", alphabet, "--language", "fr")[0] == 0
    assert f"To mend them: deepspeech data text {path} --language CODE" in data("check", path)[1]
    out = data("check", path, "--language", "fr")[1]
    assert "To mend them" not in out
    assert f"deepspeech data alphabet {path} --language fr --output" in out
    assert data("check", path, "--numbers")[2].startswith("deepspeech: --numbers needs --language")


@pytest.mark.parametrize(
    ("config", "options"),
    [
        (TextConfig(), ""),
        (TextConfig("fr", numbers=False, map="my map.tsv"), " --language fr --no-numbers --map 'my map.tsv'"),
        (TextConfig("de", case="keep", form="NFC"), " --language de --no-lower --nfc"),
    ],
)
def test_settings_of_text_are_named_as_options(config: TextConfig, options: str) -> None:
    assert as_options(config) == options
    words = shlex.split(options)
    assert (
        text_config(
            language=config.language,
            lower={"": None, "keep": False}[config.case],
            nfc=True if "--nfc" in words else None,
            numbers=config.numbers,
            map_file=Path(config.map) if config.map else None,
        )
        == config
    )


def test_text_is_previewed_and_converted(data, tmp_path: Path) -> None:
    path, target = tmp_path / "fr.csv", tmp_path / "made.csv"
    soundfile.write(tmp_path / "a.wav", np.zeros(16000, np.float32), 16000)
    path.write_text("wav_filename;wav_filesize;transcript\na.wav;1;L’œuvre, à 5 %\na.wav;1;½ heure\n", encoding="utf-8")
    code, out, _ = data("text", path, "--language", "fr", "--show")
    assert code == 1
    assert "2 of 2 transcripts change" in out or "1 of 2 transcripts change" in out
    assert "'½' (U+00BD), first in “½ heure”" in out
    code, _, err = data("convert", path, target, "--language", "fr")
    assert code == 0
    assert "transcripts keep characters that cannot be written" in err
    assert "l'œuvre à cinq pour cent" in target.read_text(encoding="utf-8")
    assert data("text", target, "--numbers")[2].startswith("deepspeech: --numbers needs --language")
