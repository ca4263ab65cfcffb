"""Entry point of the `deepspeech` command: assembles its subcommands, reports errors, sets exit codes.

In: a command line. Out: results on stdout, progress and errors on stderr. Exit codes: 0 success; 1 a negative result
(data with faults); 2 a user error; 70 a bug of this program, with a request to report it (a traceback only with
DEEPSPEECH_TRACEBACK=1). Commands import packages inside their functions, so that --help is fast and works in a light
installation.
"""

import os
import shlex
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer

from deepspeech.cli.align import align
from deepspeech.cli.catalogue import models
from deepspeech.cli.convert import convert
from deepspeech.cli.data import data
from deepspeech.cli.doctor import doctor
from deepspeech.cli.evaluate import evaluate
from deepspeech.cli.expect import expect
from deepspeech.cli.export import export
from deepspeech.cli.import_corpus import CorpusGroup
from deepspeech.cli.label import label
from deepspeech.cli.lm import inspect, package, score
from deepspeech.cli.lm_build import build
from deepspeech.cli.lm_tune import tune
from deepspeech.cli.many_values import ManyValues
from deepspeech.cli.metavars import Command, with_metavars
from deepspeech.cli.mic import mic
from deepspeech.cli.old_client import client, is_old
from deepspeech.cli.plot import plot
from deepspeech.cli.serve import ENVIRONMENT, serve
from deepspeech.cli.train import train
from deepspeech.cli.transcribe import transcribe
from deepspeech.errors import DeepSpeechError
from deepspeech.printable import printable_output

_TRAINER_PARTS = {"torch", "safetensors", "absl", "rapidfuzz", "duckdb", "optuna", "matplotlib"}
FAULT = 70  # EX_SOFTWARE of sysexits.h
SHOW_TRACEBACK = "DEEPSPEECH_TRACEBACK"
HELP_WIDTH = 1000  # columns: that of the terminal, however wide
_LONGEST = 300  # characters of a message or a command line that are shown

app = typer.Typer(
    name="deepspeech",
    help="Train and run your own speech recognizer, offline, in your own language.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes cut long option names
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": HELP_WIDTH},
)
for command in (train, plot, evaluate, expect, export, convert, transcribe, align, label, mic, doctor):
    app.command(cls=Command)(with_metavars(command))
app.command(cls=Command, context_settings={"auto_envvar_prefix": ENVIRONMENT})(with_metavars(serve))
corpora = typer.Typer(cls=CorpusGroup, rich_markup_mode=None)
app.add_typer(corpora, name="import", help="Prepare a corpus for training.", no_args_is_help=True)
app.add_typer(models, name="models")
app.add_typer(data, name="data", help="Check, split, convert and count data sets.", no_args_is_help=True)
lm = typer.Typer(rich_markup_mode=None)
app.add_typer(lm, name="lm", help="Build, inspect and tune scorers (language models).", no_args_is_help=True)
lm.command(cls=ManyValues)(with_metavars(build))
lm.command(cls=Command)(with_metavars(package))
lm.command(cls=Command)(with_metavars(inspect))
lm.command(cls=ManyValues)(with_metavars(score))
lm.command(cls=Command)(with_metavars(tune))


@contextmanager
def _renamed_settings_shown() -> Iterator[None]:
    """Print warnings of renamed settings as one line each; Python would hide them, or print two."""
    from deepspeech.renamed import RenamedSetting

    with warnings.catch_warnings():
        warnings.simplefilter("default", RenamedSetting)
        others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, RenamedSetting):
                print(f"deepspeech: {message}", file=sys.stderr)
            else:
                others(message, category, *where, **more)

        warnings.showwarning = show
        yield


@printable_output()
def run(action: Callable[[], object]) -> None:
    """Run a command; an exception becomes one line on stderr and an exit code."""
    try:
        with _renamed_settings_shown():
            action()
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        sys.exit(130)  # as shells report SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has closed the pipe
        sys.exit(0)
    except Exception as error:
        reason = _explained(error)
        if reason is None and os.environ.get(SHOW_TRACEBACK):
            raise
        print(f"deepspeech: {reason or _unexpected(error)}", file=sys.stderr)
        sys.exit(2 if reason else FAULT)


def _explained(error: Exception) -> str | None:
    """One line for errors of users and machines; None for bugs."""
    if isinstance(error, DeepSpeechError):
        return str(error)
    if isinstance(error, MemoryError):
        return "out of memory; process less at once, or use a machine with more"
    if isinstance(error, ImportError) and (error.name in _TRAINER_PARTS or not find_spec("deepspeech.training")):
        from deepspeech.installing import install_hint

        part = error.name if error.name in _TRAINER_PARTS else "the trainer's part"
        return f"this command needs {part}, which is not installed here: {install_hint()}"
    if isinstance(error, OSError) and (error.filename or error.strerror):
        return f"{error.filename or 'file system'}: {error.strerror}"
    return None


def _unexpected(error: Exception) -> str:
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "deepspeech" in Path(frame.filename).parts
    ]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    notes = getattr(error, "__notes__", ())  # which clip it was, for one
    message = " ".join(" ".join([str(error), *notes]).split())[:_LONGEST]
    return (
        f"a bug of this program in `{command[:_LONGEST]}` ({type(error).__name__}{place}: {message}); please report "
        f"it, with the file if you can; {SHOW_TRACEBACK}=1 before the command shows the traceback"
    )


def main() -> None:
    """The `deepspeech` command; arguments that begin with an option of the old client run the old client."""
    arguments = sys.argv[1:]
    run((lambda: client(arguments)) if is_old(arguments) else app)
