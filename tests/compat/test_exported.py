"""What an export folder holds beside the model, and that only what an export wrote is ever deleted."""

import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from deepspeech.compat import exported
from deepspeech.errors import ConfigError


def wrote(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(name)
    exported.keep_list(folder, names)


def test_what_an_export_wrote_is_removed_and_nothing_else(tmp_path: Path) -> None:
    wrote(tmp_path, "a", "b")
    wrote(tmp_path, "c")
    (tmp_path / "b").write_text("edited")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "folder").mkdir()
    assert exported.remove(tmp_path) == ["b", "folder", "mine"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "folder", "mine"]
    assert exported.remove(tmp_path / "nowhere") == []


def test_a_list_that_points_elsewhere_is_not_believed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "out"
    folder.mkdir()
    outside.write_text("precious")
    (folder / "link").symlink_to(outside)
    sha = exported._sha256(outside)
    names = ("../outside", str(outside), "link", "..", ".", exported.LIST)
    (folder / exported.LIST).write_text(json.dumps(dict.fromkeys(names, sha)))
    assert exported.remove(folder) == ["link"]
    assert outside.read_text() == "precious"
    assert (folder / "link").is_symlink()


@pytest.mark.parametrize("content", ["{", "[]", '"a"', "\xff"])
def test_a_damaged_list_is_said_and_nothing_removed(tmp_path: Path, content: str) -> None:
    wrote(tmp_path, "a")
    (tmp_path / exported.LIST).write_text(content, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"exported\.json: damaged"):
        exported.remove(tmp_path)
    assert (tmp_path / "a").exists()


def test_only_an_empty_folder_is_packed(tmp_path: Path) -> None:
    exported.check(tmp_path, True, False)
    exported.check(tmp_path / "nowhere", True, False)
    wrote(tmp_path, "a")
    exported.check(tmp_path, False, False)
    exported.check(tmp_path, True, True)
    with pytest.raises(ConfigError, match="--remove_export"):
        exported.check(tmp_path, True, False)
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(ConfigError, match=r"is not empty \(mine\); name an empty folder$"):
        exported.check(tmp_path, True, True)


def test_a_zip_holds_the_named_files_and_replaces_the_one_before(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    wrote(folder, "a", "b")
    (tmp_path / "en.zip").write_text("old")
    assert exported.pack(folder, ["a"]) == tmp_path / "en.zip"
    with zipfile.ZipFile(tmp_path / "en.zip") as archive:
        assert archive.namelist() == ["a"]
    with pytest.raises(FileNotFoundError):
        exported.pack(folder, ["none"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["en", "en.zip"]


def test_names_with_slashes_and_lines_stay_in_the_folder_and_on_their_line(tmp_path: Path) -> None:
    values = SimpleNamespace(
        export_author_id="../me", export_model_name="a/b", export_model_version="1", export_contact_info="a\nb",
        export_license="", export_language="", export_min_ds_version="", export_max_ds_version="",
        export_description="",
    )  # fmt: skip
    name = exported.write_card(tmp_path, values, dict.fromkeys(vars(values), "what"))
    assert name == "..-me_a-b_1.md"
    assert "\ncontact_info: a b\nlicense: <what>\n" in (tmp_path / name).read_text()
