"""`deepspeech data …`: the group of commands on data sets, each defined in `data_COMMAND.py`."""

import typer

from deepspeech.cli.data_alphabet import alphabet
from deepspeech.cli.data_check import check
from deepspeech.cli.data_compare import compare
from deepspeech.cli.data_convert import convert
from deepspeech.cli.data_play import play
from deepspeech.cli.data_shard import index, shard
from deepspeech.cli.data_splice import splice
from deepspeech.cli.data_split import split
from deepspeech.cli.data_stats import stats
from deepspeech.cli.data_text import text
from deepspeech.cli.metavars import Command, with_metavars

data = typer.Typer(rich_markup_mode=None)
for command in (check, alphabet, text, split, splice, stats, shard, index, convert, play, compare):
    data.command(cls=Command)(with_metavars(command))
