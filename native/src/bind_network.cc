// Networks with 8-bit weights for Python. Weights are copied into the order of the kernel; steps run without the lock.
#include "bind_network.hh"

#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "int8_network.hh"

namespace nb = nanobind;
using namespace nb::literals;
using deepspeech::FloatMatrix;
using deepspeech::Int8Matrix;
using deepspeech::Int8Network;
using deepspeech::Norm;

namespace {

using Floats = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using FloatWeights = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Weights = nb::ndarray<const std::int8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Cube = nb::ndarray<const float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Result = nb::ndarray<nb::numpy, float, nb::ndim<3>>;
using Dense = std::tuple<Weights, Floats, Floats>;  // weights [inputs, outputs], scales [1 or outputs], bias [outputs]

std::vector<float> copied(const Floats& values) { return {values.data(), values.data() + values.size()}; }

Int8Matrix matrix(const Dense& dense) {
  const auto& [weights, scales, bias] = dense;
  const std::size_t outputs = weights.shape(1);
  if ((scales.size() != 1 && scales.size() != outputs) || bias.size() != outputs)
    throw nb::value_error("scales or bias do not fit the weights");
  return {weights.data(), weights.shape(0), outputs, scales.data(), scales.size(), bias.data()};
}

void make(Int8Network* self, Floats mean, Floats scale, std::pair<FloatWeights, Floats> first,
          const std::vector<Dense>& dense, const std::vector<std::pair<Dense, Dense>>& lstm, const Dense& last,
          const std::vector<std::pair<Floats, Floats>>& norms, float relu_clip,
          const std::string& kernel) {
  if (first.second.size() != first.first.shape(1)) throw nb::value_error("bias does not fit the weights");
  std::vector<Int8Matrix> middle;
  for (const Dense& one : dense) middle.push_back(matrix(one));
  std::vector<Int8Network::Lstm> layers;
  for (const auto& [input, recurrent] : lstm) layers.push_back({matrix(input), matrix(recurrent)});
  std::vector<Norm> normal;
  for (const auto& [factor, bias] : norms) normal.push_back({copied(factor), copied(bias)});
  new (self) Int8Network(
      copied(mean), copied(scale),
      FloatMatrix(first.first.data(), first.first.shape(0), first.first.shape(1), first.second.data()),
      std::move(middle), std::move(layers), matrix(last), std::move(normal), relu_clip, kernel);
}

std::vector<std::string> kernels() {
  std::vector<std::string> names;
  for (const deepspeech::NamedKernel& one : deepspeech::kernels_here()) names.emplace_back(one.name);
  return names;
}

Result cube(std::size_t a, std::size_t b, std::size_t c, std::unique_ptr<float[]> values) {
  float* data = values.release();
  nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<float*>(p); });
  return Result(data, {a, b, c}, owner);
}

std::unique_ptr<float[]> copy_of(const Cube& state) {
  std::unique_ptr<float[]> copy(new float[state.size()]);
  std::memcpy(copy.get(), state.data(), state.size() * sizeof(float));
  return copy;
}

std::tuple<Result, Result, Result> step(const Int8Network& network, Cube windows, Cube h, Cube c) {
  const std::size_t clips = windows.shape(0), frames = windows.shape(1), layers = network.layers();
  for (const Cube& state : {h, c})
    if (state.shape(0) != layers || state.shape(1) != clips || state.shape(2) != network.hidden())
      throw nb::value_error("the state has another shape than the network's");
  if (windows.shape(2) != network.window()) throw nb::value_error("windows have another size than the network's");
  auto next_h = copy_of(h), next_c = copy_of(c);
  std::unique_ptr<float[]> probabilities(new float[clips * frames * network.classes()]);
  {
    nb::gil_scoped_release unlocked;
    network.step(windows.data(), clips, frames, next_h.get(), next_c.get(), probabilities.get());
  }
  return {cube(clips, frames, network.classes(), std::move(probabilities)),
          cube(layers, clips, network.hidden(), std::move(next_h)),
          cube(layers, clips, network.hidden(), std::move(next_c))};
}

}  // namespace

void bind_network(nb::module_& m) {
  nb::class_<Int8Network>(m, "Int8Network")
      // Arrays of other types are refused, not turned into these.
      .def("__init__", &make, "mean"_a.noconvert(), "scale"_a.noconvert(), "first"_a.noconvert(), "dense"_a.noconvert(),
           "lstm"_a.noconvert(), "last"_a.noconvert(), "norms"_a.noconvert(), "relu_clip"_a, "kernel"_a = "")
      .def_static("runs_here", &Int8Network::runs_here)
      .def_static("kernels", &kernels)
      .def_prop_ro("window", &Int8Network::window)
      .def_prop_ro("hidden", &Int8Network::hidden)
      .def_prop_ro("classes", &Int8Network::classes)
      .def("step", &step, "windows"_a.noconvert(), "h"_a.noconvert(), "c"_a.noconvert());
}
