"""`python -m deepspeech` is `deepspeech`."""

from deepspeech.cli.main import main

main()
