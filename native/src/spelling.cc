#include "spelling.hh"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace deepspeech {
namespace {

// Labels on either side of the one found by the search; paths further off contribute nothing measurable. Words are
// shorter; a text of hours without spaces is one word, and the band keeps its time proportional to its length.
constexpr std::size_t kBand = 512;
constexpr std::uint32_t kNone = 0xFFFFFFFFu;

// Forward variables over the states blank, label, blank, …, label, blank; sums are kept near 1 and their scale apart.
double word_probability(const Frames& frames, std::size_t first, std::size_t end, const std::uint32_t* labels,
                        const std::uint32_t* label_frames, std::size_t length, std::uint32_t space,
                        std::uint32_t past) {
  const std::size_t states = 2 * length + 1, blank = frames.classes - 1;
  std::vector<double> forward(states, 0.0), next(states);
  forward[0] = 1.0;  // before the first frame
  double log_scale = 0.0;
  std::size_t passed = 0, from = 0;  // labels whose frame has passed; the first state of the band
  for (std::size_t t = first; t < end; ++t) {
    const float* row = frames.probabilities + t * frames.classes;
    const double outside = static_cast<double>(row[blank]) + (space < blank ? row[space] : 0.0f);
    const double before = past < blank ? outside + row[past] : outside;
    double sum = 0.0;
    while (passed < length && label_frames[passed] <= t) ++passed;
    const std::size_t begin = passed > kBand ? 2 * (passed - kBand) : 0;
    const std::size_t to = std::min(states, 2 * (passed + kBand) + 1);
    if (begin == 0) sum = next[0] = forward[0] * before;
    for (std::size_t s = std::max<std::size_t>(begin, 1); s < to; ++s) {
      double arriving = forward[s] + forward[s - 1];
      if (s % 2 == 1 && s > 1 && labels[s / 2] != labels[s / 2 - 1]) arriving += forward[s - 2];
      next[s] = arriving * (s % 2 == 1 ? row[labels[s / 2]] : s + 1 == states ? outside : row[blank]);
      sum += next[s];
    }
    if (!(sum > 0.0)) return 0.0;
    log_scale += std::log(sum);
    for (; from < begin; ++from) forward[from] = 0.0;
    for (std::size_t s = begin; s < to; ++s) forward[s] = next[s] / sum;
  }
  const double whole = forward[states - 1] + forward[states - 2];
  return std::min(1.0, whole * std::exp(log_scale));  // rounding, and softmax's, may leave a little more than 1
}

}  // namespace

std::vector<double> word_probabilities(const Frames& frames, const std::vector<std::uint32_t>& labels,
                                       const std::vector<std::uint32_t>& label_frames, std::uint32_t space,
                                       std::size_t margin, const std::string& word_starts) {
  const auto starts = [&](std::uint32_t label) { return label < word_starts.size() && word_starts[label] != 0; };
  if (frames.classes < 2) throw std::invalid_argument("there must be a label and a blank");
  if (labels.size() != label_frames.size()) throw std::invalid_argument("there must be a frame for each label");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= frames.classes - 1) throw std::invalid_argument("a label is out of range");
    if (label_frames[i] >= frames.count || (i > 0 && label_frames[i] < label_frames[i - 1]))
      throw std::invalid_argument("a frame is out of range");
  }
  std::vector<double> words;
  std::size_t from = 0;  // first frame after the last space, or after the word before
  std::uint32_t past = kNone;  // the last label of that word
  for (std::size_t i = 0; i < labels.size();) {
    if (labels[i] == space) {
      from = label_frames[i++] + std::size_t{1};
      past = kNone;
      continue;
    }
    std::size_t last = i;
    while (last + 1 < labels.size() && labels[last + 1] != space && !starts(labels[last + 1])) ++last;
    const std::size_t to = last + 1 < labels.size() ? label_frames[last + 1] : frames.count;
    const std::size_t before = label_frames[i] > margin ? label_frames[i] - margin : 0;
    const std::size_t first = std::min<std::size_t>(std::max(from, before), label_frames[i]);
    const std::size_t end =
        std::max<std::size_t>(std::min(to, label_frames[last] + margin + 1), label_frames[last] + std::size_t{1});
    words.push_back(
        word_probability(frames, first, end, labels.data() + i, label_frames.data() + i, last - i + 1, space, past));
    from = label_frames[last] + std::size_t{1};
    past = labels[last];
    i = last + 1;
  }
  return words;
}

}  // namespace deepspeech
