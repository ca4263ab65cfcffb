// The kernel for processors with AVX-512 VNNI (Intel since 2019, AMD since 2022). Compiled for them alone; nothing here
// runs before avx512_kernel() has checked the processor.
#include "int8_kernel.hh"

#if defined(__AVX512VNNI__)

#include <immintrin.h>

#include <algorithm>

#include "int8_tiles.hh"

namespace deepspeech {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kVectors = kBlock / kLanes;
constexpr std::size_t kRows = 6;         // 6 rows · 4 vectors of sums fill the registers
constexpr std::size_t kAhead = 4096;     // bytes of weights prefetched ahead of their use

RowScale round_row(const float* x, std::size_t count, std::uint8_t* numbers) {
  const __m512 none = _mm512_setzero_ps();
  __m512 low = none, high = none;  // the range holds 0, so that 0 is exact
  for (std::size_t i = 0; i < count; i += kLanes) {
    const __mmask16 mask = static_cast<__mmask16>((1u << std::min(kLanes, count - i)) - 1u);
    const __m512 value = _mm512_maskz_loadu_ps(mask, x + i);
    low = _mm512_min_ps(value, low);
    high = _mm512_max_ps(value, high);
  }
  const float least = _mm512_reduce_min_ps(low), most = _mm512_reduce_max_ps(high);
  const float scale = most > least ? (most - least) / 255.0f : 1.0f;
  const __m512 inverse = _mm512_set1_ps(1.0f / scale);
  const int zero = std::clamp(_mm_cvtss_si32(_mm_set_ss(-least / scale)), 0, 255);
  const __m512i offset = _mm512_set1_epi32(zero), nothing = _mm512_setzero_si512();
  for (std::size_t i = 0; i < count; i += kLanes) {
    const __mmask16 mask = static_cast<__mmask16>((1u << std::min(kLanes, count - i)) - 1u);
    const __m512 value = _mm512_maskz_loadu_ps(mask, x + i);
    const __m512i rounded = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(value, inverse)), offset);
    _mm_mask_storeu_epi8(numbers + i, mask, _mm512_cvtusepi32_epi8(_mm512_max_epi32(rounded, nothing)));
  }
  return {scale, zero};
}

// Sums as what they are: of arrays of __m512i, which stands for lanes of any size, GCC 12 keeps a copy in memory.
using Sums = std::int32_t __attribute__((vector_size(64)));

// Four inputs of a row, repeated in every lane.
__m512i four(const std::uint8_t* numbers) {
  return _mm512_set1_epi32(*reinterpret_cast<const std::int32_t*>(numbers));
}

template <std::size_t Rows>
void tile(const Int8Matrix& weights, std::size_t block, const std::uint8_t* numbers, const RowScale* scales, float* out,
          bool add) {
  const std::size_t stride = weights.groups * kGroup, first = block * kBlock;
  const std::int8_t* w = weights.packed.data() + first * stride;
  Sums sums[Rows][kVectors] = {};
  for (std::size_t group = 0; group < weights.groups; ++group, w += kBlock * kGroup) {
    __m512i columns[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      columns[v] = _mm512_load_si512(w + v * kLanes * kGroup);
      if (Rows == 1) _mm_prefetch(reinterpret_cast<const char*>(w + kAhead + v * kLanes * kGroup), _MM_HINT_T0);
    }
    for (std::size_t row = 0; row < Rows; ++row) {
      const __m512i inputs = four(numbers + row * stride + group * kGroup);
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[row][v] = Sums(_mm512_dpbusd_epi32(__m512i(sums[row][v]), inputs, columns[v]));
    }
  }
  for (std::size_t row = 0; row < Rows; ++row) {
    const __m512i zero = _mm512_set1_epi32(scales[row].zero);
    const __m512 scale = _mm512_set1_ps(scales[row].scale);
    float* target = out + row * weights.width + first;
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = first + v * kLanes;
      const __m512i shift = _mm512_mullo_epi32(zero, _mm512_loadu_si512(weights.sums.data() + at));
      const __m512 product = _mm512_cvtepi32_ps(_mm512_sub_epi32(__m512i(sums[row][v]), shift));
      const __m512 worth = _mm512_mul_ps(scale, _mm512_loadu_ps(weights.scales.data() + at));
      const float* base = add ? target + v * kLanes : weights.bias.data() + at;
      _mm512_storeu_ps(target + v * kLanes, _mm512_fmadd_ps(product, worth, _mm512_loadu_ps(base)));
    }
  }
}

template <std::size_t Rows>
void float_tile(const FloatMatrix& weights, std::size_t block, const float* x, float* out) {
  const float* w = weights.packed.data() + block * kBlock * weights.inputs;
  __m512 sums[Rows][kVectors];
  for (std::size_t row = 0; row < Rows; ++row)
    for (std::size_t v = 0; v < kVectors; ++v)
      sums[row][v] = _mm512_loadu_ps(weights.bias.data() + block * kBlock + v * kLanes);
  for (std::size_t input = 0; input < weights.inputs; ++input, w += kBlock)
    for (std::size_t row = 0; row < Rows; ++row) {
      const __m512 value = _mm512_set1_ps(x[row * weights.inputs + input]);
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[row][v] = _mm512_fmadd_ps(value, _mm512_load_ps(w + v * kLanes), sums[row][v]);
    }
  for (std::size_t row = 0; row < Rows; ++row)
    for (std::size_t v = 0; v < kVectors; ++v)
      _mm512_storeu_ps(out + row * weights.width + block * kBlock + v * kLanes, sums[row][v]);
}

void multiply(const Int8Matrix& weights, const std::uint8_t* numbers, const RowScale* scales, std::size_t rows,
              float* out, bool add) {
  for (std::size_t block = 0; block < weights.width / kBlock; ++block)
    over_rows<kRows>(rows, [&](std::size_t row, auto count) {
      tile<count>(weights, block, numbers + row * weights.groups * kGroup, scales + row, out + row * weights.width, add);
    });
}

void multiply_float(const FloatMatrix& weights, const float* x, std::size_t rows, float* out) {
  for (std::size_t block = 0; block < weights.width / kBlock; ++block)
    over_rows<kRows>(rows, [&](std::size_t row, auto count) {
      float_tile<count>(weights, block, x + row * weights.inputs, out + row * weights.width);
    });
}

// e^x to 2 units in the last place: x = n·ln 2 + r, and a polynomial for e^r (the coefficients of Cephes' expf).
__m512 exponential(__m512 x) {
  x = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(88.0f)), _mm512_set1_ps(-88.0f));
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341f)), 0);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4f);
  for (const float next : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(next));
  p = _mm512_add_ps(_mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r), _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);
}

__m512 sigmoid(__m512 x) {
  const __m512 one = _mm512_set1_ps(1.0f);
  return _mm512_div_ps(one, _mm512_add_ps(one, exponential(_mm512_sub_ps(_mm512_setzero_ps(), x))));
}

__m512 tangent(__m512 x) {  // tanh x = 2 σ(2x) − 1
  return _mm512_fmsub_ps(_mm512_set1_ps(2.0f), sigmoid(_mm512_add_ps(x, x)), _mm512_set1_ps(1.0f));
}

void gates(const float* sums, std::size_t hidden, float* c, float* h) {
  for (std::size_t i = 0; i < hidden; i += kLanes) {
    const __mmask16 mask = static_cast<__mmask16>((1u << std::min(kLanes, hidden - i)) - 1u);
    const auto gate = [&](std::size_t number) { return _mm512_maskz_loadu_ps(mask, sums + number * hidden + i); };
    const __m512 kept = _mm512_mul_ps(sigmoid(gate(2)), _mm512_maskz_loadu_ps(mask, c + i));
    const __m512 cell = _mm512_fmadd_ps(sigmoid(gate(0)), tangent(gate(3)), kept);
    _mm512_mask_storeu_ps(c + i, mask, cell);
    _mm512_mask_storeu_ps(h + i, mask, _mm512_mul_ps(sigmoid(gate(1)), tangent(cell)));
  }
}

constexpr Kernel kKernel{round_row, multiply, multiply_float, gates};

}  // namespace

const Kernel* avx512_kernel() {
  static const bool able = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  return able ? &kKernel : nullptr;
}

}  // namespace deepspeech

#else

namespace deepspeech {
const Kernel* avx512_kernel() { return nullptr; }
}  // namespace deepspeech

#endif
