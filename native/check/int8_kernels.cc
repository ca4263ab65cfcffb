// Compares each kernel of 8-bit networks that this processor runs with the portable one, bit for bit, on many shapes.
//
// In: nothing. Out: a line a kernel; exit 1 where one differs. Plain C++ without Python, so that it runs in an emulator:
// `make kernels`, `make kernels-arm64`.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "int8_kernel.hh"

using namespace deepspeech;

namespace {

struct Chance {
  std::mt19937 engine{20260101};
  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(engine); }
  float normal(float scale) { return std::normal_distribution<float>(0, scale)(engine); }
  // Now and then what is hardly a number.
  float odd(float scale) {
    constexpr float kOdd[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                              -std::numeric_limits<float>::infinity(), 3e38f, -3e38f, 1e-42f, 0.0f, 88.5f, -87.9f};
    return below(40) ? normal(scale) : kOdd[below(std::size(kOdd))];
  }
};

// A NaN equals every NaN: its sign and payload are not promised.
bool same(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0 && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
  return true;
}

// What one kernel answers, all in a row: the first function that differs, or "" where none does.
std::string difference(const Kernel& one, const Kernel& other, Chance& chance) {
  const std::size_t inputs = 1 + chance.below(150), outputs = 1 + chance.below(200), rows = 1 + chance.below(15);
  std::vector<std::int8_t> weights(inputs * outputs);
  const bool extreme = chance.below(4) == 0;
  for (std::int8_t& value : weights)
    value = static_cast<std::int8_t>(extreme ? (chance.below(2) ? -128 : 127) : static_cast<int>(chance.below(256)) - 128);
  std::vector<float> scales(outputs), bias(outputs), x(rows * inputs), float_weights(inputs * outputs);
  for (auto* values : {&scales, &bias, &float_weights})
    for (float& value : *values) value = chance.normal(1);
  for (float& value : x) value = extreme ? 5.0f : chance.odd(3);
  const Int8Matrix matrix(weights.data(), inputs, outputs, scales.data(), outputs, bias.data());
  const FloatMatrix float_matrix(float_weights.data(), inputs, outputs, bias.data());

  const std::size_t size = matrix.groups * kGroup;
  std::vector<std::uint8_t> numbers[2];
  std::vector<RowScale> worth[2];
  std::vector<float> products[2], sums[2], c[2], h[2];
  std::vector<float> before(rows * matrix.width), gates(4 * inputs), cell(inputs);
  for (auto* values : {&before, &gates, &cell})
    for (float& value : *values) value = chance.odd(4);
  const bool add = chance.below(2);
  for (int k = 0; k < 2; ++k) {
    const Kernel& kernel = k ? other : one;
    numbers[k].resize(rows * size);
    worth[k].resize(rows);
    for (std::size_t row = 0; row < rows; ++row)
      worth[k][row] = kernel.round_row(x.data() + row * inputs, inputs, numbers[k].data() + row * size);
    products[k] = before;
    kernel.multiply(matrix, numbers[k].data(), worth[k].data(), rows, products[k].data(), add);
    sums[k].resize(rows * float_matrix.width);
    kernel.multiply_float(float_matrix, x.data(), rows, sums[k].data());
    c[k] = cell;
    h[k].resize(inputs);
    kernel.gates(gates.data(), inputs, c[k].data(), h[k].data());
  }
  for (std::size_t row = 0; row < rows; ++row)
    if (worth[0][row].zero != worth[1][row].zero || !same({worth[0][row].scale}, {worth[1][row].scale})) return "scale";
  if (numbers[0] != numbers[1]) return "round_row";
  if (!same(products[0], products[1])) return "multiply";
  if (!same(sums[0], sums[1])) return "multiply_float";
  return same(c[0], c[1]) && same(h[0], h[1]) ? "" : "gates";
}

}  // namespace

int main() {
  bool fine = true;
  for (const NamedKernel& one : kernels_here()) {
    Chance chance;
    std::string found;
    int round = 0;
    for (; round < 300 && found.empty(); ++round) found = difference(*one.kernel, *portable_kernel(), chance);
    if (!found.empty()) fine = false;
    std::printf("%-9s %s\n", one.name, found.empty() ? "equals the portable kernel" : ("differs in " + found).c_str());
  }
  return fine ? 0 : 1;
}
