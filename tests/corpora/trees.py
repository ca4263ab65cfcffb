"""Small corpora in their true layouts, made for a test. Each holds the same ten odd clips, as far as it can.

A builder gets an empty folder and returns the arguments of `deepspeech import` and what must be kept.
"""

import csv
import gzip
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import soundfile
from common_voice_tree import NEW_COLUMNS, CommonVoice

RATE_HZ = 16000


@dataclass(frozen=True)
class Voice:
    """A clip of every corpus: its number, what is said in it, and how it is recorded."""

    name: str
    text: str
    duration_s: float = 1.5
    rate_hz: int = RATE_HZ
    channels: int = 1
    other_format: bool = False  # MP3 in a .wav, FLAC in an .mp3
    content: str = "sound"  # or "empty", or "none"


VOICES = (
    Voice("u01", "Hello there."),
    Voice("u02", "High rate", rate_hz=48000),
    Voice("u03", "Two sides!", channels=2),
    Voice("u04", "Packed otherwise", other_format=True),
    Voice("u05", "Ünï çedille"),
    Voice("u06", "Empty file", content="empty"),
    Voice("u07", "Missing file", content="none"),
    Voice("u08", "Hello there."),
    Voice("u09", "Room 7"),
    Voice("u10", "Far too long", duration_s=16, rate_hz=8000),
)
RECORDED = tuple(voice for voice in VOICES if voice.content == "sound" and voice.duration_s < 10)
CLEAN = ["hello there", "high rate", "two sides", "packed otherwise", "ünï çedille", "hello there"]
ASCII = [*CLEAN[:4], "uni cedille", CLEAN[5]]
VERBATIM = ["Hello there.", "High rate", "Two sides!", "Packed otherwise", "Ünï çedille", "Hello there.", "Room 7"]
LONG = "far too long"


@dataclass(frozen=True)
class Tree:
    """What to give to the importer, and the transcripts it must write, by CSV; "*": all CSVs of all sets together."""

    arguments: Sequence[object]
    kept: dict[str, list[str]]
    files: Sequence[str] = field(default_factory=tuple)  # others that must be there


@cache
def sound(kind: str, duration_s: float, rate_hz: int = RATE_HZ, channels: int = 1) -> bytes:
    """A sound file with a tone."""
    buffer, time_s = io.BytesIO(), np.arange(int(duration_s * rate_hz)) / rate_hz
    samples = np.stack([0.3 * np.sin(2 * np.pi * 440 * time_s)] * channels, axis=1)
    container, _, codec = kind.partition("/")
    soundfile.write(buffer, samples, rate_hz, format=container, subtype=codec or None)
    return buffer.getvalue()


KINDS = {".wav": "WAV", ".mp3": "MP3", ".flac": "FLAC", ".ogg": "OGG", ".opus": "OGG/OPUS", ".sph": "NIST"}


def record(path: Path, voice: Voice) -> Path:
    """The recording of a voice, in the format of the path's ending unless the voice is odd."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = KINDS[path.suffix.lower()]
    if voice.other_format:
        kind = "FLAC" if kind == "MP3" else "MP3"
    if voice.content == "empty":
        path.touch()
    elif voice.content == "sound":
        path.write_bytes(sound(kind, voice.duration_s, voice.rate_hz, voice.channels))
    return path


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    return path


def conversation(
    path: Path, kind: str = "NIST/ULAW", rate_hz: int = 8000, channels: int = 2
) -> list[tuple[float, float]]:
    """One long recording of 12 s and the times of six turns in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound(kind, 12, rate_hz, channels))
    return [(2.0 * turn, 2.0 * turn + 1.5) for turn in range(6)]


def pack(archive: Path, folder: Path, *names: str) -> Path:
    """Pack `names` of `folder` (all that is there by default) into a tar or zip, and remove them."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    tops = [folder / name for name in names] or sorted(path for path in folder.iterdir() if path != archive)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for path in [p for top in tops for p in ([top] if top.is_file() else sorted(top.rglob("*")))]:
                packed.write(path, path.relative_to(folder))
    else:
        with tarfile.open(archive, "w:gz" if archive.suffix in (".gz", ".tgz") else "w") as tar:
            for top in tops:
                tar.add(top, top.relative_to(folder).as_posix())
    for top in tops:
        shutil.rmtree(top) if top.is_dir() else top.unlink()
    return archive


def tens(kept: Sequence[str], csv_name: str) -> dict[str, list[str]]:
    """How by_tens shares out the clips: the first to test, the second to dev."""
    return {
        csv_name.format("test"): [kept[0]],
        csv_name.format("dev"): [kept[1]],
        csv_name.format("train"): list(kept[2:]),
    }


def aidatatang(folder: Path) -> Tree:
    corpus = folder / "aidatatang_200zh"
    for name, voices in (("train", VOICES), ("dev", VOICES[:1]), ("test", VOICES[:1])):
        for voice in voices:
            record(corpus / "corpus" / name / f"G{name}" / f"{name}{voice.name}.wav", voice)
        pack(corpus / "corpus" / name / f"G{name}.tar.gz", corpus / "corpus" / name, f"G{name}")
    texts = [
        f"{name}{voice.name} {voice.text}"
        for name, n in (("train", 10), ("dev", 1), ("test", 1))
        for voice in VOICES[:n]
    ]
    write(corpus / "transcript" / "aidatatang_200_zh_transcript.txt", *texts)
    csvs = {
        "aidatatang_train.csv": VERBATIM,
        "aidatatang_dev.csv": ["Hello there."],
        "aidatatang_test.csv": ["Hello there."],
    }
    return Tree([pack(folder / "aidatatang_200zh.tgz", folder)], csvs)


def aishell(folder: Path) -> Tree:
    corpus = folder / "data_aishell"
    for name, voices in (("train", VOICES), ("dev", VOICES[:1]), ("test", VOICES[:1])):
        for voice in voices:
            record(corpus / "wav" / name / f"S{name}" / f"{name}{voice.name}.wav", voice)
        pack(corpus / "wav" / f"S{name}.tar.gz", corpus / "wav", name)
    texts = [
        f"{name}{voice.name} {voice.text}"
        for name, n in (("train", 10), ("dev", 1), ("test", 1))
        for voice in VOICES[:n]
    ]
    write(corpus / "transcript" / "aishell_transcript_v0.8.txt", *texts)
    csvs = {
        "out/aishell_train.csv": VERBATIM,
        "out/aishell_dev.csv": ["Hello there."],
        "out/aishell_test.csv": ["Hello there."],
    }
    return Tree([pack(folder / "data_aishell.tgz", folder), "--target_dir", folder / "out"], csvs)


def magicdata(folder: Path) -> Tree:
    for name in ("train", "dev", "test"):
        rows = []
        for voice in VOICES:
            record(folder / name / "14_3466" / f"{voice.name}.wav", voice)
            rows.append(f"{voice.name}.wav\t14_3466\t{voice.text}")
        rows.append("noise.wav\t14_3466\tsome [SPK] noise")
        record(folder / name / "14_3466" / "noise.wav", VOICES[0])
        write(folder / name / "TRANS.txt", "UtteranceID\tSpeakerID\tTranscription", *rows)
        pack(folder / f"magicdata_{name}_set.tar.gz", folder, name)
    free = ["some [SPK] noise", *VERBATIM, "Far too long"]
    csvs = {"train": VERBATIM, "dev": free, "test": free}
    return Tree([folder], {f"magicdata/magicdata_{name}.csv": kept for name, kept in csvs.items()})


def freestmandarin(folder: Path) -> Tree:
    corpus = folder / "ST-CMDS-20170001_1-OS"
    for voice in VOICES:
        write(record(corpus / f"20170001P00001A00{voice.name}.wav", voice).with_suffix(".txt"), voice.text)
    return Tree([pack(folder / "ST-CMDS-20170001_1-OS.tar.gz", folder)], {"*": VERBATIM})


def primewords(folder: Path) -> Tree:
    corpus, rows = folder / "primewords_md_2018_set1", []
    for voice in VOICES:
        record(corpus / "audio_files" / "0" / "00" / f"{voice.name}.wav", voice)
        rows.append(
            {"id": voice.name, "file": f"{voice.name}.wav", "user_id": "7", "text": voice.text, "length": "1.5"}
        )
    write(corpus / "set1_transcript.json", json.dumps(rows, ensure_ascii=False))
    return Tree([pack(folder / "primewords_md_2018_set1.tar.gz", folder)], {"*": VERBATIM})


def slr57(folder: Path) -> Tree:
    corpus = folder / "African_Accented_French"
    lists: dict[str, list[str]] = {}
    forms = (
        ("transcripts/train/yaounde/fn_text.txt", "speech/train/yaounde/{}.wav {}"),
        ("transcripts/train/ca16_conv/transcripts.txt", "{}.tdf {}"),
        ("transcripts/train/ca16_read/conditioned.txt", "{} {}"),
        ("transcripts/dev/niger_west_african_fr/transcripts.txt", "{} {}"),
        ("speech/dev/niger_west_african_fr/niger_wav_file_name_transcript.tsv", "{}.wav\t{}"),
        ("transcripts/devtest/ca16_read/conditioned.txt", "{} {}"),
        ("transcripts/test/ca16/prompts.txt", "{} {}"),
    )
    for number, voice in enumerate(VOICES):
        record(corpus / "speech" / "train" / "speaker" / f"{voice.name}.wav", voice)
        name, form = forms[number % len(forms)]
        lists.setdefault(name, []).append(form.format(voice.name, voice.text))
    for name, rows in lists.items():
        write(corpus / name, *rows)
    csvs = tens(CLEAN, "African_Accented_French/African_Accented_French_{}.csv")
    return Tree([pack(folder / "African_Accented_French.tar.gz", folder).parent], csvs)


def m_ailabs(folder: Path) -> Tree:
    book = folder / "by_book" / "female" / "ann" / "a_book"
    for voice in VOICES:
        record(book / "wavs" / f"{voice.name}.wav", voice)
    write(book / "metadata.csv", *(f"{voice.name}|as written|{voice.text}" for voice in VOICES))
    write(folder / "by_book" / "male" / "bob" / "skipped" / "metadata.csv", "x|y|never imported")
    pack(folder / "fr_FR.tgz", folder)
    return Tree([folder, "--language", "fr_FR", "--skiplist", "skipped,other"], tens(CLEAN, "fr_FR/fr_FR_{}.csv"))


def librivox(folder: Path) -> Tree:
    for name in ("dev-clean", "test-clean"):
        chapter = folder / "LibriSpeech" / name / "84" / "121123"
        for voice in VOICES:
            record(chapter / f"84-121123-{voice.name}.flac", voice)
        write(chapter / "84-121123.trans.txt", *(f"84-121123-{voice.name} {voice.text.upper()}" for voice in VOICES))
        pack(folder / f"{name}.tar.gz", folder, "LibriSpeech")
    kept = [
        "hello there.",
        "high rate",
        "two sides!",
        "packed otherwise",
        "uni cedille",
        "hello there.",
        "room 7",
        LONG,
    ]
    csvs = {"librivox-dev-clean.csv": kept, "librivox-test-clean.csv": kept}
    return Tree([folder, "--sets", "dev-clean,test-clean"], csvs)


def ted(folder: Path) -> Tree:
    corpus = folder / "TEDLIUM_release2"
    texts = [voice.text for voice in RECORDED[:5]] + ["ignore_time_segment_in_scoring"]
    for name in ("train", "dev", "test"):
        turns = conversation(corpus / name / "sph" / "Ann_2010.sph", "NIST", RATE_HZ, 1)
        rows = [
            f"Ann_2010 1 Ann_2010 {start} {end} <o,f0,female> {text}"
            for (start, end), text in zip(turns, texts, strict=True)
        ]
        write(corpus / name / "stm" / "Ann_2010.stm", *rows)
        write(corpus / name / "stm" / "Gone_2011.stm", "Gone_2011 1 Gone_2011 0.0 1.5 <o,f0,male> missing file")
    (corpus / "train" / "sph" / "Empty_2012.sph").touch()
    write(corpus / "train" / "stm" / "Empty_2012.stm", "Empty_2012 1 Empty_2012 0.0 1.5 <o,f0,male> empty file")
    kept = ["Hello there.", "High rate", "Two sides!", "Packed otherwise", "Uni cedille"]
    pack(folder / "TEDLIUM_release2.tar.gz", folder)
    return Tree([folder], {f"ted-{name}.csv": kept for name in ("train", "dev", "test")})


def timit(folder: Path) -> Tree:
    for name in ("TRAIN", "TEST"):
        for voice in VOICES:
            speaker = folder / name / "DR1" / "FCJF0"
            path = record(speaker / f"SX{voice.name}.sph", voice)
            if path.is_file():
                path.rename(path.with_suffix(".WAV"))
            write(speaker / f"SX{voice.name}.TXT", f"0 24000 {voice.text}")
        write(speaker / "SA1.TXT", "0 24000 She had your dark suit in greasy wash water all year.")
    pack(folder / "TIMIT-LDC93S1.tgz", folder)
    kept = [*CLEAN, "room 7", LONG]
    return Tree([folder], {"TIMIT/timit_train.csv": kept, "TIMIT/timit_test.csv": kept}, ["TIMIT/timit_all.csv"])


def cv(folder: Path) -> Tree:
    corpus = folder / "cv_corpus_v1"
    for name in ("cv-valid-train", "cv-other-test"):
        rows = ["filename,text,up_votes,down_votes,age,gender,accent,duration"]
        for voice in VOICES:
            record(corpus / name / f"sample-{voice.name}.mp3", voice)
            rows.append(f'{name}/sample-{voice.name}.mp3,"{voice.text}",1,0,,,,')
        write(corpus / f"{name}.csv", *rows)
    return Tree(
        [pack(folder / "cv_corpus_v1.tar.gz", folder).parent], {"cv-valid-train.csv": CLEAN, "cv-other-test.csv": CLEAN}
    )


def cv2(folder: Path) -> Tree:
    corpus = CommonVoice(folder / "cv-corpus-27.0-2026-09-11" / "fr", NEW_COLUMNS)
    for voice in VOICES:
        record(corpus.clips / f"{voice.name}.mp3", voice)
    rows = [(f"{voice.name}.mp3", voice.text, f"speaker {voice.name}") for voice in VOICES]
    corpus.table("test", *rows[:2])
    corpus.table("dev", *rows[2:3])
    corpus.table("train", *rows[3:])
    corpus.table("validated", *rows)
    corpus.table("other")
    packed = pack(folder / "cv-fr.tar.gz", folder)
    clips = "cv-fr/cv-corpus-27.0-2026-09-11/fr/clips"
    csvs = {"test": CLEAN[:2], "dev": CLEAN[2:3], "train": CLEAN[3:], "validated": CLEAN, "other": []}
    return Tree([packed], {f"{clips}/{name}.csv": kept for name, kept in csvs.items()}, [f"{clips}/train-all.csv"])


def cv_personal(folder: Path) -> Tree:
    for voice in VOICES:
        record(folder / "takeout" / f"{voice.name}.mp3", voice)
    rows = [f"{voice.name}\t{voice.text}\tfr" for voice in VOICES]
    packed = pack(folder / "takeout.zip", folder)
    table = write(folder / "takeout.tsv", "original_sentence_id\tsentence\tlocale", *rows)
    return Tree([table, packed], {"takeout/data.csv": CLEAN})


def cv_spontaneous(folder: Path) -> Tree:
    corpus, rows = folder / "sps-corpus-5.0-2026-09-11-fr", []
    columns = (
        "client_id", "audio_id", "audio_file", "duration_ms", "prompt_id", "prompt", "transcription", "votes", "age",
        "gender", "accents", "variant", "language", "prompt_upvotes", "prompt_reports", "is_edited", "split",
        "char_per_sec", "quality_tags",
    )  # fmt: skip
    splits = {"u01": "test", "u02": "dev", "u08": "unassigned"}
    for voice in (*VOICES, Voice("u11", ""), Voice("u12", "Ah [disfluency] well [noise]")):
        name = f"spontaneous-speech-fr-{voice.name}.mp3"
        record(corpus / "audios" / name, voice)
        known = {
            "audio_file": name,
            "transcription": voice.text,
            "split": splits.get(voice.name, "train"),
            "client_id": "x",
        }
        rows.append("\t".join(known.get(column, "") for column in columns))
    write(corpus / "ss-corpus-fr.tsv", "\t".join(columns), *rows)
    write(corpus / "ss-reported-audios-fr.tsv", "client_id\taudio_file\treason")
    kept = {"test": CLEAN[:1], "dev": CLEAN[1:2], "train": [*CLEAN[2:5], LONG, "ah well"], "unassigned": CLEAN[5:]}
    return Tree([corpus], {f"sps-corpus-5.0-2026-09-11-fr/{name}.csv": texts for name, texts in kept.items()})


def fisher(folder: Path) -> Tree:
    for year, number in (("2004", 1), ("2005", 2)):
        stem = f"fe_03_{number:05}"
        turns = conversation(folder / f"LDC{year}S13" / "audio" / "000" / f"{stem}.sph")
        rows = [
            f"{start} {end} {side}: {voice.text}"
            for (start, end), voice, side in zip(turns, RECORDED, "ABABAB", strict=False)
        ]
        text = folder / f"LDC{year}T19" / f"fe_03_p{number}_tran" / "data" / "trans" / "000"
        write(text / f"{stem}.txt", f"# {stem}.sph", "# Transcribed at the LDC", "", *rows, "11 11.5 A: (( unclear ))")
        write(text / "fe_03_09999.txt", "0.0 1.5 A: missing file")
    return Tree([folder], {"*": sorted([*ASCII, *ASCII])})


def swb(folder: Path) -> Tree:
    turns = conversation(folder / "swb1_d1" / "data" / "sw02001.sph")
    pack(folder / "swb1_LDC97S62.tgz", folder)
    texts = folder / "LDC97S62" / "swb_ms98_transcriptions" / "20" / "2001"
    for side in "AB":
        rows = [
            f"sw2001{side}-ms98-a-{number:04} {start} {end} {voice.text}"
            for number, ((start, end), voice) in enumerate(zip(turns, RECORDED, strict=False))
        ]
        write(texts / f"sw2001{side}-ms98-a-trans.text", *rows, f"sw2001{side}-ms98-a-0009 11.0 11.9 [silence]")
    write(texts.parent / "2002" / "sw2002A-ms98-a-trans.text", "sw2002A-ms98-a-0001 0.0 1.5 missing file")
    pack(folder / "LDC97S62" / "switchboard_word_alignments.tar.gz", folder / "LDC97S62", "swb_ms98_transcriptions")
    return Tree([folder], {"*": sorted([*ASCII, *ASCII])})


def gram_vaani(folder: Path) -> Tree:
    header = "piece_id,audio_url,transcript_labelled,transcript,labels,content_filename,audio_length,user_id"
    rows = []
    for voice in VOICES:
        # What was fetched before is not fetched again; the missing one is asked for, at a place that answers no.
        record(folder / "mp3" / f"{voice.name}.mp3", voice)
        url = (folder / "there" / f"{voice.name}.mp3").as_uri()
        rows.append(f'1,"{url}","x","{voice.text}",,,1.5,7')
    rows = [row for row in rows if "u06" not in row and "u07" not in row]  # an empty file would be fetched again
    write(folder / "gram.csv", header, *rows)
    return Tree(["-c", folder / "gram.csv", "-t", folder, "-vv"], {"*": CLEAN})


def lingua_libre(folder: Path) -> Tree:
    for voice in VOICES:
        record(
            folder
            / "Q21-fra-French"
            / "Ann"
            / f"{voice.text.strip('.!')} {voice.name[0]}{chr(96 + int(voice.name[1:]))}.ogg",
            voice,
        )
    record(folder / "Q21-fra-French" / "Ann" / "bogus.ogg", VOICES[0])
    pack(folder / "Q21-fra-French.zip", folder, "Q21-fra-French")
    bogus = write(folder / "bogus.txt", ".*bogus")
    names = ["--qId", "21", "--iso639-3", "fra", "--english-name", "French", "--bogus-records", bogus]
    kept = ["hello there ua", "hello there uh", "high rate ub", "packed otherwise ud", "two sides uc", "ünï çedille ue"]
    return Tree([folder, *names], {"*": kept})


def ts(folder: Path) -> Tree:
    rows = ["path,duration,text"]
    for voice in VOICES:
        record(folder / "wavs" / f"{voice.name}.wav", voice)
        rows.append(f'wavs/{voice.name}.wav,{voice.duration_s},"{voice.text}"')
    write(folder / "data.csv", *rows)
    pack(folder / "ts_2019-04-11_fr_FR.zip", folder)
    return Tree([folder, "--english-compatible"], tens(ASCII, "ts_2019-04-11_fr_FR_{}.csv"))


def tuda(folder: Path) -> Tree:
    corpus = folder / "german-speechdata-package-v2"
    for name in ("train", "dev", "test"):
        for voice in VOICES:
            stem = f"2014-03-17-13-03-{voice.name}"
            record(corpus / name / f"{stem}_Kinect-RAW.wav", voice)
            described = (
                f"<recording><speaker_id>s1</speaker_id><cleaned_sentence>{voice.text}</cleaned_sentence></recording>"
            )
            write(corpus / name / f"{stem}.xml", '<?xml version="1.0" encoding="utf-8"?>', described)
        write(corpus / name / "2014-03-17-13-03-u99.xml", "<recording>")
    pack(folder / "german-speechdata-package-v2.tar.gz", folder)
    return Tree([folder, "--keep_archive", "True"], {f"tuda-v2-{name}.csv": CLEAN for name in ("train", "dev", "test")})


def vctk(folder: Path) -> Tree:
    for voice in VOICES:
        record(folder / "VCTK-Corpus" / "wav48" / "p225" / f"p225_{voice.name}.wav", voice)
        if voice.name != "u01":
            write(folder / "VCTK-Corpus" / "txt" / "p225" / f"p225_{voice.name}.txt", voice.text)
    record(folder / "VCTK-Corpus" / "wav48" / "p315" / "p315_001.wav", VOICES[0])
    pack(folder / "VCTK-Corpus.zip", folder)
    return Tree(
        [folder],
        {"*": ["hello there", "high rate", "n edille", "packed otherwise", "room", "two sides"]},
        ["vctk_full.csv"],
    )


def voxforge(folder: Path) -> Tree:
    session = folder / "archive" / "ann-20100101-abc"
    for voice in VOICES:
        record(session / "wav" / f"{voice.name}.wav", voice)
    write(session / "etc" / "PROMPTS", *(f"ann-20100101-abc/mfc/{voice.name} {voice.text.upper()}" for voice in VOICES))
    pack(folder / "archive" / "ann-20100101-abc.tgz", folder / "archive")
    kept = [*CLEAN[:4], "n edille", CLEAN[5], "room", LONG]
    return Tree([folder], {"voxforge-train.csv": kept, "voxforge-dev.csv": [], "voxforge-test.csv": []})


def ccpmf(folder: Path) -> Tree:
    corpus = folder / "transcriptionsXML_audioMP3_MEFR_CCPMF_2012-2020" / "2015"
    turns = conversation(corpus / "20150616_Defi_Climat_wmv.mp3", "MP3", RATE_HZ, 1)
    texts = ["Il est 10:30", "ou 80 %", "Ünï çedille", "[crochets]", "Et 1 250,05 €", "fin."]
    rows = [
        f'<row timestamp="{start * (3 if n > 2 else 1)}" timedur="{end - start}">{text}</row>'
        for n, ((start, end), text) in enumerate(zip(turns[:3], texts, strict=False))
    ]
    rows += [
        f'<row timestamp="{start}" timedur="{1.2}">{text}</row>' for start, text in ((8.0, texts[3]), (9.3, "encore"))
    ]
    write(
        corpus / "20150616_Defi_Climat_fre.xml", "<?xml version='1.0' encoding='utf-8'?>", f"<doc>{''.join(rows)}</doc>"
    )
    write(corpus / "20150616_Autre_Chose_fre.xml", "<doc/>")
    record(corpus / "20160101_Sans_texte.mp3", VOICES[0])
    (corpus / "20170101_Vide.mp3").touch()
    write(corpus / "20170101_Vide_fre.xml", '<doc><row timestamp="0" timedur="2">vide</row></doc>')
    write(corpus / "20180101_Cassé.xml", "<doc><row")
    record(corpus / "20180101_Cassé.mp3", VOICES[0])
    inner = pack(folder / "inner" / "transcriptionsXML_audioMP3_MEFR_CCPMF_2012-2020.zip", folder, corpus.parent.name)
    whole = pack(folder / "transcriptionsxml_audiomp3_mefr_ccpmf_2012-2020_2.zip", inner.parent)
    content = whole.read_bytes()
    for number, start in enumerate(range(0, len(content), len(content) // 3 + 1), 1):
        (folder / f"{whole.name}.{number:03}").write_bytes(content[start : start + len(content) // 3 + 1])
    whole.unlink()
    return Tree([folder], {"*": ["il est dix heures trente ou quatre vingts pour cent ünï çedille"]})


def swc(folder: Path) -> Tree:
    for name, speaker in (("Berlin", "Ann"), ("Bonn", "Bob"), ("Köln", "Cem")):
        article = folder / "german" / name
        turns = conversation(article / "audio.ogg", "OGG", 44100, 1)
        sentences = "".join(
            f'<s><t><n pronunciation="{voice.text}" start="{start * 1000:.0f}" end="{end * 1000:.0f}"/></t></s>'
            for (start, end), voice in zip(turns, RECORDED, strict=False)
        )
        props = f'<prop key="DC.identifier" value="{name}"/><prop key="reader.name" value="{speaker}"/>'
        ignored = '<ignored><s><t text="never"><n pronunciation="never" start="0" end="900"/></t></s></ignored>'
        write(article / "aligned.swc", f"<article><meta>{props}</meta><d>{sentences}{ignored}</d></article>")
    write(
        folder / "german" / "Leer" / "aligned.swc",
        "<article><d><s><t text='leer'><n start='0' end='1000' pronunciation='leer'/></t></s></d></article>",
    )
    (folder / "german" / "Leer" / "audio.ogg").touch()
    write(folder / "german" / "Kaputt" / "aligned.swc", "<article>")
    pack(folder / "SWC_German.tar", folder / "german")
    shutil.rmtree(folder / "german")
    return Tree(
        [folder, "--language", "german", "--add_meta", "--keep_intermediate", "false"], {"*": sorted(CLEAN * 3)}
    )


def atthack(folder: Path) -> Tree:
    root = folder / "Volumes" / "CLEM_HDD" / "IRCAM" / "Open_SLR"
    for voice in VOICES:
        write(
            record(root / "wav" / f"F01_a1_{voice.name}.wav", voice).parents[1] / "txt" / f"F01_a1_{voice.name}.txt",
            voice.text,
        )
    (root / "txt").rename(folder / "txt")
    pack(folder / "wav.tgz", folder, "Volumes")
    (root / "txt").parent.mkdir(parents=True)
    (folder / "txt").rename(root / "txt")
    pack(folder / "txt.tgz", folder, "Volumes")
    return Tree([folder, "--save_excluded_max_sec_to_disk", folder / "long.txt"], {"*": CLEAN}, ["long.txt"])


def mls(folder: Path) -> Tree:
    for name in ("train", "dev", "test"):
        rows = []
        for number, voice in enumerate(VOICES):
            stem = f"4800_10003_{number:06}"
            record(folder / "mls_polish_opus" / name / "audio" / "4800" / "10003" / f"{stem}.opus", voice)
            rows.append(f"{stem}\t{voice.text}")
        write(folder / "mls_polish_opus" / name / "transcripts.txt", *rows)
    pack(folder / "mls_polish_opus.tar.gz", folder)
    arguments = [folder, "-l", "polish", "--save_excluded_max_sec_to_disk", folder / "long.txt"]
    return Tree(arguments, {f"MLS_{name}.csv": CLEAN for name in ("train", "dev", "test")}, ["long.txt"])


def ldc93s1(folder: Path) -> Tree:
    record(folder / "LDC93S1.wav", VOICES[0])
    write(folder / "LDC93S1.txt", "0 46797 She had your dark suit.")
    return Tree([folder], {"ldc93s1.csv": ["she had your dark suit"]})


def fleurs(folder: Path) -> Tree:
    for name in ("train", "dev", "test"):
        rows = []
        for number, voice in enumerate(VOICES):
            record(folder / "fr_fr" / "audio" / name / f"{voice.name}.wav", voice)
            rows.append(f"{number}\t{voice.name}.wav\t{voice.text}\t{voice.text.lower()}\t| |\t24000\tMALE")
        write(folder / "fr_fr" / f"{name}.tsv", *rows)
        pack(folder / "fr_fr" / "audio" / f"{name}.tar.gz", folder / "fr_fr" / "audio", name)
    return Tree(
        [folder, "--language", "fr_fr"], {f"fr_fr/{name}.csv": [*CLEAN, LONG] for name in ("train", "dev", "test")}
    )


def voxpopuli(folder: Path) -> Tree:
    header = "id\traw_text\tnormalized_text\tspeaker_id\tsplit\tgender"
    for name in ("train", "dev", "test"):
        rows = []
        for voice in VOICES:
            stem = f"20100203-0900-PLENARY-{name}{voice.name}"
            record(folder / "2010" / f"{stem}.ogg", voice)
            rows.append(f"{stem}\t{voice.text}\t{voice.text.lower()}\t7\t{name}\tfemale")
        write(folder / f"asr_{name}.tsv", header, *rows)
    return Tree([folder], {f"{name}.csv": [*CLEAN, LONG] for name in ("train", "dev", "test")})


def plain_folder(folder: Path) -> Tree:
    for number, voice in enumerate(VOICES):
        top = folder / "data" / ("test" if number == 0 else "train") / "ann"
        path = record(top / f"{voice.name}{list(KINDS)[number % len(KINDS)]}", voice)
        write(path.with_suffix(".txt"), *voice.text.split(" "))
    record(folder / "data" / "train" / "silent.wav", VOICES[0])
    kept = ["high rate", "two sides", "packed otherwise", "ünï çedille", "hello there", LONG]
    return Tree([folder / "data"], {"data/test.csv": ["hello there"], "data/train.csv": kept})


def table_of_excel(folder: Path) -> Tree:
    for voice in VOICES:
        record(folder / "sounds" / f"{voice.name}.wav", voice)
    rows = ["Fichier;Sentence", *(f"sounds\\{voice.name}.wav;{voice.text}" for voice in VOICES), ";no recording"]
    (folder / "list.csv").write_bytes("".join(f"{row}\r\n" for row in rows).encode("cp1252"))
    return Tree([folder / "list.csv", "--audio-column", "fichier"], {"list-clips.csv": [*CLEAN, LONG]})


def nemo(folder: Path) -> Tree:
    rows = []
    for voice in VOICES:
        record(folder / "audio" / f"{voice.name}.wav", voice)
        rows.append({"audio_filepath": f"audio/{voice.name}.wav", "duration": voice.duration_s, "text": voice.text})
    rows.append({"audio_filepath": "audio/u10.wav", "offset": 4.0, "duration": 2.0, "text": "A part"})
    rows.append({"audio_filepath": "audio/u10.wav"})
    write(folder / "train.json", *(json.dumps(row) for row in rows), "{broken")
    return Tree([folder / "train.json"], {"train.csv": [*CLEAN, LONG, "a part"]})


def kaldi(folder: Path) -> Tree:
    data, scp, segments, text = folder / "train", [], [], []
    for voice in VOICES:
        path = record(folder / "my audio" / f"{voice.name}.wav", voice)
        scp.append(f"r-{voice.name} {path}")
        segments.append(f"{voice.name} r-{voice.name} 0.0 {1.4 if voice.duration_s < 10 else 16.0}")
        text.append(f"{voice.name} {voice.text}")
    write(data / "wav.scp", *scp)
    write(data / "segments", *segments, "part r-u10 4.0 6.0", "none r-none 0 1", "cut r-u10")
    write(data / "text", *text, "part A part")
    write(data / "utt2spk", *(f"{voice.name} ann" for voice in VOICES))
    return Tree([data], {"train/train.csv": [*CLEAN, LONG, "a part"]})


def lhotse(folder: Path) -> Tree:
    recordings, supervisions = [], []
    for voice in VOICES:
        path = record(folder / f"{voice.name}.wav", voice)
        source = {"type": "file", "channels": list(range(voice.channels)), "source": str(path)}
        recordings.append({"id": voice.name, "sources": [source], "sampling_rate": 16000, "duration": voice.duration_s})
        supervisions.append(
            {
                "id": voice.name,
                "recording_id": voice.name,
                "start": 0.0,
                "duration": voice.duration_s,
                "channel": 0,
                "text": voice.text,
            }
        )
    recordings.append({"id": "piped", "sources": [{"type": "command", "channels": [0], "source": "cat x"}]})
    supervisions.append(
        {"id": "piped", "recording_id": "piped", "start": 0, "duration": 1, "channel": 0, "text": "never"}
    )
    supervisions.append(
        {"id": "lost", "recording_id": "lost", "start": 0, "duration": 1, "channel": 0, "text": "never"}
    )
    for name, rows in (("recordings", recordings), ("supervisions", supervisions)):
        (folder / f"{name}.jsonl.gz").write_bytes(
            gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
        )
    supervision = {"id": "s", "start": 1.0, "duration": 2.0, "channel": 0, "text": "A part"}
    cut = {
        "id": "c",
        "start": 3.0,
        "duration": 4.0,
        "channel": 0,
        "supervisions": [supervision],
        "recording": recordings[9],
        "type": "MonoCut",
    }
    write(folder / "cuts.jsonl", json.dumps(cut))
    arguments = [folder / name for name in ("recordings.jsonl.gz", "supervisions.jsonl.gz", "cuts.jsonl")]
    return Tree(arguments, {"supervisions.csv": [*CLEAN, LONG], "cuts.csv": ["a part"]})


def huggingface(folder: Path) -> Tree:
    rows = []
    for voice in VOICES:
        path = record(folder / "sounds" / f"{voice.name}.flac", voice)
        content = path.read_bytes() if path.is_file() else None
        rows.append((None if content is None else {"bytes": content, "path": path.name}, voice.text, 7))
    shutil.rmtree(folder / "sounds")
    for name, some in (
        ("train-00000-of-00002", rows[:5]),
        ("train-00001-of-00002", rows[5:]),
        ("validation-00000-of-00001", rows[:1]),
    ):
        parquet(folder / "data" / f"{name}.parquet", some)
    return Tree([folder], {"train.csv": [*CLEAN, LONG], "dev.csv": CLEAN[:1]})


def parquet(path: Path, rows: Iterable[tuple[object, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t (audio STRUCT(bytes BLOB, path VARCHAR), sentence VARCHAR, speaker_id INTEGER)"
        )
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", list(rows))
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")


def asterisk(folder: Path) -> Tree:
    voice_folder, rows = folder / "usr" / "share" / "asterisk" / "sounds" / "fr_CA_f_June", ["; Sounds in French", ""]
    for voice in VOICES:
        record(voice_folder / "digits" / f"{voice.name}.wav", voice)
        rows.append(f"digits/{voice.name}: {voice.text}")
    record(voice_folder / "silence" / "1.wav", VOICES[0])
    record(voice_folder / "beep.wav", VOICES[0])
    texts = folder / "usr" / "share" / "doc" / "asterisk-core-sounds-fr" / "core-sounds-fr.txt.gz"
    texts.parent.mkdir(parents=True)
    texts.write_bytes(gzip.compress("\n".join(rows).encode()))
    packed = debian_package(folder / "asterisk-core-sounds-fr-wav.deb", folder)
    arguments = ["--language", "fr", "--source", packed, "--target-dir", folder / "out"]
    return Tree(arguments, {"*": [*CLEAN, "room sept", LONG]})


def debian_package(path: Path, folder: Path) -> Path:
    """An ar archive whose third member is a tar of the folder's files."""
    data = pack(folder / "data.tar", folder).read_bytes()
    members = (("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), ("data.tar/", data))
    packed = b"!<arch>\n"
    for name, content in members:
        packed += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content
        packed += b"\n" * (len(content) % 2)
    (folder / "data.tar").unlink()
    path.write_bytes(packed)
    return path


BUILDERS: dict[str, Callable[[Path], Tree]] = {
    "aidatatang": aidatatang, "aishell": aishell, "asterisk": asterisk, "atthack": atthack, "ccpmf": ccpmf,
    "csv": table_of_excel, "cv": cv,
    "cv-personal": cv_personal, "cv-spontaneous": cv_spontaneous, "cv2": cv2, "fisher": fisher, "fleurs": fleurs,
    "folder": plain_folder, "freestmandarin": freestmandarin, "gram-vaani": gram_vaani, "huggingface": huggingface,
    "kaldi": kaldi, "ldc93s1": ldc93s1, "lhotse": lhotse, "librivox": librivox, "lingua-libre": lingua_libre,
    "m-ailabs": m_ailabs, "magicdata": magicdata, "mls": mls, "nemo": nemo, "primewords": primewords, "slr57": slr57,
    "swb": swb, "swc": swc, "ted": ted, "timit": timit, "ts": ts, "tuda": tuda, "vctk": vctk, "voxforge": voxforge,
    "voxpopuli": voxpopuli,
}  # fmt: skip


def transcripts(path: Path) -> list[str]:
    """The transcripts of a CSV, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row["transcript"] for row in csv.DictReader(file)]
