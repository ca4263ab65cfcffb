#include "int8_network.hh"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace deepspeech {

namespace {

constexpr std::size_t kMostInputs = 1 << 16;  // 255 · 127 · 65536 still fits into the 32 bits of a sum
constexpr double kNormEpsilon = 1e-12;  // as TensorFlow's contrib layer_norm

template <class Value>
std::unique_ptr<Value[]> room(std::size_t count) {
  return std::unique_ptr<Value[]>(new Value[count]);
}

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

const Kernel* kernel_of(const std::string& name) {
  for (const NamedKernel& one : kernels_here())
    if (name.empty() ? one.kernel != portable_kernel() : name == one.name) return one.kernel;
  throw std::runtime_error("this processor has no kernel for 8-bit networks" + (name.empty() ? "" : " named " + name));
}

void require(bool fits) {
  if (!fits) throw std::invalid_argument("sizes of layers do not fit together");
}

}  // namespace

Int8Network::Int8Network(std::vector<float> mean, std::vector<float> scale, FloatMatrix first,
                         std::vector<Int8Matrix> dense, std::vector<Lstm> lstm, Int8Matrix last,
                         std::vector<Norm> norms, float relu_clip, const std::string& kernel)
    : kernel_(kernel_of(kernel)),
      mean_(std::move(mean)),
      scale_(std::move(scale)),
      first_(std::move(first)),
      dense_(std::move(dense)),
      lstm_(std::move(lstm)),
      last_(std::move(last)),
      norms_(std::move(norms)),
      relu_clip_(relu_clip) {
  require(dense_.size() == 3 && norms_.size() == 4 && !lstm_.empty());
  const std::size_t hidden = this->hidden();
  require(!mean_.empty() && mean_.size() == scale_.size() && first_.inputs % mean_.size() == 0);
  require(hidden <= kMostInputs);
  require(first_.outputs == hidden && last_.inputs == hidden && last_.outputs > 0 && hidden > 0);
  for (const Int8Matrix& matrix : dense_) require(matrix.inputs == hidden && matrix.outputs == hidden);
  for (const Lstm& layer : lstm_)
    for (const Int8Matrix* matrix : {&layer.input, &layer.recurrent})
      require(matrix->inputs == hidden && matrix->outputs == 4 * hidden);
  for (const Norm& norm : norms_)
    require(norm.scale.size() == norm.bias.size() && (norm.scale.empty() || norm.scale.size() == hidden));
}

void Int8Network::step(const float* windows, std::size_t clips, std::size_t frames, float* h, float* c,
                       float* probabilities) const {
  const std::size_t rows = clips * frames, hidden = this->hidden(), coefficients = mean_.size();
  auto normal = room<float>(rows * window());
  for (std::size_t i = 0; i < rows * window(); i += coefficients)
    for (std::size_t j = 0; j < coefficients; ++j) normal[i + j] = (windows[i + j] - mean_[j]) * scale_[j];
  auto x = room<float>(rows * first_.width);
  kernel_->multiply_float(first_, normal.get(), rows, x.get());
  clip_and_norm(norms_[0], rows, first_.width, x.get());
  dense(dense_[0], norms_[1], rows, x.get());
  dense(dense_[1], norms_[2], rows, x.get());
  for (std::size_t layer = 0; layer < lstm_.size(); ++layer) {
    const std::size_t start = layer * clips * hidden;
    recur(lstm_[layer], clips, frames, h + start, c + start, x.get());
  }
  dense(dense_[2], norms_[3], rows, x.get());
  auto logits = room<float>(rows * last_.width);
  const Rounded rounded(*kernel_, last_, x.get(), first_.width, rows);
  kernel_->multiply(last_, rounded.numbers.get(), rounded.scales.get(), rows, logits.get(), false);
  for (std::size_t row = 0; row < rows; ++row)
    softmax(logits.get() + row * last_.width, last_.outputs, probabilities + row * last_.outputs);
}

// x[rows][width] → the layer's outputs, in place.
void Int8Network::dense(const Int8Matrix& weights, const Norm& norm, std::size_t rows, float* x) const {
  const Rounded rounded(*kernel_, weights, x, weights.width, rows);
  kernel_->multiply(weights, rounded.numbers.get(), rounded.scales.get(), rows, x, false);
  clip_and_norm(norm, rows, weights.width, x);
}

void Int8Network::clip_and_norm(const Norm& norm, std::size_t rows, std::size_t width, float* x) const {
  const float most = relu_clip_;
  for (std::size_t i = 0; i < rows * width; ++i) x[i] = std::min(std::max(x[i], 0.0f), most);
  if (norm.scale.empty()) return;
  const std::size_t count = norm.scale.size();
  for (float* row = x; row < x + rows * width; row += width) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < count; ++i) sum += row[i];
    const double mean = sum / static_cast<double>(count);
    for (std::size_t i = 0; i < count; ++i) squares += (row[i] - mean) * (row[i] - mean);
    const double inverse = 1 / std::sqrt(squares / static_cast<double>(count) + kNormEpsilon);
    for (std::size_t i = 0; i < count; ++i)
      row[i] = static_cast<float>((row[i] - mean) * inverse) * norm.scale[i] + norm.bias[i];
  }
}

// x[clips][frames][width] → the layer's h of each frame, in place; h and c[clips][hidden] become those after the last.
void Int8Network::recur(const Lstm& layer, std::size_t clips, std::size_t frames, float* h, float* c, float* x) const {
  const std::size_t hidden = this->hidden(), width = first_.width, all = layer.input.width;
  const std::size_t size = layer.recurrent.groups * kGroup;
  const Rounded rounded(*kernel_, layer.input, x, width, clips * frames);
  // Of one frame after another, the sums of all clips: what the recurrent weights are added to.
  auto sums = room<float>(clips * all);
  auto inputs = room<std::uint8_t>(clips * size);
  auto scales = room<RowScale>(clips);
  auto products = room<float>(frames * clips * all);
  kernel_->multiply(layer.input, rounded.numbers.get(), rounded.scales.get(), clips * frames, products.get(), false);
  std::fill(inputs.get(), inputs.get() + clips * size, std::uint8_t{0});
  for (std::size_t frame = 0; frame < frames; ++frame) {
    for (std::size_t clip = 0; clip < clips; ++clip) {
      const float* row = products.get() + (clip * frames + frame) * all;
      std::copy(row, row + all, sums.get() + clip * all);
      scales[clip] = kernel_->round_row(h + clip * hidden, hidden, inputs.get() + clip * size);
    }
    kernel_->multiply(layer.recurrent, inputs.get(), scales.get(), clips, sums.get(), true);
    for (std::size_t clip = 0; clip < clips; ++clip) {
      kernel_->gates(sums.get() + clip * all, hidden, c + clip * hidden, h + clip * hidden);
      std::copy(h + clip * hidden, h + (clip + 1) * hidden, x + (clip * frames + frame) * width);
    }
  }
}

}  // namespace deepspeech
