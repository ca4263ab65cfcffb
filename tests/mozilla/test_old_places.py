"""Names that a program could import from `deepspeech.mozilla` are still there, and say where they stand now."""

import pickle
from importlib import import_module
from pathlib import Path

import pytest

import deepspeech

SOURCE = Path(deepspeech.__file__).parent
MOVED = sorted((path.stem, room) for room in ("compat", "old_models") for path in (SOURCE / room).glob("[!_]*.py"))


@pytest.mark.parametrize(("name", "room"), [move for move in MOVED if move[0] != "ds_ctcdecoder"])
def test_a_module_that_moved_is_found_where_it_was(name: str, room: str) -> None:
    old, new = import_module(f"deepspeech.mozilla.{name}"), import_module(f"deepspeech.{room}.{name}")
    public = next(found for found, value in vars(new).items() if getattr(value, "__module__", "") == new.__name__)
    with pytest.warns(DeprecationWarning, match=f"deepspeech.{room}.{name}"):
        assert getattr(old, public) is getattr(new, public)
    with pytest.raises(AttributeError), pytest.warns(DeprecationWarning, match="stands at"):
        _ = old.nothing_of_that_name


def test_old_programs_import_as_they_did() -> None:
    import deepspeech.mozilla.convert as convert

    from deepspeech.old_models.convert import read

    with pytest.warns(DeprecationWarning, match="stands at"):
        from deepspeech.mozilla.client import Model
    assert Model is deepspeech.Model
    with pytest.warns(DeprecationWarning, match="stands at"):
        assert convert.read is read
    with pytest.warns(DeprecationWarning, match="stands at"):  # a class is pickled by its place
        assert pickle.loads(b"cdeepspeech.mozilla.client\nModel\n.") is Model


def test_the_decoder_package_stays_without_a_warning() -> None:
    import deepspeech.mozilla.ds_ctcdecoder as ds_ctcdecoder
    from deepspeech.compat import ds_ctcdecoder as home

    assert all(getattr(ds_ctcdecoder, name) is getattr(home, name) for name in home.__all__)
