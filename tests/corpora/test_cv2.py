"""Common Voice from its tables to its CSVs, through old and new releases, options and accidents."""

import json
import os
from pathlib import Path

import pytest

from deepspeech.corpora.recipes.cv2 import cv2
from deepspeech.corpora.report import FAILED, INVALID_LABEL, TOO_LONG, TOO_SHORT, ImportReport
from deepspeech.datasets.csv_files import read_csv
from deepspeech.errors import CorpusError, TextError

from .conftest import CommonVoice  # isort: skip


def transcripts(path: Path) -> list[tuple[str, str]]:
    return [(sample.audio.name, sample.transcript) for sample in read_csv(path)]


def counts(report: ImportReport, name: str) -> tuple[int, int]:
    one = next(one for one in report.sets if one.name == name)
    return one.clips, one.imported
