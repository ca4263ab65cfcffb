"""Kaldi data directories: wav.scp, text, and perhaps segments and utt2spk.

In: directories. Out: wav files, a CSV for each directory. Entries of wav.scp must be plain paths: a pipe is a command,
and no command of a corpus is run here. Format: kaldi-asr.org/doc/data_prep.html.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.engine import Clip
from deepspeech.corpora.reading import table
from deepspeech.corpora.recipe import Options, Part, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.errors import CorpusError


def kaldi(
    directories: Annotated[list[Path], "Data directories, each with wav.scp and text."],
    target_dir: Annotated[Path | None, "Folder for CSVs and wav files; by default each directory."] = None,
    root: Annotated[Path, "Where relative paths in wav.scp count from."] = Path(),
    options: Options = Options(),
) -> ImportReport:
    """Prepare Kaldi data directories."""
    rules, parts = options.rules(max_s=30), []
    for directory in directories:
        folder = target_dir or directory
        clips = _clips(directory, root, folder / f"{directory.name}-wavs")
        parts.append(Part(folder / f"{directory.name}.csv", clips, rules))
    return import_parts(options.report("kaldi", english_rule=True), parts, options)


def _clips(directory: Path, root: Path, wavs: Path) -> list[Clip]:
    sounds = {row[0]: row[-1] for row in table(directory / "wav.scp") if len(row) == 2}
    for name, sound in sounds.items():
        if sound.endswith("|") or sound.startswith("|"):
            raise CorpusError(
                f"{directory / 'wav.scp'}: {name} is a command ({sound}), and commands are not run; make its file and "
                "name that instead"
            )
    speakers = {row[0]: row[-1] for row in table(directory / "utt2spk")} if (directory / "utt2spk").is_file() else {}
    said = {row[0]: row[1] if len(row) == 2 else "" for row in table(directory / "text")}
    if (directory / "segments").is_file():
        rows = [(row[0], *row[-1].split()) for row in table(directory / "segments")]
    else:
        rows = [(name, name) for name in sounds]
    return [_clip(row, sounds, said, speakers.get(row[0], ""), root, wavs) for row in rows]


def _clip(
    row: tuple[str, ...], sounds: dict[str, str], said: dict[str, str], speaker: str, root: Path, wavs: Path
) -> Clip:
    """A row of `segments`: utterance, recording, start, end; or an utterance that is its own recording."""
    name, wav = row[0], wavs / f"{row[0].replace('/', '_')}.wav"
    try:
        start_s, end_s = (float(row[2]), float(row[3])) if len(row) > 2 else (0.0, None)
        sound = root / sounds[row[1]]
    except (ValueError, IndexError):
        return Clip(Path(name), wav, said.get(name, ""), fault="its row in segments is incomplete")
    except KeyError:
        return Clip(Path(name), wav, said.get(name, ""), fault="its recording is not in wav.scp")
    fault = "" if name in said else "the corpus has no sentence for it"
    end_s = None if end_s is not None and end_s < 0 else end_s  # -1: to the end
    return Clip(sound, wav, said.get(name, ""), speaker, fault, start_s, end_s)
