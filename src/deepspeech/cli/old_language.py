"""`data/lm/generate_lm.py` and `generate_scorer_package` with their old options; no KenLM programs are needed."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.main import run


def generate_lm() -> None:
    """The script of that name."""
    _run(language_model, "generate_lm.py")


def generate_scorer_package() -> None:
    """The program of that name."""
    _run(scorer_package, "generate_scorer_package")


def _run(command: Any, name: str) -> None:
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command(name=name)(command)
    click_command = typer.main.get_command(app)
    run(lambda: click_command(args=sys.argv[1:], prog_name=name))


def language_model(
    input_txt: Annotated[Path, typer.Option("--input_txt", help="Text, a sentence a line, plain or .gz.")],
    output_dir: Annotated[Path, typer.Option("--output_dir", help="Folder for lm.binary and vocab-TOPK.txt.")],
    top_k: Annotated[int, typer.Option("--top_k", help="Keep the so many most frequent words.")],
    arpa_order: Annotated[int, typer.Option("--arpa_order", help="Words looked at together.")],
    max_arpa_memory: Annotated[str, typer.Option("--max_arpa_memory", help="Memory to use: 85% or 2GB.")],
    arpa_prune: Annotated[str, typer.Option("--arpa_prune", help="Thresholds of the orders, with | between: 0|0|1.")],
    binary_a_bits: Annotated[int, typer.Option("--binary_a_bits", help="Bits of a trie's pointers kept apart.")],
    binary_q_bits: Annotated[int, typer.Option("--binary_q_bits", help="Bits of each probability in a trie.")],
    binary_type: Annotated[str, typer.Option("--binary_type", help="trie or probing.")],
    kenlm_bins: Annotated[str, typer.Option("--kenlm_bins", help="Accepted; nothing of KenLM is needed.")] = "",
    discount_fallback: Annotated[
        bool, typer.Option("--discount_fallback", help="Go on where the text is too small to estimate discounts.")
    ] = False,
) -> None:
    """The language model of a text: lm.binary and its words, for generate_scorer_package.

    `deepspeech lm build` makes a scorer at once.
    """
    from deepspeech.cli.lm import end_tidily
    from deepspeech.errors import LmError
    from deepspeech.files import atomic_path, check_place
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
        order=arpa_order,
        prune=parse_thresholds([arpa_prune], arpa_order),
        most_frequent=top_k,
        discount_fallback=FALLBACK if discount_fallback else None,
        normalization=Normalization(lower_case=True),
        memory_bytes=memory_bytes(max_arpa_memory),
    )
    output_dir.mkdir(parents=True, exist_ok=True)
    model, vocabulary = output_dir / "lm.binary", output_dir / f"vocab-{top_k}.txt"
    check_place(model)
    with estimate([input_txt], options) as ngrams:
        words = [word for some in ngrams.words() for word in some]
        with atomic_path(vocabulary, LmError) as partial:
            partial.write_text("".join(f"{words[number]}\n" for number in ngrams.frequent), encoding="utf-8")
        write_binary(ngrams, model, binary)
        print("\n".join(ngrams.report))
        print(f"{vocabulary}: {ngrams.counts[0] - 3} words, most frequent first")
        print(f"{model}: {describe_model(ngrams, binary)}")


def scorer_package(
    lm: Annotated[Path, typer.Option("--lm", help="A KenLM binary of any type, or an ARPA text.")],
    vocab: Annotated[Path, typer.Option("--vocab", help="The words that may be recognised, spaces or lines between.")],
    package: Annotated[Path, typer.Option("--package", help="The .scorer to write.")],
    default_alpha: Annotated[float, typer.Option("--default_alpha", help="Weight of the language model.")],
    default_beta: Annotated[float, typer.Option("--default_beta", help="Bonus for each word.")],
    alphabet: Annotated[Path | None, typer.Option("--alphabet", help="The alphabet.txt; words need it.")] = None,
    force_bytes_output_mode: Annotated[
        str, typer.Option("--force_bytes_output_mode", help="true or false, instead of a guess from the vocabulary.")
    ] = "",
) -> None:
    """A .scorer of a KenLM binary and a list of words."""
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
