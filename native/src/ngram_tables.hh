// The tables inside KenLM's binary files: a hash table of n-grams, and the levels of a trie of bit-packed entries.
//
// Whatever a damaged file holds, look-ups stay inside the table and end.
// Formats: KenLM util/probing_hash_table.hh, lm/trie.cc, lm/quantize.hh, lm/bhiksha.cc.
#pragma once

#include <cstdint>

#include "mapped_file.hh"

namespace deepspeech {

// Linear probing; an entry is a 64-bit key (0: none) and what belongs to it.
class HashTable {
 public:
  HashTable() = default;
  HashTable(Cursor& cursor, std::uint64_t buckets, std::uint64_t value_bytes);

  // The value of `key`, null where there is none.
  const std::uint8_t* find(std::uint64_t key) const;

 private:
  const std::uint8_t* base_ = nullptr;
  std::uint64_t buckets_ = 0;
  std::uint64_t stride_ = 0;
};

// Key of an n-gram in a hash table, from the key of the same without its earliest word. A single word's is its id.
inline std::uint64_t longer_key(std::uint64_t key, std::uint32_t earlier) {
  return (key * 8978948897894561157ull) ^ ((1 + static_cast<std::uint64_t>(earlier)) * 17894857484156487943ull);
}

struct Range {
  std::uint64_t begin;
  std::uint64_t end;
  bool empty() const { return begin >= end; }
};

// Probabilities and backoffs rounded to a few hundred values each.
struct Quantization {
  unsigned probability_bits = 0;  // 0: not quantized
  unsigned backoff_bits = 0;
  const std::uint8_t* probabilities = nullptr;
  const std::uint8_t* backoffs = nullptr;
};

// What decides how one order of n-grams above the unigrams is laid out.
struct TrieShape {
  std::uint64_t entries;
  std::uint64_t next_entries;  // of the next order; 0 in the longest
  unsigned word_bits;
  Quantization quantization;
  bool longest;
  int chop_limit;  // at most so many bits of pointers are kept apart; negative: pointers are whole
};

constexpr unsigned kProbabilityBits = 31;  // float32 without its sign, which is always negative
constexpr unsigned kBackoffBits = 32;

// An entry is the preceding word, then, but in the longest order, the backoff's index where it is quantized, then the
// probability, then the backoff where it is not quantized, then the low bits of the pointer.
struct TrieLayout {
  unsigned probability_at, probability_bits;
  unsigned backoff_at, backoff_bits;
  unsigned next_at, next_bits;
  unsigned entry_bits;
  std::uint64_t high_count;   // length of the table of pointers' high parts; 0: pointers are whole
  std::uint64_t table_bytes;  // in the file, before the entries
  std::uint64_t entry_bytes;
};

// Throws FormatError where no file can hold so much.
TrieLayout lay_out(const TrieShape& shape);

// One order of n-grams above the unigrams. An entry: the preceding word, probability, and for all but the longest
// order the backoff and the first of its entries in the next order. Logarithms to base 10.
class TrieLevel {
 public:
  TrieLevel() = default;
  TrieLevel(Cursor& cursor, const TrieShape& shape);

  const TrieShape& shape() const { return shape_; }
  const TrieLayout& layout() const { return layout_; }
  const std::uint8_t* table() const { return table_; }
  const std::uint8_t* high_parts() const { return high_parts_; }
  const std::uint8_t* entries() const { return entries_; }

  // Position of `word` in `range`; false where it is not there.
  bool find(std::uint32_t word, Range range, std::uint64_t& position) const;
  float probability(std::uint64_t position) const;
  float backoff(std::uint64_t position) const;
  Range children(std::uint64_t position) const;

 private:
  std::uint64_t bits(std::uint64_t position, unsigned offset, unsigned width) const;
  std::uint64_t next(std::uint64_t position) const;

  TrieShape shape_{};
  TrieLayout layout_{};
  const std::uint8_t* table_ = nullptr;
  const std::uint8_t* high_parts_ = nullptr;  // sorted: first entry whose pointer has at least this high part
  const std::uint8_t* entries_ = nullptr;
};

unsigned bits_of(std::uint64_t number);

}  // namespace deepspeech
