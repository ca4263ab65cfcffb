"""The exact pass: words of a stretch of sound, aligned frame by frame (`decoder/forced.py`).

In: log probabilities of the stretch and its words as tokens. Out: frames and score of each word, or that it is not
there; and which frames hold sound. Shapes: T frames, V classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.decoder.forced import WILDCARD, PathCosts, Unit, force_align
from deepspeech.text.tokens import TokenSet

Float32 = NDArray[np.float32]

LEAST_PROBABILITY = 1e-10
STAR_PER_S = 20.0  # costs are natural logarithms: a frame that a word does not fit costs it 5 to 12
ALL_SPOKEN_STAR_PER_S = 60.0  # a weak network's words fit badly, and where all are said they are not foreign
OMIT_WORD = 8.0
OMIT_TOKEN = 5.0  # and for each token of the word
LEAST_DOUBT = 0.1  # of the costs of a word, where the coarse pass heard nothing in its place
OMIT_SPACE = 2.0
SENTENCE_SHARE = 0.5  # of the costs of its words to leave out a sentence
PAUSE_PER_S = 3.0  # between words of a sentence, which begin and end soon after each other
INSIDE_PER_S = 3.0  # between tokens of a word
WILDCARD_PER_S = 5.0  # more than a pause: it should take no silence
BETWEEN = -1  # the number of spaces between sentences
SPACE_S = 0.2  # the space after a word ends it, if it comes so soon


def log_probs(probabilities: Float32) -> Float32:
    """Natural logarithms; of the smallest probabilities, which may be 0, those of LEAST_PROBABILITY."""
    logs: Float32 = np.log(np.maximum(probabilities, np.float32(LEAST_PROBABILITY)))
    return logs


@dataclass(frozen=True)
class WordFrames:
    """Frames of a word from `start` to before `end`, and its score."""

    start: int
    end: int
    score: float

    def moved(self, frames: int) -> "WordFrames":
        """The same word so many frames later."""
        return WordFrames(self.start + frames, self.end + frames, self.score)


@dataclass(frozen=True)
class Exact:
    """Result of a stretch; frames count from its beginning."""

    words: list[WordFrames | None]  # None: not in the sound
    sound_T: NDArray[np.bool_]  # frames that are neither silence nor a space
    score: float  # of the whole path, costs included, at most 0


def align_words(
    log_probs_TV: Float32,
    words: Sequence[Sequence[int]],
    tokens: TokenSet,
    frame_s: float,
    likely: Sequence[float] = (),
    sentences: Sequence[int] = (),
    strict: bool = False,
    all_spoken: bool = False,
) -> Exact:
    """Align the token ids of `words`, in order.

    `likely`: for each word, 0 to 1, how likely it seems to be there: what it costs to leave it out. `sentences`: the
    number of each word's sentence, from 0; by default all are one. With `all_spoken` no word is left out, with `strict`
    no sound is foreign either. Raises TextError where such a text is too long for the sound.
    """
    free = PathCosts(
        (ALL_SPOKEN_STAR_PER_S if all_spoken else STAR_PER_S) * frame_s,
        WILDCARD_PER_S * frame_s,
        pause=PAUSE_PER_S * frame_s,
        inside=INSIDE_PER_S * frame_s,
        group_share=SENTENCE_SHARE,
    )
    costs = PathCosts() if strict else free
    own = sentences or [0] * len(words)
    units, places = list[Unit](), list[int]()  # where the tokens of each word begin
    count, space = 0, tokens.space
    for number, word in enumerate(words):
        if number and space is not None:
            units.append(Unit([space], OMIT_SPACE, own[number] if own[number - 1] == own[number] else BETWEEN))
            count += 1
        places.append(count)
        count += len(word)
        cost = (OMIT_WORD + OMIT_TOKEN * len(word)) * max(LEAST_DOUBT, likely[number] if likely else 1.0)
        units.append(Unit(word, np.inf if strict or all_spoken else cost, own[number]))
    path = force_align(log_probs_TV, units, tokens.blank, costs)
    starts, ends = path.token_frames(count)
    relative_TV = np.maximum(log_probs_TV - log_probs_TV.max(axis=1, keepdims=True), costs.floor)
    flat = [token for unit in units for token in unit.tokens]
    scores_T = _scores(path.states_T, relative_TV, flat, tokens.blank, costs.wildcard)
    summed = np.concatenate([[0.0], np.cumsum(scores_T, dtype=np.float64)])
    found: list[WordFrames | None] = []
    for place, word in zip(places, words, strict=True):
        start, end = int(starts[place]), int(ends[place + len(word) - 1])
        if start < 0:
            found.append(None)
            continue
        score = float(summed[end] - summed[start]) / (end - start)
        found.append(WordFrames(start, _end(end, place + len(word), starts, space, frame_s), score))
    silent_T = relative_TV[:, tokens.blank] >= -costs.star
    if space is not None:
        silent_T |= relative_TV.argmax(axis=1) == space
    return Exact(found, ~silent_T, path.score)


def _scores(
    states_T: NDArray[np.int32], relative_TV: Float32, tokens: Sequence[int], blank: int, wildcard: float
) -> Float32:
    """The score of each frame on the path."""
    labels = np.array([*tokens, blank], np.int64)  # also of the gap after the last token
    classes_T = np.where(states_T & 1, labels[states_T // 2], blank)
    free_T = classes_T == WILDCARD
    scores: Float32 = relative_TV[np.arange(len(states_T)), np.where(free_T, blank, classes_T)]
    return np.where(free_T, np.float32(-wildcard), scores)


def _end(end: int, after: int, starts: NDArray[np.int64], space: int | None, frame_s: float) -> int:
    """Where a word ends: at the space after it, if that comes soon; else with its last token."""
    if space is not None and after < len(starts) and 0 <= starts[after] - end <= SPACE_S / frame_s:
        return int(starts[after])
    return end
