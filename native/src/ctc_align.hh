// Forced alignment: the best CTC path of a token sequence through frames (Viterbi; Graves et al. 2006, section 4.1).
//
// States of N tokens: 2 N + 1, a gap before, between and after the tokens. A gap emits the blank. Two extensions make
// texts and sounds that do not fit quite alignable:
// - Tokens form units (words, the spaces between them). The gap at the border of two units may also emit any class, at
//   `star_cost` per frame below the frame's best class: sound that is not in the text.
// - A unit, or a group of them (a sentence), may be left out at a cost of its own: text that is not in the sound.
// - Each frame in a gap may cost something: words whose sounds lie together are likelier than scattered ones.
// A token kWildcard emits any class, at `wildcard_cost` per frame.
//
// A frame's scores count relative to its best class. Only `band` states are searched in each frame, along the diagonal.
// Back-pointers take two bits; with more than `memory_bytes` of them, they are computed again block by block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace deepspeech {

constexpr std::int32_t kWildcard = -1;

struct AlignInput {
  const float* log_probs;  // [frames, classes], natural logarithms
  std::size_t frames;
  std::size_t classes;
  std::size_t blank;
  std::vector<std::int32_t> tokens;
  std::vector<std::size_t> unit_ends;  // the token after each unit, ascending; the last one is tokens.size()
  std::vector<double> omit_costs;      // of each unit; infinity: it must be there
  std::vector<std::size_t> group_ends;  // the token after each group of units, ascending; the last one is tokens.size()
  std::vector<double> group_costs;      // of each group as a whole; infinity: only unit by unit
  std::vector<double> gap_costs;        // per frame in the gap before each token, and after the last one
};

struct AlignOptions {
  double star_cost;      // infinity: all sound is in the text
  double wildcard_cost;
  double floor;          // the lowest score of a class in a frame, relative to the best one; below 0
  std::size_t band;
  std::size_t memory_bytes;
};

struct Alignment {
  std::vector<std::int32_t> states;  // of each frame: 2 i the gap before token i, 2 i + 1 token i
  double score;                      // sum over frames, relative to the best classes, less the costs; at most 0
};

// Throws std::invalid_argument for tokens, units or groups out of range, and where no path exists (too few frames).
Alignment ctc_align(const AlignInput& input, const AlignOptions& options);

}  // namespace deepspeech
