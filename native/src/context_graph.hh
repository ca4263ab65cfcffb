// Hot phrases as a context graph: an Aho-Corasick automaton over labels that boosts the texts that contain them.
//
// Each label of a phrase is boosted by its strength. The boost of a partial match is provisional (`loan`): it is taken
// back unless the phrase is completed, so that a complete text is boosted for whole phrases only. Labels of overlapping
// phrases count once. Matching: Aho and Corasick 1975, with suffixes that begin a word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "prefix_tree.hh"

namespace deepspeech {

struct Phrase {
  std::vector<std::uint32_t> labels;
  float strength;  // boost of each label, a natural logarithm, from 0
};

// A state of the graph, and the final boost of the phrases completed before it.
struct ContextState {
  Id state;
  float earned;  // natural logarithm
};

// Immutable; streams and threads may share it.
class ContextGraph {
 public:
  static constexpr std::uint32_t kAnywhere = kNone;

  // Phrases match whole words; with kAnywhere as `space` they match anywhere. If tokens are pieces of words, labels are
  // characters and `pieces` the characters of each token, with the space that starts a word. Throws
  // std::invalid_argument for invalid phrases.
  ContextGraph(const std::vector<Phrase>& phrases, std::uint32_t space,
               std::vector<std::vector<std::uint32_t>> pieces = {});

  ContextState start() const { return {kRoot, 0.0f}; }
  ContextState extend(const ContextState& position, std::uint32_t label) const {
    return arrive(position, label, next(position.state, label));
  }

  // The same with a token, where tokens are pieces of words.
  ContextState extend_piece(const ContextState& position, std::uint32_t token) const;

  // The boost of the text, partial matches included.
  float boost(const ContextState& position) const { return position.earned + states_[position.state].loan; }

  // The boost of the text if it ends here.
  float final_boost(const ContextState& position) const {
    return position.earned + (whole_words() ? states_[position.state].whole : 0.0f);
  }

  // Whether a phrase continues with `label`, or is whole and `label` the space after it.
  bool expects(Id state, std::uint32_t label) const {
    return find(state, label) != nullptr || (label == space_ && states_[state].is_whole);
  }

  // Calls visit(label, position after it) for all that expects() is true for; where a label comes again, only its first
  // visit counts. Any other label drops the boost of partial matches.
  template <typename Visit>
  void each_expected(const ContextState& position, Visit visit) const {
    for (Id id = position.state; id != kNone; id = states_[id].shorter)
      for (const Arc& arc : states_[id].arcs) visit(arc.label, arrive(position, arc.label, arc.next));
    if (whole_words() && states_[position.state].is_whole) visit(space_, extend(position, space_));
  }

  // Of pieces: whether phrases continue with each character of `token`, after the space that starts a word.
  bool has_pieces() const { return !pieces_.empty(); }
  bool expects_piece(const ContextState& position, std::uint32_t token) const;

  // Calls visit(token), perhaps more than once, for all pieces whose first character continues or begins a phrase.
  // Others add no boost.
  template <typename Visit>
  void each_expected_piece(const ContextState& position, Visit visit) const {
    visit_pieces(position.state, inside_, visit);
    if (whole_words()) visit_pieces(extend(position, space_).state, starting_, visit);
  }

  // Whether a word of a phrase, or the phrase, ends here.
  bool ends_word(Id state) const { return whole_words() && expects(state, space_); }

  // Whether a network with `classes` outputs, blank included, can use this graph.
  bool fit(std::size_t classes) const { return has_pieces() ? pieces_.size() + 1 == classes : labels_ < classes; }

 private:
  using ByCharacter = std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>;

  static constexpr Id kRoot = 0;       // where phrases may begin
  static constexpr Id kElsewhere = 1;  // in a word that can be no phrase's

  struct Arc {
    std::uint32_t label;
    Id next;
  };
  struct State {
    std::vector<Arc> arcs;  // by ascending label
    Id shorter = kNone;     // failure link: the longest proper suffix that may be in a phrase
    std::uint32_t depth = 0;
    float strength = 0.0f;      // the greatest of the phrases that lead through here
    float own_strength = 0.0f;  // of the phrase that ends here
    bool is_whole = false;      // some phrase ends here, be it a suffix
    float inside = 0.0f;        // boost of phrases completed on the path from the root
    float whole = 0.0f;         // boost of phrases that end here
    float loan = 0.0f;
  };

  bool whole_words() const { return space_ != kAnywhere; }
  void check(const Phrase& phrase) const;
  void insert(const Phrase& phrase);
  void join(Id state, Id parent, std::uint32_t label);
  const Arc* own_arc(Id state, std::uint32_t label) const;
  const Arc* find(Id state, std::uint32_t label) const;
  Id next(Id state, std::uint32_t label) const;

  template <typename Visit>
  void visit_pieces(Id state, const ByCharacter& pieces, Visit visit) const {
    for (Id id = state; id != kNone; id = states_[id].shorter)
      for (const Arc& arc : states_[id].arcs) {
        const auto found = pieces.find(arc.label);
        if (found == pieces.end()) continue;
        for (const std::uint32_t token : found->second) visit(token);
      }
  }
  ContextState arrive(const ContextState& position, std::uint32_t label, Id next) const {
    if (!whole_words()) return {next, position.earned + states_[next].whole};
    return {next, label == space_ ? position.earned + states_[position.state].whole : position.earned};
  }

  std::uint32_t space_;
  std::uint32_t labels_ = 0;  // those in use are below
  std::vector<State> states_;
  std::vector<std::vector<std::uint32_t>> pieces_;
  ByCharacter inside_, starting_;  // pieces by first character, within a word and at its start
};

}  // namespace deepspeech
