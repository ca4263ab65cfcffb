#!/bin/sh
# What more hours would give: train on 10, 30 and 100 % of a data set, then extrapolate the error rate.
#
#   runs/expect.sh TRAIN.csv DEV.csv OUT_DIR [option of deepspeech train …]
#
# Options go to each training, for example --recipe small or my.toml. OUT_DIR gets parts of the data set, checkpoints,
# results and expect.png. A completed training is not repeated.
set -eu
if [ $# -lt 3 ]; then
  echo "usage: runs/expect.sh TRAIN.csv DEV.csv OUT_DIR [option of deepspeech train ...]" >&2
  exit 2
fi
train="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
dev="$(cd "$(dirname "$2")" && pwd)/$(basename "$2")"
mkdir -p "$3"
out="$(cd "$3" && pwd)"
shift 3

points=""
for percent in 10 30 100; do
  hours="$(python3 "$(dirname "$0")/part.py" "$train" "$percent" "$out/train-$percent.csv")"
  deepspeech train "$@" --set data.train="$out/train-$percent.csv" --set data.dev="$dev" \
    --set checkpoint.folder="$out/checkpoints-$percent"
  deepspeech evaluate --model "$out/checkpoints-$percent" --data "$dev" --json --samples >"$out/results-$percent.json"
  points="$points $hours=$out/results-$percent.json"
done
# shellcheck disable=SC2086  # one word for each point
deepspeech expect $points --picture "$out/expect.png"
