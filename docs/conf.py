"""Sphinx builds the site from the Markdown here: `make docs`. scripts/docs_pages.py writes the generated pages."""

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import docs_pages  # noqa: E402

project, author, copyright = "DeepSpeech", "the DeepSpeech maintainers", "the DeepSpeech maintainers, MPL-2.0"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["notebooks"]  # its executed copy is a page: generated/first-model.md
html_theme = "furo"
html_title = "DeepSpeech"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
default_role = "code"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline"]
linkcheck_timeout = 20
linkcheck_ignore = [r"http://127\.0\.0\.1.*", r"ws://.*", r"https://example\.org.*"]


def language_of_page(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """French pages say so: screen readers and hyphenation need it."""
    if name.startswith("fr/"):
        context["language"] = "fr"


def link_of_the_site(app: Any, name: str, source: list[str]) -> None:
    """CONTRIBUTING lies outside docs/, and is a page here."""
    source[0] = source[0].replace("](../CONTRIBUTING.md", "](contributing.md")


def setup(app: Any) -> None:
    docs_pages.write(ROOT / "docs" / "generated")
    app.connect("source-read", link_of_the_site)
    app.connect("html-page-context", language_of_page)
