// The words that a scorer allows, as an automaton over labels.
//
// Format: OpenFST 1.6 const-fst.h with arcs of type "standard"; a label in the file is the label id + 1.
#pragma once

#include <cstdint>
#include <vector>

#include "mapped_file.hh"

namespace deepspeech {

constexpr std::uint32_t kNoLabel = 0xFFFFFFFFu;

class Dictionary {
 public:
  struct Arc {
    std::uint32_t label;
    std::uint32_t next;  // the start again where the arc ends a word
  };
  struct Arcs {
    const Arc* first;
    const Arc* last;
    const Arc* begin() const { return first; }
    const Arc* end() const { return last; }
  };

  // Reads to the end of the file, and copies what it needs. Throws FormatError for anything but a sound automaton.
  explicit Dictionary(Cursor cursor);

  std::uint32_t start() const { return start_; }
  std::size_t states() const { return first_arcs_.size() - 2; }

  // One state more, without arcs, for texts that the dictionary does not allow.
  std::uint32_t outside() const { return static_cast<std::uint32_t>(states()); }

  // Outgoing arcs of `state`, by ascending label.
  Arcs arcs(std::uint32_t state) const {
    return {arcs_.data() + first_arcs_[state], arcs_.data() + first_arcs_[state + 1]};
  }

  // The arc of `label`, null where there is none.
  const Arc* find(std::uint32_t state, std::uint32_t label) const;

  std::uint64_t arc_count() const { return arcs_.size(); }

  // Number of words: paths from the start back to it. 0 where the automaton has cycles within words.
  std::uint64_t words() const;

  // Labels in use are below.
  std::uint32_t labels() const { return labels_; }

  // The label with which every word ends, kNoLabel where words end in different ones.
  std::uint32_t last_label() const { return last_label_; }

 private:
  void read_arcs(const std::uint8_t* states, const std::uint8_t* arcs, std::uint64_t arc_count);
  void join_words(const std::vector<bool>& is_final);

  std::uint32_t start_;
  std::uint32_t labels_ = 0;
  std::uint32_t last_label_ = kNoLabel;
  std::vector<std::uint64_t> first_arcs_;
  std::vector<Arc> arcs_;
};

}  // namespace deepspeech
