// From adjusted counts to probabilities: interpolated modified Kneser-Ney.
//
// Definition: KenLM lm/builder/initial_probabilities.cc, lm/builder/interpolate.cc; Chen & Goodman 1998, equations 24-26.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "ngram_key.hh"

namespace deepspeech {

// Reads n-grams sorted by context and shares each context's probability out among its words and what is left for words
// that it has not seen.
class ShareOut {
 public:
  // `discounts` [j] is taken off counts j = 1, 2, and 3 or more. `kept` [word]: whether the vocabulary keeps the word.
  ShareOut(std::size_t order, KeyShape shape, std::array<float, 4> discounts, std::vector<bool> kept);

  void read(const NgramRows& rows);
  void finish() { end_context(); }

  // Keys by suffix; probabilities: the n-gram's own share; backoffs: what its context leaves. Without pruned ones.
  NgramRows ngrams;
  // Keys of contexts, in suffix order; backoffs: what the context leaves.
  NgramRows contexts;

 private:
  void end_context();
  bool keeps(NgramKey key, std::size_t words) const;

  std::size_t order_;
  KeyShape shape_;
  std::array<float, 4> discounts_;
  std::vector<bool> kept_;
  std::vector<NgramKey> keys_;          // of the context being read
  std::vector<std::uint32_t> counts_;
};

// Rows that come piece by piece: the next piece, or an empty one at the end.
using RowSource = std::function<NgramRows()>;

// Finds rows by keys requested in ascending order.
struct RowReader {
  RowSource source;
  NgramRows rows{};
  std::size_t at = 0;
  bool ended = false;

  // Whether there is a row of this key; it is then `rows` [at].
  bool move_to(NgramKey key);
};

// Joins the output of ShareOut for one order, sorted by suffix, with the finished n-grams of the order below and the
// contexts from the order above. All in suffix order; so are the finished n-grams.
class Interpolate {
 public:
  Interpolate(std::size_t order, KeyShape shape, RowSource shares, RowSource lower, RowSource contexts);

  // The next finished n-grams, log10 of probabilities and back-offs, or none at the end.
  NgramRows next();

 private:
  KeyShape shape_;
  RowSource shares_;
  RowReader lower_, contexts_;
};

// Reads n-grams in suffix order and tells, in order, the suffixes that the order below lacks.
class SuffixGaps {
 public:
  SuffixGaps(KeyShape shape, RowSource lower) : shape_(shape), lower_{std::move(lower)} {}

  // Throws std::invalid_argument for a duplicate n-gram.
  std::vector<NgramKey> read(const std::vector<NgramKey>& keys);

 private:
  KeyShape shape_;
  RowReader lower_;
  bool begun_ = false;
  NgramKey last_ = 0;
};

}  // namespace deepspeech
