"""VCTK: 110 speakers of English with their accents, 48 kHz. CC BY 4.0 (ODC-By for the first release).

In: VCTK-Corpus.zip (wav48/) or VCTK-Corpus-0.92.zip (wav48_silence_trimmed/, FLAC of two microphones). Out: wav files
and vctk_{full,train,dev,test}.csv. The wav files are made without the silence at their ends. The corpus is not changed;
DeepSpeech's importer trimmed it in place and deleted clips then shorter than 1 s or longer than 10 s.
"""

import random
import re
from pathlib import Path

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import text_of
from deepspeech.corpora.recipe import Options, Part, TargetDir, converted, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible

NAME = "VCTK-Corpus"
ARCHIVE = Archive(
    f"{NAME}.zip",
    "https://datashare.ed.ac.uk/handle/10283/2651 or …/3443 (0.92: unpack it in a folder VCTK-Corpus)",
    f"https://datashare.ed.ac.uk/bitstream/handle/10283/2651/{NAME}.zip",
)
STRANGE = re.compile(r"[^a-zA-Z' ]+")


def vctk(target_dir: TargetDir, options: Options = Options()) -> ImportReport:
    """Fetch and prepare VCTK, English with many accents.

    Example: deepspeech import vctk corpora/vctk
    """
    corpus = obtain(ARCHIVE, target_dir, NAME)
    sounds = sorted([*visible(corpus, "wav48/*/*.wav"), *visible(corpus, "wav48_silence_trimmed/*/*_mic1.flac")])
    clips = [_clip(sound, corpus) for sound in sounds if sound.parent.name != "p315"]  # who has no texts
    mixed = random.Random(1454).sample(clips, len(clips))
    held_out = min(3200, len(clips) // 10)
    train = min(37000, len(clips) - 2 * held_out)
    sets = {"test": mixed[train + held_out :], "dev": mixed[train : train + held_out], "train": mixed[:train]}
    rules = options.rules(lambda sentence: STRANGE.sub("", sentence).lower().strip() or None, min_s=1)
    parts = [Part(target_dir / f"vctk_{name}.csv", some, rules) for name, some in sets.items()]
    return import_parts(options.report("vctk"), parts, options, whole=target_dir / "vctk_full.csv")


def _clip(sound: Path, corpus: Path) -> Clip:
    """p225/p225_001.wav, or p225_001_mic1.flac, is said in txt/p225/p225_001.txt."""
    name = sound.stem.removesuffix("_mic1")
    text, wav = corpus / "txt" / sound.parent.name / f"{name}.txt", converted(sound, corpus, corpus / "wav16")
    sentence, fault = text_of(text)
    return Clip(sound, wav, sentence.split("\n")[0], sound.parent.name, fault, trim=True)
