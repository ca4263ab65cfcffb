"""How to install what is missing: one sentence for all messages.

In: the name of an extra of pyproject.toml. Out: the command. The name "deepspeech" on PyPI is Mozilla's client of 2020,
so commands name a clone of this project instead.
"""


def install_hint(extra: str = "") -> str:
    """The command that installs the whole package, with an extra if one is named."""
    what = f"'.[{extra}]'" if extra else "."
    return f"pip install {what} in a clone of this project"
