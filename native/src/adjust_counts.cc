#include "adjust_counts.hh"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace deepspeech {

NgramWindow::NgramWindow(std::size_t order, KeyShape shape, std::vector<std::uint32_t> ids)
    : order_(order), shape_(shape), ids_(std::move(ids)), begin_(0) {
  for (std::size_t i = 0; i < order; ++i) begin_ = (begin_ << shape.word_bits) | ids_[1];
  last_ = begin_;
}

void NgramWindow::read(const std::uint32_t* numbers, std::size_t count, std::vector<NgramKey>& keys) {
  const unsigned newest = static_cast<unsigned>(order_ - 1) * shape_.word_bits;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t number = numbers[i];
    last_ = shape_.suffix(last_) | (NgramKey{ids_[number]} << newest);
    keys.push_back(last_);
    if (number == 2) last_ = begin_;
  }
}

AdjustCounts::AdjustCounts(std::size_t order, KeyShape shape, std::uint32_t words, std::uint32_t sentence_begin,
                           std::uint32_t sentence_end, std::vector<std::uint64_t> thresholds)
    : order_(order),
      shape_(shape),
      sentence_begin_(sentence_begin),
      sentence_end_(sentence_end),
      thresholds_(std::move(thresholds)),
      rows_(order),
      unigrams_(words, 0),
      totals_(order),
      adjusted_(order, 0),
      occurrences_(order, 0) {}

void AdjustCounts::read(const NgramKey* keys, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (keys[i] != pending_ || pending_count_ == 0) {
      if (pending_count_ > 0) take(pending_, pending_count_);
      pending_ = keys[i];
      pending_count_ = 0;
    }
    ++pending_count_;
  }
}

void AdjustCounts::finish() {
  if (pending_count_ > 0) take(pending_, pending_count_);
  pending_count_ = 0;
  close_down_to(0);
}

void AdjustCounts::take(NgramKey key, std::uint64_t count) {
  std::size_t same = 0;  // newest words that it shares with the open suffixes
  while (same < open_orders_ && shape_.word(key, order_, same) == shape_.word(open_, order_, same)) ++same;
  close_down_to(same);
  for (std::size_t n = 1; n <= same; ++n) occurrences_[n - 1] += count;
  if (same > 0) ++adjusted_[same - 1];
  open_ = key;
  std::size_t oldest = same;
  while (oldest + 1 < order_ && shape_.word(key, order_, oldest) != sentence_begin_) {
    adjusted_[oldest] = 1;
    occurrences_[oldest] = count;
    ++oldest;
  }
  if (oldest + 1 < order_) {  // a sentence begins here: the shorter n-gram stands for this one
    adjusted_[oldest] = occurrences_[oldest] = count;
    open_orders_ = oldest + 1;
  } else {
    open_orders_ = oldest;
    tell(order_, key, count, count);
  }
}

void AdjustCounts::close_down_to(std::size_t order) {
  for (; open_orders_ > order; --open_orders_) {
    const std::size_t n = open_orders_;
    tell(n, open_ >> ((order_ - n) * shape_.word_bits), adjusted_[n - 1], occurrences_[n - 1]);
  }
}

void AdjustCounts::tell(std::size_t n, NgramKey key, std::uint64_t adjusted, std::uint64_t occurrences) {
  if (adjusted >= 0x80000000u) throw std::overflow_error("an n-gram occurs more than 2147483647 times");
  bool pruned = occurrences <= thresholds_[n - 1];
  OrderCounts& totals = totals_[n - 1];
  ++totals.ngrams;
  if (adjusted < totals.with_count.size()) ++totals.with_count[adjusted];
  if (n == 1) {
    const auto word = static_cast<std::uint32_t>(key);
    pruned = pruned && word != sentence_begin_ && word != sentence_end_;
    unigrams_[word] = static_cast<std::uint32_t>(2 * adjusted + pruned);
    return;
  }
  rows_[n - 1].keys.push_back(shape_.by_context(key, n));
  rows_[n - 1].counts.push_back(static_cast<std::uint32_t>(2 * adjusted + pruned));
}

}  // namespace deepspeech
