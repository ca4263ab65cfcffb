"""`deepspeech lm build`: estimate a language model and write it as a scorer."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.lm_options import (
    ModelAlphabet,
    PackagedAlpha,
    PackagedBeta,
    SubwordsFile,
    end_tidily,
    tokens_in,
    tokens_of,
    weights_of,
)
from deepspeech.cli.text_options import takes_text

Texts = Annotated[
    list[Path],
    typer.Option(
        help="Estimate from this text: one sentence per line, or a data set or table with transcripts "
        "(.csv, .tsv, .jsonl …), plain or .gz; - for stdin."
    ),
]
Output = Annotated[
    Path,
    typer.Option("--output", "-o", help="Write FILE.scorer, or only the model: FILE.klm, FILE.binary or FILE.arpa."),
]
Order = Annotated[int, typer.Option(help="Set the n-gram order.")]
TopK = Annotated[int, typer.Option(help="Keep this many of the most frequent words; 0: all.")]
Prune = Annotated[
    list[str] | None,
    typer.Option(
        help="For each order: prune n-grams with this count or less; the last value is repeated.  [default: 0 0 1]",
        show_default=False,
    ),
]
Memory = Annotated[str, typer.Option(help="Limit memory, approximately: 75% or 2GB; the rest goes to disk.")]
Temporary = Annotated[Path | None, typer.Option(help="Use this folder for data that does not fit into memory.")]
Normalize = Annotated[
    list[str] | None,
    typer.Option(
        help="Normalize text: lower: lowercase; nfc: compose characters; letters: replace punctuation outside the "
        "alphabet with spaces and skip lines with other such characters; none.  [default: all that suit the "
        "alphabet]",
        show_default=False,
    ),
]
CardOf = Annotated[
    Path | None,
    typer.Option("--model", "-m", help="Take the alphabet, and how text is normalized, from this model file."),
]
BytesMode = Annotated[
    bool, typer.Option("--bytes", help="Build for a network of UTF-8 bytes: characters instead of words.")
]
DiscountFallback = Annotated[
    bool, typer.Option("--discount-fallback", help="Use fixed discounts if the text is too small to estimate them.")
]
Arpa = Annotated[Path | None, typer.Option(help="Write the model as an ARPA file, too.")]
BinaryType = Annotated[str, typer.Option(help="Choose trie (small) or probing (faster, several times as large).")]
Quantize = Annotated[int, typer.Option(help="Quantize probabilities of a trie to this many bits; 0: no.")]
ArrayBits = Annotated[int, typer.Option(help="Compress pointers of a trie with arrays of this many bits; 0: no.")]


@takes_text
def build(
    text: Texts,
    output: Output,
    alphabet: ModelAlphabet = None,
    subwords: SubwordsFile = None,
    order: Order = 5,
    top_k: TopK = 500_000,
    prune: Prune = None,
    memory: Memory = "75%",
    temporary: Temporary = None,
    normalize: Normalize = None,
    alpha: PackagedAlpha = None,
    beta: PackagedBeta = None,
    bytes_mode: BytesMode = False,
    discount_fallback: DiscountFallback = False,
    arpa: Arpa = None,
    binary_type: BinaryType = "trie",
    quantize: Quantize = 8,
    array_bits: ArrayBits = 255,
    model: CardOf = None,
    text_settings: Any = None,
) -> None:
    """Build a scorer (n-gram language model and vocabulary) from text.

    Start with the training transcripts; more text of the same domain improves the scorer. Tags and entities of HTML
    and marks such as <s> and <unk> are taken out and counted.

    Example: deepspeech lm build --text train.csv --alphabet alphabet.txt --output my.scorer
    """
    from tempfile import TemporaryDirectory

    from deepspeech.cli.lm_texts import named_as_input, sources
    from deepspeech.lm.binary import BinaryOptions
    from deepspeech.lm.build import BuildOptions, kind_of_output
    from deepspeech.lm.build import build as make
    from deepspeech.lm.discounts import FALLBACK
    from deepspeech.lm.estimate import EstimateOptions
    from deepspeech.lm.memory import memory_bytes
    from deepspeech.lm.prune import parse_thresholds

    end_tidily()
    kind = kind_of_output(output)
    characters, bytes_mode, card = tokens_in(model, alphabet, subwords, bytes_mode, kind == "scorer")
    settings = text_settings(card.text if card and not normalize else None)
    estimate = EstimateOptions(
        order=order, prune=parse_thresholds(prune or ["0", "0", "1"], order), most_frequent=top_k or None,
        discount_fallback=FALLBACK if discount_fallback else None, memory_bytes=memory_bytes(memory),
        normalization=normalization_of(normalize, settings, characters), temporary=temporary,
    )  # fmt: skip
    options = BuildOptions(
        estimate=estimate, binary=BinaryOptions(binary_type, quantize, array_bits), weights=weights_of(alpha, beta),
        arpa=arpa,
    )  # fmt: skip
    with TemporaryDirectory(dir=temporary) as folder, named_as_input(text, Path(folder)):
        plain = sources(text, bytes_mode, Path(folder), estimate.normalization)
        report = make(plain, output, tokens_of(characters, bytes_mode), options)
    print("\n".join(report))
    if kind == "scorer":
        _suggest(output)


def normalization_of(normalize: list[str] | None, settings: Any, characters: Any) -> Any:
    """What is done with text, markup first. Raises LmError for --normalize next to settings of text."""
    from dataclasses import replace

    from deepspeech.errors import LmError
    from deepspeech.lm.normalize import Normalization

    if settings and normalize:
        raise LmError("--normalize is of the text of one alphabet, --language and its kin of a language; leave one out")
    steps = Normalization.named(normalize, characters)
    return replace(steps, markup=True, text=settings, tokens=characters)


def _suggest(scorer: Path) -> None:
    """Print the next commands to stderr."""
    import sys

    print(
        f"next: deepspeech evaluate --model MODEL --data TEST.csv --scorer {scorer}\n"
        f"      deepspeech lm tune --model MODEL --data DEV.csv --scorer {scorer} --output TUNED.scorer",
        file=sys.stderr,
    )
