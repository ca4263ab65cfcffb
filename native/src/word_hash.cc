#include "word_hash.hh"

#include <cstddef>
#include <cstring>

namespace deepspeech {

std::uint64_t word_hash(std::string_view word) {
  constexpr std::uint64_t multiplier = 0xc6a4a7935bd1e995ull;
  constexpr int shift = 47;
  std::uint64_t hash = word.size() * multiplier;
  const char* at = word.data();
  std::size_t left = word.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t block;
    std::memcpy(&block, at, 8);
    block *= multiplier;
    block ^= block >> shift;
    hash = (hash ^ (block * multiplier)) * multiplier;
  }
  if (left > 0) {
    std::uint64_t rest = 0;
    std::memcpy(&rest, at, left);
    hash = (hash ^ rest) * multiplier;
  }
  hash ^= hash >> shift;
  hash *= multiplier;
  return hash ^ (hash >> shift);
}

}  // namespace deepspeech
