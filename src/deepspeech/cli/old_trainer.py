"""`DeepSpeech.py` and `evaluate.py` with 0.9.3's flags: train → test → export → one-shot, by which are set."""

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from deepspeech.cli.main import run
from deepspeech.errors import ConfigError


def main(door: str) -> None:
    """Run a script's arguments; `door` is its name."""
    try:
        run(lambda: _main(door, sys.argv[1:]))
    except typer.Exit as stopped:  # by a signal, which `learn` has reported
        sys.exit(stopped.exit_code)


def _main(door: str, arguments: list[str]) -> None:
    from deepspeech.mozilla import flags

    values: Any = flags.values_of(arguments, door)
    if values.help or values.helpfull:
        print(f"{door}: train, test and export a DeepSpeech network. Every flag of 0.9.3:\n\n{values.get_help()}")
        return
    if door == "evaluate.py":
        if not values.test_files:
            raise ConfigError("You need to specify what files to use for evaluation via the --test_files flag.")
        values.train_files = values.dev_files = values.export_dir = values.one_shot_infer = ""
    if not (values.train_files or values.test_files or values.export_dir or values.one_shot_infer):
        raise ConfigError(f"{door}: nothing to do; give --train_files, --test_files, --export_dir or --one_shot_infer")
    config = flags.to_config(values)

    from deepspeech.training.log import Log

    log = Log(Path(config.checkpoint.folder), "I ", sys.stdout if values.log_level <= 1 else io.StringIO())
    for note in flags.notes(values) if values.log_level <= 2 else ():
        print(f"W {note}")
    if values.train_files:
        from deepspeech.cli.train import learn

        learn(config, log)
    config = replace(config, checkpoint=replace(config.checkpoint, which=values.load_evaluate))
    if values.train_files:  # what was trained now is tested, wherever it started from
        config = replace(config, checkpoint=replace(config.checkpoint, load=""))
    else:
        from deepspeech.cli.train import adopt

        config = adopt(config, log)
    if values.test_files:
        _test(config, log, values)
    if values.export_dir:
        _export(config, values)
    if values.one_shot_infer:
        _one_shot(config, values)


def _test(config: Any, log: Any, values: Any) -> None:
    from deepspeech.cli.train import report
    from deepspeech.evaluation.report import write_json

    results = report(config, log, count=values.report_count)
    if values.test_output_file:
        samples = [sample for scores in results.values() for sample in scores.samples]
        write_json(Path(values.test_output_file), samples)


def _export(config: Any, values: Any) -> None:
    from deepspeech.cli.export import export
    from deepspeech.training.test import chosen

    card = {key: value for key, value in vars(config.card).items() if value}
    target = Path(values.export_dir) / f"{values.export_file_name}.onnx"
    export(
        chosen(config), target, int8=values.export_tflite, data=None,
        beam_width=values.export_beam_width, **card,
    )  # fmt: skip


def _one_shot(config: Any, values: Any) -> None:
    from deepspeech.acoustic.restore import restore
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.training.infer import infer
    from deepspeech.training.test import chosen

    scorer = Scorer.open(config.scorer) if config.scorer else None
    print(infer(restore(chosen(config)), Path(values.one_shot_infer), config.decoding, scorer).text)
