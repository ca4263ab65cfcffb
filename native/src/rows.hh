// Loops over rows of numbers, for the instructions of the processor at hand; the same bits on all of them.
#pragma once

#include <cstddef>

namespace deepspeech {

// x ← x · sigmoid(x).
void silu(float* x, std::size_t count);

// x ← x · sigmoid(gate).
void glu(const float* gate, std::size_t count, float* x);

// sum ← sum + x · weight, element by element.
void add_products(const float* x, const float* weight, std::size_t count, float* sum);

// x ← (x − its mean) / its deviation · scale + bias, of one row.
void normalize(const float* scale, const float* bias, double epsilon, std::size_t count, float* x);

// Cosines and sines [rows][half] turn the halves a and b of each head of x[rows][heads][2][half]:
// (a, b) → (a · cos − b · sin, b · cos + a · sin). Rows of x are `stride` apart.
void rotate(const float* cosines, const float* sines, std::size_t rows, std::size_t heads, std::size_t half,
            std::size_t stride, float* x);

// One head of attention: out[rows][size] = softmax(queries · keys + mask) · values. queries[rows][size],
// keys[size][count], values[count][size], mask[count]; rows of queries, values and out are so far apart.
struct Head {
  std::size_t rows, count, size;
  const float* queries;
  std::size_t query_stride;
  const float* keys;
  const float* values;
  std::size_t value_stride;
  const float* mask;
  float* out;
  std::size_t out_stride;
};
void attend(const Head& head, float* scores);  // scores[count] is room to work in

}  // namespace deepspeech
