"""The alphabet as DeepSpeech's models carry it, `native_client/alphabet.cc`: the one reader and writer of these bytes.

Little-endian 16-bit numbers: the count of labels, then of each, in any order, its id, its length and its UTF-8 bytes.
The bytes 1 to 255, each a label, are the alphabet of the bytes output mode.
"""

import struct

from deepspeech.errors import TextError
from deepspeech.text.tokens import Characters, Utf8Bytes

_BYTES = [bytes([byte]) for byte in range(1, 256)]


def parse_alphabet(data: bytes) -> Characters | Utf8Bytes:
    """The tokens in `data`; trailing bytes are ignored. Raises TextError that names the damage."""
    labels: dict[int, bytes] = {}
    try:
        (count,) = struct.unpack_from("<H", data)
        position = 2
        for _ in range(count):
            label, length = struct.unpack_from("<HH", data, position)
            labels[label] = data[position + 4 : position + 4 + length]
            if len(labels[label]) != length:
                raise TextError("it is cut off")
            position += 4 + length
        if sorted(labels) != list(range(count)):
            raise TextError("labels are missing or listed twice")
        ordered = [labels[label] for label in range(count)]
        return Utf8Bytes() if ordered == _BYTES else Characters([label.decode("utf-8") for label in ordered])
    except (struct.error, UnicodeDecodeError) as error:
        raise TextError(str(error)) from None


def serialized_alphabet(tokens: Characters | Utf8Bytes) -> bytes:
    """The bytes that read back as `tokens`. Raises struct.error for more than 65535, or one of more bytes."""
    contents = _BYTES if tokens.bytes_mode else [label.encode("utf-8") for label in tokens.labels]
    return struct.pack("<H", len(contents)) + b"".join(
        struct.pack("<HH", label, len(content)) + content for label, content in enumerate(contents)
    )
