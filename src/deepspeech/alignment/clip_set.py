"""write_clips(): a recording's clips as a data set: wav files, clips.csv, doubtful ones, and a page on them.

In: an Alignment and its recording. Out, in a folder:

    clips.csv, clips/NAME-START-END.wav …         what can be trained on
    doubtful.csv, doubtful/NAME-START-END.wav …   what was left out, with the transcript it was aligned with
    report.html                                   scores over time; doubtful clips to listen to; it saves accepted.csv

START and END are the milliseconds of the words. So a file that is written again holds the same words, and a list of an
earlier run, like one that was accepted by hand, keeps its sounds.
"""

from pathlib import Path

from deepspeech.alignment.clips import Clip, ClipRules, plan_clips
from deepspeech.alignment.cutting import cut
from deepspeech.alignment.report import Doubtful, page
from deepspeech.alignment.result import Alignment
from deepspeech.audio.encode import encode
from deepspeech.audio.formats import write_wav
from deepspeech.audio.sound import Source
from deepspeech.datasets.formats.csv_files import CsvWriter
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError
from deepspeech.files import atomic_open

CLIPS, DOUBTFUL, ACCEPTED, REPORT = "clips", "doubtful", "accepted", "report.html"
_ON_PAGE = 300  # doubtful clips, the worst; more would make it too large


def write_clips(
    alignment: Alignment,
    source: Source,
    folder: Path,
    name: str,
    rate_hz: int,
    rules: ClipRules | None = None,
    speaker: str = "",
    channel: int | None = None,
) -> list[Clip]:
    """Write the clips of a recording to `folder`, which is made, and return all that were planned.

    Wav files are mono, 16 bits, at `rate_hz`. Transcripts are spelled as the network's alphabet spells them. Raises
    AudioError, DataError.
    """
    rules = rules or ClipRules()
    clips = plan_clips(alignment, rules)
    for part in (CLIPS, DOUBTFUL):
        (folder / part).mkdir(parents=True, exist_ok=True)
    on_page = sorted((clip for clip in clips if clip.reason), key=lambda clip: clip.score)[:_ON_PAGE]
    shown, chosen = list[Doubtful](), set(map(id, on_page))
    kept, left_out = (CsvWriter(folder / f"{part}.csv", speakers=bool(speaker)) for part in (CLIPS, DOUBTFUL))
    with kept, left_out:
        for clip, samples in cut(source, clips, rate_hz, channel):
            path = folder / (DOUBTFUL if clip.reason else CLIPS) / f"{name}-{_ms(clip.start_s)}-{_ms(clip.end_s)}.wav"
            size_bytes = write_wav(path, samples, rate_hz)
            (left_out if clip.reason else kept).write(Sample(str(path), path, clip.text, size_bytes, speaker))
            if id(clip) in chosen and len(samples):
                sound = encode(samples, rate_hz, "opus")
                place = path.relative_to(folder).as_posix()
                shown.append(Doubtful(clip, place, size_bytes, sound, "audio/ogg; codecs=opus"))
    shown.sort(key=lambda one: one.clip.score)
    with atomic_open(folder / REPORT, DataError, "w", encoding="utf-8", newline="\n") as file:
        file.write(page(alignment, clips, shown, name, rules.least_score, speaker))
    return clips


def _ms(seconds: float) -> str:
    return f"{round(1000 * seconds):07}"
