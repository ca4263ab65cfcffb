// Networks with 8-bit weights for Python. Weights are copied into the order of the kernel; steps run without the lock.
#include "bind_network.hh"

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "int8_conformer.hh"
#include "int8_deep_lstm.hh"
#include "int8_network.hh"

namespace nb = nanobind;
using namespace nb::literals;
using deepspeech::FloatMatrix;
using deepspeech::Int8Conformer;
using deepspeech::Int8DeepLstm;
using deepspeech::Int8Lstm;
using deepspeech::Int8Matrix;
using deepspeech::Int8Network;
using deepspeech::Norm;

namespace {

using Floats = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using FloatWeights = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Weights = nb::ndarray<const std::int8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Cube = nb::ndarray<const float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using State = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;  // of any shape
using Lengths = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Result = nb::ndarray<nb::numpy, float>;
using Dense = std::tuple<Weights, Floats, Floats>;  // weights [inputs, outputs], scales [1 or outputs], bias [outputs]

std::vector<float> copied(const Floats& values) { return {values.data(), values.data() + values.size()}; }

Int8Matrix matrix(const Dense& dense) {
  const auto& [weights, scales, bias] = dense;
  const std::size_t outputs = weights.shape(1);
  if ((scales.size() != 1 && scales.size() != outputs) || bias.size() != outputs)
    throw nb::value_error("scales or bias do not fit the weights");
  return {weights.data(), weights.shape(0), outputs, scales.data(), scales.size(), bias.data()};
}

FloatMatrix float_matrix(const std::pair<FloatWeights, Floats>& linear) {
  const auto& [weights, bias] = linear;
  if (bias.size() != weights.shape(1)) throw nb::value_error("bias does not fit the weights");
  return {weights.data(), weights.shape(0), weights.shape(1), bias.data()};
}

Norm norm(const std::pair<Floats, Floats>& parts) { return {copied(parts.first), copied(parts.second)}; }

void make(Int8Network* self, Floats mean, Floats scale, std::pair<FloatWeights, Floats> first,
          const std::vector<Dense>& dense, const std::vector<std::pair<Dense, Dense>>& lstm, const Dense& last,
          const std::vector<std::pair<Floats, Floats>>& norms, float relu_clip,
          const std::string& kernel) {
  std::vector<Int8Matrix> middle;
  for (const Dense& one : dense) middle.push_back(matrix(one));
  std::vector<Int8Lstm> layers;
  for (const auto& [input, recurrent] : lstm) layers.push_back({matrix(input), matrix(recurrent)});
  std::vector<Norm> normal;
  for (const auto& one : norms) normal.push_back(norm(one));
  new (self) Int8Network(copied(mean), copied(scale), float_matrix(first), std::move(middle), std::move(layers),
                         matrix(last), std::move(normal), relu_clip, kernel);
}

std::vector<std::string> kernels() {
  std::vector<std::string> names;
  for (const deepspeech::NamedKernel& one : deepspeech::kernels_here()) names.emplace_back(one.name);
  return names;
}

// Takes over the values.
Result array(const std::vector<std::size_t>& shape, std::unique_ptr<float[]> values) {
  float* data = values.release();
  nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<float*>(p); });
  return Result(data, shape.size(), shape.data(), owner);
}

// A copy, with the place of its numbers. Raises ValueError where it has another size.
std::pair<Result, float*> next_of(const State& state, std::size_t size) {
  if (state.size() != size) throw nb::value_error("a state has another size than the network's");
  std::unique_ptr<float[]> copy(new float[size]);
  if (size) std::memcpy(copy.get(), state.data(), size * sizeof(float));
  std::vector<std::size_t> shape(state.ndim());
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = state.shape(i);
  float* data = copy.get();
  return {array(shape, std::move(copy)), data};
}

std::tuple<Result, Result, Result> step(const Int8Network& network, Cube windows, Cube h, Cube c) {
  const std::size_t clips = windows.shape(0), frames = windows.shape(1), layers = network.layers();
  for (const Cube& state : {h, c})
    if (state.shape(0) != layers || state.shape(1) != clips || state.shape(2) != network.hidden())
      throw nb::value_error("the state has another shape than the network's");
  if (windows.shape(2) != network.window()) throw nb::value_error("windows have another size than the network's");
  auto [next_h, of_h] = next_of(State(h), h.size());
  auto [next_c, of_c] = next_of(State(c), c.size());
  std::unique_ptr<float[]> probabilities(new float[clips * frames * network.classes()]);
  {
    nb::gil_scoped_release unlocked;
    network.step(windows.data(), clips, frames, of_h, of_c, probabilities.get());
  }
  return {array({clips, frames, network.classes()}, std::move(probabilities)), next_h, next_c};
}

using SubsamplingParts = std::tuple<Floats, Floats, std::pair<FloatWeights, Floats>, std::pair<FloatWeights, Floats>,
                                    std::pair<FloatWeights, Floats>>;  // mean, scale, first, depthwise, pointwise
using NormParts = std::pair<Floats, Floats>;
using LookAheadParts = std::tuple<std::pair<FloatWeights, Floats>, Dense, NormParts>;
using BlockParts = std::tuple<Dense, Dense, NormParts>;

std::vector<float> flat(const FloatWeights& x) { return {x.data(), x.data() + x.size()}; }

deepspeech::Subsampling subsampling_of(const SubsamplingParts& parts) {
  const auto& [mean, scale, conv, depthwise, pointwise] = parts;
  return {copied(mean), copied(scale), float_matrix(conv), flat(depthwise.first), copied(depthwise.second),
          float_matrix(pointwise)};
}

void make_deep(Int8DeepLstm* self, const SubsamplingParts& subsampling, const Dense& first,
               const std::optional<LookAheadParts>& look_ahead, const std::vector<BlockParts>& blocks,
               const Dense& last, const std::string& kernel) {
  std::optional<Int8DeepLstm::LookAhead> ahead;
  if (look_ahead) {
    const auto& [taps, output, parts] = *look_ahead;
    ahead.emplace(Int8DeepLstm::LookAhead{flat(taps.first), copied(taps.second), matrix(output), norm(parts)});
  }
  std::vector<Int8DeepLstm::Block> layers;
  for (const auto& [input, recurrent, parts] : blocks)
    layers.push_back({{matrix(input), matrix(recurrent)}, norm(parts)});
  new (self) Int8DeepLstm(subsampling_of(subsampling), matrix(first), std::move(ahead), std::move(layers),
                          matrix(last), kernel);
}

std::tuple<Result, Result, Result, Result, Result, Result> step_deep(
    const Int8DeepLstm& network, Cube features, State frame, State convolved, State seen, State h, State c) {
  const std::size_t clips = features.shape(0), frames = features.shape(1), width = network.width();
  if (features.shape(2) != network.dimensions() || frames % 4 || frames / 4 <= network.ahead())
    throw nb::value_error("a chunk has another size than the network's");
  auto [next_frame, of_frame] = next_of(frame, clips * network.dimensions());
  auto [next_convolved, of_convolved] = next_of(convolved, clips * deepspeech::kBlock * network.halved());
  auto [next_seen, of_seen] = next_of(seen, clips * network.ahead() * width);
  auto [next_h, of_h] = next_of(h, network.blocks() * clips * width);
  auto [next_c, of_c] = next_of(c, network.blocks() * clips * width);
  const std::size_t outputs = frames / 4 - network.ahead();
  std::unique_ptr<float[]> probabilities(new float[clips * outputs * network.classes()]);
  const Int8DeepLstm::States states{of_frame, of_convolved, of_seen, of_h, of_c};
  {
    nb::gil_scoped_release unlocked;
    network.step(features.data(), clips, frames, states, probabilities.get());
  }
  return {array({clips, outputs, network.classes()}, std::move(probabilities)), next_frame, next_convolved, next_seen,
          next_h, next_c};
}

using FeedForwardParts = std::tuple<NormParts, Dense, Dense>;
using AttentionParts = std::tuple<NormParts, Dense, Dense>;
using ConvolutionParts = std::tuple<NormParts, Dense, std::pair<FloatWeights, Floats>, NormParts, Dense>;
using ConformerBlockParts = std::tuple<FeedForwardParts, AttentionParts, ConvolutionParts, FeedForwardParts, NormParts>;

void make_conformer(Int8Conformer* self, const SubsamplingParts& subsampling, const Dense& first,
                    const std::vector<ConformerBlockParts>& blocks, const Dense& last, std::size_t left,
                    const Floats& speeds, const std::string& kernel) {
  const auto feed_forward = [](const FeedForwardParts& parts) {
    const auto& [before, up, down] = parts;
    return Int8Conformer::FeedForward{norm(before), matrix(up), matrix(down)};
  };
  std::vector<Int8Conformer::Block> layers;
  for (const auto& [forward_1, attention, convolution, forward_2, after] : blocks) {
    const auto& [attention_norm, attention_input, attention_output] = attention;
    const auto& [convolution_norm, convolution_input, depthwise, inner_norm, convolution_output] = convolution;
    layers.push_back({feed_forward(forward_1),
                      {norm(attention_norm), matrix(attention_input), matrix(attention_output)},
                      {norm(convolution_norm), matrix(convolution_input), flat(depthwise.first),
                       copied(depthwise.second), norm(inner_norm), matrix(convolution_output)},
                      feed_forward(forward_2),
                      norm(after)});
  }
  new (self) Int8Conformer(subsampling_of(subsampling), matrix(first), std::move(layers), matrix(last), left,
                           copied(speeds), kernel);
}

std::tuple<Result, Result, Result, Result, Result, Result, Result> step_conformer(
    const Int8Conformer& network, Cube features, Lengths lengths, State seen, State frame, State convolved, State keys,
    State values, State convolution) {
  const std::size_t clips = features.shape(0), frames = features.shape(1), width = network.width();
  if (features.shape(2) != network.dimensions() || frames % 4 || !frames || lengths.size() != clips)
    throw nb::value_error("a chunk has another size than the network's");
  const std::size_t cached = network.blocks() * clips * network.left() * width;
  auto [next_seen, of_seen] = next_of(seen, clips);
  auto [next_frame, of_frame] = next_of(frame, clips * network.dimensions());
  auto [next_convolved, of_convolved] = next_of(convolved, clips * deepspeech::kBlock * network.halved());
  auto [next_keys, of_keys] = next_of(keys, cached);
  auto [next_values, of_values] = next_of(values, cached);
  auto [next_convolution, of_convolution] =
      next_of(convolution, network.blocks() * clips * (network.taps() - 1) * width);
  const std::size_t outputs = frames / 4;
  std::unique_ptr<float[]> probabilities(new float[clips * outputs * network.classes()]);
  const Int8Conformer::States states{of_seen, of_frame, of_convolved, of_keys, of_values, of_convolution};
  {
    nb::gil_scoped_release unlocked;
    network.step(features.data(), clips, frames, lengths.data(), states, probabilities.get());
  }
  return {array({clips, outputs, network.classes()}, std::move(probabilities)), next_seen, next_frame, next_convolved,
          next_keys, next_values, next_convolution};
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
  nb::class_<Int8DeepLstm>(m, "Int8DeepLstm")
      .def("__init__", &make_deep, "subsampling"_a.noconvert(), "first"_a.noconvert(),
           "look_ahead"_a.noconvert().none(), "blocks"_a.noconvert(), "last"_a.noconvert(), "kernel"_a = "")
      .def_prop_ro("dimensions", &Int8DeepLstm::dimensions)
      .def_prop_ro("channels", [](const Int8DeepLstm&) { return deepspeech::kBlock; })
      .def_prop_ro("halved", &Int8DeepLstm::halved)
      .def_prop_ro("width", &Int8DeepLstm::width)
      .def_prop_ro("blocks", &Int8DeepLstm::blocks)
      .def_prop_ro("ahead", &Int8DeepLstm::ahead)
      .def_prop_ro("classes", &Int8DeepLstm::classes)
      .def("step", &step_deep, "features"_a.noconvert(), "frame"_a.noconvert(), "convolved"_a.noconvert(),
           "seen"_a.noconvert(), "h"_a.noconvert(), "c"_a.noconvert());
  nb::class_<Int8Conformer>(m, "Int8Conformer")
      .def("__init__", &make_conformer, "subsampling"_a.noconvert(), "first"_a.noconvert(), "blocks"_a.noconvert(),
           "last"_a.noconvert(), "left"_a, "speeds"_a.noconvert(), "kernel"_a = "")
      .def_prop_ro("dimensions", &Int8Conformer::dimensions)
      .def_prop_ro("channels", [](const Int8Conformer&) { return deepspeech::kBlock; })
      .def_prop_ro("halved", &Int8Conformer::halved)
      .def_prop_ro("width", &Int8Conformer::width)
      .def_prop_ro("blocks", &Int8Conformer::blocks)
      .def_prop_ro("taps", &Int8Conformer::taps)
      .def_prop_ro("left", &Int8Conformer::left)
      .def_prop_ro("heads", &Int8Conformer::heads)
      .def_prop_ro("classes", &Int8Conformer::classes)
      .def("step", &step_conformer, "features"_a.noconvert(), "lengths"_a.noconvert(), "seen"_a.noconvert(),
           "frame"_a.noconvert(), "convolved"_a.noconvert(), "keys"_a.noconvert(), "values"_a.noconvert(),
           "convolution"_a.noconvert());
}
