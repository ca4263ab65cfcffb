"""Converts data sets between formats; audio that needs no change is copied unchanged.

samples of all sources ─▶ probe ─▶ sort (optional) ─▶ read, augment, encode (optional; threads) ─▶ target
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from deepspeech.audio.encode import CODED, encode, kind_of
from deepspeech.audio.formats import probe, read_audio
from deepspeech.audio.opus_packets import as_ogg
from deepspeech.audio.source import PACKETS, AudioSlice, content_of
from deepspeech.datasets.augment.audible import AudioAugmenter
from deepspeech.datasets.augment.spec import Augmentation
from deepspeech.datasets.check import Fault, for_each, refuse
from deepspeech.datasets.formats.sdb import KINDS
from deepspeech.datasets.formats.targets import LISTS, ListTarget, SdbTarget, Target, TarTarget, suffix_of
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import AudioError, ConfigError, DataError
from deepspeech.pool import ordered_map
from deepspeech.progress import Progress
from deepspeech.text.config import TextConfig
from deepspeech.text.normalize import Normalizer
from deepspeech.text.preview import Preview, preview


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert."""

    audio_type: str = ""  # wav, flac or opus; "": keep formats
    bitrate: int | None = None  # of Opus, in bits per second
    labeled: bool = True
    text: TextConfig = field(default_factory=TextConfig)  # how transcripts are normalized
    sort: bool | None = None  # shortest first; None: only for a .sdb, which the old trainer reads in order
    copy: bool = False  # for CSVs and JSON lines: copy files that need no change, too
    absolute: bool = False  # absolute paths in a CSV
    skip_bad: bool = False
    workers: int = 1
    augmentations: tuple[Augmentation, ...] = ()
    seed: int = 4568
    clock: float = 0.0
    listing: bool = False  # a .tar in the layout of the old data_set_tool
    include: tuple[Path, ...] = ()  # extra files for such an archive

    def __post_init__(self) -> None:
        if self.audio_type and self.audio_type not in CODED:
            raise ConfigError(f"the audio type is '{self.audio_type}'; choose one of {', '.join(CODED)}")
        if self.bitrate is not None and self.bitrate < 1:
            raise ConfigError(f"the bit rate is {self.bitrate}; give bits per second, such as 24000")


@dataclass(frozen=True)
class Converted:
    """Summary of a conversion."""

    samples: int
    duration_s: float
    kinds: dict[str, int]  # samples by format
    coded: int  # re-encoded samples
    faults: tuple[Fault, ...]
    text: Preview | None = None  # what was normalized


@dataclass(frozen=True)
class _Seen:
    """A probed sample: duration and audio format are known."""

    sample: Sample
    kind: str


@dataclass(frozen=True)
class _Sound:
    """A sample with encoded audio; `content` None: the audio stays in its file."""

    sample: Sample
    kind: str
    content: bytes | None
    coded: bool


def convert(sources: Sequence[Path], target: Path, options: ConvertOptions) -> Converted:
    """Write the samples of all `sources` to `target`, in order.

    Raises DataError or AudioError for unreadable sources or audio (unless skipped) or an unwritable target, and then
    leaves no files behind.
    """
    suffix = suffix_of(target)
    for source in sources:
        if source.exists() and target.exists() and source.samefile(target):
            raise ConfigError(f"{target}: is also a source; write to another file")
    samples = [sample for source in sources for sample in read_samples(source, options.labeled)]
    samples, texts = _normalized(samples, options)
    looks = for_each(_look, samples, "probing", options.workers)
    seen, faults = [s for s in looks if isinstance(s, _Seen)], [f for f in looks if isinstance(f, Fault)]
    if not options.skip_bad:
        refuse(faults, "given")
    if not seen:
        raise DataError(f"{sources[0]}: no sample to convert")
    if suffix == ".sdb" if options.sort is None else options.sort:
        seen.sort(key=lambda one: one.sample.duration_s or 0.0)
    augment = AudioAugmenter(options.augmentations, [one.sample for one in seen], options.seed, options.clock)
    wanted = _wanted(suffix, options, {one.kind for one in seen})
    stays = suffix in LISTS and not options.copy and not options.augmentations

    def prepare(one: _Seen) -> _Sound | Fault:
        try:
            return _prepared(one, wanted, stays, augment if options.augmentations else None, options.bitrate)
        except (AudioError, OSError) as error:  # the file may be gone since it was probed
            return _fault(one.sample, error)

    kinds, coded, duration_s = Counter[str](), 0, 0.0
    speakers = any(one.sample.speaker for one in seen)
    with _target(target, suffix, options, wanted, speakers) as writer:
        sounds = ordered_map(prepare, seen, options.workers, name=lambda one: one.sample.id)  # lazily, to bound memory
        for sound in Progress(len(seen), "converting", "clips").over(sounds):
            if isinstance(sound, Fault):
                faults.append(sound)
                refuse([] if options.skip_bad else [sound], "given")
                continue
            writer.write(sound.sample, sound.content, sound.kind)
            kinds["opus" if sound.kind == PACKETS else sound.kind] += 1
            coded += sound.coded
            duration_s += sound.sample.duration_s or 0.0
        if not kinds:
            raise DataError(f"{sources[0]}: no sample could be converted")
    return Converted(kinds.total(), duration_s, dict(kinds), coded, tuple(faults), texts)


def _normalized(samples: list[Sample], options: ConvertOptions) -> tuple[list[Sample], Preview | None]:
    """The samples with normalized transcripts, and what changed. A sample whose text is empty then stays."""
    if not (options.text and options.labeled):
        return samples, None
    texts, found = preview((sample.transcript for sample in samples), Normalizer(options.text))
    return [replace(sample, transcript=text) for sample, text in zip(samples, texts, strict=True)], found


def _look(sample: Sample) -> _Seen | Fault:
    try:
        info = probe(sample.audio)
    except AudioError as error:
        return _fault(sample, error)
    return _Seen(replace(sample, duration_s=info.duration_s), kind_of(info))


def _fault(sample: Sample, error: AudioError | OSError) -> Fault:
    return Fault(sample, str(error).removeprefix(f"{sample.audio}: "))


def _wanted(suffix: str, options: ConvertOptions, kinds: set[str]) -> str:
    """Audio format to write; "": keep each."""
    if suffix != ".sdb":
        return options.audio_type
    if options.audio_type:
        return PACKETS if options.audio_type == "opus" else options.audio_type
    # A database holds one audio format.
    return next(iter(kinds)) if len(kinds) == 1 and kinds <= set(KINDS.values()) else "wav"


def _prepared(one: _Seen, wanted: str, stays: bool, augment: AudioAugmenter | None, bitrate: int | None) -> _Sound:
    """The audio of a sample as it will be written. Raises AudioError."""
    sample, kind = one.sample, one.kind
    target = wanted or {PACKETS: "opus", "": "wav"}.get(kind, kind)
    if augment is None and (kind == target or (kind, target) == (PACKETS, "opus")):
        if stays and not isinstance(sample.audio, AudioSlice):
            return _Sound(replace(sample, size_bytes=_read_size(sample)), target, None, False)
        content = content_of(sample.audio)
        return _Sound(sample, target, content if kind == target else as_ogg(content, str(sample.audio)), False)
    samples, rate_hz = read_audio(sample.audio)
    if augment is not None:
        samples = augment(samples, rate_hz, sample)
        sample = replace(sample, duration_s=len(samples) / rate_hz)
    # Formats without an encoder here, such as mp3, become wav if re-encoded.
    target = target if target in (*CODED, PACKETS) else "wav"
    return _Sound(sample, target, encode(samples, rate_hz, target, bitrate), True)


def _read_size(sample: Sample) -> int:
    audio = sample.audio
    return audio.size if isinstance(audio, AudioSlice) else sample.size_bytes or audio.stat().st_size


def _target(
    path: Path, suffix: str, options: ConvertOptions, kind: str, speakers: bool
) -> AbstractContextManager[Target]:
    if suffix in LISTS:
        return ListTarget(path, options.labeled, options.absolute, speakers)
    if suffix == ".sdb":
        return SdbTarget(path, kind, options.labeled)
    return TarTarget(path, options.labeled, options.listing, options.include)
