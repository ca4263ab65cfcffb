"""The errors of this package.

    DeepSpeechError
    ├── ConfigError         an option or setting is unknown or invalid
    ├── MissingPartError    a required package is not installed
    ├── RemoteError         a remote file cannot be reached, read or written
    ├── AudioError          an audio file cannot be read
    ├── TextError           a transcript or an alphabet cannot be used
    ├── DataError           a data set cannot be read or trained on
    ├── CorpusError         an import cannot start or continue
    ├── ModelFileError      an exported model is damaged, foreign, or does not fit
    ├── ScorerError         a scorer is damaged or does not fit
    ├── LmError             a language model cannot be estimated, read or written
    ├── CheckpointError     a checkpoint cannot be read or written
    └── TrainingError       training cannot continue

Every message is one line that says what is wrong, where, and what to do. Packages raise; only `cli` prints and exits.
"""


class DeepSpeechError(Exception):
    """Base class of errors caused by input or environment."""


class ConfigError(DeepSpeechError):
    """An option or setting is unknown or invalid."""


class MissingPartError(DeepSpeechError):
    """A required package is not installed."""


class RemoteError(DeepSpeechError):
    """A remote file cannot be reached, read or written."""


class AudioError(DeepSpeechError):
    """An audio file cannot be read."""


class TextError(DeepSpeechError):
    """A transcript or an alphabet cannot be used."""


class DataError(DeepSpeechError):
    """A data set cannot be read or trained on."""


class CorpusError(DeepSpeechError):
    """An import cannot start or continue."""


class ModelFileError(DeepSpeechError):
    """An exported model is damaged, foreign, or does not fit."""


class ScorerError(DeepSpeechError):
    """A scorer is damaged or does not fit."""


class LmError(DeepSpeechError):
    """A language model cannot be estimated, read or written."""


class CheckpointError(DeepSpeechError):
    """A checkpoint cannot be read or written."""


class TrainingError(DeepSpeechError):
    """Training cannot continue."""


def audio_error(error: Exception, source: object) -> AudioError:
    """Convert an exception to a one-line AudioError of one recording."""
    if isinstance(error, AudioError):
        return error
    if isinstance(error, DeepSpeechError):
        reason = str(error)
    elif isinstance(error, OSError) and error.strerror:
        reason = error.strerror
    else:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}; this should not happen, please report it"
    return AudioError(f"{source}: cannot be transcribed ({reason})")
