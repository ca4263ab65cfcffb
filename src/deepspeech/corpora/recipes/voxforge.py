"""VoxForge: read English from volunteers, 16 kHz wav. GPL.

In: thousands of small tgz archives, listed on a page. Out: train/, dev/ and test/ with one hundredth of the archives
each for dev and test, and three CSVs. Without the page, the archives in archive/ are taken as the whole corpus.
"""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urljoin

from deepspeech.corpora.archives import unpack_all
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.fetch import fetch
from deepspeech.corpora.reading import read_text, table
from deepspeech.corpora.recipe import Options, Part, Sentences, converted, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible
from deepspeech.progress import Progress

URL = "http://www.repository.voxforge1.org/downloads/SpeechCorpus/Trunk/Audio/Main/16kHz_16bit/"
LINK = re.compile(r'href="([^"/]+\.tgz)"')
STRANGE = re.compile(r"[^a-z']+")


def voxforge(
    data_dir: Annotated[Path, "Download the corpus to this folder; archives in its folder archive are not fetched."],
    options: Options = Options(),
) -> ImportReport:
    """Fetch and prepare VoxForge, read English.

    Example: deepspeech import voxforge corpora/voxforge
    """
    folder = data_dir / "archive"
    page = folder / "index.html"
    if page.is_file() or not visible(folder, "*.tgz"):
        names = sorted(set(LINK.findall(read_text(fetch(URL, page)))))
        for name in Progress(len(names), "downloading", "archives").over(names):
            fetch(urljoin(URL, name), folder / name, shown=False)
    archives = visible(folder, "*.tgz")
    hundredth = len(archives) // 100
    where = ["test"] * hundredth + ["dev"] * hundredth + ["train"] * (len(archives) - 2 * hundredth)
    unpack_all(archives, [data_dir / name for name in where])
    rules = options.rules(
        lambda sentence: STRANGE.sub(" ", sentence.lower()).strip() or None,
        min_s=0.5,
        max_s=20,
        ms_per_character=44,
    )
    parts = [
        Part(data_dir / f"voxforge-{name}.csv", _clips(data_dir / name), rules) for name in ("test", "dev", "train")
    ]
    return import_parts(options.report("voxforge"), parts, options)


def _clips(folder: Path) -> list[Clip]:
    clips = []
    for prompts in visible(folder, "*/etc/PROMPTS"):
        session = prompts.parents[1]
        transcripts = {
            row[0].rsplit("/", 1)[-1]: row[-1] for row in table(prompts, encoding="latin-1") if len(row) == 2
        }
        sentences = Sentences(transcripts, session / "wav")
        clips += [
            sentences.clip(wav, converted(wav, folder, folder / "converted"), speaker=session.name.split("-")[0])
            for wav in visible(session, "wav/*.wav")
        ]
        clips += sentences.missing()
    return clips
