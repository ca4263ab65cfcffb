"""HotPhrases: names and phrases that a listener expects, in the dictionary or not, with or without a scorer.

In: texts and how strongly to listen for each. Out: what the beam search boosts letters with. The scale is told in
docs/hot-words.md; the search is `native/src/phrases.cc`. Hot *words*, which weigh words of a scorer, are another thing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deepspeech import _native
from deepspeech.errors import ConfigError, TextError
from deepspeech.text.normalize import normalizer
from deepspeech.text.reading import read_text
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import TokenSet

DEFAULT_STRENGTH = 1.0
STRONGEST = 8.0  # beyond it phrases are written over everything that is said


@dataclass(frozen=True)
class HotPhrases:
    """Phrases and their strengths: the natural logarithm by which each letter of a phrase counts more than it is heard.

    A strength of 1 makes every letter e = 2.7 times as probable where the whole phrase is said; 0 does nothing. Letters
    of phrases that are begun and not finished count for nothing. In bytes mode letters are bytes.
    """

    strengths: Mapping[str, float]
    # Streams of one alphabet share what thousands of phrases take a tenth of a second to make.
    _made: dict[TokenSet, _native.Phrases | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tidy: dict[str, float] = {}
        for given, strength in self.strengths.items():
            text = " ".join(given.split())
            if not text:
                raise ConfigError("a hot phrase is empty; name some words")
            if not 0 <= strength <= STRONGEST:
                raise ConfigError(
                    f"hot phrase '{text}': its strength is {strength:g}, which follows the last colon; give 0 to "
                    f"{STRONGEST:g}, and where the colon belongs to the phrase, {text}:{strength:g}:1"
                )
            tidy[text] = max(float(strength), tidy.get(text, 0.0))
        object.__setattr__(self, "strengths", tidy)

    @classmethod
    def parse(cls, lines: Iterable[str]) -> "HotPhrases":
        """Of texts `PHRASE` or `PHRASE:STRENGTH`, with a colon or a tab between them.

        What follows a colon and is no number belongs to the phrase.
        """
        strengths: dict[str, float] = {}
        for line in lines:
            text, colon, number = line.replace("\t", ":").rpartition(":")
            try:
                strengths[text if colon else line] = float(number) if colon else DEFAULT_STRENGTH
            except ValueError:
                strengths[line] = DEFAULT_STRENGTH
        return cls(strengths)

    @classmethod
    def from_file(cls, path: str | Path) -> "HotPhrases":
        """Of a text file with one such text a line; empty lines and lines that begin with # are passed over."""
        try:
            lines = read_text(path).split("\n")
        except OSError as error:
            raise ConfigError(f"{path}: cannot read the hot phrases ({error.strerror})") from None
        except UnicodeError:
            raise ConfigError(f"{path}: the hot phrases are not UTF-8 text; save them as UTF-8") from None
        try:
            return cls.parse(line for line in lines if line.strip() and not line.startswith("#"))
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None

    @classmethod
    def gather(cls, lines: Iterable[str], path: str | Path | None = None) -> "HotPhrases":
        """Of texts and a file of texts; where both name a phrase, the text decides."""
        from_file = cls.from_file(path).strengths if path else {}
        return cls({**from_file, **cls.parse(lines).strengths})

    def native(self, alphabet: TokenSet) -> _native.Phrases | None:
        """The phrases as the search uses them, None if there are none. Raises ConfigError for letters it cannot write.

        In alphabets with a space phrases are whole words; without, and in bytes mode, they stand anywhere in the text.
        For subwords they are spelled in letters, however a network cuts them into pieces.
        """
        if alphabet not in self._made:
            self._made[alphabet] = self._make(alphabet)
        return self._made[alphabet]

    def _make(self, alphabet: TokenSet) -> _native.Phrases | None:
        spell = normalizer(alphabet)
        letters: TokenSet = alphabet
        pieces: list[list[int]] = []
        if isinstance(alphabet, Subwords):
            letters = alphabet.characters
            pieces = [letters.encode(alphabet.spell(token)) for token in range(alphabet.blank)]
        strongest: dict[tuple[int, ...], float] = {}  # two texts may be spelled alike
        for text, strength in self.strengths.items():
            if strength == 0:
                continue
            spelled = tuple(_encoded(letters, spell, text))
            strongest[spelled] = max(strength, strongest.get(spelled, 0.0))
        labels = [(list(spelled), strength) for spelled, strength in strongest.items()]
        try:
            return _native.Phrases(labels, None if alphabet.bytes_mode else letters.space, pieces) if labels else None
        except ValueError as error:
            raise ConfigError(f"hot phrases: {error}") from None


def _encoded(alphabet: TokenSet, spell: Callable[[str], str], text: str) -> list[int]:
    try:
        return alphabet.encode(spell(text))
    except TextError as error:
        raise ConfigError(f"hot phrase '{text}': {error}; write it as transcripts are written") from None
