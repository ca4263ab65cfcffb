// What a scorer adds to the beam search: which labels may follow, and a bonus for each finished unit.
//
// Units are words (labels up to a space, pieces up to the next that starts a word) or, in bytes mode, characters. A
// unit is scored when it ends:
// alpha × (natural logarithm of its probability after the units before it + boosts of hot words among these) + beta.
// Definition: DeepSpeech 0.9.3, ctcdecode/scorer.cpp and ctc_beam_search_decoder.cpp. The old decoder spelled and
// looked up the last units each time; here a prefix remembers them as a Context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "prefix_tree.hh"
#include "scorer.hh"

namespace deepspeech {

// A token that is a part of a word, spelled in the dictionary's labels.
struct Piece {
  bool starts_word;                    // the word before it ends
  std::string text;                    // UTF-8, without the space that starts a word
  std::vector<std::uint32_t> characters;  // the dictionary's labels of `text`
  bool spelled;                        // false: the dictionary has no label for one of its characters
};

// One for each token of a network. Immutable; languages may share them.
struct Pieces {
  std::vector<Piece> all;
};

// How a scorer is used with an alphabet. Immutable; streams and threads may share it.
struct Language {
  std::shared_ptr<const Scorer> scorer;
  std::vector<std::string> labels;  // UTF-8 texts; in bytes mode only their number counts: label id = byte - 1
  std::uint32_t space;              // the label that ends words; unused in bytes mode
  float alpha;
  float beta;
  std::unordered_map<std::string, float> hot_words;  // boosts, natural logarithm, before alpha
  std::shared_ptr<const Pieces> pieces;  // the network's tokens; null: these are the labels

  // An upper bound of a bonus with beta: a probability is at most 1.
  float most_by_unit() const {
    const bool bounded = alpha >= 0.0f && hot_words.empty();
    return bounded ? beta : std::numeric_limits<float>::infinity();
  }

  std::size_t tokens() const { return pieces ? pieces->all.size() : labels.size(); }
};

// The bytes of `token`; of a piece without the space that starts a word.
std::string spelling(const Language& language, std::uint32_t token);

// Throws std::invalid_argument where scorer, alphabet and weights do not fit each other.
void check(const Language& language);

// Position of a prefix in its language.
struct Position {
  Id context;                 // of the finished units
  std::uint32_t state;        // of the dictionary
  std::uint32_t unit_length;  // labels of the unfinished unit; of pieces the one that started it counts
  std::int32_t missing;       // bytes mode: bytes until the unfinished character is whole
  bool ends_unit;             // the last label finished a unit
  float bonus;                // that the last label earned, without beta
  double next_log;            // natural logarithm of the unfinished word, once it is known: NaN before
  float next_boost;           // and the boosts that come with it
};

// The language side of one stream. Not for two threads at a time.
class LanguageStream {
 public:
  // The language must have passed check().
  explicit LanguageStream(std::shared_ptr<const Language> language);

  const Language& language() const { return *language_; }

  Position start() const;
  void retain(const Position& position) { ++contexts_[position.context].uses; }
  void release(const Position& position);

  // Makes room, so that the next `count` calls of extend() cannot fail.
  void reserve(std::size_t count);

  Dictionary::Arcs arcs(const Position& position) const {
    return language_->scorer->dictionary.arcs(position.state);
  }
  bool ends_unit(const Position& position, std::uint32_t label) const {
    if (spaced_) return label == space_;
    return pieces_ != nullptr ? pieces_[label].starts_word && position.unit_length > 0 : ends_character(position, label);
  }

  // Of pieces: whether tokens are such, whether one begins a word, and whether a word may begin after the prefix: at
  // the beginning of the text, and where a word of the dictionary ends.
  bool has_pieces() const { return pieces_ != nullptr; }
  bool starts_word(std::uint32_t token) const { return pieces_[token].starts_word; }
  bool may_start_word(const Position& position) const {
    return position.unit_length == 0 || allows(position, language_->space);
  }

  // The dictionary's state after the characters of a piece; outside() where it has no such path.
  std::uint32_t outside() const { return language_->scorer->dictionary.outside(); }
  std::uint32_t walk(const Position& position, std::uint32_t token) const;

  bool allows(const Position& position, std::uint32_t label) const {
    return language_->scorer->dictionary.find(position.state, label) != nullptr;
  }

  // Bonus, without beta, of a `label` that ends a unit after the prefix at `node`. With `allow_oov` the unit may be out
  // of vocabulary: it then scores as the model's <unk>, at least as the average of its words, and units after it do not
  // suffer.
  float bonus(Position& position, const PrefixTree& tree, Id node, std::uint32_t label, bool allow_oov = false) const;

  // Position after one more label; the caller holds one use of it. What the dictionary does not allow leads outside,
  // until the unit ends.
  Position extend(const Position& position, const PrefixTree& tree, Id node, std::uint32_t label, float bonus,
                  bool allow_oov = false);

  // What the end of the stream adds: the bonus, without hot words, and beta of an unfinished unit.
  float final_bonus(const Position& position, const PrefixTree& tree, Id node, bool allow_oov = false) const;

  std::size_t contexts() const { return contexts_.size() - free_count_; }

 private:
  struct Context {
    NgramState state;
    float boosts[kMaxOrder - 1];  // of the latest units, newest last
    std::uint32_t units;          // number of boosts
    std::uint32_t tainted;        // so many more units have an unknown one in their history
    std::uint32_t uses;
    Id next_free;
  };
  struct UnitScore {
    double log;
    float boost;
  };

  bool ends_character(const Position& position, std::uint32_t label) const;
  std::string unit(const Position& position, const PrefixTree& tree, Id node) const;
  UnitScore score(const Context& context, const std::string& unit, bool allow_oov) const;
  Context advance(const Context& context, const std::string& unit, bool allow_oov) const;
  float boost(const std::string& unit) const;
  Id add(const Context& context);

  std::shared_ptr<const Language> language_;
  const Piece* pieces_;  // null where tokens are the dictionary's labels
  bool bytes_mode_;
  bool spaced_;  // words end with a label of their own
  std::uint32_t space_;
  std::vector<Context> contexts_;
  Id free_ = kNone;
  std::size_t free_count_ = 0;
};

}  // namespace deepspeech
