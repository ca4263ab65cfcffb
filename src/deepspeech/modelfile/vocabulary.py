"""Vocabulary files of subwords: SentencePiece's `.model`, its `.vocab`, and plain lists with a piece a line.

In: an untrusted file. Out: Subwords. Sources: `sentencepiece_model.proto`. A `.model` normalizes text
by rules of its own, which are not read here: transcripts are taken as they are written. Its control pieces, unknown
piece, bytes and unused pieces get no class, nor do <unk>, <s>, </s>, <pad> and <blank> in lists; the blank of CTC is
always the last class.
"""

import math
from pathlib import Path

from deepspeech.errors import ModelFileError, TextError
from deepspeech.modelfile import wire
from deepspeech.text.reading import text_of
from deepspeech.text.subwords import MARK, Subwords
from deepspeech.untrusted import COMMANDING, MOST_LABELS, open_regular

LARGEST_FILE = 64 << 20  # bytes
CONTROL = {"<unk>", "<s>", "</s>", "<pad>", "<blank>", "<blk>"}
_MOST_CONTROL = 1000  # pieces that get no class
NORMAL, USER_DEFINED = 1, 4  # the types of pieces that are text
UNIGRAM, BPE, WORD, CHAR = 1, 2, 3, 4  # of models

Piece = tuple[str, float, int]  # text, score, type


def read_vocabulary(path: str | Path) -> Subwords:
    """The pieces of a file, in its order. Raises TextError that names it."""
    try:
        with open_regular(path) as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise TextError(f"larger than {LARGEST_FILE >> 20} MB, which no vocabulary is")
        return parse_model(content) if _is_model(content) else parse_list(text_of(content))
    except OSError as error:
        raise TextError(f"{path}: cannot read the vocabulary ({error.strerror or error})") from None
    except UnicodeError:
        raise TextError(f"{path}: neither a SentencePiece model nor a list of pieces in UTF-8") from None
    except (TextError, ModelFileError) as error:
        raise TextError(f"{path}: {error}") from None


def _is_model(content: bytes) -> bool:
    """A list of pieces is text; a model begins with the field of its first piece, a line end in text."""
    return content[:1] == b"\n" and b"\0" in content


# ---- SentencePiece's models ----------------------------------------------------------------------------------------


def parse_model(content: bytes) -> Subwords:
    """Subwords of a ModelProto. Raises ModelFileError or TextError."""
    pieces: list[Piece] = []
    kind = UNIGRAM
    for number, value in wire.fields(memoryview(content), len(content)):
        if number == 1:
            pieces.append(_piece(wire.message(value)))
            if len(pieces) > MOST_LABELS + _MOST_CONTROL:
                raise TextError(f"the vocabulary has more than {MOST_LABELS} pieces, the limit; train a smaller one")
        elif number == 2:
            kind = _model_kind(wire.message(value))
    if kind not in (UNIGRAM, BPE, CHAR):
        raise ModelFileError("is a SentencePiece model of whole words; train one of type unigram or bpe")
    return _subwords([p for p in pieces if p[2] in (NORMAL, USER_DEFINED)], "bpe" if kind == BPE else "unigram")


def _piece(view: memoryview) -> Piece:
    text, score, kind = "", 0.0, NORMAL
    for number, value in wire.fields(view):
        if number == 1:
            text = bytes(wire.message(value)).decode("utf-8")
        elif number == 2:
            score = wire.float32(value)
        elif number == 3:
            kind = wire.signed(value)
    return text, score, kind


def _model_kind(trainer: memoryview) -> int:
    found = [wire.signed(value) for number, value in wire.fields(trainer) if number == 3]
    return found[-1] if found else UNIGRAM


# ---- lists ---------------------------------------------------------------------------------------------------------


def parse_list(text: str) -> Subwords:
    """Subwords of lines: a piece, or a piece, a tab and its score. Raises TextError.

    Scores that count down from 0 by one are ranks of merges, as a `.vocab` of a BPE model has them.
    """
    pieces: list[Piece] = []
    scored = None
    for place, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        piece, tab, number = line.partition("\t")
        if scored is not None and bool(tab) != scored:
            raise TextError(f"line {place}: some pieces have a score and some have none; give each one, or none")
        scored = bool(tab)
        if piece not in CONTROL:
            pieces.append((piece, _score(number, place) if tab else 0.0, NORMAL))
    if not scored:
        return _subwords(pieces, "fewest")
    ranks = all(score == -rank for rank, (_, score, _) in enumerate(pieces))
    return _subwords(pieces, "bpe" if ranks and len(pieces) > 1 else "unigram")


def _score(number: str, place: int) -> float:
    try:
        score = float(number)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise TextError(f"line {place}: {number!r:.40} is no score; write a piece, a tab and a number")
    return score


def _subwords(pieces: list[Piece], method: str) -> Subwords:
    for text, _, _ in pieces:
        if COMMANDING.search(text):
            raise TextError(f"{text!r:.60} is no piece of a vocabulary")
    if not any(text.strip(MARK) for text, _, _ in pieces):
        raise TextError("the vocabulary has no piece with a character; write one piece per line")
    texts = [text for text, _, _ in pieces]
    return Subwords(texts) if method == "fewest" else Subwords(texts, [score for _, score, _ in pieces], method)
