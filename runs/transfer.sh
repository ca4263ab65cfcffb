#!/bin/sh
# Benefit of transfer learning from a published model in another language: AN4 trained from its weights, and from
# scratch, with the same network and number of epochs. docs/transfer.md has the figures.
#
#   runs/transfer.sh OLD_MODEL DATA_DIR OUT_DIR [TABLE.KEY=VALUE …]
#
# OLD_MODEL is a .tflite, .pb or .pbmm, or a checkpoint folder of any family; DATA_DIR holds train.csv and dev.csv;
# OUT_DIR gets the old weights, both trainings' checkpoints, and results-transferred.json, results-scratch.json. A
# completed training is not repeated.
#
# SETTINGS in the environment names a TOML file with the network of a checkpoint (transfer.toml), DROP the layers that
# are re-initialized (layer_6). Between two sets in one alphabet, with the deep LSTM of runs/speechocean.sh:
#
#   SETTINGS=runs/speechocean.toml DROP= runs/transfer.sh speechocean/checkpoints kathleen OUT_DIR \
#     training.epochs=30 training.warmup_epochs=2 training.consistency=0
set -eu
if [ $# -lt 3 ]; then
  echo "usage: runs/transfer.sh OLD_MODEL DATA_DIR OUT_DIR [TABLE.KEY=VALUE ...]" >&2
  exit 2
fi
here="$(cd "$(dirname "$0")" && pwd)"
old="$1"
data="$(cd "$2" && pwd)"
mkdir -p "$3"
out="$(cd "$3" && pwd)"
shift 3

settings=""
for setting in "$@"; do settings="$settings --set $setting"; done

train() { # NAME [--set …]
  name="$1"
  shift
  # shellcheck disable=SC2086  # each --set is two words
  deepspeech train "${SETTINGS:-$here/transfer.toml}" "$@" $settings \
    --set data.train="$data/train.csv" --set data.dev="$data/dev.csv" --set checkpoint.folder="$out/$name"
  deepspeech evaluate --model "$out/$name" --data "$data/dev.csv" --json >"$out/results-$name.json"
}

drop="${DROP-layer_6}"
if [ -d "$old" ]; then
  source="$old"
else
  source="$out/old"
  [ -d "$source" ] || deepspeech convert "$old" "$source"
fi
train transferred --set checkpoint.load="$source" --set "transfer.drop=[${drop:+\"$drop\"}]"
train scratch
grep -H '"wer"' "$out"/results-*.json
