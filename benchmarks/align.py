"""Accuracy, time and memory of alignment, on clips joined to one recording whose borders are known.

    python benchmarks/align.py MODEL.onnx DEV.csv [--wrong 0.05] [--missing 3] [--seed 0] [--draws 1]
    python benchmarks/align.py MODEL.onnx DEV.csv --draws 20 --threshold
    python benchmarks/align.py MODEL.onnx DEV.csv --hours 4
    python benchmarks/align.py MODEL.onnx TRAIN.csv --faults 20

The first form joins the clips, writes their text with capitals and full stops, replaces a share of the words with
others, and leaves out sentences on either side: some of the text, others of the sound. The reference is the alignment
of each clip alone with its true text; where the text has the first word wrong, the sentence should begin where the
right one is said. `--draws` repeats it with other words, and sums up; `--threshold` cuts clips from each and counts how
many with a wrong transcript are kept, and how many with the right one left out, by the lowest score of a clip and of a
word. A transcript is right if its words are those whose references lie within the clip. `--peer` does the same with
ctc-segmentation (Kürzinger et al. 2020), if it is installed, on the same output of the network. `--hours` repeats the
recording and its text; `--faults` swaps transcripts and counts how many of them are among the worst of the ranking of
`deepspeech data check --model`.
"""

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
import wave
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepspeech.alignment.align import AlignOptions, align
from deepspeech.alignment.clips import ClipRules, plan_clips
from deepspeech.alignment.misfits import rank
from deepspeech.alignment.result import Alignment
from deepspeech.alignment.script import Script
from deepspeech.alignment.spelling import SpellingRule
from deepspeech.audio.formats import read_audio, write_wav
from deepspeech.audio.resample import resample
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.decoder.word_times import align_transcript
from deepspeech.runtime.emit import FileAcousticModel
from deepspeech.runtime.session import Session

RATE_HZ = 16000
LEAST_WORDS = 3  # of sentences that are left out: "yes" is said elsewhere, too


@dataclass
class Sentence:
    """A clip in the joined recording; without sound or without text where it is left out."""

    words: list[str]  # as said
    written: list[str]  # as the text has them
    reference: list[float]  # starts of words within the clip
    samples: np.ndarray
    in_text: bool = True
    in_sound: bool = True
    start_s: float = 0.0

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / RATE_HZ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--wrong", type=float, default=0.05, help="share of words that the text has wrong")
    parser.add_argument("--missing", type=int, default=3, help="sentences left out of the text, and of the sound")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=1, help="so many seeds, from that one on")
    parser.add_argument("--threshold", action="store_true", help="which clips lower scores would keep")
    parser.add_argument("--hours", type=float, help="repeat the recording to this length; measure time and memory")
    parser.add_argument("--faults", type=int, help="swap so many transcripts and rank all clips")
    parser.add_argument("--peer", action="store_true", help="ctc-segmentation, too")
    parser.add_argument("--greedy", action="store_true", help="without a language model of the text")
    values = parser.parse_args()
    session, options = Session(values.model), AlignOptions(greedy=values.greedy)
    draw, samples = random.Random(values.seed), list(read_samples(values.data))
    if values.faults:
        faults(session, samples, values.faults, draw)
    elif values.hours:
        long_recording(session, samples, values.hours, options, draw)
    else:
        total, cuts = Counter[str](), list[Cut]()
        for seed in range(values.seed, values.seed + values.draws):
            sentences = joined(session, samples, values.wrong, values.missing, random.Random(seed))
            found = accuracy(session, sentences, options, values.peer, total)
            cuts += cut(found, sentences) if values.threshold else []
        if values.draws > 1:
            print(f"all {values.draws} draws: {summary(total)}")
        if values.threshold:
            trade_off(cuts)


def joined(session: Session, samples: list[Sample], wrong: float, missing: int, draw: random.Random) -> list[Sentence]:
    """The sentences with their places in the joined recording."""
    network, rule = FileAcousticModel(session), SpellingRule(session.card.tokens)
    sentences = []
    for sample in samples:
        found = align_transcript(network.emit_file(sample.audio), rule.spoken(sample.transcript), rule.tokens)
        words, starts = sample.transcript.split(), [word.start_s for word in found.words]
        sentences.append(Sentence(words, list(words), starts, read(sample)))
    long = [one for one in sentences if len(one.words) >= LEAST_WORDS]
    for number, one in enumerate(draw.sample(long, 2 * missing)):
        one.in_text, one.in_sound = number >= missing, number < missing
    vocabulary = sorted({word for one in sentences for word in one.words})
    places = [(one, place) for one in sentences for place in range(len(one.words)) if one.in_text]
    for one, place in draw.sample(places, round(wrong * len(places))):
        one.written[place] = draw.choice([word for word in vocabulary if word != one.words[place]])
    at = 0.0
    for one in sentences:
        one.start_s = at
        at += len(one.samples) / RATE_HZ * one.in_sound
    return sentences


def read(sample: Sample) -> np.ndarray:
    samples, rate_hz = read_audio(sample.audio)
    return resample(samples, rate_hz, RATE_HZ)


def script(sentences: list[Sentence]) -> Script:
    """The text: a capital first, a full stop last."""
    written = [one.written for one in sentences if one.in_text]
    return Script((tuple((*[w[0].capitalize(), *w[1:-1]], w[-1] + ".") if w[1:] else (w[0] + ".",) for w in written),))


def accuracy(
    session: Session, sentences: list[Sentence], options: AlignOptions, with_peer: bool, total: Counter[str]
) -> Alignment:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "joined.wav")
        write_wav(path, np.concatenate([one.samples for one in sentences if one.in_sound]), RATE_HZ)
        started_s = time.monotonic()
        found = align(session, path, script(sentences), options)
        took_s = time.monotonic() - started_s
        if with_peer:
            peer(session, path, sentences)
    errors_s, counts = list[float](), Counter[str]()
    in_text = [one for one in sentences if one.in_text]
    for one, sentence in zip(in_text, found.sentences, strict=True):
        if not one.in_sound:
            counts.update(missing=1, told=not sentence.found)
            continue
        pairs = zip(sentence.words, one.reference, one.words, one.written, strict=True)
        own = [abs(word.start_s - one.start_s - at) for word, at, a, b in pairs if word.start_s is not None and a == b]
        errors_s += own
        first_s = np.inf if sentence.start_s is None else abs(sentence.start_s - one.start_s - one.reference[0])
        right, within = one.words[0] == one.written[0], first_s <= 0.1
        counts.update(sentences=1, found=sentence.found, right=right, within=within, right_within=right and within)
        counts.update(within_30=first_s <= 0.03)
    print(f"{found.duration_s:.1f} s of sound, {len(found.words)} words, {found.anchors} anchors, {took_s:.1f} s")
    median_s, p95_s = np.percentile(errors_s, [50, 95])
    print(f"word starts against clips alone: median {1000 * median_s:.0f} ms, 95 % within {1000 * p95_s:.0f} ms")
    print(summary(counts))
    report_missing(sentences, found)
    total.update(counts)
    return found


def summary(counts: Counter[str]) -> str:
    wrong, wrong_within = counts["sentences"] - counts["right"], counts["within"] - counts["right_within"]
    share = counts["within"] / counts["sentences"]
    return (
        f"sentences within 100 ms: {counts['within']} of {counts['sentences']} ({share:.1%}); "
        f"within 30 ms: {counts['within_30']}; found: {counts['found']}\n"
        f"of those whose first word the text has right: {counts['right_within']} of {counts['right']}; "
        f"wrong: {wrong_within} of {wrong}\n"
        f"sentences without sound found to be so: {counts['told']} of {counts['missing']}"
    )


@dataclass(frozen=True)
class Cut:
    """A clip that could be kept, whether its transcript is right, and what it would be kept by."""

    right: bool
    score: float
    worst_word: float


def cut(found: Alignment, sentences: list[Sentence]) -> list[Cut]:
    """Clips that nothing but their scores speaks against."""
    said = [
        (x.start_s + at, word) for x in sentences if x.in_sound for word, at in zip(x.words, x.reference, strict=True)
    ]
    cuts = []
    for clip in plan_clips(found, ClipRules(least_score=-np.inf)):
        if not clip.reason:
            own = [word for at, word in said if clip.start_s - 0.1 <= at < clip.end_s + 0.05]
            cuts.append(Cut(clip.text.split() == own, clip.score, min(word.score or 0.0 for word in clip.words)))
    return cuts


def trade_off(cuts: list[Cut]) -> None:
    right, wrong = ([one for one in cuts if one.right == kind] for kind in (True, False))
    print(f"{len(right)} clips with the right transcript, {len(wrong)} with a wrong one")
    print("share of wrong ones kept / of right ones lost, by the lowest score of a word (rows) and of a clip (columns)")
    scores = (-np.inf, -2.0, -1.5, -1.0, -0.75, -0.5, -0.4, -0.3, -0.2)
    print("       " + "".join(f"{score:>15}" for score in scores))
    for least_word in (-np.inf, -6.0, -5.0, -4.0, -3.0, -2.5, -2.0, -1.0):
        shares = []
        for least in scores:
            kept = [[one.score >= least and one.worst_word >= least_word for one in some] for some in (wrong, right)]
            shares.append(f"{np.mean(kept[0]):6.1%} /{1 - np.mean(kept[1]):6.1%}")
        print(f"{least_word:>7}" + "".join(f"{share:>15}" for share in shares))


def peer(session: Session, path: Path, sentences: list[Sentence]) -> None:
    """The start of each sentence's first character by ctc-segmentation, which places every sentence somewhere."""
    import ctc_segmentation as ctc

    tokens = session.card.tokens
    started_s = time.monotonic()
    emission = FileAcousticModel(session).emit_file(path)
    network_s = time.monotonic() - started_s
    log_probabilities = np.log(np.maximum(emission.probabilities_TV, 1e-20))
    config = ctc.CtcSegmentationParameters(
        char_list=[*tokens.labels, "ε"], blank=tokens.blank, index_duration=emission.frame_s
    )
    in_text = [one for one in sentences if one.in_text]
    text = [np.array(tokens.encode(" ".join(one.written))) for one in in_text]
    before_mb, started_s = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.monotonic()
    matrix, begins = ctc.prepare_token_list(config, text)
    timings, _, _ = ctc.ctc_segmentation(config, log_probabilities, matrix)
    took_s, after_mb = time.monotonic() - started_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    starts = [timings[begin + 1] for begin in begins[:-1]]
    pairs = [(abs(at - s.start_s - s.reference[0]), s) for at, s in zip(starts, in_text, strict=True) if s.in_sound]
    exact_100, exact_30 = (sum(error_s <= limit_s for error_s, _ in pairs) for limit_s in (0.1, 0.03))
    right = [error_s for error_s, s in pairs if s.words[0] == s.written[0]]
    print(f"ctc-segmentation: {took_s:.1f} s after {network_s:.1f} s of network, {after_mb - before_mb:.0f} MB more")
    print(f"  sentences within 100 ms: {exact_100} of {len(pairs)}; within 30 ms: {exact_30}; told as missing: none")
    print(f"  whose first word the text has right, within 100 ms: {sum(e <= 0.1 for e in right)} of {len(right)}")


def report_missing(sentences: list[Sentence], found: Alignment) -> None:
    no_text = [one for one in sentences if not one.in_text]
    covered = [
        sum(max(0.0, min(f.end_s, one.end_s) - max(f.start_s, one.start_s)) for f in found.foreign) for one in no_text
    ]
    shares = ", ".join(f"{c / (one.end_s - one.start_s):.0%}" for c, one in zip(covered, no_text, strict=True))
    print(f"share of the sound of sentences without text that is reported (their silences are not): {shares}")
    wrong_s = sum(f.end_s - f.start_s for f in found.foreign) - sum(covered)
    print(f"other sound reported as not in the text: {wrong_s:.1f} s")


def long_recording(
    session: Session, samples: list[Sample], hours: float, options: AlignOptions, draw: random.Random
) -> None:
    """All clips again and again, each time in another order, so that the text does not repeat for long."""
    length_s = sum(len(read(sample)) for sample in samples) / RATE_HZ
    order = [s for _ in range(max(1, round(hours * 3600 / length_s))) for s in draw.sample(samples, len(samples))]
    text = Script((tuple(tuple(sample.transcript.split()) for sample in order),))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "long.wav")
        writer = multiprocessing.get_context("spawn").Process(target=write_long, args=(path, order))
        writer.start()  # in a process of its own: only the memory of the alignment counts here
        writer.join()
        before = resource.getrusage(resource.RUSAGE_SELF)
        started_s = time.monotonic()
        found = align(session, path, text, options)
        took_s = time.monotonic() - started_s
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{found.duration_s / 3600:.2f} h of sound, {len(found.words)} words, {found.anchors} anchors")
    print(f"{took_s:.0f} s ({found.duration_s / took_s:.0f} × real time), CPU {cpu_s:.0f} s")
    print(f"peak memory {after.ru_maxrss / 1024:.0f} MB; before the alignment {before.ru_maxrss / 1024:.0f} MB")
    print(f"words found: {sum(word.found for word in found.words) / len(found.words):.2%}")


def write_long(path: Path, order: list[Sample]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for sample in order:
            file.writeframes((np.clip(read(sample), -1, 1) * 32767).astype("<i2").tobytes())


def faults(session: Session, samples: list[Sample], count: int, draw: random.Random) -> None:
    while True:
        picked = draw.sample(range(len(samples)), count)
        texts = [samples[place].transcript for place in picked]
        given = [*texts[1:], texts[0]]
        if all(a != b for a, b in zip(texts, given, strict=True)):
            break
    for place, text in zip(picked, given, strict=True):
        old = samples[place]
        samples[place] = Sample(old.id, old.audio, text, old.size_bytes)
    swapped = {samples[place].id for place in picked}
    started_s = time.monotonic()
    order = [fit.sample.id for fit in sorted(rank(session, samples), key=lambda fit: fit.score)]
    hits = sum(one in swapped for one in order[: 2 * count])
    print(f"{hits} of {count} swapped transcripts among the first {2 * count} of {len(order)} clips")
    print(f"their places: {[place for place, one in enumerate(order, 1) if one in swapped]}")
    print(f"{time.monotonic() - started_s:.0f} s")


if __name__ == "__main__":
    main()
