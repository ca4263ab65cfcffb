"""`deepspeech lm build`, `package`, `inspect` and `score`: scorers from text, and what is in them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.shared_options import PackagedAlpha, PackagedBeta, SubwordsFile


def build(
    text: Annotated[
        list[Path],
        typer.Option(
            help="Text to learn from: a sentence a line, or a data set or table with transcripts "
            "(.csv, .tsv, .jsonl …), all plain or .gz; - for stdin."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="What to make: FILE.scorer; FILE.klm, FILE.binary or FILE.arpa alone."),
    ],
    alphabet: Annotated[Path | None, typer.Option(help="The alphabet.txt of the model; words need it.")] = None,
    subwords: SubwordsFile = None,
    order: Annotated[int, typer.Option(help="Words looked at together.")] = 5,
    top_k: Annotated[int, typer.Option(help="Keep so many words, the most frequent ones; 0: all.")] = 500_000,
    prune: Annotated[
        list[str] | None,
        typer.Option(
            help="For each order: leave out n-grams that occur so often or less; the last is repeated.  "
            "[default: 0 0 1]",
            show_default=False,
        ),
    ] = None,
    memory: Annotated[str, typer.Option(help="Memory to use, about; the rest goes to disk: 75% or 2GB.")] = "75%",
    temporary: Annotated[Path | None, typer.Option(help="Folder for what does not fit into memory.")] = None,
    normalize: Annotated[
        list[str] | None,
        typer.Option(
            help="lower: small letters; nfc: composed letters; letters: punctuation outside the alphabet "
            "becomes space, lines with other such characters are left out; none.  [default: all that suit the "
            "alphabet]",
            show_default=False,
        ),
    ] = None,
    alpha: PackagedAlpha = None,
    beta: PackagedBeta = None,
    bytes_mode: Annotated[
        bool, typer.Option("--bytes", help="For a network that gives bytes: characters instead of words.")
    ] = False,
    discount_fallback: Annotated[
        bool, typer.Option("--discount-fallback", help="Go on where the text is too small to estimate discounts.")
    ] = False,
    arpa: Annotated[Path | None, typer.Option(help="Write the model as ARPA text too.")] = None,
    binary_type: Annotated[str, typer.Option(help="trie: small; probing: quicker, several times as large.")] = "trie",
    quantize: Annotated[int, typer.Option(help="Bits for each probability in a trie; 0: all 32.")] = 8,
    array_bits: Annotated[int, typer.Option(help="Bits of a trie's pointers kept apart; 0: none.")] = 255,
) -> None:
    """Make a scorer from text: the words of a language and their order.

    Transcripts that the model was trained on make a start; more text of the same kind makes it better.

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
        Path, typer.Argument(help="A KenLM binary, an ARPA text, or a .scorer to get another dictionary.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .scorer to write.")],
    alphabet: Annotated[Path | None, typer.Option(help="The alphabet.txt of the model; words need it.")] = None,
    subwords: SubwordsFile = None,
    vocab: Annotated[
        Path | None,
        typer.Option(help="The words that may be recognised, in a text; the model's own where it names them."),
    ] = None,
    alpha: PackagedAlpha = None,
    beta: PackagedBeta = None,
    bytes_mode: Annotated[
        bool, typer.Option("--bytes", help="For a network that gives bytes: the vocabulary is characters.")
    ] = False,
) -> None:
    """Make a scorer of a language model that is there already.

    Example: deepspeech lm package lm.arpa --alphabet alphabet.txt --output my.scorer
    """
    from deepspeech.cli.lm_texts import read_lines
    from deepspeech.lm.build import BuildOptions, describe_package, package_model

    end_tidily()
    words = [word for line in read_lines([vocab]) for word in line.split()] if vocab else None
    characters = spelling(alphabet, subwords)
    options = BuildOptions(weights=_weights(alpha, beta))
    done = package_model(model, words, output, _tokens(characters, bytes_mode), options)
    print("\n".join(describe_package(done, options.weights)))


def inspect(
    file: Annotated[Path, typer.Argument(help="A .scorer, a KenLM binary or an ARPA text.")],
    alphabet: Annotated[Path | None, typer.Option(help="An alphabet.txt: to see words, and whether it fits.")] = None,
    subwords: SubwordsFile = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What a scorer or a language model holds, and whether an alphabet fits it.

    The exit code is 1 where the alphabet does not fit.

    Example: deepspeech lm inspect my.scorer --alphabet alphabet.txt
    """
    import json

    from deepspeech.lm.examine import examine, page

    examined = examine(file, spelling(alphabet, subwords))
    print(json.dumps(examined.to_dict(), indent=2, ensure_ascii=False) if json_output else page(examined))
    if examined.fault:
        raise typer.Exit(1)


def score(
    file: Annotated[Path, typer.Argument(help="A .scorer, a KenLM binary or an ARPA text.")],
    text: Annotated[
        list[Path] | None, typer.Option(help="Texts, a sentence a line; standard input by default.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON: the sums alone.")] = False,
) -> None:
    """How probable a language model finds sentences: log10 of each, then the perplexity of all.

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
    """Those given, else those of the released English scorer."""
    from deepspeech.lm.package import Weights

    weights = {name: value for name, value in (("alpha", alpha), ("beta", beta)) if value is not None}
    return Weights(**weights)


def spelling(alphabet: Path | None, subwords: Path | None) -> Any:
    """The characters in which words are spelled; None where no file names them."""
    from deepspeech.errors import ConfigError
    from deepspeech.modelfile.vocabulary import read_vocabulary
    from deepspeech.text.tokens import Characters

    if alphabet and subwords:
        raise ConfigError("--alphabet and --subwords name two models; leave one of them out")
    if subwords:
        return read_vocabulary(subwords).characters
    return Characters.from_file(alphabet) if alphabet else None


def _tokens(characters: Any, bytes_mode: bool) -> Any:
    """The token set of the network that a scorer is for."""
    from deepspeech.text.tokens import Utf8Bytes

    return Utf8Bytes() if bytes_mode else characters


def end_tidily() -> None:
    """Let a plain kill clear temporary files away, as Ctrl-C does."""
    import signal
    import sys

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
