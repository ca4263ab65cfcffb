"""`deepspeech lm package`, `inspect` and `score`: package language models as scorers, and inspect them."""

from pathlib import Path
from typing import Annotated

import typer

from deepspeech.cli.lm_options import (
    ModelAlphabet,
    PackagedAlpha,
    PackagedBeta,
    SubwordsFile,
    end_tidily,
    spelling,
    tokens_of,
    weights_of,
)


def package(
    model: Annotated[
        Path, typer.Argument(help="Read this KenLM binary, ARPA file, or .scorer (to replace its vocabulary).")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Write this .scorer.")],
    alphabet: ModelAlphabet = None,
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
    weights = weights_of(alpha, beta) or Weights()
    done = package_model(model, words, output, tokens_of(characters, bytes_mode), BuildOptions(weights=weights))
    print("\n".join(describe_package(done, weights)))


def inspect(
    file: Annotated[Path, typer.Argument(help="Read this .scorer, KenLM binary or ARPA file.")],
    alphabet: Annotated[Path | None, typer.Option(help="Check this alphabet.txt against it, and show words.")] = None,
    subwords: SubwordsFile = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe a scorer or a language model.

    Checks an alphabet against a scorer, and every line of an ARPA file; the exit code is 1 if there is a fault.

    Example: deepspeech lm inspect my.scorer --alphabet alphabet.txt
    """
    import json

    from deepspeech.lm.examine import examine, report

    examined = examine(file, spelling(alphabet, subwords), _read_arpa)
    print(json.dumps(examined.to_dict(), indent=2, ensure_ascii=False) if json_output else report(examined))
    if examined.fault:
        raise typer.Exit(1)


def _read_arpa(file: Path) -> None:
    """Read an ARPA file as `package` does. Raises LmError."""
    from deepspeech.lm.arpa import read_arpa

    read_arpa(file).close()


def score(
    file: Annotated[Path, typer.Argument(help="Read this .scorer, KenLM binary or ARPA file.")],
    text: Annotated[
        list[Path] | None, typer.Option(help="Read these texts, one sentence per line; standard input by default.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON: only the totals.")] = False,
) -> None:
    """Score sentences with a language model.

    Prints the log10 probability of each, then the perplexity of all.

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
