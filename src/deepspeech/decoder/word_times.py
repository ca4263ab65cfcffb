"""Word times by forced alignment: where the words of a known transcript begin and end.

In: a transcript, recognized or given, and the probabilities that it was spoken with. Out: a Transcript whose words have
these times. A beam search knows only the frame in which each token was first likely, and no ends.
"""

from dataclasses import replace

import numpy as np

from deepspeech.decoder.emission import Emission, Float32
from deepspeech.decoder.forced import Unit, force_align
from deepspeech.decoder.transcript import Transcript, spell
from deepspeech.decoder.word_alignment import align_words, log_probs
from deepspeech.errors import TextError
from deepspeech.text.tokens import TokenSet


def with_exact_times(
    transcript: Transcript, probabilities_TV: Float32, alphabet: TokenSet, first_frame: int = 0
) -> Transcript:
    """The transcript with word times from its alignment with the frames that it was decoded from.

    `first_frame`: the number of the first of them. Words that the alphabet cannot spell keep the times they have.
    """
    words = transcript.words
    try:
        tokens = [alphabet.encode(word.text) for word in words]
        found = align_words(log_probs(probabilities_TV), tokens, alphabet, transcript.frame_s, strict=True)
    except TextError:
        return transcript
    frames = [(one.start + first_frame, one.end + first_frame) for one in found.words if one]
    times = tuple((start * transcript.frame_s, end * transcript.frame_s) for start, end in frames)
    return replace(transcript, word_times=times)


def align_transcript(emission: Emission, text: str, alphabet: TokenSet) -> Transcript:
    """A given text, spelled with the alphabet, as a Transcript of a clip. Raises TextError where it does not fit."""
    if not text:
        return Transcript("", (), 0.0, emission.frame_s)
    labels = alphabet.encode(text)
    path = force_align(log_probs(emission.probabilities_TV), [Unit(labels)], alphabet.blank)
    starts, _ = path.token_frames(len(labels))
    found = spell(alphabet, labels, starts.tolist(), path.score, emission.frame_s)
    return with_exact_times(found, np.asarray(emission.probabilities_TV), alphabet)
