#include "ngram_tables.hh"

#include <algorithm>
#include <limits>

namespace deepspeech {
namespace {

constexpr unsigned kWidestField = 57;  // what one 8-byte read holds at any bit offset
constexpr std::uint64_t kLargestTable = 1ull << 50;
constexpr std::uint64_t kMostEntries = 1ull << 55;  // far from where their number of bits overflows

float float_of(std::uint32_t pattern) {
  float number;
  std::memcpy(&number, &pattern, sizeof number);
  return number;
}

// Pointers are split: low bits in the entries, high bits in a table of where each value begins. The writer chose the
// split that takes least space, and the reader has to find the same.
void split_pointers(const TrieShape& shape, TrieLayout& layout) {
  const std::uint64_t largest = shape.next_entries;
  const unsigned required = layout.next_bits;
  unsigned chop = 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (unsigned c = 0; c <= std::min(required, static_cast<unsigned>(shape.chop_limit)); ++c) {
    const std::uint64_t table = largest >> (required - c);
    if (table > kLargestTable) break;
    const std::int64_t change =
        static_cast<std::int64_t>(table * 64) - static_cast<std::int64_t>((shape.entries + 1) * c);
    if (change < least) {
      least = change;
      chop = c;
    }
  }
  layout.next_bits = required - chop;
  layout.high_count = (largest >> layout.next_bits) + 1;
  layout.table_bytes = 8 * (1 + layout.high_count) + 7;
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

TrieLayout lay_out(const TrieShape& shape) {
  const Quantization& q = shape.quantization;
  const bool quantized = q.probability_bits != 0;
  TrieLayout layout{};
  layout.probability_bits = quantized ? q.probability_bits : kProbabilityBits;
  layout.backoff_bits = shape.longest ? 0 : quantized ? q.backoff_bits : kBackoffBits;
  layout.probability_at = shape.word_bits + (quantized ? layout.backoff_bits : 0);
  layout.backoff_at = shape.word_bits + (quantized ? 0 : kProbabilityBits);
  layout.next_at = shape.word_bits + layout.probability_bits + layout.backoff_bits;
  layout.next_bits = shape.longest ? 0 : bits_of(shape.next_entries);
  if (layout.next_bits > kWidestField || shape.entries > kMostEntries)
    throw FormatError("is damaged: it counts more n-grams than any file holds");
  if (!shape.longest && shape.chop_limit >= 0) split_pointers(shape, layout);
  layout.entry_bits = layout.next_at + layout.next_bits;
  // One entry more marks the end of the last one's children; 8 bytes more let every field be read with one load.
  layout.entry_bytes = ((1 + shape.entries) * layout.entry_bits + 7) / 8 + 8;
  return layout;
}

TrieLevel::TrieLevel(Cursor& cursor, const TrieShape& shape) : shape_(shape), layout_(lay_out(shape)) {
  if (layout_.high_count > 0) {
    const std::uint64_t to_alignment = (8 - cursor.offset() % 8) % 8;
    table_ = cursor.take(layout_.table_bytes, 1);
    high_parts_ = table_ + to_alignment + 8;
  }
  entries_ = cursor.take(layout_.entry_bytes, 1);
}

std::uint64_t TrieLevel::bits(std::uint64_t position, unsigned offset, unsigned width) const {
  const std::uint64_t bit = position * layout_.entry_bits + offset;
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
  const std::uint64_t stored = bits(position, layout_.probability_at, layout_.probability_bits);
  const Quantization& q = shape_.quantization;
  return q.probability_bits == 0 ? float_of(static_cast<std::uint32_t>(stored) | 0x80000000u)
                                 : load<float>(q.probabilities + 4 * stored);
}

float TrieLevel::backoff(std::uint64_t position) const {
  const std::uint64_t stored = bits(position, layout_.backoff_at, layout_.backoff_bits);
  const Quantization& q = shape_.quantization;
  return q.probability_bits == 0 ? float_of(static_cast<std::uint32_t>(stored)) : load<float>(q.backoffs + 4 * stored);
}

std::uint64_t TrieLevel::next(std::uint64_t position) const {
  const std::uint64_t low = bits(position, layout_.next_at, layout_.next_bits);
  if (high_parts_ == nullptr) return low;
  std::uint64_t begin = 0, end = layout_.high_count;  // of the table's values that are above `position`
  while (begin < end) {
    const std::uint64_t middle = begin + (end - begin) / 2;
    if (load<std::uint64_t>(high_parts_ + 8 * middle) <= position)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin == 0 ? low : ((begin - 1) << layout_.next_bits) | low;
}

Range TrieLevel::children(std::uint64_t position) const {
  const Range range{next(position), next(position + 1)};
  return range.end <= shape_.next_entries ? range : Range{0, 0};
}

}  // namespace deepspeech
