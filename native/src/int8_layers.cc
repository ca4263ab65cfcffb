#include "int8_layers.hh"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "rows.hh"

namespace deepspeech {
namespace {

// Rows of numbers, each rounded by itself.
struct Rounded {
  Rounded(const Kernel& kernel, const Int8Matrix& weights, const float* x, std::size_t stride, std::size_t rows)
      : numbers(room<std::uint8_t>(rows * weights.groups * kGroup)), scales(room<RowScale>(rows)) {
    const std::size_t size = weights.groups * kGroup;
    for (std::size_t row = 0; row < rows; ++row) {
      std::uint8_t* target = numbers.get() + row * size;
      std::fill(target + weights.inputs, target + size, std::uint8_t{0});
      scales[row] = kernel.round_row(x + row * stride, weights.inputs, target);
    }
  }
  std::unique_ptr<std::uint8_t[]> numbers;
  std::unique_ptr<RowScale[]> scales;
};

void softmax(const float* x, std::size_t count, float* out) {
  const float most = *std::max_element(x, x + count);
  float sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += out[i] = std::exp(x[i] - most);
  for (std::size_t i = 0; i < count; ++i) out[i] /= sum;
}

}  // namespace

const Kernel* kernel_of(const std::string& name) {
  for (const NamedKernel& one : kernels_here())
    if (name.empty() ? one.kernel != portable_kernel() : name == one.name) return one.kernel;
  throw std::runtime_error("this processor has no kernel for 8-bit networks" + (name.empty() ? "" : " named " + name));
}

void require(bool fits) {
  if (!fits) throw std::invalid_argument("sizes of layers do not fit together");
}

void multiply(const Kernel& kernel, const Int8Matrix& weights, const float* x, std::size_t stride, std::size_t rows,
              float* out) {
  const Rounded rounded(kernel, weights, x, stride, rows);
  kernel.multiply(weights, rounded.numbers.get(), rounded.scales.get(), rows, out, false);
}

void recur(const Kernel& kernel, const Int8Lstm& layer, std::size_t clips, std::size_t frames, std::size_t stride,
           float* h, float* c, float* x) {
  const std::size_t hidden = layer.recurrent.inputs, all = layer.input.width;
  const std::size_t size = layer.recurrent.groups * kGroup;
  // Of one frame after another, the sums of all clips: what the recurrent weights are added to.
  auto sums = room<float>(clips * all);
  auto inputs = room<std::uint8_t>(clips * size);
  auto scales = room<RowScale>(clips);
  auto products = room<float>(frames * clips * all);
  multiply(kernel, layer.input, x, stride, clips * frames, products.get());
  std::fill(inputs.get(), inputs.get() + clips * size, std::uint8_t{0});
  for (std::size_t frame = 0; frame < frames; ++frame) {
    for (std::size_t clip = 0; clip < clips; ++clip) {
      const float* row = products.get() + (clip * frames + frame) * all;
      std::copy(row, row + all, sums.get() + clip * all);
      scales[clip] = kernel.round_row(h + clip * hidden, hidden, inputs.get() + clip * size);
    }
    kernel.multiply(layer.recurrent, inputs.get(), scales.get(), clips, sums.get(), true);
    for (std::size_t clip = 0; clip < clips; ++clip) {
      kernel.gates(sums.get() + clip * all, hidden, c + clip * hidden, h + clip * hidden);
      std::copy(h + clip * hidden, h + (clip + 1) * hidden, x + (clip * frames + frame) * stride);
    }
  }
}

void normalize(const Norm& norm, double epsilon, std::size_t rows, std::size_t stride, float* x) {
  for (float* row = x; row < x + rows * stride; row += stride)
    normalize(norm.scale.data(), norm.bias.data(), epsilon, norm.scale.size(), row);
}

void classify(const Kernel& kernel, const Int8Matrix& weights, const float* x, std::size_t stride, std::size_t rows,
              float* probabilities) {
  auto logits = room<float>(rows * weights.width);
  multiply(kernel, weights, x, stride, rows, logits.get());
  for (std::size_t row = 0; row < rows; ++row)
    softmax(logits.get() + row * weights.width, weights.outputs, probabilities + row * weights.outputs);
}

}  // namespace deepspeech
