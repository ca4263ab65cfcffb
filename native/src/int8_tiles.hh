// How the fast kernels walk through rows: in tiles of a few, whose sums stay in registers.
//
// Everything has internal linkage: each file that includes this is compiled for other instructions.
#pragma once

#include <cstddef>
#include <type_traits>

namespace deepspeech {
namespace {

template <std::size_t kCount, class Tile>
void run_tile(std::size_t row, std::size_t count, Tile& tile) {
  if constexpr (kCount > 1) {
    if (count != kCount) return run_tile<kCount - 1>(row, count, tile);
  }
  tile(row, std::integral_constant<std::size_t, kCount>());
}

// Runs `tile` over all rows in tiles of like size: with kMost = 6, 16 rows as 5, 5 and 6. `tile` takes a first row and,
// as a type, a size of at most kMost.
template <std::size_t kMost, class Tile>
void over_rows(std::size_t rows, Tile tile) {
  const std::size_t tiles = (rows + kMost - 1) / kMost;
  for (std::size_t number = 0, row = 0; number < tiles; ++number) {
    const std::size_t count = (rows - row) / (tiles - number);
    run_tile<kMost>(row, count, tile);
    row += count;
  }
}

}  // namespace
}  // namespace deepspeech
