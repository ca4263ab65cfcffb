"""`deepspeech doctor`: report installed and missing packages, and devices."""

from typing import Annotated, Any

import typer

PARTS = {
    "numpy": "arrays",
    "onnxruntime": "recognition",
    "soundfile": "reading sound",
    "soxr": "sample rates",
    "rapidfuzz": "error rates",
    "torch": "training",
    "onnx": "writing models",
    "safetensors": "checkpoints",
    "absl": "the old command lines",
    "optuna": "tuning scorers",
    "matplotlib": "pictures",
}
DISTRIBUTIONS = {"absl": "absl-py"}


def doctor(json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Report what is installed and how to install the rest.

    Example: deepspeech doctor
    """
    import json
    import platform
    from importlib import metadata

    from deepspeech._version import __version__
    from deepspeech.cores import cores
    from deepspeech.installing import install_hint

    versions: dict[str, str | None] = {}
    for part in PARTS:
        try:
            versions[part] = metadata.version(DISTRIBUTIONS.get(part, part))
        except metadata.PackageNotFoundError:
            versions[part] = None
    facts: dict[str, Any] = {
        "deepspeech": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": cores(),
        "extension": _extension(),
        "devices": _devices(),
        "parts": versions,
    }
    if json_output:
        print(json.dumps(facts, indent=2))
        return
    print(f"deepspeech {__version__}, Python {facts['python']}, {facts['system']}, {facts['cores']} cores")
    print(f"  C++ extension   {facts['extension']}")
    for part, use in PARTS.items():
        missing = f"missing: pip install {DISTRIBUTIONS.get(part, part)}"
        print(f"  {part:<15} {versions[part] or missing}  ({use})")
    print(f"  devices         {', '.join(facts['devices']) or f'training is not installed: {install_hint()}'}")


def _extension() -> str:
    try:
        from deepspeech import _native
    except ImportError as error:
        from deepspeech.installing import install_hint

        return f"missing ({error}); install again: {install_hint()}"
    return "loaded" if hasattr(_native, "FrameKernel") else "damaged; install again"


def _devices() -> list[str]:
    try:
        from deepspeech.training.devices import describe
    except ModuleNotFoundError:  # a light installation
        return []
    return describe()
