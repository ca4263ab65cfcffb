"""Lhotse manifests: recordings and supervisions, or cuts; .jsonl or .jsonl.gz.

In: any number of them. Out: wav files, a CSV for each file of supervisions or of cuts. Recordings that are made by a
command, lie on the web or are to be transformed first are dropped. Format: lhotse.readthedocs.io, "Corpus".
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from deepspeech.corpora.engine import Clip
from deepspeech.corpora.recipe import Options, Part, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.errors import CorpusError


def lhotse(
    manifests: Annotated[list[Path], "Files of recordings and of supervisions, or of cuts."],
    target_dir: Annotated[Path | None, "Folder for CSVs and wav files; by default each manifest's."] = None,
    root: Annotated[Path, "Where relative paths in recordings count from."] = Path(),
    options: Options = Options(),
) -> ImportReport:
    """Prepare what Lhotse manifests list."""
    entries = {manifest: _entries(manifest) for manifest in manifests}
    recordings = {one.get("id"): one for found in entries.values() for one in found if "sources" in one}
    rules, parts = options.rules(max_s=30), []
    for manifest, found in entries.items():
        name = manifest.name.removesuffix(".gz").removesuffix(".jsonl")
        folder = target_dir or manifest.parent
        listed = [item for one in found for item in _supervisions(one, recordings)]
        clips = [_clip(*item, root, folder / f"{name}-wavs") for item in listed]
        if clips:
            parts.append(Part(folder / f"{name}.csv", clips, rules))
    return import_parts(options.report("lhotse", english_rule=True), parts, options)


def _entries(manifest: Path) -> list[dict[str, Any]]:
    try:
        opened = gzip.open if manifest.suffix == ".gz" else open
        with opened(manifest, "rt", encoding="utf-8") as file:
            entries = [json.loads(line) for line in file if line.strip()]
            return [entry if isinstance(entry, dict) else {} for entry in entries]
    except (OSError, EOFError, ValueError) as error:
        raise CorpusError(f"{manifest}: cannot be read as JSON lines ({error})") from None


def _supervisions(entry: dict[str, Any], recordings: dict[Any, Any]) -> Iterator[tuple[dict[str, Any], Any, Any]]:
    """(supervision, its recording, where its times count from) of a supervision or of a cut."""
    if "supervisions" in entry:
        for supervision in entry["supervisions"] or ():
            yield supervision, entry.get("recording"), entry.get("start", 0)
    elif "recording_id" in entry:
        yield entry, recordings.get(entry["recording_id"]), 0


def _clip(supervision: dict[str, Any], recording: Any, from_s: Any, root: Path, wavs: Path) -> Clip:
    name, text = str(supervision.get("id", "?")), supervision.get("text") or ""
    wav, speaker = wavs / f"{name.replace('/', '_')}.wav", supervision.get("speaker") or ""
    if recording is None:
        return Clip(Path(name), wav, text, speaker, "its recording is not in the manifests")
    try:
        channel = supervision.get("channel", 0)
        channel = channel[0] if isinstance(channel, list) else channel
        source = next(one for one in recording["sources"] if channel in one["channels"] and one["type"] == "file")
        start_s = float(from_s) + float(supervision["start"])
        end_s = start_s + float(supervision["duration"])
        side = source["channels"].index(channel) if len(source["channels"]) > 1 else None
        fault = "its recording is to be transformed first" if recording.get("transforms") else ""
        return Clip(root / source["source"], wav, text, speaker, fault, start_s, end_s, side)
    except StopIteration:
        return Clip(Path(name), wav, text, speaker, "its recording is not a file here")
    except (KeyError, IndexError, TypeError, ValueError):
        return Clip(Path(name), wav, text, speaker, "the entry is incomplete")
