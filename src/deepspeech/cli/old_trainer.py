"""`DeepSpeech.py`, `evaluate.py` and `lm_optimizer.py` with 0.9.3's flags.

The first one trains, tests, exports and transcribes, as its flags request; the second tests, the third tunes a scorer.
"""

import io
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from deepspeech.cli.main import run
from deepspeech.errors import ConfigError

SCRIPTS = {
    "DeepSpeech.py": "train, test and export a DeepSpeech network",
    "evaluate.py": "test a DeepSpeech network",
    "lm_optimizer.py": "tune the weights of a scorer on the test files",
}


def main(script: str) -> None:
    """Run a script's arguments; `script` is its name."""
    try:
        run(lambda: _main(script, sys.argv[1:]))
    except typer.Exit as stopped:  # by a signal, which `run_training` has reported
        sys.exit(stopped.exit_code)


def _main(script: str, arguments: list[str]) -> None:
    from deepspeech.compat import flags

    values: Any = flags.values_of(arguments, script)
    if values.help or values.helpfull:
        print(f"{script}: {SCRIPTS[script]}. Every flag of 0.9.3:\n\n{values.get_help()}")
        return
    if script != "DeepSpeech.py":
        if not values.test_files:
            raise ConfigError("You need to specify what files to use for evaluation via the --test_files flag.")
        values.train_files = values.dev_files = values.export_dir = values.one_shot_infer = ""
    if not (values.train_files or values.test_files or values.export_dir or values.one_shot_infer):
        raise ConfigError(
            f"{script}: nothing to do; give --train_files, --test_files, --export_dir or --one_shot_infer"
        )
    _prepare(values)

    from deepspeech.training.log import Log
    from deepspeech.training.staging import download_inputs

    config = download_inputs(flags.to_config(values))

    log = Log(Path(config.checkpoint.folder), "I ", sys.stdout if values.log_level <= 1 else io.StringIO())
    for note in flags.notes(values) if values.log_level <= 2 else ():
        print(f"W {note}")
    if script == "lm_optimizer.py":
        _tune(config, log, values)
        return
    if values.train_files:
        _train(config, log, values)
    config = replace(config, checkpoint=replace(config.checkpoint, which=values.load_evaluate))
    if values.train_files:  # test the run's own checkpoints, not the ones it started from
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


def _prepare(values: Any) -> None:
    """Checks and settings that come before any work."""
    from deepspeech import progress
    from deepspeech.compat import exported
    from deepspeech.remote.files import fetch
    from deepspeech.remote.folders import mirror

    if values.one_shot_infer and not fetch(values.one_shot_infer).is_file():
        raise ConfigError(f"--one_shot_infer: {values.one_shot_infer}: there is no such file")
    if not values.show_progressbar:
        progress.lines_only()
    if values.export_dir:
        exported.check(mirror(values.export_dir), values.export_zip, values.remove_export)


def _train(config: Any, log: Any, values: Any) -> None:
    import time

    from deepspeech.cli.train import run_training
    from deepspeech.compat import flags
    from deepspeech.progress import duration

    flags.write_file(values, Path(config.checkpoint.folder))
    started_s = time.monotonic()
    run_training(config, log, repeat_settings=True)
    log.line(f"FINISHED optimization in {duration(time.monotonic() - started_s)}")


def _test(config: Any, log: Any, values: Any) -> None:
    from deepspeech.cli.train import report
    from deepspeech.evaluation.report import write_json
    from deepspeech.remote.files import landing, publish

    results = report(config, log, count=values.report_count)
    if values.test_output_file:
        samples = [sample for scores in results.values() for sample in scores.samples]
        file = landing(values.test_output_file)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, samples)
        publish(file, values.test_output_file)


def _export(config: Any, values: Any) -> None:
    from deepspeech.cli.export import export
    from deepspeech.compat import exported
    from deepspeech.compat.flags import BY_NAME, CARD
    from deepspeech.remote.files import address, publish
    from deepspeech.remote.folders import mirror, push
    from deepspeech.training.test import chosen

    folder = mirror(values.export_dir)
    if values.remove_export:
        for name in exported.remove(folder):
            print(f"W --remove_export: {folder / name} is kept: no export wrote it")
    card = {key: value for key, value in vars(config.card).items() if value}
    model = f"{values.export_file_name}.onnx"
    export(
        chosen(config), folder / model, int8=values.export_tflite or values.export_zip, data=None,
        beam_width=values.export_beam_width, **card,
    )  # fmt: skip
    meanings = {name: flag.meaning.removesuffix(f", {CARD}") for name, flag in BY_NAME.items()}
    names = [model, exported.write_card(folder, values, meanings)]
    if values.export_zip and config.scorer:
        shutil.copyfile(config.scorer, folder / Path(config.scorer).name)
        names.append(Path(config.scorer).name)
    exported.keep_list(folder, names)
    push(folder)
    if values.export_zip:
        packed = exported.pack(folder, names)
        place = address(values.export_dir)
        publish(packed, f"{place.rstrip('/')}.zip" if place else packed)
        print(f"I Exported packaged model {packed}")


def _one_shot(config: Any, values: Any) -> None:
    from deepspeech.acoustic.restore import restore
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.remote.files import fetch
    from deepspeech.training.infer import infer
    from deepspeech.training.test import chosen

    restored = restore(chosen(config))
    scorer = Scorer.open(config.scorer, restored.tokens) if config.scorer else None
    print(infer(restored, fetch(values.one_shot_infer), config.decoding, scorer).text)


def _tune(config: Any, log: Any, values: Any) -> None:
    from deepspeech.cli.models import open_model
    from deepspeech.evaluation.tune import TuneOptions
    from deepspeech.evaluation.tuning import search
    from deepspeech.training.datasets import open_datasets
    from deepspeech.training.test import chosen

    if not config.scorer:
        raise ConfigError("lm_optimizer.py: there is no scorer to tune; name one with --scorer_path")
    opened = open_model(chosen(config))
    only_test = replace(config, features=opened.features, data=replace(config.data, train=(), dev=(), metrics=()))
    samples = [sample for one in open_datasets(only_test, opened.tokens, log).test.values() for sample in one]
    options = TuneOptions(values.n_trials, values.lm_alpha_max, values.lm_beta_max, config.training.seed)
    storage = Path(config.checkpoint.folder) / "tuning"
    found = search(opened, samples, Path(config.scorer), config.decoding, options, storage)
    best = found.best
    log.line(f"Plot of {len(found.trials)} trials: {found.picture}")
    rate = best.cer if found.by_cer else best.wer
    print(f"Best params: lm_alpha={best.alpha} and lm_beta={best.beta} with WER={rate}")
