#!/bin/sh
# Learn one sentence by heart: import LDC93S1, train on it, test on it. Extra flags go to DeepSpeech.py.
set -eu
cd "$(dirname "$0")/.."

data="${LDC93S1_DIR:-data/ldc93s1}"
[ -f "$data/ldc93s1.csv" ] || python3 -u bin/import_ldc93s1.py "$data"

# Its own folder, emptied first: what an earlier run remembered proves nothing.
checkpoints="$(mktemp -d)"
trap 'rm -rf "$checkpoints"' EXIT

python3 -u DeepSpeech.py \
  --train_files "$data/ldc93s1.csv" \
  --test_files "$data/ldc93s1.csv" \
  --train_batch_size 1 \
  --test_batch_size 1 \
  --n_hidden 100 \
  --epochs 200 \
  --checkpoint_dir "$checkpoints" \
  "$@"
