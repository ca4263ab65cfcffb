#include "subsampling.hh"

#include <algorithm>
#include <utility>

#include "int8_layers.hh"
#include "rows.hh"

namespace deepspeech {
namespace {

constexpr std::size_t kSize = 3;  // of both convolutions, in time and frequency

// The frequencies that a 3-wide window with stride 2 and padding 1 sees around output `at`: [first, end) of its taps.
struct Taps {
  Taps(std::size_t at, std::size_t frequencies)
      : first(at ? 0 : 1), end(std::min(kSize, frequencies + 1 - 2 * at)), start(2 * at + first - 1) {}
  std::size_t first, end, start;
};

}  // namespace

Subsampling::Subsampling(std::vector<float> mean, std::vector<float> scale, FloatMatrix first,
                         std::vector<float> depthwise, std::vector<float> depthwise_bias, FloatMatrix pointwise)
    : mean_(std::move(mean)),
      scale_(std::move(scale)),
      first_(std::move(first)),
      depthwise_(std::move(depthwise)),
      depthwise_bias_(std::move(depthwise_bias)),
      pointwise_(std::move(pointwise)) {
  require(!mean_.empty() && mean_.size() == scale_.size());
  require(first_.inputs == kSize * kSize && first_.outputs == kBlock);
  require(depthwise_.size() == kSize * kSize * kBlock && depthwise_bias_.size() == kBlock);
  require(pointwise_.inputs == kBlock && pointwise_.outputs == kBlock);
}

void Subsampling::step(const Kernel& kernel, const float* features, std::size_t frames, std::size_t ahead, float* frame,
                       float* convolved, float* out) const {
  const std::size_t size = dimensions(), half = halved(), quarter = quartered(), rows = frames / 2;
  auto normal = room<float>((frames + 1) * size);
  std::copy(frame, frame + size, normal.get());
  for (std::size_t i = 0; i < frames * size; ++i)
    normal[size + i] = (features[i] - mean_[i % size]) * scale_[i % size];
  const float* last = normal.get() + (frames - 4 * ahead) * size;
  std::copy(last, last + size, frame);

  auto patches = room<float>(rows * half * kSize * kSize);
  std::fill(patches.get(), patches.get() + rows * half * kSize * kSize, 0.0f);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t at = 0; at < half; ++at) {
      const Taps taps(at, size);
      float* patch = patches.get() + (row * half + at) * kSize * kSize;
      for (std::size_t time = 0; time < kSize; ++time) {
        const float* from = normal.get() + (2 * row + time) * size + taps.start;
        std::copy(from, from + (taps.end - taps.first), patch + time * kSize + taps.first);
      }
    }
  auto images = room<float>((rows + 1) * half * kBlock);  // the state, then the chunk's
  for (std::size_t at = 0; at < half; ++at)
    for (std::size_t c = 0; c < kBlock; ++c) images[at * kBlock + c] = convolved[c * half + at];
  kernel.multiply_float(first_, patches.get(), rows * half, images.get() + half * kBlock);
  silu(images.get() + half * kBlock, rows * half * kBlock);
  const float* kept = images.get() + (rows - 2 * ahead) * half * kBlock;
  for (std::size_t at = 0; at < half; ++at)
    for (std::size_t c = 0; c < kBlock; ++c) convolved[c * half + at] = kept[at * kBlock + c];

  auto sums = room<float>(frames / 4 * quarter * kBlock);
  for (std::size_t row = 0; row < frames / 4; ++row)
    for (std::size_t at = 0; at < quarter; ++at) {
      const Taps taps(at, half);
      float* sum = sums.get() + (row * quarter + at) * kBlock;
      std::copy(depthwise_bias_.begin(), depthwise_bias_.end(), sum);
      for (std::size_t time = 0; time < kSize; ++time)
        for (std::size_t tap = taps.first; tap < taps.end; ++tap)
          add_products(images.get() + ((2 * row + time) * half + taps.start + tap - taps.first) * kBlock,
                       depthwise_.data() + (time * kSize + tap) * kBlock, kBlock, sum);
    }
  kernel.multiply_float(pointwise_, sums.get(), frames / 4 * quarter, out);
  silu(out, frames / 4 * quarter * kBlock);
}

}  // namespace deepspeech
