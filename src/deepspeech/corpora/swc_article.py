"""An article of the Spoken Wikipedia: one recording, and sentences aligned with it.

In: a folder with audio.ogg, or audio1.ogg, audio2.ogg …, and aligned.swc (XML: sentences <s> of tokens <t> of
pronunciations <n> with start and end in milliseconds). Out: stretches of whole tokens, none longer than requested.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import read_xml
from deepspeech.corpora.recipe import joined
from deepspeech.files import visible
from deepspeech.text.labels import validate_english

UNKNOWN = "<unknown>"
_BRACKETS = str.maketrans("", "", "/()[]{}<>:")
_GERMAN = tuple((re.compile(pattern), words) for pattern, words in (
    (r"\$", "dollar"), ("€", "euro"), ("£", "pfund"),
    (r"ein tausend (\S+) hundert (\S+) er( |$)", r"\1zehnhundert \2er "),
    ("ein tausend (acht|neun) hundert", r"\1zehnhundert"),
    ("eins( punkt null null null){3}", "eine milliarde"),
    ("punkt null null null( punkt null null null){2}", "milliarden"),
    ("eins( punkt null null null){2}", "eine million"), ("punkt null null null punkt null null null", "millionen"),
    ("eins punkt null null null", "ein tausend"), ("punkt null null null", "tausend"),
))  # fmt: skip


@dataclass
class Article:
    """Reader and aligned sentences (start, end in milliseconds, text)."""

    folder: Path
    name: str = UNKNOWN
    speaker: str = UNKNOWN
    stretches: list[tuple[int, int, str]] = field(default_factory=list)
    fault: str = ""

    def clips(self, wavs: Path) -> Iterator[Clip]:
        """A clip for each stretch, with its wav file below `wavs`."""
        sound = self._sound() if not self.fault else self.folder / "audio.ogg"
        if self.fault:
            yield Clip(sound, sound, "", self.speaker, self.fault)
        for start_ms, end_ms, text in self.stretches:
            wav = wavs / f"{self.folder.name}-{start_ms}-{end_ms}.wav"
            yield Clip(sound, wav, text, self.speaker, start_s=start_ms / 1000, end_s=end_ms / 1000)

    def _sound(self) -> Path:
        """The sound file; several are concatenated to audio.wav, as times count through all of them."""
        pieces = visible(self.folder, "audio*.ogg")
        return joined(pieces, self.folder / "audio.wav") if len(pieces) > 1 else self.folder / "audio.ogg"


def read_article(aligned: Path, longest_ms: int, without_numbers: bool) -> Article:
    """The article of an aligned.swc; `longest_ms` 0: sentences are never cut."""
    article, tree = Article(aligned.parent), read_xml(aligned)
    if tree is None:
        article.fault = "its alignment cannot be read"
        return article
    for prop in tree.iter("prop"):
        if prop.get("key") == "DC.identifier":
            article.name = prop.get("value", UNKNOWN)
        if prop.get("key") == "reader.name":
            article.speaker = prop.get("value", UNKNOWN)
    for sentence in _sentences(tree):
        tokens = [_token(token) for token in sentence.findall("t")]
        article.stretches += _stretches(tokens, longest_ms, without_numbers)
    return article


def _sentences(element: Element) -> Iterator[Element]:
    """Sentences, without those that the corpus marks as ignored."""
    for child in element:
        if child.tag == "s":
            yield child
        elif child.tag != "ignored":
            yield from _sentences(child)


def _token(token: Element) -> tuple[int | None, int | None, str]:
    notes = token.findall("n")
    starts = [int(note.get("start", "")) for note in notes if note.get("start", "").isdigit()]
    ends = [int(note.get("end", "")) for note in notes if note.get("end", "").isdigit()]
    sentence = [note.get("pronunciation", "") for note in notes] if notes else [token.get("text", "")]
    return starts[0] if starts else None, max(ends, default=None), " ".join(word for word in sentence if word)


def _stretches(
    tokens: list[tuple[int | None, int | None, str]], longest_ms: int, without_numbers: bool
) -> Iterator[tuple[int, int, str]]:
    """Tokens from one with a start to one with an end; cut before the token that would make them too long."""
    start_ms, end_ms, words, waiting = None, 0, list[str](), list[str]()
    for token_start_ms, token_end_ms, word in tokens:
        if without_numbers and any(character.isdigit() for character in word):
            if start_ms is not None and words:
                yield start_ms, end_ms, " ".join(words)
            start_ms, words, waiting = None, [], []
            continue
        start_ms = token_start_ms if start_ms is None else start_ms
        if start_ms is None:
            continue
        waiting.append(word)
        if token_end_ms is None:
            continue
        if words and token_end_ms - start_ms > longest_ms > 0:
            yield start_ms, end_ms, " ".join(words)
            start_ms, words = end_ms, []
        end_ms, words, waiting = token_end_ms, words + waiting, []
    if start_ms is not None and words:
        yield start_ms, end_ms, " ".join(words)


def cleaner(language: str) -> Callable[[str], str | None]:
    """The label rule of a language: that for English, and for German how numbers and signs are read."""

    def clean(sentence: str) -> str | None:
        label = validate_english(sentence.translate(_BRACKETS))
        for pattern, words in _GERMAN if label and language == "german" else ():
            label = pattern.sub(words, label or "")
        return validate_english(label) if label and not label.startswith("punkt null") else None

    return clean
