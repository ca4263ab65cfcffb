#include "int8_conformer.hh"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rows.hh"

namespace deepspeech {
namespace {

constexpr float kHidden = -1e9f;  // what the mask adds to hidden keys, as the ONNX graph does

bool fits(const Int8Matrix& matrix, std::size_t inputs, std::size_t outputs) {
  return matrix.inputs == inputs && matrix.outputs == outputs;
}

void add(const float* x, std::size_t count, float* sum) {
  for (std::size_t i = 0; i < count; ++i) sum[i] += x[i];
}

// `count` rows [width] that lie `stride` apart, after `before` rows, of which the last as many replace these.
std::unique_ptr<float[]> after(float* before, std::size_t rows, const float* x, std::size_t stride, std::size_t count,
                               std::size_t width) {
  auto all = room<float>((rows + count) * width);
  std::copy(before, before + rows * width, all.get());
  for (std::size_t row = 0; row < count; ++row)
    std::copy(x + row * stride, x + row * stride + width, all.get() + (rows + row) * width);
  std::copy(all.get() + count * width, all.get() + (rows + count) * width, before);
  return all;
}

}  // namespace

// What all blocks share in a step.
struct Int8Conformer::Step {
  std::size_t clips, outputs, stride;          // stride: of x, [clips][outputs][stride]
  std::unique_ptr<float[]> cosines, sines;     // [left + outputs][half a head]
  std::unique_ptr<float[]> mask;               // [clips][left + outputs]

  std::size_t rows() const { return clips * outputs; }
};

Int8Conformer::Int8Conformer(Subsampling subsampling, Int8Matrix first, std::vector<Block> blocks, Int8Matrix last,
                             std::size_t left, std::vector<float> speeds, const std::string& kernel)
    : kernel_(kernel_of(kernel)),
      subsampling_(std::move(subsampling)),
      first_(std::move(first)),
      blocks_(std::move(blocks)),
      last_(std::move(last)),
      left_(left),
      speeds_(std::move(speeds)) {
  const std::size_t width = this->width();
  require(width > 0 && first_.inputs == subsampling_.outputs() && last_.inputs == width && last_.outputs > 0);
  require(!blocks_.empty() && left_ > 0 && !speeds_.empty() && width % (2 * speeds_.size()) == 0);
  const std::size_t taps = this->taps();
  for (const Block& block : blocks_) {
    for (const FeedForward* layer : {&block.forward_1, &block.forward_2})
      require(fits(layer->norm, width) && fits(layer->up, width, layer->up.outputs) &&
              fits(layer->down, layer->up.outputs, width));
    const Attention& attention = block.attention;
    require(fits(attention.norm, width) && fits(attention.input, width, 3 * width) &&
            fits(attention.output, width, width));
    const Convolution& convolution = block.convolution;
    require(fits(convolution.norm, width) && fits(convolution.input, width, 2 * width) && taps > 0 &&
            convolution.depthwise.size() == taps * width && convolution.bias.size() == width &&
            fits(convolution.inner_norm, width) && fits(convolution.output, width, width) && fits(block.norm, width));
  }
}

void Int8Conformer::step(const float* features, std::size_t clips, std::size_t frames, const std::int32_t* lengths,
                         const States& states, float* probabilities) const {
  const std::size_t width = this->width(), inner = subsampling_.outputs(), half = speeds_.size();
  Step step{clips, frames / 4, first_.width, nullptr, nullptr, nullptr};
  const std::size_t keys = left_ + step.outputs;
  step.cosines = room<float>(keys * half);
  step.sines = room<float>(keys * half);
  for (std::size_t k = 0; k < keys; ++k)
    for (std::size_t i = 0; i < half; ++i) {
      const float angle = static_cast<float>(k) * speeds_[i];
      step.cosines[k * half + i] = std::cos(angle);
      step.sines[k * half + i] = std::sin(angle);
    }
  step.mask = room<float>(clips * keys);
  for (std::size_t clip = 0; clip < clips; ++clip) {
    const float place = static_cast<float>(left_), first = place - states.seen[clip];
    const float end = place + static_cast<float>(lengths[clip]);
    for (std::size_t k = 0; k < keys; ++k) {
      const bool hidden = static_cast<float>(k) < first || static_cast<float>(k) >= end;
      step.mask[clip * keys + k] = hidden ? kHidden : 0.0f;
    }
    states.seen[clip] = std::min(states.seen[clip] + static_cast<float>(step.outputs), place);
  }

  auto flat = room<float>(step.rows() * inner);
  for (std::size_t clip = 0; clip < clips; ++clip)
    subsampling_.step(*kernel_, features + clip * frames * dimensions(), frames, 0, states.frame + clip * dimensions(),
                      states.convolved + clip * kBlock * halved(), flat.get() + clip * step.outputs * inner);
  auto x = room<float>(step.rows() * step.stride);
  multiply(*kernel_, first_, flat.get(), inner, step.rows(), x.get());
  for (std::size_t number = 0; number < blocks_.size(); ++number) {
    const Block& block = blocks_[number];
    const std::size_t start = number * clips * left_ * width;
    feed_forward(step, block.forward_1, x.get());
    attention(step, block.attention, states.keys + start, states.values + start, x.get());
    convolution(step, block.convolution, states.convolution + number * clips * (taps() - 1) * width, x.get());
    feed_forward(step, block.forward_2, x.get());
    normalize(block.norm, kNormEpsilon, step.rows(), step.stride, x.get());
  }
  classify(*kernel_, last_, x.get(), step.stride, step.rows(), probabilities);
}

// Each of these is x ← x + layer(norm(x)).

void Int8Conformer::feed_forward(const Step& step, const FeedForward& layer, float* x) const {
  const std::size_t rows = step.rows(), size = rows * step.stride;
  auto y = room<float>(size), inner = room<float>(rows * layer.up.width);
  std::copy(x, x + size, y.get());
  normalize(layer.norm, kNormEpsilon, rows, step.stride, y.get());
  multiply(*kernel_, layer.up, y.get(), step.stride, rows, inner.get());
  silu(inner.get(), rows * layer.up.width);
  multiply(*kernel_, layer.down, inner.get(), layer.up.width, rows, y.get());
  add(y.get(), size, x);
}

void Int8Conformer::attention(const Step& step, const Attention& layer, float* keys, float* values, float* x) const {
  const std::size_t rows = step.rows(), size = rows * step.stride, width = this->width(), inner = layer.input.width;
  const std::size_t count = left_ + step.outputs, half = speeds_.size();
  auto y = room<float>(size), parts = room<float>(rows * inner);
  std::copy(x, x + size, y.get());
  normalize(layer.norm, kNormEpsilon, rows, step.stride, y.get());
  multiply(*kernel_, layer.input, y.get(), step.stride, rows, parts.get());
  auto turned = room<float>(width * count), scores = room<float>(count);
  for (std::size_t clip = 0; clip < step.clips; ++clip) {
    float* own = parts.get() + clip * step.outputs * inner;
    const auto k = after(keys + clip * left_ * width, left_, own + width, inner, step.outputs, width);
    const auto v = after(values + clip * left_ * width, left_, own + 2 * width, inner, step.outputs, width);
    rotate(step.cosines.get(), step.sines.get(), count, heads(), half, width, k.get());
    rotate(step.cosines.get() + left_ * half, step.sines.get() + left_ * half, step.outputs, heads(), half, inner, own);
    for (std::size_t i = 0; i < width; ++i)
      for (std::size_t key = 0; key < count; ++key) turned[i * count + key] = k[key * width + i];
    for (std::size_t head = 0; head < heads(); ++head) {
      const std::size_t at = head * 2 * half;
      attend({step.outputs, count, 2 * half, own + at, inner, turned.get() + at * count, v.get() + at, width,
              step.mask.get() + clip * count, y.get() + clip * step.outputs * step.stride + at, step.stride},
             scores.get());
    }
  }
  auto out = room<float>(size);
  multiply(*kernel_, layer.output, y.get(), step.stride, rows, out.get());
  add(out.get(), size, x);
}

void Int8Conformer::convolution(const Step& step, const Convolution& layer, float* before, float* x) const {
  const std::size_t rows = step.rows(), size = rows * step.stride, width = this->width(), inner = layer.input.width;
  const std::size_t seen = taps() - 1;
  auto y = room<float>(size), parts = room<float>(rows * inner);
  std::copy(x, x + size, y.get());
  normalize(layer.norm, kNormEpsilon, rows, step.stride, y.get());
  multiply(*kernel_, layer.input, y.get(), step.stride, rows, parts.get());
  for (std::size_t row = 0; row < rows; ++row)
    glu(parts.get() + row * inner + width, width, parts.get() + row * inner);
  for (std::size_t clip = 0; clip < step.clips; ++clip) {
    const auto all = after(before + clip * seen * width, seen, parts.get() + clip * step.outputs * inner, inner,
                           step.outputs, width);
    for (std::size_t row = 0; row < step.outputs; ++row) {
      float* sum = y.get() + (clip * step.outputs + row) * step.stride;
      std::copy(layer.bias.begin(), layer.bias.end(), sum);
      for (std::size_t tap = 0; tap <= seen; ++tap)
        add_products(all.get() + (row + tap) * width, layer.depthwise.data() + tap * width, width, sum);
    }
  }
  normalize(layer.inner_norm, kNormEpsilon, rows, step.stride, y.get());
  silu(y.get(), size);
  auto out = room<float>(size);
  multiply(*kernel_, layer.output, y.get(), step.stride, rows, out.get());
  add(out.get(), size, x);
}

}  // namespace deepspeech
