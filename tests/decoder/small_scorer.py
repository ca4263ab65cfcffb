"""Writes small `.scorer` files for tests: a probing KenLM binary, the trailer, and the dictionary as a plain tree."""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence

Ngrams = Mapping[tuple[str, ...], tuple[float, float]]  # words: log10 of probability and backoff
MASK = (1 << 64) - 1
PROBING, REST_PROBING = 0, 1


def word_hash(text: str) -> int:
    """MurmurHash64A with seed 0."""
    data, multiplier = text.encode(), 0xC6A4A7935BD1E995
    value = len(data) * multiplier & MASK
    whole = len(data) // 8 * 8
    for (block,) in struct.iter_unpack("<Q", data[:whole]):
        block = block * multiplier & MASK
        value = (value ^ ((block ^ block >> 47) * multiplier & MASK)) * multiplier & MASK
    if data[whole:]:
        value = (value ^ int.from_bytes(data[whole:], "little")) * multiplier & MASK
    value = (value ^ value >> 47) * multiplier & MASK
    return value ^ value >> 47


def table(entries: Sequence[tuple[int, bytes]], value_bytes: int, counted: int) -> bytes:
    """A hash table with linear probing, for `counted` entries at the format's 1.5 buckets each."""
    buckets = max(counted + 1, int(1.5 * counted))
    slots: list[bytes | None] = [None] * buckets
    for key, value in entries:
        at = key % buckets
        while slots[at] is not None:
            at = (at + 1) % buckets
        slots[at] = struct.pack("<Q", key) + value
    return b"".join(slot or bytes(8 + value_bytes) for slot in slots)


def language_model(ngrams: Ngrams, order: int, kind: int = PROBING) -> bytes:
    """A KenLM binary. `ngrams` holds the unigrams of `<unk>`, `<s>`, `</s>` and all words, and suffixes of all."""
    words = ["<unk>", *(gram[0] for gram in ngrams if len(gram) == 1 and gram != ("<unk>",))]
    ids = {word: number for number, word in enumerate(words)}
    suffixes = {gram[1:] for gram in ngrams}
    contexts = {gram[:-1] for gram in ngrams}
    grams = {n: [gram for gram in ngrams if len(gram) == n] for n in range(1, order + 1)}

    def weights(gram: tuple[str, ...]) -> bytes:
        probability, backoff = ngrams[gram]
        probability = math.copysign(probability, 1 if gram in suffixes else -1)
        if backoff == 0:
            backoff = 0.0 if gram in contexts else -0.0
        packed = struct.pack("<ff", probability, backoff)
        return packed + packed[:4] if kind == REST_PROBING else packed

    def key(gram: tuple[str, ...]) -> int:
        value = ids[gram[-1]]
        for word in reversed(gram[:-1]):
            value = (value * 8978948897894561157 & MASK) ^ ((1 + ids[word]) * 17894857484156487943 & MASK)
        return value

    head = b"mmap lm http://kheafield.com/code format version 5\n".ljust(56, b"\0")
    head += struct.pack("<fffIIIQ", 0.0, 1.0, -0.5, 1, 0xFFFFFFFF, 0, 1)
    head += struct.pack("<B3xfIB3xI", order, 1.5, kind, 0, 0)
    counts = [len(grams[n]) for n in range(1, order + 1)]
    head += struct.pack(f"<{order}Q", *counts)
    body = struct.pack("<II", 0, len(words))
    body += table([(word_hash(word), struct.pack("<I", ids[word])) for word in words[1:]], 4, counts[0])
    width = 12 if kind == REST_PROBING else 8
    body += b"".join(weights((word,)) for word in words) + bytes(width)
    for n in range(2, order):
        body += table([(key(gram), weights(gram)) for gram in grams[n]], width, counts[n - 1])
    longest = [(key(gram), struct.pack("<f", ngrams[gram][0])) for gram in grams[order]]
    return head.ljust((len(head) + 7) // 8 * 8, b"\0") + body + table(longest, 4, counts[-1])


def dictionary(entries: Iterable[Sequence[int]], offset: int) -> bytes:
    """An OpenFST const automaton at `offset` of its file that accepts `entries`, sequences of label ids."""
    states: list[dict[int, int]] = [{}]
    finals = set()
    for entry in entries:
        state = 0
        for label in entry:
            if label not in states[state]:
                states[state][label] = len(states)
                states.append({})
            state = states[state][label]
        finals.add(state)
    arcs = sum(len(outgoing) for outgoing in states)
    out = struct.pack("<ii5si8sii", 2125659606, 5, b"const", 8, b"standard", 1, 4)
    out += struct.pack("<Qqqq", 0, 0, len(states), arcs)

    def align(content: bytes) -> bytes:
        return content + bytes(-(offset + len(content)) % 16)

    out, first = align(out), 0
    for number, outgoing in enumerate(states):
        final = 0.0 if number in finals else math.inf
        out += struct.pack("<fIIII", final, first, len(outgoing), 0, 0)
        first += len(outgoing)
    out = align(out)
    for outgoing in states:
        for label, target in sorted(outgoing.items()):
            out += struct.pack("<iifi", label + 1, label + 1, 0.0, target)
    return out


def scorer(
    model: bytes, entries: Iterable[Sequence[int]], alpha: float = 0.75, beta: float = 1.85, bytes_mode: bool = False
) -> bytes:
    """A whole `.scorer` file."""
    head = model + struct.pack("<4si?dd", b"EIRT", 6, bytes_mode, alpha, beta)
    return head + dictionary(entries, len(head))
