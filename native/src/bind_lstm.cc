// The LSTM's cells and layers for Python: arrays filled in place, the interpreter lock released around the work.
#include "bind_lstm.hh"

#include <nanobind/ndarray.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdint>

#include "lstm_cells.hh"
#include "lstm_layer.hh"

namespace nb = nanobind;
using namespace nb::literals;
using deepspeech::Bfloat;
using deepspeech::LstmShape;
using deepspeech::Wide;

namespace {

template <class V>
using Rows = nb::ndarray<V, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using In = Rows<const T>;
template <class T>
using Out = Rows<T>;
template <class T>
using WideIn = Rows<const Wide<T>>;
template <class T>
using WideOut = Rows<Wide<T>>;

template <class A>
void demand(const A& array, std::size_t rows, std::size_t columns) {
  if (array.shape(0) != rows || array.shape(1) != columns) throw nb::value_error("arrays of shapes that do not fit");
}

template <class T>
void forward(In<T> sums, WideIn<T> before, Out<T> gates, WideOut<T> cells, Out<T> outputs) {
  const LstmShape shape{cells.shape(0), cells.shape(1)};
  demand(sums, shape.rows, 4 * shape.width);
  demand(gates, shape.rows, 4 * shape.width);
  demand(before, shape.rows, shape.width);
  demand(outputs, shape.rows, shape.width);
  nb::gil_scoped_release unlocked;
  deepspeech::lstm_forward<T>(shape, sums.data(), before.data(),
                              gates.data(), cells.data(), outputs.data());
}

template <class T>
void backward(In<T> gates, WideIn<T> before, WideIn<T> cells, In<T> outputs_gradient, WideOut<T> cells_gradient,
              Out<T> sums_gradient) {
  const LstmShape shape{cells.shape(0), cells.shape(1)};
  demand(gates, shape.rows, 4 * shape.width);
  demand(sums_gradient, shape.rows, 4 * shape.width);
  demand(before, shape.rows, shape.width);
  demand(outputs_gradient, shape.rows, shape.width);
  demand(cells_gradient, shape.rows, shape.width);
  nb::gil_scoped_release unlocked;
  deepspeech::lstm_backward<T>(shape, gates.data(), before.data(), cells.data(),
                               outputs_gradient.data(), cells_gradient.data(),
                               sums_gradient.data());
}

// The rows of all frames. Raises ValueError unless counts are those of packed frames.
std::size_t frames_of(const deepspeech::Counts& counts) {
  const bool packed = std::is_sorted(counts.rbegin(), counts.rend());
  if (counts.empty() || !counts.back() || !packed) throw nb::value_error("counts that are not of packed frames");
  std::size_t frames = 0;
  for (const std::size_t count : counts) frames += count;
  return frames;
}

void layer_forward(const deepspeech::Counts& counts, In<float> weight, Out<float> gates, Out<float> cells,
                   Out<float> outputs) {
  const std::size_t frames = frames_of(counts), hidden = weight.shape(0);
  demand(weight, hidden, 4 * hidden);
  demand(gates, frames, 4 * hidden);
  demand(cells, counts.front() + frames, hidden);
  demand(outputs, counts.front() + frames, hidden);
  nb::gil_scoped_release unlocked;
  deepspeech::lstm_layer_forward(counts, hidden, weight.data(), gates.data(), cells.data(), outputs.data());
}

void layer_backward(const deepspeech::Counts& counts, In<float> weight, In<float> gates, In<float> cells,
                    In<float> outputs_gradient, Out<float> sums_gradient) {
  const std::size_t frames = frames_of(counts), hidden = weight.shape(1);
  demand(weight, 4 * hidden, hidden);
  demand(gates, frames, 4 * hidden);
  demand(cells, counts.front() + frames, hidden);
  demand(outputs_gradient, frames, hidden);
  demand(sums_gradient, frames, 4 * hidden);
  nb::gil_scoped_release unlocked;
  deepspeech::lstm_layer_backward(counts, hidden, weight.data(), gates.data(), cells.data(), outputs_gradient.data(),
                                  sums_gradient.data());
}

template <class T>
void bind(nb::module_& m) {
  m.def("lstm_forward", &forward<T>, "sums"_a.noconvert(), "before"_a.noconvert(), "gates"_a.noconvert(),
        "cells"_a.noconvert(), "outputs"_a.noconvert(),
        "one frame: sums [rows, 4 * width], memory before -> gates, memory, outputs; uint16 holds bfloat16");
  m.def("lstm_backward", &backward<T>, "gates"_a.noconvert(), "before"_a.noconvert(), "cells"_a.noconvert(),
        "outputs_gradient"_a.noconvert(), "cells_gradient"_a.noconvert(), "sums_gradient"_a.noconvert(),
        "one frame: gradients of outputs and memory -> gradients of the sums and of the memory before");
}

}  // namespace

void bind_lstm(nb::module_& m) {
  bind<float>(m);
  bind<double>(m);
  bind<Bfloat>(m);
  m.def("lstm_layer_forward", &layer_forward, "counts"_a, "weight"_a.noconvert(), "gates"_a.noconvert(),
        "cells"_a.noconvert(), "outputs"_a.noconvert(),
        "all packed frames: sums in `gates`, transposed weight [hidden, 4 * hidden] -> gates, memory, outputs");
  m.def("lstm_layer_backward", &layer_backward, "counts"_a, "weight"_a.noconvert(), "gates"_a.noconvert(),
        "cells"_a.noconvert(), "outputs_gradient"_a.noconvert(), "sums_gradient"_a.noconvert(),
        "all packed frames: gradients of outputs, weight [4 * hidden, hidden] -> gradients of the sums");
}
