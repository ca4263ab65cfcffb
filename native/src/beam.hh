// CTC prefix beam search: class probabilities in, frame by frame; the most probable label sequences out, at any time.
//
// Definition: DeepSpeech 0.9.3, ctcdecode/ctc_beam_search_decoder.cpp and path_trie.cpp: scores are float32 natural
// logarithms, summed over all alignments that the beam keeps. Order of work is our own: a frame's new prefixes are
// scored in place and only those that enter the beam become nodes of the tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "class_scores.hh"
#include "language.hh"
#include "context_graph.hh"
#include "prefix_tree.hh"

namespace deepspeech {

struct BeamOptions {
  std::size_t classes;  // labels and the blank, which comes last
  std::size_t width;    // prefixes kept after each frame
  Cutoff cutoff;
  std::shared_ptr<const Language> language;           // null: the network alone decides
  std::shared_ptr<const ContextGraph> context_graph;  // null: no hot phrases
  float threshold = std::numeric_limits<float>::infinity();  // of a frame's scores below the best; what is lower is dropped
};

struct Hypothesis {
  std::vector<std::uint32_t> labels;
  std::vector<std::uint32_t> frames;  // per label: the frame that emitted it
  double score;                       // natural logarithm, without boosts of phrases
};

// One stream's search. Not for two threads at a time.
class Beam {
 public:
  // Throws std::invalid_argument for invalid options.
  explicit Beam(const BeamOptions& options);

  // probabilities[frames, classes]. Throws std::invalid_argument, and takes nothing, where one is not in 0..1.
  void feed(const float* probabilities, std::size_t frames);

  // The best `count` sequences so far, or as many as there are, without their first `skip` labels, at most fixed();
  // the search can continue afterwards.
  std::vector<Hypothesis> best(std::size_t count, std::uint32_t skip = 0) const;

  // Makes `labels` final: prunes every sequence that does not continue with them after its first `skip` labels (at
  // most fixed()), unless that would prune all. With `word_starts`, a flag for each token, a token that starts a
  // word must follow, too.
  void commit(const std::vector<std::uint32_t>& labels, std::uint32_t skip = 0, const std::string& word_starts = {});

  // The longest common prefix of all sequences in the beam, without its first `skip` labels: later frames can extend
  // it but not change it.
  std::vector<std::uint32_t> committed_prefix(std::uint32_t skip = 0) const;

  // Length of the prefix that all sequences in the beam share together with its frames: neither can change any more.
  std::uint32_t fixed() const;

  std::size_t frames() const { return frames_; }

  // Labels, times and contexts in memory, for tests of its bounds.
  std::size_t entries() const {
    return tree_.size() + history_.size() + (language_ ? language_->contexts() : 0);
  }

 private:
  static constexpr float kNever = -std::numeric_limits<float>::infinity();
  static constexpr float kSlack = 1.0f;  // more than rounding takes from a difference of scores

  struct Prefix {
    float score;     // blank and nonblank together
    float blank;     // of alignments that end in the blank
    float nonblank;  // of alignments that end in the label
    std::uint32_t label;
    std::uint32_t length;  // labels
    Id node;
    Id times;
    // For the frame at hand:
    float next_blank;
    float next_nonblank;
    float next_score;
    Id parent;         // slot of the prefix without its last label, if that is in the beam
    Id first_child;    // slots of prefixes with one more label, chained by next_sibling
    Id next_sibling;
    Id next_times;     // where the label's time moves to this frame
    bool time_moves;   // the label's time moves to this frame
    bool stays;        // stays in the beam
  };

  // The common prefix of all prefixes: its last entry, and its length in labels.
  struct Trunk {
    Id entry;
    std::uint32_t length;
  };

  struct Candidate {
    float score;  // with the boost of phrases
    std::uint32_t label;
    Id slot;         // of the prefix that stays or is extended
    bool extension;  // by `label`
    float bonus;     // that the extension brings by ending a word
  };

  struct WordEnd {
    bool allowed;  // that the next token starts a word
    bool brings;   // that it ends one before: a bonus and beta
    float bonus;
    float worth;   // bonus and beta
  };

  // Higher scores first, then smaller labels, as in path_trie's prefix_compare; then the place in the beam.
  struct Better {
    bool operator()(const Candidate& a, const Candidate& b) const {
      if (a.score != b.score) return a.score > b.score;
      if (a.label != b.label) return a.label < b.label;
      if (a.slot != b.slot) return a.slot < b.slot;
      return a.extension < b.extension;
    }
  };

  template <class Own, class Past>
  Trunk shared(Own own, Past past) const;
  void check(const float* probabilities, std::size_t frames) const;
  void advance(const float* probabilities);
  void link_family();
  void set_cutoff(float blank);
  float boost(Id slot) const { return context_graph_ ? context_graph_->boost(context_states_[slot]) : 0.0f; }
  bool within(float log, float score) const { return !(log + score < cutoff_); }
  float with_unit(float score, float bonus) const;
  void stay();
  float arrival(Id slot, float boost) const;
  bool time_moves(const Prefix& prefix, float repeated, float arrived) const;
  void extend();
  bool has_child(const Prefix& prefix, std::uint32_t label) const;
  void extend_freely(Id slot);
  void extend_along(Id slot);
  void extend_spelled();
  WordEnd word_end(Id slot);
  void spell_on(Id slot);
  void offer_piece(Id slot, std::uint32_t token);
  void extend_expecting();
  void expect_freely(Id slot);
  void expect_along(Id slot, float highest);
  void offer_along(Id slot, std::uint32_t label, float boost, bool allow_oov);
  float bare_score(const Candidate& candidate) const;
  void offer(const Candidate& candidate);
  float far_below();
  void drop_far();
  void set_room();
  void select();
  void replace_beam(std::uint32_t frame);
  void keep(Prefix& prefix, std::uint32_t frame);
  void add(const Candidate& candidate, std::uint32_t frame);
  void fill_free_slots();
  void commit_past();
  void keep_after(Id node, std::uint32_t length, const std::string& word_starts = {});
  Trunk trunk() const;
  void shift_scores();
  void shift_boosts();

  std::size_t width_;
  float beam_threshold_;
  ClassScores classes_;
  PrefixTree tree_;
  TimeHistory history_;
  std::optional<LanguageStream> language_;
  std::vector<Prefix> prefixes_;
  std::vector<Position> positions_;  // of each prefix, where there is a language
  std::shared_ptr<const ContextGraph> context_graph_;
  std::vector<ContextState> context_states_;  // of each prefix, where there are phrases
  std::vector<std::uint32_t> expected_;    // labels after the prefix at hand
  std::vector<float> boosts_;              // with them, per label
  bool spelled_ = false;            // tokens are pieces of words, and there are words or phrases to follow
  std::vector<WordEnd> word_ends_;  // of each prefix, where tokens are pieces
  std::vector<Id> free_slots_;           // of prefixes that leave
  std::vector<Candidate> candidates_;
  std::size_t room_ = 0;       // for candidates, before the worst of them are dropped
  std::vector<float> scores_;  // of candidates
  std::vector<std::uint64_t> taken_;  // per label: the last extension round in which it was not free
  std::uint64_t round_ = 0;
  float threshold_ = 0;               // candidates below it cannot enter the beam
  float most_by_unit_ = 0;            // with a language: no unit that ends adds more
  float cutoff_ = 0;                  // with a language: what scores below it before the bonus does not count
  double shifted_ = 0;                // taken out of all scores so far
  std::uint32_t frames_ = 0;
  bool started_ = false;
};

}  // namespace deepspeech
