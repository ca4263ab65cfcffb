"""Models as dictionaries, for tests to compare: of Ngrams, and of ARPA files read in the plainest way."""

import gzip
from pathlib import Path

from kneser_ney import Model

from deepspeech.lm.ngrams import Ngrams


def content(ngrams: Ngrams, chunk_rows: int = 1 << 20) -> Model:
    words = [word for some in ngrams.words() for word in some]
    model: Model = {}
    for n in range(1, ngrams.order + 1):
        for ids, probability, backoff in ngrams.rows(n, chunk_rows):
            for gram, p, b in zip(ids.tolist(), probability.tolist(), backoff.tolist(), strict=True):
                model[tuple(words[word] for word in gram)] = p, b
    assert len(model) == sum(ngrams.counts)
    return model


def arpa(path: Path) -> Model:
    data = path.read_bytes()
    model: Model = {}
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).decode().split("\n"):
        if line and not line.startswith(("\\", "ngram ")):
            probability, gram, *backoff = line.split("\t")
            model[tuple(gram.split(" "))] = float(probability), float(backoff[0]) if backoff else 0.0
    return model
