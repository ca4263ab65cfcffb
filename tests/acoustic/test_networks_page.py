"""docs/networks.md names every family, size and setting of the families that have sizes."""

from dataclasses import fields
from pathlib import Path

import pytest

from deepspeech.acoustic.registry import FAMILIES

PAGE = (Path(__file__).resolve().parents[2] / "docs/networks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_page_names_every_kind_size_and_setting(kind: str) -> None:
    config = FAMILIES[kind].config
    assert f"| `{kind}`" in PAGE
    assert all(f"| `{size}`" in PAGE for size in config.sizes)
    if config.sizes:
        text = PAGE.replace(" = ", "` ").replace("\n", "\n`")  # a setting in the example counts too
        assert not [item.name for item in fields(config) if f"`{item.name}`" not in text]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [kind for kind, family in FAMILIES.items() if family.config.sizes])
def test_the_page_gives_the_numbers_of_each_size(kind: str) -> None:
    for size, settings in FAMILIES[kind].config.sizes.items():
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{size}`")]
        assert f" {', '.join(map(str, settings.values()))}: " in row
