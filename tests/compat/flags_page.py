"""Writes the table of flags into docs/from-mozilla.md: `python tests/compat/flags_page.py`. A test compares."""

from pathlib import Path

from deepspeech.compat.flags import COMMAND, FLAGS, Flag

PAGE = Path(__file__).resolve().parents[2] / "docs" / "from-mozilla.md"
BEGIN, END = "<!-- flags: written by tests/compat/flags_page.py -->", "<!-- end of flags -->"


def row(flag: Flag) -> str:
    """What became of a flag, and the setting of a TOML page that does the same."""
    setting = f"`{flag.use}`" if flag.use not in ("", COMMAND) else ""
    fate = flag.meaning if flag.use else "accepted: " + flag.note
    return f"| `{flag.name}` | {fate.replace('|', '/')} | {setting} |"


def table() -> str:
    return "\n".join(["| flag | what it does here | setting |", "|---|---|---|", *map(row, FLAGS)])


def with_table(text: str) -> str:
    """The page with today's table."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
