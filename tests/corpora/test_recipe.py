"""What recipes are made of: splits, sentences and recordings that find each other, tables, options."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from trees import BUILDERS, VOICES, parquet, record, sound, transcripts

from deepspeech.audio.formats import probe
from deepspeech.corpora.archives import unpack
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import table, truth, tsv_rows
from deepspeech.corpora.recipe import Options, Part, Sentences, converted, import_parts, joined, plain
from deepspeech.corpora.recipes import voxforge as voxforge_module
from deepspeech.corpora.recipes.fisher import fisher
from deepspeech.corpora.recipes.folder import folder
from deepspeech.corpora.recipes.gram_vaani import gram_vaani
from deepspeech.corpora.recipes.huggingface import huggingface, split_of
from deepspeech.corpora.recipes.kaldi import kaldi
from deepspeech.corpora.recipes.lhotse import lhotse
from deepspeech.corpora.recipes.swb import swb
from deepspeech.corpora.recipes.swc import swc
from deepspeech.corpora.recipes.ted import ted
from deepspeech.corpora.recipes.timit import timit
from deepspeech.corpora.splits import at_random, by_order, by_speaker, by_tens, sample_size
from deepspeech.corpora.swc_article import cleaner, read_article
from deepspeech.errors import CorpusError


@given(st.integers(0, 200))
def test_every_split_keeps_every_item_once(count: int) -> None:
    items = list(range(count))
    clips = [Clip(Path(str(n)), Path(), "", f"speaker {n % 7}") for n in items]
    for sets in (by_tens(items), by_order(items), at_random(items, 5000, 12345)):
        assert sorted(item for some in sets.values() for item in some) == items
    assert len([clip for some in by_speaker(clips).values() for clip in some]) == count


def test_splits_that_old_systems_made() -> None:
    assert by_tens("abcdefghijkl") == {"test": ["a", "k"], "dev": ["b", "l"], "train": list("cdefghij")}
    assert {name: len(some) for name, some in by_order(range(100)).items()} == {"train": 64, "dev": 16, "test": 20}
    # np.random.seed(12345); np.random.shuffle(np.arange(102600)): the last of it is the old test set.
    old = np.arange(102600)
    np.random.RandomState(12345).shuffle(old)
    assert at_random(range(102600), 5000, 12345)["test"] == list(old[-5000:])
    assert at_random(range(102600), 5000, 12345)["dev"] == list(old[-10000:-5000])


@pytest.mark.parametrize(("population", "size"), [(0, 0), (1, 0), (10, 3), (1000, 329), (100_000, 13_750)])
def test_sample_size(population: int, size: int) -> None:
    found = sample_size(population)
    assert 2 * found <= population
    if population >= 1000:  # z²·p(1−p)/e², corrected for a training set of what is left
        train = population - 2 * found
        assert found == pytest.approx(16641 / (1 + 16641 / train), abs=1)
    assert found == pytest.approx(size, rel=0.1, abs=1)


def test_speakers_of_dev_and_test_are_not_trained_on() -> None:
    clips = [Clip(Path(f"{n}"), Path(), "", f"speaker {n % 40}") for n in range(2000)]
    sets = by_speaker(clips)
    speakers = {name: {clip.speaker for clip in some} for name, some in sets.items()}
    assert not speakers["train"] & (speakers["dev"] | speakers["test"])
    assert not speakers["dev"] & speakers["test"]
    assert min(len(sets["dev"]), len(sets["test"])) >= sample_size(2000)
    one_speaker = [Clip(clip.source, clip.wav, "", "one") for clip in clips]
    assert all(by_speaker(one_speaker).values())


def test_recordings_and_sentences_that_lack_each_other() -> None:
    sentences = Sentences({"a": "one", "b": "two"}, Path("wavs"))
    assert sentences.clip(Path("x/a.wav"), Path("a.wav")).sentence == "one"
    assert sentences.clip(Path("x/c.wav"), Path("c.wav")).fault == "the corpus has no sentence for it"
    assert [(clip.source, clip.sentence) for clip in sentences.missing()] == [(Path("wavs/b"), "two")]


def test_two_recordings_never_share_a_wav_file() -> None:
    names = {converted(Path("c/x") / name, Path("c"), Path("w")) for name in ("a.wav", "a.mp3", "a.WAV", "a.flac")}
    assert len(names) == 4
    assert converted(Path("c/x/a.wav"), Path("c"), Path("w")) == Path("w/x/a.wav")


def test_tables(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffa  b c\r\n\r\nd\n".encode())
    assert table(tmp_path / "a.txt") == [["a", "b c"], ["d"]]
    (tmp_path / "a.tsv").write_text('x\ty\n1\t"quoted\n2\n')
    assert [(row["x"], row["y"]) for row in tsv_rows(tmp_path / "a.tsv", ["x"])] == [("1", '"quoted'), ("2", "")]
    with pytest.raises(CorpusError, match="no column z; its columns are x, y"):
        list(tsv_rows(tmp_path / "a.tsv", ["z"]))
    with pytest.raises(CorpusError, match=r"none\.txt: cannot be read"):
        table(tmp_path / "none.txt")
    (tmp_path / "b.txt").write_bytes(b"\xff")
    with pytest.raises(CorpusError, match="not UTF-8 text"):
        table(tmp_path / "b.txt")


def test_yes_and_no() -> None:
    assert [truth(word) for word in ("True", "yes", "1", "false", "NO", "0")] == [True] * 3 + [False] * 3
    with pytest.raises(CorpusError, match="'perhaps' is neither"):
        truth("perhaps")


def test_characters_that_normalising_leaves() -> None:
    assert plain(" Größe é ", "äöüß") == "Größe e"
    assert plain(" Größe ") == "Groe"


def test_pieces_are_joined(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.ogg").write_bytes(sound("OGG", 1.0, 44100))
    pieces = [tmp_path / "a.ogg", tmp_path / "b.ogg"]
    assert probe(joined(pieces, tmp_path / "whole.wav")).duration_s == 2.0
    (tmp_path / "c.ogg").touch()
    assert joined([*pieces, tmp_path / "c.ogg"], tmp_path / "other.wav") == tmp_path / "c.ogg"


def test_limits_and_options_reach_the_rules(tmp_path: Path) -> None:
    (tmp_path / "alphabet.txt").write_text("a\nb\n")
    rules = Options(min_sec=1, max_sec=2, filter_alphabet=tmp_path / "alphabet.txt", normalize=True).rules(max_s=30)
    assert (rules.min_s, rules.max_s, rules.validate("Ä b")) == (1, 2, "a b")
    assert rules.alphabet is not None
    assert rules.alphabet.missing("abc") == ["c"]
    assert Options().rules(max_s=30, min_s=3).max_s == 30


def test_an_empty_corpus_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no clips were found; is this the right folder"):
        import_parts(Options().report("x"), [Part(tmp_path / "a.csv", [], Options().rules())], Options())


@pytest.mark.parametrize("recipe", [timit, swb])
def test_a_licensed_corpus_says_where_to_get_it(recipe: object, tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"you must accept its license yourself; get .* at https://catalog\.ldc\.upenn\.edu/"
    ):
        recipe(tmp_path)  # type: ignore[operator]
    with pytest.raises(CorpusError, match=r"LDC2004S13: there is no such folder; unpack LDC2004S13"):
        fisher(tmp_path)


def test_a_pipe_of_kaldi_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text("a sph2pipe -f wav a.sph | sox - -t wav - speed 1.1 |\n")
    (tmp_path / "text").write_text("a hello\n")
    with pytest.raises(
        CorpusError, match=r"wav\.scp: a is a command \(sph2pipe .*\), and commands are not run"
    ) as caught:
        kaldi([tmp_path])
    assert "\n" not in str(caught.value)


def test_kaldi_without_segments(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", VOICES[0])
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    (tmp_path / "text").write_text("a hello\n")
    kaldi([tmp_path], target_dir=tmp_path / "out", root=tmp_path)
    assert transcripts(tmp_path / "out" / f"{tmp_path.name}.csv") == ["hello"]


def test_a_manifest_that_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "cuts.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1}\n' * 1000)[:40])
    with pytest.raises(CorpusError, match="cannot be read as JSON lines"):
        lhotse([tmp_path / "cuts.jsonl.gz"])


def test_conversations_of_lhotse(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "talk.wav", np.tile([0.1, 0.5], (32000, 1)), 16000)
    source = f'{{"type": "file", "channels": [0, 1], "source": "{tmp_path}/talk.wav"}}'
    (tmp_path / "r.jsonl").write_text(f'{{"id": "r", "sources": [{source}]}}\n')
    transcript = '{"id": "s", "recording_id": "r", "start": 0.5, "duration": 1.0, "channel": 1, "text": "hello"}\n'
    (tmp_path / "s.jsonl").write_text(transcript)
    lhotse([tmp_path / "r.jsonl", tmp_path / "s.jsonl"])
    samples, _ = soundfile.read(tmp_path / "s-wavs" / "s.wav")
    assert (len(samples), round(float(samples.mean()), 2)) == (16000, 0.5)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data/train-00000-of-00002.parquet", "train"), ("data/validation-00000-of-00001-ab12.parquet", "dev"),
        ("fr/partial-train/0000.parquet", "train"), ("default/test/0000.parquet", "test"), ("0000.parquet", "train"),
        ("test/metadata.jsonl", "test"), ("metadata.csv", "train"), ("testimony/metadata.csv", "train"),
    ],
)  # fmt: skip
def test_splits_of_hugging_face(path: str, name: str) -> None:
    assert split_of(Path(path)) == name


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_recordings_with_metadata(tmp_path: Path, kind: str) -> None:
    record(tmp_path / "data" / "a b.flac", VOICES[0])
    rows = {
        "csv": 'file_name,text\na b.flac,"Hello, you"\n',
        "jsonl": '{"file_name": "a b.flac", "text": "Hello, you"}\n',
    }
    (tmp_path / "data" / f"metadata.{kind}").write_text(rows[kind])
    huggingface(tmp_path / "data", target_dir=tmp_path / "out")
    assert transcripts(tmp_path / "out" / "train.csv") == ["hello you"]
    with pytest.raises(CorpusError, match="name the column of the sentences with --text-column"):
        huggingface(tmp_path / "data", text_column="words")


def test_parquet_of_other_columns(tmp_path: Path) -> None:
    parquet(tmp_path / "x.parquet", [({"bytes": sound("FLAC", 1.5), "path": "a"}, "Hello", 1)])
    huggingface(tmp_path / "x.parquet", text_column="sentence")
    assert transcripts(tmp_path / "train.csv") == ["hello"]
    with pytest.raises(CorpusError, match=r"no column of sentences .*; its columns are audio, sentence, speaker_id"):
        huggingface(tmp_path / "x.parquet", text_column="words")
    (tmp_path / "x.parquet").write_bytes(b"no table")
    with pytest.raises(CorpusError, match=r"x\.parquet: cannot be read as Parquet"):
        huggingface(tmp_path / "x.parquet")


def test_a_clip_of_gram_vaani_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deepspeech.corpora.fetch import RefusedError
    from deepspeech.corpora.recipes import gram_vaani as module

    def gone(url: str, path: Path, shown: bool) -> Path:
        raise RefusedError(f"{url}: 404")

    monkeypatch.setattr(module, "fetch", gone)
    (tmp_path / "g.csv").write_text("audio_url,transcript\nhttp://x/a.mp3,hello\n")
    report = gram_vaani(tmp_path / "g.csv", tmp_path / "out")
    assert [words for one in report.sets for (_, words) in one.dropped] == ["the clip is no longer at its address"]


def test_clips_of_gram_vaani_of_one_name(tmp_path: Path) -> None:
    for name, number in (("one", 0), ("two", 4)):
        record(tmp_path / "there" / name / "a.mp3", VOICES[number])
    urls = [(tmp_path / "there" / name / "a.mp3").as_uri() for name in ("one", "two", "one")]
    (tmp_path / "g.csv").write_text("audio_url,transcript\n" + "".join(f"{url},hello\n" for url in urls))
    gram_vaani(tmp_path / "g.csv", tmp_path / "out")
    assert len(list((tmp_path / "out" / "wav").iterdir())) == 2


def test_an4_and_the_smoke_sentence(shared: Path, tmp_path: Path) -> None:
    """Real recordings: AN4 as a folder with texts, LDC93S1 in the layout of the corpus that it is from."""
    rows = (shared / "data" / "an4" / "dev.csv").read_text().splitlines()[1:]
    for row in rows:
        name, _, transcript = row.split(",")
        (tmp_path / "an4" / Path(name).name).parent.mkdir(exist_ok=True)
        (tmp_path / "an4" / Path(name).name).symlink_to(shared / "data" / "an4" / name)
        (tmp_path / "an4" / Path(name).with_suffix(".txt").name).write_text(transcript)
    report = folder(tmp_path / "an4", split=True)
    assert (sum(one.clips for one in report.sets), sum(one.imported for one in report.sets)) == (87, 87)
    speaker = tmp_path / "TIMIT" / "TRAIN" / "DR1" / "FCJF0"
    speaker.mkdir(parents=True)
    for kind in ("wav", "txt"):
        (speaker / f"SX1.{kind}").write_bytes((shared / "data" / "ldc93s1" / f"LDC93S1.{kind}").read_bytes())
    timit(tmp_path)
    transcript = "she had your dark suit in greasy wash water all year"
    assert transcripts(tmp_path / "TIMIT" / "timit_train.csv") == [transcript]


def test_lines_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    record(tmp_path / "TEDLIUM_release2" / "dev" / "sph" / "a.sph", VOICES[0])
    stm = tmp_path / "TEDLIUM_release2" / "dev" / "stm" / "a.stm"
    stm.parent.mkdir()
    stm.write_text("a 1 a x 1.5 <o> hello\na 1 a 0.0\n;; remark\na 1 a 0.0 1.5 <o> hello\n")
    report = ted(tmp_path)
    assert [dict(one.dropped) for one in report.sets if one.clips] == [{("failed", "the row is incomplete"): 2}]
    lines = ["[1]", '{"id": 1, "recording_id": "r"}', '{"supervisions": [{}], "recording": {"id": "r"}}', '"x"']
    (tmp_path / "odd.jsonl").write_text("\n".join(lines))
    report = lhotse([tmp_path / "odd.jsonl"])
    assert dict(report.sets[0].dropped) == {
        ("failed", "the entry is incomplete"): 3, ("failed", "its recording is not in the manifests"): 1,
    }  # fmt: skip


def test_one_unreadable_text_does_not_end_an_import(tmp_path: Path) -> None:
    for name in "ab":
        record(tmp_path / f"{name}.wav", VOICES[0])
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\xfd")
    (tmp_path / "b.txt").write_text("hello")
    report = folder(tmp_path)
    assert dict(report.sets[0].dropped) == {("failed", "its text cannot be read"): 1}


def test_what_was_unpacked_by_hand_is_not_removed(tmp_path: Path) -> None:
    BUILDERS["swc"](tmp_path)
    unpack(tmp_path / "SWC_German.tar", tmp_path / "german")
    (tmp_path / "SWC_German.tar").unlink()
    swc(tmp_path, language="german")
    assert (tmp_path / "german" / "Berlin" / "aligned.swc").is_file()


def test_long_sentences_are_cut_between_tokens(tmp_path: Path) -> None:
    def token(word: str, start: int | None = None, end: int | None = None) -> str:
        times = (f' start="{start}"' if start is not None else "") + (f' end="{end}"' if end is not None else "")
        return f'<t text="{word}"><n pronunciation="{word}"{times}/></t>'

    tokens = token("lost") + token("one", 0, 900) + token("two") + token("three", 1000, 2000) + token("4", 2000, 2500)
    tokens += token("five", 2600, 3000) + token("tail")
    (tmp_path / "aligned.swc").write_text(f"<a><s>{tokens}</s></a>")
    assert read_article(tmp_path / "aligned.swc", 1500, True).stretches == [
        (0, 900, "one"), (900, 2000, "two three"), (2600, 3000, "five"),
    ]  # fmt: skip
    whole = read_article(tmp_path / "aligned.swc", 0, False)
    assert whole.stretches == [(0, 3000, "one two three 4 five")]
    assert (whole.name, whole.speaker) == ("<unknown>", "<unknown>")


@pytest.mark.parametrize(
    ("transcript", "label"),
    [
        ("Das (kostet) 5 $", None), ("Fünf $.", "fünf dollar"), ("ein tausend neun hundert", "neunzehnhundert"),
        ("eins punkt null null null punkt null null null", "eine million"), ("punkt null", None),
    ],
)  # fmt: skip
def test_german_as_it_is_read(transcript: str, label: str | None) -> None:
    assert cleaner("german")(transcript) == label


def test_archives_of_voxforge_by_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    BUILDERS["voxforge"](tmp_path / "site")
    archive = tmp_path / "site" / "archive" / "ann-20100101-abc.tgz"
    (tmp_path / "here" / "archive").mkdir(parents=True)
    html = '<a href="../">up</a> <a href="ann-20100101-abc.tgz">ann</a> <a href="/elsewhere/x.tgz">x</a>'
    (tmp_path / "here" / "archive" / "index.html").write_text(html)  # fetched before the import was stopped
    monkeypatch.setattr(voxforge_module, "URL", archive.parent.as_uri() + "/")
    report = voxforge_module.voxforge(tmp_path / "here")
    assert sum(one.imported for one in report.sets) == 8


def test_a_folder_counts_links_that_lead_nowhere_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(sound("WAV", 1.0))
    (tmp_path / "gone.wav").symlink_to(tmp_path / "elsewhere.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    for name in ("a", "gone", "pipe"):
        (tmp_path / f"{name}.txt").write_text("hello")
    (report,) = folder(tmp_path).sets
    assert (report.clips, sum(report.dropped.values())) == (3, 2)
