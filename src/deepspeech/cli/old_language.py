"""`data/lm/generate_lm.py` and `generate_scorer_package` with their old options, without KenLM."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.main import run
from deepspeech.cli.metavars import Command, with_metavars


def generate_lm() -> None:
    """Run the script of that name."""
    _run(language_model, "generate_lm.py")


def generate_scorer_package() -> None:
    """Run the program of that name."""
    _run(scorer_package, "generate_scorer_package")


def _run(command: Any, name: str) -> None:
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command(name=name, cls=Command)(with_metavars(command))
    click_command = typer.main.get_command(app)
    run(lambda: click_command(args=sys.argv[1:], prog_name=name))


def language_model(
    input_txt: Annotated[
        Path, typer.Option("--input_txt", help="Read this text: one sentence per line, plain or .gz.")
    ],
    output_dir: Annotated[
        Path, typer.Option("--output_dir", help="Write lm.binary and vocab-TOPK.txt to this folder.")
    ],
    top_k: Annotated[int, typer.Option("--top_k", help="Keep this many of the most frequent words.")],
    arpa_order: Annotated[int, typer.Option("--arpa_order", help="Set the n-gram order.")],
    max_arpa_memory: Annotated[str, typer.Option("--max_arpa_memory", help="Limit memory: 85% or 2GB.")],
    arpa_prune: Annotated[
        str, typer.Option("--arpa_prune", help="Set pruning thresholds per order, separated by |: 0|0|1.")
    ],
    binary_a_bits: Annotated[
        int, typer.Option("--binary_a_bits", help="Compress pointers of a trie with arrays of this many bits.")
    ],
    binary_q_bits: Annotated[
        int, typer.Option("--binary_q_bits", help="Quantize probabilities of a trie to this many bits.")
    ],
    binary_type: Annotated[str, typer.Option("--binary_type", help="Choose trie or probing.")],
    kenlm_bins: Annotated[str, typer.Option("--kenlm_bins", help="Ignored: KenLM is not needed.")] = "",
    discount_fallback: Annotated[
        bool, typer.Option("--discount_fallback", help="Use fixed discounts if the text is too small to estimate them.")
    ] = False,
) -> None:
    """Estimate a language model: lm.binary and its vocabulary, for generate_scorer_package.

    `deepspeech lm build` builds a scorer in one step.
    """
    from deepspeech.cli.lm_options import end_tidily
    from deepspeech.errors import LmError
    from deepspeech.files import check_place
    from deepspeech.lm.binary import BinaryOptions, write_binary
    from deepspeech.lm.build import describe_model
    from deepspeech.lm.discounts import FALLBACK
    from deepspeech.lm.estimate import EstimateOptions, estimate
    from deepspeech.lm.memory import memory_bytes
    from deepspeech.lm.normalize import Normalization
    from deepspeech.lm.prune import parse_thresholds

    end_tidily()
    if kenlm_bins:
        print("--kenlm_bins: KenLM's programs are not needed any more")
    if top_k < 1:
        raise LmError(f"--top_k {top_k}: keep at least 1 word")
    binary = BinaryOptions(binary_type, binary_q_bits, binary_a_bits)
    options = EstimateOptions(
        order=arpa_order, prune=parse_thresholds([arpa_prune], arpa_order), most_frequent=top_k,
        discount_fallback=FALLBACK if discount_fallback else None, normalization=Normalization(lower_case=True),
        memory_bytes=memory_bytes(max_arpa_memory),
    )  # fmt: skip
    output_dir.mkdir(parents=True, exist_ok=True)
    model, vocabulary = output_dir / "lm.binary", output_dir / f"vocab-{top_k}.txt"
    check_place(model)
    with estimate([input_txt], options) as ngrams:
        _write_vocabulary(ngrams, vocabulary)
        write_binary(ngrams, model, binary)
        print("\n".join(ngrams.report))
        print(f"{vocabulary}: {ngrams.counts[0] - 3} words, most frequent first")
        print(f"{model}: {describe_model(ngrams, binary)}")


def _write_vocabulary(ngrams: Any, path: Path) -> None:
    """The words to keep, most frequent first, one per line."""
    from deepspeech.errors import LmError
    from deepspeech.files import atomic_path

    words = [word for some in ngrams.words() for word in some]
    with atomic_path(path, LmError) as partial:
        partial.write_text("".join(f"{words[number]}\n" for number in ngrams.frequent), encoding="utf-8")


def scorer_package(
    lm: Annotated[Path, typer.Option("--lm", help="Read this KenLM binary or ARPA file.")],
    vocab: Annotated[Path, typer.Option("--vocab", help="Read the vocabulary, separated by spaces or lines.")],
    package: Annotated[Path, typer.Option("--package", help="Write this .scorer.")],
    default_alpha: Annotated[float, typer.Option("--default_alpha", help="Set the weight of the language model.")],
    default_beta: Annotated[float, typer.Option("--default_beta", help="Set the bonus for each word.")],
    alphabet: Annotated[
        Path | None, typer.Option("--alphabet", help="Read this alphabet.txt; required for words.")
    ] = None,
    force_bytes_output_mode: Annotated[
        str,
        typer.Option("--force_bytes_output_mode", help="Set true or false; by default guessed from the vocabulary."),
    ] = "",
) -> None:
    """Package a KenLM binary and a vocabulary as a .scorer."""
    from deepspeech.errors import LmError
    from deepspeech.lm.build import BuildOptions, describe_package, package_model
    from deepspeech.lm.package import Weights, looks_like_characters
    from deepspeech.text.reading import read_text
    from deepspeech.text.tokens import Characters, Utf8Bytes

    try:
        words = dict.fromkeys(read_text(vocab).split())
    except UnicodeError:
        raise LmError(f"{vocab}: is not UTF-8; convert it first, with iconv for example") from None
    print(f"{len(words)} unique words read from vocabulary file.", file=sys.stderr)
    guess = looks_like_characters(words)
    print(f"{'Looks' if guess else 'Does not look'} like a character based (bytes output) model.", file=sys.stderr)
    forced = _truth(force_bytes_output_mode)
    bytes_mode = guess if forced is None else forced
    if not bytes_mode and alphabet is None:
        raise LmError("No --alphabet file specified, not using bytes output mode, can't continue.")
    characters = Characters.from_file(alphabet) if alphabet else None
    weights = Weights(default_alpha, default_beta)
    tokens = Utf8Bytes() if bytes_mode else characters
    done = package_model(lm, list(words), package, tokens, BuildOptions(weights=weights))
    print("\n".join(describe_package(done, weights)))


def _truth(text: str) -> bool | None:
    from deepspeech.errors import ConfigError

    if not text:
        return None
    if text.lower() in ("true", "t", "1", "yes", "y", "on"):
        return True
    if text.lower() in ("false", "f", "0", "no", "n", "off"):
        return False
    raise ConfigError(f"--force_bytes_output_mode {text}: write true or false")
