"""Nothing advises `pip install deepspeech`: on PyPI that name is Mozilla's client of 2020, another program."""

import re
from pathlib import Path

import pytest

from deepspeech.installing import install_hint

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "Makefile",
    *ROOT.glob("Dockerfile*.tmpl"),
    *(
        path
        for folder in ("src", "docs", "packaging", "scripts", "runs")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".md", ".toml", ".ipynb", ".html", ".js", ".sh", ".yaml", ".service"}
        and "generated" not in path.parts
    ),
]  # fmt: skip
PUBLIC_NAME = re.compile(r"""\bpip3?\s+install\s+(?:-\S+\s+)*["'\\]*(?:deepspeech|deepspeech-light)(?![\w/-])""")


@pytest.mark.parametrize(
    "advice",
    ["pip install deepspeech", "pip3 install --upgrade 'deepspeech[mic]'", 'pip install -U "deepspeech"',
     "pip install\ndeepspeech-light"],
)  # fmt: skip
def test_the_public_name_is_noticed(advice: str) -> None:
    assert PUBLIC_NAME.search(advice)


@pytest.mark.parametrize("advice", ["pip install '.[mic]'", "pip install ./packaging/light", "pip install deepspeech2"])
def test_other_names_are_not(advice: str) -> None:
    assert not PUBLIC_NAME.search(advice)


def test_nothing_advises_the_public_name() -> None:
    assert len(TEXTS) > 500
    advised = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in TEXTS
        for found in PUBLIC_NAME.finditer(path.read_text(encoding="utf-8"))
        if path != ROOT / "src/deepspeech/installing.py"
    ]
    assert advised == []


def test_every_hint_names_an_extra_that_exists() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    extras = set(re.findall(r"""install_hint\(["'](\w+)["']\)""", source))
    assert {"serve", "mic", "media", "ray", "remote", "summaries"} <= extras
    for extra in extras:
        assert re.search(rf"^{extra} = \[", pyproject, re.MULTILINE), extra
    assert install_hint("serve") == "pip install '.[serve]' in a clone of this project"
    assert install_hint() == "pip install . in a clone of this project"
