"""Old places of modules: `ds_ctcdecoder` stays here, what else was here stands in `compat` and `old_models`.

Programs that name the old places go on: a module is loaded when something is taken from it, with a DeprecationWarning.
"""

import sys
import warnings
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

_ROOMS = {
    "compat": ("client", "exported", "flags"),
    "old_models": (
        "cache", "convert", "from_checkpoint", "from_graph", "from_tflite", "graphdef", "memmapped", "old_model",
        "tf_checkpoint", "tflite", "to_checkpoint",
    ),
}  # fmt: skip


def _take(old: str, new: str, name: str) -> Any:
    if name.startswith("__"):  # what importlib and inspect ask every module for
        raise AttributeError(f"module {old!r} has no attribute {name!r}")
    warnings.warn(f"{old} stands at {new} now: import {name} from there", DeprecationWarning, stacklevel=2)
    return getattr(import_module(new), name)


for _room, _names in _ROOMS.items():
    for _name in _names:
        _module = ModuleType(f"{__name__}.{_name}", f"Stands at deepspeech.{_room}.{_name} now.")
        _module.__getattr__ = partial(_take, _module.__name__, f"deepspeech.{_room}.{_name}")  # type: ignore[method-assign]
        sys.modules[_module.__name__] = globals()[_name] = _module
