// The kernel in plain C++: what each of the fast ones must give, to the bit, on any processor. Slow; for tests, which
// need something to compare with on machines of every kind.
//
// Comparisons are written so that a NaN falls where the vector instructions let it fall.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "int8_kernel.hh"

namespace deepspeech {
namespace {

// To the nearest, halves to the even one; what no int holds becomes the least int.
std::int32_t rounded(float x) {
  constexpr float kLimit = 2147483648.0f;
  if (!(x >= -kLimit && x < kLimit)) return std::numeric_limits<std::int32_t>::min();
  return static_cast<std::int32_t>(std::nearbyint(x));
}

// Additions of ints wrap round.
std::int32_t added(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

RowScale round_row(const float* x, std::size_t count, std::uint8_t* numbers) {
  float least = 0, most = 0;  // the range holds 0, so that 0 is exact
  for (std::size_t i = 0; i < count; ++i) {
    least = x[i] < least ? x[i] : least;
    most = x[i] > most ? x[i] : most;
  }
  const float scale = most > least ? (most - least) / 255.0f : 1.0f, inverse = 1.0f / scale;
  const std::int32_t zero = std::clamp(rounded(-least / scale), 0, 255);
  for (std::size_t i = 0; i < count; ++i)
    numbers[i] = static_cast<std::uint8_t>(std::clamp(added(rounded(x[i] * inverse), zero), 0, 255));
  return {scale, zero};
}

void multiply(const Int8Matrix& weights, const std::uint8_t* numbers, const RowScale* scales, std::size_t rows,
              float* out, bool add) {
  const std::size_t size = weights.groups * kGroup;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t at = 0; at < weights.width; ++at) {
      const std::int8_t* w = weights.packed.data() + at / kBlock * size * kBlock + at % kBlock * kGroup;
      std::int32_t sum = 0;
      for (std::size_t input = 0; input < size; ++input)
        sum += numbers[row * size + input] * w[input / kGroup * kBlock * kGroup + input % kGroup];
      float& target = out[row * weights.width + at];
      const float product = static_cast<float>(sum - scales[row].zero * weights.sums[at]);
      target = std::fma(product, scales[row].scale * weights.scales[at], add ? target : weights.bias[at]);
    }
}

void multiply_float(const FloatMatrix& weights, const float* x, std::size_t rows, float* out) {
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t at = 0; at < weights.width; ++at) {
      const float* w = weights.packed.data() + at / kBlock * weights.inputs * kBlock + at % kBlock;
      float sum = weights.bias[at];
      for (std::size_t input = 0; input < weights.inputs; ++input)
        sum = std::fma(x[row * weights.inputs + input], w[input * kBlock], sum);
      out[row * weights.width + at] = sum;
    }
}

// e^x to 2 units in the last place: x = n·ln 2 + r, and a polynomial for e^r (the coefficients of Cephes' expf).
float exponential(float x) {
  x = x < 88.0f ? x : 88.0f;
  x = x > -88.0f ? x : -88.0f;
  const float n = std::nearbyint(x * 1.44269504088896341f);
  float r = std::fma(-n, 0.693359375f, x);
  r = std::fma(-n, -2.12194440e-4f, r);
  float p = 1.9875691500e-4f;
  for (const float next : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = std::fma(p, r, next);
  return std::ldexp(std::fma(p, r * r, r) + 1.0f, static_cast<int>(n));
}

float sigmoid(float x) { return 1.0f / (1.0f + exponential(0.0f - x)); }

float tangent(float x) { return std::fma(2.0f, sigmoid(x + x), -1.0f); }  // tanh x = 2 σ(2x) − 1

void gates(const float* sums, std::size_t hidden, float* c, float* h) {
  for (std::size_t i = 0; i < hidden; ++i) {
    const float kept = sigmoid(sums[2 * hidden + i]) * c[i];
    c[i] = std::fma(sigmoid(sums[i]), tangent(sums[3 * hidden + i]), kept);
    h[i] = sigmoid(sums[hidden + i]) * tangent(c[i]);
  }
}

constexpr Kernel kKernel{round_row, multiply, multiply_float, gates};

}  // namespace

const Kernel* portable_kernel() { return &kKernel; }

}  // namespace deepspeech
