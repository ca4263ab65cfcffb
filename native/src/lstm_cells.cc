#include "lstm_cells.hh"

#include <cmath>

#include "elementwise.hh"

namespace deepspeech {
namespace {

INLINE float widen(float x) { return x; }
INLINE double widen(double x) { return x; }
INLINE float widen(Bfloat x) { return same_bits<float>(static_cast<std::uint32_t>(x) << 16); }

INLINE void narrow(float x, float& to) { to = x; }
INLINE void narrow(double x, double& to) { to = x; }
INLINE void narrow(float x, Bfloat& to) {
  const std::uint32_t bits = same_bits<std::uint32_t>(x);
  const std::uint32_t rounded = bits + 0x7fffU + ((bits >> 16) & 1U);  // to the nearest, ties to even
  const std::uint32_t quiet = bits | 0x400000U;                        // rounding could make a NaN an infinity
  const bool is_nan = (bits & 0x7fffffffU) > 0x7f800000U;
  to = static_cast<Bfloat>((is_nan ? quiet : rounded) >> 16);
}

INLINE double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

INLINE float tangent(float x) {
  const float square = x * x;
  float series = -5.70498872745e-3f;  // Cephes' tanhf, for |x| < 0.625
  series = series * square + 2.06390887954e-2f;
  series = series * square - 5.37397155531e-2f;
  series = series * square + 1.33314422036e-1f;
  series = series * square - 3.33332819422e-1f;
  const float near = series * square * x + x;
  const float far = 1.0f - 2.0f / (1.0f + exponential(2.0f * x));
  return square < 0.390625f ? near : far;
}
INLINE double tangent(double x) { return std::tanh(x); }

// Four arrays of `width` side by side, each through a pointer of its own: so the compiler sees that it may take many
// elements at once.
template <class T>
INLINE void forward_row(std::size_t width, const T* __restrict in_i, const T* __restrict in_f, const T* __restrict in_g,
                        const T* __restrict in_o, const Wide<T>* __restrict before, T* __restrict gate_i,
                        T* __restrict gate_f, T* __restrict gate_g, T* __restrict gate_o, Wide<T>* __restrict cells,
                        T* __restrict outputs) {
  for (std::size_t j = 0; j < width; ++j) {
    const Wide<T> i = logistic(widen(in_i[j]));
    const Wide<T> f = logistic(widen(in_f[j]));
    const Wide<T> g = tangent(widen(in_g[j]));
    const Wide<T> o = logistic(widen(in_o[j]));
    const Wide<T> c = f * before[j] + i * g;
    narrow(i, gate_i[j]);
    narrow(f, gate_f[j]);
    narrow(g, gate_g[j]);
    narrow(o, gate_o[j]);
    cells[j] = c;
    narrow(o * tangent(c), outputs[j]);
  }
}

template <class T>
INLINE void backward_row(std::size_t width, const T* __restrict gate_i, const T* __restrict gate_f,
                         const T* __restrict gate_g, const T* __restrict gate_o, const Wide<T>* __restrict before,
                         const Wide<T>* __restrict cells, const T* __restrict outputs, Wide<T>* __restrict memory,
                         T* __restrict out_i, T* __restrict out_f, T* __restrict out_g, T* __restrict out_o) {
  for (std::size_t j = 0; j < width; ++j) {
    const Wide<T> i = widen(gate_i[j]), f = widen(gate_f[j]), g = widen(gate_g[j]), o = widen(gate_o[j]);
    const Wide<T> bent = tangent(cells[j]), h = widen(outputs[j]);
    const Wide<T> c = memory[j] + h * o * (1 - bent * bent);
    narrow(c * g * i * (1 - i), out_i[j]);
    narrow(c * before[j] * f * (1 - f), out_f[j]);
    narrow(c * i * (1 - g * g), out_g[j]);
    narrow(h * bent * o * (1 - o), out_o[j]);
    memory[j] = c * f;
  }
}

template <class T>
INLINE void forward_body(LstmShape shape, const T* sums, const Wide<T>* before, T* gates, Wide<T>* cells, T* outputs) {
  const std::size_t w = shape.width;
  for (std::size_t row = 0; row < shape.rows; ++row) {
    const T* in = sums + 4 * w * row;
    T* gate = gates + 4 * w * row;
    forward_row<T>(w, in, in + w, in + 2 * w, in + 3 * w, before + w * row, gate, gate + w, gate + 2 * w, gate + 3 * w,
                   cells + w * row, outputs + w * row);
  }
}

template <class T>
INLINE void backward_body(LstmShape shape, const T* gates, const Wide<T>* before, const Wide<T>* cells,
                          const T* outputs_gradient, Wide<T>* cells_gradient, T* sums_gradient) {
  const std::size_t w = shape.width;
  for (std::size_t row = 0; row < shape.rows; ++row) {
    const T* gate = gates + 4 * w * row;
    T* out = sums_gradient + 4 * w * row;
    backward_row<T>(w, gate, gate + w, gate + 2 * w, gate + 3 * w, before + w * row, cells + w * row,
                    outputs_gradient + w * row, cells_gradient + w * row, out, out + w, out + 2 * w, out + 3 * w);
  }
}

#ifdef DEEPSPEECH_X86
template <class T>
AVX2 void forward_avx2(LstmShape s, const T* a, const Wide<T>* b, T* c, Wide<T>* d, T* e) {
  forward_body<T>(s, a, b, c, d, e);
}
template <class T>
AVX512 void forward_avx512(LstmShape s, const T* a, const Wide<T>* b, T* c, Wide<T>* d, T* e) {
  forward_body<T>(s, a, b, c, d, e);
}
template <class T>
AVX2 void backward_avx2(LstmShape s, const T* a, const Wide<T>* b, const Wide<T>* c, const T* d, Wide<T>* e, T* f) {
  backward_body<T>(s, a, b, c, d, e, f);
}
template <class T>
AVX512 void backward_avx512(LstmShape s, const T* a, const Wide<T>* b, const Wide<T>* c, const T* d, Wide<T>* e,
                            T* f) {
  backward_body<T>(s, a, b, c, d, e, f);
}
#endif

}  // namespace

template <class T>
void lstm_forward(LstmShape shape, const T* sums, const Wide<T>* before, T* gates, Wide<T>* cells, T* outputs) {
#ifdef DEEPSPEECH_X86
  if (kAvx512) return forward_avx512<T>(shape, sums, before, gates, cells, outputs);
  if (kAvx2) return forward_avx2<T>(shape, sums, before, gates, cells, outputs);
#endif
  forward_body<T>(shape, sums, before, gates, cells, outputs);
}

template <class T>
void lstm_backward(LstmShape shape, const T* gates, const Wide<T>* before, const Wide<T>* cells,
                   const T* outputs_gradient, Wide<T>* cells_gradient, T* sums_gradient) {
#ifdef DEEPSPEECH_X86
  if (kAvx512) return backward_avx512<T>(shape, gates, before, cells, outputs_gradient, cells_gradient, sums_gradient);
  if (kAvx2) return backward_avx2<T>(shape, gates, before, cells, outputs_gradient, cells_gradient, sums_gradient);
#endif
  backward_body<T>(shape, gates, before, cells, outputs_gradient, cells_gradient, sums_gradient);
}

template void lstm_forward<float>(LstmShape, const float*, const float*, float*, float*, float*);
template void lstm_forward<double>(LstmShape, const double*, const double*, double*, double*, double*);
template void lstm_forward<Bfloat>(LstmShape, const Bfloat*, const float*, Bfloat*, float*, Bfloat*);
template void lstm_backward<float>(LstmShape, const float*, const float*, const float*, const float*, float*, float*);
template void lstm_backward<double>(LstmShape, const double*, const double*, const double*, const double*, double*,
                                    double*);
template void lstm_backward<Bfloat>(LstmShape, const Bfloat*, const float*, const float*, const Bfloat*, float*,
                                    Bfloat*);

}  // namespace deepspeech
