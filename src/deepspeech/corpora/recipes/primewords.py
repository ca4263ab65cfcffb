"""Primewords Chinese Corpus Set 1: Mandarin, 296 speakers, 50 000 sentences. CC BY-NC-ND 4.0, OpenSLR 47.

In: primewords_md_2018_set1.tar.gz, its sentences in one JSON list. Out: three CSVs; recordings and transcripts stay as
they are. 5000 clips each are drawn for dev and test, the same as by DeepSpeech's importer.
"""

from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.reading import read_text
from deepspeech.corpora.recipe import Options, Part, Sentences, converted, import_parts, verbatim
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import at_random
from deepspeech.errors import CorpusError
from deepspeech.files import visible
from deepspeech.untrusted import parse_json


def primewords(
    tgz_file: Annotated[Path, "primewords_md_2018_set1.tar.gz, from https://www.openslr.org/47/."],
    target_dir: Annotated[Path | None, "Unpack and write CSVs in this folder; the archive's by default."] = None,
    options: Options = Options(),
) -> ImportReport:
    """Prepare Primewords set 1, Mandarin, from its archive.

    Example: deepspeech import primewords primewords_md_2018_set1.tar.gz --target-dir corpora/primewords
    """
    target_dir = target_dir or tgz_file.parent
    corpus = unpack_once(tgz_file, target_dir, target_dir / "primewords_md_2018_set1")
    listed = corpus / "set1_transcript.json"
    try:
        transcripts = {
            entry["file"]: (entry["text"], str(entry.get("user_id", ""))) for entry in parse_json(read_text(listed))
        }
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{listed}: not the list of sentences that was expected ({error})") from None
    sentences = Sentences({name: text for name, (text, _) in transcripts.items()}, corpus / "audio_files")
    clips = [
        sentences.clip(
            wav, converted(wav, corpus, target_dir / "converted"), wav.name, transcripts.get(wav.name, ("", ""))[1]
        )
        for wav in visible(corpus, "audio_files/*/*/*.wav")
    ]
    sets = at_random(clips, 5000, seed=12345)
    sets["train"] += sentences.missing()
    train, held_out = options.rules(verbatim, max_s=15), options.rules(verbatim, max_s=inf)
    rules = {"test": held_out, "dev": held_out, "train": train}
    parts = [Part(target_dir / f"primewords_{name}.csv", sets[name], rules[name]) for name in rules]
    return import_parts(options.report("primewords"), parts, options)
