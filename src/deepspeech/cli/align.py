"""`deepspeech align SOUND TEXT`: when each word of a text is said in a recording, and clips to train on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.shared_options import ModelFile
from deepspeech.cli.text_options import takes_text
from deepspeech.printable import in_line

Sound = Annotated[
    Path, typer.Argument(metavar="RECORDING", help="Read this recording, of any length, rate and format.")
]
Text = Annotated[
    Path,
    typer.Argument(metavar="TRANSCRIPT", help="Read its text: plain text, .srt, .vtt, or .csv (column transcript)."),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write files to this folder, not to the terminal.")]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT[,FORMAT…]",
        help="Write json, tsv, ctm, textgrid (Praat), audacity, srt, vtt or eaf (ELAN); several with commas.",
    ),
]
Lines = Annotated[bool, typer.Option("--lines", help="Take each line of the text as a sentence.")]
Spellings = Annotated[
    Path | None, typer.Option(help="Read how words are spoken from this file: WORD, a tab, spoken words, on each line.")
]
ChannelOption = Annotated[int | None, typer.Option(help="Select a channel, from 0; all are averaged by default.")]
Greedy = Annotated[bool, typer.Option("--greedy", help="Find anchors without a language model of the text: faster.")]
AllSpoken = Annotated[
    bool,
    typer.Option(
        "--all-spoken", help="Leave no text out: for a weak first model and a text that is read from beginning to end."
    ),
]
Clips = Annotated[
    bool, typer.Option("--clips", help="Cut clips to train on, with clips.csv and a page to listen to doubtful ones.")
]
MinS = Annotated[float, typer.Option("--min-s", help="Leave out shorter clips: seconds.")]
MaxS = Annotated[float, typer.Option("--max-s", help="Cut longer clips: seconds.")]
PadS = Annotated[float, typer.Option("--pad-s", help="Keep this much silence around clips: seconds.")]
MinScore = Annotated[float, typer.Option(max=0, help="Leave out clips with a lower score.")]
Speaker = Annotated[str, typer.Option(help="Write this name into the column speaker of clips.csv.")]
Cores = Annotated[int | None, typer.Option(min=1, help="Use this many cores; all by default.")]


@takes_text
def align(
    sound: Sound,
    text: Text,
    model: ModelFile,
    output: Output = None,
    form: Format = "json",
    lines: Lines = False,
    spellings: Spellings = None,
    channel: ChannelOption = None,
    greedy: Greedy = False,
    all_spoken: AllSpoken = False,
    clips: Clips = False,
    min_s: MinS = 1.0,
    max_s: MaxS = 15.0,
    pad_s: PadS = 0.3,
    min_score: MinScore = -0.5,
    speaker: Speaker = "",
    cores: Cores = None,
    text_settings: Any = None,
) -> None:
    """Align a recording with its text: when each word is said.

    Gives start, end and score of each word, sentence and paragraph. Text that is not in the sound and sound that is not
    in the text are reported. Words that the model's alphabet cannot write, such as figures, may be any sound, unless
    --spellings or --language says how they are spoken.

    Example: deepspeech align --model model.onnx book.mp3 book.txt --format srt

    Example: deepspeech align --model model.onnx book.mp3 book.txt --output aligned --format json,textgrid

    Example: deepspeech align --model model.onnx book.mp3 book.txt --output aligned --clips --speaker ann
    """
    from deepspeech.alignment.align import AlignOptions
    from deepspeech.alignment.align import align as align_text
    from deepspeech.alignment.clip_set import write_clips
    from deepspeech.alignment.clips import ClipRules
    from deepspeech.alignment.outputs import FORMATS
    from deepspeech.alignment.spelling import SpellingRule, read_spellings
    from deepspeech.cli.models import model_file
    from deepspeech.runtime.session import Session

    forms = _checked(form, output, clips)
    rules = ClipRules(min_s, max_s, pad_s=pad_s, least_score=min_score)
    session = Session(model_file(model))
    rule = SpellingRule(
        session.card.tokens, read_spellings(spellings) if spellings else {}, text_settings(session.card.text)
    )
    options = AlignOptions("lines" if lines else "sentences", channel, cores, greedy, all_spoken)
    found = align_text(session, sound, text, options, rule)
    _write(found, output, sound.stem, {FORMATS[one] for one in forms})
    code = _sum_up(found)
    if clips and output is not None:
        cut = write_clips(
            found, sound, output, sound.stem, session.card.features.sample_rate_hz, rules, speaker, channel
        )
        _sum_up_clips(cut, output)
    if code:
        raise typer.Exit(code)


def _checked(form: str, output: Path | None, clips: bool) -> list[str]:
    """The names of formats. Raises ConfigError."""
    from deepspeech.alignment.outputs import FORMATS
    from deepspeech.errors import ConfigError

    forms = [one.strip() for one in form.split(",")]
    for one in forms:
        if one not in FORMATS:
            raise ConfigError(f"--format is '{one}'; choose of {', '.join(FORMATS)}")
    if output is None and len(forms) > 1:
        raise ConfigError("several formats need a folder; name one with --output")
    if output is None and clips:
        raise ConfigError("--clips writes files; name a folder with --output")
    return forms


def _write(found: Any, output: Path | None, name: str, forms: Any) -> None:
    """Write each form to a file, or where there is no folder the only one to the terminal."""
    from deepspeech.files import atomic_open

    if output is None:
        for _, writer in forms:
            print(writer(found), end="")
        return
    output.mkdir(parents=True, exist_ok=True)
    for suffix, writer in forms:
        with atomic_open(output / f"{name}{suffix}", None, "w", encoding="utf-8", newline="\n") as file:
            file.write(writer(found))


def _sum_up(found: Any) -> int:
    """Say on stderr how much of the text and of the sound was found. Returns the exit code."""
    import sys

    from deepspeech.progress import duration

    words = found.words
    said, missing = sum(word.found for word in words), [sentence.text for sentence in found.missing]
    foreign_s = sum(one.end_s - one.start_s for one in found.foreign)
    parts = [f"{said} of {len(words)} words found in {duration(found.duration_s)} of sound"]
    if missing:
        parts.append(f"{len(missing)} of {len(found.sentences)} sentences are not there (first: {missing[0][:60]})")
    if wild := [word.text for word in words if not word.spoken]:
        parts.append(f"{len(wild)} words are wildcards that any sound fits (first: {wild[0][:40]}; see --spellings)")
    if foreign_s:
        parts.append(f"{foreign_s:.1f} s of sound is not in the text")
    if found.warning:
        parts.append(f"the recording is incomplete: {found.warning}")
    print(f"deepspeech: {in_line('; '.join(parts))}", file=sys.stderr)
    if found.misfit:
        print(f"deepspeech: {in_line(found.misfit)}", file=sys.stderr)
    return 2 if found.warning else 1 if found.misfit else 0


def _sum_up_clips(clips: Any, output: Path) -> None:
    import sys

    from deepspeech.progress import duration

    kept = [clip for clip in clips if not clip.reason]
    kept_s = duration(sum(clip.end_s - clip.start_s for clip in kept))
    print(
        f"deepspeech: {len(kept)} of {len(clips)} clips, {kept_s}, in {output / 'clips.csv'}; listen to the others in "
        f"{output / 'report.html'}",
        file=sys.stderr,
    )
