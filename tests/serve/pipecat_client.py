"""pipecat's services for OpenAI against a server; prints what they heard as JSON.

PYTHON pipecat_client.py HOST:PORT ONE TWO; the files are wav files of one and of two utterances.

Runs in an environment of its own, which has pipecat-ai[openai] and need not have this project.
"""

import asyncio
import json
import sys
import wave
from collections.abc import Sequence
from typing import Any

from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    ProposedUserStartedSpeakingFrame,
    ProposedUserStoppedSpeakingFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.stt import OpenAIRealtimeSTTService, OpenAISTTService
from pipecat.workers.runner import WorkerRunner

WAIT_S = 60
KINDS = {
    InterimTranscriptionFrame: "interim", TranscriptionFrame: "transcript",
    ProposedUserStartedSpeakingFrame: "started", ProposedUserStoppedSpeakingFrame: "stopped",
}  # fmt: skip


class Sink(FrameProcessor):
    """Keeps what a service says, in order: interim texts, transcripts, and where speech begins and ends."""

    def __init__(self, transcripts: int) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []
        self.left, self.done = transcripts, asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if kind := KINDS.get(type(frame)):
            self.heard.append((kind, getattr(frame, "text", "")))
            self.left -= kind == "transcript"
            if not self.left:
                self.done.set()
        await self.push_frame(frame, direction)


async def heard(service: FrameProcessor, transcripts: int, frames: Sequence[Frame], rate_hz: int) -> list[Any]:
    """What the service says to these frames, until it has said so many transcripts, and its errors."""
    sink, errors = Sink(transcripts), list[tuple[str, str]]()
    params = PipelineParams(audio_in_sample_rate=rate_hz)
    worker = PipelineWorker(Pipeline([service, sink]), cancel_on_idle_timeout=False, enable_rtvi=False, params=params)
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def _started(worker: Any, frame: Any) -> None:
        started.set()

    @service.event_handler("on_error")
    async def _error(service: Any, error: Any) -> None:
        errors.append(("error", str(error)))
        sink.done.set()

    async def speak() -> None:
        await asyncio.wait_for(started.wait(), WAIT_S)
        for frame in frames:
            await worker.queue_frame(frame)
            if isinstance(frame, InputAudioRawFrame):
                await asyncio.sleep(0.02)  # the size of one
        await asyncio.wait_for(sink.done.wait(), WAIT_S)
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await asyncio.gather(runner.run(), speak())
    return sink.heard + errors


def frames(path: str) -> tuple[int, list[Frame]]:
    """The rate of a file, and its sound as a microphone would send it."""
    with wave.open(path) as file:
        rate_hz, sound = file.getframerate(), file.readframes(file.getnframes())
    size = rate_hz // 50 * 2
    return rate_hz, [InputAudioRawFrame(sound[n : n + size], rate_hz, 1) for n in range(0, len(sound), size)]


async def main(server: str, one: str, two: str) -> None:
    (rate_hz, said), (_, longer) = frames(one), frames(two)
    turn = [VADUserStartedSpeakingFrame(), *said, VADUserStoppedSpeakingFrame()]

    def realtime(turns: Any) -> OpenAIRealtimeSTTService:
        settings = OpenAIRealtimeSTTService.Settings(model="tones", language="en", noise_reduction="near_field")
        base = f"ws://{server}/v1/realtime"
        return OpenAIRealtimeSTTService(api_key="none", base_url=base, turn_detection=turns, settings=settings)

    rest = OpenAISTTService(
        api_key="none", base_url=f"http://{server}/v1", settings=OpenAISTTService.Settings(model="tones", language="en")
    )
    found = {
        "turns of the client": await heard(realtime(False), 1, turn, rate_hz),
        "turns of the server": await heard(realtime({"type": "server_vad"}), 2, longer, rate_hz),
        "rest": await heard(rest, 1, turn, rate_hz),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
