#include "lstm_layer.hh"

#include <algorithm>

#include "int8_kernel.hh"
#include "lstm_cells.hh"

namespace deepspeech {
namespace {

// Products with one weight [inputs, outputs], on the kernel that is best here.
class Product {
 public:
  Product(const float* weight, std::size_t inputs, std::size_t outputs, std::size_t rows)
      : weight_(weight, inputs, outputs, std::vector<float>(outputs).data()), out_(rows * weight_.width) {}

  // sum[rows][outputs] = x[rows][inputs] · weight + other[rows][outputs].
  void added(const float* x, std::size_t rows, const float* other, float* sum) {
    kernels_here().front().kernel->multiply_float(weight_, x, rows, out_.data());
    for (std::size_t row = 0; row < rows; ++row) {
      const float* product = out_.data() + row * weight_.width;
      const float* summand = other + row * weight_.outputs;
      float* target = sum + row * weight_.outputs;
      for (std::size_t j = 0; j < weight_.outputs; ++j) target[j] = product[j] + summand[j];
    }
  }

 private:
  FloatMatrix weight_;
  Aligned<float> out_;
};

}  // namespace

void lstm_layer_forward(const Counts& counts, std::size_t hidden, const float* weight_HG, float* gates, float* cells,
                        float* outputs) {
  const std::size_t first = counts.front();
  Product recurrent(weight_HG, hidden, 4 * hidden, first);
  std::vector<float> sums(first * 4 * hidden);
  std::size_t before = 0, here = first;  // rows of `outputs` and `cells`
  for (const std::size_t count : counts) {
    float* gate = gates + (here - first) * 4 * hidden;
    recurrent.added(outputs + before * hidden, count, gate, sums.data());
    lstm_forward<float>({count, hidden}, sums.data(), cells + before * hidden, gate, cells + here * hidden,
                        outputs + here * hidden);
    before = here;
    here += count;
  }
}

void lstm_layer_backward(const Counts& counts, std::size_t hidden, const float* weight_GH, const float* gates,
                         const float* cells, const float* outputs_gradient, float* sums_gradient) {
  const std::size_t first = counts.front();
  Product recurrent(weight_GH, 4 * hidden, hidden, first);
  std::vector<float> gradient(first * hidden), memory(first * hidden);
  std::size_t end = 0;  // rows of the frames up to this one
  for (const std::size_t count : counts) end += count;
  std::size_t later = 0;  // clips of the frame after this one
  for (std::size_t frame = counts.size(); frame-- > 0;) {
    const std::size_t count = counts[frame], begin = end - count;
    const std::size_t before = frame ? begin - counts[frame - 1] + first : 0;
    const float* own = outputs_gradient + begin * hidden;
    std::copy(own + later * hidden, own + count * hidden, gradient.data() + later * hidden);
    if (later) recurrent.added(sums_gradient + end * 4 * hidden, later, own, gradient.data());
    lstm_backward<float>({count, hidden}, gates + begin * 4 * hidden, cells + before * hidden,
                         cells + (first + begin) * hidden, gradient.data(), memory.data(),
                         sums_gradient + begin * 4 * hidden);
    later = count;
    end = begin;
  }
}

}  // namespace deepspeech
