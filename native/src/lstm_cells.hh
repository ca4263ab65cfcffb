// What an LSTM computes between its matrix products, forward and backward, for one frame of several clips.
//
// Shapes, row by row: sums and gates [rows, 4 * width] in torch's order (input, forget, candidate, output), everything
// else [rows, width]. T is the type of what matrix products read and write: float, double, or Bfloat (the upper half of
// a float); Wide<T> that of the memory and of all arithmetic: float, for double double. Arrays must not overlap.
#pragma once

#include <cstddef>
#include <cstdint>

namespace deepspeech {

using Bfloat = std::uint16_t;  // its bits

template <class T>
struct WideOf {
  using Type = T;
};
template <>
struct WideOf<Bfloat> {
  using Type = float;
};
template <class T>
using Wide = typename WideOf<T>::Type;

struct LstmShape {
  std::size_t rows, width;
};

// Hochreiter & Schmidhuber 1997 with forget gates (Gers et al. 2000): c = f * before + i * g; output = o * tanh(c).
template <class T>
void lstm_forward(LstmShape shape, const T* sums, const Wide<T>* before, T* gates, Wide<T>* cells, T* outputs);

// Gradients of the sums from those of the outputs. `cells_gradient` comes in as the next frame's doing and goes out as
// this frame's, for the one before.
template <class T>
void lstm_backward(LstmShape shape, const T* gates, const Wide<T>* before, const Wide<T>* cells,
                   const T* outputs_gradient, Wide<T>* cells_gradient, T* sums_gradient);

}  // namespace deepspeech
