"""A plain folder: each recording has a text file of the same name next to it.

In: sound files and .txt files, in any tree. Out: a CSV for each of the folders train,
dev and test, or all.csv; or with --split three CSVs, 8:1:1. Adds only the CSVs and wavs/ to the folder.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.audio.names import recordings
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import text_of
from deepspeech.corpora.recipe import Part, TextOptions, converted, import_parts, typed_english
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import SentenceSplit, by_sentence
from deepspeech.errors import CorpusError
from deepspeech.files import visible

SETS = ("train", "dev", "test")


def folder(
    directory: Annotated[Path, "Read this folder of recordings, each with a text file next to it."],
    target_dir: Annotated[Path | None, "Write CSVs and wav files to this folder; the same by default."] = None,
    text_suffix: Annotated[str, "Set the suffix of the text files."] = ".txt",
    split: SentenceSplit = False,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare a folder of recordings, each with a text file.

    Example: deepspeech import folder recordings --split --language fr
    """
    if not directory.is_dir():
        raise CorpusError(f"{directory}: there is no such folder")
    target_dir = target_dir or directory
    wavs = target_dir / "wavs"
    files = [path for path in visible(directory, "**/*") if not (path.is_dir() or path.is_relative_to(wavs))]
    sounds = recordings(files)
    named = {path.with_suffix("") for path in sounds}
    lonely = [path for path in files if path.name.endswith(text_suffix) and path.with_suffix("") not in named]
    clips = [_clip(path, text_suffix, converted(path, directory, wavs)) for path in sounds]
    clips += [Clip(path.with_suffix(".wav"), path, "", fault="the text has no recording") for path in lonely]
    rules = options.rules(typed_english, max_s=30)
    sets = by_sentence(clips, rules.validate) if split else _by_folder(clips, directory)
    parts = [Part(target_dir / f"{name}.csv", some, rules) for name, some in sets.items() if some]
    return import_parts(options.report("folder"), parts, options)


def _by_folder(clips: list[Clip], directory: Path) -> dict[str, list[Clip]]:
    sets: dict[str, list[Clip]] = {}
    for clip in clips:
        top = clip.source.relative_to(directory).parts[0]
        sets.setdefault(top if top in SETS else "all", []).append(clip)
    return sets


def _clip(sound: Path, text_suffix: str, wav: Path) -> Clip:
    text, fault = text_of(sound.with_suffix(text_suffix))
    return Clip(sound, wav, " ".join(text.split()), fault=fault)
