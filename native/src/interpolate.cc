#include "interpolate.hh"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace deepspeech {
namespace {

constexpr float kLog10 = 2.302585093f;  // natural logarithm of 10

}  // namespace

ShareOut::ShareOut(std::size_t order, KeyShape shape, std::array<float, 4> discounts, std::vector<bool> kept)
    : order_(order), shape_(shape), discounts_(discounts), kept_(std::move(kept)) {}

void ShareOut::read(const NgramRows& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!keys_.empty() && shape_.suffix(rows.keys[i]) != shape_.suffix(keys_.back())) end_context();
    keys_.push_back(rows.keys[i]);
    counts_.push_back(rows.counts[i]);
  }
}

void ShareOut::end_context() {
  if (keys_.empty()) return;
  std::uint64_t denominator = 0, pruned = 0;
  std::array<std::uint64_t, 4> seen{};
  for (const std::uint32_t marked : counts_) {
    const std::uint32_t count = marked >> 1;
    denominator += count;
    if (marked & 1)
      pruned += count;
    else
      ++seen[std::min(count, 3u)];
  }
  double left = static_cast<double>(pruned);
  for (std::size_t j = 1; j < 4; ++j) left += double{discounts_[j]} * static_cast<double>(seen[j]);
  const auto total = static_cast<double>(denominator);
  const auto backoff = static_cast<float>(left / total);
  const NgramKey context = shape_.suffix(keys_.back());
  if (keeps(context, order_ - 1)) {
    contexts.keys.push_back(context);
    contexts.backoffs.push_back(backoff);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if ((counts_[i] & 1) || !kept_[static_cast<std::uint32_t>(keys_[i] & shape_.mask(1))]) continue;
      const std::uint32_t count = counts_[i] >> 1;
      ngrams.keys.push_back(shape_.by_suffix(keys_[i], order_));
      ngrams.probabilities.push_back(static_cast<float>((count - double{discounts_[std::min(count, 3u)]}) / total));
      ngrams.backoffs.push_back(backoff);
    }
  }
  keys_.clear();
  counts_.clear();
}

bool ShareOut::keeps(NgramKey key, std::size_t words) const {
  for (std::size_t back = 0; back < words; ++back)
    if (!kept_[shape_.word(key, words, back)]) return false;
  return true;
}

bool RowReader::move_to(NgramKey key) {
  for (;;) {
    while (at < rows.size() && rows.keys[at] < key) ++at;
    if (at < rows.size()) return rows.keys[at] == key;
    if (ended) return false;
    rows = source();
    at = 0;
    ended = rows.size() == 0;
  }
}

Interpolate::Interpolate(std::size_t order, KeyShape shape, RowSource shares, RowSource lower, RowSource contexts)
    : shape_(shape),
      shares_(std::move(shares)),
      lower_{std::move(lower)},
      contexts_{std::move(contexts)} {
  if (order < 2) throw std::invalid_argument("order");
}

NgramRows Interpolate::next() {
  NgramRows rows = shares_();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const NgramKey key = rows.keys[i];
    if (!lower_.move_to(shape_.suffix(key))) throw std::logic_error("an n-gram lacks its suffix");
    const float shorter = std::exp(kLog10 * lower_.rows.probabilities[lower_.at]);
    rows.probabilities[i] = std::min(0.0f, std::log10(rows.probabilities[i] + rows.backoffs[i] * shorter));
    rows.backoffs[i] = contexts_.move_to(key) ? std::log10(contexts_.rows.backoffs[contexts_.at]) : 0.0f;
  }
  return rows;
}

std::vector<NgramKey> SuffixGaps::read(const std::vector<NgramKey>& keys) {
  std::vector<NgramKey> gaps;
  for (const NgramKey key : keys) {
    const NgramKey suffix = shape_.suffix(key);
    if (begun_ && key == last_) throw std::invalid_argument("holds an n-gram twice");
    const bool same_suffix = begun_ && suffix == shape_.suffix(last_);
    if (!same_suffix && !lower_.move_to(suffix)) gaps.push_back(suffix);
    last_ = key;
    begun_ = true;
  }
  return gaps;
}

}  // namespace deepspeech
