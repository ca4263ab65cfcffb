"""FLEURS: the same 2000 sentences in 102 languages, 16 kHz wav. CC BY 4.0.

In: of a language, train.tsv, dev.tsv, test.tsv and audio/train.tar.gz … as google/fleurs keeps them at Hugging Face.
Out: three CSVs; the recordings stay as they are.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.fetch import fetch
from deepspeech.corpora.reading import lines
from deepspeech.corpora.recipe import Part, TargetDir, TextOptions, converted, import_parts
from deepspeech.corpora.report import ImportReport

HOME = "https://huggingface.co/datasets/google/fleurs"
URL = f"{HOME}/resolve/main/data/"


def fleurs(
    target_dir: TargetDir,
    language: Annotated[
        str, "Language and country, as FLEURS writes them: fr_fr, en_us, cmn_hans_cn.", "--language", "-l"
    ],
    raw: Annotated[bool, "Use sentences as written, not as cleaned by FLEURS."] = False,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Fetch and prepare one language of FLEURS.

    Example: deepspeech import fleurs corpora/fleurs --language fr_fr --text-language fr
    """
    folder, rules, parts = target_dir / language, options.rules(max_s=30), []
    for name in ("test", "dev", "train"):
        table = fetch(f"{URL}{language}/{name}.tsv", folder / f"{name}.tsv")
        archive = Archive(f"{name}.tar.gz", HOME, f"{URL}{language}/audio/{name}.tar.gz")
        audio = obtain(archive, folder / "audio", name)
        clips = [_clip(line, audio, folder / "converted" / name, raw) for line in lines(table)]
        parts.append(Part(folder / f"{name}.csv", clips, rules))
    return import_parts(options.report("fleurs", english_rule=language[:3] != "en_"), parts, options)


def _clip(line: str, audio: Path, wavs: Path, raw: bool) -> Clip:
    """Columns: number of the sentence, file, sentence, cleaned sentence, characters, samples, gender."""
    row = line.split("\t")
    if len(row) < 4:
        return Clip(audio / "?", audio / "?", line, fault="the row is incomplete")
    wav = audio / row[1]
    return Clip(wav, converted(wav, audio, wavs), row[2 if raw else 3])
