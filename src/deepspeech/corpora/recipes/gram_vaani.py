"""Gram Vaani: calls to a community radio, Hindi, MP3. Gram Vaani provides its CSV on request.

In: the CSV, whose clips are downloaded from the URLs in it. Out: mp3/, wav/, and train.csv, dev.csv and test.csv of
80, 10 and 10 %, at random with a fixed seed (the old importer had none).
"""

import random
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.fetch import RefusedError, fetch
from deepspeech.corpora.reading import csv_rows
from deepspeech.corpora.recipe import Part, TextOptions, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.progress import Progress


def gram_vaani(
    csv_filename: Annotated[Path, "Read this CSV of Gram Vaani.", "--csv-filename", "-c"],
    target_dir: Annotated[Path, "Write clips and CSVs to this folder.", "--target-dir", "-t"],
    verbose: Annotated[
        bool, "Has no effect: what is done is always shown.", "--verbose", "--very-verbose", "-v"
    ] = False,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Fetch and prepare Gram Vaani, Hindi.

    Example: deepspeech import gram-vaani --csv-filename gram_vaani.csv --target-dir corpora/gram-vaani --language hi
    """
    rows = csv_rows(csv_filename, ("audio_url", "transcript"))
    listed = [row for row in rows if row["audio_url"]]
    fetched = Progress(len(listed), "downloading", "clips").over(listed)
    names: dict[str, str] = {}
    clips = [_clip(row["audio_url"], row["transcript"], target_dir, names) for row in fetched]
    mixed = random.Random(1).sample(clips, len(clips))
    dev, train = len(clips) // 10, len(clips) * 8 // 10
    sets = {"test": mixed[train + dev :], "dev": mixed[train : train + dev], "train": mixed[:train]}
    parts = [Part(target_dir / f"{name}.csv", some, options.rules()) for name, some in sets.items()]
    return import_parts(options.report("gram-vaani"), parts, options)


def _clip(url: str, text: str, folder: Path, names: dict[str, str]) -> Clip:
    """`names`: downloaded URLs by file name: URLs in different folders may have the same file name."""
    name = url.rsplit("/", 1)[-1]
    if names.setdefault(name, url) != url:
        name = f"{blake2b(url.encode(), digest_size=8).hexdigest()}-{name}"
    mp3, fault = folder / "mp3" / name, ""
    wav = folder / "wav" / f"{mp3.stem}.wav"
    try:
        fetch(url, mp3, shown=False)
    except RefusedError:
        fault = "the clip is no longer at its address"
    return Clip(mp3, wav, text, fault=fault)
