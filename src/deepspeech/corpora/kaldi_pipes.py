"""Commands in Kaldi's wav.scp are never run: those that only decode a file or a channel are replaced by the file.

`sph2pipe -f wav -p -c 2 FILE |`, `flac -c -d -s FILE |`, `sox FILE -t wav - remix 1 |` and similar. Commands
that change the audio (speed, gain, filters) are refused.
"""

import shlex
from pathlib import Path

from deepspeech.errors import CorpusError

# Options that affect only rate and encoding, and their numbers of values.
_OPTIONS = {
    "sph2pipe": {"-f": 1, "-p": 0, "-c": 1},
    "flac": {"-c": 0, "-d": 0, "-s": 0, "-cd": 0, "-dc": 0, "-cds": 0, "-dcs": 0, "--silent": 0, "--decode": 0,
             "--stdout": 0, "-F": 0},
    "sox": {"-t": 1, "-r": 1, "-b": 1, "-e": 1, "-G": 0, "-V1": 0, "--no-dither": 0, "-D": 0},
    "cat": {},
}  # fmt: skip


def recording_of(name: str, entry: str, scp: Path) -> tuple[str, int | None]:
    """(file, channel from 0 or None for all) of an entry of wav.scp. Raises CorpusError for another command."""
    if not entry.endswith("|") and not entry.startswith("|"):
        return entry, None
    found = _unpacked(entry)
    if found is None:
        raise CorpusError(
            f"{scp}: {name} is a command ({entry}), and commands are not run; list its output file instead"
        )
    return found


def _unpacked(command: str) -> tuple[str, int | None] | None:
    """(file, channel) of a command that unpacks a file; None for any other command."""
    try:
        program, *words = shlex.split(command.removesuffix("|"))
    except ValueError:
        return None
    known, names, channel = _OPTIONS.get(Path(program).name), list[str](), None
    words.reverse()
    while words and known is not None:
        word = words.pop()
        if word == "remix" and Path(program).name == "sox":
            # One channel, counted from 1, and nothing after it.
            if len(words) != 1 or not words[0].isdecimal() or words[0] == "0" or channel is not None:
                return None
            channel = int(words.pop()) - 1
        elif word in known:
            values = [words.pop() for _ in range(min(known[word], len(words)))]
            if word == "-c" and values:
                if values[0] not in ("1", "2"):
                    return None
                channel = int(values[0]) - 1
        elif word.startswith("-") and word != "-":
            return None
        elif word != "-":
            names.append(word)
    return (names[0], channel) if len(names) == 1 else None
