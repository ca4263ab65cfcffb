"""Subtitles from an alignment: SubRip and WebVTT.

A subtitle holds one sentence or a part of one, in two lines of 42 columns. Long sentences are cut at clauses, then at
pauses. A subtitle stays until it can be read at READING_SPEED, if the next one lets it; `too_fast` counts the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deepspeech.alignment.result import AlignedWord, Alignment
from deepspeech.decoder.subtitles import LINE_CHARACTERS, LINES, columns, cue, escaped

LONGEST_S = 7.0
SHORTEST_S = 1.0
GAP_S = 0.08  # two frames of film between subtitles
READING_SPEED = 17.0  # columns per second
TOO_FAST = 20.0
_CLAUSE_END = ",;:،、，；：—–"
_UNEVEN = 1.0  # cost of a cut at the very edge; at a clause or a second of pause it is less
_CLAUSE, _PAUSE_PER_S = 0.7, 0.7


@dataclass(frozen=True)
class Subtitle:
    """Text in lines, with its times."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]

    @property
    def too_fast(self) -> bool:
        return sum(map(columns, self.lines)) > TOO_FAST * (self.end_s - self.start_s)


def subtitles(alignment: Alignment) -> list[Subtitle]:
    """The subtitles of a recording, in order, without overlap."""
    parts = [part for sentence in alignment.sentences if sentence.said for part in _parts(sentence.said)]
    found = []
    for number, words in enumerate(parts):
        start_s, end_s = _start(words[0]), _end(words[-1])
        text = " ".join(word.text for word in words)
        wanted_s = max(end_s, start_s + SHORTEST_S, start_s + columns(text) / READING_SPEED)
        if number + 1 < len(parts):
            wanted_s = min(wanted_s, max(end_s, _start(parts[number + 1][0]) - GAP_S))
        found.append(Subtitle(start_s, wanted_s, _lines(words)))
    return found


def srt(alignment: Alignment) -> str:
    """SubRip, as VLC and others read it."""
    return "".join(
        cue(one.start_s, one.end_s, one.lines, "srt", number) for number, one in enumerate(subtitles(alignment), 1)
    )


def vtt(alignment: Alignment) -> str:
    """W3C WebVTT."""
    return "WEBVTT\n\n" + "".join(
        cue(one.start_s, one.end_s, [escaped(line, "vtt") for line in one.lines], "vtt") for one in subtitles(alignment)
    )


def _start(word: AlignedWord) -> float:
    return word.start_s or 0.0


def _end(word: AlignedWord) -> float:
    return word.end_s or 0.0


def _parts(words: Sequence[AlignedWord]) -> Iterator[Sequence[AlignedWord]]:
    """A sentence in parts that each fit into a subtitle."""
    fits = len(_lines(words)) <= LINES and _end(words[-1]) - _start(words[0]) <= LONGEST_S
    if fits or len(words) == 1:
        yield words
        return
    cut = min(range(1, len(words)), key=lambda place: _cost(words, place))
    yield from _parts(words[:cut])
    yield from _parts(words[cut:])


def _cost(words: Sequence[AlignedWord], place: int) -> float:
    """How bad it is to cut before a word: uneven parts are, clauses and pauses are not."""
    before, after = (columns(" ".join(word.text for word in part)) for part in (words[:place], words[place:]))
    uneven = abs(before - after) / (before + after)
    clause = words[place - 1].text.rstrip("\"'”’»)")[-1:] in _CLAUSE_END
    pause_s = min(1.0, max(0.0, _start(words[place]) - _end(words[place - 1])))
    return _UNEVEN * uneven - _CLAUSE * clause - _PAUSE_PER_S * pause_s


def _lines(words: Sequence[AlignedWord]) -> tuple[str, ...]:
    """One line, or two of even length, or as many as are needed."""
    texts = [word.text for word in words]
    if columns(" ".join(texts)) <= LINE_CHARACTERS:
        return (" ".join(texts),)
    pairs = [(" ".join(texts[:place]), " ".join(texts[place:])) for place in range(1, len(texts))]
    fitting = [pair for pair in pairs if max(map(columns, pair)) <= LINE_CHARACTERS]
    if fitting:
        return min(fitting, key=lambda pair: abs(columns(pair[0]) - columns(pair[1])))
    lines = [texts[0]]
    for text in texts[1:]:
        if columns(f"{lines[-1]} {text}") <= LINE_CHARACTERS:
            lines[-1] += f" {text}"
        else:
            lines.append(text)
    return tuple(lines)
