"""HotPhrases: contextual biasing towards names and phrases, in or out of vocabulary, with or without a scorer.

In: texts and the strength of each. Out: the context graph with which the beam search boosts their characters
(`native/src/context_graph.cc`). docs/hot-words.md explains the scale. Hot *words*, which reweight words of a scorer,
are another feature.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deepspeech import _native
from deepspeech.errors import ConfigError, TextError
from deepspeech.text.config import TextConfig
from deepspeech.text.normalize import Normalizer
from deepspeech.text.reading import read_text
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import TokenSet

DEFAULT_STRENGTH = 1.0
STRONGEST = 8.0  # beyond it phrases replace whatever was spoken


@dataclass(frozen=True)
class HotPhrases:
    """Phrases and their strengths: the boost, a natural logarithm, of each character of a phrase.

    A strength of 1 makes every character e = 2.7 times as probable where the whole phrase is decoded; 0 does nothing.
    The boost of a partial match is taken back. In bytes mode the boost is per byte.
    """

    strengths: Mapping[str, float]
    # By alphabet: building the graph of thousands of phrases takes a tenth of a second.
    _graphs: dict[TokenSet, _native.ContextGraph | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        tidy: dict[str, float] = {}
        for phrase, strength in self.strengths.items():
            text = " ".join(phrase.split())
            if not text:
                raise ConfigError("a hot phrase is empty; name some words")
            if not 0 <= strength <= STRONGEST:
                raise ConfigError(
                    f"hot phrase '{text}': its strength is {strength:g}, which follows the last colon; use 0 to "
                    f"{STRONGEST:g}, and where the colon belongs to the phrase, {text}:{strength:g}:1"
                )
            tidy[text] = max(float(strength), tidy.get(text, 0.0))
        object.__setattr__(self, "strengths", tidy)

    @classmethod
    def parse(cls, lines: Iterable[str]) -> "HotPhrases":
        """Parse texts `PHRASE` or `PHRASE:STRENGTH`, with a colon or a tab between them.

        Text after a colon that is not a number belongs to the phrase.
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
        """Read a text file with one such text per line; empty lines and lines that begin with # are skipped."""
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
        """Merge texts and a file of texts; where both name a phrase, the text takes precedence."""
        from_file = cls.from_file(path).strengths if path else {}
        return cls({**from_file, **cls.parse(lines).strengths})

    @classmethod
    def spellable(cls, texts: Iterable[str], alphabet: TokenSet, strength: float = DEFAULT_STRENGTH) -> "HotPhrases":
        """Those of `texts` that an alphabet can spell, for texts that are no list of phrases, such as a prompt."""
        characters, spell = _characters_of(alphabet), Normalizer(TextConfig(), alphabet)

        def fits(text: str) -> bool:
            try:
                return bool(_encoded(characters, spell, text))
            except ConfigError:
                return False

        return cls({text: strength for text in texts if text.strip() and fits(text)})

    def native(self, alphabet: TokenSet) -> _native.ContextGraph | None:
        """The context graph of the search, None without phrases. Raises ConfigError for unknown characters.

        In alphabets with a space phrases match whole words; without one, and in bytes mode, they match anywhere. For
        subwords they are spelled in characters, so every segmentation into pieces matches.
        """
        if alphabet not in self._graphs:
            self._graphs[alphabet] = self._build(alphabet)
        return self._graphs[alphabet]

    def _build(self, alphabet: TokenSet) -> _native.ContextGraph | None:
        spell = Normalizer(TextConfig(), alphabet)
        characters = _characters_of(alphabet)
        pieces: list[list[int]] = []
        if isinstance(alphabet, Subwords):
            pieces = [characters.encode(alphabet.spell(token)) for token in range(alphabet.blank)]
        strongest: dict[tuple[int, ...], float] = {}  # two texts may have the same spelling
        for text, strength in self.strengths.items():
            if strength == 0:
                continue
            spelled = tuple(_encoded(characters, spell, text))
            strongest[spelled] = max(strength, strongest.get(spelled, 0.0))
        labels = [(list(spelled), strength) for spelled, strength in strongest.items()]
        try:
            return (
                _native.ContextGraph(labels, None if alphabet.bytes_mode else characters.space, pieces)
                if labels
                else None
            )
        except ValueError as error:
            raise ConfigError(f"hot phrases: {error}") from None


def _characters_of(alphabet: TokenSet) -> TokenSet:
    """The tokens in which phrases are spelled."""
    return alphabet.characters if isinstance(alphabet, Subwords) else alphabet


def _encoded(alphabet: TokenSet, spell: Callable[[str], str], text: str) -> list[int]:
    try:
        return alphabet.encode(spell(text))
    except TextError as error:
        raise ConfigError(f"hot phrase '{text}': {error}; write it as transcripts are written") from None
