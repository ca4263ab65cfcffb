// Word confidence: the probability, by the network alone, that the frames around a word spell it and nothing else.
//
// Definition: the sum over all CTC alignments (Graves et al. 2006, forward variables) of the word's labels with the
// frames from the space before it to the space after it, but at most `margin` frames beyond its first and last label:
// outputs in a long silence are no evidence about a word. Spaces may stand in frames before and after the word; before
// one that follows without a space, the last label of the word before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace deepspeech {

struct Frames {
  const float* probabilities;  // [count, classes], blank last
  std::size_t count;
  std::size_t classes;
};

// One probability for each word of `labels`, which are split at `space` (a label that is in no alphabet: one word) and
// before labels flagged in `word_starts`.
// `label_frames` holds the frame of each label, not decreasing. Throws std::invalid_argument where labels or frames are
// out of range.
std::vector<double> word_probabilities(const Frames& frames, const std::vector<std::uint32_t>& labels,
                                       const std::vector<std::uint32_t>& label_frames, std::uint32_t space,
                                       std::size_t margin, const std::string& word_starts = {});

}  // namespace deepspeech
