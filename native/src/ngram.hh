// Conditional probabilities of words after words, from KenLM's binary files of all six kinds.
//
// Definition: KenLM lm/model.cc, lm/search_hashed.hh, lm/search_trie.hh. All logarithms here are to base 10.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "kenlm_file.hh"

namespace deepspeech {

constexpr std::uint64_t kProbingWeightBytes = 8;  // probability, backoff
constexpr std::uint64_t kTrieUnigramBytes = 16;   // probability, backoff, first bigram

// The words that the next probability depends on, newest first. A plain value.
struct NgramState {
  std::uint32_t words[kMaxOrder - 1];
  float backoffs[kMaxOrder - 1];
  std::uint32_t length;
};

struct NgramScore {
  float log10;
  std::uint32_t matched;  // words of the n-gram that was found
};

// N-grams in hash tables, their keys made of the words from the newest back.
class ProbingSearch {
 public:
  struct Node {
    std::uint64_t key;
    bool leaf;  // nothing longer ends in this n-gram
  };
  ProbingSearch(Cursor& cursor, const KenlmHeader& header);
  Node unigram(std::uint32_t word, float& probability, float& backoff) const;
  bool middle(std::size_t order, std::uint32_t earlier, Node& node, float& probability, float& backoff) const;
  bool longest(std::uint32_t earlier, const Node& node, float& probability) const;

 private:
  const std::uint8_t* unigrams_;
  std::uint64_t weight_bytes_;
  std::vector<HashTable> middle_;
  HashTable longest_;
};

// N-grams in a trie, the newest word first.
class TrieSearch {
 public:
  struct Node {
    Range earlier;  // entries of the next order
    bool leaf;
  };
  TrieSearch(Cursor& cursor, const KenlmHeader& header);
  Node unigram(std::uint32_t word, float& probability, float& backoff) const;
  bool middle(std::size_t order, std::uint32_t earlier, Node& node, float& probability, float& backoff) const;
  bool longest(std::uint32_t earlier, const Node& node, float& probability) const;

  // For the writer, which fills these tables.
  const std::uint8_t* unigram_record(std::uint64_t word) const { return unigrams_ + word * kTrieUnigramBytes; }
  const TrieLevel& level(std::size_t order) const { return levels_[order - 2]; }

 private:
  const std::uint8_t* unigrams_;
  std::uint64_t bigrams_;
  std::vector<TrieLevel> levels_;  // from bigrams
};

// A language model in a file. Immutable; threads may share it.
class NgramModel {
 public:
  // Throws FormatError for what is no whole KenLM binary.
  explicit NgramModel(std::shared_ptr<const MappedFile> file);

  std::size_t order() const { return header_.order; }
  const KenlmHeader& header() const { return header_; }

  // Bits of quantized probabilities and backoffs; zeros where they are whole.
  std::pair<unsigned, unsigned> bits() const;

  // Where the n-grams end in the file.
  std::uint64_t end() const { return end_; }

  std::uint32_t id(std::string_view word) const { return vocabulary_.id(word); }

  NgramState nothing() const { return NgramState{}; }
  const NgramState& sentence_begin() const { return begin_; }

  // Of `word` after `state`; `next` becomes the state after it and may be the same object as `state`.
  NgramScore score(const NgramState& state, std::uint32_t word, NgramState& next) const;

 private:
  NgramModel(std::shared_ptr<const MappedFile> file, Cursor cursor);

  std::shared_ptr<const MappedFile> file_;
  KenlmHeader header_;
  Vocabulary vocabulary_;
  std::variant<ProbingSearch, TrieSearch> search_;
  std::uint64_t end_;
  NgramState begin_{};
};

}  // namespace deepspeech
