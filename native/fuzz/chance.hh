// Numbers drawn from a seed: the same on every machine, so that a finding can be met again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace fuzz {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  // SplitMix64 (Steele, Lea and Flood 2014).
  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

  // 0 … count - 1; 0 where there is nothing to choose from.
  std::uint64_t below(std::uint64_t count) { return count == 0 ? 0 : bits() % count; }

  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }

  bool once_in(std::uint64_t count) { return below(count) == 0; }

  // 0 … 1
  float fraction() { return static_cast<float>(bits() >> 40) / 16777216.0f; }

  template <typename Item>
  Item one_of(std::initializer_list<Item> items) {
    return items.begin()[below(items.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace fuzz
