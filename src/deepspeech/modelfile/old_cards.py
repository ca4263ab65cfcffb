"""Model cards of formats 1 and 2: upgrade to format 3 on reading, downgrade on writing where possible.

Format 1 is an LSTM; format 2 has three entries more. A card that they can express is written in their format,
so that earlier versions read the file.
"""

from typing import Any

from deepspeech.features.chunks import ChunkSpec

KIND = "deepspeech"
SINCE_2 = {"recurrent": "lstm", "bidirectional": False, "stride": 1}  # a card that says nothing else is of format 1
MODEL = ("context_frames", "hidden", "lstm_layers", *SINCE_2)
STEP_WINDOWS = 16  # in a step; the files themselves take any number


def lifted(entries: dict[str, Any]) -> dict[str, Any]:
    """Upgrade a card of any format up to 3 to format 3."""
    if entries["format"] >= 3:
        return entries
    entries = {**SINCE_2, **entries}
    model = {"kind": KIND, **{name: entries.pop(name) for name in MODEL}}
    labels = entries.pop("alphabet")
    return entries | {
        "format": 3,
        "model": model,
        "tokens": {"kind": "bytes"} if labels == "bytes" else {"kind": "characters", "labels": labels},
        "features": {"kind": "mfcc", **entries["features"]},
        "chunk": chunk_entries(model["context_frames"], model["stride"], 0 if model["bidirectional"] else STEP_WINDOWS),
    }


def lowered(entries: dict[str, Any]) -> dict[str, Any]:
    """Downgrade a card of format 3 to the oldest format that can express it; the inverse of `lifted`."""
    model, features = entries["model"], entries["features"]
    if set(model) != {"kind", *MODEL} or model["kind"] != KIND or features["kind"] != "mfcc" or "mean" in features:
        return entries
    outputs = 0 if model["bidirectional"] else STEP_WINDOWS
    labels = {"bytes": "bytes", "characters": entries["tokens"].get("labels")}.get(entries["tokens"]["kind"])
    if labels is None or entries["chunk"] != chunk_entries(model["context_frames"], model["stride"], outputs):
        return entries
    since_2 = {name: model[name] for name in SINCE_2}
    rest = {
        name: value for name, value in entries.items() if name not in ("model", "tokens", "features", "chunk", "format")
    }
    return {
        **{name: model[name] for name in MODEL if name not in SINCE_2},
        **rest,
        **({} if since_2 == SINCE_2 else since_2),
        "alphabet": labels,
        "features": {name: value for name, value in entries["features"].items() if name != "kind"},
        "format": 1 if since_2 == SINCE_2 else 2,
    }


def chunk_entries(context_frames: int, stride: int, outputs: int) -> dict[str, Any]:
    return ChunkSpec.of_windows(context_frames, stride, outputs).to_dict()
