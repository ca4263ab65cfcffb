"""docs/features.md names every kind and setting, and its Python runs."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from deepspeech.features.registry import FRONT_ENDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "features.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", FRONT_ENDS)
def test_the_page_names_every_kind_and_setting(kind: str) -> None:
    assert f"`{kind}`" in PAGE
    assert not [item.name for item in fields(FRONT_ENDS[kind][0]) if f"`{item.name}`" not in PAGE.replace(" = ", "` ")]  # type: ignore[arg-type]


def test_the_code_on_the_page_runs_and_gives_what_it_says() -> None:
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found
    samples = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    names = {"samples": samples, "chunks": np.split(samples, [1000, 1001, 5000]), "clips": [samples, samples[:3000]]}
    exec(found[1], names)
    np.testing.assert_array_equal(np.concatenate(names["pieces"]), names["features"])
    np.testing.assert_array_equal(names["bent"], names["features"])
