#!/bin/sh
# speechocean762: 2.6 hours of English read by Mandarin speakers, many of them children. Train, export, evaluate on
# unseen speakers. About 75 minutes on two cores.
#
#   runs/speechocean.sh DATA_DIR OUT_DIR [TABLE.KEY=VALUE …]
#
# DATA_DIR holds train.csv and dev.csv; OUT_DIR gets checkpoints, speechocean.onnx, speechocean.int8.onnx and the error
# rates on dev.csv: results.json. With SETTINGS=runs/speechocean-deepspeech.toml in the environment it trains
# DeepSpeech's network instead.
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

# shellcheck disable=SC2086  # each --set is two words
deepspeech train "${SETTINGS:-$here/speechocean.toml}" $settings \
  --set data.train="$data/train.csv" --set data.dev="$data/dev.csv" --set checkpoint.folder="$out/checkpoints"
deepspeech export "$out/checkpoints" "$out/speechocean.onnx"
deepspeech export "$out/checkpoints" "$out/speechocean.int8.onnx" --int8 --tolerance 0.05
deepspeech evaluate --model "$out/speechocean.onnx" --data "$data/dev.csv" --json | tee "$out/results.json"
