"""The streams of an audio file of any format, and whether the file is truncated."""

import re
import struct
from typing import Any

from deepspeech.audio import mp3_frames, ogg_pages, wav_header
from deepspeech.audio.content import Content
from deepspeech.audio.layout import AGAIN, Layout, Part
from deepspeech.audio.stream_ends import end_of
from deepspeech.errors import AudioError

FLAC = b"fLaC\x00\x00\x00\x22"  # magic and the header of the STREAMINFO block, which is constant
_OTHER = (b"FORM", b".snd", b"dns.", b"riff", b"NIST", b"caff", b"Crea", b"SOUN", b"2BIT", b"\x64\xa3")
_AU = (b".snd", b"dns.")
_OPEN = 0x7FFF0000  # lengths from here on are placeholders of writers that could not know it
_LENGTHS = re.compile(r": (\d+) \(should be (\d+)\)")
_SPHERE = re.compile(rb"^(\w+) -i (\d+)", re.M)
_SPHERE_HEAD = 1024
_LEFT_OUT = 7  # bytes that writers leave out at the end: what fills up to a multiple of 8, or an end mark
_STEP = 1 << 20
_MAGIC = 4
_MOST_STREAMS = 1000


def lay_out(content: Content, deep: bool) -> Layout:
    """The streams in `content`; without `deep` a flac file is assumed to have one.

    Raises AudioError, without a name in front, where there is nothing to decode.
    """
    head = content.at(0, 16)
    if not head:
        raise AudioError(f"the file is empty (0 bytes); {AGAIN}")
    if wav_header.is_wav(head):
        layout = wav_header.lay_out(content)
        if layout is None:
            raise AudioError(f"a wav file that ends before its sound begins; {AGAIN}")
        return layout
    if head.startswith(b"OggS"):
        return ogg_pages.lay_out(content)
    if head.startswith(b"fLaC"):
        return flac_streams(content) if deep else Layout((Part(((0, content.size),)),))
    if head.startswith(_AU):
        return au_streams(content)
    return other_streams(content) if head.startswith(_OTHER) else mp3_frames.lay_out(content)


def flac_streams(content: Content) -> Layout:
    """The flac streams in `content`, which starts with one. The content is scanned for headers."""
    starts = [0]
    for at in range(0, content.size, _STEP):
        data = content.at(at, _STEP + len(FLAC) - 1)
        found, last_first = len(data), []
        while (found := data.rfind(FLAC, 0 if at else 1, found)) >= 0:  # twice as fast as find
            last_first.append(at + found)
        starts += reversed(last_first)
    return _split(content, starts)


def au_streams(content: Content) -> Layout:
    """The au files in `content`, which starts with one: each header states where its samples begin and their size."""
    starts = [0]
    while (head := content.at(starts[-1], 12)).startswith(_AU) and len(head) == 12:
        begins, size = struct.unpack_from(">2I" if head.startswith(b".snd") else "<2I", head, 4)
        end = starts[-1] + begins + size
        if size >= _OPEN or not content.at(end, 4).startswith(_AU):
            break
        starts.append(end)
    return _split(content, starts)


def other_streams(content: Content) -> Layout:
    """The files of a rarer format in `content`, which starts with one, by the lengths in their headers."""
    starts = [0]
    head = content.at(0, _MAGIC)
    while (end := end_of(content, starts[-1])) and starts[-1] < end < content.size and content.at(end, _MAGIC) == head:
        starts.append(end)
        if len(starts) > _MOST_STREAMS:
            return Layout(fault=f"contains more than {_MOST_STREAMS} files in a row; create it again")
    layout = _split(content, starts)
    if len(starts) > 1 and end and end > content.size + _LEFT_OUT:
        fault = f"cut off: the last of its {len(starts)} files lacks {end - content.size} bytes; {AGAIN}"
        return Layout(layout.parts, fault)
    return layout


def _split(content: Content, starts: list[int]) -> Layout:
    """One part from each start to the next."""
    if len(starts) == 1:
        return Layout()
    ends = [*starts[1:], content.size]
    return Layout(tuple(Part(((a, b - a),)) for a, b in zip(starts, ends, strict=True)))


def length_fault(content: Content, file: Any) -> str:
    """How a file of a rarer format is truncated, if so: according to libsndfile's log or the sphere header."""
    head = content.at(0, _SPHERE_HEAD)
    if not head.startswith(_OTHER):
        return ""
    for stated, there in _LENGTHS.findall(file.extra_info):
        if int(there) < int(stated) < _OPEN:
            return f"cut off: its header promises {stated} bytes, {there} are there; {AGAIN}"
    fields = dict(_SPHERE.findall(head)) if head.startswith(b"NIST") else {}
    if "PCM" in file.subtype and b"sample_count" in fields:
        width = max(1, int(fields.get(b"sample_n_bytes", b"2"))) * file.channels
        samples, promised = (content.size - _SPHERE_HEAD) // width, int(fields[b"sample_count"])
        if samples < promised:
            return f"cut off: its header promises {promised} samples, {samples} are there; {AGAIN}"
    if head.startswith(b"Crea") and (end := end_of(content, 0)) and end > content.size + _LEFT_OUT:
        return f"cut off: its header promises {end} bytes, {content.size} are there; {AGAIN}"
    return ""
