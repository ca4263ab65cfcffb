"""Clips that turn out unreadable during a run: refused, or left out and reported, as `data.on_bad_sample` says."""

from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, DataError
from deepspeech.training.log import Log
from deepspeech.training.ranks import Ranks


class LeftOut:
    """The policy for one run. Only the first rank prints: what others left out it reports with the next flush()."""

    def __init__(self, on_bad_sample: str, log: Log, ranks: Ranks) -> None:
        self._refuse, self._log, self._ranks = on_bad_sample == "refuse", log, ranks
        self._unreported: list[str] = []

    def add(self, sample: Sample, error: AudioError) -> None:
        """Leave the clip out. Raises DataError where the policy is to refuse."""
        if self._refuse:
            raise DataError(f"{error}; mend the file, or go on without it: --skip-bad") from None
        if self._ranks.first:
            self._log.line(f"left out: {error}")
        else:
            self._unreported.append(f"left out: {error}")

    def flush(self) -> None:
        """Report what the other ranks left out; all ranks call this together."""
        for row in self._ranks.all_gather(self._unreported):
            self._log.line(row)
        self._unreported.clear()
