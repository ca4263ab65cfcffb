// From words to n-grams of all orders with adjusted counts.
//
// Definition: KenLM lm/builder/corpus_count.cc, lm/builder/adjust_counts.cc; Chen & Goodman 1998, section 4.1.6.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ngram_key.hh"

namespace deepspeech {

// Cuts sentences into n-grams of the highest order, a sentence beginning with order - 1 times `<s>`.
class NgramWindow {
 public:
  // `ids`: the id of each number that a Corpus gives.
  NgramWindow(std::size_t order, KeyShape shape, std::vector<std::uint32_t> ids);

  void read(const std::uint32_t* numbers, std::size_t count, std::vector<NgramKey>& keys);

 private:
  std::size_t order_;
  KeyShape shape_;
  std::vector<std::uint32_t> ids_;
  NgramKey begin_, last_;
};

// What discounts are estimated from, for each order.
struct OrderCounts {
  std::uint64_t ngrams = 0;                      // different ones
  std::array<std::uint64_t, 5> with_count{};     // [j]: n-grams whose adjusted count is j, for j = 1..4
};

// Reads n-grams of the highest order in suffix order, repeated ones next to each other, and tells those of all orders.
// The adjusted count of the highest order, and of what begins with `<s>`, is how often it occurs; of others, the number
// of different words before it. An n-gram is pruned when it occurs at most as often as its order's threshold.
class AdjustCounts {
 public:
  AdjustCounts(std::size_t order, KeyShape shape, std::uint32_t words, std::uint32_t sentence_begin,
               std::uint32_t sentence_end, std::vector<std::uint64_t> thresholds);

  void read(const NgramKey* keys, std::size_t count);
  void finish();

  std::size_t order() const { return order_; }
  // N-grams of order `n` >= 2 counted so far, keys by context; clear what was taken.
  NgramRows& rows(std::size_t n) { return rows_[n - 1]; }
  // Of each word: its adjusted count twice, and 1 where it is pruned.
  const std::vector<std::uint32_t>& unigrams() const { return unigrams_; }
  const std::vector<OrderCounts>& totals() const { return totals_; }

 private:
  void take(NgramKey key, std::uint64_t count);
  void close_down_to(std::size_t order);
  void tell(std::size_t n, NgramKey key, std::uint64_t adjusted, std::uint64_t occurrences);

  std::size_t order_;
  KeyShape shape_;
  std::uint32_t sentence_begin_, sentence_end_;
  std::vector<std::uint64_t> thresholds_;
  std::vector<NgramRows> rows_;
  std::vector<std::uint32_t> unigrams_;
  std::vector<OrderCounts> totals_;
  NgramKey pending_ = 0;             // the n-gram being repeated
  std::uint64_t pending_count_ = 0;
  NgramKey open_ = 0;                // the last n-gram: its `open_orders_` shortest suffixes may still occur
  std::size_t open_orders_ = 0;
  std::vector<std::uint64_t> adjusted_, occurrences_;  // of the open suffixes, by order - 1
};

}  // namespace deepspeech
