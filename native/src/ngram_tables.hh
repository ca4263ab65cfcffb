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

struct Range {
  std::uint64_t begin;
  std::uint64_t end;
  bool empty() const { return begin >= end; }
};

// Probabilities and backoffs rounded to a few hundred values each.
struct Quantisation {
  unsigned probability_bits = 0;  // 0: not quantised
  unsigned backoff_bits = 0;
  const std::uint8_t* probabilities = nullptr;
  const std::uint8_t* backoffs = nullptr;
};

// One order of n-grams above the unigrams. An entry: the preceding word, probability, and for all but the longest
// order the backoff and the first of its entries in the next order. Logarithms to base 10.
class TrieLevel {
 public:
  struct Shape {
    std::uint64_t entries;
    std::uint64_t next_entries;  // of the next order; 0 in the longest
    unsigned word_bits;
    Quantisation quantisation;
    bool longest;
    int chop_limit;  // at most so many bits of pointers are kept apart; negative: pointers are whole
  };

  TrieLevel() = default;
  TrieLevel(Cursor& cursor, const Shape& shape);

  // Position of `word` in `range`; false where it is not there.
  bool find(std::uint32_t word, Range range, std::uint64_t& position) const;
  float probability(std::uint64_t position) const;
  float backoff(std::uint64_t position) const;
  Range children(std::uint64_t position) const;

 private:
  void place_pointers(Cursor& cursor);
  std::uint64_t bits(std::uint64_t position, unsigned offset, unsigned width) const;
  std::uint64_t next(std::uint64_t position) const;

  Shape shape_{};
  const std::uint8_t* entries_ = nullptr;
  unsigned value_bits_ = 0;
  unsigned next_bits_ = 0;
  unsigned entry_bits_ = 0;
  const std::uint8_t* high_parts_ = nullptr;  // sorted: first entry whose pointer has at least this high part
  std::uint64_t high_count_ = 0;
};

unsigned bits_of(std::uint64_t number);

}  // namespace deepspeech
