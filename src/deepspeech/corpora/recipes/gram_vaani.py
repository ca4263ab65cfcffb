"""Gram Vaani: calls to a community radio, Hindi, MP3. Its CSV is handed out by Gram Vaani.

In: the CSV, whose clips are fetched from the addresses in it. Out: mp3/, wav/, and train.csv, dev.csv and test.csv of
80, 10 and 10 % at random (by a fixed seed, which the old importer had not).
"""

import random
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.fetch import RefusedError, fetch
from deepspeech.corpora.reading import csv_rows
from deepspeech.corpora.recipe import Options, Part, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.progress import Progress


def gram_vaani(
    csv_filename: Annotated[Path, "The CSV of Gram Vaani.", "--csv-filename", "-c"],
    target_dir: Annotated[Path, "Folder for the clips and for the CSVs.", "--target-dir", "-t"],
    verbose: Annotated[
        bool, "Has no effect: what is done is always shown.", "--verbose", "--very-verbose", "-v"
    ] = False,
    options: Options = Options(),
) -> ImportReport:
    """Fetch and prepare Gram Vaani, Hindi."""
    rows = csv_rows(csv_filename, ("audio_url", "transcript"))
    listed = [row for row in rows if row["audio_url"]]
    fetched = Progress(len(listed), "downloading", "clips").over(listed)
    names: dict[str, str] = {}
    clips = [_clip(row["audio_url"], row["transcript"], target_dir, names) for row in fetched]
    mixed = random.Random(1).sample(clips, len(clips))
    dev, train = len(clips) // 10, len(clips) * 8 // 10
    sets = {"test": mixed[train + dev :], "dev": mixed[train : train + dev], "train": mixed[:train]}
    parts = [Part(target_dir / f"{name}.csv", some, options.rules()) for name, some in sets.items()]
    return import_parts(options.report("gram-vaani", english_rule=True), parts, options)


def _clip(url: str, text: str, folder: Path, names: dict[str, str]) -> Clip:
    """`names`: what was fetched under which name, for addresses in different folders may end alike."""
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
