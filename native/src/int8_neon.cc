// The kernel for ARM processors with dot products (ARMv8.2 with dotprod: servers and phones since 2018, all of Apple's
// M series). Compiled for them alone; nothing here runs before neon_kernel() has checked the processor.
//
// Their instruction multiplies signed bytes only. Inputs 0…255 are shifted to −128…127; what that takes off a sum is
// 128 times the sum of the output's weights, and is added again at the end.
#include "int8_kernel.hh"

#if defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)

#include <arm_neon.h>
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <algorithm>
#include <cstring>
#include <limits>

#include "int8_tiles.hh"

namespace deepspeech {
namespace {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kVectors = 4;  // with 6 rows, 24 of 32 registers hold sums
constexpr std::size_t kRows = 6;

// The first `count` of four values, then zeros.
float32x4_t load(const float* x, std::size_t count) {
  if (count >= kLanes) return vld1q_f32(x);
  float values[kLanes] = {};
  std::memcpy(values, x, count * sizeof(float));
  return vld1q_f32(values);
}

void store(float* x, std::size_t count, float32x4_t value) {
  if (count >= kLanes) return vst1q_f32(x, value);
  float values[kLanes];
  vst1q_f32(values, value);
  std::memcpy(x, values, count * sizeof(float));
}

// Of two values the lower or higher; the second where the first is NaN.
float32x4_t lower(float32x4_t a, float32x4_t b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
float32x4_t higher(float32x4_t a, float32x4_t b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }

// To the nearest, halves to the even one; what no int holds becomes the least int.
int32x4_t rounded(float32x4_t x) {
  const float32x4_t limit = vdupq_n_f32(2147483648.0f);
  const uint32x4_t fits = vandq_u32(vcgeq_f32(x, vnegq_f32(limit)), vcltq_f32(x, limit));
  return vbslq_s32(fits, vcvtnq_s32_f32(x), vdupq_n_s32(std::numeric_limits<std::int32_t>::min()));
}

RowScale round_row(const float* x, std::size_t count, std::uint8_t* numbers) {
  float32x4_t low = vdupq_n_f32(0), high = low;  // the range holds 0, so that 0 is exact
  for (std::size_t i = 0; i < count; i += kLanes) {
    const float32x4_t value = load(x + i, count - i);
    low = lower(value, low);
    high = higher(value, high);
  }
  const float least = vminvq_f32(low), most = vmaxvq_f32(high);
  const float scale = most > least ? (most - least) / 255.0f : 1.0f, inverse = 1.0f / scale;
  const std::int32_t zero = std::clamp(vgetq_lane_s32(rounded(vdupq_n_f32(-least / scale)), 0), 0, 255);
  for (std::size_t i = 0; i < count; i += kLanes) {
    const int32x4_t sum = vaddq_s32(rounded(vmulq_n_f32(load(x + i, count - i), inverse)), vdupq_n_s32(zero));
    const uint16x4_t pairs = vqmovun_s32(sum);
    const uint8x8_t bytes = vqmovn_u16(vcombine_u16(pairs, pairs));
    std::uint8_t eight[8];
    vst1_u8(eight, bytes);
    std::memcpy(numbers + i, eight, std::min(kLanes, count - i));
  }
  return {scale, zero};
}

template <std::size_t kTileRows>
void tile(const Int8Matrix& weights, std::size_t first, const std::uint8_t* numbers, const RowScale* scales, float* out,
          bool add) {
  const std::size_t stride = weights.groups * kGroup;
  const std::int8_t* w = weights.packed.data() + first / kBlock * kBlock * stride + first % kBlock * kGroup;
  int32x4_t sums[kTileRows][kVectors] = {};
  for (std::size_t group = 0; group < weights.groups; ++group, w += kBlock * kGroup)
    for (std::size_t row = 0; row < kTileRows; ++row) {
      std::uint32_t four;
      std::memcpy(&four, numbers + row * stride + group * kGroup, kGroup);
      const int8x16_t inputs = vreinterpretq_s8_u32(vdupq_n_u32(four ^ 0x80808080U));
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[row][v] = vdotq_s32(sums[row][v], vld1q_s8(w + v * kLanes * kGroup), inputs);
    }
  for (std::size_t row = 0; row < kTileRows; ++row) {
    const int32x4_t shift = vdupq_n_s32(128 - scales[row].zero);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = first + v * kLanes;
      const int32x4_t exact = vmlaq_s32(sums[row][v], shift, vld1q_s32(weights.sums.data() + at));
      const float32x4_t worth = vmulq_n_f32(vld1q_f32(weights.scales.data() + at), scales[row].scale);
      float* target = out + row * weights.width + at;
      const float* base = add ? target : weights.bias.data() + at;
      vst1q_f32(target, vfmaq_f32(vld1q_f32(base), vcvtq_f32_s32(exact), worth));
    }
  }
}

void multiply(const Int8Matrix& weights, const std::uint8_t* numbers, const RowScale* scales, std::size_t rows,
              float* out, bool add) {
  for (std::size_t first = 0; first < weights.width; first += kVectors * kLanes)
    over_rows<kRows>(rows, [&](std::size_t row, auto count) {
      tile<count>(weights, first, numbers + row * weights.groups * kGroup, scales + row, out + row * weights.width, add);
    });
}

template <std::size_t kTileRows>
void float_tile(const FloatMatrix& weights, std::size_t first, const float* x, float* out) {
  const float* w = weights.packed.data() + first / kBlock * kBlock * weights.inputs + first % kBlock;
  float32x4_t sums[kTileRows][kVectors];
  for (std::size_t row = 0; row < kTileRows; ++row)
    for (std::size_t v = 0; v < kVectors; ++v) sums[row][v] = vld1q_f32(weights.bias.data() + first + v * kLanes);
  for (std::size_t input = 0; input < weights.inputs; ++input, w += kBlock)
    for (std::size_t row = 0; row < kTileRows; ++row)
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[row][v] = vfmaq_n_f32(sums[row][v], vld1q_f32(w + v * kLanes), x[row * weights.inputs + input]);
  for (std::size_t row = 0; row < kTileRows; ++row)
    for (std::size_t v = 0; v < kVectors; ++v) vst1q_f32(out + row * weights.width + first + v * kLanes, sums[row][v]);
}

void multiply_float(const FloatMatrix& weights, const float* x, std::size_t rows, float* out) {
  for (std::size_t first = 0; first < weights.width; first += kVectors * kLanes)
    over_rows<kRows>(rows, [&](std::size_t row, auto count) {
      float_tile<count>(weights, first, x + row * weights.inputs, out + row * weights.width);
    });
}

// 2^n as a float's bits, for whole n of at least -126.
float32x4_t power_of_two(int32x4_t n) { return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23)); }

// e^x to 2 units in the last place: x = n·ln 2 + r, and a polynomial for e^r (the coefficients of Cephes' expf).
float32x4_t exponential(float32x4_t x) {
  x = higher(lower(x, vdupq_n_f32(88.0f)), vdupq_n_f32(-88.0f));
  const float32x4_t n = vrndnq_f32(vmulq_n_f32(x, 1.44269504088896341f));
  float32x4_t r = vfmsq_f32(x, n, vdupq_n_f32(0.693359375f));
  r = vfmsq_f32(r, n, vdupq_n_f32(-2.12194440e-4f));
  float32x4_t p = vdupq_n_f32(1.9875691500e-4f);
  for (const float next : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = vfmaq_f32(vdupq_n_f32(next), p, r);
  p = vaddq_f32(vfmaq_f32(r, p, vmulq_f32(r, r)), vdupq_n_f32(1.0f));
  // In two factors: the least powers are below what one can express. Only the last product is rounded.
  const int32x4_t whole = vcvtq_s32_f32(n), half = vshrq_n_s32(whole, 1);
  return vmulq_f32(vmulq_f32(p, power_of_two(half)), power_of_two(vsubq_s32(whole, half)));
}

float32x4_t sigmoid(float32x4_t x) {
  const float32x4_t one = vdupq_n_f32(1.0f);
  return vdivq_f32(one, vaddq_f32(one, exponential(vsubq_f32(vdupq_n_f32(0.0f), x))));
}

float32x4_t tangent(float32x4_t x) {  // tanh x = 2 σ(2x) − 1
  return vfmaq_n_f32(vdupq_n_f32(-1.0f), sigmoid(vaddq_f32(x, x)), 2.0f);
}

void gates(const float* sums, std::size_t hidden, float* c, float* h) {
  for (std::size_t i = 0; i < hidden; i += kLanes) {
    const auto gate = [&](std::size_t number) { return load(sums + number * hidden + i, hidden - i); };
    const float32x4_t kept = vmulq_f32(sigmoid(gate(2)), load(c + i, hidden - i));
    const float32x4_t cell = vfmaq_f32(kept, sigmoid(gate(0)), tangent(gate(3)));
    store(c + i, hidden - i, cell);
    store(h + i, hidden - i, vmulq_f32(sigmoid(gate(1)), tangent(cell)));
  }
}

constexpr Kernel kKernel{round_row, multiply, multiply_float, gates};

}  // namespace

const Kernel* neon_kernel() {
#if defined(__linux__)
  static const bool able = getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
#elif defined(__APPLE__)
  constexpr bool able = true;
#else
  constexpr bool able = false;
#endif
  return able ? &kKernel : nullptr;
}

}  // namespace deepspeech

#else

namespace deepspeech {
const Kernel* neon_kernel() { return nullptr; }
}  // namespace deepspeech

#endif
