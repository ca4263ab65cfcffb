"""The how-to pages and the tutorial are true: their commands and their Python run from top to bottom.

Blocks marked `sh` and `python` run, in the order of the page; those marked `text` are output, or need a microphone, a
network or hours. A training runs for one epoch.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documentation.conftest import common_voice
from tests.documentation.pages import DOCS, ROOT, blocks, command_lines

Execute = Callable[[list[str]], str]
HOW_TO = sorted(page for page in (DOCS / "howto").glob("*.md") if page.stem != "index")
SLOW = ("my-language",)  # it trains the network of a recipe
CHAPTERS = ("what-it-is", "environment", "common-voice", "training", "testing", "scorer", "export", "use")


def run_page(page: Path, execute: Execute) -> int:
    """Run all blocks of a page; a Python block that names a file is that file. Returns the number of steps."""
    world: dict[str, object] = {"__name__": page.stem}
    steps = 0
    prepared = [text for language, text in blocks(page, "python") if text.startswith("# ")]
    for text in prepared:
        Path(text.splitlines()[0][2:]).write_text(text, encoding="utf-8")
    for language, text in blocks(page, "sh", "python"):
        if language == "python":
            if text not in prepared:
                exec(compile(text, str(page), "exec"), world)
            steps += 1
            continue
        for words in command_lines(text):
            execute(words)
            steps += 1
    return steps


@pytest.mark.parametrize(
    "page",
    [pytest.param(one, marks=[pytest.mark.slow] if one.stem in SLOW else [], id=one.stem) for one in HOW_TO],
)
def test_a_how_to_runs(page: Path, desk: Path, execute: Execute) -> None:
    assert run_page(page, execute)


@pytest.mark.slow
def test_the_tutorial_runs(tmp_path: Path, execute: Execute, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the corpus that ships here, and a small Common Voice."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    shutil.copytree(ROOT / "runs", tmp_path / "runs")
    common_voice(tmp_path / "cv-corpus/en", ["abba", "dc", "cab", "bad dad", "abc", "ddd", "a b", "cd"])
    monkeypatch.chdir(tmp_path)
    steps = sum(run_page(DOCS / "tutorial" / f"{chapter}.md", execute) for chapter in CHAPTERS)
    assert steps > 20
    for made in ("data.png", "my-alphabet.txt", "training.png", "confusion.png", "my.scorer", "tuned.scorer"):
        assert (tmp_path / made).stat().st_size, made
    assert len(list((tmp_path / "texts").glob("*.srt"))) > 1


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_both_languages_of_the_tutorial_have_the_same_code(chapter: str) -> None:
    assert _code(DOCS / "tutorial" / f"{chapter}.md") == _code(DOCS / "fr" / f"{chapter}.md")


def _code(page: Path) -> list[str]:
    """Lines of code, without comments."""
    parts = (text for _, text in blocks(page, "sh", "python", "text"))
    return [line.partition("  # ")[0] for text in parts for line in text.splitlines()]


@pytest.mark.parametrize("page", sorted((DOCS / "fr").glob("*.md")), ids=lambda page: page.stem)
def test_french_has_its_spaces_and_quotes(page: Path) -> None:
    """A narrow no-break space before ; ! ?, a no-break space before : and inside « », and curly apostrophes."""
    prose = re.sub(
        r"^```.*?^```$|`[^`]*`|\(\.\./.*?\)|https?:\S+", "", page.read_text(encoding="utf-8"), flags=re.M | re.S
    )
    assert not re.findall(r"\w+ [;:!?»%]|« \w+|\w'\w", prose)


def test_the_tutorial_installs_as_make_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "pip install --quiet -c constraints.txt -e ." in makefile
    for folder in ("tutorial", "fr"):
        assert "pip install -c constraints.txt -e ." in (DOCS / folder / "environment.md").read_text(encoding="utf-8")
