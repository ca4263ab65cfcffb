"""Other weights for a scorer. In: a `.scorer` file. Out: the same with another alpha and beta in its trailer.

The trailer's 25 bytes stand between language model and dictionary: `EIRT`, version, mode, alpha, beta
(`native_client/ctcdecode/scorer.cpp`).
"""

import mmap
import shutil
import struct
from pathlib import Path

from deepspeech.errors import ScorerError

START = struct.pack("<4si", b"EIRT", 6)
WEIGHTS = struct.Struct("<dd")  # after the start and one byte for the mode
DICTIONARY = struct.pack("<i", 2125659606)  # how an OpenFST file begins


def with_weights(scorer: Path, output: Path, alpha: float, beta: float) -> None:
    """Write `output`: `scorer`, which may be the same file, with these weights as its own. Raises ScorerError."""
    partial = output.with_name(output.name + ".partial")
    try:
        position = _position(scorer)
        shutil.copyfile(scorer, partial)
        with partial.open("r+b") as file:
            file.seek(position)
            file.write(WEIGHTS.pack(alpha, beta))
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ScorerError(f"{error.filename or output}: cannot write the scorer ({error.strerror})") from None


def _position(scorer: Path) -> int:
    """Where the weights stand: in the last trailer that a dictionary follows."""
    end = scorer.stat().st_size
    if end:  # nothing empty can be mapped
        with scorer.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            while (at := content.rfind(START, 0, end)) >= 0:
                position = at + len(START) + 1
                dictionary = position + WEIGHTS.size
                if content[dictionary : dictionary + len(DICTIONARY)] == DICTIONARY:
                    return position
                end = at + len(START) - 1
    raise ScorerError(f"{scorer}: the scorer holds no weights that could be changed; package it again")
