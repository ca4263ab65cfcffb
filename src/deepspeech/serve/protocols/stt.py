"""The HTTP API of deepspeech-server (github.com/MainRo/deepspeech-server): a sound file in, its text out.

curl -X POST --data-binary @hello.wav http://127.0.0.1:8000/stt
"""

import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from deepspeech.serve.answers import address
from deepspeech.serve.forms import read_body
from deepspeech.serve.service import Service


def stt_route(service: Service) -> BaseRoute:
    """The route /stt; the query may name a `model`."""

    async def stt(request: Request) -> Response:
        began_s = time.monotonic()
        with service.admission.upload(address(request)):
            model = service.models.choose(request.query_params.get("model"))
            service.metrics.requests.add(protocol="stt", model=model.name)
            recording = await service.uploads.transcribe(model, await read_body(request, service.limits))
        service.log.write(
            "upload", recording.text, protocol="stt", model=model.name, address=address(request),
            audio_s=recording.duration_s, duration_s=time.monotonic() - began_s,
        )  # fmt: skip
        return PlainTextResponse(recording.text)

    return Route("/stt", stt, methods=["POST"])
