"""What the exact pass found, judged sentence by sentence: words that are there, others said in their place, none.

In: frames and scores of words, frames with sound. Out: the same, where

- a word that fits its frames hardly at all is not there;
- a sentence of which few words are there, or that fits badly, is not there: single words fit anywhere;
- a few words that are not there, in a sentence that is, take the sound in their place, if it is as long as they could
  be: something else was said. Their score is WORST. So does a single word that is a sentence;
- a sentence begins with its sound, even if its first word fits only a part of it, or another sound before a silence.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from deepspeech.decoder.word_alignment import WordFrames

WORST = -6.0  # a word with a lower score is not there
BAD = -3.0  # nor is a sentence with a lower mean
DOUBT = -1.0  # a word with a lower score may be another
FOUND_SHARE = 0.5  # of the words of a sentence that is there
MOST_REPLACED = 4  # words in a row
BESIDE_S = 0.2  # sound so close to a word belongs to it, or to what was said in its place
APART_S = 0.4  # a longer silence tears a word
PAUSE_S = 0.6  # a longer one ends the sound in place of the first or last words of a sentence
TOKEN_S, LONGEST_TOKEN_S, SPARE_S = 0.01, 0.25, 0.4  # the shortest and the longest time of tokens

Frames = NDArray[np.int64]
Places = list[WordFrames | None]


def placed(words: Places, tokens: Sequence[int], sentences: Sequence[int], sound: Frames, frame_s: float) -> Places:
    """`tokens`: how many each word has; `sentences`: how many words each has; `sound`: frames with sound, ascending."""
    kept: Places = [word if word and word.score > WORST else None for word in words]
    ends = np.cumsum([0, *sentences]).tolist()
    for start, end in pairwise(ends):
        scores = [word.score for word in kept[start:end] if word]
        if len(scores) < FOUND_SHARE * (end - start) or sum(scores) < BAD * len(scores):
            kept[start:end] = [None] * (end - start)
    after = [int(sound[-1]) + 1 if len(sound) else 0]  # the frame of the next word that is there, from each word on
    for word in reversed(kept):
        after.append(word.start if word else after[-1])
    after.reverse()
    since = 0  # the frame after the last word that is there

    def between(since: int, until: int) -> Frames:
        return sound[np.searchsorted(sound, since) : np.searchsorted(sound, until)]

    for start, end in pairwise(ends):
        begun = since
        for a, b in _gaps(kept, start, end):
            since = max([begun, *(word.end for word in kept[start:a] if word)])
            if b - a <= MOST_REPLACED and (any(kept[start:end]) or end - start == 1):
                near = _near(between(since, after[b]), a == start, b == end, after[b], since, PAUSE_S / frame_s)
                kept[a:b] = _spread(near, tokens[a:b], after[b], frame_s)
        if start + 1 < end:
            near = _near(between(begun, after[start + 1]), True, False, after[start + 1], begun, PAUSE_S / frame_s)
            kept[start] = _begun(kept[start], near, tokens[start], after[start + 1], frame_s)
        since = max([begun, *(word.end for word in kept[start:end] if word)])
    return kept


def burdened(words: Places, left: Frames, frame_s: float) -> Places:
    """Words with the score that they have with the sound beside them that no word explains, WORST in each frame.

    `left`: frames of such sound, ascending. Where "t" stands for "three", the rest of that word is beside it.
    """
    places = [place for place, word in enumerate(words) if word]
    if not places or not len(left):
        return words
    starts, ends = (np.array([edge(words[place]) for place in places]) for edge in (_start, _end))
    after = np.searchsorted(starts, left)  # the word after each frame
    until_T = np.where(after < len(starts), starts[np.minimum(after, len(starts) - 1)] - left, np.iinfo(np.int64).max)
    since_T = np.where(after > 0, left - ends[np.maximum(after - 1, 0)] + 1, np.iinfo(np.int64).max)
    near_T = np.minimum(until_T, since_T) * frame_s <= BESIDE_S
    counts = np.bincount(np.where(until_T < since_T, after, after - 1)[near_T], minlength=len(places))
    found = list(words)
    for place, frames in zip(places, counts.tolist(), strict=True):
        word = words[place]
        if word and frames:
            length = word.end - word.start
            found[place] = replace(word, score=(word.score * length + WORST * frames) / (length + frames))
    return found


def _start(word: WordFrames | None) -> int:
    assert word
    return word.start


def _end(word: WordFrames | None) -> int:
    assert word
    return word.end


def _begun(word: WordFrames | None, near: Frames, tokens: int, until: int, frame_s: float) -> WordFrames | None:
    """The first word of a sentence, from the beginning of the `near` sound where it was torn, or fits badly."""
    if word is None or word.score <= WORST or not len(near):
        return word
    start = int(near[0])
    torn = (start - word.start) * frame_s > APART_S and (start < word.end or word.score < DOUBT)
    longer = (until - start) * frame_s > LONGEST_TOKEN_S * tokens + SPARE_S
    if not torn and (longer or start > word.start or word.score >= DOUBT):
        return word
    return WordFrames(start, max(word.end, start + 1), word.score)


def _near(sound: Frames, first: bool, last: bool, until: int, since: int, pause: float) -> Frames:
    """At the beginning of a sentence only the sound right before its first word that is there; likewise at its end.

    Of a sentence that is not there only sound without a pause.
    """
    if first and last:
        return sound if len(sound) and not (np.diff(sound) > pause).any() else sound[:0]
    if first:
        breaks = np.flatnonzero(np.diff([*sound, until]) > pause)
        return sound[breaks[-1] + 1 :] if len(breaks) else sound
    if last:
        breaks = np.flatnonzero(np.diff([since, *sound]) > pause)
        return sound[: breaks[0]] if len(breaks) else sound
    return sound


def _gaps(words: Places, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of words that are not there."""
    for missing, run in groupby(range(start, end), key=lambda place: words[place] is None):
        places = list(run)
        if missing:
            yield places[0], places[-1] + 1


def _spread(sound: Frames, tokens: Sequence[int], until: int, frame_s: float) -> Places:
    """Words over the sound in their place, by their tokens; none if it is too short or too long for them.

    A network marks a short word in a frame or two, so it may last longer than its sound, but not beyond `until`.
    """
    total = sum(tokens)
    if not len(sound):
        return [None] * len(tokens)
    start, heard = int(sound[0]), int(sound[-1]) + 1 - int(sound[0])
    length = max(heard, min(until - start, math.ceil(max(TOKEN_S * total / frame_s, len(tokens)))))
    if length * frame_s < TOKEN_S * total or heard * frame_s > LONGEST_TOKEN_S * total + SPARE_S:
        return [None] * len(tokens)
    edges = [start + round(length * sum(tokens[:place]) / total) for place in range(len(tokens) + 1)]
    if any(a >= b for a, b in pairwise(edges)):
        return [None] * len(tokens)
    return [WordFrames(a, b, WORST) for a, b in pairwise(edges)]
