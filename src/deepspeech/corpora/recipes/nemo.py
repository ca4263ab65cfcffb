"""NeMo manifests: JSON lines with audio_filepath, text, and perhaps offset, duration and speaker.

In: manifests; paths in them are absolute or count from the manifest's folder. Out: wav files, a CSV for each manifest.
Format: NVIDIA NeMo's documentation, "ASR datasets".
"""

import json
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.engine import Clip
from deepspeech.corpora.reading import lines
from deepspeech.corpora.recipe import Options, Part, import_parts
from deepspeech.corpora.report import ImportReport


def nemo(
    manifests: Annotated[list[Path], "Manifest files."],
    target_dir: Annotated[Path | None, "Folder for CSVs and wav files; by default each manifest's."] = None,
    options: Options = Options(),
) -> ImportReport:
    """Prepare what NeMo manifests list."""
    rules, parts = options.rules(max_s=30), []
    for manifest in manifests:
        folder = target_dir or manifest.parent
        wavs = folder / f"{manifest.stem}-wavs"
        clips = [_clip(line, n, manifest, wavs) for n, line in enumerate(lines(manifest), 1)]
        parts.append(Part(folder / f"{manifest.stem}.csv", clips, rules))
    return import_parts(options.report("nemo", english_rule=True), parts, options)


def _clip(line: str, number: int, manifest: Path, wavs: Path) -> Clip:
    place = Path(f"{manifest.name}:{number}")
    try:
        row = json.loads(line)
        sound, text = manifest.parent / row["audio_filepath"], str(row["text"])
        start_s = float(row.get("offset") or 0)
        # Without an offset the entry is the whole file, whatever its duration was rounded to.
        end_s = start_s + float(row["duration"]) if row.get("offset") is not None else None
        return Clip(
            sound, wavs / f"{number:07}-{sound.stem}.wav", text, str(row.get("speaker", "")), "", start_s, end_s
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Clip(place, place, line, fault="the line is no entry with audio_filepath and text")
