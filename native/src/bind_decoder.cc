// The beam search for Python: the interpreter lock is released around the search, a lock of its own taken for it.
#include "bind_decoder.hh"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <mutex>
#include <tuple>

#include "beam.hh"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Found = std::tuple<std::vector<std::uint32_t>, std::vector<std::uint32_t>, double>;

// Python lets two threads call the same object; they take turns.
class BeamSearch {
 public:
  explicit BeamSearch(const deepspeech::BeamOptions& options) : classes_(options.classes), beam_(options) {}

  void feed(Matrix probabilities) {
    if (probabilities.shape(1) != classes_) throw nb::value_error("the probabilities have the wrong number of classes");
    nb::gil_scoped_release unlocked;
    const std::lock_guard<std::mutex> turn(mutex_);
    beam_.feed(probabilities.data(), probabilities.shape(0));
  }

  std::vector<Found> best(std::size_t count) {
    nb::gil_scoped_release unlocked;
    const std::lock_guard<std::mutex> turn(mutex_);
    std::vector<Found> found;
    for (deepspeech::Hypothesis& one : beam_.best(count))
      found.emplace_back(std::move(one.labels), std::move(one.frames), one.score);
    return found;
  }

  std::size_t frames() {
    nb::gil_scoped_release unlocked;
    const std::lock_guard<std::mutex> turn(mutex_);
    return beam_.frames();
  }

  std::size_t entries() {
    nb::gil_scoped_release unlocked;
    const std::lock_guard<std::mutex> turn(mutex_);
    return beam_.entries();
  }

 private:
  std::size_t classes_;
  std::mutex mutex_;
  deepspeech::Beam beam_;
};

}  // namespace

void bind_decoder(nb::module_& m) {
  nb::class_<BeamSearch>(m, "BeamSearch")
      .def("__init__",
           [](BeamSearch* self, std::size_t classes, std::size_t beam_width, double cutoff_prob,
              std::size_t cutoff_top_n) {
             new (self) BeamSearch(deepspeech::BeamOptions{classes, beam_width, {cutoff_prob, cutoff_top_n}});
           },
           "classes"_a, "beam_width"_a, "cutoff_prob"_a, "cutoff_top_n"_a)
      .def("feed", &BeamSearch::feed, "probabilities"_a, "float32 probabilities [frames, classes], blank last")
      .def("best", &BeamSearch::best, "count"_a, "[(labels, frame of each label, natural-log score)], best first")
      .def_prop_ro("frames", &BeamSearch::frames, "frames fed so far")
      .def_prop_ro("entries", &BeamSearch::entries, "entries in memory, for tests of its bounds");
}
