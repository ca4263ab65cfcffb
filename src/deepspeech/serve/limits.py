"""Limits of the server, with defaults: what one client may take, and what all may take together.

All of them are settings of the table `limits` of the server's TOML file. `Refused` is how the server says no.
"""

from dataclasses import dataclass, fields

from deepspeech.errors import ConfigError, DeepSpeechError


@dataclass(frozen=True)
class Limits:
    """Every limit is a number above 0."""

    streams: int = 64  # live streams at once
    streams_per_address: int = 32
    uploads: int = 16  # recordings accepted at once; as many are transcribed at a time as there are cores
    requests_per_minute: int = 600  # of one address, streams and uploads
    upload_mb: float = 100.0  # size of a recording as it is sent
    upload_s: float = 7200.0  # its duration once decoded
    stream_s: float = 14400.0  # audio of one connection
    burst_s: float = 60.0  # audio that a stream may send at once; after that `speed` applies
    speed: float = 8.0  # times real time that a stream is read
    idle_s: float = 60.0  # seconds without a message before a stream is closed, or an upload given up
    send_s: float = 20.0  # seconds that a client may take to read what it was sent
    phrases: int = 1000  # hot phrases of one request
    phrase_characters: int = 20_000  # of all of them
    message_mb: float = 21.0  # of a WebSocket message: 15 MiB of audio as base64 in JSON
    retry_after_s: int = 5  # what a client that was refused is told
    drain_s: float = 30.0  # seconds after SIGTERM in which accepted streams end with their finals

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
