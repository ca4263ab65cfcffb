"""Subwords: pieces of words as tokens, and how a text is cut into them.

In: pieces as SentencePiece writes them, a "▁" before those that start a word, and what chooses among several ways to
cut a word. Out: the TokenSet. Words are cut one by one: no piece reaches beyond a word. Unigram: the cut of the highest
sum of scores (Kudo 2018, Viterbi as in SentencePiece `unigram_model.cc`). BPE: neighbors are merged, the pair that
makes the piece of the highest score first, of equal ones the leftmost (Sennrich et al. 2016; `bpe_model.cc`). Without
scores: the fewest pieces; of as many, the cut whose last pieces are the longest.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from typing import Any

from deepspeech.errors import TextError
from deepspeech.text.characters import is_space, name
from deepspeech.text.tokens import Characters, TokenSet
from deepspeech.untrusted import MOST_LABELS

MARK = "▁"  # U+2581: the space before a word
LONGEST_PIECE = 256  # characters
_CACHED_WORDS = 1 << 16


class Subwords(TokenSet):
    """Pieces of words; token id = position. `labels` are the pieces as their file writes them."""

    kind = "subwords"

    def __init__(self, pieces: Sequence[str], scores: Sequence[float] = (), method: str = "unigram") -> None:
        """`scores`: one for each piece, or none; `method`: "unigram" or "bpe". Raises TextError.

        Control pieces (<unk>, <s>, <blank>) are not among `pieces`: they get no class.
        """
        _check(pieces, scores, method)
        self.scores, self.method = tuple(scores), method
        self._id = {piece: token for token, piece in enumerate(pieces)}
        self._longest = max(map(len, pieces))
        self._mark = MARK if any(piece.startswith(MARK) for piece in pieces) else ""
        self._texts = tuple(piece.replace(MARK, " ") for piece in pieces)
        super().__init__(pieces)
        # Words repeat within transcripts, and transcripts every epoch.
        self._cut = lru_cache(_CACHED_WORDS)(self._merges if method == "bpe" else self._viterbi)

    @property
    def space(self) -> int | None:
        return self._id.get(MARK)

    @property
    def character_set(self) -> Iterable[str]:
        return self.characters.labels

    @property
    def characters(self) -> Characters:
        """The alphabet in which its words are spelled: the space, then the other characters by code point."""
        characters = sorted(set("".join(self.labels)) - {MARK})
        return Characters([" ", *characters] if self._mark else characters)

    def spell(self, token: int) -> str:
        return self._texts[token]

    def missing(self, text: str) -> list[str]:
        """Characters of `text` without a piece of their own, or without one at the beginning of a word; sorted."""
        known = {" "} if self._mark else set()
        return sorted(character for character in set(text) - known if not self._spells(character))

    def encode(self, text: str) -> list[int]:
        """Token ids of the words of `text`; runs of spaces count as one."""
        words = text.split(" ")
        if not any(words):
            raise TextError("the transcript is empty" if not text else "the transcript has no word")
        if not self._mark and " " in text.strip(" "):
            raise TextError(f"the vocabulary has no piece that starts a word ({MARK}), so it cannot write spaces")
        return [token for word in words if word for token in self._encode_word(word)]

    def decode(self, ids: Iterable[int]) -> str:
        """Text of token ids, without spaces before its first word."""
        return super().decode(ids).lstrip(" ")

    def to_dict(self) -> dict[str, Any]:
        entries: dict[str, Any] = {"kind": self.kind, "pieces": list(self.labels)}
        return entries | {"method": self.method, "scores": list(self.scores)} if self.scores else entries

    def _identity(self) -> tuple[Any, ...]:
        return (*super()._identity(), self.scores, self.method)

    def _encode_word(self, word: str) -> tuple[int, ...]:
        tokens = () if MARK in word else self._cut(self._mark + word)
        if tokens:
            return tokens
        if missing := [character for character in sorted(set(word)) if character not in self._id or character == MARK]:
            raise TextError(f"characters outside the vocabulary: {' '.join(map(name, missing))}")
        raise TextError(f"the vocabulary has no pieces for the word '{word}'; add each of its characters, and {MARK}")

    def _spells(self, character: str) -> bool:
        """Whether `character` can be encoded in any position."""
        begins = not self._mark or MARK in self._id or (self.method == "unigram" and MARK + character in self._id)
        return character != MARK and character in self._id and begins

    def _viterbi(self, word: str) -> tuple[int, ...]:
        """Viterbi: the most probable segmentation of `word`, which begins with the mark; empty if there is none."""
        best = [0.0] + [-math.inf] * len(word)
        came: list[tuple[int, int]] = [(0, 0)] * (len(word) + 1)  # start of the last piece, and the piece
        for start in range(len(word)):
            if best[start] == -math.inf:
                continue
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                token = self._id.get(word[start:end])
                if token is None:
                    continue
                score = best[start] + (self.scores[token] if self.scores else -1.0)
                if score > best[end]:
                    best[end], came[end] = score, (start, token)
        tokens, at = list[int](), len(word)
        while at and best[-1] > -math.inf:
            at, token = came[at]
            tokens.append(token)
        return tuple(reversed(tokens))

    def _merges(self, word: str) -> tuple[int, ...]:
        """BPE: the pieces that merges make of `word`; empty if a character is left that is not a piece."""
        parts, end = list(word), len(word)  # parts[i]: the part that begins at i; "" once merged
        before, after = list(range(-1, end - 1)), list(range(1, end + 1))
        heap: list[tuple[float, int, str]] = []

        def offer(left: int) -> None:
            """The pair that begins at `left`, if it makes a piece."""
            piece = parts[left] + parts[after[left]] if left >= 0 and after[left] < end else ""
            if piece in self._id:
                heappush(heap, (-self.scores[self._id[piece]], left, piece))

        for left in range(end):
            offer(left)
        while heap:
            _, left, piece = heappop(heap)
            right = after[left]
            if not parts[left] or right == end or parts[left] + parts[right] != piece:
                continue  # stale: one of the two has been merged
            parts[left], parts[right] = piece, ""
            after[left] = after[right]
            if after[left] < end:
                before[after[left]] = left
            offer(before[left])
            offer(left)
        tokens = [self._id.get(part) for part in parts if part]
        return () if None in tokens else tuple(token for token in tokens if token is not None)


def _check(pieces: Sequence[str], scores: Sequence[float], method: str) -> None:
    """Raise TextError for an invalid vocabulary."""
    if not 0 < len(pieces) <= MOST_LABELS:
        raise TextError(f"the vocabulary has {len(pieces)} pieces; it needs 1 to {MOST_LABELS}")
    if method not in ("unigram", "bpe"):
        raise TextError(f"the method is '{method:.20}'; use unigram or bpe")
    if scores and len(scores) != len(pieces):
        raise TextError(f"the vocabulary has {len(pieces)} pieces and {len(scores)} scores; each piece needs one")
    if not scores and method == "bpe":
        raise TextError("a vocabulary of merges (bpe) needs a score for each piece")
    if not all(isinstance(score, int | float) and abs(score) < math.inf for score in scores):
        raise TextError("a score of the vocabulary is not a finite number")
    for piece in pieces:
        if not isinstance(piece, str) or not piece or len(piece) > LONGEST_PIECE:
            raise TextError(f"{piece!r:.60} is not a valid piece; it needs 1 to {LONGEST_PIECE} characters")
        if any(map(is_space, piece)):
            raise TextError(f"the piece {piece!r:.60} holds white space; write {MARK} where a word starts")
        if MARK in piece[1:]:
            raise TextError(
                f"the piece '{piece:.60}' reaches beyond a word; train the vocabulary with split_by_whitespace and "
                "without treat_whitespace_as_suffix"
            )
    piece, times = Counter(pieces).most_common(1)[0]
    if times > 1:
        raise TextError(f"the piece '{piece:.60}' is listed {times} times in the vocabulary; keep one")
