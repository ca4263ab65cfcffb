"""The front door: `deepspeech COMMAND …`, and the old scripts' names.

In: a command line. Out: results on stdout, progress and errors on stderr, an exit code: 0 done, 1 ran but the answer
is bad (an export whose transcripts differ, data with faults), 2 the request was wrong. Commands import their rooms
inside their functions, so that help is quick and a light installation can show it.
"""

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec

import typer

from deepspeech.cli.convert import convert
from deepspeech.cli.data import data
from deepspeech.cli.doctor import doctor
from deepspeech.cli.evaluate import evaluate
from deepspeech.cli.export import export
from deepspeech.cli.import_corpus import CorpusGroup
from deepspeech.cli.lm import build, inspect, package, score
from deepspeech.cli.lm_tune import tune
from deepspeech.cli.many_values import ManyValues
from deepspeech.cli.mic import mic
from deepspeech.cli.old_client import client, is_old
from deepspeech.cli.plot import plot
from deepspeech.cli.train import train
from deepspeech.cli.transcribe import transcribe
from deepspeech.errors import DeepSpeechError
from deepspeech.printable import printable_output

_TRAINER_PARTS = {"torch", "safetensors", "absl", "rapidfuzz", "duckdb", "optuna", "matplotlib"}

app = typer.Typer(
    name="deepspeech",
    help="Train and run your own speech recogniser, offline, in your own language.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes cut long option names
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (train, plot, evaluate, export, convert, transcribe, mic, doctor):
    app.command()(command)
corpora = typer.Typer(cls=CorpusGroup, rich_markup_mode=None)
app.add_typer(corpora, name="import", help="Prepare a corpus for training.", no_args_is_help=True)
app.add_typer(data, name="data", help="Data sets: look them over, split them, count them.", no_args_is_help=True)
lm = typer.Typer(rich_markup_mode=None)
app.add_typer(lm, name="lm", help="Scorers: words and their order.", no_args_is_help=True)
lm.command(cls=ManyValues)(build)
lm.command()(package)
lm.command()(inspect)
lm.command(cls=ManyValues)(score)
lm.command()(tune)


@printable_output()
def run(action: Callable[[], object]) -> None:
    """Run a door's action; turn what users and machines can cause into one line on stderr and an exit code."""
    try:
        action()
    except DeepSpeechError as error:
        sys.exit(_say(str(error)))
    except ImportError as error:
        if error.name not in _TRAINER_PARTS and find_spec("deepspeech.training"):
            raise
        part = error.name if error.name in _TRAINER_PARTS else "the trainer's part"
        sys.exit(_say(f"this command needs {part}, which is not installed here: pip install deepspeech"))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; nothing more to say
        sys.exit(0)
    except OSError as error:
        if error.filename is None and error.strerror is None:
            raise
        sys.exit(_say(f"{error.filename or 'file system'}: {error.strerror}"))


def _say(message: str) -> int:
    print(f"deepspeech: {message}", file=sys.stderr)
    return 2


def main() -> None:
    """The `deepspeech` command; with the old client's options instead of a command, the old client."""
    arguments = sys.argv[1:]
    run((lambda: client(arguments)) if is_old(arguments) else app)
