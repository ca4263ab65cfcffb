"""`transcribe.py` with 0.9.3's flags: transcribes long recordings, cut at silences, to .tlog files.

In: sound files and a checkpoint. Out: per file a JSON list of {"start": ms, "end": ms, "transcript": text}, by time.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from deepspeech.cli.main import run
from deepspeech.errors import ConfigError, DataError, audio_error
from deepspeech.printable import in_line

SCRIPT = "transcribe.py"


class Job(NamedTuple):
    """A recording and its output file."""

    audio: Path
    tlog: Path


def main() -> None:
    """Run the script's arguments."""
    run(lambda: _main(sys.argv[1:]))


def _main(arguments: list[str]) -> None:
    from deepspeech.compat import flags
    from deepspeech.progress import lines_only

    values: Any = flags.values_of(arguments, SCRIPT)
    if values.help or values.helpfull:
        print(f"{SCRIPT}: transcribe recordings of any length to .tlog files with a checkpoint:\n\n{values.get_help()}")
        return
    for note in flags.notes(values) if values.log_level <= 2 else ():
        print(f"W {note}")
    if not values.show_progressbar:
        lines_only()
    wanted = _jobs(Path(values.src), values)
    jobs = [job for job in wanted if values.force or not job.tlog.exists()]
    for job in wanted:
        if job not in jobs:
            print(f"{job.tlog} already exists; --force overwrites it", file=sys.stderr)
    if jobs:
        _transcribe_all(jobs, values)


def _jobs(source: Path, values: Any) -> list[Job]:
    """Jobs from the flags. Raises ConfigError if they name nothing, or the same output twice."""
    from deepspeech.audio.names import SOUND_SUFFIXES, recordings
    from deepspeech.files import visible

    if not values.src or not source.exists():
        raise ConfigError(f"{SCRIPT}: name a sound file, a folder of them or a .catalog file with --src")
    single = source.is_file() and source.suffix != ".catalog"
    if values.dst and not single:
        raise ConfigError(
            f"{SCRIPT}: --dst needs a single sound file; outputs of a folder or catalog are written next to the inputs"
        )
    if single:
        jobs = [Job(source, Path(values.dst) if values.dst else source.with_suffix(".tlog"))]
    elif source.is_dir():
        found = recordings(visible(source, "**/*" if values.recursive else "*"))
        jobs = [Job(path, path.with_suffix(".tlog")) for path in found]
    else:
        jobs = _catalog(source)
    if not jobs:
        hint = "" if values.recursive else "; --recursive looks into its folders too"
        raise ConfigError(f"{source}: no sound file ({', '.join(SOUND_SUFFIXES)}) here{hint}")
    taken: dict[Path, Job] = {}
    for job in jobs:
        if taken.setdefault(job.tlog, job) is not job:
            raise ConfigError(f"{job.audio} and {taken[job.tlog].audio} have the same output {job.tlog}; rename one")
        if not job.tlog.parent.is_dir():
            raise ConfigError(f"{job.tlog}: there is no folder {job.tlog.parent}; create it first")
    return jobs


def _catalog(path: Path) -> list[Job]:
    """DSAlign's list of {"audio", "tlog"}, relative to its own folder."""
    from deepspeech.untrusted import read_json

    try:
        return [Job(path.parent / entry["audio"], path.parent / entry["tlog"]) for entry in read_json(path)]
    except (ValueError, KeyError, TypeError):
        raise DataError(f'{path}: not a catalog, which is a JSON list of {{"audio": FILE, "tlog": FILE}}') from None


def _transcribe_all(jobs: list[Job], values: Any) -> None:
    from deepspeech.acoustic.restore import restore
    from deepspeech.compat import flags
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.old_models.to_checkpoint import adopted
    from deepspeech.training.staging import download_inputs
    from deepspeech.training.test import chosen

    config = download_inputs(flags.to_config(values))
    config, conversions = adopted(replace(config, checkpoint=replace(config.checkpoint, which=values.load_evaluate)))
    for line in conversions:
        print(line, file=sys.stderr)
    restored = restore(chosen(config))
    scorer = Scorer.open(config.scorer, restored.tokens) if config.scorer else None
    failed = 0
    for job in jobs:
        try:
            segments = _transcribe(job, restored, config.decoding, scorer, values.vad_aggressiveness)
        except Exception as error:  # of one recording; the others go on
            if len(jobs) == 1:
                raise audio_error(error, job.audio) from None
            print(f"deepspeech: {in_line(str(audio_error(error, job.audio)))}", file=sys.stderr)
            failed += 1
            continue
        print(f"{job.tlog}: {segments} segments", file=sys.stderr)
    if failed:
        raise DataError(f"{failed} of {len(jobs)} recordings could not be transcribed; the others are")


def _transcribe(job: Job, restored: Any, options: Any, scorer: Any, aggressiveness: int) -> int:
    """Write the output of one recording and return its number of segments."""
    from deepspeech.audio.formats import read_audio
    from deepspeech.audio.resample import resample
    from deepspeech.audio.vad import SilenceRules, segments
    from deepspeech.files import atomic_path
    from deepspeech.progress import Progress
    from deepspeech.training.infer import infer_all

    if not 0 <= aggressiveness <= 3:
        raise ConfigError(f"--vad_aggressiveness {aggressiveness}: give 0 (keeps most) to 3 (cuts most)")
    rate_hz = restored.features.sample_rate_hz
    samples = resample(*read_audio(job.audio), rate_hz)
    # At the lowest of the old detector's four settings, speech hardly louder than the background is kept.
    found = segments(samples, rate_hz, SilenceRules(start_db=3.0 + aggressiveness, stop_db=1.5 + aggressiveness / 2))
    sounds = [samples[round(start_s * rate_hz) : round(end_s * rate_hz)] for start_s, end_s in found]
    progress = Progress(len(sounds), job.audio.name, "segments")
    texts = [transcript.text for transcript in progress.over(infer_all(restored, sounds, options, scorer))]
    page = [
        {"start": round(1000 * start_s), "end": round(1000 * end_s), "transcript": text}
        for (start_s, end_s), text in zip(found, texts, strict=True)
    ]
    with atomic_path(job.tlog) as partial:
        partial.write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")
    return len(page)
