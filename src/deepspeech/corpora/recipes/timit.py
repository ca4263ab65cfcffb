"""TIMIT: 630 speakers of American English, NIST sphere files. LDC93S1, licensed by the Linguistic Data Consortium.

In: TIMIT-LDC93S1.tgz or its unpacked folder. Out: wav files and timit_{all,train,test}.csv. The two sentences that
every speaker reads (SA1, SA2) are left out, as in DeepSpeech's importer; file names may be in capitals or not.
"""

from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import text_of
from deepspeech.corpora.recipe import Options, Part, converted, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible

ARCHIVE = Archive("TIMIT-LDC93S1.tgz", "https://catalog.ldc.upenn.edu/LDC93S1")
PUNCTUATION = str.maketrans("", "", '.,;"!?:-')


def timit(
    data_dir: Annotated[Path, "Read this folder with TIMIT-LDC93S1.tgz, or with its content, TIMIT."],
    options: Options = Options(),
) -> ImportReport:
    """Prepare TIMIT, American English, from its archive.

    Example: deepspeech import timit corpora/timit
    """
    corpus = obtain(ARCHIVE, data_dir, into=data_dir / "TIMIT")
    rules = options.rules(lambda sentence: sentence.lower().translate(PUNCTUATION).strip() or None, max_s=inf)
    parts = []
    for name in ("train", "test"):
        texts = [path for path in visible(corpus) if path.suffix.lower() == ".txt"]
        clips = [
            _clip(text, corpus)
            for text in texts
            if name in [part.lower() for part in text.relative_to(corpus).parts[:-1]]
            and not text.stem.upper().startswith("SA")
        ]
        parts.append(Part(corpus / f"timit_{name}.csv", clips, rules))
    return import_parts(options.report("timit"), parts, options, whole=corpus / "timit_all.csv")


def _clip(text: Path, corpus: Path) -> Clip:
    """`SX9.TXT` is `0 46797 What they said.`: first and last sample, sentence."""
    sound = text.with_suffix(".WAV" if text.suffix == ".TXT" else ".wav")
    sentence, fault = text_of(text)
    row = sentence.split(None, 2)
    wav = converted(sound, corpus, corpus / "converted").with_suffix(".wav")
    fault = fault or ("" if len(row) == 3 else "the sentence is not there")
    return Clip(sound, wav, row[2] if len(row) == 3 else "", text.parent.name, fault)
