// Products of sound with 8-bit weights, as fast as the processor can: what an int8 network spends its time on.
//
// A row of inputs is rounded to 0…255 with a scale and a zero of its own, so that what a frame gives does not depend on
// the frames and clips that share its batch. Sums of products are exact; only the rounding of inputs is not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace deepspeech {

inline constexpr std::size_t kBlock = 64;  // outputs side by side in packed weights
inline constexpr std::size_t kGroup = 4;   // inputs that one instruction multiplies and adds

inline std::size_t rounded_up(std::size_t count, std::size_t step) { return (count + step - 1) / step * step; }

// What the rounded numbers of a row are worth: value = scale · (number − zero).
struct RowScale {
  float scale;
  std::int32_t zero;
};

// Memory that begins at a cache line.
template <class Value>
class Aligned {
 public:
  Aligned() = default;
  explicit Aligned(std::size_t count);
  Value* data() const { return values_.get(); }

 private:
  struct Free {
    void operator()(Value* values) const;
  };
  std::unique_ptr<Value[], Free> values_;
};

// Weights [inputs, outputs] of 8 bits, packed [blocks][inputs / kGroup][kBlock][kGroup], zeros where they do not fill up.
class Int8Matrix {
 public:
  // values[inputs · outputs]; scales: one for all (scale_count 1) or one an output; bias[outputs]. Throws
  // std::invalid_argument for more inputs than a sum of 32 bits can hold.
  Int8Matrix(const std::int8_t* values, std::size_t inputs, std::size_t outputs, const float* scales,
             std::size_t scale_count, const float* bias);

  std::size_t inputs;
  std::size_t outputs;  // of the layer
  std::size_t groups;
  std::size_t width;  // outputs with those that fill the last block
  Aligned<std::int8_t> packed;
  std::vector<float> scales;        // [width]
  std::vector<std::int32_t> sums;   // [width], of each output's weights: what a zero that is not 0 adds
  std::vector<float> bias;          // [width]
};

// Weights [inputs, outputs] in float32, packed [blocks][inputs][kBlock].
class FloatMatrix {
 public:
  FloatMatrix(const float* values, std::size_t inputs, std::size_t outputs, const float* bias);

  std::size_t inputs;
  std::size_t outputs;
  std::size_t width;
  Aligned<float> packed;
  std::vector<float> bias;  // [width]
};

// The same four functions for each kind of processor, with the same results, bit for bit.
struct Kernel {
  // x[count] → numbers[count], and what they are worth.
  RowScale (*round_row)(const float* x, std::size_t count, std::uint8_t* numbers);
  // numbers[rows][groups · kGroup] · weights + bias → out[rows][width]; with `add`, on top of what is there, no bias.
  void (*multiply)(const Int8Matrix& weights, const std::uint8_t* numbers, const RowScale* scales, std::size_t rows,
                   float* out, bool add);
  // x[rows][inputs] · weights + bias → out[rows][width].
  void (*multiply_float)(const FloatMatrix& weights, const float* x, std::size_t rows, float* out);
  // An LSTM's step for one clip: sums[4 · hidden] of the gates i, o, f, c; c[hidden] and h[hidden] become the next ones.
  void (*gates)(const float* sums, std::size_t hidden, float* c, float* h);
};

// Null where the processor lacks the instructions, or the compiler does not know them.
const Kernel* avx512_kernel();    // AVX-512 VNNI
const Kernel* avx_vnni_kernel();  // AVX-VNNI
const Kernel* avx2_kernel();      // AVX2 and FMA
const Kernel* neon_kernel();      // NEON with dot products

// For any processor, slow: the same bits, for tests.
const Kernel* portable_kernel();

struct NamedKernel {
  const char* name;
  const Kernel* kernel;
};

// Those that run here, the fastest first and the portable one last.
const std::vector<NamedKernel>& kernels_here();

}  // namespace deepspeech
