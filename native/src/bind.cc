// Features for Python. Only bind*.cc know Python: arrays in, arrays out, the interpreter lock released around work.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>

#include "bind_align.hh"
#include "bind_decoder.hh"
#include "bind_language.hh"
#include "bind_lm.hh"
#include "bind_lstm.hh"
#include "bind_network.hh"
#include "frame_kernel.hh"
#include "online_cmn.hh"

namespace nb = nanobind;
using namespace nb::literals;
using deepspeech::FrameKernel;
using deepspeech::FrameKind;
using deepspeech::FrameShape;

namespace {

using Vector = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using OwnMatrix = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using OwnState = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Result = nb::ndarray<nb::numpy, float, nb::ndim<2>>;

Result new_matrix(std::size_t rows, std::size_t columns, std::unique_ptr<float[]> values) {
  float* data = values.release();
  nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<float*>(p); });
  return Result(data, {rows, columns}, owner);
}

// What `fill` writes, without the interpreter's lock.
template <class Fill>
Result filled(std::size_t rows, std::size_t columns, Fill fill) {
  std::unique_ptr<float[]> out(new float[rows * columns]);
  {
    nb::gil_scoped_release unlocked;
    fill(out.get());
  }
  return new_matrix(rows, columns, std::move(out));
}

Result power(const FrameKernel& kernel, Vector samples) {
  return filled(kernel.windows(samples.size()), kernel.bins(),
                [&](float* out) { kernel.power(samples.data(), samples.size(), out); });
}

Result frames(const FrameKernel& kernel, Matrix spectrum) {
  if (spectrum.shape(1) != kernel.bins()) throw nb::value_error("the spectrum has the wrong number of bins");
  return filled(spectrum.shape(0), kernel.dimensions(),
                [&](float* out) { kernel.frames(spectrum.data(), spectrum.shape(0), out); });
}

Result features(const FrameKernel& kernel, Vector samples) {
  return filled(kernel.windows(samples.size()), kernel.dimensions(),
                [&](float* out) { kernel.features(samples.data(), samples.size(), out); });
}

void running_mean(OwnMatrix features, double keep, OwnState state) {
  if (state.size() != features.shape(1) + 1) throw nb::value_error("the state has the wrong number of values");
  nb::gil_scoped_release unlocked;
  deepspeech::online_cmn(features.data(), features.shape(0), features.shape(1), keep, state.data());
}

}  // namespace

NB_MODULE(_native, m) {
  nb::class_<FrameKernel>(m, "FrameKernel")
      .def_prop_ro("bins", &FrameKernel::bins)
      .def_prop_ro("dimensions", &FrameKernel::dimensions)
      .def("power", &power, "samples"_a, "float32 samples [N] -> squared magnitudes [frames, bins]")
      .def("frames", &frames, "power"_a, "squared magnitudes [frames, bins] -> features [frames, dimensions]")
      .def("features", &features, "samples"_a, "float32 samples [N] -> features [frames, dimensions]");
  m.def("mfcc_kernel",
        [](int sample_rate_hz, int window_samples, int step_samples, int mel_bands, double low_hz, double high_hz,
           int coefficients) {
          return FrameKernel({FrameKind::mfcc, sample_rate_hz, window_samples, step_samples, mel_bands, low_hz, high_hz,
                              coefficients, 0.0});
        },
        "sample_rate_hz"_a, "window_samples"_a, "step_samples"_a, "mel_bands"_a, "low_hz"_a, "high_hz"_a,
        "coefficients"_a);
  m.def("log_mel_kernel",
        [](int sample_rate_hz, int window_samples, int step_samples, int mel_bands, double low_hz, double high_hz,
           double preemphasis) {
          return FrameKernel({FrameKind::log_mel, sample_rate_hz, window_samples, step_samples, mel_bands, low_hz,
                              high_hz, 0, preemphasis});
        },
        "sample_rate_hz"_a, "window_samples"_a, "step_samples"_a, "mel_bands"_a, "low_hz"_a, "high_hz"_a,
        "preemphasis"_a);
  m.def("online_cmn", &running_mean, "features"_a, "keep"_a, "state"_a,
        "in place: features [frames, dimensions] less their running mean; state: sums [dimensions] and their count");
  bind_align(m);
  bind_decoder(m);
  bind_language(m);
  bind_lm(m);
  bind_lstm(m);
  bind_network(m);
}
