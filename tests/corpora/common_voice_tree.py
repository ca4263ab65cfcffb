"""A small Common Voice in its true layout, made for a test."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

OLD_COLUMNS = ("client_id", "path", "sentence", "up_votes", "down_votes", "age", "gender", "accent")
NEW_COLUMNS = (
    "client_id", "path", "sentence_id", "sentence", "sentence_domain", "up_votes", "down_votes", "age", "gender",
    "accents", "variant", "locale", "segment",
)  # fmt: skip


class CommonVoice:
    """The folder of one language; rows are (path, sentence) or (path, sentence, speaker)."""

    def __init__(self, folder: Path, columns: Sequence[str] = NEW_COLUMNS) -> None:
        self.folder, self.clips, self._columns = folder, folder / "clips", columns
        self.clips.mkdir(parents=True)

    def clip(self, name: str, duration_s: float = 1.5, rate_hz: int = 48000, channels: int = 1) -> Path:
        """An MP3 with a tone."""
        time_s = np.arange(int(duration_s * rate_hz)) / rate_hz
        samples = np.stack([0.3 * np.sin(2 * np.pi * 440 * time_s)] * channels, axis=1)
        soundfile.write(self.clips / name, samples, rate_hz, format="MP3")
        return self.clips / name

    def table(self, name: str, *rows: tuple[str, ...], end: str = "\n", start: str = "") -> Path:
        lines = ["\t".join(self._columns)]
        for path, sentence, *speaker in rows:
            row = dict.fromkeys(self._columns, "") | {"path": path, "sentence": sentence, "up_votes": "2"}
            row["client_id"] = speaker[0] if speaker else "someone"
            lines.append("\t".join(row[column] for column in self._columns))
        path = self.folder / f"{name}.tsv"
        path.write_bytes((start + "".join(line + end for line in lines)).encode())
        return path
