"""The decoder package of DeepSpeech 0.9.3: `import deepspeech.mozilla.ds_ctcdecoder as ds_ctcdecoder`.

Names, arguments and results are those of `ds_ctcdecoder` (`native_client/ctcdecode/__init__.py`); the work is done by
this package's own search. It needs no torch and is part of the light installation.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deepspeech import _native
from deepspeech._version import __version__
from deepspeech.decoder import beam
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer as ScorerFile
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import DeepSpeechError
from deepspeech.text import tokens as kinds
from deepspeech.text.serialized import parse_alphabet, serialized_alphabet

__all__ = [
    "Alphabet",
    "Scorer",
    "UTF8Alphabet",
    "__version__",
    "ctc_beam_search_decoder",
    "ctc_beam_search_decoder_batch",
]

NO_SPACE = 2**32 - 2  # what GetSpaceLabel gives where the alphabet has none
UNKNOWN = -1000.0  # natural logarithm of the probability of words with an unknown one among them
LOG10_OF_E = float(np.float32(0.4342944819))

HotWords = Mapping[str, float] | Mapping[bytes, float]
Results = list[tuple[float, str]]
Tokens = kinds.Characters | kinds.Utf8Bytes


class Alphabet:
    """Labels of a network's classes, read from an alphabet.txt. ValueError where that cannot be read."""

    def __init__(self, config_path: str | Path | None = None) -> None:
        """Without a path it is empty until Deserialize()."""
        self._text: Tokens | None = None
        if config_path:
            try:
                self._text = kinds.Characters.from_file(config_path)
            except DeepSpeechError as error:
                raise ValueError(f"Alphabet initialization failed: {error}") from None

    @property
    def text(self) -> Tokens:
        """The alphabet as the rest of this package uses it."""
        if self._text is None:
            raise ValueError("this Alphabet is empty; give it the path of an alphabet.txt")
        return self._text

    def GetSize(self) -> int:
        """Number of labels, without the blank."""
        return len(self.text.labels)

    def GetSpaceLabel(self) -> int:
        """Id of the space, or 2³² - 2 where there is none."""
        return NO_SPACE if self.text.space is None else self.text.space

    def IsSpace(self, label: int) -> bool:
        return label == self.text.space

    def CanEncodeSingle(self, input: str) -> bool:
        return len(input) == 1 and self.CanEncode(input)

    def CanEncode(self, input: str) -> bool:
        return not self.text.missing(input)

    def EncodeSingle(self, input: str) -> int:
        """The label of one character."""
        (label,) = self.text.encode(input)
        return label

    def Encode(self, input: str) -> list[int]:
        """Labels of a text. Raises TextError that names what cannot be encoded."""
        return self.text.encode(input) if input else []

    def DecodeSingle(self, input: int) -> str:
        return self.text.decode([input])

    def Decode(self, input: Iterable[int]) -> str:
        return self.text.decode(input)

    def Serialize(self) -> bytes:
        """The labels as the old models carry them: their count, then of each its id, length and UTF-8 bytes."""
        return serialized_alphabet(self.text)

    def Deserialize(self, buffer: bytes, buffer_size: int | None = None) -> int:
        """Become what Serialize() gave; 0 where that worked, else 1."""
        try:
            self._text = parse_alphabet(bytes(buffer[:buffer_size]))
        except DeepSpeechError:
            return 1
        return 0


class UTF8Alphabet(Alphabet):
    """The bytes 1 to 255 of UTF-8 as labels."""

    def __init__(self) -> None:
        super().__init__()
        self._text = kinds.Utf8Bytes()

    def CanEncodeSingle(self, input: str) -> bool:
        return self.CanEncode(input)


class Scorer:
    """A scorer file with its weights. ValueError where the file cannot be used with the alphabet."""

    def __init__(
        self,
        alpha: float | None = None,
        beta: float | None = None,
        scorer_path: str | Path | None = None,
        alphabet: Alphabet | None = None,
    ) -> None:
        """All four, or none for one that is not used: scorers are built by `deepspeech lm`."""
        self.alpha, self.beta = alpha or 0.0, beta or 0.0
        self._file: ScorerFile | None = None
        if alphabet is None:
            return
        if alpha is None or beta is None or not scorer_path:
            raise ValueError("a Scorer with an alphabet needs alpha, beta and scorer_path too")
        try:
            self._file = ScorerFile.open(scorer_path)
            self._file.language(alphabet.text, DecodeOptions(alpha=alpha, beta=beta))
            self._model = _native.NgramModel(str(scorer_path))
        except DeepSpeechError as error:
            raise ValueError(f"Scorer initialization failed: {error}") from None

    @property
    def file(self) -> ScorerFile:
        """The scorer as the rest of this package uses it."""
        if self._file is None:
            raise ValueError("this Scorer is empty; give it alpha, beta, the path of a scorer, and an alphabet")
        return self._file

    def reset_params(self, alpha: float, beta: float) -> None:
        """Use other weights from now on."""
        self.alpha, self.beta = alpha, beta

    def is_utf8_mode(self) -> bool:
        """Whether it is for networks that give bytes."""
        return self.file.bytes_mode

    def get_max_order(self) -> int:
        """N-gram order."""
        return self.file.order

    def get_log_cond_prob(self, words: Sequence[str] | Sequence[bytes], bos: bool = False, eos: bool = False) -> float:
        """Natural logarithm of the probability of the last of `words` after the others; with `eos` that of the end."""
        if not words and not eos:
            return 0.0
        scored = self._model.score([_text(word) for word in words], bos, eos)
        if any(unknown for _, _, unknown in scored[: len(words)]):
            return UNKNOWN
        return scored[-1][0] / LOG10_OF_E


def ctc_beam_search_decoder(
    probs_seq: ArrayLike,
    alphabet: Alphabet,
    beam_size: int,
    cutoff_prob: float = 1.0,
    cutoff_top_n: int = 40,
    scorer: Scorer | None = None,
    hot_words: HotWords | None = None,
    num_results: int = 1,
) -> Results:
    """Up to `num_results` pairs of confidence and text, best first, of probabilities [frames, classes]."""
    options = _options(beam_size, cutoff_prob, cutoff_top_n, scorer)
    found = beam.decode(
        _emission(probs_seq), alphabet.text, options, num_results, scorer.file if scorer else None, _spelled(hot_words)
    )
    return _pairs(found)


def ctc_beam_search_decoder_batch(
    probs_seq: ArrayLike,
    seq_lengths: Sequence[int],
    alphabet: Alphabet,
    beam_size: int,
    num_processes: int,
    cutoff_prob: float = 1.0,
    cutoff_top_n: int = 40,
    scorer: Scorer | None = None,
    hot_words: HotWords | None = None,
    num_results: int = 1,
) -> list[Results]:
    """The same of each clip of probabilities [clips, frames, classes]; of clip i the first `seq_lengths[i]` frames.

    `num_processes` threads share the clips.
    """
    clips: list[Any] = list(probs_seq)  # type: ignore[arg-type]
    if len(clips) != len(seq_lengths):
        raise ValueError(f"{len(clips)} clips and {len(seq_lengths)} lengths; give one length a clip")
    emissions = [_emission(clip[:length]) for clip, length in zip(clips, seq_lengths, strict=True)]
    options = _options(beam_size, cutoff_prob, cutoff_top_n, scorer)
    found = beam.decode_batch(
        emissions, alphabet.text, options, num_results, num_processes, scorer.file if scorer else None,
        _spelled(hot_words),
    )  # fmt: skip
    return [_pairs(transcripts) for transcripts in found]


def _emission(probabilities_TV: ArrayLike) -> Emission:
    return Emission(
        np.asarray(probabilities_TV, dtype=np.float32), frame_s=0.02
    )  # its trainer's step; the times are not used


def _options(beam_size: int, cutoff_prob: float, cutoff_top_n: int, scorer: Scorer | None) -> DecodeOptions:
    weights = {"alpha": scorer.alpha, "beta": scorer.beta} if scorer else {}
    return DecodeOptions(beam_size, cutoff_prob, cutoff_top_n, beam_threshold=0.0, token_min_logp=0.0, **weights)


def _spelled(hot_words: HotWords | None) -> dict[str, float] | None:
    """The old binding took UTF-8 bytes; texts are good too."""
    if not hot_words:
        return None
    return {_text(word): boost for word, boost in hot_words.items()}


def _text(word: str | bytes) -> str:
    return word.decode("utf-8") if isinstance(word, bytes) else word


def _pairs(transcripts: Sequence[Transcript]) -> Results:
    return [(transcript.confidence, transcript.text) for transcript in transcripts]
