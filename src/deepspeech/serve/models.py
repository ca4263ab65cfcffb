"""Models: what a server serves, by name. A client chooses among these names, never a path."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import ConfigError
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.recognizer import Recognizer
from deepspeech.runtime.session import Session
from deepspeech.serve.batcher import Batcher
from deepspeech.serve.limits import Limits, Refused


@dataclass(frozen=True)
class ModelSource:
    """The files of a model."""

    path: Path
    scorer: Path | None = None
    phrases: HotPhrases | None = None


@dataclass(frozen=True, eq=False)
class ServedModel:
    """One network and scorer, shared by all streams and uploads."""

    name: str
    live: Recognizer
    uploads: Recognizer
    phrases: HotPhrases | None = None  # of every request

    @classmethod
    def of(
        cls,
        name: str,
        session: Session,
        batcher: Batcher,
        scorer: Scorer | None = None,
        phrases: HotPhrases | None = None,
    ) -> "ServedModel":
        """Serve an open network through `batcher`. Raises ScorerError or ConfigError where parts do not fit."""
        options = DecodeOptions(beam_width=session.card.beam_width)
        alone = not session.independent_rows
        live = session.through(lambda engine: batcher.live(engine, alone))
        uploads = session.through(batcher.uploads)
        parts = options, scorer, None, phrases
        recognizer = Recognizer(live, *parts)
        recognizer.check()
        return cls(name, recognizer, Recognizer(uploads, *parts), phrases)

    @property
    def card(self) -> ModelCard:
        return self.live.card

    def with_phrases(self, recognizer: Recognizer, phrases: HotPhrases | None) -> Recognizer:
        """`live` or `uploads` with phrases of a request added. Raises Refused where the alphabet cannot spell one."""
        if not phrases or not phrases.strengths:
            return recognizer
        base = self.phrases.strengths if self.phrases else {}
        try:
            return recognizer.with_phrases(HotPhrases({**base, **phrases.strengths}))
        except ConfigError as error:
            raise Refused(str(error), 400, "invalid_phrase", "keywords") from None


class Models(Mapping[str, ServedModel]):
    """The served models; the first is the default."""

    def __init__(self, models: Iterable[ServedModel]) -> None:
        self._models = {model.name: model for model in models}
        if not self._models:
            raise ConfigError("no model to serve; name one with --model")

    @classmethod
    def open(cls, sources: Mapping[str, ModelSource], batcher: Batcher) -> "Models":
        """Load all files. Raises ModelFileError, ScorerError or ConfigError."""

        def one(name: str, source: ModelSource) -> ServedModel:
            session = Session(source.path)
            scorer = Scorer.open(source.scorer, session.card.tokens) if source.scorer else None
            return ServedModel.of(name, session, batcher, scorer, source.phrases)

        return cls([one(name, source) for name, source in sources.items()])

    def __getitem__(self, name: str) -> ServedModel:
        return self._models[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def choose(self, name: str | None = None, language: str | None = None) -> ServedModel:
        """The model of that name; without a name the first of that language. Raises Refused."""
        if name:
            if name not in self._models:
                raise Refused(
                    f"the model '{name[:100]}' is not served here; choose one of: {', '.join(self)}",
                    404, "model_not_found", "model",
                )  # fmt: skip
            model = self._models[name]
            if language and not _speaks(model, language):
                raise Refused(
                    f"the model '{name}' is for the language '{model.card.language}', not '{language[:40]}'",
                    400, "language_not_supported", "language",
                )  # fmt: skip
            return model
        found = [model for model in self.values() if not language or _speaks(model, language)]
        if not found:
            raise Refused(f"no model here is for '{str(language)[:40]}'", 400, "language_not_supported", "language")
        return found[0]


def phrases_of(texts: Iterable[str], limits: Limits, param: str) -> HotPhrases | None:
    """Hot phrases that a client named, as `PHRASE` or `PHRASE:STRENGTH`. Raises Refused."""
    lines = [text for text in texts if text.strip()]
    if not lines:
        return None
    if len(lines) > limits.phrases or sum(map(len, lines)) > limits.phrase_characters:
        most = f"{limits.phrases} phrases of {limits.phrase_characters} characters together"
        raise Refused(f"too many hot phrases; this server takes {most}", 400, "too_many_phrases", param)
    try:
        return HotPhrases.parse(lines)
    except ConfigError as error:
        raise Refused(str(error), 400, "invalid_phrase", param) from None


def spellable(model: ServedModel, words: Iterable[str], limits: Limits) -> HotPhrases | None:
    """The words of a prompt that the model's alphabet can spell, as hot phrases; others are left out.

    A prompt may hold anything; a list of names, too, where the protocol calls it a hint.
    """
    found = dict.fromkeys(word.strip(".,;:!?\"'()[]«»„“”…") for word in words)
    phrases = HotPhrases.spellable(list(found)[: limits.phrases], model.card.tokens)
    return phrases if phrases.strengths else None


def _speaks(model: ServedModel, language: str) -> bool:
    """Compare primary subtags ("en" of "en-US"); a card that names no language fits all."""
    card = model.card.language
    return not card or card.lower().split("-")[0] == language.lower().replace("_", "-").split("-")[0]
