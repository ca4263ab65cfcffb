// A Conformer with 8-bit weights, step by step: features and states in, probabilities and states out.
//
//   features → subsampling (float32) → linear → blocks of half a feed-forward module, attention, convolution, half a
//   feed-forward module, norm → linear → softmax
//
// The same as the ONNX graph of `acoustic/conformer/graph.py`, but that each row of a product is rounded by itself.
// Attention and convolutions are in float32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "int8_layers.hh"
#include "subsampling.hh"

namespace deepspeech {

class Int8Conformer {
 public:
  struct FeedForward {
    Norm norm;
    Int8Matrix up, down;  // [width, inner], [inner, width], which halves
  };
  struct Attention {
    Norm norm;
    Int8Matrix input, output;  // [width, 3 · width]: scaled queries, keys, values; [width, width]
  };
  struct Convolution {
    Norm norm;
    Int8Matrix input;                    // [width, 2 · width]: values and gates
    std::vector<float> depthwise, bias;  // [kernel, width], [width]
    Norm inner_norm;
    Int8Matrix output;  // [width, width]
  };
  struct Block {
    FeedForward forward_1;
    Attention attention;
    Convolution convolution;
    FeedForward forward_2;
    Norm norm;
  };
  // Of all clips, [clips] first unless said; those before a step, and then those after it.
  struct States {
    float* seen;               // valid frames of keys and values
    float *frame, *convolved;  // [dimensions], [kBlock, halved]
    float *keys, *values;      // [blocks, clips, left, width], keys before their rotation
    float* convolution;        // [blocks, clips, kernel − 1, width]
  };

  // `speeds`: radians that each pair of a head turns by per frame (rotary positions). `kernel`: see kernel_of(). Throws
  // std::invalid_argument where sizes do not fit together.
  Int8Conformer(Subsampling subsampling, Int8Matrix first, std::vector<Block> blocks, Int8Matrix last,
                std::size_t left, std::vector<float> speeds, const std::string& kernel);

  std::size_t dimensions() const { return subsampling_.dimensions(); }
  std::size_t halved() const { return subsampling_.halved(); }
  std::size_t width() const { return first_.outputs; }
  std::size_t blocks() const { return blocks_.size(); }
  std::size_t taps() const { return blocks_[0].convolution.depthwise.size() / width(); }
  std::size_t left() const { return left_; }
  std::size_t heads() const { return width() / (2 * speeds_.size()); }
  std::size_t classes() const { return last_.outputs; }

  // features[clips][frames][dimensions()], of which the first lengths[clip] of frames / 4 outputs are valid;
  // probabilities[clips][frames / 4][classes()].
  void step(const float* features, std::size_t clips, std::size_t frames, const std::int32_t* lengths,
            const States& states, float* probabilities) const;

 private:
  struct Step;

  void feed_forward(const Step& step, const FeedForward& layer, float* x) const;
  void attention(const Step& step, const Attention& layer, float* keys, float* values, float* x) const;
  void convolution(const Step& step, const Convolution& layer, float* before, float* x) const;

  const Kernel* kernel_;
  Subsampling subsampling_;
  Int8Matrix first_;
  std::vector<Block> blocks_;
  Int8Matrix last_;
  std::size_t left_;
  std::vector<float> speeds_;
};

}  // namespace deepspeech
