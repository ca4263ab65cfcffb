#!/bin/sh
# Benefit of augmentation in noise: two trainings of equal length on AN4, without and with it, evaluated with noise
# recordings that neither has seen.
#
#   runs/noise.sh DATA_DIR OUT_DIR NOISE.csv NAME=RECORDINGS …
#
# DATA_DIR holds train.csv and dev.csv. NOISE.csv lists recordings to train with (its transcripts are not used), each
# RECORDINGS is a folder or a CSV of others to evaluate with, such as prompts of the Asterisk exchange in other languages
# (`deepspeech import asterisk`). OUT_DIR gets checkpoints in plain and noisy, robustness.md and robustness.png.
set -eu
if [ $# -lt 4 ]; then
  echo "usage: runs/noise.sh DATA_DIR OUT_DIR NOISE.csv NAME=RECORDINGS ..." >&2
  exit 2
fi
here="$(cd "$(dirname "$0")" && pwd)"
data="$(cd "$1" && pwd)"
mkdir -p "$2"
out="$(cd "$2" && pwd)"
noise="$(cd "$(dirname "$3")" && pwd)/$(basename "$3")"
shift 3

# Dropout is low: augmentation already keeps the second network from overfitting.
train() { # NAME AUGMENT
  deepspeech train "$here/an4-deepspeech.toml" --set data.train="$data/train.csv" --set data.dev="$data/dev.csv" \
    --set network.dropout_1=0.05 --set network.dropout_2=0.05 --set network.dropout_3=0.05 \
    --set network.dropout_5=0.05 --set network.dropout_lstm=0.05 \
    --set training.epochs=100 --set training.evaluate_every=10 --set checkpoint.folder="$out/$1" --set augment="$2"
}
train plain '[]'
train noisy "[
  'speed[p=0.5,factor=1~0.1]',
  'overlay[p=0.35,source=babble,snr=10~12]',
  'overlay[p=0.35,source=$noise,snr=8~12]',
  'noise[p=0.4,snr=14~15,color=0.5~1]',
  'volume[p=0.5,dbfs=-10~8]',
  'time_mask[p=0.3,n=2,size=80~80,domain=features]',
]"
last() { # NAME: the weights after the last epoch, so that nothing is selected on the evaluation clips
  find "$out/$1" -maxdepth 1 -name "train-*" | sort | tail -n 1
}
python3 "$here/../benchmarks/robustness.py" plain="$(last plain)" noisy="$(last noisy)" --data "$data/dev.csv" \
  --recordings "$@" --picture "$out/robustness.png" | tee "$out/robustness.md"
