"""The law of the house: import only from lower floors; each library only in its rooms; nothing hidden in functions."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FLOOR = {
    "untrusted": 0,
    "errors": 0, "settings": 0, "printable": 0, "cores": 0, "pool": 0, "_native": 0, "_version": 0,
    "installing": 0, "file_positions": 0,
    "files": 0.5, "progress": 0.5, "renamed": 0.5,  # errors and printable lie under them
    "audio": 1, "features": 1, "text": 1, "remote": 1,
    "decoder": 2, "modelfile": 2, "checkpoint": 2,
    "runtime": 3, "datasets": 3, "acoustic": 3, "lm": 3,
    "run_settings": 3.5,
    "alignment": 3.5,  # corpora and evaluation may use it
    "config": 4, "evaluation": 4, "corpora": 4,
    "training": 5, "export": 5, "old_models": 5, "recipes": 5, "serve": 5,
    "compat": 6,
    "cli": 7, "mozilla": 7, "__main__": 8,
}  # fmt: skip
ROOMS = {
    "torch": {"acoustic", "training", "export"},
    "onnxruntime": {"runtime"},
    "onnx": {"modelfile", "export"},
    "safetensors": {"checkpoint"},
    "soundfile": {"audio"},
    "soxr": {"audio"},
    "av": {"audio"},
    "sounddevice": {"audio"},
    "fsspec": {"remote"},
    "tensorboardX": {"training"},
    "ray": {"runtime"},
    "rapidfuzz": {"text"},
    "absl": {"compat"},
    "duckdb": {"corpora", "lm"},
    "tomli": {"config", "serve"},
    "starlette": {"serve"},
    "uvicorn": {"serve"},
    "websockets": {"serve"},
    "zeroconf": {"serve"},
    "optuna": {"evaluation"},
    "matplotlib": {"datasets", "evaluation"},
    "typer": {"cli"},
    "numpy": set(FLOOR)
    - {
        "errors",
        "installing",
        "file_positions",
        "settings",
        "run_settings",
        "pool",
        "_native",
        "_version",
        "files",
        "renamed",
        "untrusted",
        "text",
        "remote",
        "config",
        "cli",
        "__main__",
    },
}
TORCH_FREE = ("acoustic.config", "acoustic.lstm_graph", "acoustic.registry")  # and of each family
TORCH_FREE_OF_A_FAMILY = ("config", "graph")
ONE_FILE = {"onnxruntime": "runtime.onnx_runtime"}  # which says before that import that nothing shall be sent
SOURCE = Path(__file__).resolve().parents[2] / "src" / "deepspeech"


def imports(tree: ast.AST, deferred: bool = False) -> Iterator[tuple[str, bool]]:
    """Every import below `tree` as (dotted name, is it inside a function?)."""
    for child in ast.iter_child_nodes(tree):
        inner = deferred or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(child, ast.Import):
            yield from ((alias.name, deferred) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "write the whole name, no relative imports"
            module = child.module or ""
            whole = module.split(".")[0] == "deepspeech"
            yield from ((f"{module}.{alias.name}" if whole else module, deferred) for alias in child.names)
        yield from imports(child, inner)


def torch_free(module: str) -> bool:
    """What the light install needs of a room of torch."""
    family = module.startswith("acoustic.") and module.count(".") == 2
    return module in TORCH_FREE or (family and module.split(".")[2] in TORCH_FREE_OF_A_FAMILY)


# Large, and seldom needed: imported when they are.
LATE = {"av": "audio.media", "fsspec": "remote.files"}


def violations(source: Path) -> Iterator[str]:
    for path in sorted(source.rglob("*.py")):
        module = ".".join(path.relative_to(source).with_suffix("").parts)
        room = module.split(".")[0]
        if room == "__init__":
            continue  # the public face resolves names lazily; test_light_install watches it
        for name, deferred in imports(ast.parse(path.read_text(encoding="utf-8"))):
            yield from broken(module, room, name, deferred)


def broken(module: str, room: str, name: str, deferred: bool) -> Iterator[str]:
    top, *rest = name.split(".")
    if top in sys.stdlib_module_names or top == "tomllib":  # which is part of Python from 3.11 on
        return
    if top == "deepspeech":
        other = rest[0] if rest else "__init__"
        if other != room and FLOOR.get(other, 99) >= FLOOR[room]:
            yield f"{module} (floor {FLOOR[room]}) imports {name} (floor {FLOOR.get(other, 'root')})"
        if room == "cli" and not deferred and other not in ("cli", "errors", "printable", "renamed"):
            yield f"{module}: {name} belongs inside the command function"
    elif (
        room not in ROOMS.get(top, ()) or (top == "torch" and torch_free(module)) or ONE_FILE.get(top, module) != module
    ):
        yield f"{module}: {top} may not be imported here"
    if deferred and room != "cli" and LATE.get(top) != module:
        yield f"{module}: import hidden in a function ({name})"


def test_imports_go_down_only() -> None:
    assert not list(violations(SOURCE))


def test_planted_violations_are_found(tmp_path: Path) -> None:
    planted = {
        "audio/up.py": "from deepspeech.decoder.beam import BeamDecoder\n",
        "text/heavy.py": "import numpy\n",
        "acoustic/config.py": "import torch\n",
        "acoustic/deepspeech/graph.py": "import torch\n",
        "runtime/hidden.py": "def f():\n    import soundfile\n",
        "runtime/talkative.py": "from onnxruntime import InferenceSession\n",
        "cli/eager.py": "from deepspeech.runtime.recognizer import Recognizer\n",
    }
    for name, text in planted.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert {line.split(" ")[0].rstrip(":") for line in violations(tmp_path)} == {
        "audio.up", "text.heavy", "acoustic.config", "acoustic.deepspeech.graph", "runtime.hidden", "cli.eager",
        "runtime.talkative",
    }  # fmt: skip
