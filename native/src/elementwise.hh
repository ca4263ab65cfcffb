// Functions of single numbers, written so that a loop over them takes many at once (instructions.hh).
//
// Everything has internal linkage: each file that includes this is compiled for several sets of instructions.
#pragma once

#include <cstdint>
#include <cstring>

#include "instructions.hh"

namespace deepspeech {
namespace {

template <class To, class From>
INLINE To same_bits(From value) {
  static_assert(sizeof(To) == sizeof(From), "of one size");
  To result;
  std::memcpy(&result, &value, sizeof(To));
  return result;
}

// e^x to 2 units in the last place. x = n ln 2 + r, e^r by its series to r^6 with coefficients of Cephes' expf.
INLINE float exponential(float x) {
  x = x > 88.0f ? 88.0f : x;  // a NaN stays one
  x = x < -87.0f ? -87.0f : x;
  const float shifter = 12582912.0f;  // 1.5 * 2^23: adding it rounds to whole numbers
  const float shifted = x * 1.44269504088896341f + shifter;
  const float n = shifted - shifter;
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float series = 1.9875691500e-4f;
  series = series * r + 1.3981999507e-3f;
  series = series * r + 8.3334519073e-3f;
  series = series * r + 4.1665795894e-2f;
  series = series * r + 1.6666665459e-1f;
  series = series * r + 5.0000001201e-1f;
  const float power = series * r * r + r + 1.0f;
  const std::uint32_t whole = same_bits<std::uint32_t>(shifted) - same_bits<std::uint32_t>(shifter);
  return power * same_bits<float>((whole + 127U) << 23);
}

INLINE float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

}  // namespace
}  // namespace deepspeech
