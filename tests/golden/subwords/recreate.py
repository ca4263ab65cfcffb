"""Rebuilds the models in this folder; see recreate.md."""

import json
from pathlib import Path

import sentencepiece

HERE = Path(__file__).parent
OTHERS = ["a", "zoo", "unheard of", "mississippi banana bandana", "the quick brown fox jumps over the lazy dog", "aaaa"]

cuts = {}
for kind in ("unigram", "bpe"):
    sentencepiece.SentencePieceTrainer.train(
        input=str(HERE / "text.txt"), model_prefix=str(HERE / kind), model_type=kind, vocab_size=60,
        character_coverage=1.0, normalization_rule_name="identity", num_threads=1, minloglevel=2,
    )  # fmt: skip
    model = sentencepiece.SentencePieceProcessor(model_file=str(HERE / f"{kind}.model"))
    lines = (HERE / "text.txt").read_text(encoding="utf-8").splitlines() + OTHERS
    cuts[kind] = {line: model.encode(line, out_type=str) for line in lines}
page = json.dumps(cuts, ensure_ascii=False, indent=1)
(HERE / "pieces.json").write_text(page + "\n", encoding="utf-8")
