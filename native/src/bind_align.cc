// Forced alignment for Python, without the interpreter's lock.
#include "bind_align.hh"

#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "ctc_align.hh"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using States = nb::ndarray<nb::numpy, std::int32_t, nb::ndim<1>>;

std::tuple<States, double> align(Matrix log_probs, std::vector<std::int32_t> tokens,
                                 std::vector<std::size_t> unit_ends, std::vector<double> omit_costs,
                                 std::vector<std::size_t> group_ends, std::vector<double> group_costs,
                                 std::vector<double> gap_costs, std::size_t blank, double star_cost,
                                 double wildcard_cost, double floor, std::size_t band, std::size_t memory_bytes) {
  deepspeech::Alignment found;
  {
    nb::gil_scoped_release unlocked;
    const deepspeech::AlignInput input{
        log_probs.data(),      log_probs.shape(0),    log_probs.shape(1),     blank,
        std::move(tokens),     std::move(unit_ends),  std::move(omit_costs),  std::move(group_ends),
        std::move(group_costs), std::move(gap_costs)};
    found = deepspeech::ctc_align(input, {star_cost, wildcard_cost, floor, band, memory_bytes});
  }
  auto states = std::make_unique<std::int32_t[]>(found.states.size());
  std::copy(found.states.begin(), found.states.end(), states.get());
  std::int32_t* data = states.release();
  nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<std::int32_t*>(p); });
  return {States(data, {found.states.size()}, owner), found.score};
}

}  // namespace

void bind_align(nb::module_& m) {
  m.attr("WILDCARD") = deepspeech::kWildcard;
  m.def("ctc_align", &align, "log_probs"_a, "tokens"_a, "unit_ends"_a, "omit_costs"_a,
        "group_ends"_a, "group_costs"_a, "gap_costs"_a, "blank"_a, "star_cost"_a,
        "wildcard_cost"_a, "floor"_a, "band"_a, "memory_bytes"_a,
        "log probabilities [frames, classes] -> the state of each frame, and the score of the path");
}
