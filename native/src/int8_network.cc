#include "int8_network.hh"

#include <algorithm>
#include <utility>

namespace deepspeech {

namespace {

constexpr double kTensorFlowEpsilon = 1e-12;  // as TensorFlow's contrib layer_norm

}  // namespace

Int8Network::Int8Network(std::vector<float> mean, std::vector<float> scale, FloatMatrix first,
                         std::vector<Int8Matrix> dense, std::vector<Int8Lstm> lstm, Int8Matrix last,
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
  require(first_.outputs == hidden && last_.inputs == hidden && last_.outputs > 0 && hidden > 0);
  for (const Int8Matrix& matrix : dense_) require(matrix.inputs == hidden && matrix.outputs == hidden);
  for (const Int8Lstm& layer : lstm_)
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
    recur(*kernel_, lstm_[layer], clips, frames, first_.width, h + start, c + start, x.get());
  }
  dense(dense_[2], norms_[3], rows, x.get());
  classify(*kernel_, last_, x.get(), first_.width, rows, probabilities);
}

// x[rows][width] → the layer's outputs, in place.
void Int8Network::dense(const Int8Matrix& weights, const Norm& norm, std::size_t rows, float* x) const {
  multiply(*kernel_, weights, x, weights.width, rows, x);
  clip_and_norm(norm, rows, weights.width, x);
}

void Int8Network::clip_and_norm(const Norm& norm, std::size_t rows, std::size_t width, float* x) const {
  const float most = relu_clip_;
  for (std::size_t i = 0; i < rows * width; ++i) x[i] = std::min(std::max(x[i], 0.0f), most);
  if (!norm.scale.empty()) normalize(norm, kTensorFlowEpsilon, rows, width, x);
}

}  // namespace deepspeech
