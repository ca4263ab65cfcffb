#include "searches.hh"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "beam.hh"

namespace fuzz {
namespace {

using namespace deepspeech;

using Labels = std::vector<std::uint32_t>;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "finding: %s\n", what);
  std::abort();
}

// Labels along the dictionary's words, and now and then off them: what the network is made to hear.
Labels walk(const Scorer& scorer, std::size_t labels, Chance& chance) {
  Labels path;
  std::uint32_t state = scorer.dictionary.start();
  for (std::size_t length = chance.below(14); path.size() < length;) {
    const Dictionary::Arcs arcs = scorer.dictionary.arcs(state);
    const auto count = static_cast<std::uint64_t>(arcs.end() - arcs.begin());
    if (count == 0 || chance.once_in(12)) {
      path.push_back(static_cast<std::uint32_t>(chance.below(labels)));
      state = scorer.dictionary.start();
    } else {
      const Dictionary::Arc& arc = arcs.begin()[chance.below(count)];
      path.push_back(arc.label);
      state = arc.next;
    }
  }
  return path;
}

// Probabilities of a network that hears `path`, surely or not; now and then nothing but zeros or ones.
std::vector<float> emission(const Labels& path, std::size_t classes, Chance& chance) {
  std::vector<float> frames;
  const float sure = chance.one_of({0.3f, 0.7f, 0.99f, 1.0f});
  for (const std::uint32_t label : path) {
    std::vector<float> frame(classes, chance.once_in(10) ? 0.0f : (1.0f - sure) / static_cast<float>(classes));
    if (chance.once_in(20)) std::fill(frame.begin(), frame.end(), chance.one_of({0.0f, 1.0f, 1e-38f}));
    if (chance.once_in(3)) frame[chance.below(classes)] = chance.fraction();
    frame[chance.once_in(6) ? classes - 1 : label] = sure;
    frames.insert(frames.end(), frame.begin(), frame.end());
    if (chance.once_in(3)) frames.insert(frames.end(), frame.begin(), frame.end());
  }
  return frames;
}

std::string spell(const Language& language, const Labels& path) {
  std::string text;
  for (const std::uint32_t label : path) text += spelling(language, label);
  return text;
}

void score_words(const NgramModel& model, const std::vector<std::string>& words, Chance& chance) {
  NgramState state = chance.once_in(2) ? model.sentence_begin() : model.nothing();
  for (int i = 0; i < 12; ++i) {
    const std::uint32_t id = model.id(words[chance.below(words.size())]);
    expect(model.score(state, id, state).matched <= model.order(), "an n-gram longer than the order");
    expect(state.length < model.order(), "a state longer than the order");
  }
}

// A piece for each label, and some of several characters, which the dictionary may or may not know.
std::shared_ptr<Pieces> pieces_of(const Language& language, Chance& chance) {
  auto pieces = std::make_shared<Pieces>();
  const auto labels = static_cast<std::uint32_t>(language.labels.size());
  for (std::uint32_t label = 0; label < labels; ++label) {
    if (label == language.space)
      pieces->all.push_back({true, "", {}, true});
    else
      pieces->all.push_back({chance.once_in(6), language.labels[label], {label}, !chance.once_in(20)});
  }
  for (std::uint64_t count = chance.below(12); count > 0; --count) {
    Piece piece{chance.once_in(2), "", {}, true};
    for (const std::uint32_t label : walk(*language.scorer, labels, chance))
      if (label != language.space) {
        piece.text += language.labels[label];
        piece.characters.push_back(label);
      }
    pieces->all.push_back(std::move(piece));
  }
  return pieces;
}

// Throws std::invalid_argument where the scorer fits no alphabet of ours.
std::shared_ptr<Language> language_of(std::shared_ptr<const Scorer> scorer, Chance& chance) {
  const std::size_t labels =
      scorer->bytes_mode ? 255 : std::max<std::size_t>(2, std::min<std::uint32_t>(scorer->dictionary.labels(), 40));
  auto language = std::make_shared<Language>();
  language->space = scorer->dictionary.last_label();
  for (std::size_t label = 0, next = 0; label < labels; ++label)
    language->labels.push_back(label == language->space ? " " : std::string(1, static_cast<char>('a' + next++)));
  const float own = static_cast<float>(scorer->alpha), own_beta = static_cast<float>(scorer->beta);
  language->alpha = chance.one_of({own, own, own, 0.0f, 1.0f, -2.0f, 999999.0f});
  language->beta = chance.one_of({own_beta, own_beta, own_beta, 0.0f, -1.0f, 999999.0f, -999999.0f});
  language->scorer = std::move(scorer);
  check(*language);
  if (!language->scorer->bytes_mode && chance.once_in(3)) language->pieces = pieces_of(*language, chance);
  if (chance.once_in(3))
    for (std::uint64_t count = chance.below(4); count > 0; --count)
      language->hot_words[spell(*language, walk(*language->scorer, labels, chance))] =
          chance.one_of({1.0f, -3.0f, 20.0f, 999999.0f, -999999.0f});
  check(*language);
  return language;
}

std::shared_ptr<ContextGraph> context_graph_of(const Language& language, Chance& chance) {
  std::vector<Phrase> phrases;
  for (std::uint64_t count = chance.between(1, 4); count > 0; --count) {
    Labels labels = walk(*language.scorer, language.labels.size(), chance);
    if (chance.once_in(2)) std::reverse(labels.begin(), labels.end());
    while (!labels.empty() && labels.back() == language.space) labels.pop_back();
    phrases.push_back({labels, chance.one_of({0.0f, 0.5f, 3.0f, 100.0f})});
  }
  try {
    const bool anywhere = language.scorer->bytes_mode || chance.once_in(4);
    std::vector<Labels> spelled;
    if (language.pieces)
      for (const Piece& piece : language.pieces->all) {
        spelled.push_back(piece.starts_word ? Labels{language.space} : Labels{});
        spelled.back().insert(spelled.back().end(), piece.characters.begin(), piece.characters.end());
      }
    return std::make_shared<ContextGraph>(phrases, anywhere ? ContextGraph::kAnywhere : language.space,
                                          std::move(spelled));
  } catch (const std::invalid_argument&) {
    return nullptr;  // a space too many
  }
}

void check_found(const std::vector<Hypothesis>& found, const Beam& beam, std::size_t labels, bool in_order) {
  double previous = std::numeric_limits<double>::infinity();
  for (const Hypothesis& one : found) {
    expect(std::isfinite(one.score), "a score that is no number");
    expect(!in_order || one.score <= previous, "scores out of order");
    expect(one.labels.size() == one.frames.size(), "labels without times");
    for (const std::uint32_t label : one.labels) expect(label < labels, "a label that is not in the alphabet");
    for (const std::uint32_t frame : one.frames) expect(frame < beam.frames(), "a time that has not come");
    previous = one.score;
  }
}

void search(std::shared_ptr<const Language> language, Chance& chance) {
  const std::size_t labels = language->tokens(), classes = labels + 1;
  BeamOptions options{classes, chance.one_of({1u, 2u, 3u, 8u, 40u}), {}, language, nullptr};
  if (chance.once_in(4)) options.cutoff = {chance.one_of({0.5, 0.99}), chance.one_of({1u, 3u, 40u})};
  if (chance.once_in(3)) options.cutoff.least = chance.one_of({-1.0f, -5.0f, -50.0f});
  if (chance.once_in(3)) options.threshold = chance.one_of({0.1f, 5.0f, 50.0f});
  if (chance.once_in(2)) options.context_graph = context_graph_of(*language, chance);
  const std::vector<float> frames = emission(walk(*language->scorer, labels, chance), classes, chance);
  Beam beam(options);
  const std::size_t count = frames.size() / classes, first = chance.below(count + 1);
  beam.feed(frames.data(), first);
  if (chance.once_in(2)) check_found(beam.best(2), beam, labels, !options.context_graph);
  const Hypothesis before = beam.best(1).front();
  const std::uint32_t fixed = beam.fixed();
  if (chance.once_in(2)) {
    Labels sure(before.labels.begin() + fixed, before.labels.end());
    sure.resize(chance.below(sure.size() + 1));
    beam.commit(sure, fixed);
    expect(beam.committed_prefix(fixed).size() >= sure.size(), "the committed prefix is too short");
  }
  beam.feed(frames.data() + first * classes, count - first);
  const std::vector<Hypothesis> found = beam.best(chance.between(1, 50)), rest = beam.best(found.size(), fixed);
  check_found(found, beam, labels, !options.context_graph);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Hypothesis& one = found[i];
    expect(std::equal(before.labels.begin(), before.labels.begin() + fixed, one.labels.begin()), "a fixed label moved");
    expect(std::equal(before.frames.begin(), before.frames.begin() + fixed, one.frames.begin()), "a fixed time moved");
    expect(std::equal(rest[i].frames.begin(), rest[i].frames.end(), one.frames.begin() + fixed), "other times after a skip");
  }
}

}  // namespace

void search_with(const std::uint8_t* data, std::size_t size, Chance& chance, Tally& tally) {
  ++tally.files;
  try {
    const std::shared_ptr<const Scorer> scorer = open_scorer(std::make_shared<const MappedFile>(data, size));
    ++tally.opened;
    score_words(scorer->model, {"<s>", "</s>", "a", "b", "ab", "ba", "bb", "the", "é", "日", "unheard"}, chance);
    const std::shared_ptr<const Language> language = language_of(scorer, chance);
    ++tally.fitting;
    for (std::uint64_t searches = chance.between(1, 2); searches > 0; --searches) {
      search(language, chance);
      ++tally.searches;
    }
  } catch (const FormatError&) {
  } catch (const std::invalid_argument&) {
  }
}

}  // namespace fuzz
