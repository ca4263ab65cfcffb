"""ONNX Runtime with its telemetry off: the only module that imports it (tests/house/test_floors.py).

From 1.32 on, the library would write a device id and an event database into the user's cache and a file of a known
name into TMPDIR, and look up an event host. It reads this variable once, while it loads; other versions ignore it.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime  # after the variable, not before

InferenceSession, SessionOptions = onnxruntime.InferenceSession, onnxruntime.SessionOptions
get_available_providers = onnxruntime.get_available_providers
