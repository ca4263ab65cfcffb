"""The catalogue of published models: its page, names that open, and files that are fetched, checked and remembered."""

import hashlib
import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from deepspeech.errors import ConfigError, RemoteError, ScorerError
from deepspeech.remote import catalogue
from deepspeech.remote.catalogue import fetch, find, model_of, near, original_of, published, scorer_of
from tests.web import Web

OLD, WORDS = b"an old model" * 1000, b"a language model" * 1000


def entry(web: Web, name: str = "tones-en-1.0", **changes: Any) -> dict[str, Any]:
    """A model of the test's server with its scorer."""
    files = [
        {"address": f"{web.address}/v1%2B2/{file}", "kind": kind, "bytes": None, "sha256": None}
        for file, kind in (("old.pbmm", "model"), ("words.scorer", "scorer"))
    ]
    return {"name": name, "language": "en-US", "license": "MIT", "about": "Tones", "files": files} | changes


@pytest.fixture
def offer(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Publishes entries: writes the catalogue's page."""
    web.files = {"/v1%2B2/old.pbmm": OLD, "/v1%2B2/words.scorer": WORDS}
    monkeypatch.setattr(catalogue, "PAGE", tmp_path / "models.json")

    def write(*entries: dict[str, Any]) -> catalogue.PublishedModel:
        (tmp_path / "models.json").write_text(json.dumps(entries))
        catalogue._read.cache_clear()
        return published()[0]

    return write


def convert(old: Path, new: Path) -> None:
    new.write_bytes(b"converted " + old.read_bytes())


def refuse(old: Path, new: Path) -> None:
    pytest.fail("converted again")


def test_the_page_says_of_each_model_what_a_user_needs() -> None:
    assert len({model.name for model in published()}) == len(published()) > 10
    for model in published():
        assert model.language in re.split("-(?=en|zh|hy)|-(?=[0-9])", model.name)
        assert model.license in ("MPL-2.0", "Apache-2.0", "MIT")
        assert [file.kind for file in model.files] in (["model"], ["model", "scorer"])
        assert Path(model.name).name == model.name
        for file in model.files:
            assert file.address.startswith("https://")
            assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.bytes is None or file.bytes > 1_000_000
            assert file.name in (model.original.name, Path(file.address).name)


def test_a_language_includes_its_regions() -> None:
    assert {model.language for model in published("zh")} == {"zh-CN"}
    assert published("ZH-cn") == published("zh")
    assert published("EN")
    assert not published("e")
    assert not published("zh-TW")


def test_files_are_fetched_converted_and_opened_by_name(offer: Any, web: Web, cache: Path) -> None:
    model = offer(entry(web))
    files = fetch(model, convert)
    assert files == [cache.parent / "catalogue/tones-en-1.0/model.onnx", model.folder / "words.scorer"]
    assert [file.read_bytes() for file in files] == [b"converted " + OLD, WORDS]
    assert [model_of("tones-en-1.0"), scorer_of(Path("tones-en-1.0"))] == files
    assert original_of("tones-en-1.0") == model.folder / "old.pbmm"
    contents = {"model.onnx": b"converted " + OLD, "old.pbmm": OLD, "words.scorer": WORDS}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in contents.items())
    assert (model.folder / "SHA256SUMS").read_text() == sums
    assert fetch(model, refuse) == files
    assert len(web.asked) == 2  # nothing is fetched or converted twice
    assert {path.name for path in model.folder.iterdir()} == {"old.pbmm", "model.onnx", "words.scorer", "SHA256SUMS"}


def test_a_model_is_fetched_without_its_scorer(offer: Any, web: Web) -> None:
    model = offer(entry(web))
    assert [file.name for file in fetch(model, convert, scorer=False)] == ["model.onnx"]
    assert model.is_fetched
    with pytest.raises(RemoteError, match=r"not here yet: deepspeech models fetch tones-en-1\.0$"):
        scorer_of("tones-en-1.0")


def test_an_interrupted_fetch_is_resumed(offer: Any, web: Web) -> None:
    model, web.sends_at_most = offer(entry(web)), 5000
    with pytest.raises(RemoteError, match="ended early; run this again to resume"):
        fetch(model, convert)
    assert not model.is_fetched
    assert not model.original.exists()
    with pytest.raises(RemoteError, match="deepspeech models fetch"):
        model_of(model.name)
    web.sends_at_most = 1 << 30
    fetch(model, convert)
    assert web.asked[1] == "GET /v1%2B2/old.pbmm bytes=5000-"
    assert model.original.read_bytes() == OLD


def test_a_file_that_changed_since_the_first_fetch_is_refused(offer: Any, web: Web) -> None:
    model = offer(entry(web))
    _, scorer = fetch(model, convert)
    scorer.unlink()
    web.files["/v1%2B2/words.scorer"] = b"other words"
    with pytest.raises(RemoteError, match=r"not the file that was fetched first \(SHA-256 [0-9a-f]{64}\).*; if you"):
        fetch(model, convert)
    assert not list(model.folder.glob("words.scorer*"))
    web.files["/v1%2B2/words.scorer"] = WORDS
    assert fetch(model, convert)[1].read_bytes() == WORDS


def test_what_is_no_longer_the_conversion_of_the_old_model_is_made_again(offer: Any, web: Web) -> None:
    model = offer(entry(web))
    new = fetch(model, convert, scorer=False)[0]
    assert fetch(model, refuse)[0] == new  # the scorer alone was missing
    new.write_bytes(b"damaged")
    assert fetch(model, convert)[0].read_bytes() == b"converted " + OLD
    # The publisher's file is another one, as a later version of the catalogue knows.
    web.files["/v1%2B2/old.pbmm"] = b"another model"
    files = entry(web)["files"]
    model = offer(entry(web, files=[files[0] | {"sha256": hashlib.sha256(b"another model").hexdigest()}, files[1]]))
    model.original.unlink()
    assert fetch(model, convert)[0].read_bytes() == b"converted another model"


def test_what_changed_here_is_told(offer: Any, web: Web) -> None:
    model = offer(entry(web))
    fetch(model, convert)
    model.original.write_bytes(OLD[1:])
    with pytest.raises(RemoteError, match=r"old\.pbmm: not the file that was fetched .*; delete it"):
        fetch(model, convert)
    (model.folder / "SHA256SUMS").write_text("damaged\n")
    with pytest.raises(RemoteError, match=r"SHA256SUMS: damaged; delete .*tones-en-1\.0 and fetch again"):
        fetch(model, convert)


@pytest.mark.parametrize(
    ("known", "fault"),
    [
        ({"sha256": "0" * 64}, r"old\.pbmm: wrong checksum, expected 0{64}; the file was removed"),
        ({"bytes": len(OLD) + 1}, r"old\.pbmm: 12000 bytes, not 12001; the file was removed"),
    ],
)
def test_what_the_catalogue_knows_is_checked(offer: Any, web: Web, known: dict[str, Any], fault: str) -> None:
    model = offer(entry(web, files=[entry(web)["files"][0] | known]))
    with pytest.raises(RemoteError, match=fault):
        fetch(model, convert)
    assert not list(model.folder.iterdir())
    right = {"sha256": hashlib.sha256(OLD).hexdigest(), "bytes": len(OLD)}
    fetch(offer(entry(web, files=[entry(web)["files"][0] | right])), convert)


def test_a_model_in_an_archive_is_unpacked(offer: Any, web: Web) -> None:
    with io.BytesIO() as packed:
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            part = tarfile.TarInfo("pack-1/src/deep.tflite")
            part.size = len(OLD)
            archive.addfile(part, io.BytesIO(OLD))
        web.files["/pack-1.tar.gz"] = packed.getvalue()
    file = {"address": f"{web.address}/pack-1.tar.gz", "kind": "model", "bytes": None, "sha256": None}
    model = offer(entry(web, files=[file | {"member": "pack-1/src/deep.tflite"}]))
    assert fetch(model, convert)[0].read_bytes() == b"converted " + OLD
    assert original_of(model.name) == model.folder / "deep.tflite"
    with pytest.raises(ConfigError, match=r"tones-en-1\.0: was published without a scorer; leave --scorer out"):
        scorer_of(model.name)
    with pytest.raises(RemoteError, match=r"pack-1\.tar\.gz: holds no other\.tflite"):
        fetch(offer(entry(web, files=[file | {"member": "other.tflite"}])), convert)


def test_files_come_before_names(offer: Any, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(entry(web))
    monkeypatch.chdir(tmp_path)
    Path("tones-en-1.0").write_text("a model of one's own")
    assert model_of("tones-en-1.0") == "tones-en-1.0"
    for other in ("model.onnx", Path("folder/tones-en-1.0"), "https://example.org/tones-en-1.0"):
        assert model_of(other) == other


def test_a_name_that_is_nearly_one_is_recognized(offer: Any, web: Web) -> None:
    offer(entry(web))
    assert near("Tones-en-1.1") == "; did you mean tones-en-1.0?"
    with pytest.raises(ScorerError, match=r"^tones-en-1: there is no such file; did you mean tones-en-1\.0\?$"):
        scorer_of("tones-en-1")
    assert near("model.onnx") == near("tones-en-1.0") == near("folder/tones-en-1.1") == ""
    with pytest.raises(ConfigError, match=r"tones: no published model has this name; `deepspeech models` lists them"):
        find("tones")


def test_the_documentation_names_every_model() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    names = re.findall(r"`([^`\s]+)`", "".join(line for line in page.splitlines() if line.startswith("| `")))
    assert sorted(names) == sorted(model.name for model in published())
