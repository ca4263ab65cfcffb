// The kernel for 256-bit registers, but for its innermost step: `Dot`, which int8_avx2.cc and int8_avx_vnni.cc define.
//
// Of a Dot: Columns, the weights of 8 outputs and kGroup inputs; Sums, of 8 outputs; columns(weights), inputs(numbers),
// add(sums, inputs, columns) and total(sums), the 8 sums in order; kRows, how many rows a tile takes at most, and kAlone,
// how many times 8 outputs a tile of a single row takes; others take two.
//
// Everything has internal linkage: both files are compiled for other instructions.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "int8_kernel.hh"
#include "int8_tiles.hh"

namespace deepspeech {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kAhead = 4096;  // bytes of weights prefetched ahead of their use
using Ints = std::int32_t __attribute__((vector_size(32)));

// Ones in the lanes of `count` values.
__m256i first_lanes(std::size_t count) {
  const int most = static_cast<int>(std::min(count, kLanes));
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(most), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

float least_of(__m256 x) {
  __m128 half = _mm_min_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_min_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_min_ss(half, _mm_movehdup_ps(half)));
}

RowScale round_row(const float* x, std::size_t count, std::uint8_t* numbers) {
  const __m256 none = _mm256_setzero_ps();
  __m256 low = none, high = none;  // the range holds 0, so that 0 is exact; both forget a NaN
  for (std::size_t i = 0; i < count; i += kLanes) {
    const __m256 value = _mm256_maskload_ps(x + i, first_lanes(count - i));
    low = _mm256_min_ps(value, low);
    high = _mm256_max_ps(value, high);
  }
  const float least = least_of(low), most = 0.0f - least_of(_mm256_sub_ps(none, high));
  const float scale = most > least ? (most - least) / 255.0f : 1.0f;
  const __m256 inverse = _mm256_set1_ps(1.0f / scale);
  const int zero = std::clamp(_mm_cvtss_si32(_mm_set_ss(-least / scale)), 0, 255);
  const __m256i offset = _mm256_set1_epi32(zero);
  for (std::size_t i = 0; i < count; i += kLanes) {
    const __m256 value = _mm256_maskload_ps(x + i, first_lanes(count - i));
    const __m256i rounded = _mm256_add_epi32(_mm256_cvtps_epi32(_mm256_mul_ps(value, inverse)), offset);
    const __m256i bounded =
        _mm256_min_epi32(_mm256_max_epi32(rounded, _mm256_setzero_si256()), _mm256_set1_epi32(255));
    const __m128i pairs = _mm_packs_epi32(_mm256_castsi256_si128(bounded), _mm256_extracti128_si256(bounded, 1));
    const std::int64_t bytes = _mm_cvtsi128_si64(_mm_packus_epi16(pairs, pairs));
    std::memcpy(numbers + i, &bytes, std::min(kLanes, count - i));
  }
  return {scale, zero};
}

template <class Dot, std::size_t kTileRows, std::size_t kVectors>
void tile(const Int8Matrix& weights, std::size_t first, const std::uint8_t* numbers, const RowScale* scales, float* out,
          bool add) {
  const std::size_t stride = weights.groups * kGroup, block = first / kBlock;
  const std::int8_t* w = weights.packed.data() + block * kBlock * stride + first % kBlock * kGroup;
  typename Dot::Sums sums[kTileRows][kVectors] = {};
  for (std::size_t group = 0; group < weights.groups; ++group, w += kBlock * kGroup) {
    typename Dot::Columns columns[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      columns[v] = Dot::columns(w + v * kLanes * kGroup);
      if (kTileRows == 1 && v % 2 == 0)
        _mm_prefetch(reinterpret_cast<const char*>(w + kAhead + v * kLanes * kGroup), _MM_HINT_T0);
    }
    for (std::size_t row = 0; row < kTileRows; ++row) {
      std::int32_t four;
      std::memcpy(&four, numbers + row * stride + group * kGroup, kGroup);
      const __m256i inputs = Dot::inputs(four);
      for (std::size_t v = 0; v < kVectors; ++v) Dot::add(sums[row][v], inputs, columns[v]);
    }
  }
  for (std::size_t row = 0; row < kTileRows; ++row) {
    const __m256i zero = _mm256_set1_epi32(scales[row].zero);
    const __m256 scale = _mm256_set1_ps(scales[row].scale);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = first + v * kLanes;
      const auto* of_weights = reinterpret_cast<const __m256i*>(weights.sums.data() + at);
      const __m256i shift = _mm256_mullo_epi32(zero, _mm256_loadu_si256(of_weights));
      const __m256 product = _mm256_cvtepi32_ps(_mm256_sub_epi32(Dot::total(sums[row][v]), shift));
      const __m256 worth = _mm256_mul_ps(scale, _mm256_loadu_ps(weights.scales.data() + at));
      float* target = out + row * weights.width + at;
      const float* base = add ? target : weights.bias.data() + at;
      _mm256_storeu_ps(target, _mm256_fmadd_ps(product, worth, _mm256_loadu_ps(base)));
    }
  }
}

template <class Dot>
void multiply(const Int8Matrix& weights, const std::uint8_t* numbers, const RowScale* scales, std::size_t rows,
              float* out, bool add) {
  const std::size_t stride = weights.groups * kGroup;
  if (rows == 1) {
    for (std::size_t first = 0; first < weights.width; first += Dot::kAlone * kLanes)
      tile<Dot, 1, Dot::kAlone>(weights, first, numbers, scales, out, add);
    return;
  }
  for (std::size_t first = 0; first < weights.width; first += 2 * kLanes)
    over_rows<Dot::kRows>(rows, [&](std::size_t row, auto count) {
      tile<Dot, count, 2>(weights, first, numbers + row * stride, scales + row, out + row * weights.width, add);
    });
}

constexpr std::size_t kFloatVectors = 2;  // with 6 rows, 12 of 16 registers hold sums

template <std::size_t kTileRows>
void float_tile(const FloatMatrix& weights, std::size_t first, const float* x, float* out) {
  const float* w = weights.packed.data() + first / kBlock * kBlock * weights.inputs + first % kBlock;
  __m256 sums[kTileRows][kFloatVectors];
  for (std::size_t row = 0; row < kTileRows; ++row)
    for (std::size_t v = 0; v < kFloatVectors; ++v)
      sums[row][v] = _mm256_loadu_ps(weights.bias.data() + first + v * kLanes);
  for (std::size_t input = 0; input < weights.inputs; ++input, w += kBlock)
    for (std::size_t row = 0; row < kTileRows; ++row) {
      const __m256 value = _mm256_set1_ps(x[row * weights.inputs + input]);
      for (std::size_t v = 0; v < kFloatVectors; ++v)
        sums[row][v] = _mm256_fmadd_ps(value, _mm256_load_ps(w + v * kLanes), sums[row][v]);
    }
  for (std::size_t row = 0; row < kTileRows; ++row)
    for (std::size_t v = 0; v < kFloatVectors; ++v)
      _mm256_storeu_ps(out + row * weights.width + first + v * kLanes, sums[row][v]);
}

void multiply_float(const FloatMatrix& weights, const float* x, std::size_t rows, float* out) {
  for (std::size_t first = 0; first < weights.width; first += kFloatVectors * kLanes)
    over_rows<6>(rows, [&](std::size_t row, auto count) {
      float_tile<count>(weights, first, x + row * weights.inputs, out + row * weights.width);
    });
}

// 2^n as a float's bits, for whole n of at least -126.
__m256 power_of_two(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

// e^x to 2 units in the last place: x = n·ln 2 + r, and a polynomial for e^r (the coefficients of Cephes' expf).
__m256 exponential(__m256 x) {
  x = _mm256_max_ps(_mm256_min_ps(x, _mm256_set1_ps(88.0f)), _mm256_set1_ps(-88.0f));
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504088896341f)),
                                   _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
  __m256 p = _mm256_set1_ps(1.9875691500e-4f);
  for (const float next : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(next));
  p = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r), _mm256_set1_ps(1.0f));
  // In two factors: the least powers are below what one can express. Only the last product is rounded.
  const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  p = _mm256_mul_ps(p, power_of_two(half));
  return _mm256_mul_ps(p, power_of_two(_mm256_sub_epi32(whole, half)));
}

__m256 sigmoid(__m256 x) {
  const __m256 one = _mm256_set1_ps(1.0f);
  return _mm256_div_ps(one, _mm256_add_ps(one, exponential(_mm256_sub_ps(_mm256_setzero_ps(), x))));
}

__m256 tangent(__m256 x) {  // tanh x = 2 σ(2x) − 1
  return _mm256_fmsub_ps(_mm256_set1_ps(2.0f), sigmoid(_mm256_add_ps(x, x)), _mm256_set1_ps(1.0f));
}

void gates(const float* sums, std::size_t hidden, float* c, float* h) {
  for (std::size_t i = 0; i < hidden; i += kLanes) {
    const __m256i mask = first_lanes(hidden - i);
    const auto gate = [&](std::size_t number) { return _mm256_maskload_ps(sums + number * hidden + i, mask); };
    const __m256 kept = _mm256_mul_ps(sigmoid(gate(2)), _mm256_maskload_ps(c + i, mask));
    const __m256 cell = _mm256_fmadd_ps(sigmoid(gate(0)), tangent(gate(3)), kept);
    _mm256_maskstore_ps(c + i, mask, cell);
    _mm256_maskstore_ps(h + i, mask, _mm256_mul_ps(sigmoid(gate(1)), tangent(cell)));
  }
}

}  // namespace
}  // namespace deepspeech
