// Writing language models for Python: chunks of words and n-grams in, files filled in place. Without the lock.
#include "bind_language.hh"

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stdexcept>
#include <tuple>

#include "dictionary_writer.hh"
#include "kenlm_writer.hh"

namespace nb = nanobind;
using namespace nb::literals;
using deepspeech::KenlmPlan;
using deepspeech::KenlmWriter;

namespace {

using Floats = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Ids = nb::ndarray<const std::uint32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Dictionary = std::tuple<nb::bytes, std::size_t, std::size_t, std::size_t, std::vector<std::string>>;

KenlmPlan plan(unsigned type, const std::vector<std::uint64_t>& counts, unsigned probability_bits,
               unsigned backoff_bits, unsigned array_bits, float probing_multiplier) {
  if (counts.size() < 2 || counts.size() > deepspeech::kMaxOrder)
    throw deepspeech::FormatError("has order " + std::to_string(counts.size()) + "; orders 2 to " +
                                  std::to_string(deepspeech::kMaxOrder) + " can be written");
  if (counts[0] < 1 || counts[0] >= 0xFFFFFFFFull) throw deepspeech::FormatError("has too many words");
  const auto kind = static_cast<deepspeech::KenlmType>(type);
  if (type > 5 || kind == deepspeech::KenlmType::kRestProbing) throw std::invalid_argument("no type to be written");
  if (probability_bits < 1 || probability_bits > 25 || backoff_bits < 2 || backoff_bits > 25 || array_bits > 255)
    throw std::invalid_argument("bits out of range");
  return {{counts.size(), kind, probing_multiplier, false, counts}, probability_bits, backoff_bits, array_bits};
}

void add_rows(KenlmWriter& writer, Ids ids, Floats probabilities, Floats backoffs) {
  const std::size_t rows = ids.shape(0);
  if (probabilities.size() != rows || backoffs.size() != rows) throw nb::value_error("arrays of different lengths");
  const deepspeech::NgramChunk chunk{ids.shape(1), rows, ids.data(), probabilities.data(), backoffs.data()};
  nb::gil_scoped_release unlocked;
  writer.rows(chunk);
}

std::vector<float> bin_means(Floats values, std::size_t bins) {
  nb::gil_scoped_release unlocked;
  return deepspeech::bin_means(values.data(), values.size(), bins);
}

Dictionary write_dictionary(const std::vector<std::string>& words,
                            const std::optional<std::vector<std::string>>& labels, std::uint32_t space,
                            std::uint64_t offset) {
  deepspeech::WrittenDictionary written;
  {
    nb::gil_scoped_release unlocked;
    written = labels ? deepspeech::write_words(words, *labels, space, offset)
                      : deepspeech::write_bytes(words, offset);
  }
  return {nb::bytes(written.content.data(), written.content.size()), written.words, written.states, written.arcs,
          std::move(written.skipped)};
}

}  // namespace

void bind_language(nb::module_& m) {
  nb::class_<KenlmPlan>(m, "KenlmPlan")
      .def(nb::new_(&plan), "type"_a, "counts"_a, "probability_bits"_a, "backoff_bits"_a, "array_bits"_a,
           "probing_multiplier"_a)
      .def_prop_ro("size_bytes", &deepspeech::kenlm_bytes, "bytes of the file");
  nb::class_<KenlmWriter>(m, "KenlmWriter")
      .def(nb::init<const std::string&, const KenlmPlan&>(), "path"_a, "plan"_a,
           "`path` is a file of plan.size_bytes zeros")
      .def("words", &KenlmWriter::words, "spellings"_a, nb::call_guard<nb::gil_scoped_release>())
      .def("bins", &KenlmWriter::bins, "order"_a, "probabilities"_a, "backoffs"_a)
      .def("rows", &add_rows, "ids"_a, "probabilities"_a, "backoffs"_a)
      .def("finish", &KenlmWriter::finish);
  m.def("bin_means", &bin_means, "values"_a, "bins"_a,
        "means of `bins` equally filled parts of ascending values");
  m.def("write_dictionary", &write_dictionary, "words"_a, "labels"_a.none(), "space"_a, "offset"_a,
        "(content, words, states, arcs, skipped words); without labels the words are spelled in bytes");
}
