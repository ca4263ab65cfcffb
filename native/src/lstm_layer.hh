// A layer of an LSTM in training, float32: the recurrence over the packed frames of several clips, forward and backward.
//
// Packed frames: time-major, longest clip first, as in torch's PackedSequence; `counts` has the active clips of each
// frame, N in all. Shapes, row by row: gates and sums [N, 4 * hidden] in torch's order (input, forget, candidate,
// output); outputs and cells [counts[0] + N, hidden], of which the first counts[0] rows are the state before the first
// frame, zeros.
#pragma once

#include <cstddef>
#include <vector>

namespace deepspeech {

using Counts = std::vector<std::size_t>;

// `gates` holds W_ih·x + b and becomes the gates; `weight_HG` is the transpose of W_hh, [hidden, 4 * hidden]. Fills
// `cells` and `outputs` after their first rows.
void lstm_layer_forward(const Counts& counts, std::size_t hidden, const float* weight_HG, float* gates, float* cells,
                        float* outputs);

// Gradients of the sums [N, 4 * hidden] from those of the outputs [N, hidden]; `weight_GH` is W_hh.
void lstm_layer_backward(const Counts& counts, std::size_t hidden, const float* weight_GH, const float* gates,
                         const float* cells, const float* outputs_gradient, float* sums_gradient);

}  // namespace deepspeech
