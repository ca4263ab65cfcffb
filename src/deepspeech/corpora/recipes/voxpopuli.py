"""VoxPopuli: the European Parliament, 16 languages with transcripts, Ogg. CC0.

In: transcribed_data/<language> as the corpus's own `voxpopuli.get_asr_data` makes it, or the files of
facebook/voxpopuli at Hugging Face: asr_train.tsv … and recordings below. Out: wav files, three CSVs.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import tsv_rows
from deepspeech.corpora.recipe import Part, TextOptions, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.errors import CorpusError
from deepspeech.files import visible


def voxpopuli(
    folder: Annotated[Path, "Read this folder of one language, which contains asr_train.tsv."],
    raw: Annotated[bool, "Use sentences as written, not as cleaned by the corpus."] = False,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare a language of VoxPopuli, the European Parliament.

    Example: deepspeech import voxpopuli transcribed_data/fr --language fr
    """
    tables = {name: folder / f"asr_{name}.tsv" for name in ("test", "dev", "train")}
    if not any(table.is_file() for table in tables.values()):
        raise CorpusError(f"{folder}: no asr_train.tsv in it; see https://github.com/facebookresearch/voxpopuli")
    wavs = folder / "converted"
    recordings = [path for kind in ("ogg", "wav") for path in visible(folder, f"**/*.{kind}")]
    sounds = {path.stem: path for path in recordings if not path.is_relative_to(wavs)}
    rules, parts = options.rules(max_s=30), []
    for name, table in tables.items():
        rows = tsv_rows(table, ("id", "raw_text", "normalized_text")) if table.is_file() else ()
        clips = []
        for row in rows:
            sound = sounds.get(row["id"], folder / row["id"][:4] / f"{row['id']}.ogg")
            wav, sentence = wavs / f"{row['id']}.wav", row["raw_text" if raw else "normalized_text"]
            clips.append(Clip(sound, wav, sentence, row["speaker_id"], row.fault))
        parts.append(Part(folder / f"{name}.csv", clips, rules))
    return import_parts(options.report("voxpopuli"), parts, options)
