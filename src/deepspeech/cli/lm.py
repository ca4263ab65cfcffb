"""`deepspeech lm build`, `package`, `inspect` and `score`: build language models and scorers, and inspect them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.shared_options import PackagedAlpha, PackagedBeta, SubwordsFile


def build(
    text: Annotated[
        list[Path],
        typer.Option(
            help="Estimate from this text: one sentence per line, or a data set or table with transcripts "
            "(.csv, .tsv, .jsonl …), plain or .gz; - for stdin."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Write FILE.scorer, or only the model: FILE.klm, FILE.binary or FILE.arpa."
        ),
    ],
    alphabet: Annotated[
        Path | None, typer.Option(help="Read the alphabet.txt of the acoustic model; required for words.")
    ] = None,
    subwords: SubwordsFile = None,
    order: Annotated[int, typer.Option(help="Set the n-gram order.")] = 5,
    top_k: Annotated[int, typer.Option(help="Keep this many of the most frequent words; 0: all.")] = 500_000,
    prune: Annotated[
        list[str] | None,
        typer.Option(
            help="For each order: prune n-grams with this count or less; the last value is repeated.  [default: 0 0 1]",
            show_default=False,
        ),
    ] = None,
    memory: Annotated[
        str, typer.Option(help="Limit memory, approximately: 75% or 2GB; the rest goes to disk.")
    ] = "75%",
    temporary: Annotated[
        Path | None, typer.Option(help="Use this folder for data that does not fit into memory.")
    ] = None,
    normalize: Annotated[
        list[str] | None,
        typer.Option(
            help="Normalize text: lower: lowercase; nfc: compose characters; letters: replace punctuation outside the "
            "alphabet with spaces and skip lines with other such characters; none.  [default: all that suit the "
            "alphabet]",
            show_default=False,
        ),
    ] = None,
    alpha: PackagedAlpha = None,
    beta: PackagedBeta = None,
    bytes_mode: Annotated[
        bool, typer.Option("--bytes", help="Build for a network of UTF-8 bytes: characters instead of words.")
    ] = False,
    discount_fallback: Annotated[
        bool, typer.Option("--discount-fallback", help="Use fixed discounts if the text is too small to estimate them.")
    ] = False,
    arpa: Annotated[Path | None, typer.Option(help="Write the model as an ARPA file, too.")] = None,
    binary_type: Annotated[
        str, typer.Option(help="Choose trie (small) or probing (faster, several times as large).")
    ] = "trie",
    quantize: Annotated[int, typer.Option(help="Quantize probabilities of a trie to this many bits; 0: no.")] = 8,
    array_bits: Annotated[
        int, typer.Option(help="Compress pointers of a trie with arrays of this many bits; 0: no.")
    ] = 255,
) -> None:
    """Build a scorer (n-gram language model and vocabulary) from text.

    The training transcripts are a start; more text of the same domain improves it.

    Example: deepspeech lm build --text train.csv --alphabet alphabet.txt --output my.scorer
    """
    import sys
    from tempfile import TemporaryDirectory

    from deepspeech.cli.lm_texts import named_as_input, sources
    from deepspeech.errors import LmError
    from deepspeech.lm.binary import BinaryOptions
    from deepspeech.lm.build import BuildOptions, kind_of_output
    from deepspeech.lm.build import build as make
    from deepspeech.lm.discounts import FALLBACK
    from deepspeech.lm.estimate import EstimateOptions
    from deepspeech.lm.memory import memory_bytes
    from deepspeech.lm.normalize import Normalization
    from deepspeech.lm.prune import parse_thresholds

    end_tidily()
    kind = kind_of_output(output)
    characters = spelling(alphabet, subwords)
    if kind == "scorer" and characters is None and not bytes_mode:
        raise LmError("a scorer for words needs --alphabet, the alphabet.txt of its model (or --subwords, or --bytes)")
    options = BuildOptions(
        estimate=EstimateOptions(
            order=order,
            prune=parse_thresholds(prune or ["0", "0", "1"], order),
            most_frequent=top_k or None,
            discount_fallback=FALLBACK if discount_fallback else None,
            normalization=Normalization.named(normalize, characters),
            memory_bytes=memory_bytes(memory),
            temporary=temporary,
        ),
        binary=BinaryOptions(binary_type, quantize, array_bits),
        weights=_weights(alpha, beta),
        arpa=arpa,
    )
    with TemporaryDirectory(dir=temporary) as folder, named_as_input(text, Path(folder)):
        report = make(sources(text, bytes_mode, Path(folder)), output, _tokens(characters, bytes_mode), options)
    print("\n".join(report))
    if kind == "scorer":
        print(
            f"next: deepspeech evaluate --model MODEL --data TEST.csv --scorer {output}\n"
            f"      deepspeech lm tune --model MODEL --data DEV.csv --scorer {output} --output TUNED.scorer",
            file=sys.stderr,
        )


def package(
    model: Annotated[
        Path, typer.Argument(help="Read this KenLM binary, ARPA file, or .scorer (to replace its vocabulary).")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Write this .scorer.")],
    alphabet: Annotated[
        Path | None, typer.Option(help="Read the alphabet.txt of the acoustic model; required for words.")
    ] = None,
    subwords: SubwordsFile = None,
    vocab: Annotated[
        Path | None,
        typer.Option(help="Read the vocabulary from this text file; the model's own, if stored, by default."),
    ] = None,
    alpha: PackagedAlpha = None,
    beta: PackagedBeta = None,
    bytes_mode: Annotated[
        bool, typer.Option("--bytes", help="Package for a network of UTF-8 bytes: the vocabulary is characters.")
    ] = False,
) -> None:
    """Package an existing language model as a scorer.

    Example: deepspeech lm package lm.arpa --alphabet alphabet.txt --output my.scorer
    """
    from deepspeech.cli.lm_texts import read_lines
    from deepspeech.lm.build import BuildOptions, describe_package, package_model
    from deepspeech.lm.package import Weights

    end_tidily()
    words = [word for line in read_lines([vocab]) for word in line.split()] if vocab else None
    characters = spelling(alphabet, subwords)
    weights = _weights(alpha, beta) or Weights()
    options = BuildOptions(weights=weights)
    done = package_model(model, words, output, _tokens(characters, bytes_mode), options)
    print("\n".join(describe_package(done, weights)))


def inspect(
    file: Annotated[Path, typer.Argument(help="Read this .scorer, KenLM binary or ARPA file.")],
    alphabet: Annotated[Path | None, typer.Option(help="Check this alphabet.txt against it, and show words.")] = None,
    subwords: SubwordsFile = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe a scorer or a language model, and check an alphabet against it.

    The exit code is 1 if the alphabet does not fit.

    Example: deepspeech lm inspect my.scorer --alphabet alphabet.txt
    """
    import json

    from deepspeech.lm.examine import examine, report

    examined = examine(file, spelling(alphabet, subwords))
    print(json.dumps(examined.to_dict(), indent=2, ensure_ascii=False) if json_output else report(examined))
    if examined.fault:
        raise typer.Exit(1)


def score(
    file: Annotated[Path, typer.Argument(help="Read this .scorer, KenLM binary or ARPA file.")],
    text: Annotated[
        list[Path] | None, typer.Option(help="Read these texts, one sentence per line; standard input by default.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON: only the totals.")] = False,
) -> None:
    """Score sentences with a language model: log10 probability of each, then the perplexity of all.

    Example: deepspeech lm score my.scorer --text sentences.txt
    """
    import json

    from deepspeech.cli.lm_texts import read_lines
    from deepspeech.lm.model import LanguageModel, Perplexity

    model, total = LanguageModel.open(file), Perplexity(0, 0, 0, 0.0)
    for line in read_lines(text or [Path("-")]):
        one = model.measure(line)
        total += one
        if not json_output:
            print(f"{one.log10:.4f}\t{line}")
    if json_output:
        known = {"sentences": total.sentences, "words": total.words, "unknown": total.unknown, "log10": total.log10}
        print(json.dumps(known | {"perplexity": total.value}))
    else:
        print(
            f"{total.sentences} sentences, {total.words} words, {total.unknown} of them unknown, "
            f"log10 {total.log10:.4f}, perplexity {total.value:.2f}"
        )


def _weights(alpha: float | None, beta: float | None) -> Any:
    """Alpha and beta, None if neither is set; the default of a single one is that of the released English scorer."""
    from deepspeech.lm.package import Weights

    weights = {name: value for name, value in (("alpha", alpha), ("beta", beta)) if value is not None}
    return Weights(**weights) if weights else None


def spelling(alphabet: Path | None, subwords: Path | None) -> Any:
    """The characters in which words are spelled; None without --alphabet and --subwords."""
    from deepspeech.errors import ConfigError
    from deepspeech.modelfile.vocabulary import read_vocabulary
    from deepspeech.text.tokens import Characters

    if alphabet and subwords:
        raise ConfigError("--alphabet and --subwords exclude each other; leave one of them out")
    if subwords:
        return read_vocabulary(subwords).characters
    return Characters.from_file(alphabet) if alphabet else None


def _tokens(characters: Any, bytes_mode: bool) -> Any:
    """The token set of the network that the scorer is for."""
    from deepspeech.text.tokens import Utf8Bytes

    return Utf8Bytes() if bytes_mode else characters


def end_tidily() -> None:
    """Remove temporary files on SIGTERM, as on Ctrl-C."""
    import signal
    import sys

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
