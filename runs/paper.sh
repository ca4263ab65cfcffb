#!/bin/sh
# The system of Hannun et al. 2014 on AN4, compared with our LSTM on the same budget: three networks with different seeds,
# one with strides of 2, one LSTM. Evaluates each on unseen speakers, with jitter, and the ensemble of the three.
# docs/paper.md compares it with the paper.
#
#   runs/paper.sh DATA_DIR OUT_DIR [TABLE.KEY=VALUE …]
#
# DATA_DIR holds train.csv and dev.csv; OUT_DIR gets a folder of checkpoints for each network, and results-*.json.
# A network that is already trained is not trained again.
set -eu
if [ $# -lt 2 ]; then
  echo "usage: runs/paper.sh DATA_DIR OUT_DIR [TABLE.KEY=VALUE ...]" >&2
  exit 2
fi
here="$(cd "$(dirname "$0")" && pwd)"
data="$(cd "$1" && pwd)"
mkdir -p "$2"
out="$(cd "$2" && pwd)"
shift 2

settings=""
for setting in "$@"; do settings="$settings --set $setting"; done

train() { # PAGE NAME [--set …]
  page="$1"
  folder="$out/$2"
  shift 2
  # shellcheck disable=SC2086  # each --set is two words
  deepspeech train "$here/$page" --set training.epochs=60 "$@" $settings \
    --set data.train="$data/train.csv" --set data.dev="$data/dev.csv" --set checkpoint.folder="$folder"
}

evaluate() { # RESULT --model …
  result="$out/results-$1.json"
  shift
  deepspeech evaluate "$@" --data "$data/dev.csv" --json >"$result"
}

for seed in 1 2 3; do train paper.toml "paper-$seed" --set training.seed=$seed; done
train an4-deepspeech.toml lstm --set training.seed=1
train paper.toml stride-2 --set training.seed=1 --set network.stride=2

for name in paper-1 paper-2 paper-3 lstm stride-2; do
  evaluate "$name" --model "$out/$name"
  evaluate "$name-jitter" --model "$out/$name" --jitter-ms 5
done
evaluate ensemble --model "$out/paper-1" --model "$out/paper-2" --model "$out/paper-3"
evaluate ensemble-jitter --model "$out/paper-1" --model "$out/paper-2" --model "$out/paper-3" --jitter-ms 5
grep -H '"wer"' "$out"/results-*.json
