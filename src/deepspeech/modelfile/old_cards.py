"""Model cards of formats 1 and 2: upgrade to format 3 on reading, downgrade on writing where possible.

Format 1 is an LSTM; format 2 has three entries more. A card that says no more than they could is written as they were,
so that earlier versions read the file.
"""

from typing import Any

from deepspeech.features.chunks import ChunkSpec

KIND = "deepspeech"
SINCE_2 = {"recurrent": "lstm", "bidirectional": False, "stride": 1}  # a card that says nothing else is of format 1
MODEL = ("context_frames", "hidden", "lstm_layers", *SINCE_2)
STEP_WINDOWS = 16  # in a step; the files themselves take any number


def lifted(page: dict[str, Any]) -> dict[str, Any]:
    """Upgrade a card of any format up to 3 to format 3."""
    if page["format"] >= 3:
        return page
    page = {**SINCE_2, **page}
    model = {"kind": KIND, **{name: page.pop(name) for name in MODEL}}
    labels = page.pop("alphabet")
    return page | {
        "format": 3,
        "model": model,
        "tokens": {"kind": "bytes"} if labels == "bytes" else {"kind": "characters", "labels": labels},
        "features": {"kind": "mfcc", **page["features"]},
        "chunk": chunk_page(model["context_frames"], model["stride"], 0 if model["bidirectional"] else STEP_WINDOWS),
    }


def lowered(page: dict[str, Any]) -> dict[str, Any]:
    """Downgrade a card of format 3 to the oldest format that can express it; the inverse of `lifted`."""
    model, features = page["model"], page["features"]
    if set(model) != {"kind", *MODEL} or model["kind"] != KIND or features["kind"] != "mfcc" or "mean" in features:
        return page
    outputs = 0 if model["bidirectional"] else STEP_WINDOWS
    labels = {"bytes": "bytes", "characters": page["tokens"].get("labels")}.get(page["tokens"]["kind"])
    if labels is None or page["chunk"] != chunk_page(model["context_frames"], model["stride"], outputs):
        return page
    since_2 = {name: model[name] for name in SINCE_2}
    rest = {
        name: value for name, value in page.items() if name not in ("model", "tokens", "features", "chunk", "format")
    }
    return {
        **{name: model[name] for name in MODEL if name not in SINCE_2},
        **rest,
        **({} if since_2 == SINCE_2 else since_2),
        "alphabet": labels,
        "features": {name: value for name, value in page["features"].items() if name != "kind"},
        "format": 1 if since_2 == SINCE_2 else 2,
    }


def chunk_page(context_frames: int, stride: int, outputs: int) -> dict[str, Any]:
    return ChunkSpec.of_windows(context_frames, stride, outputs).to_dict()
