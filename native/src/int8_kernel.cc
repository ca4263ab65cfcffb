#include "int8_kernel.hh"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

namespace deepspeech {

namespace {
constexpr std::size_t kLine = 64;
constexpr std::size_t kMostInputs = 1 << 16;  // 255 · 127 · 65536 still fits into the 32 bits of a sum
}

template <class Value>
Aligned<Value>::Aligned(std::size_t count) {
  const std::size_t bytes = rounded_up(count * sizeof(Value), kLine);
  void* memory = ::operator new(bytes, std::align_val_t(kLine));
  std::memset(memory, 0, bytes);
  values_.reset(static_cast<Value*>(memory));
}

template <class Value>
void Aligned<Value>::Free::operator()(Value* values) const {
  ::operator delete(values, std::align_val_t(kLine));
}

template class Aligned<std::int8_t>;
template class Aligned<float>;

Int8Matrix::Int8Matrix(const std::int8_t* values, std::size_t inputs, std::size_t outputs, const float* scales,
                       std::size_t scale_count, const float* bias)
    : inputs(inputs),
      outputs(outputs),
      groups(rounded_up(inputs, kGroup) / kGroup),
      width(rounded_up(outputs, kBlock)),
      packed(groups * kGroup * width),
      scales(width),
      sums(width),
      bias(width) {
  if (inputs > kMostInputs) throw std::invalid_argument("the inputs do not fit: at most 65536 can be summed");
  for (std::size_t output = 0; output < outputs; ++output) {
    this->scales[output] = scales[scale_count == 1 ? 0 : output];
    this->bias[output] = bias[output];
  }
  for (std::size_t input = 0; input < inputs; ++input) {
    const std::int8_t* row = values + input * outputs;
    for (std::size_t output = 0; output < outputs; ++output) {
      const std::size_t block = output / kBlock;
      const std::size_t place = ((block * groups + input / kGroup) * kBlock + output % kBlock) * kGroup;
      packed.data()[place + input % kGroup] = row[output];
      sums[output] += row[output];
    }
  }
}

FloatMatrix::FloatMatrix(const float* values, std::size_t inputs, std::size_t outputs, const float* bias)
    : inputs(inputs),
      outputs(outputs),
      width(rounded_up(outputs, kBlock)),
      packed(inputs * width),
      bias(bias, bias + outputs) {
  this->bias.resize(width);
  for (std::size_t input = 0; input < inputs; ++input)
    for (std::size_t first = 0; first < outputs; first += kBlock)
      std::copy_n(values + input * outputs + first, std::min(kBlock, outputs - first),
                  packed.data() + first * inputs + input * kBlock);
}

const std::vector<NamedKernel>& kernels_here() {
  static const std::vector<NamedKernel> here = [] {
    std::vector<NamedKernel> found;
    for (const NamedKernel& one : {NamedKernel{"avx512", avx512_kernel()}, NamedKernel{"avx_vnni", avx_vnni_kernel()},
                                   NamedKernel{"avx2", avx2_kernel()}, NamedKernel{"neon", neon_kernel()},
                                   NamedKernel{"portable", portable_kernel()}})
      if (one.kernel) found.push_back(one);
    return found;
  }();
  return here;
}

}  // namespace deepspeech
