// The beam search for Python: the interpreter lock is released around the search, a lock of its own taken for it.
#include "bind_decoder.hh"

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unordered_map.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include "beam.hh"
#include "spelling.hh"

namespace nb = nanobind;
using namespace nb::literals;
using deepspeech::Language;
using deepspeech::NgramModel;
using deepspeech::Phrase;
using deepspeech::ContextGraph;
using deepspeech::Pieces;
using deepspeech::Scorer;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Found = std::tuple<std::vector<std::uint32_t>, std::vector<std::uint32_t>, double>;
using WordScore = std::tuple<double, std::uint32_t, bool>;

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

  std::vector<Found> best(std::size_t count, std::uint32_t skip) {
    nb::gil_scoped_release unlocked;
    const std::lock_guard<std::mutex> turn(mutex_);
    std::vector<Found> found;
    for (deepspeech::Hypothesis& one : beam_.best(count, skip))
      found.emplace_back(std::move(one.labels), std::move(one.frames), one.score);
    return found;
  }

  void commit(const std::vector<std::uint32_t>& labels, std::uint32_t skip, nb::bytes word_starts) {
    const std::string starts(word_starts.c_str(), word_starts.size());
    nb::gil_scoped_release unlocked;
    const std::lock_guard<std::mutex> turn(mutex_);
    beam_.commit(labels, skip, starts);
  }

  std::vector<std::uint32_t> committed_prefix(std::uint32_t skip) {
    nb::gil_scoped_release unlocked;
    const std::lock_guard<std::mutex> turn(mutex_);
    return beam_.committed_prefix(skip);
  }

  std::uint32_t fixed() {
    nb::gil_scoped_release unlocked;
    const std::lock_guard<std::mutex> turn(mutex_);
    return beam_.fixed();
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

std::vector<double> word_probabilities(Matrix probabilities, const std::vector<std::uint32_t>& labels,
                                       const std::vector<std::uint32_t>& label_frames,
                                       std::optional<std::uint32_t> space, std::size_t margin, nb::bytes word_starts) {
  const std::string starts(word_starts.c_str(), word_starts.size());
  nb::gil_scoped_release unlocked;
  const deepspeech::Frames frames{probabilities.data(), probabilities.shape(0), probabilities.shape(1)};
  return deepspeech::word_probabilities(frames, labels, label_frames, space.value_or(deepspeech::kNoLabel), margin,
                                        starts);
}

using PieceParts = std::tuple<bool, std::string, std::optional<std::vector<std::uint32_t>>>;

std::shared_ptr<Pieces> make_pieces(std::vector<PieceParts> parts) {
  auto pieces = std::make_shared<Pieces>();
  for (auto& [starts_word, text, characters] : parts) {
    const bool spelled = characters.has_value();
    pieces->all.push_back({starts_word, std::move(text),
                           std::move(characters).value_or(std::vector<std::uint32_t>{}), spelled});
  }
  return pieces;
}

std::shared_ptr<NgramModel> open_model(const std::string& path) {
  return std::make_shared<NgramModel>(std::make_shared<const deepspeech::MappedFile>(path));
}

std::vector<WordScore> score_words(const NgramModel& model, const std::vector<std::string>& words, bool begin,
                                   bool end) {
  deepspeech::NgramState state = begin ? model.sentence_begin() : model.nothing();
  std::vector<WordScore> scores;
  for (std::size_t i = 0; i < words.size() + end; ++i) {
    const std::uint32_t id = model.id(i < words.size() ? words[i] : "</s>");
    const deepspeech::NgramScore score = model.score(state, id, state);
    scores.emplace_back(score.log10, score.matched, id == deepspeech::kUnknownWord);
  }
  return scores;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> arcs(const Scorer& scorer, std::uint32_t state) {
  if (state >= scorer.dictionary.states()) throw nb::index_error("no such state");
  std::vector<std::pair<std::uint32_t, std::uint32_t>> found;
  for (const deepspeech::Dictionary::Arc& arc : scorer.dictionary.arcs(state)) found.emplace_back(arc.label, arc.next);
  return found;
}

void bind_scorer(nb::module_& m) {
  nb::class_<NgramModel>(m, "NgramModel")
      .def(nb::new_(&open_model), "path"_a, nb::call_guard<nb::gil_scoped_release>())
      .def_prop_ro("order", &NgramModel::order)
      .def_prop_ro("counts", [](const NgramModel& model) { return model.header().counts; })
      .def_prop_ro("type", [](const NgramModel& model) { return static_cast<unsigned>(model.header().type); })
      .def_prop_ro("has_strings", [](const NgramModel& model) { return model.header().has_strings; })
      .def_prop_ro("bits", &NgramModel::bits, "(of probabilities, of backoffs), 0 where they are not quantized")
      .def_prop_ro("end", &NgramModel::end, "bytes of the file that are the model")
      .def("id", [](const NgramModel& model, const std::string& word) { return model.id(word); }, "word"_a,
           "0: an unknown word")
      .def("score", &score_words, "words"_a, "begin"_a, "end"_a,
           "[(log10 of the probability, words of the n-gram found, unknown)] of each word, and of the end");
  nb::class_<Scorer>(m, "Scorer")
      .def(nb::new_([](const std::string& path) { return deepspeech::open_scorer(path); }), "path"_a,
           nb::call_guard<nb::gil_scoped_release>())
      .def_prop_ro("order", [](const Scorer& scorer) { return scorer.model.order(); })
      .def_prop_ro("words", [](const Scorer& scorer) { return scorer.dictionary.words(); })
      .def_prop_ro("states", [](const Scorer& scorer) { return scorer.dictionary.states(); })
      .def_prop_ro("arc_count", [](const Scorer& scorer) { return scorer.dictionary.arc_count(); })
      .def_prop_ro("start", [](const Scorer& scorer) { return scorer.dictionary.start(); })
      .def_prop_ro("labels", [](const Scorer& scorer) { return scorer.dictionary.labels(); })
      .def("knows", [](const Scorer& scorer, const std::string& word) { return scorer.model.id(word) != 0; }, "word"_a,
           "whether the language model has seen this word (a character in bytes mode)")
      .def("arcs", &arcs, "state"_a, "[(label, next state)]; the start again after the end of a word")
      .def_ro("bytes_mode", &Scorer::bytes_mode)
      .def_ro("alpha", &Scorer::alpha)
      .def_ro("beta", &Scorer::beta);
  nb::class_<Pieces>(m, "WordPieces")
      .def(nb::new_(&make_pieces), "pieces"_a,
           "[(starts a word, text without its space, dictionary labels of its characters or None)] of each token");
  nb::class_<Language>(m, "Language")
      .def(nb::new_([](std::shared_ptr<Scorer> scorer, std::vector<std::string> labels,
                       std::optional<std::uint32_t> space, double alpha, double beta,
                       std::unordered_map<std::string, float> hot_words, std::shared_ptr<Pieces> pieces) {
             Language language{std::move(scorer), std::move(labels), space.value_or(deepspeech::kNoLabel),
                               static_cast<float>(alpha), static_cast<float>(beta), std::move(hot_words),
                               std::move(pieces)};
             deepspeech::check(language);
             return std::make_shared<Language>(std::move(language));
           }),
           "scorer"_a, "labels"_a, "space"_a.none(), "alpha"_a, "beta"_a, "hot_words"_a, "pieces"_a = nb::none(),
           "`labels` are the dictionary's; `pieces` the network's tokens, where these are no labels");
}

void bind_context_graph(nb::module_& m) {
  nb::class_<ContextGraph>(m, "ContextGraph")
      .def(nb::new_([](const std::vector<std::pair<std::vector<std::uint32_t>, float>>& strengths,
                       std::optional<std::uint32_t> space, std::vector<std::vector<std::uint32_t>> pieces) {
             std::vector<Phrase> phrases;
             for (const auto& [labels, strength] : strengths) phrases.push_back({labels, strength});
             return std::make_shared<ContextGraph>(phrases, space.value_or(ContextGraph::kAnywhere), std::move(pieces));
           }),
           "phrases"_a, "space"_a.none(), "pieces"_a = std::vector<std::vector<std::uint32_t>>{},
           "[(labels, strength of each label)]; without a space they stand anywhere; `pieces`: labels of each token");
}

}  // namespace

void bind_decoder(nb::module_& m) {
  bind_scorer(m);
  m.def("word_probabilities", &word_probabilities, "probabilities"_a, "labels"_a, "frames"_a, "space"_a.none(),
        "margin"_a, "word_starts"_a = nb::bytes(""), "probability of each word of `labels`, by the network alone");
  bind_context_graph(m);
  nb::class_<BeamSearch>(m, "BeamSearch")
      .def("__init__",
           [](BeamSearch* self, std::size_t classes, std::size_t beam_width, double cutoff_prob,
              std::size_t cutoff_top_n, std::shared_ptr<Language> language,
              std::shared_ptr<ContextGraph> context_graph, float beam_threshold, float token_min_logp) {
             new (self) BeamSearch(deepspeech::BeamOptions{classes, beam_width, {cutoff_prob, cutoff_top_n, token_min_logp},
                                                           std::move(language), std::move(context_graph),
                                                           beam_threshold});
           },
           "classes"_a, "beam_width"_a, "cutoff_prob"_a, "cutoff_top_n"_a, "language"_a = nb::none(),
           "context_graph"_a = nb::none(), "beam_threshold"_a = kInfinity, "token_min_logp"_a = -kInfinity)
      .def("feed", &BeamSearch::feed, "probabilities"_a, "float32 probabilities [frames, classes], blank last")
      .def("best", &BeamSearch::best, "count"_a, "skip"_a = 0,
           "[(labels, frame of each label, natural-log score)], best first, without the first `skip` labels")
      .def("commit", &BeamSearch::commit, "labels"_a, "skip"_a = 0, "word_starts"_a = nb::bytes(""),
           "make `labels` after the first `skip` final; with `word_starts`, a token that starts a word must follow")
      .def("committed_prefix", &BeamSearch::committed_prefix, "skip"_a = 0,
           "longest common prefix of the sequences in the beam, without its first `skip` labels")
      .def_prop_ro("fixed", &BeamSearch::fixed, "length of the prefix that all sequences share with its frames")
      .def_prop_ro("frames", &BeamSearch::frames, "frames fed so far")
      .def_prop_ro("entries", &BeamSearch::entries, "entries in memory, for tests of its bounds");
}
