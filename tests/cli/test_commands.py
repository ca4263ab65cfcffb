"""The new commands, as a person types them: what they print, where, and how they leave."""

import json
import shutil
from pathlib import Path

import pytest
import soundfile

from deepspeech.audio.formats import write_wav
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.runtime.recognizer import Recognizer
from tests.fakes import corpus, tones


def test_evaluate_gives_json(deepspeech, tiny_model: Path, tmp_path: Path) -> None:
    data = corpus(tmp_path, 3)
    code, out, _ = deepspeech("evaluate", "--model", tiny_model, "--data", data, "--json", "--samples")
    page = json.loads(out)
    assert code == 0
    assert page["utterances"] == 3
    assert page["words"] == sum(sample["words"] for sample in page["samples"])
    assert page["wer"] == sum(sample["word_errors"] for sample in page["samples"]) / page["words"]
    errors, letters = (sum(sample[name] for sample in page["samples"]) for name in ("letter_errors", "letters"))
    assert letters == sum(len(sample["reference"]) for sample in page["samples"])
    assert page["cer"] == errors / letters


def test_a_checkpoint_is_evaluated_with_its_loss(deepspeech, tiny_model: Path, tmp_path: Path) -> None:
    arguments = ("--data", corpus(tmp_path, 3), "--json", "--greedy")
    _, by_checkpoint, _ = deepspeech("evaluate", "--model", tiny_model.parent / "checkpoints", *arguments)
    _, by_file, _ = deepspeech("evaluate", "--model", tiny_model, *arguments)
    checkpoint, file = json.loads(by_checkpoint), json.loads(by_file)
    assert checkpoint["loss"] > 0
    assert (checkpoint["wer"], checkpoint["cer"]) == (file["wer"], file["cer"])


def test_several_models_are_averaged_and_may_listen_with_jitter(deepspeech, tiny_model: Path, tmp_path: Path) -> None:
    arguments = ("--data", corpus(tmp_path, 3), "--json", "--samples")
    once = json.loads(deepspeech("evaluate", "--model", tiny_model, *arguments)[1])
    checkpoints = tiny_model.parent / "checkpoints"
    twice = json.loads(deepspeech("evaluate", "--model", tiny_model, "--model", checkpoints, *arguments)[1])
    assert twice == once  # the file is the checkpoint's, so their mean is either
    code, out, _ = deepspeech("evaluate", "--model", tiny_model, "--jitter-ms", 5, *arguments)
    assert (code, json.loads(out)["utterances"]) == (0, 3)
    code, _, err = deepspeech("evaluate", "--model", tiny_model, "--jitter-ms", -1, *arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert "--jitter-ms is -1" in err


def test_the_confusion_is_told_drawn_and_given_as_json(deepspeech, tiny_model: Path, tmp_path: Path) -> None:
    arguments = ("evaluate", "--model", tiny_model, "--data", corpus(tmp_path, 3), "--greedy")
    _, out, _ = deepspeech(*arguments, "--confusion", "--confusion-picture", tmp_path / "letters.svg")
    assert "\nCharacters: " in out
    assert "\nWords: " in out
    assert "errors" in (tmp_path / "letters.svg").read_text()
    page = json.loads(deepspeech(*arguments, "--confusion", "--json", "--samples")[1])
    for unit, errors in (("letters", "letter_errors"), ("words", "word_errors")):
        counted = sum(pair["times"] for pair in page["confusion"][unit])
        assert counted == sum(sample[errors] for sample in page["samples"])
    code, out, err = deepspeech(*arguments, "--confusion-picture", tmp_path / "letters.gif")
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_the_calibration_is_told_drawn_and_given_as_json(deepspeech, hearing_model: Path, tmp_path: Path) -> None:
    arguments = ("evaluate", "--model", hearing_model, "--data", corpus(tmp_path, 3))
    _, plain, _ = deepspeech(*arguments)
    _, out, _ = deepspeech(*arguments, "--calibration-picture", tmp_path / "c.svg")
    assert out.startswith(plain)
    assert "\nWord confidence: " in out
    assert "mean confidence" in (tmp_path / "c.svg").read_text()
    page = json.loads(deepspeech(*arguments, "--calibration", "--json")[1])["calibration"]
    assert page["words"] == sum(one["words"] for one in page["bins"]) > 0
    code, out, err = deepspeech(*arguments, "--calibration", "--greedy")
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_training_is_plotted(deepspeech, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    rows = [
        {"epoch": 0, "step": 3, "train_loss": 9.5, "learning_rate": 0.1},
        {
            "epoch": 0,
            "step": 3,
            "peek": [{"id": "a.wav", "said": "ab", "heard": "b"}],
            "peek_wer": 1.0,
            "peek_cer": 0.5,
        },
    ]
    (tmp_path / "run/log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    picture = tmp_path / "run.png"
    assert deepspeech("plot", tmp_path / "run", "--output", picture) == (0, f"{picture}\n", "")
    assert picture.read_bytes().startswith(b"\x89PNG")
    (page,) = json.loads(deepspeech("plot", tmp_path / "run", "--json")[1])
    assert page["train_loss"] == {"1": 9.5}
    assert "    1         3  b\n" in deepspeech("plot", tmp_path / "run", "--samples")[1]
    code, out, err = deepspeech("plot", tmp_path / "run", tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no log.jsonl there" in err


def test_any_transcript_can_be_counted_against(deepspeech, tiny_model: Path, tmp_path: Path) -> None:
    data = corpus(tmp_path, 2)
    data.write_text(
        data.read_text().replace("\n", ",\n").replace("transcript,", "transcript,note") + "train000.wav,1,É,\n"
    )
    code, out, err = deepspeech("evaluate", "--model", tiny_model, "--data", data, "--json")
    assert (code, json.loads(out)["utterances"]) == (0, 3)
    assert "1 of 3 references holds characters outside the model's alphabet" in err
    assert "'É' (U+00C9) in 1" in err


def test_a_missing_recording_is_told_and_may_be_left_out(deepspeech, tiny_model: Path, tmp_path: Path) -> None:
    data = corpus(tmp_path, 3)
    (tmp_path / "train001.wav").unlink()
    code, out, err = deepspeech("evaluate", "--model", tiny_model, "--data", data)
    assert (code, out) == (2, "")
    assert "train001.wav" in err
    assert "--skip-bad" in err
    code, out, err = deepspeech("evaluate", "--model", tiny_model, "--data", data, "--skip-bad", "--json")
    assert (code, json.loads(out)["utterances"]) == (0, 2)


def damaged_inside(folder: Path) -> Path:
    """A data set of three clips, one of which can be opened and not be read to its end."""
    data, damaged = corpus(folder, 3), folder / "damaged.flac"
    samples, rate_hz = soundfile.read(folder / "train001.wav")
    soundfile.write(damaged, samples, rate_hz)
    content = bytearray(damaged.read_bytes())
    middle = slice(len(content) // 3, len(content) // 2)
    content[middle] = bytes(255 - byte for byte in content[middle])
    damaged.write_bytes(content)
    data.write_text(data.read_text().replace("train001.wav", damaged.name))
    return data


@pytest.mark.parametrize("how", ["refuse", "skip"])
def test_what_training_left_out_does_not_stop_the_export(
    deepspeech, hearing_checkpoints: Path, tmp_path: Path, how: str
) -> None:
    best = shutil.copytree(hearing_checkpoints, tmp_path / "checkpoints") / "best-000006"
    run = json.loads((best / "run.json").read_text())
    run["config"]["data"] |= {"dev": [str(damaged_inside(tmp_path))], "on_bad_sample": how}
    (best / "run.json").write_text(json.dumps(run))
    code, out, err = deepspeech("export", tmp_path / "checkpoints", tmp_path / "a.onnx")
    assert "damaged.flac" in err
    assert (code, "checked on 2 clips" in out) == ((0, True) if how == "skip" else (2, False))
    assert (tmp_path / "a.onnx").exists() == (how == "skip")


@pytest.mark.parametrize("place", ["checkpoints", "tiny.onnx"])
def test_a_recording_damaged_inside_is_told_and_may_be_left_out(
    deepspeech, tiny_model: Path, tmp_path: Path, place: str
) -> None:
    data = damaged_inside(tmp_path)
    arguments = ("evaluate", "--model", tiny_model.parent / place, "--data", data, "--json")
    code, out, err = deepspeech(*arguments)
    assert (code, out) == (2, "")
    assert "damaged.flac" in err
    code, out, err = deepspeech(*arguments, "--skip-bad")
    assert (code, json.loads(out)["utterances"]) == (0, 2)
    assert "damaged.flac" in err
    assert "; skipped" in err


def test_old_names_of_settings_are_reported_in_one_line_each(deepspeech) -> None:
    old = ["training.optimiser=nesterov", "card.licence=MIT", 'augment=["noise[colour=1]", "noise[colour=2]"]']
    code, out, err = deepspeech("train", "--show", *(part for text in old for part in ("--set", text)))
    assert (code, 'optimizer = "nesterov"' in out, 'license = "MIT"' in out) == (0, True, True)
    assert err.splitlines() == [
        "deepspeech: training: 'optimiser' is deprecated; use 'optimizer'",
        "deepspeech: card: 'licence' is deprecated; use 'license'",
        "deepspeech: noise: 'colour' is deprecated; use 'color'",
    ]


def test_the_old_name_of_license_is_written_into_the_card_and_reported(
    deepspeech, hearing_checkpoints: Path, tmp_path: Path
) -> None:
    named = ("export", hearing_checkpoints, tmp_path / "a.onnx", "--licence", "MIT")
    code, _, err = deepspeech(*named)
    assert code == 0
    assert err.splitlines().count("deepspeech: --licence is deprecated; use --license") == 1
    assert Recognizer.open(tmp_path / "a.onnx").card.license == "MIT"
    code, _, err = deepspeech(*named, "--license", "MPL-2.0")
    assert (code, err) == (2, "deepspeech: --licence is the old name of --license; remove it\n")


def test_an_unknown_setting_names_its_neighbour(deepspeech) -> None:
    code, _, err = deepspeech("train", "--set", "training.epoch=3")
    assert code == 2
    assert err == "deepspeech: unknown setting training.epoch; did you mean training.epochs?\n"


def test_the_resolved_settings_are_shown(deepspeech) -> None:
    code, out, _ = deepspeech("train", "--set", "training.epochs=3", "--show")
    assert code == 0
    assert "# passes over the training set [epochs]\n" in out
    assert "\nepochs = 3\n" in out


def test_the_settings_shown_are_a_file_to_train_from(deepspeech, tmp_path: Path) -> None:
    _, out, _ = deepspeech("train", "--recipe", "small", "--set", f"data.train={tmp_path / 'a.csv'}", "--show")
    (tmp_path / "mine.toml").write_text(out)
    assert deepspeech("train", tmp_path / "mine.toml", "--show") == (0, out, "")


def test_training_and_testing_end_with_json(deepspeech, tmp_path: Path) -> None:
    data = corpus(tmp_path, 4)
    settings = {
        "data.train": data, "data.test": data, "network.hidden": 8, "training.epochs": 1, "training.batch_size": 2,
        "checkpoint.folder": tmp_path / "checkpoints",
    }  # fmt: skip
    changes = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    code, out, err = deepspeech("train", *changes, "--json")
    assert code == 0
    assert json.loads(out)[str(data)]["utterances"] == 4
    assert "Finished training epoch 0" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "nowhere", "m.onnx"), "no checkpoint there"),
        (("transcribe", "--model", "nowhere.onnx", "a.wav"), "there is no such file"),
        (("evaluate", "--model", "nowhere.onnx", "--data", "a.csv"), "there is no such file"),
        (("train", "nowhere.toml"), "cannot read the configuration"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(deepspeech, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = deepspeech(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_the_doctor_tells_as_json(deepspeech) -> None:
    code, out, _ = deepspeech("doctor", "--json")
    assert code == 0
    assert json.loads(out)["extension"] == "loaded"


def test_a_scorer_changes_what_is_heard(deepspeech, hearing_model: Path, word_scorer: Path, tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tones("dab"), 16000)
    write_csv(tmp_path / "a.csv", [Sample("a", tmp_path / "a.wav", "dab", 1)])
    arguments = ("evaluate", "--model", hearing_model, "--data", tmp_path / "a.csv", "--json", "--samples")
    (alone,) = json.loads(deepspeech(*arguments)[1])["samples"]
    (scored,) = json.loads(deepspeech(*arguments, "--scorer", word_scorer)[1])["samples"]
    assert (alone["hypothesis"].strip(), alone["wer"]) == ("dab", 0)
    assert set(scored["hypothesis"].split()) <= {"ab", "bad", "abba", "dc"}  # dab is none of the scorer's words


def test_a_scorer_that_cannot_be_read_is_refused(deepspeech, tiny_model: Path, tmp_path: Path) -> None:
    data = corpus(tmp_path, 2)
    (tmp_path / "bad.scorer").write_bytes(b"no scorer")
    code, _, err = deepspeech("evaluate", "--model", tiny_model, "--data", data, "--scorer", tmp_path / "bad.scorer")
    assert code == 2
    assert "bad.scorer" in err


def test_transcribe_listens_for_phrases(deepspeech, tiny_model: Path, tmp_path: Path) -> None:
    corpus(tmp_path, 1)
    clip = ("transcribe", "--model", tiny_model, tmp_path / "train000.wav")
    names = tmp_path / "names.txt"
    names.write_text("# who may call\nzz zz:8\n")
    code, plain, _ = deepspeech(*clip)
    assert code == 0
    assert deepspeech(*clip, "--hot-phrase", "zz zz:0") == (0, plain, "")
    for listened in (("--hot-phrase", "zz zz:8"), ("--hot-phrases", names)):
        code, out, _ = deepspeech(*clip, *listened)
        assert code == 0
        assert "zz zz" in out
    assert deepspeech(*clip, "--hot-phrases", names, "--hot-phrase", "zz zz:0") == (0, plain, "")


def test_phrases_that_the_model_cannot_write_are_told(deepspeech, tiny_model: Path, tmp_path: Path) -> None:
    data = corpus(tmp_path, 1)
    for arguments in (("transcribe", tmp_path / "train000.wav"), ("evaluate", "--data", data)):
        code, out, err = deepspeech(*arguments, "--model", tiny_model, "--hot-phrase", "Zoë")
        assert (code, out) == (2, "")
        assert "hot phrase 'Zoë': characters outside the alphabet: 'ë' (U+00EB)" in err.splitlines()[-1]
    code, out, err = deepspeech("evaluate", "--data", data, "--model", tiny_model, "--hot-phrase", "zoe", "--greedy")
    assert (code, out) == (2, "")
    assert "no effect with --greedy" in err


def test_a_run_that_started_from_another_folder_tests_what_it_learnt_itself(
    deepspeech, tiny_model: Path, tmp_path: Path
) -> None:
    data = corpus(tmp_path, 4)
    settings = {
        "checkpoint.folder": tmp_path / "own", "checkpoint.load": tiny_model.parent / "checkpoints",
        "checkpoint.which": "transfer", "network.hidden": 16, "training.epochs": 1,
        "data.train": data, "data.test": data,
    }  # fmt: skip
    changes = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    code, _, err = deepspeech("train", *changes)
    assert code == 0
    assert f"checkpoint from {tmp_path / 'own'}" in err


@pytest.mark.parametrize("arguments", [("evaluate", "--data"), ("transcribe",), ("transcribe", "--manifest")])
def test_a_table_of_excel_is_answered_with_the_command_that_converts_it(
    deepspeech, tiny_model: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    table = tmp_path / "excel.csv"
    table.write_bytes("Datei;Text\r\na.wav;für\r\n".encode("cp1252"))
    code, out, err = deepspeech(arguments[0], "--model", tiny_model, *arguments[1:], table)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert f"deepspeech import csv {table}" in err
