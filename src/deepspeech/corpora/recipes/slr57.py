"""African Accented French: read and answered, Cameroon, Gabon, Congo, Niger, 16 kHz wav. Apache 2.0, OpenSLR 57.

In: African_Accented_French.tar.gz, its sentences in seven lists of three forms. Out: three CSVs, 8:1:1.
"""

from pathlib import Path

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.reading import table
from deepspeech.corpora.recipe import Part, Sentences, TargetDir, TextOptions, converted, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import by_tens
from deepspeech.files import visible

NAME = "African_Accented_French"
ARCHIVE = Archive(
    f"{NAME}.tar.gz", "https://www.openslr.org/57/", f"https://www.openslr.org/resources/57/{NAME}.tar.gz"
)
LISTS = (
    "transcripts/train/yaounde/fn_text.txt",
    "transcripts/train/ca16_conv/transcripts.txt",
    "transcripts/train/ca16_read/conditioned.txt",
    "transcripts/dev/niger_west_african_fr/transcripts.txt",
    "speech/dev/niger_west_african_fr/niger_wav_file_name_transcript.tsv",
    "transcripts/devtest/ca16_read/conditioned.txt",
    "transcripts/test/ca16/prompts.txt",
)


def slr57(target_dir: TargetDir, options: TextOptions = TextOptions()) -> ImportReport:
    """Fetch and prepare African Accented French.

    Example: deepspeech import slr57 corpora/slr57 --language fr
    """
    corpus = obtain(ARCHIVE, target_dir, NAME)
    transcripts = {}
    for name in LISTS:
        for row in table(corpus / name, "\t" if name.endswith(".tsv") else " "):
            # The lists identify a recording by its path, its name, or the name of its .tdf file.
            transcripts[Path(row[0]).stem] = row[1] if len(row) == 2 else ""
    sentences = Sentences(transcripts, corpus / "speech")
    clips = [
        sentences.clip(wav, converted(wav, corpus, corpus / "converted"), speaker=wav.parent.name)
        for wav in visible(corpus / "speech", "**/*.wav")
    ]
    sets = by_tens([clip for clip in clips if not clip.fault])
    sets["train"] += [clip for clip in clips if clip.fault] + sentences.missing()
    rules = options.rules(max_s=15, ms_per_character=30)
    parts = [Part(corpus / f"{NAME}_{name}.csv", sets[name], rules) for name in ("test", "dev", "train")]
    return import_parts(options.report("slr57"), parts, options)
