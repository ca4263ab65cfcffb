"""Made alignments for tests of what is written from them."""

from deepspeech.alignment.result import AlignedWord, Alignment, ForeignSound, build


def made(
    text: str, word_s: float = 0.4, pause_s: float = 0.5, score: float = -0.1, source: str = "a b.wav"
) -> Alignment:
    """Words one after another, a pause after each sentence, paragraphs at empty lines.

    [Words] are not in the sound, figures are wildcards.
    """
    script = [[part.split() for part in block.split("\n") if part] for block in text.split("\n\n")]
    words, at = [], 1.0
    for sentence in (one for paragraph in script for one in paragraph):
        for word in sentence:
            if word.startswith("["):
                words.append(AlignedWord(word.strip("[]"), word.strip("[].").lower()))
                continue
            words.append(AlignedWord(word, "" if word.isdigit() else word.strip('.,"').lower(), at, at + word_s, score))
            at += word_s
        at += pause_s
    return Alignment(source, at + 1.0, build(script, words), (ForeignSound(0.1, 0.8, "um"),))
