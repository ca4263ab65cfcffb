"""docs/augmentation.md names every augmentation, and shows each with a picture and a sound."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from deepspeech.audio.formats import read_audio
from deepspeech.datasets.augment.spec import KINDS, parse

ROOT = Path(__file__).resolve().parents[2]
MADE_BY = ROOT / "scripts" / "draw_augmentations.py"


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_augmentations", MADE_BY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_names_every_augmentation(drawing: ModuleType) -> None:
    page = drawing.PAGE.read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} >= set(KINDS)
    assert page == drawing.with_gallery(page), "rebuild it: python scripts/draw_augmentations.py"


def test_each_has_its_example(drawing: ModuleType) -> None:
    assert {name: parse(text).name for name, text in drawing.EXAMPLES.items()} == {name: name for name in KINDS}


def test_each_has_its_picture_and_its_sound(drawing: ModuleType) -> None:
    before, rate_hz = read_audio(drawing.FOLDER / "before.opus")
    for name in KINDS:
        after, found_hz = read_audio(drawing.FOLDER / f"{name}.opus")
        assert found_hz == rate_hz
        assert len(after) != len(before) or not np.allclose(after, before, atol=0.01), name
        with Image.open(drawing.FOLDER / f"{name}.png") as picture:
            assert picture.width > 2 * picture.height, name
    files = list(drawing.FOLDER.iterdir())
    assert {file.stem for file in files} == {*KINDS, "before"}
    assert sum(file.stat().st_size for file in files) < 1_200_000
