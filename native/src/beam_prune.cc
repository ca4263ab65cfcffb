// The part of the beam search that decides which candidates stay: the best `width`, and of these by the threshold.
#include <algorithm>
#include <functional>
#include <limits>

#include "beam.hh"

namespace deepspeech {
namespace {

constexpr std::size_t kKept = 64;  // candidates that the threshold spares

}  // namespace

void Beam::set_room() {
  const bool prunes = beam_threshold_ < std::numeric_limits<float>::infinity();
  room_ = 64 + 2 * (prunes ? std::min(candidates_.size(), width_) : width_);
}

// The score below which candidates are dropped, which better candidates can only raise. A few are kept whatever their
// score: where the first choice of a sure network turns out to begin no word, what is right is far behind.
float Beam::far_below() {
  if (beam_threshold_ == std::numeric_limits<float>::infinity() || candidates_.size() <= kKept) return kNever;
  float best = kNever;
  for (const Candidate& candidate : candidates_) best = std::max(best, candidate.score);
  const float least = best - beam_threshold_;
  std::size_t near = 0;
  for (const Candidate& candidate : candidates_) near += candidate.score >= least;
  if (near >= kKept) return least;
  scores_.clear();
  for (const Candidate& candidate : candidates_) scores_.push_back(candidate.score);
  std::nth_element(scores_.begin(), scores_.begin() + (kKept - 1), scores_.end(), std::greater<float>());
  return scores_[kKept - 1];
}

void Beam::drop_far() {
  const float least = far_below();
  if (least == kNever) return;
  threshold_ = std::max(threshold_, least);
  const auto far = [least](const Candidate& candidate) { return candidate.score < least; };
  candidates_.erase(std::remove_if(candidates_.begin(), candidates_.end(), far), candidates_.end());
}

// Keeps the best; the worst of them comes last.
void Beam::select() {
  if (candidates_.size() <= width_) return;
  std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(width_ - 1),
                   candidates_.end(), Better());
  candidates_.resize(width_);
}

}  // namespace deepspeech
