"""One server for all tests of protocols that do not change its settings."""

from collections.abc import Iterator

import pytest

pytest.importorskip("uvicorn", reason="needs the serve extra")
from tests.serve.running import Running, running, tone_models


@pytest.fixture(scope="package")
def server() -> Iterator[Running]:
    with running(tone_models("tones", "other")) as found:
        yield found
