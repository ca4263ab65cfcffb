"""Recognize unsupported files by their first bytes, and suggest a fix."""

import struct

from deepspeech.audio.media import NEEDED, demuxer_of, readable
from deepspeech.audio.mp3_frames import is_mp3
from deepspeech.audio.wav_header import is_wav

READABLE = "wav, flac, ogg, opus or mp3"
_CONVERT = "convert it: ffmpeg -i IN -vn OUT.flac"
# Audio and video with unsupported codecs.
_CODED = {
    b"\x1aE\xdf\xa3": "a Matroska or WebM file",
    b"0&\xb2u": "a Windows Media file",
    b"#!AMR": "an AMR file",
    b"#!SILK": "a SILK file",
    b"\x02#!SILK": "a SILK file",
    b"FLV": "a Flash video",
    b"ADIF": "an AAC file",
    b"\0\0\x01\xba": "an MPEG video",
    b"\0\0\x01\xb3": "an MPEG video",
    b"MAC ": "a Monkey's Audio file",
    b"wvpk": "a WavPack file",
    b"TTA1": "a TTA file",
    b"MPCK": "a Musepack file",
    b"MP+": "a Musepack file",
    b".RMF": "a RealMedia file",
    b".ra\xfd": "a RealAudio file",
    b"DSD ": "a DSD file",
    b"FRM8": "a DSD file",
    b"\x0bw": "an AC-3 file",
    b"MThd": "a MIDI file, which holds notes and no sound",
}
_OTHER = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"version https://git-lfs": "a Git LFS pointer (the sound itself was not fetched)",
    b"<": "a text or web page",
    b"\xef\xbb\xbf<": "a text or web page",
}
_KNOWN = {
    b"RIFF": "wav",
    b"RIFX": "wav",
    b"RF64": "wav",
    b"BW64": "wav",
    b"fLaC": "flac",
    b"OggS": "ogg",
    b"ID3": "mp3",
    b"FORM": "aiff",
    b".snd": "au",
    b"dns.": "au",
    b"riff": "w64",
    b"caff": "caf",
}
_WAV_CODINGS = {
    0x22: "TrueSpeech", 0x40: "G.721", 0x42: "G.723.1", 0x45: "G.726", 0x64: "G.726", 0x65: "G.722", 0x83: "G.729",
    0x160: "Windows Media", 0x161: "Windows Media", 0x162: "Windows Media", 0xFF: "AAC", 0x1600: "AAC", 0x1610: "AAC",
    0x2000: "AC-3", 0x2001: "DTS", 0x674F: "Vorbis", 0x6750: "Vorbis", 0x6751: "Vorbis", 0xF1AC: "FLAC",
}  # fmt: skip
_AAC_HEADS = (b"\xff\xf0", b"\xff\xf1", b"\xff\xf8", b"\xff\xf9")


def why_not(head: bytes) -> str:
    """Why a file with these first bytes (some hundred) cannot be opened, and what to do."""
    if head.startswith(b"NIST_1A"):
        return "a NIST sphere file whose codec cannot be read here; unpack it first: sph2pipe -f wav IN.sph OUT.wav"
    if coded := coded_format(head):
        if demuxer_of(head) and not readable():
            return f"is {coded}, which needs PyAV: {NEEDED}; or {_CONVERT}"
        return f"is {coded}, whose codec cannot be read here; {_CONVERT}"
    for magic, kind in _OTHER.items():
        if head.startswith(magic):
            return f"is {kind}, not a sound file that can be read here; make it {READABLE}"
    kind = next((kind for magic, kind in _KNOWN.items() if head.startswith(magic)), "mp3" if is_mp3(head) else "")
    if kind:
        return f"a damaged {kind} file, or a codec that cannot be read here; fetch or convert it again"
    return f"not a sound file; it must be {READABLE}"


def coded_format(head: bytes) -> str:
    """The name of an unsupported audio or video format; "" for anything else."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat"):
        return _mp4(head)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "an AVI video"
    if head[:1] == b"G" and head[188:189] == b"G":
        return "an MPEG transport stream"
    if head.startswith(_AAC_HEADS):
        return "an AAC file"
    if head.startswith(b"OggS") and b"Speex   " in head[:64]:
        return "an Ogg file of Speex"
    if is_wav(head) and (coding := _wav_coding(head)):
        return f"a wav file of {coding}"
    return next((kind for magic, kind in _CODED.items() if head.startswith(magic)), "")


def _mp4(head: bytes) -> str:
    brand = head[8:12].strip().lower()
    if brand in (b"m4a", b"m4b", b"m4p"):
        return "an M4A file"
    if brand == b"qt" or head[4:8] != b"ftyp":
        return "a QuickTime file"
    return "a 3GP file" if brand[:3] in (b"3gp", b"3g2") else "an MP4 or M4A file"


def _wav_coding(head: bytes) -> str:
    at = head.find(b"fmt ", 12)
    if at < 0 or at + 10 > len(head):
        return ""
    (tag,) = struct.unpack_from(">H" if head[:4] == b"RIFX" else "<H", head, at + 8)
    return _WAV_CODINGS.get(tag, "" if tag in (1, 3, 0xFFFE) else f"coding 0x{tag:04x}")
