"""`deepspeech models`, and published models by name in the other commands and in Python, as a person types them."""

import json
from pathlib import Path

import numpy as np
import pytest

from deepspeech import Recognizer
from deepspeech.audio.formats import write_wav
from deepspeech.errors import RemoteError
from deepspeech.remote import catalogue
from deepspeech.text.tokens import Characters
from tests.fakes import small_scorer
from tests.old_models.old_files import CHARACTERS, Network, frozen_graph, memory_mapped
from tests.web import Web

NAME = "tones-fr-1.0"


@pytest.fixture(autouse=True)
def offered(tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue with one old model and its scorer; the folder that it is fetched to."""
    scorer = small_scorer(tmp_path / "words.scorer", ("a", "ab", "bb", "c"), Characters(tuple(CHARACTERS)))
    web.files = {"/old.pbmm": memory_mapped(frozen_graph(Network())), "/words.scorer": scorer.read_bytes()}
    files = [
        {"address": web.address + path, "kind": kind, "bytes": size, "sha256": None}
        for path, kind, size in (
            ("/old.pbmm", "model", len(web.files["/old.pbmm"])),
            ("/words.scorer", "scorer", None),
        )
    ]
    entry = {"name": NAME, "language": "fr-FR", "license": "MIT", "about": "Tones", "files": files}
    (tmp_path / "models.json").write_text(json.dumps([entry]))
    monkeypatch.setattr(catalogue, "PAGE", tmp_path / "models.json")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "deepspeech" / "catalogue" / NAME


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    write_wav(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32), 16000)
    return tmp_path / "a.wav"


def test_models_are_listed(deepspeech, web: Web) -> None:
    code, out, err = deepspeech("models")
    assert (code, err) == (0, "")
    assert out == (
        "name          language  license  size     fetched  what it is\n"
        "tones-fr-1.0  fr-FR     MIT      unknown  no       Tones\n"
    )
    (page,) = json.loads(deepspeech("models", "--json", "--language", "fr")[1])
    assert page["files"][0]["address"] == f"{web.address}/old.pbmm"
    assert (page["name"], page["bytes"], page["files"][1]["sha256"], page["fetched"]) == (NAME, None, None, False)
    assert json.loads(deepspeech("models", "--json", "--language", "en")[1]) == []


def test_a_fetched_model_opens_by_its_name_everywhere(deepspeech, web: Web, offered: Path, clip: Path) -> None:
    code, out, err = deepspeech("models", "fetch", NAME)
    assert code == 0
    model, scorer = map(Path, out.splitlines())
    assert [model, scorer] == [offered / "model.onnx", offered / "words.scorer"]
    assert err.endswith(f"ready: deepspeech transcribe --model {NAME} --scorer {NAME} hello.wav\n")
    assert " yes " in deepspeech("models")[1]
    for more, files in (((), (model,)), (("--scorer", NAME), (model, scorer))):
        code, out, err = deepspeech("transcribe", "--model", NAME, *more, "--json", clip)
        assert (code, err) == (0, "")
        expected = Recognizer.open(*files).transcribe(clip)
        assert json.loads(out)["text"] == expected.text.strip()
        assert Recognizer.open(NAME, *more[1:]).transcribe(clip) == expected
    code, out, _ = deepspeech("convert", NAME, offered.parent / "again.onnx")
    assert code == 0
    assert (offered.parent / "again.onnx").read_bytes() == model.read_bytes()
    asked, written = len(web.asked), model.stat().st_mtime_ns
    code, out, err = deepspeech("models", "fetch", NAME)
    assert (code, out) == (0, f"{model}\n{scorer}\n")
    assert "was fetched and converted before, nothing to do" in err
    assert (len(web.asked), model.stat().st_mtime_ns) == (asked, written)


def test_a_fetched_model_is_served_under_its_name(deepspeech, offered: Path) -> None:
    pytest.importorskip("uvicorn", reason="needs the serve extra")
    assert deepspeech("models", "fetch", NAME, "--no-scorer")[1] == f"{offered / 'model.onnx'}\n"
    code, out, _ = deepspeech("serve", "--model", NAME, "--check")
    assert code == 0
    assert f"model {NAME}: fr-FR" in out


def test_what_is_not_here_is_told_in_one_line(deepspeech, web: Web, clip: Path) -> None:
    there = f"deepspeech: {NAME}: a published model that is not here yet: deepspeech models fetch {NAME}\n"
    assert deepspeech("transcribe", "--model", NAME, clip) == (2, "", there)
    assert deepspeech("evaluate", "--model", NAME, "--data", "dev.csv") == (2, "", there)
    with pytest.raises(RemoteError, match=f"deepspeech models fetch {NAME}$"):
        Recognizer.open(NAME)
    code, _, err = deepspeech("transcribe", "--model", "tones-fr-2.0", clip)
    assert (code, err.count("\n")) == (2, 1)
    assert err.endswith(f"there is no such file; name a model made by `deepspeech export`; did you mean {NAME}?\n")
    code, _, err = deepspeech("models", "fetch", "tone-fr")
    assert (code, err) == (2, f"deepspeech: tone-fr: no published model has this name; did you mean {NAME}?\n")
    assert not web.asked


def test_a_fetch_that_fails_leaves_no_model(deepspeech, web: Web, offered: Path) -> None:
    web.sends_at_most = 1000
    code, out, err = deepspeech("models", "fetch", NAME)
    assert (code, out) == (2, "")
    assert "/old.pbmm: the connection ended early; run this again to resume" in err
    web.sends_at_most = 1 << 30
    del web.files["/words.scorer"]
    code, out, err = deepspeech("models", "fetch", NAME)
    assert (code, out) == (2, "")
    assert "/words.scorer: the server says 404" in err
    assert not (offered / "model.onnx").exists()
