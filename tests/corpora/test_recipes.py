"""Every importer on a small tree in its corpus's true layout, through its command, with its old door's options."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from corpora_page import PAGE, ROOT, Run, old_scripts, run, table, with_table
from trees import BUILDERS, transcripts

from deepspeech.audio.formats import probe
from deepspeech.cli.import_corpus import command, names
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.errors import CorpusError

# The options of the old scripts, by door. Sources: `bin/import_*.py` of DeepSpeech 0.9.3 and of STT 1.4.
OLD_OPTIONS = {
    "aidatatang": "target_dir validate_label_locale",
    "aishell": "target_dir validate_label_locale",
    "atthack": "validate_label_locale filter_alphabet normalize min_sec max_sec save_excluded_max_sec_to_disk",
    "ccpmf": "validate_label_locale filter_alphabet normalize",
    "cv": "",
    "cv-personal": "validate_label_locale filter_alphabet normalize space_after_every_character",
    "cv2": "validate_label_locale audio_dir filter_alphabet normalize space_after_every_character",
    "fisher": "",
    "freestmandarin": "target_dir validate_label_locale",
    "gram-vaani": "csv_filename target_dir verbose very-verbose validate_label_locale",
    "ldc93s1": "",
    "librivox": "",
    "lingua-libre": "qId iso639-3 english-name filter_alphabet normalize bogus-records validate_label_locale",
    "m-ailabs": "filter_alphabet normalize skiplist language validate_label_locale",
    "magicdata": "target_dir validate_label_locale",
    "mls": "language filter_alphabet normalize min_sec max_sec save_excluded_max_sec_to_disk validate_label_locale",
    "primewords": "target_dir validate_label_locale",
    "slr57": "filter_alphabet normalize validate_label_locale",
    "swb": "",
    "swc": "language exclude_numbers max_duration ignore_too_long normalize dutch_alphabet english_alphabet "
    "german_alphabet add_meta exclude_unknown_speakers exclude_unknown_articles keep_archive keep_intermediate",
    "ted": "",
    "timit": "",
    "ts": "english-compatible validate_label_locale",
    "tuda": "max_duration normalize alphabet keep_archive",
    "vctk": "",
    "voxforge": "",
}


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Each importer, run once."""
    return {}


def done(name: str, runs: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> Run:
    if name not in runs:
        runs[name] = run(name, tmp_path_factory.mktemp(name))
    return runs[name]


def test_every_importer_has_a_tree_and_every_old_one_its_script() -> None:
    assert sorted(BUILDERS) == names()
    assert sorted(name for name in names() if old_scripts(name)) == sorted(OLD_OPTIONS)
    assert len(list((ROOT / "bin").glob("import_*.py"))) == len(OLD_OPTIONS) == 26


@pytest.mark.parametrize("name", OLD_OPTIONS)
def test_the_old_options_are_there(name: str) -> None:
    found = {option for parameter in command(name).params for option in parameter.opts}
    assert {f"--{option.replace('_', '-')}" for option in OLD_OPTIONS[name].split()} <= found


# Of one language, and cleaned by a rule for it.
OWN_RULE = {
    "aidatatang", "aishell", "ccpmf", "cv", "fisher", "freestmandarin", "ldc93s1", "librivox", "magicdata",
    "primewords", "swb", "ted", "timit", "ts", "tuda", "vctk", "voxforge",
}  # fmt: skip


@pytest.mark.parametrize("name", names())
def test_the_language_of_the_text_can_be_named(name: str) -> None:
    opts = [option for parameter in command(name).params for option in parameter.opts]
    assert ("--text-language" in opts) == (name not in OWN_RULE)
    assert opts.count("--language") == (name not in OWN_RULE)


@pytest.mark.parametrize("name", sorted({*names()} - OWN_RULE))
def test_sentences_of_a_named_language_are_normalized(name: str, tmp_path: Path) -> None:
    done = run(name, tmp_path, "--text-language", "en", "--no-lower")
    texts = " ".join(text for part in done.report.sets for text in transcripts(part.csv))
    assert ("Hello there" if name == "swc" else "oom seven") in texts  # the tree of swc has no figures
    assert not [note for note in done.report.notes if "English" in note]


def test_the_language_of_texts_of_three_languages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="all three are imported; choose one with --language"):
        command("swc")(args=[str(tmp_path), "--text-language", "nl"], standalone_mode=False)


@pytest.mark.parametrize("name", names())
def test_an_import(name: str, runs: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> None:
    one = done(name, runs, tmp_path_factory)
    csvs = [part.csv for part in one.report.sets]
    written = {path.relative_to(one.folder).as_posix(): transcripts(path) for path in csvs}
    if "*" in one.tree.kept:
        assert sorted(text for texts in written.values() for text in texts) == sorted(one.tree.kept["*"])
    else:
        assert {path: sorted(texts) for path, texts in written.items()} == {
            path: sorted(texts) for path, texts in one.tree.kept.items()
        }
    assert all((one.folder / name).is_file() for name in one.tree.files)
    for path in csvs:
        for sample in read_csv(path):
            info = probe(sample.audio)
            assert (info.kind, info.rate_hz, info.channels) == ("WAV", 16000, 1)
            assert sample.size_bytes == sample.audio.stat().st_size
    assert not [path for path in one.folder.rglob("*") if path.name.endswith(".part")]


@pytest.mark.parametrize("name", names())
def test_sources_are_left_as_they_are(name: str, tmp_path: Path) -> None:
    """What a tree holds before the import is there afterwards, byte for byte; archives too."""
    tree = BUILDERS[name](tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = [
        argument.replace("_", "-") if argument.startswith("--") else argument for argument in map(str, tree.arguments)
    ]
    command(name)(args=again, standalone_mode=False)
    changed = [path for path, content in before.items() if not path.is_file() or path.read_bytes() != content]
    assert not changed
    first = {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}
    command(name)(args=again, standalone_mode=False)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.csv")} == first  # an import done twice


def test_vctk_loses_the_silence_at_its_ends(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    samples = random.normal(0, 0.001, 4 * 48000)
    samples[48000 : 3 * 48000] += random.normal(0, 0.1, 2 * 48000)
    for folder in ("wav48", "txt"):
        (tmp_path / "VCTK-Corpus" / folder / "p225").mkdir(parents=True)
    soundfile.write(tmp_path / "VCTK-Corpus" / "wav48" / "p225" / "p225_001.wav", samples, 48000)
    (tmp_path / "VCTK-Corpus" / "txt" / "p225" / "p225_001.txt").write_text("Please call Stella.\n", encoding="utf-8")
    command("vctk")(args=[str(tmp_path)], standalone_mode=False)
    (sample,) = read_csv(tmp_path / "vctk_full.csv")
    assert sample.transcript == "please call stella"
    assert probe(sample.audio).duration_s == pytest.approx(2.5, abs=0.1)


def test_the_page_is_true(runs: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> None:
    made = table({name: done(name, runs, tmp_path_factory) for name in names()})
    before = PAGE.read_text(encoding="utf-8")
    assert before == with_table(before, made), "rewrite it: python tests/corpora/corpora_page.py"


def test_recipes_stay_declarations() -> None:
    """A recipe is about a screen; what several need belongs to the engine."""
    recipes = sorted((ROOT / "src" / "deepspeech" / "corpora" / "recipes").glob("*.py"))
    sizes = {path.stem: len(re.findall("\n", path.read_text(encoding="utf-8"))) for path in recipes}
    assert not {name: size for name, size in sizes.items() if size > 140}
    assert sum(sizes.values()) / len(sizes) <= 75
    assert Counter(size > 90 for size in sizes.values())[True] <= 4
