"""Limits of the server, with defaults: what one client may take, and what all may take together.

All of them are settings of the table `limits` of the server's TOML file. `Refused` is how the server says no.
"""

from dataclasses import dataclass, fields

from deepspeech.errors import ConfigError, DeepSpeechError
from deepspeech.settings import setting


@dataclass(frozen=True)
class Limits:
    """Every limit is a number above 0."""

    streams: int = setting(64, "live streams at once", "to what `benchmarks/serve.py` measures", "streams")
    streams_per_address: int = setting(32, "of one address", "higher behind a proxy that hides addresses", "streams")
    uploads: int = setting(
        16,
        "recordings accepted at once; as many are transcribed at a time as there are cores",
        "fewer where memory is short",
        "recordings",
    )
    requests_per_minute: int = setting(
        600, "of one address, streams and uploads", "lower on a public server", "requests per minute"
    )
    upload_mb: float = setting(100.0, "size of a recording as it is sent", "for longer recordings", "MiB")
    upload_s: float = setting(7200.0, "its duration once decoded", "for longer recordings", "seconds")
    stream_s: float = setting(14400.0, "audio of one connection", "for streams that never end", "seconds")
    burst_s: float = setting(
        60.0, "audio that a stream may send at once; after that `speed` applies", "for files sent as streams", "seconds"
    )
    speed: float = setting(8.0, "how fast a stream is read after that", "for files sent as streams", "times real time")
    idle_s: float = setting(
        60.0, "without a message for so long a stream is closed, or an upload given up", "for push-to-talk", "seconds"
    )
    send_s: float = setting(20.0, "time that a client may take to read what it was sent", "seldom", "seconds")
    phrases: int = setting(1000, "hot phrases of one request", "for long lists of names", "phrases")
    phrase_characters: int = setting(20_000, "of all of them", "with phrases", "characters")
    message_mb: float = setting(
        21.0, "size of a WebSocket message: 15 MiB of audio as base64 in JSON", "lower where memory is short", "MiB"
    )
    retry_after_s: int = setting(5, "what a client that was refused is told", "seldom", "seconds")
    drain_s: float = setting(
        30.0,
        "time after SIGTERM in which accepted streams end with their finals",
        "to what your supervisor allows",
        "seconds",
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
                raise ConfigError(f"limits.{item.name} is {value!r}; it must be a number above 0")
            if item.type in (int, "int") and not isinstance(value, int):
                raise ConfigError(f"limits.{item.name} is {value!r}; it must be a whole number")

    @property
    def upload_bytes(self) -> int:
        return round(self.upload_mb * (1 << 20))

    @property
    def message_bytes(self) -> int:
        return round(self.message_mb * (1 << 20))


class Refused(DeepSpeechError):
    """The server does not do what a client asked. `status`: of HTTP; 429 and 503 tell when to try again."""

    def __init__(self, message: str, status: int = 400, code: str = "invalid_request", param: str | None = None):
        super().__init__(message)
        self.status, self.code, self.param = status, code, param

    @property
    def later(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status in (429, 503)
