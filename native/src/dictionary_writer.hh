// The smallest automaton that accepts a list of words, in the layout that dictionary.hh reads.
//
// Construction: Daciuk, Mihov, Watson, Watson, "Incremental construction of minimal acyclic finite-state automata",
// Computational Linguistics 26 (2000), for sorted words.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace deepspeech {

using Labels = std::vector<std::uint32_t>;

class WordAutomaton {
 public:
  WordAutomaton();
  WordAutomaton(const WordAutomaton&) = delete;
  WordAutomaton& operator=(const WordAutomaton&) = delete;

  // Adds a word that is not empty and comes after those before it.
  void add(const Labels& word);

  // The whole file content, which will stand at `offset` of its file. Call it once, after the last word.
  std::string finish(std::uint64_t offset);

  std::size_t states() const { return states_.size(); }
  std::size_t arcs() const { return arcs_.size(); }

 private:
  struct Arc {
    std::uint32_t label;
    std::uint32_t next;
    bool operator==(const Arc& other) const { return label == other.label && next == other.next; }
  };
  struct State {  // its arcs end where those of the next begin
    std::uint64_t first_arc;
    std::uint32_t arc_count;
    bool is_final;
  };
  struct Open {  // a state of the latest word's path, which may still get arcs
    std::vector<Arc> arcs;
    bool is_final = false;
  };
  struct Hash {
    const WordAutomaton* automaton;
    std::size_t operator()(std::uint32_t state) const;
  };
  struct Same {
    const WordAutomaton* automaton;
    bool operator()(std::uint32_t a, std::uint32_t b) const;
  };

  void close_below(std::size_t depth);
  std::uint32_t close(const Open& open);

  std::vector<State> states_;  // those that arcs lead to come before those that they leave
  std::vector<Arc> arcs_;
  std::unordered_set<std::uint32_t, Hash, Same> known_;
  std::vector<Open> path_;
  Labels last_;
};

// What became of a list of words.
struct WrittenDictionary {
  std::string content;
  std::size_t words;                 // different ones
  std::size_t states;
  std::size_t arcs;
  std::vector<std::string> skipped;  // words with characters outside the alphabet
};

// Spells words in characters, each word followed by `space`, a label id; `labels` are the alphabet's labels.
WrittenDictionary write_words(const std::vector<std::string>& words, const std::vector<std::string>& labels,
                              std::uint32_t space, std::uint64_t offset);

// Units as bytes; label id = byte - 1.
WrittenDictionary write_bytes(const std::vector<std::string>& units, std::uint64_t offset);

}  // namespace deepspeech
