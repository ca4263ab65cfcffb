// Phrases that are expected in what is said, as an automaton over labels: what a text earns by holding them.
//
// A phrase earns its strength for each label. It earns on loan while it grows: a beginning that is not followed by the
// rest gives everything back, so that in the end a text has earned for whole phrases alone. Where one phrase stands
// inside another, its labels earn once. Matching: Aho and Corasick 1975, with suffixes that begin a word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "prefix_tree.hh"

namespace deepspeech {

struct Phrase {
  std::vector<std::uint32_t> labels;
  float strength;  // natural logarithm that each label earns, from 0
};

// Where a text stands among the phrases, and what it has earned for good.
struct PhrasePosition {
  Id state;
  float earned;  // natural logarithm
};

// Immutable; streams and threads may share it.
class Phrases {
 public:
  static constexpr std::uint32_t kAnywhere = kNone;

  // Phrases are whole words between spaces or ends of the text; with kAnywhere as `space` they may begin and end
  // anywhere. Where tokens are pieces of words, labels are letters and `pieces` the letters of each token, with the
  // space that starts a word. Throws std::invalid_argument for what is no phrase.
  Phrases(const std::vector<Phrase>& phrases, std::uint32_t space, std::vector<std::vector<std::uint32_t>> pieces = {});

  PhrasePosition start() const { return {kRoot, 0.0f}; }
  PhrasePosition extend(const PhrasePosition& position, std::uint32_t label) const {
    return arrive(position, label, next(position.state, label));
  }

  // The same with a token, where tokens are pieces of words.
  PhrasePosition extend_piece(const PhrasePosition& position, std::uint32_t token) const;

  // What the text has earned, loans included.
  float boost(const PhrasePosition& position) const { return position.earned + states_[position.state].loan; }

  // What it has earned if it ends here.
  float final_boost(const PhrasePosition& position) const {
    return position.earned + (whole_words() ? states_[position.state].whole : 0.0f);
  }

  // Whether a phrase goes on with `label`, or is whole and `label` the space after it.
  bool expects(Id state, std::uint32_t label) const {
    return find(state, label) != nullptr || (label == space_ && states_[state].is_whole);
  }

  // Calls visit(label, position after it) for all that expects() is true for; where a label comes again, only its first
  // visit counts. After any other label a text has what it has earned, and no more.
  template <typename Visit>
  void each_expected(const PhrasePosition& position, Visit visit) const {
    for (Id id = position.state; id != kNone; id = states_[id].shorter)
      for (const Arc& arc : states_[id].arcs) visit(arc.label, arrive(position, arc.label, arc.next));
    if (whole_words() && states_[position.state].is_whole) visit(space_, extend(position, space_));
  }

  // Of pieces: whether phrases go on with each letter of `token`, after the space that starts a word.
  bool has_pieces() const { return !pieces_.empty(); }
  bool expects_piece(const PhrasePosition& position, std::uint32_t token) const;

  // Calls visit(token), perhaps more than once, for all pieces with whose first letter a phrase goes on or begins. Any
  // other leaves a text what it has earned, and no more.
  template <typename Visit>
  void each_expected_piece(const PhrasePosition& position, Visit visit) const {
    visit_pieces(position.state, inside_, visit);
    if (whole_words()) visit_pieces(extend(position, space_).state, starting_, visit);
  }

  // Whether a phrase's word is whole, or its last one.
  bool ends_word(Id state) const { return whole_words() && expects(state, space_); }

  // Whether tokens of so many classes, the blank among them, may be what they were made for.
  bool fit(std::size_t classes) const { return has_pieces() ? pieces_.size() + 1 == classes : labels_ < classes; }

 private:
  using ByLetter = std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>;

  static constexpr Id kRoot = 0;       // where phrases may begin
  static constexpr Id kElsewhere = 1;  // in a word that can be no phrase's

  struct Arc {
    std::uint32_t label;
    Id next;
  };
  struct State {
    std::vector<Arc> arcs;  // by ascending label
    Id shorter = kNone;     // where the longest shorter suffix stands that may be in a phrase
    std::uint32_t depth = 0;
    float strength = 0.0f;      // the greatest of the phrases that lead through here
    float own_strength = 0.0f;  // of the phrase that ends here
    bool is_whole = false;      // some phrase ends here, be it a suffix
    float inside = 0.0f;        // what phrases earned that are over, on the way from the root
    float whole = 0.0f;         // what phrases earn that end here
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
  void visit_pieces(Id state, const ByLetter& pieces, Visit visit) const {
    for (Id id = state; id != kNone; id = states_[id].shorter)
      for (const Arc& arc : states_[id].arcs) {
        const auto found = pieces.find(arc.label);
        if (found == pieces.end()) continue;
        for (const std::uint32_t token : found->second) visit(token);
      }
  }
  PhrasePosition arrive(const PhrasePosition& position, std::uint32_t label, Id next) const {
    if (!whole_words()) return {next, position.earned + states_[next].whole};
    return {next, label == space_ ? position.earned + states_[position.state].whole : position.earned};
  }

  std::uint32_t space_;
  std::uint32_t labels_ = 0;  // those in use lie below
  std::vector<State> states_;
  std::vector<std::vector<std::uint32_t>> pieces_;
  ByLetter inside_, starting_;  // pieces by their first letter: those that go on with a word, and those that start one
};

}  // namespace deepspeech
