"""`deepspeech data …`: commands on data sets. Each lives in `data_COMMAND.py`; here they are listed."""

import typer

data = typer.Typer(rich_markup_mode=None)
