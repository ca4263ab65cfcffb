"""Lhotse manifests: recordings and supervisions, or cuts; .jsonl or .jsonl.gz.

In: any number of them. Out: wav files, a CSV for each file of supervisions or of cuts. Recordings that come from
a command or the web, or need a transform, are dropped. Format: lhotse.readthedocs.io, "Corpus".
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import json_object, number, sentence_of, speaker_of
from deepspeech.corpora.recipe import Part, TextOptions, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.errors import CorpusError
from deepspeech.text.reading import decode
from deepspeech.untrusted import read_named


def lhotse(
    manifests: Annotated[list[Path], "Read these manifests of recordings and supervisions, or of cuts."],
    target_dir: Annotated[Path | None, "Write CSVs and wav files to this folder; each manifest's by default."] = None,
    root: Annotated[Path, "Resolve relative paths of recordings from this folder."] = Path(),
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare what Lhotse manifests list.

    Example: deepspeech import lhotse cuts_train.jsonl.gz cuts_dev.jsonl.gz --target-dir corpora/lhotse --language fr
    """
    entries = {manifest: _entries(manifest) for manifest in manifests}
    recordings = {str(one.get("id")): one for found in entries.values() for one in found if "sources" in one}
    rules, parts = options.rules(max_s=30), []
    for manifest, found in entries.items():
        name = manifest.name.removesuffix(".gz").removesuffix(".jsonl")
        folder = target_dir or manifest.parent
        wavs = folder / f"{name}-wavs"
        clips = [clip for one in found if "sources" not in one for clip in _clips(one, recordings, root, wavs)]
        if clips:
            parts.append(Part(folder / f"{name}.csv", clips, rules))
    return import_parts(options.report("lhotse"), parts, options)


def _entries(manifest: Path) -> list[dict[str, Any]]:
    try:
        content = read_named(manifest)
        content = gzip.decompress(content) if manifest.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise CorpusError(f"{manifest}: cannot be read as JSON lines ({reason})") from None
    text = decode(content, manifest, CorpusError)
    return [json_object(line) or {} for line in text.split("\n") if line.strip()]


def _clips(entry: dict[str, Any], recordings: dict[str, Any], root: Path, wavs: Path) -> Iterator[Clip]:
    """The clips of a supervision or of a cut; what has none is a clip with a fault, so that it is counted."""
    name = str(entry.get("id", "?"))
    if "recording_id" in entry and "supervisions" not in entry:
        yield _clip(entry, recordings.get(str(entry["recording_id"])), 0, root, wavs)
        return
    tracks = entry.get("tracks")
    if isinstance(tracks, list):
        cuts = [track.get("cut") for track in tracks if isinstance(track, dict)]
        spoken = [cut for cut in cuts if isinstance(cut, dict) and cut.get("type") != "PaddingCut"]
        if len(spoken) != 1:
            yield Clip(Path(name), wavs, "", fault="a mix of several cuts")
            return
        entry = spoken[0]  # with silence before or after it
    supervisions = entry.get("supervisions")
    if not isinstance(supervisions, list):
        yield Clip(Path(name), wavs, "", fault="the entry is incomplete")
    elif not supervisions:
        yield Clip(Path(name), wavs, "", fault="the cut has no supervision")
    else:
        for one in supervisions:
            yield _clip(one if isinstance(one, dict) else {}, entry.get("recording"), entry.get("start", 0), root, wavs)


def _clip(supervision: dict[str, Any], recording: Any, from_s: Any, root: Path, wavs: Path) -> Clip:
    name, speaker = str(supervision.get("id", "?")), speaker_of(supervision.get("speaker"))
    text, fault = sentence_of(supervision.get("text"))
    wav = wavs / f"{name.replace('/', '_')}.wav"
    if recording is None:
        return Clip(Path(name), wav, text, speaker, "its recording is not in the manifests")
    try:
        wanted = supervision.get("channel", 0)
        channels = set(wanted if isinstance(wanted, list) else [wanted])
        source = next(one for one in recording["sources"] if channels <= set(one["channels"]) and one["type"] == "file")
        start_s = number(from_s) + number(supervision["start"])
        end_s = start_s + number(supervision["duration"])
        fault = "its recording is to be transformed first" if recording.get("transforms") else fault
        side = None
        if channels != set(source["channels"]):
            side = source["channels"].index(min(channels))
            fault = fault or ("it is on several channels of more" if len(channels) > 1 else "")
        return Clip(root / source["source"], wav, text, speaker, fault, start_s, end_s, side)
    except StopIteration:
        return Clip(Path(name), wav, text, speaker, "its recording is not a file here")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return Clip(Path(name), wav, text, speaker, "the entry is incomplete")
