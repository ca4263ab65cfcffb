// The convolutional subsampling by four of `acoustic/subsampling/`, in float32: features of a chunk in, rows of its
// linear layer's inputs out.
//
// Shapes, row by row: features [frames, F], images [frames, frequencies, C]; C is kBlock.
#pragma once

#include <cstddef>
#include <vector>

#include "int8_kernel.hh"

namespace deepspeech {

class Subsampling {
 public:
  // first: 3×3 patches [9, C], time before frequency; depthwise [9, C] and its bias [C]; pointwise [C, C].
  Subsampling(std::vector<float> mean, std::vector<float> scale, FloatMatrix first, std::vector<float> depthwise,
              std::vector<float> depthwise_bias, FloatMatrix pointwise);

  std::size_t dimensions() const { return mean_.size(); }                // F
  std::size_t halved() const { return (dimensions() + 1) / 2; }          // frequencies after the first convolution
  std::size_t quartered() const { return (halved() + 1) / 2; }           // and after the second
  std::size_t outputs() const { return quartered() * kBlock; }           // of a row

  // One clip: `frames`, a multiple of 4, become frames / 4 rows [outputs()]. frame[F] and convolved[C][halved()] are the
  // states before the chunk, and become those before its last `ahead` rows.
  void step(const Kernel& kernel, const float* features, std::size_t frames, std::size_t ahead, float* frame,
            float* convolved, float* out) const;

 private:
  std::vector<float> mean_, scale_;
  FloatMatrix first_;
  std::vector<float> depthwise_, depthwise_bias_;
  FloatMatrix pointwise_;
};

}  // namespace deepspeech
