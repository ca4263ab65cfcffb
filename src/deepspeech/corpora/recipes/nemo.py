"""NeMo manifests: JSON lines with audio_filepath, text, and perhaps offset, duration and speaker.

In: manifests; paths are absolute or relative to the folder of the manifest. Out: wav files, a CSV for each manifest.
Format: NVIDIA NeMo's documentation, "ASR datasets".
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import json_object, lines, number, sentence_of, speaker_of
from deepspeech.corpora.recipe import Part, TextOptions, import_parts
from deepspeech.corpora.report import ImportReport


def nemo(
    manifests: Annotated[list[Path], "Read these manifests."],
    target_dir: Annotated[Path | None, "Write CSVs and wav files to this folder; each manifest's by default."] = None,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare what NeMo manifests list.

    Example: deepspeech import nemo train.json dev.json --target-dir corpora/nemo --language fr
    """
    rules, parts = options.rules(max_s=30), []
    for manifest in manifests:
        folder = target_dir or manifest.parent
        wavs = folder / f"{manifest.stem}-wavs"
        clips = [_clip(line, n, manifest, wavs) for n, line in enumerate(lines(manifest), 1)]
        parts.append(Part(folder / f"{manifest.stem}.csv", clips, rules))
    return import_parts(options.report("nemo"), parts, options)


def _clip(line: str, count: int, manifest: Path, wavs: Path) -> Clip:
    place, row = Path(f"{manifest.name}:{count}"), json_object(line)
    if row is None or "text" not in row or not isinstance(row.get("audio_filepath"), str):
        return Clip(place, place, line, fault="the line is no entry with audio_filepath and text")
    text, fault = sentence_of(row["text"])
    try:
        start_s = number(row.get("offset") or 0)
        # Without an offset the entry is the whole file, whatever its duration was rounded to.
        end_s = start_s + number(row.get("duration")) if row.get("offset") is not None else None
    except ValueError:
        return Clip(place, place, text, fault=fault or "its offset or duration is no number")
    sound = manifest.parent / row["audio_filepath"]
    wav = wavs / f"{count:07}-{sound.stem}.wav"
    return Clip(sound, wav, text, speaker_of(row.get("speaker")), fault, start_s, end_s, numbered=True)
