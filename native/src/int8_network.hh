// A DeepSpeech network with 8-bit weights, step by step: windows and state in, probabilities and state out.
//
//   windows → normalize → dense 1 (float32), 2, 3 → LSTM layers → dense 5 → layer 6 → softmax
//
// The same as the ONNX graph of `acoustic/deepspeech/graph.py`, but that each row of a product is rounded by itself.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "int8_layers.hh"

namespace deepspeech {

class Int8Network {
 public:
  // `kernel`: the name of one of kernels_here(); empty: the fastest, but not the portable one. Throws
  // std::invalid_argument where sizes do not fit together, std::runtime_error where the processor has no such kernel.
  Int8Network(std::vector<float> mean, std::vector<float> scale, FloatMatrix first, std::vector<Int8Matrix> dense,
              std::vector<Int8Lstm> lstm, Int8Matrix last, std::vector<Norm> norms, float relu_clip,
              const std::string& kernel);

  static bool runs_here() { return kernels_here().front().kernel != portable_kernel(); }

  std::size_t window() const { return first_.inputs; }
  std::size_t classes() const { return last_.outputs; }
  std::size_t hidden() const { return dense_[0].outputs; }
  std::size_t layers() const { return lstm_.size(); }

  // windows[clips][frames][window()], h and c[layers][clips][hidden()] (changed), probabilities[clips][frames][classes()].
  void step(const float* windows, std::size_t clips, std::size_t frames, float* h, float* c,
            float* probabilities) const;

 private:
  void dense(const Int8Matrix& weights, const Norm& norm, std::size_t rows, float* x) const;
  void clip_and_norm(const Norm& norm, std::size_t rows, std::size_t width, float* x) const;

  const Kernel* kernel_;
  std::vector<float> mean_;   // [coefficients]
  std::vector<float> scale_;  // [coefficients]
  FloatMatrix first_;
  std::vector<Int8Matrix> dense_;  // 2, 3, 5
  std::vector<Int8Lstm> lstm_;
  Int8Matrix last_;
  std::vector<Norm> norms_;  // of dense layers 1, 2, 3, 5
  float relu_clip_;
};

}  // namespace deepspeech
