"""Back-off models in memory, from ARPA texts or made up, with the face of `Ngrams`; what their scores must be."""

import gzip
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from deepspeech.lm.ngrams import Ngrams, Rows
from tests.decoder.small_scorer import word_hash

Grams = Mapping[tuple[str, ...], tuple[float, float]]  # words: log10 of probability and backoff
WORDS = ["one", "two", "three", "four-and-twenty", "日本"]


class MemoryNgrams(Ngrams):
    """`grams` as Ngrams; `as_listed`: words and n-grams in their own order, which KenLM's hash tables depend on."""

    def __init__(self, grams: Grams, order: int, as_listed: bool = False, chunk_rows: int = 7) -> None:
        words = [gram[0] for gram in grams if len(gram) == 1 and gram != ("<unk>",)]
        self._words = ["<unk>", *(words if as_listed else sorted(words, key=word_hash))]
        ids = {word: number for number, word in enumerate(self._words)}
        self.order, self._chunk_rows, self.closed = order, chunk_rows, False
        self._rows: list[list[tuple[tuple[int, ...], float, float]]] = [[] for _ in range(order)]
        for gram, (probability, backoff) in grams.items():
            self._rows[len(gram) - 1].append((tuple(ids[word] for word in gram), probability, backoff))
        self._rows[0].sort()
        if not as_listed:
            for rows in self._rows:
                rows.sort(key=lambda row: row[0][::-1])
        self.counts = tuple(map(len, self._rows))

    def words(self) -> Iterator[list[str]]:
        for start in range(0, len(self._words), self._chunk_rows):
            yield self._words[start : start + self._chunk_rows]

    def rows(self, n: int, chunk_rows: int = 0) -> Iterator[Rows]:
        for start in range(0, len(self._rows[n - 1]), self._chunk_rows):
            ids, probabilities, backoffs = zip(*self._rows[n - 1][start : start + self._chunk_rows], strict=True)
            yield np.array(ids, np.uint32), np.array(probabilities, np.float32), np.array(backoffs, np.float32)

    def close(self) -> None:
        self.closed = True


def arpa(path: Path) -> tuple[dict[tuple[str, ...], tuple[float, float]], int]:
    """The n-grams of an ARPA text in its order, and the model's order."""
    data = path.read_bytes()
    grams: dict[tuple[str, ...], tuple[float, float]] = {}
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).decode().split("\n"):
        fields = line.split("\t")
        if len(fields) >= 2:
            grams[tuple(fields[1].split(" "))] = (float(fields[0]), float(fields[2]) if len(fields) > 2 else 0.0)
    return grams, max(map(len, grams))


def made_up(order: int, seed: int, density: float = 0.4) -> dict[tuple[str, ...], tuple[float, float]]:
    """A random model with every context and every suffix of its n-grams."""
    draw = random.Random(seed)
    grams: dict[tuple[str, ...], tuple[float, float]] = {}
    for word in ["<unk>", "<s>", "</s>", *WORDS]:
        grams[(word,)] = (-draw.uniform(0.1, 3), draw.choice([0.0, -draw.uniform(0.1, 1)]))
    for n in range(2, order + 1):
        for gram in [gram for gram in grams if len(gram) == n - 1]:
            for word in WORDS:
                longer = (*gram, word)
                allowed = longer[1:] in grams and gram[-1] not in ("<unk>", "</s>")
                if set(longer) == {"one"} or (allowed and draw.random() < density):  # no order stays empty
                    grams[longer] = (-draw.uniform(0.1, 3), draw.choice([0.0, -draw.uniform(0.1, 1)]))
    return grams


def expected(grams: Grams, order: int, history: tuple[str, ...], word: str) -> tuple[float, int]:
    """log10 of the probability of `word` after `history`, and the length of the n-gram that gave it."""
    history = history[len(history) - order + 1 :] if len(history) >= order else history
    gram = (*history, word)
    if gram in grams:
        return grams[gram][0], len(gram)
    probability, matched = expected(grams, order, history[1:], word)
    return probability + grams.get(history, (0.0, 0.0))[1], matched
