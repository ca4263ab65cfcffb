"""The exchange of vosk-server's own clients: a reply is read after each message of samples."""

import json
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.fakes import silence
from tests.serve.running import LONGER, SAID, Running, cut, pcm

CONFIG = '{ "config" : { "sample_rate" : 16000 } }'


def exchange(socket: ClientConnection, sound: np.ndarray, size: int = 8000) -> list[dict[str, Any]]:
    """As vosk-server's test.py does it."""
    found = []
    for chunk in cut(pcm(sound), size):
        socket.send(chunk)
        found.append(json.loads(socket.recv(timeout=20)))
    return found


@pytest.mark.parametrize("path", ["/", "/vosk"])
def test_the_exchange_of_its_clients(server: Running, path: str) -> None:
    with connect(server.ws + path) as socket:
        socket.send(CONFIG)
        replies = exchange(socket, LONGER)
        socket.send('{"eof" : 1}')
        last = json.loads(socket.recv(timeout=20))
    results = [reply for reply in replies if "partial" not in reply]
    assert [reply["text"] for reply in [*results, last]] == ["ab", "dc"]
    assert "ab" in {reply.get("partial") for reply in replies}
    (word,) = results[0]["result"]
    assert set(word) == {"conf", "end", "start", "word"}
    assert (word["word"], 0 < word["conf"] <= 1, word["start"] < word["end"]) == ("ab", True, True)


def test_one_reply_per_message_even_for_one_byte_and_for_several_utterances(server: Running) -> None:
    with connect(server.ws + "/vosk") as socket:
        socket.send(CONFIG)
        data = pcm(np.concatenate([LONGER, silence(1.6)]))
        for chunk in (data[:1], data[1:2], data[2:]):
            socket.send(chunk)
        replies = [json.loads(socket.recv(timeout=20)) for _ in range(3)]
        assert replies[:2] == [{"partial": ""}] * 2
        assert replies[2]["text"] == "ab dc"
        assert [word["word"] for word in replies[2]["result"]] == ["ab", "dc"]
        socket.send('{"eof":1}')
        assert json.loads(socket.recv(timeout=20)) == {"text": ""}


@pytest.mark.parametrize("spelling", ['{"reset":1}', '{ "reset" : 1 }'])
def test_reset_replies_with_the_final_and_begins_anew(server: Running, spelling: str) -> None:
    with connect(server.ws + "/vosk") as socket:
        socket.send(CONFIG)
        for _ in range(2):
            exchange(socket, SAID[: -int(0.4 * 16000)])
            socket.send(spelling)
            reply = json.loads(socket.recv(timeout=20))
            assert reply["text"] == "ab ba"
            assert 0.2 < reply["result"][0]["start"] < 0.5


def test_words_and_alternatives(server: Running) -> None:
    for settings, keys in (
        ({"words": 0}, {"text"}),
        ({"max_alternatives": 3, "words": True}, {"alternatives"}),
        ({"phrase_list": ["ab ba", "[unk]"], "model": "other"}, {"result", "text"}),
    ):
        with connect(server.ws + "/vosk") as socket:
            socket.send(json.dumps({"config": {"sample_rate": 16000.0, **settings}}))
            exchange(socket, SAID)
            socket.send('{"eof" : 1}')
            reply = json.loads(socket.recv(timeout=20))
        assert set(reply) == keys
        if "alternatives" in keys:
            best = reply["alternatives"][0]
            assert (best["text"], [word["word"] for word in best["result"]]) == ("ab ba", ["ab", "ba"])
            assert 1 < len(reply["alternatives"]) <= 3
            assert best["confidence"] >= reply["alternatives"][1]["confidence"]


@pytest.mark.parametrize(
    "text",
    ['{"config":1}', '{"config":{"sample_rate":"x"}}', '{"config":{"sample_rate":1}}', '{"config":{"phrase_list":"a"}}',
     '{"config":{"max_alternatives":900}}', '{"config":{"model":"/etc"}}', '{"what":1}', "eof"],
)  # fmt: skip
def test_mistakes_are_told(server: Running, text: str) -> None:
    with connect(server.ws + "/vosk") as socket:
        socket.send(text)
        if "error" not in text:
            socket.send(b"\0" * 64)
        assert "error" in json.loads(socket.recv(timeout=20))
