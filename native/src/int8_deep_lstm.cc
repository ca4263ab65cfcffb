#include "int8_deep_lstm.hh"

#include <algorithm>
#include <utility>

#include "rows.hh"

namespace deepspeech {

Int8DeepLstm::Int8DeepLstm(Subsampling subsampling, Int8Matrix first, std::optional<LookAhead> look_ahead,
                           std::vector<Block> blocks, Int8Matrix last, const std::string& kernel)
    : kernel_(kernel_of(kernel)),
      subsampling_(std::move(subsampling)),
      first_(std::move(first)),
      look_ahead_(std::move(look_ahead)),
      blocks_(std::move(blocks)),
      last_(std::move(last)) {
  const std::size_t width = this->width();
  require(width > 0 && first_.inputs == subsampling_.outputs() && last_.inputs == width && last_.outputs > 0);
  require(!blocks_.empty());
  for (const Block& block : blocks_) {
    require(fits(block.norm, width));
    for (const Int8Matrix* matrix : {&block.lstm.input, &block.lstm.recurrent})
      require(matrix->inputs == width && matrix->outputs == 4 * width);
  }
  if (!look_ahead_) return;
  const std::size_t taps = look_ahead_->depthwise.size() / width;
  require(taps % 2 == 1 && taps > 1 && look_ahead_->depthwise.size() == taps * width);
  require(look_ahead_->bias.size() == width && fits(look_ahead_->norm, width));
  require(look_ahead_->output.inputs == width && look_ahead_->output.outputs == width);
  ahead_ = taps / 2;
}

void Int8DeepLstm::step(const float* features, std::size_t clips, std::size_t frames, const States& states,
                        float* probabilities) const {
  const std::size_t width = this->width(), stride = first_.width, rows = frames / 4, outputs = rows - ahead_;
  const std::size_t inner = subsampling_.outputs();
  auto flat = room<float>(clips * rows * inner);
  for (std::size_t clip = 0; clip < clips; ++clip)
    subsampling_.step(*kernel_, features + clip * frames * dimensions(), frames, ahead_,
                      states.frame + clip * dimensions(), states.convolved + clip * kBlock * halved(),
                      flat.get() + clip * rows * inner);
  auto x = room<float>(clips * rows * stride);
  multiply(*kernel_, first_, flat.get(), inner, clips * rows, x.get());
  if (look_ahead_) {
    auto after = room<float>(clips * outputs * stride);
    look_ahead(clips, rows, states.seen, x.get(), after.get());
    x = std::move(after);
  }
  auto y = room<float>(clips * outputs * stride);
  for (std::size_t number = 0; number < blocks_.size(); ++number) {
    const std::size_t start = number * clips * width;
    std::copy(x.get(), x.get() + clips * outputs * stride, y.get());
    recur(*kernel_, blocks_[number].lstm, clips, outputs, stride, states.h + start, states.c + start, y.get());
    for (std::size_t row = 0; row < clips * outputs; ++row)
      for (std::size_t i = 0; i < width; ++i) x[row * stride + i] += y[row * stride + i];
    normalize(blocks_[number].norm, kNormEpsilon, clips * outputs, stride, x.get());
  }
  classify(*kernel_, last_, x.get(), stride, clips * outputs, probabilities);
}

// x[clips][rows][stride] and the `ahead` rows before them → out[clips][rows − ahead][stride].
void Int8DeepLstm::look_ahead(std::size_t clips, std::size_t rows, float* seen, const float* x, float* out) const {
  const std::size_t width = this->width(), stride = first_.width, outputs = rows - ahead_;
  auto inner = room<float>(clips * outputs * stride);
  auto frames = room<float>((ahead_ + rows) * width);
  for (std::size_t clip = 0; clip < clips; ++clip) {
    float* before = seen + clip * ahead_ * width;
    std::copy(before, before + ahead_ * width, frames.get());
    for (std::size_t row = 0; row < rows; ++row) {
      const float* from = x + (clip * rows + row) * stride;
      std::copy(from, from + width, frames.get() + (ahead_ + row) * width);
    }
    const float* kept = frames.get() + outputs * width;
    std::copy(kept, kept + ahead_ * width, before);
    for (std::size_t row = 0; row < outputs; ++row) {
      float* sum = inner.get() + (clip * outputs + row) * stride;
      std::copy(look_ahead_->bias.begin(), look_ahead_->bias.end(), sum);
      std::fill(sum + width, sum + stride, 0.0f);
      for (std::size_t tap = 0; tap <= 2 * ahead_; ++tap)
        add_products(frames.get() + (row + tap) * width, look_ahead_->depthwise.data() + tap * width, width, sum);
      const float* own = frames.get() + (row + ahead_) * width;
      std::copy(own, own + width, out + (clip * outputs + row) * stride);
    }
  }
  silu(inner.get(), clips * outputs * stride);
  auto projected = room<float>(clips * outputs * stride);
  multiply(*kernel_, look_ahead_->output, inner.get(), stride, clips * outputs, projected.get());
  for (std::size_t row = 0; row < clips * outputs; ++row)
    for (std::size_t i = 0; i < width; ++i) out[row * stride + i] += projected[row * stride + i];
  normalize(look_ahead_->norm, kNormEpsilon, clips * outputs, stride, out);
}

}  // namespace deepspeech
