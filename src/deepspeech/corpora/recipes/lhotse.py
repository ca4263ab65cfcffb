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
    recordings = {one["id"]: one for found in entries.values() for one in found if "sources" in one}
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
            return [json.loads(line) for line in file if line.strip()]
    except (OSError, EOFError, ValueError) as error:
        raise CorpusError(f"{manifest}: cannot be read as JSON lines ({error})") from None


def _supervisions(
    entry: dict[str, Any], recordings: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None, float]]:
    """(supervision, its recording, where its times count from) of a supervision or of a cut."""
    if "supervisions" in entry:
        for supervision in entry["supervisions"]:
            yield supervision, entry.get("recording"), float(entry.get("start", 0))
    elif "recording_id" in entry:
        yield entry, recordings.get(entry["recording_id"]), 0.0


def _clip(supervision: dict[str, Any], recording: dict[str, Any] | None, from_s: float, root: Path, wavs: Path) -> Clip:
    name, text = str(supervision.get("id", "?")), supervision.get("text") or ""
    wav, speaker = wavs / f"{name.replace('/', '_')}.wav", supervision.get("speaker") or ""
    if recording is None:
        return Clip(Path(name), wav, text, speaker, "its recording is not in the manifests")
    channel = supervision.get("channel", 0)
    channel = channel[0] if isinstance(channel, list) and channel else channel
    sources = [one for one in recording.get("sources", []) if channel in one.get("channels", [])]
    if not sources or sources[0].get("type") != "file":
        return Clip(Path(name), wav, text, speaker, "its recording is not a file here")
    if recording.get("transforms"):
        return Clip(Path(name), wav, text, speaker, "its recording is to be transformed first")
    channels = sources[0]["channels"]
    start_s = from_s + float(supervision.get("start", 0))
    end_s = start_s + float(supervision.get("duration", 0))
    side = channels.index(channel) if len(channels) > 1 else None
    return Clip(root / sources[0]["source"], wav, text, speaker, "", start_s, end_s, side)
