"""deepspeech-tflite 0.9.3 behind the smallest server, for `serve.py --old`: a thread per stream, one step at a time.

Runs in a Python 3.9 that has deepspeech-tflite==0.9.3, numpy<1.24 and websockets. Its network is one interpreter,
which streams cannot use at the same time; so is that of each program that was built on it.
"""

import json
import socket
import sys
import threading

import numpy as np
from websockets.sync.server import serve

import deepspeech


def main(path: str, scorer: str, descriptor: int) -> None:
    """Serve 16-bit samples, then any text, for a final, on a listening socket."""
    model, lock = deepspeech.Model(path), threading.Lock()
    if scorer:
        model.enableExternalScorer(scorer)

    def stream(connection):  # type: ignore[no-untyped-def]
        with lock:
            state = model.createStream()
        for message in connection:
            if isinstance(message, str):
                break
            with lock:
                state.feedAudioContent(np.frombuffer(message, np.int16))
        with lock:
            text = state.finishStream()
        connection.send(json.dumps({"type": "final", "text": text}))

    def page(connection, request):  # type: ignore[no-untyped-def]
        return None if request.path == "/stream" else connection.respond(200, "ok\n")

    with serve(stream, sock=socket.socket(fileno=descriptor), process_request=page, ping_interval=None) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
