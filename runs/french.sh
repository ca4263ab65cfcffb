#!/bin/sh
# French, or with TEXT_LANGUAGE another language, from a spreadsheet to a recognizer: import, split without shared
# sentences, alphabet from the data, train, export, scorer, evaluate. 21 minutes of speech: under an hour on two cores.
#
#   runs/french.sh TABLE OUT_DIR [TABLE.KEY=VALUE …]
#
# TABLE is a CSV with a header, as Excel saves it: a column of recordings and one of sentences, whose names AUDIO_COLUMN
# and TEXT_COLUMN in the environment may say; or a folder with such a table, all.csv. OUT_DIR gets the sets, alphabet.txt,
# checkpoints, french.onnx, french.int8.onnx, french.scorer, and the error rates on test.csv without and with the scorer:
# results.json, results-scorer.json.
set -eu
if [ $# -lt 2 ]; then
  echo "usage: runs/french.sh TABLE OUT_DIR [TABLE.KEY=VALUE ...]" >&2
  exit 2
fi
here="$(cd "$(dirname "$0")" && pwd)"
table="$1"
[ -d "$table" ] && table="$table/all.csv"
mkdir -p "$2"
out="$(cd "$2" && pwd)"
language="${TEXT_LANGUAGE:-fr}"
shift 2

settings=""
for setting in "$@"; do settings="$settings --set $setting"; done

deepspeech import csv "$table" --target-dir "$out" --language "$language" --split --workers "${WORKERS:-0}" \
  ${AUDIO_COLUMN:+--audio-column "$AUDIO_COLUMN"} ${TEXT_COLUMN:+--text-column "$TEXT_COLUMN"}
deepspeech data alphabet "$out/train.csv" "$out/dev.csv" "$out/test.csv" --output "$out/alphabet.txt" --force
deepspeech data check "$out/train.csv" "$out/dev.csv" "$out/test.csv" --alphabet "$out/alphabet.txt" ||
  echo "clips that training would refuse are skipped" >&2
# shellcheck disable=SC2086  # each --set is two words
deepspeech train "${SETTINGS:-$here/french.toml}" --set text.language="$language" \
  --set data.train="$out/train.csv" --set data.dev="$out/dev.csv" --set data.alphabet="$out/alphabet.txt" \
  --set data.on_bad_sample=skip --set checkpoint.folder="$out/checkpoints" $settings
deepspeech export "$out/checkpoints" "$out/french.onnx"
deepspeech export "$out/checkpoints" "$out/french.int8.onnx" --int8 --tolerance 0.05
deepspeech lm build --text "$out/train.csv" --model "$out/french.onnx" \
  --order 3 --prune 0 --discount-fallback --output "$out/french.scorer"
deepspeech evaluate --model "$out/french.onnx" --data "$out/test.csv" --json | tee "$out/results.json"
deepspeech evaluate --model "$out/french.onnx" --data "$out/test.csv" --scorer "$out/french.scorer" --json |
  tee "$out/results-scorer.json"
