// Opens scorer files and searches with those that open, with every setting drawn.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chance.hh"

namespace fuzz {

struct Tally {
  std::uint64_t files = 0;
  std::uint64_t opened = 0;
  std::uint64_t fitting = 0;  // opened, and they fit an alphabet
  std::uint64_t searches = 0;
};

// Ends the process where a result cannot be; sanitizers do where memory is misused.
void search_with(const std::uint8_t* data, std::size_t size, Chance& chance, Tally& tally);

}  // namespace fuzz
