#!/bin/sh
# What tuning a scorer is worth: its weights are tuned on half of the speakers of a data set and evaluated on the other
# half, and crosswise, so that no clip is evaluated with weights that it helped to choose.
#
#   runs/tune.sh MODEL SCORER DATA OUT_DIR [SPEAKER_PATTERN]
#
# SPEAKER_PATTERN finds the speaker in a clip's path where DATA does not name it, as for `deepspeech data split`; for
# AN4: '-([a-z0-9]+)-b'. OUT_DIR gets the halves, train.csv and dev.csv, the tuned scorers of the same names, and the
# results on the other half with the scorer's own weights and the tuned ones. The last lines are the error rates of all.
set -eu
if [ $# -lt 4 ]; then
  echo "usage: runs/tune.sh MODEL SCORER DATA OUT_DIR [SPEAKER_PATTERN]" >&2
  exit 2
fi
model="$1" scorer="$2" data="$3" out="$4"
mkdir -p "$out"

deepspeech data split "$data" --dev 0.5 --test 0 --by speaker --speaker-pattern "${5-}" --output-dir "$out" --force
crosswise() { # TUNED EVALUATED
  deepspeech lm tune --model "$model" --scorer "$scorer" --data "$out/$1.csv" --output "$out/$1.scorer" --storage "$out/tuning"
  deepspeech evaluate --model "$model" --data "$out/$2.csv" --scorer "$scorer" --json >"$out/$2-own.json"
  deepspeech evaluate --model "$model" --data "$out/$2.csv" --scorer "$out/$1.scorer" --json >"$out/$2-tuned.json"
}
crosswise train dev
crosswise dev train

python3 - "$out" <<'END'
import json, sys

for weights in ("own", "tuned"):
    halves = [json.load(open(f"{sys.argv[1]}/{half}-{weights}.json")) for half in ("train", "dev")]
    words = sum(half["words"] for half in halves)
    wer = sum(half["wer"] * half["words"] for half in halves) / words
    rates = " and ".join(f"{half['wer']:.2%} of {half['words']} words" for half in halves)
    print(f"{weights + ' weights:':15} WER {wer:.2%}: {rates}")
END
