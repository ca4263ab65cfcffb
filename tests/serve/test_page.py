"""The page's files: the policy that they are served under, and that they keep to it."""

import re

import httpx
import pytest

from deepspeech.serve.web import PAGE, POLICY
from tests.serve.running import Running

FILES = sorted(path.name for path in PAGE.iterdir())
SOURCES = {name: (PAGE / name).read_text() for name in FILES}


@pytest.mark.parametrize("path", ["/", *(f"/page/{name}" for name in FILES)])
def test_every_file_is_served_under_the_policy(server: Running, path: str) -> None:
    found = httpx.get(server.http + path)
    assert found.status_code == 200
    assert found.headers["content-security-policy"] == POLICY
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


def test_nothing_is_inline_and_no_other_host_is_named() -> None:
    page = SOURCES["index.html"]
    assert "<style" not in page
    assert not re.search(r"\s(style|on\w+)=", page)
    assert all(tag.endswith('src="page/main.js"></script>') for tag in re.findall(r"<script.*?</script>", page))
    hosts = {host for text in SOURCES.values() for host in re.findall(r"(?:https?:)?//[\w-]+\.[\w./-]+", text)}
    assert hosts <= {"http://www.w3.org/2000/svg"}


def test_what_the_page_names_is_there() -> None:
    page = SOURCES["index.html"]
    named = re.findall(r'(?:src|href)="page/([^"]+)"', page)
    named += [name for text in SOURCES.values() for name in re.findall(r'"\.?/?(\w+\.js)"', text)]
    assert set(named) <= set(FILES)
    assert set(FILES) - {"index.html"} <= set(named)
    icons = re.findall(r'"#(i-\w+)"', "".join(SOURCES.values()))
    assert set(icons) == set(re.findall(r'symbol id="(i-\w+)"', page))


def test_both_languages_have_the_same_texts_and_no_other_file_has_any() -> None:
    english, french = SOURCES["strings.js"].split("  fr: {")
    keys = r"[{,\s](\w+): \""
    texts = set(re.findall(keys, english))
    assert texts == set(re.findall(keys, french.split("\n};")[0]))
    code = "".join(text for name, text in SOURCES.items() if name != "strings.js")
    used = set(re.findall(r'data-text="(\w+)"', code))
    assert used <= texts
    assert all(re.search(rf'"{key}"', code) for key in texts)


def test_the_page_is_small() -> None:
    assert sum(text.count("\n") for name, text in SOURCES.items() if name.endswith(".js")) < 850
