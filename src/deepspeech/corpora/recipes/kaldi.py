"""Kaldi data directories: wav.scp, text, and perhaps segments and utt2spk.

In: directories. A line of wav.scp names a file, or is a command that only decodes one (sph2pipe, flac, sox), perhaps
one channel: that file is read, and no command is run. Out: wav files, a CSV for each directory.
Format: kaldi-asr.org/doc/data_prep.html.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.kaldi_pipes import recording_of
from deepspeech.corpora.reading import number, table
from deepspeech.corpora.recipe import Part, TextOptions, import_parts
from deepspeech.corpora.report import ImportReport

CHANNELS = {"0": 0, "1": 1, "A": 0, "B": 1}


def kaldi(
    directories: Annotated[list[Path], "Read these data directories, each with wav.scp and text."],
    target_dir: Annotated[Path | None, "Write CSVs and wav files to this folder; each directory by default."] = None,
    root: Annotated[Path, "Resolve relative paths in wav.scp from this folder."] = Path(),
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare Kaldi data directories.

    Example: deepspeech import kaldi data/train data/dev data/test --target-dir corpora/kaldi --language fr
    """
    rules, parts = options.rules(max_s=30), []
    for directory in directories:
        folder, name = target_dir or directory, directory.absolute().name
        clips = _clips(directory, root, folder / f"{name}-wavs")
        parts.append(Part(folder / f"{name}.csv", clips, rules))
    return import_parts(options.report("kaldi"), parts, options)


def _clips(directory: Path, root: Path, wavs: Path) -> list[Clip]:
    scp = directory / "wav.scp"
    sounds = {row[0]: recording_of(row[0], row[-1], scp) for row in table(scp) if len(row) == 2}
    speakers = {row[0]: row[-1] for row in table(directory / "utt2spk")} if (directory / "utt2spk").is_file() else {}
    transcripts = {row[0]: row[1] if len(row) == 2 else "" for row in table(directory / "text")}
    if (directory / "segments").is_file():
        rows = [(row[0], *row[-1].split()) for row in table(directory / "segments")]
    else:
        rows = [(name, name) for name in sounds]
    clips = [_clip(row, sounds, transcripts, speakers.get(row[0], ""), root, wavs) for row in rows]
    spoken = {row[0] for row in rows}
    fault = "the text has no recording"
    return clips + [
        Clip(Path(name), wavs, text, fault=fault) for name, text in transcripts.items() if name not in spoken
    ]


def _clip(
    row: tuple[str, ...],
    sounds: dict[str, tuple[str, int | None]],
    transcripts: dict[str, str],
    speaker: str,
    root: Path,
    wavs: Path,
) -> Clip:
    """A row of `segments`: utterance, recording, start, end, perhaps a channel; or an utterance that is a whole
    recording."""
    name, wav = row[0], wavs / f"{row[0].replace('/', '_')}.wav"
    try:
        start_s, end_s = (number(row[2]), number(row[3])) if len(row) > 2 else (0.0, None)
        sound, taken = sounds[row[1]]
        channel = CHANNELS[row[4].upper()] if len(row) > 4 else None
    except (ValueError, IndexError):
        return Clip(Path(name), wav, transcripts.get(name, ""), fault="its row in segments is incomplete")
    except KeyError:
        fault = (
            "its recording is not in wav.scp" if row[1] not in sounds else "its channel in segments is not 0, 1, A or B"
        )
        return Clip(Path(name), wav, transcripts.get(name, ""), fault=fault)
    fault = "" if name in transcripts else "the corpus has no sentence for it"
    if taken is not None and channel:
        fault = "its channel in segments is not one that its command leaves"
    elif taken is not None:
        channel = taken
    end_s = None if end_s is not None and end_s < 0 else end_s  # -1: to the end
    return Clip(root / sound, wav, transcripts.get(name, ""), speaker, fault, start_s, end_s, channel)
