#include "rows.hh"

#include <algorithm>
#include <cmath>

#include "elementwise.hh"

namespace deepspeech {
namespace {

INLINE void silu_body(float* x, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) x[i] = x[i] * logistic(x[i]);
}

INLINE void glu_body(const float* __restrict gate, std::size_t count, float* __restrict x) {
  for (std::size_t i = 0; i < count; ++i) x[i] = x[i] * logistic(gate[i]);
}

INLINE void add_products_body(const float* __restrict x, const float* __restrict weight, std::size_t count,
                              float* __restrict sum) {
  for (std::size_t i = 0; i < count; ++i) sum[i] += x[i] * weight[i];
}

INLINE void rotate_body(const float* __restrict cosines, const float* __restrict sines, std::size_t rows,
                        std::size_t heads, std::size_t half, std::size_t stride, float* __restrict x) {
  for (std::size_t row = 0; row < rows; ++row, cosines += half, sines += half)
    for (std::size_t head = 0; head < heads; ++head) {
      float* a = x + row * stride + head * 2 * half;
      for (std::size_t i = 0; i < half; ++i) {
        const float first = a[i], second = a[half + i];
        a[i] = first * cosines[i] - second * sines[i];
        a[half + i] = second * cosines[i] + first * sines[i];
      }
    }
}

// sums[Size] += Σ factors[n] · rows[n · stride][Size]: sums that stay in registers.
template <std::size_t Size>
INLINE void add_scaled(const float* __restrict factors, std::size_t count, const float* __restrict rows,
                       std::size_t stride, float* __restrict sums) {
  float own[Size];
  for (std::size_t i = 0; i < Size; ++i) own[i] = sums[i];
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t i = 0; i < Size; ++i) own[i] += factors[n] * rows[n * stride + i];
  for (std::size_t i = 0; i < Size; ++i) sums[i] = own[i];
}

// The same for any number of sums.
INLINE void add_all_scaled(const float* factors, std::size_t count, const float* rows, std::size_t stride,
                           std::size_t size, float* sums) {
  std::size_t i = 0;
  for (; i + 32 <= size; i += 32) add_scaled<32>(factors, count, rows + i, stride, sums + i);
  for (; i + 8 <= size; i += 8) add_scaled<8>(factors, count, rows + i, stride, sums + i);
  for (; i < size; ++i) add_scaled<1>(factors, count, rows + i, stride, sums + i);
}

INLINE void attend_body(const Head& h, float* __restrict scores) {
  for (std::size_t row = 0; row < h.rows; ++row) {
    std::copy(h.mask, h.mask + h.count, scores);
    add_all_scaled(h.queries + row * h.query_stride, h.size, h.keys, h.count, h.count, scores);
    float most = scores[0], sum = 0;
    for (std::size_t k = 1; k < h.count; ++k) most = scores[k] > most ? scores[k] : most;
    for (std::size_t k = 0; k < h.count; ++k) scores[k] = exponential(scores[k] - most);
    for (std::size_t k = 0; k < h.count; ++k) sum += scores[k];
    const float share = 1.0f / sum;
    for (std::size_t k = 0; k < h.count; ++k) scores[k] *= share;
    float* out = h.out + row * h.out_stride;
    std::fill(out, out + h.size, 0.0f);
    add_all_scaled(scores, h.count, h.values, h.value_stride, h.size, out);
  }
}

INLINE void normalize_body(const float* __restrict scale, const float* __restrict bias, double epsilon,
                           std::size_t count, float* __restrict x) {
  constexpr std::size_t kSums = 16;  // independent ones, in an order that does not depend on the instructions
  double sums[kSums] = {}, squares[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= count; i += kSums)
    for (std::size_t j = 0; j < kSums; ++j) sums[j] += x[i + j];
  for (std::size_t j = 0; i + j < count; ++j) sums[j] += x[i + j];
  double sum = 0, square = 0;
  for (const double one : sums) sum += one;
  const double mean = sum / static_cast<double>(count);
  for (i = 0; i + kSums <= count; i += kSums)
    for (std::size_t j = 0; j < kSums; ++j) squares[j] += (x[i + j] - mean) * (x[i + j] - mean);
  for (std::size_t j = 0; i + j < count; ++j) squares[j] += (x[i + j] - mean) * (x[i + j] - mean);
  for (const double one : squares) square += one;
  const double inverse = 1 / std::sqrt(square / static_cast<double>(count) + epsilon);
  for (i = 0; i < count; ++i) x[i] = static_cast<float>((x[i] - mean) * inverse) * scale[i] + bias[i];
}

#ifdef DEEPSPEECH_X86
#define FOR_X86(name, parameters, arguments)                 \
  AVX2 void name##_avx2 parameters { name##_body arguments; } \
  AVX512 void name##_avx512 parameters { name##_body arguments; }
FOR_X86(silu, (float* x, std::size_t count), (x, count))
FOR_X86(glu, (const float* gate, std::size_t count, float* x), (gate, count, x))
FOR_X86(add_products, (const float* x, const float* w, std::size_t count, float* sum), (x, w, count, sum))
FOR_X86(rotate,
        (const float* cosines, const float* sines, std::size_t rows, std::size_t heads, std::size_t half,
         std::size_t stride, float* x),
        (cosines, sines, rows, heads, half, stride, x))
FOR_X86(normalize, (const float* scale, const float* bias, double epsilon, std::size_t count, float* x),
        (scale, bias, epsilon, count, x))
FOR_X86(attend, (const Head& head, float* scores), (head, scores))
#define BEST(name, arguments)                    \
  if (kAvx512) return name##_avx512 arguments;   \
  if (kAvx2) return name##_avx2 arguments;       \
  name##_body arguments;
#else
#define BEST(name, arguments) name##_body arguments;
#endif

}  // namespace

void silu(float* x, std::size_t count) { BEST(silu, (x, count)) }

void glu(const float* gate, std::size_t count, float* x) { BEST(glu, (gate, count, x)) }

void add_products(const float* x, const float* weight, std::size_t count, float* sum) {
  BEST(add_products, (x, weight, count, sum))
}

void rotate(const float* cosines, const float* sines, std::size_t rows, std::size_t heads, std::size_t half,
            std::size_t stride, float* x) {
  BEST(rotate, (cosines, sines, rows, heads, half, stride, x))
}

void normalize(const float* scale, const float* bias, double epsilon, std::size_t count, float* x) {
  BEST(normalize, (scale, bias, epsilon, count, x))
}

void attend(const Head& head, float* scores) { BEST(attend, (head, scores)) }

}  // namespace deepspeech
