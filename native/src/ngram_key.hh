// An n-gram in one number: the newest word in the highest bits, so that numbers sort as KenLM's tries want n-grams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace deepspeech {

__extension__ typedef unsigned __int128 NgramKey;

// Layout of word ids in keys, and keys in two columns of a table.
struct KeyShape {
  unsigned word_bits;

  NgramKey mask(std::size_t words) const {
    const unsigned bits = static_cast<unsigned>(words) * word_bits;
    return bits == 0 ? 0 : ~NgramKey{0} >> (128 - bits);
  }
  // The word `back` places before the newest of `order`.
  std::uint32_t word(NgramKey key, std::size_t order, std::size_t back) const {
    return static_cast<std::uint32_t>((key >> ((order - 1 - back) * word_bits)) & mask(1));
  }
  // Bits in the lower of the two columns that hold a key of `order` words.
  unsigned low_bits(std::size_t order) const { return order * word_bits <= 96 ? 32 : 64; }
  // Without the oldest word: what a shorter history leaves.
  NgramKey suffix(NgramKey key) const { return key >> word_bits; }
  // The newest word goes to the lowest bits: sorted so, n-grams of one context stand together.
  NgramKey by_context(NgramKey key, std::size_t order) const {
    return ((key & mask(order - 1)) << word_bits) | (key >> ((order - 1) * word_bits));
  }
  NgramKey by_suffix(NgramKey key, std::size_t order) const {
    return (key >> word_bits) | ((key & mask(1)) << ((order - 1) * word_bits));
  }
};

// N-grams with up to three values each, as they come from tables and go to them.
struct NgramRows {
  std::vector<NgramKey> keys;
  std::vector<std::uint32_t> counts;           // twice the count, and 1 where the n-gram is pruned
  std::vector<float> probabilities, backoffs;  // their users say what they mean

  std::size_t size() const { return keys.size(); }
  void clear() {
    keys.clear();
    counts.clear();
    probabilities.clear();
    backoffs.clear();
  }
};

}  // namespace deepspeech
