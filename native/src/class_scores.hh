// One frame's class probabilities as the beam search reads them: natural logarithms, pruned by the cutoff, in order.
//
// Definition: DeepSpeech 0.9.3, ctcdecode/decoder_utils.cpp get_pruned_log_probs; Cutoff::least is pyctcdecode's
// token_min_logp. The blank is the last class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace deepspeech {

struct Cutoff {
  // Keep the most probable classes until their sum reaches `probability`, at most `classes` of them. A probability of
  // 1 keeps every class, whatever `classes` says, as the old decoder did.
  double probability = 1.0;
  std::size_t classes = 40;
  // Of the rest, keep the blank, the most probable class, and those whose natural logarithm is at least this.
  float least = -std::numeric_limits<float>::infinity();
};

class ClassScores {
 public:
  struct Ranked {
    float log;
    std::uint32_t label;
  };

  // Throws std::invalid_argument for a cutoff or a number of classes that cannot be.
  ClassScores(std::size_t classes, const Cutoff& cutoff);

  std::size_t classes() const { return log_.size(); }
  std::uint32_t blank() const { return static_cast<std::uint32_t>(log_.size() - 1); }

  // probabilities[classes] of the next frame.
  void read(const float* probabilities);

  // Natural logarithm of a class's probability; minus infinity where it was cut off.
  float log(std::uint32_t label) const { return log_[label]; }

  // Whether a minimum leaves but a few classes.
  bool few() const { return cutoff_.least > -std::numeric_limits<float>::infinity(); }

  // The highest logarithm of a label, the blank not counted.
  float highest() const;

  // Whether the old decoder, which went from class to class, came to the blank before `label`. It did where it sorted
  // by probability; else the blank comes last. Times of labels depend on it.
  bool blank_before(std::uint32_t label) const { return sorted_ && probabilities_[blank()] > probabilities_[label]; }

  // Fills ranked() with the labels (without the blank) whose logarithm is at least `least`, most probable first.
  void rank(float least);
  const std::vector<Ranked>& ranked() const { return ranked_; }

 private:
  void cut();
  void cut_below(float least);

  Cutoff cutoff_;
  bool sorted_;
  const float* probabilities_ = nullptr;  // argument of the last read()
  std::vector<float> log_;
  std::vector<Ranked> ranked_;
  std::vector<std::uint32_t> order_;
};

}  // namespace deepspeech
