#include "ngram_tables.hh"

#include <algorithm>
#include <limits>

namespace deepspeech {
namespace {

constexpr unsigned kWidestField = 57;  // what one 8-byte read holds at any bit offset
constexpr unsigned kProbabilityBits = 31;  // float32 without its sign, which is always negative
constexpr unsigned kBackoffBits = 32;

float float_of(std::uint32_t pattern) {
  float number;
  std::memcpy(&number, &pattern, sizeof number);
  return number;
}

}  // namespace

unsigned bits_of(std::uint64_t number) {
  unsigned bits = 0;
  for (; number != 0; number >>= 1) ++bits;
  return bits;
}

HashTable::HashTable(Cursor& cursor, std::uint64_t buckets, std::uint64_t value_bytes)
    : base_(cursor.take(buckets, 8 + value_bytes)), buckets_(buckets), stride_(8 + value_bytes) {}

const std::uint8_t* HashTable::find(std::uint64_t key) const {
  std::uint64_t bucket = key % buckets_;
  for (std::uint64_t tried = 0; tried < buckets_; ++tried) {
    const std::uint8_t* entry = base_ + bucket * stride_;
    const std::uint64_t found = load<std::uint64_t>(entry);
    if (found == 0) return nullptr;
    if (found == key) return entry + 8;
    if (++bucket == buckets_) bucket = 0;
  }
  return nullptr;
}

TrieLevel::TrieLevel(Cursor& cursor, const Shape& shape) : shape_(shape) {
  const Quantisation& q = shape.quantisation;
  value_bits_ = q.probability_bits ? q.probability_bits : kProbabilityBits;
  if (!shape.longest) {
    value_bits_ += q.probability_bits ? q.backoff_bits : kBackoffBits;
    next_bits_ = bits_of(shape.next_entries);
    if (shape.chop_limit >= 0) place_pointers(cursor);
  }
  if (next_bits_ > kWidestField) throw FormatError("is damaged: it counts more n-grams than any file holds");
  entry_bits_ = shape.word_bits + value_bits_ + next_bits_;
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / (2 * entry_bits_);
  if (shape.entries >= most) throw FormatError("is cut short");
  // One entry more marks the end of the last one's children; 8 bytes more let every field be read with one load.
  entries_ = cursor.take(((1 + shape.entries) * entry_bits_ + 7) / 8 + 8, 1);
}

// Pointers are split: low bits in the entries, high bits in a table of where each value begins. The writer chose the
// split that takes least space, and the reader has to find the same.
void TrieLevel::place_pointers(Cursor& cursor) {
  const std::uint64_t largest = shape_.next_entries;
  const unsigned required = next_bits_;
  if (required > kWidestField || shape_.entries > (1ull << kWidestField)) throw FormatError("is cut short");
  unsigned chop = 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (unsigned c = 0; c <= std::min(required, static_cast<unsigned>(shape_.chop_limit)); ++c) {
    const std::uint64_t table = largest >> (required - c);
    if (table > (1ull << 50)) break;
    const std::int64_t change =
        static_cast<std::int64_t>(table * 64) - static_cast<std::int64_t>((shape_.entries + 1) * c);
    if (change < least) {
      least = change;
      chop = c;
    }
  }
  next_bits_ = required - chop;
  high_count_ = (largest >> next_bits_) + 1;
  const std::uint64_t to_alignment = (8 - cursor.offset() % 8) % 8;
  high_parts_ = cursor.take(8 * (1 + high_count_) + 7, 1) + to_alignment + 8;
}

std::uint64_t TrieLevel::bits(std::uint64_t position, unsigned offset, unsigned width) const {
  const std::uint64_t bit = position * entry_bits_ + offset;
  const std::uint64_t loaded = load<std::uint64_t>(entries_ + (bit >> 3)) >> (bit & 7);
  return loaded & ((1ull << width) - 1);
}

bool TrieLevel::find(std::uint32_t word, Range range, std::uint64_t& position) const {
  while (!range.empty()) {
    const std::uint64_t middle = range.begin + (range.end - range.begin) / 2;
    const std::uint64_t found = bits(middle, 0, shape_.word_bits);
    if (found == word) {
      position = middle;
      return true;
    }
    if (found < word)
      range.begin = middle + 1;
    else
      range.end = middle;
  }
  return false;
}

float TrieLevel::probability(std::uint64_t position) const {
  const Quantisation& q = shape_.quantisation;
  if (q.probability_bits == 0)
    return float_of(static_cast<std::uint32_t>(bits(position, shape_.word_bits, kProbabilityBits)) | 0x80000000u);
  const unsigned before = shape_.word_bits + (shape_.longest ? 0 : q.backoff_bits);
  return load<float>(q.probabilities + 4 * bits(position, before, q.probability_bits));
}

float TrieLevel::backoff(std::uint64_t position) const {
  const Quantisation& q = shape_.quantisation;
  if (q.probability_bits == 0)
    return float_of(
        static_cast<std::uint32_t>(bits(position, shape_.word_bits + kProbabilityBits, kBackoffBits)));
  return load<float>(q.backoffs + 4 * bits(position, shape_.word_bits, q.backoff_bits));
}

std::uint64_t TrieLevel::next(std::uint64_t position) const {
  const std::uint64_t low = bits(position, shape_.word_bits + value_bits_, next_bits_);
  if (high_parts_ == nullptr) return low;
  std::uint64_t begin = 0, end = high_count_;  // of the table's values that are above `position`
  while (begin < end) {
    const std::uint64_t middle = begin + (end - begin) / 2;
    if (load<std::uint64_t>(high_parts_ + 8 * middle) <= position)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin == 0 ? low : ((begin - 1) << next_bits_) | low;
}

Range TrieLevel::children(std::uint64_t position) const {
  const Range range{next(position), next(position + 1)};
  return range.end <= shape_.next_entries ? range : Range{0, 0};
}

}  // namespace deepspeech
