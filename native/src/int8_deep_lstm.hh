// A deep LSTM with 8-bit weights, step by step: features and states in, probabilities and states out.
//
//   features → subsampling (float32) → linear → look-ahead → blocks: x ← norm(x + LSTM(x)) → linear → softmax
//
// The same as the ONNX graph of `acoustic/deep_lstm/graph.py`, but that each row of a product is rounded by itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "int8_layers.hh"
#include "subsampling.hh"

namespace deepspeech {

class Int8DeepLstm {
 public:
  struct LookAhead {
    std::vector<float> depthwise, bias;  // [2 · ahead + 1, width], [width]
    Int8Matrix output;                   // [width, width]
    Norm norm;
  };
  struct Block {
    Int8Lstm lstm;
    Norm norm;
  };
  // Of all clips, [clips] first unless said; those before a step, and then those after it.
  struct States {
    float *frame, *convolved;  // [dimensions], [kBlock, halved]
    float* seen;               // [ahead, width]; unused without look-ahead
    float *h, *c;              // [blocks, clips, width]
  };

  // `kernel`: see kernel_of(). Throws std::invalid_argument where sizes do not fit together.
  Int8DeepLstm(Subsampling subsampling, Int8Matrix first, std::optional<LookAhead> look_ahead,
               std::vector<Block> blocks, Int8Matrix last, const std::string& kernel);

  std::size_t dimensions() const { return subsampling_.dimensions(); }
  std::size_t halved() const { return subsampling_.halved(); }
  std::size_t width() const { return first_.outputs; }
  std::size_t blocks() const { return blocks_.size(); }
  std::size_t classes() const { return last_.outputs; }
  std::size_t ahead() const { return ahead_; }

  // features[clips][frames][dimensions()]; frames / 4 − ahead() outputs: probabilities[clips][outputs][classes()].
  void step(const float* features, std::size_t clips, std::size_t frames, const States& states,
            float* probabilities) const;

 private:
  void look_ahead(std::size_t clips, std::size_t rows, float* seen, const float* x, float* out) const;

  const Kernel* kernel_;
  Subsampling subsampling_;
  Int8Matrix first_;
  std::optional<LookAhead> look_ahead_;
  std::vector<Block> blocks_;
  Int8Matrix last_;
  std::size_t ahead_ = 0;
};

}  // namespace deepspeech
