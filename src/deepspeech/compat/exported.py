"""The folder of `--export_dir`: model card in Markdown, list of written files, and the zip next to it.

In: flags and a folder with a model file. Out: `AUTHOR_MODEL_VERSION.md` with the front matter that 0.9.3 wrote,
`exported.json` (file names and their SHA-256, so that `--remove_export` deletes what an export wrote and nothing else),
and for `--export_zip` `FOLDER.zip` with model, card and scorer.
"""

import json
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deepspeech.errors import ConfigError
from deepspeech.files import atomic_path, sha256_of
from deepspeech.remote.folders import STATE
from deepspeech.untrusted import read_json

LIST = "exported.json"
_FRONT = (  # the old keys, and the flag that fills each
    ("author", "export_author_id"),
    ("model_name", "export_model_name"),
    ("model_version", "export_model_version"),
    ("contact_info", "export_contact_info"),
    ("license", "export_license"),
    ("language", "export_language"),
)


def write_card(folder: Path, values: Any, meanings: dict[str, str]) -> str:
    """Write the card and return its name. Values of unset flags are questions in angle brackets."""

    def value_of(flag: str) -> str:
        return " ".join(str(getattr(values, flag)).split()) or f"<{meanings[flag]}>"

    lines = [f"{key}: {value_of(flag)}" for key, flag in _FRONT]
    lines += [
        "runtime: onnx",
        f"min_ds_version: {value_of('export_min_ds_version')}",
        f"max_ds_version: {value_of('export_max_ds_version')}",
        "acoustic_model_url: <where the model file can be had>",
        "scorer_url: <where a scorer for it can be had>",
    ]
    parts = (values.export_author_id, values.export_model_name, values.export_model_version)
    name = "_".join(parts).replace("/", "-").replace(os.sep, "-") + ".md"
    _whole(folder / name, "\n".join(["---", *lines, "---", "", value_of("export_description"), ""]).encode())
    return name


def keep_list(folder: Path, names: Iterable[str]) -> None:
    """Add files of `folder` to the list of what exports wrote there."""
    listed = _listed(folder) | {name: _sha256(folder / name) for name in names}
    _whole(folder / LIST, (json.dumps(listed, indent=2, ensure_ascii=False) + "\n").encode())


def remove(folder: Path) -> list[str]:
    """Delete what earlier exports wrote there, unless it was changed since; returns what stays."""
    others = left_by_others(folder)
    for name in _listed(folder):
        if name not in others:
            (folder / name).unlink(missing_ok=True)
    (folder / LIST).unlink(missing_ok=True)
    return others


def left_by_others(folder: Path) -> list[str]:
    """Names in `folder` that no export wrote, or that were changed since."""
    listed = _listed(folder)
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return [name for name in names if name not in (LIST, STATE) and not _is_ours(folder, name, listed)]


def check(folder: Path, zipped: bool, removed: bool) -> None:
    """Raise ConfigError if `--export_zip` would pack foreign files; checked before hours of training."""
    if not zipped:
        return
    others = left_by_others(folder)
    ours = [] if removed else sorted(_listed(folder))
    if others or ours:
        remedy = "name an empty folder" if others else "name an empty folder, or give --remove_export"
        raise ConfigError(f"--export_zip: {folder} is not empty ({', '.join((others + ours)[:5])}); {remedy}")


def pack(folder: Path, names: Iterable[str]) -> Path:
    """Write `FOLDER.zip` next to the folder, with these files of it."""
    target = folder.resolve().with_name(folder.resolve().name + ".zip")
    with atomic_path(target) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(folder / name, name)
    return target


def _listed(folder: Path) -> dict[str, str]:
    """The list; names that point out of the folder are not believed."""
    try:
        listed = read_json(folder / LIST)
        return {name: sha for name, sha in listed.items() if name == Path(name).name and name not in (".", "..", LIST)}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError):
        raise ConfigError(f"{folder / LIST}: damaged; see what is in the folder, and delete it yourself") from None


def _is_ours(folder: Path, name: str, listed: dict[str, str]) -> bool:
    path = folder / name
    return name in listed and path.is_file() and not path.is_symlink() and _sha256(path) == listed[name]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return sha256_of(file).hex()


def _whole(path: Path, content: bytes) -> None:
    with atomic_path(path) as partial:
        partial.write_bytes(content)
