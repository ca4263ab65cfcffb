#!/bin/sh
# speechocean762: 2.6 hours of English read by Mandarin speakers, many of them children. Train, export, evaluate on
# unseen speakers. About 75 minutes on two cores.
#
#   runs/speechocean.sh DATA_DIR OUT_DIR [TABLE.KEY=VALUE …]
#
# First five epochs of the recordings as they are, then the recordings and twice as many spliced clips with augmentation,
# from these weights: few hours are learnt fast while nothing disturbs them, and last longer once everything varies.
#
# DATA_DIR holds train.csv and dev.csv; OUT_DIR gets checkpoints, speechocean.onnx, speechocean.int8.onnx and the error
# rates on dev.csv: results.json. The settings given apply to the second training. With SETTINGS in the environment, as in
# SETTINGS=runs/speechocean-deepspeech.toml, it trains DeepSpeech's network instead, at once and on the recordings alone.
# The same command goes on where it was stopped.
set -eu
if [ $# -lt 2 ]; then
  echo "usage: runs/speechocean.sh DATA_DIR OUT_DIR [TABLE.KEY=VALUE ...]" >&2
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
    deepspeech train "$here/speechocean.toml" --set "augment=[]" --set training.epochs=5 \
      --set training.schedule=constant --set training.warmup_epochs=2 --set training.evaluate_every=5 \
      --set training.consistency=0 --set network.dropout=0.05 \
      --set data.train="$data/train.csv" --set data.dev="$data/dev.csv" --set checkpoint.folder="$out/first"
    rm -rf "$out/spliced"
    deepspeech export "$out/first" "$out/first.onnx"
    deepspeech data splice "$data/train.csv" --model "$out/first.onnx" --output-dir "$out/spliced"
  fi
  train="$train, '$out/spliced/spliced.csv'"
  settings="--set checkpoint.load=$out/first $settings"
fi
# shellcheck disable=SC2086  # each --set is two words
deepspeech train "${SETTINGS:-$here/speechocean.toml}" $settings \
  --set "data.train=[$train]" --set data.dev="$data/dev.csv" --set checkpoint.folder="$out/checkpoints"
deepspeech export "$out/checkpoints" "$out/speechocean.onnx"
deepspeech export "$out/checkpoints" "$out/speechocean.int8.onnx" --int8 --tolerance 0.05
deepspeech evaluate --model "$out/speechocean.onnx" --data "$data/dev.csv" --json | tee "$out/results.json"
