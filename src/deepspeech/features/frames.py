"""The old place of FrameStream."""

from deepspeech.features.front_end import FrameStream as FrameStream
