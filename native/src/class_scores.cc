#include "class_scores.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace deepspeech {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

}  // namespace

ClassScores::ClassScores(std::size_t classes, const Cutoff& cutoff)
    : cutoff_(cutoff), sorted_(cutoff.probability < 1.0 || cutoff.classes < classes) {
  if (classes < 2) throw std::invalid_argument("a search needs at least one label and the blank");
  if (classes >= std::numeric_limits<std::uint32_t>::max()) throw std::invalid_argument("too many classes");
  if (!(cutoff.probability > 0.0 && cutoff.probability <= 1.0))
    throw std::invalid_argument("cutoff_prob must be above 0 and at most 1");
  if (cutoff.classes < 1) throw std::invalid_argument("cutoff_top_n must be at least 1");
  if (std::isnan(cutoff.least)) throw std::invalid_argument("token_min_logp must be a number");
  log_.resize(classes);
  order_.resize(cutoff.probability < 1.0 ? classes : 0);
  ranked_.reserve(classes);
}

void ClassScores::read(const float* probabilities) {
  probabilities_ = probabilities;
  const double smallest = std::numeric_limits<float>::min();  // keeps the logarithm of 0 finite
  for (std::size_t c = 0; c < log_.size(); ++c)
    log_[c] = static_cast<float>(std::log(static_cast<double>(probabilities[c]) + smallest));
  if (cutoff_.probability < 1.0) cut();
  if (cutoff_.least > kNever) cut_below(cutoff_.least);
}

void ClassScores::cut() {
  std::iota(order_.begin(), order_.end(), 0u);
  std::sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return probabilities_[a] != probabilities_[b] ? probabilities_[a] > probabilities_[b] : a < b;
  });
  std::size_t kept = 0;
  for (double sum = 0.0; kept < order_.size() && kept < cutoff_.classes && (kept == 0 || sum < cutoff_.probability);)
    sum += probabilities_[order_[kept++]];
  for (std::size_t i = kept; i < order_.size(); ++i) log_[order_[i]] = kNever;
}

void ClassScores::cut_below(float least) {
  const auto best = std::max_element(log_.begin(), log_.end());
  for (auto log = log_.begin(); log != log_.end() - 1; ++log)
    if (*log < least && log != best) *log = kNever;
}

float ClassScores::highest() const { return *std::max_element(log_.begin(), log_.end() - 1); }

void ClassScores::rank(float least) {
  ranked_.clear();
  for (std::uint32_t c = 0; c < blank(); ++c)
    if (log_[c] >= least && std::isfinite(log_[c])) ranked_.push_back({log_[c], c});
  std::sort(ranked_.begin(), ranked_.end(),
            [](const Ranked& a, const Ranked& b) { return a.log != b.log ? a.log > b.log : a.label < b.label; });
}

}  // namespace deepspeech
