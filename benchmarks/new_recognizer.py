"""Our recognizer behind a pipe, for `benchmarks/recognition.py`: the protocol of `old_recognizer.py`."""

import json
import resource
import sys
import time
import wave
from typing import Any

import numpy as np

from deepspeech import DecodeOptions, Recognizer


def samples(path: str) -> np.ndarray:
    with wave.open(path) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def stream(model: Recognizer, clip: str) -> dict[str, Any]:
    sound, feeds_ms = samples(clip), []
    started, cpu = time.perf_counter(), time.process_time()
    one = model.stream()
    for start in range(0, len(sound), 320):
        before = time.perf_counter(), time.process_time()
        one.feed(sound[start : start + 320])
        after = time.perf_counter(), time.process_time()
        feeds_ms.append([1000 * (b - a) for a, b in zip(before, after, strict=True)])
    text = one.finish()[0].text
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    return {"wall_s": wall_s, "cpu_s": cpu_s, "feeds_ms": feeds_ms, "text": text}


def folder(model: Recognizer, clips: list[str], cores: int) -> dict[str, Any]:
    started, cpu = time.perf_counter(), time.process_time()
    texts = [one.text for one in model.transcribe_all(clips, cores=cores) if not isinstance(one, Exception)]
    return {"wall_s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu, "texts": texts}


def main() -> None:
    model = Recognizer.open(sys.argv[1], options=DecodeOptions(beam_width=int(sys.argv[2])))
    if len(sys.argv) > 3:
        print(model.transcribe(samples(sys.argv[3])).text)
        return
    for line in sys.stdin:
        task = json.loads(line)
        if task["task"] == "stream":
            answer = stream(model, task["clips"][0])
        elif task["task"] == "folder":
            answer = folder(model, task["clips"], task["cores"])
        else:
            answer = {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
