#!/bin/sh
# AN4 from recordings to a recognizer: a first short training finds the times of the words, `data splice` makes new clips
# of them, the network learns from both; then export, a scorer of the training transcripts, and evaluation on unseen
# speakers. Under an hour on two cores. With SETTINGS=runs/an4-deepspeech.toml in the environment it trains the network of
# DeepSpeech instead, on the recordings alone.
#
#   runs/an4.sh DATA_DIR OUT_DIR [TABLE.KEY=VALUE …]
#
# DATA_DIR holds train.csv and dev.csv; OUT_DIR gets checkpoints, an4.onnx, an4.int8.onnx, an4.scorer, and the error
# rates on dev.csv without and with the scorer: results.json, results-scorer.json. The settings given apply to the second
# training. The same command goes on where it was stopped.
set -eu
if [ $# -lt 2 ]; then
  echo "usage: runs/an4.sh DATA_DIR OUT_DIR [TABLE.KEY=VALUE ...]" >&2
  exit 2
fi
here="$(cd "$(dirname "$0")" && pwd)"
data="$(cd "$1" && pwd)"
mkdir -p "$2"
out="$(cd "$2" && pwd)"
shift 2

settings=""
for setting in "$@"; do settings="$settings --set $setting"; done

train="'$data/train.csv'"
if [ -z "${SETTINGS:-}" ]; then
  if [ ! -e "$out/spliced/spliced.csv" ]; then
    deepspeech train "$here/an4.toml" --set training.epochs=25 --set training.evaluate_every=25 \
      --set data.train="$data/train.csv" --set data.dev="$data/dev.csv" --set checkpoint.folder="$out/first"
    rm -rf "$out/spliced"
    deepspeech export "$out/first" "$out/first.onnx"
    deepspeech data splice "$data/train.csv" --speaker-pattern '-(\w+)-b' --model "$out/first.onnx" \
      --output-dir "$out/spliced"
  fi
  train="$train, '$out/spliced/spliced.csv'"
fi
# shellcheck disable=SC2086  # each --set is two words
deepspeech train "${SETTINGS:-$here/an4.toml}" $settings \
  --set "data.train=[$train]" --set data.dev="$data/dev.csv" --set checkpoint.folder="$out/checkpoints"
deepspeech export "$out/checkpoints" "$out/an4.onnx"
deepspeech export "$out/checkpoints" "$out/an4.int8.onnx" --int8 --tolerance 0.05
deepspeech lm build --text "$data/train.csv" --alphabet "$here/../data/alphabet.txt" \
  --order 3 --prune 0 --discount-fallback --output "$out/an4.scorer"
deepspeech evaluate --model "$out/an4.onnx" --data "$data/dev.csv" --json | tee "$out/results.json"
deepspeech evaluate --model "$out/an4.onnx" --data "$data/dev.csv" --scorer "$out/an4.scorer" --json \
  | tee "$out/results-scorer.json"
