"""Prompts of the Asterisk telephone exchange: one voice per language, 8 kHz wav, as Debian packages them. CC BY-SA 3.0.

In: what asterisk-core-sounds-fr-wav and asterisk-core-sounds-fr (the texts) install below /usr/share, or these two
packages themselves. Out: wav files, three CSVs, 8:1:1. A small corpus, prepared in a minute, to try a training run.
"""

import gzip
import zlib
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.french import spell_out
from deepspeech.corpora.recipe import Part, Sentences, TextOptions, converted, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import by_tens
from deepspeech.errors import CorpusError
from deepspeech.files import visible
from deepspeech.text.labels import Validator, validate_english

LANGUAGES = ("en", "es", "fr", "it", "ru")


def asterisk(
    language: Annotated[str, f"Select a language: {', '.join(LANGUAGES)}.", "--language", "-l"],
    source: Annotated[list[Path] | None, "Read the two .deb files, or a copy of /usr/share.", "--source"] = None,
    target_dir: Annotated[Path | None, "Write wav files and CSVs to this folder; asterisk-LANGUAGE by default."] = None,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare the prompts of the Asterisk telephone exchange.

    Example: deepspeech import asterisk --language fr --target-dir corpora/asterisk-fr
    """
    if language not in LANGUAGES:
        raise CorpusError(f"'{language}' has no prompts in Debian; there are {', '.join(LANGUAGES)}")
    target_dir = target_dir or Path(f"asterisk-{language}")
    shares = [_share(path, target_dir / "packages") for path in source or [Path("/usr/share")]]
    listed = [path for share in shares for path in visible(share, f"doc/*/core-sounds-{language}.txt.gz")]
    voices = [path for share in shares for path in visible(share, f"asterisk/sounds/{language}_*_*_*/")]
    if not listed or not voices:
        raise CorpusError(
            f"{shares[0]}: no prompts or no texts in {language}; apt install asterisk-core-sounds-{language}-wav "
            f"asterisk-core-sounds-{language}, or apt download them and name each with --source"
        )
    sentences = Sentences(_texts(listed[0]), voices[0])
    clips = [
        sentences.clip(wav, converted(wav, voices[0], target_dir / "wavs"), name, voices[0].name)
        for wav in visible(voices[0], "**/*.wav")
        if not (name := wav.relative_to(voices[0]).with_suffix("").as_posix()).startswith("silence/")
    ]
    sets, rules = by_tens(clips + sentences.missing()), options.rules(cleaner(language), max_s=30)
    csv = f"asterisk-{language}-{{}}.csv"
    parts = [Part(target_dir / csv.format(name), sets[name], rules) for name in ("test", "dev", "train")]
    return import_parts(options.report("asterisk", english_rule=language not in ("en", "fr")), parts, options)


def cleaner(language: str) -> Validator:
    """The rule for English after normalizing punctuation; French numbers are spelled out."""

    def clean(sentence: str) -> str | None:
        plain = sentence.replace("’", "'").replace("…", " ")
        return validate_english(spell_out(plain) if language == "fr" else plain)

    return clean


def _share(path: Path, folder: Path) -> Path:
    return unpack_once(path, folder, folder) / "usr" / "share" if path.is_file() else path


def _texts(path: Path) -> dict[str, str]:
    """Lines `digits/1: un`; a line that begins with a semicolon is a comment."""
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8-sig").split("\n")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise CorpusError(f"{path}: cannot be read ({error}); fetch the package again") from None
    rows = [line.split(":", 1) for line in lines if ":" in line and not line.startswith(";")]
    return {name.strip(): text.strip() for name, text in rows}
