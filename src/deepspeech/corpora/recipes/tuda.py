"""TUDA, German Distant Speech: five microphones, 16 kHz wav. CC BY 4.0.

In: german-speechdata-package-v2.tar.gz; a sentence is an .xml, its recordings have the name and a microphone. Out:
three CSVs. Recordings of other formats, which the old importer dropped, are converted.
"""

from collections.abc import Iterator
from glob import escape
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import read_xml, truth
from deepspeech.corpora.recipe import Options, Part, TargetDir, converted, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible
from deepspeech.text.labels import validate_english

NAME = "german-speechdata-package-v2"
ARCHIVE = Archive(
    f"{NAME}.tar.gz",
    "https://www.inf.uni-hamburg.de/en/inst/ab/lt/resources/data/acoustic-models.html",
    f"http://ltdata1.informatik.uni-hamburg.de/kaldi_tuda_de/{NAME}.tar.gz",
)
TAGS = ("cleaned_sentence", "speaker_id")


def tuda(
    base_dir: TargetDir,
    max_duration: Annotated[int, "Drop clips longer than this, in milliseconds; 0: none."] = 10000,
    alphabet: Annotated[Path | None, "Do the same as --filter-alphabet."] = None,
    keep_archive: Annotated[str, "true or false: keep the archive after unpacking."] = "true",
    options: Options = Options(),
) -> ImportReport:
    """Fetch and prepare TUDA, German Distant Speech.

    Example: deepspeech import tuda corpora/tuda
    """
    keep, corpus = truth(keep_archive), obtain(ARCHIVE, base_dir, NAME)
    rules = options.rules(
        clean, max_s=max_duration / 1000 or float("inf"), ms_per_character=30, alphabet=alphabet, keep="äöüÄÖÜß"
    )
    parts = [
        Part(base_dir / f"tuda-v2-{name}.csv", list(_clips(corpus / name, base_dir / "converted" / name)), rules)
        for name in ("test", "dev", "train")
    ]
    report = import_parts(options.report("tuda"), parts, options)
    if not keep:
        (base_dir / ARCHIVE.name).unlink(missing_ok=True)
    return report


def clean(sentence: str) -> str | None:
    """The rule for English, and one sign that is read out."""
    return validate_english(sentence.lower().replace("co2", "c o zwei"))


def _clips(folder: Path, wavs: Path) -> Iterator[Clip]:
    for described in visible(folder, "*.xml"):
        root = read_xml(described)
        fault = "its description cannot be read" if root is None else ""
        sentence, speaker = ("", "") if root is None else (root.findtext(f".//{tag}") or "" for tag in TAGS)
        recordings = visible(folder, f"{escape(described.stem)}_*.wav") or [described.with_suffix(".wav")]
        for wav in recordings:
            yield Clip(wav, converted(wav, folder, wavs), sentence, speaker, fault)
