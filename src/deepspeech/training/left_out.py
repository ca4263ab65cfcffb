"""Handles clips that turn out unreadable during a run: refuses, or skips and reports them (`data.on_bad_sample`)."""

from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, DataError
from deepspeech.training.log import Log
from deepspeech.training.ranks import Ranks


class LeftOut:
    """The policy of one run. Only the first rank prints; it reports clips of other ranks in flush()."""

    def __init__(self, on_bad_sample: str, log: Log, ranks: Ranks) -> None:
        self._refuse, self._log, self._ranks = on_bad_sample == "refuse", log, ranks
        self._unreported: list[str] = []

    def add(self, sample: Sample, error: AudioError) -> None:
        """Skip the clip. Raises DataError if the policy is to refuse."""
        if self._refuse:
            raise DataError(f"{error}; fix the file, or skip it: --skip-bad") from None
        if self._ranks.first:
            self._log.line(f"skipped: {error}")
        else:
            self._unreported.append(f"skipped: {error}")

    def flush(self) -> None:
        """Report the clips that other ranks skipped. Collective."""
        for row in self._ranks.all_gather(self._unreported):
            self._log.line(row)
        self._unreported.clear()
