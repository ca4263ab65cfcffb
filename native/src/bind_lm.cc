// Estimation of language models for Python: columns of tables in, columns out, the interpreter lock released around work.
#include "bind_lm.hh"

#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "adjust_counts.hh"
#include "arpa.hh"
#include "corpus.hh"
#include "interpolate.hh"
#include "ngram_key.hh"
#include "word_hash.hh"

namespace nb = nanobind;
using namespace nb::literals;
using namespace deepspeech;

namespace {

template <typename T>
using Column = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using AnyColumn = nb::ndarray<nb::ro, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Ids = nb::ndarray<const std::uint32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <typename T>
nb::object array_of(std::vector<T>&& values) {
  auto* kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(kept->data(), {kept->size()}, owner));
}

// Keys as columns `high` and `low`; `low` is uint32 where that is enough, so that tables and sorting stay small.
std::pair<nb::object, nb::object> columns_of(const std::vector<NgramKey>& keys, unsigned low_bits) {
  std::vector<std::uint64_t> high(keys.size()), low64;
  std::vector<std::uint32_t> low32;
  {
    nb::gil_scoped_release unlocked;
    for (std::size_t i = 0; i < keys.size(); ++i) high[i] = static_cast<std::uint64_t>(keys[i] >> low_bits);
    if (low_bits == 32)
      low32.assign(keys.begin(), keys.end());
    else
      low64.assign(keys.begin(), keys.end());
  }
  return {array_of(std::move(high)), low_bits == 32 ? array_of(std::move(low32)) : array_of(std::move(low64))};
}

std::vector<NgramKey> keys_of(const Column<std::uint64_t>& high, const AnyColumn& low, unsigned low_bits) {
  const nb::dlpack::dtype wanted = low_bits == 32 ? nb::dtype<std::uint32_t>() : nb::dtype<std::uint64_t>();
  if (low.dtype() != wanted || low.size() != high.size()) throw nb::value_error("the columns of keys do not fit");
  std::vector<NgramKey> keys(high.size());
  nb::gil_scoped_release unlocked;
  for (std::size_t i = 0; i < keys.size(); ++i)
    keys[i] = NgramKey{high.data()[i]} << low_bits |
              (low_bits == 32 ? static_cast<const std::uint32_t*>(low.data())[i]
                              : static_cast<const std::uint64_t*>(low.data())[i]);
  return keys;
}

template <typename T>
std::vector<T> values_of(const Column<T>& column, std::size_t rows) {
  if (column.size() != rows) throw nb::value_error("columns are of different lengths");
  return std::vector<T>(column.data(), column.data() + rows);
}

KeyShape shape_of(std::size_t order, unsigned word_bits) {
  if (order < 1 || word_bits < 1 || word_bits > 32 || order * word_bits > 128)
    throw nb::value_error("n-grams of this order and vocabulary have no key");
  return KeyShape{word_bits};
}

nb::list words_of(const WordList& list, Column<std::uint32_t> numbers) {
  nb::list words;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers.data()[i] >= list.size()) throw nb::index_error("no such word");
    const std::string_view word = list.word(numbers.data()[i]);
    words.append(nb::str(word.data(), word.size()));
  }
  return words;
}

void bind_corpus(nb::module_& m) {
  m.def("word_hashes",
        [](const std::vector<std::string>& words) {
          std::vector<std::uint64_t> hashes;
          for (const std::string& word : words) hashes.push_back(word_hash(word));
          return array_of(std::move(hashes));
        },
        "words"_a, "KenLM's hash of each word, uint64");
  nb::class_<Corpus>(m, "Corpus")
      .def(nb::init<bool>(), "markers_are_space"_a)
      .def("read",
           [](Corpus& corpus, nb::bytes lines) {
             std::vector<std::uint32_t> numbers;
             {
               nb::gil_scoped_release unlocked;
               corpus.read({lines.c_str(), lines.size()}, numbers);
             }
             return array_of(std::move(numbers));
           },
           "lines"_a, "whole lines -> uint32 number of each word, 2 at each end of line")
      .def("start_file", &Corpus::start_file)
      .def("__len__", [](const Corpus& corpus) { return corpus.words().size(); })
      .def("hashes",
           [](const Corpus& corpus) { return array_of(std::vector<std::uint64_t>(corpus.words().hashes())); })
      .def("occurrences", [](const Corpus& corpus) { return array_of(std::vector<std::uint64_t>(corpus.occurrences())); })
      .def("words",
           [](const Corpus& corpus, Column<std::uint32_t> numbers) { return words_of(corpus.words(), numbers); },
           "numbers"_a);
}

template <typename T>
nb::object matrix_of(std::vector<T>&& values, std::size_t columns) {
  auto* kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<2>>(kept->data(), {kept->size() / columns, columns}, owner));
}

nb::object unpack(Column<std::uint64_t> high, AnyColumn low, std::size_t order, unsigned word_bits) {
  const KeyShape shape = shape_of(order, word_bits);
  const std::vector<NgramKey> keys = keys_of(high, low, shape.low_bits(order));
  std::vector<std::uint32_t> ids(keys.size() * order);
  {
    nb::gil_scoped_release unlocked;
    std::size_t at = 0;
    for (const NgramKey key : keys)
      for (std::size_t back = order; back-- > 0;) ids[at++] = shape.word(key, order, back);
  }
  return matrix_of(std::move(ids), order);
}

std::pair<nb::object, nb::object> pack(Ids ids, unsigned word_bits) {
  const std::size_t order = ids.shape(1);
  const KeyShape shape = shape_of(order, word_bits);
  std::vector<NgramKey> keys(ids.shape(0));
  for (std::size_t row = 0; row < keys.size(); ++row)
    for (std::size_t back = 0; back < order; ++back)
      keys[row] = keys[row] << word_bits | ids(row, order - 1 - back);
  return columns_of(keys, shape.low_bits(order));
}

void bind_counts(nb::module_& m) {
  m.def("unpack_ngrams", &unpack, "high"_a, "low"_a, "order"_a, "word_bits"_a,
        "columns of keys -> uint32 ids [rows, order], oldest word first");
  m.def("pack_ngrams", &pack, "ids"_a, "word_bits"_a, "uint32 ids [rows, order], oldest word first -> columns of keys");

  struct Window {
    NgramWindow window;
    unsigned low_bits;
  };
  nb::class_<Window>(m, "NgramWindow")
      .def("__init__",
           [](Window* self, std::size_t order, unsigned word_bits, Column<std::uint32_t> ids) {
             const KeyShape shape = shape_of(order, word_bits);
             if (ids.size() < 3) throw nb::value_error("the markers have no ids");
             new (self) Window{NgramWindow(order, shape, values_of(ids, ids.size())), shape.low_bits(order)};
           },
           "order"_a, "word_bits"_a, "ids"_a)
      .def("read",
           [](Window& self, Column<std::uint32_t> numbers) {
             std::vector<NgramKey> keys;
             {
               nb::gil_scoped_release unlocked;
               keys.reserve(numbers.size());
               self.window.read(numbers.data(), numbers.size(), keys);
             }
             return columns_of(keys, self.low_bits);
           },
           "numbers"_a, "numbers of words -> columns of keys, one for each word and end of sentence");

  struct Counts {
    AdjustCounts counts;
    KeyShape shape;
  };
  nb::class_<Counts>(m, "AdjustCounts")
      .def("__init__",
           [](Counts* self, std::size_t order, unsigned word_bits, std::uint32_t words, std::uint32_t sentence_begin,
              std::uint32_t sentence_end, std::vector<std::uint64_t> thresholds) {
             const KeyShape shape = shape_of(order, word_bits);
             if (thresholds.size() != order || sentence_begin >= words || sentence_end >= words)
               throw nb::value_error("one threshold for each order");
             new (self) Counts{
                 AdjustCounts(order, shape, words, sentence_begin, sentence_end, std::move(thresholds)), shape};
           },
           "order"_a, "word_bits"_a, "words"_a, "sentence_begin"_a, "sentence_end"_a, "thresholds"_a)
      .def("read",
           [](Counts& self, Column<std::uint64_t> high, AnyColumn low) {
             const std::vector<NgramKey> keys = keys_of(high, low, self.shape.low_bits(self.counts.order()));
             nb::gil_scoped_release unlocked;
             self.counts.read(keys.data(), keys.size());
           },
           "high"_a, "low"_a)
      .def("finish", [](Counts& self) { self.counts.finish(); })
      .def("take",
           [](Counts& self, std::size_t n) {
             if (n < 2 || n > self.counts.order()) throw nb::value_error("no such order");
             NgramRows rows = std::move(self.counts.rows(n));
             self.counts.rows(n).clear();
             const auto [high, low] = columns_of(rows.keys, self.shape.low_bits(n));
             return nb::make_tuple(high, low, array_of(std::move(rows.counts)));
           },
           "n"_a, "n-grams counted since the last call: columns of keys by context; counts twice, odd where pruned")
      .def("unigrams", [](const Counts& self) { return array_of(std::vector<std::uint32_t>(self.counts.unigrams())); })
      .def("totals", [](const Counts& self) {
        std::vector<std::vector<std::uint64_t>> totals;
        for (const OrderCounts& one : self.counts.totals())
          totals.push_back({one.ngrams, one.with_count[1], one.with_count[2], one.with_count[3], one.with_count[4]});
        return totals;
      }, "of each order: different n-grams, and those of adjusted count 1, 2, 3, 4");
}

// Pieces of a Python iterator: columns `high`, `low`, then probabilities and back-offs as `wants` says.
RowSource source_of(nb::iterable pieces, unsigned low_bits, bool probabilities, bool backoffs) {
  const auto iterator = std::make_shared<nb::object>(nb::steal(PyObject_GetIter(pieces.ptr())));
  return [=]() {
    nb::gil_scoped_acquire locked;
    NgramRows rows;
    const nb::object piece = nb::steal(PyIter_Next(iterator->ptr()));
    if (!piece.is_valid()) {
      if (PyErr_Occurred()) throw nb::python_error();
      return rows;
    }
    rows.keys = keys_of(nb::cast<Column<std::uint64_t>>(piece[0]), nb::cast<AnyColumn>(piece[1]), low_bits);
    std::size_t next = 2;
    if (probabilities) rows.probabilities = values_of(nb::cast<Column<float>>(piece[next++]), rows.size());
    if (backoffs) rows.backoffs = values_of(nb::cast<Column<float>>(piece[next++]), rows.size());
    return rows;
  };
}

void bind_probabilities(nb::module_& m) {
  struct Shares {
    ShareOut shares;
    KeyShape shape;
    std::size_t order;
  };
  nb::class_<Shares>(m, "ShareOut")
      .def("__init__",
           [](Shares* self, std::size_t order, unsigned word_bits, std::array<float, 3> discounts,
              Column<std::uint8_t> kept) {
             const KeyShape shape = shape_of(order, word_bits);
             new (self) Shares{ShareOut(order, shape, {0.0f, discounts[0], discounts[1], discounts[2]},
                                        std::vector<bool>(kept.data(), kept.data() + kept.size())),
                               shape, order};
           },
           "order"_a, "word_bits"_a, "discounts"_a, "kept"_a)
      .def("read",
           [](Shares& self, Column<std::uint64_t> high, AnyColumn low, Column<std::uint32_t> counts) {
             NgramRows rows;
             rows.keys = keys_of(high, low, self.shape.low_bits(self.order));
             rows.counts = values_of(counts, rows.size());
             nb::gil_scoped_release unlocked;
             self.shares.read(rows);
           },
           "high"_a, "low"_a, "counts"_a)
      .def("finish", [](Shares& self) { self.shares.finish(); })
      .def("take_ngrams",
           [](Shares& self) {
             NgramRows rows = std::exchange(self.shares.ngrams, {});
             const auto [high, low] = columns_of(rows.keys, self.shape.low_bits(self.order));
             return nb::make_tuple(high, low, array_of(std::move(rows.probabilities)),
                                   array_of(std::move(rows.backoffs)));
           },
           "columns of keys, each n-gram's own share of probability, what its context leaves")
      .def("take_contexts",
           [](Shares& self) {
             NgramRows rows = std::exchange(self.shares.contexts, {});
             const auto [high, low] = columns_of(rows.keys, self.shape.low_bits(self.order - 1));
             return nb::make_tuple(high, low, array_of(std::move(rows.backoffs)));
           },
           "columns of keys of contexts, what each leaves");

  struct Finish {
    Interpolate interpolate;
    unsigned low_bits;
  };
  nb::class_<Finish>(m, "Interpolate")
      .def("__init__",
           [](Finish* self, std::size_t order, unsigned word_bits, nb::iterable shares, nb::iterable lower,
              nb::iterable contexts) {
             const KeyShape shape = shape_of(order, word_bits);
             const unsigned low_bits = shape.low_bits(order);
             new (self) Finish{Interpolate(order, shape, source_of(shares, low_bits, true, true),
                                           source_of(lower, shape.low_bits(order - 1), true, false),
                                           source_of(contexts, low_bits, false, true)),
                               low_bits};
           },
           "order"_a, "word_bits"_a, "shares"_a, "lower"_a, "contexts"_a)
      .def("next",
           [](Finish& self) {
             NgramRows rows;
             {
               nb::gil_scoped_release unlocked;
               rows = self.interpolate.next();
             }
             const auto [high, low] = columns_of(rows.keys, self.low_bits);
             return nb::make_tuple(high, low, array_of(std::move(rows.probabilities)),
                                   array_of(std::move(rows.backoffs)));
           },
           "columns of keys, log10 of probabilities, log10 of back-offs; none at the end");
}

void bind_gaps(nb::module_& m) {
  struct Gaps {
    SuffixGaps gaps;
    unsigned low_bits, lower_low_bits;
  };
  nb::class_<Gaps>(m, "SuffixGaps")
      .def("__init__",
           [](Gaps* self, std::size_t order, unsigned word_bits, nb::iterable lower) {
             const KeyShape shape = shape_of(order, word_bits);
             const unsigned lower_low_bits = shape.low_bits(order - 1);
             new (self) Gaps{SuffixGaps(shape, source_of(lower, lower_low_bits, false, false)), shape.low_bits(order),
                             lower_low_bits};
           },
           "order"_a, "word_bits"_a, "lower"_a)
      .def("read",
           [](Gaps& self, Column<std::uint64_t> high, AnyColumn low) {
             return columns_of(self.gaps.read(keys_of(high, low, self.low_bits)), self.lower_low_bits);
           },
           "high"_a, "low"_a, "n-grams in suffix order -> suffixes of theirs that the order below lacks");
}

void bind_arpa(nb::module_& m) {
  nb::class_<ArpaLines>(m, "ArpaLines")
      .def(nb::init<>())
      .def("add_words",
           [](ArpaLines& lines, const std::vector<std::string>& words) {
             for (const std::string& word : words) lines.add_word(word);
           },
           "words"_a, "the words of the next ids")
      .def("of",
           [](const ArpaLines& lines, Ids ids, Column<float> probabilities, Column<float> backoffs,
              bool with_backoffs) {
             const std::size_t rows = ids.shape(0);
             if (probabilities.size() != rows || backoffs.size() != rows)
               throw nb::value_error("columns are of different lengths");
             std::string text;
             {
               nb::gil_scoped_release unlocked;
               text = lines.of(ids.data(), ids.shape(1), probabilities.data(), backoffs.data(), rows, with_backoffs);
             }
             return nb::bytes(text.data(), text.size());
           },
           "ids"_a, "probabilities"_a, "backoffs"_a, "with_backoffs"_a);
  nb::class_<ArpaReader>(m, "ArpaReader")
      .def(nb::init<>())
      .def("read",
           [](ArpaReader& reader, nb::bytes lines) {
             nb::gil_scoped_release unlocked;
             reader.read({lines.c_str(), lines.size()});
           },
           "lines"_a)
      .def("finish", &ArpaReader::finish)
      .def_prop_ro("announced", &ArpaReader::announced)
      .def("take",
           [](ArpaReader& reader, std::size_t n) {
             if (n < 1 || n > reader.announced().size()) throw nb::value_error("no such order");
             ArpaReader::Rows rows = std::exchange(reader.rows(n), {});
             return nb::make_tuple(matrix_of(std::move(rows.numbers), n), array_of(std::move(rows.probabilities)),
                                   array_of(std::move(rows.backoffs)));
           },
           "n"_a, "n-grams read since the last time: numbers of words [rows, n], probabilities, back-offs")
      .def("hashes",
           [](const ArpaReader& reader) { return array_of(std::vector<std::uint64_t>(reader.words().hashes())); })
      .def("words",
           [](const ArpaReader& reader, Column<std::uint32_t> numbers) { return words_of(reader.words(), numbers); },
           "numbers"_a);
}

}  // namespace

void bind_lm(nb::module_& m) {
  bind_arpa(m);
  bind_corpus(m);
  bind_counts(m);
  bind_probabilities(m);
  bind_gaps(m);
}
