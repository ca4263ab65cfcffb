"""The pages of the documentation, and the blocks of code on them."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def pages() -> list[Path]:
    """Every page that a person wrote: docs/, README and CONTRIBUTING, without the records of decisions and changes."""
    found = [page for page in DOCS.rglob("*.md") if not {"generated", "decisions"} & set(page.parts)]
    return sorted([*found, ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


def blocks(page: Path, *languages: str) -> list[tuple[str, str]]:
    """Language and content of the fenced blocks of a page, in order."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [(language, text) for language, text in found if language in languages]


def command_lines(text: str) -> list[list[str]]:
    """The commands of a shell block as lists of words; continued lines are joined, comments dropped."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    return [words for line in joined.splitlines() if (words := shlex.split(line, comments=True))]
