"""The old client behind a pipe, for `benchmarks/recognition.py`: Python 3.9, numpy<1.24, deepspeech-tflite 0.9.3.

In: model file and beam width as arguments, then a JSON object per line: task (stream, folder, memory), clips (16-bit
wav files), cores. Out: a JSON object per line. With a clip as third argument only its transcript is printed.
"""

import json
import resource
import sys
import threading
import time
import wave

import numpy as np

from deepspeech import Model


def open_model(path, beam_width):
    model = Model(path)
    model.setBeamWidth(beam_width)
    return model


def samples(path):
    with wave.open(path) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def stream(model, clip):
    sound, feeds_ms = samples(clip), []
    started, cpu = time.perf_counter(), time.process_time()
    one = model.createStream()
    for start in range(0, len(sound), 320):
        before = time.perf_counter(), time.process_time()
        one.feedAudioContent(sound[start : start + 320])
        after = time.perf_counter(), time.process_time()
        feeds_ms.append([1000 * (b - a) for a, b in zip(before, after)])  # noqa: B905
    text = one.finishStream()
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    return {"wall_s": wall_s, "cpu_s": cpu_s, "feeds_ms": feeds_ms, "text": text}


def folder(models, clips):
    """One model per thread: the old runtime is not thread-safe."""
    texts, numbers = [""] * len(clips), iter(range(len(clips)))

    def work(model):
        for number in numbers:
            texts[number] = model.stt(samples(clips[number]))

    started, cpu = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=work, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"wall_s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu, "texts": texts}


def main():
    path, beam_width = sys.argv[1], int(sys.argv[2])
    models = [open_model(path, beam_width)]
    if len(sys.argv) > 3:
        print(models[0].stt(samples(sys.argv[3])))
        return
    for line in sys.stdin:
        task = json.loads(line)
        if task["task"] == "stream":
            answer = stream(models[0], task["clips"][0])
        elif task["task"] == "folder":
            while len(models) < task["cores"]:
                models.append(open_model(path, beam_width))
            answer = folder(models, task["clips"])
        else:
            answer = {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        print(json.dumps(answer), flush=True)


main()
