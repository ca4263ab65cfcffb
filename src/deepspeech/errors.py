"""The errors of this package.

    DeepSpeechError
    ├── ConfigError         an option or a configuration file asks for something impossible or unknown
    ├── MissingPartError    this installation lacks a package that the request needs
    ├── RemoteError         what lies at an address cannot be reached, read or written
    ├── AudioError          a sound file cannot be read
    ├── TextError           a transcript or an alphabet cannot be used
    ├── DataError           a data set cannot be read or trained on
    ├── CorpusError         an import cannot start or go on
    ├── ModelFileError      an exported model is damaged, foreign, or does not fit
    ├── ScorerError         a scorer is damaged or does not fit
    ├── LmError             a language model cannot be estimated, read or written
    ├── CheckpointError     a checkpoint cannot be read or written
    └── TrainingError       training cannot go on

Every message is one line that says what is wrong, where, and what to do. Rooms raise; only `cli` prints and exits.
"""


class DeepSpeechError(Exception):
    """Base of every error that a user's input or machine can cause."""


class ConfigError(DeepSpeechError):
    """An option or a configuration file asks for something impossible or unknown."""


class MissingPartError(DeepSpeechError):
    """This installation lacks a package that the request needs."""


class RemoteError(DeepSpeechError):
    """What lies at an address cannot be reached, read or written."""


class AudioError(DeepSpeechError):
    """A sound file cannot be read."""


class TextError(DeepSpeechError):
    """A transcript or an alphabet cannot be used."""


class DataError(DeepSpeechError):
    """A data set cannot be read or trained on."""


class CorpusError(DeepSpeechError):
    """An import cannot start or go on."""


class ModelFileError(DeepSpeechError):
    """An exported model is damaged, foreign, or does not fit."""


class ScorerError(DeepSpeechError):
    """A scorer is damaged or does not fit."""


class LmError(DeepSpeechError):
    """A language model cannot be estimated, read or written."""


class CheckpointError(DeepSpeechError):
    """A checkpoint cannot be read or written."""


class TrainingError(DeepSpeechError):
    """Training cannot go on."""


def audio_error(error: Exception, source: object) -> AudioError:
    """Turn any exception into a one-line AudioError for one recording, while others continue."""
    if isinstance(error, AudioError):
        return error
    if isinstance(error, DeepSpeechError):
        reason = str(error)
    elif isinstance(error, OSError) and error.strerror:
        reason = error.strerror
    else:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}; this should not happen, please report it"
    return AudioError(f"{source}: cannot be transcribed ({reason})")
