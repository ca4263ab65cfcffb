"""The face of the package: what `dir`, a type checker and a reader of its docstring find."""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

import deepspeech
from deepspeech.config import read

ROOT = Path(__file__).resolve().parents[1]


def test_dir_shows_the_public_names_and_each_is_there() -> None:
    shown = dir(deepspeech)
    assert {*deepspeech.__all__, "align", "AlignOptions", "Alignment"} <= set(shown)
    assert all(hasattr(deepspeech, name) for name in shown)
    with pytest.raises(AttributeError, match="no attribute 'Recogniser'"):
        _ = deepspeech.Recogniser


def test_dir_leaves_out_what_a_light_installation_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = deepspeech.find_spec
    monkeypatch.setattr(deepspeech, "find_spec", lambda name: None if name == "deepspeech.alignment" else found(name))
    monkeypatch.delitem(vars(deepspeech), "align", raising=False)  # the module, where one was imported
    assert "AlignOptions" not in dir(deepspeech)
    assert "Recognizer" in dir(deepspeech)


def test_type_checkers_see_each_name_where_it_is_imported_from() -> None:
    tree = ast.parse(Path(deepspeech.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == deepspeech._HOMES


@pytest.mark.parametrize("page", ["pyproject.toml", "packaging/light/pyproject.toml"])
def test_both_distributions_say_that_they_are_typed(page: str) -> None:
    """All files of the package are shipped but those that are excluded."""
    assert (Path(deepspeech.__file__).parent / "py.typed").is_file()
    build = read(ROOT / page)["tool"]["scikit-build"]
    excluded = [*build.get("wheel", {}).get("exclude", ()), *build.get("sdist", {}).get("exclude", ())]
    for name in ("deepspeech/py.typed", "deepspeech/remote/models.json"):
        assert not any(fnmatch(name, pattern) for pattern in excluded)


def test_the_docstring_begins_with_how_to_transcribe() -> None:
    first, _, rest = (deepspeech.__doc__ or "").partition("\n\n")
    assert first == "Open a model and transcribe:"
    example = rest.partition("\n\nDeepSpeech")[0]
    assert "Recognizer.open" in example
    assert "transcribe(" in example
