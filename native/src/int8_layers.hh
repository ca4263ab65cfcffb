// What networks with 8-bit weights are made of: products of rows rounded by themselves, LSTM layers, norms.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "int8_kernel.hh"

namespace deepspeech {

// A layer's normalization (Ba et al. 2016): scale and bias of each output; empty where there is none.
struct Norm {
  std::vector<float> scale;
  std::vector<float> bias;
};

constexpr double kNormEpsilon = 1e-5;  // as torch's LayerNorm

inline bool fits(const Norm& norm, std::size_t width) {
  return norm.scale.size() == width && norm.bias.size() == width;
}

struct Int8Lstm {
  Int8Matrix input;      // [hidden, 4 · hidden], gates i, o, f, c; its bias is the sum of both
  Int8Matrix recurrent;  // the same, its bias 0
};

template <class Value>
std::unique_ptr<Value[]> room(std::size_t count) {
  return std::unique_ptr<Value[]>(new Value[count]);
}

// The kernel of that name; empty: the fastest, but not the portable one. Throws std::runtime_error where there is none.
const Kernel* kernel_of(const std::string& name);

// Throws std::invalid_argument unless sizes of layers fit together.
void require(bool fits);

// x[rows][stride] · weights + bias → out[rows][weights.width]; `out` may be `x` where the strides agree.
void multiply(const Kernel& kernel, const Int8Matrix& weights, const float* x, std::size_t stride, std::size_t rows,
              float* out);

// x[clips][frames][stride] → the layer's h of each frame, in place; h and c[clips][hidden] become those after the last.
void recur(const Kernel& kernel, const Int8Lstm& layer, std::size_t clips, std::size_t frames, std::size_t stride,
           float* h, float* c, float* x);

// Normalizes the first outputs of each row, as many as the norm has.
void normalize(const Norm& norm, double epsilon, std::size_t rows, std::size_t stride, float* x);

// softmax(x[rows][stride] · weights + bias) → probabilities[rows][weights.outputs].
void classify(const Kernel& kernel, const Int8Matrix& weights, const float* x, std::size_t stride, std::size_t rows,
              float* probabilities);

}  // namespace deepspeech
