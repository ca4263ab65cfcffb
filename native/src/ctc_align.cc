#include "ctc_align.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace deepspeech {

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
// From the same state, 1 or 2 before, or the last border. A gap is never reached from 2 before, so there kSkip is from
// where the last group began.
enum Pointer : std::uint8_t { kStay, kStep, kSkip, kOmit };
constexpr Pointer kOmitGroup = kSkip;

class Search {
 public:
  Search(const AlignInput& input, const AlignOptions& options)
      : in_(input), options_(options), states_(2 * input.tokens.size() + 1),
        band_(std::min(std::max<std::size_t>(options.band, 3), states_)), row_bytes_((band_ + 3) / 4),
        border_(input.tokens.size() + 1, 0), now_(states_, kNever), before_(states_, kNever), class_(input.classes) {
    border_[0] = 1;
    for (const std::size_t end : input.unit_ends) border_[end] = 1;
    borders_.push_back(0);
    borders_.insert(borders_.end(), input.unit_ends.begin(), input.unit_ends.end());
    std::size_t begin = 0, group = 0;
    for (const std::size_t end : input.unit_ends) {
      const bool last = group < input.group_ends.size() && input.group_ends[group] == end;
      groups_.push_back({begin, last ? input.group_costs[group] : -kNever});
      if (last) begin = end, ++group;
    }
    block_ = std::clamp<std::size_t>(options.memory_bytes / row_bytes_, 1, std::max<std::size_t>(input.frames, 1));
    pointers_.resize(block_ * row_bytes_);
  }

  Alignment run() {
    std::vector<std::vector<double>> starts;  // scores before each block
    for (std::size_t first = 0; first < in_.frames; first += block_) {
      starts.push_back(saved(first));
      forward(first, std::min(first + block_, in_.frames));
    }
    Alignment found{std::vector<std::int32_t>(in_.frames), 0.0};
    std::size_t state = last_state(found.score);
    for (std::size_t number = starts.size(); number-- > 0;) {
      const std::size_t first = number * block_, end = std::min(first + block_, in_.frames);
      if (number + 1 < starts.size()) {  // the last block's pointers are still there
        restore(first, starts[number]);
        forward(first, end);
      }
      for (std::size_t frame = end; frame-- > first;) state = back(frame, first, state, found.states[frame]);
    }
    return found;
  }

 private:
  // The first state of a frame's band. Bands only move up, so states above them were never written.
  std::size_t low(std::size_t frame) const {
    if (band_ == states_ || in_.frames < 2) return 0;
    const double middle = double(frame) / double(in_.frames - 1) * double(states_ - 1);
    return std::size_t(std::clamp(middle - double(band_) / 2, 0.0, double(states_ - band_)));
  }

  std::vector<double> saved(std::size_t first) const {
    if (!first) return {};
    const std::size_t from = below(low(first - 1));
    return {before_.begin() + std::ptrdiff_t(from), before_.begin() + std::ptrdiff_t(low(first - 1) + band_)};
  }

  void restore(std::size_t first, const std::vector<double>& scores) {
    std::fill(now_.begin(), now_.end(), kNever);
    std::fill(before_.begin(), before_.end(), kNever);
    if (first) std::copy(scores.begin(), scores.end(), before_.begin() + std::ptrdiff_t(below(low(first - 1))));
  }

  static std::size_t below(std::size_t low) { return low - std::min<std::size_t>(low, 2); }

  // Scores after the frames [first, end) and their pointers; the latest scores are in before_.
  void forward(std::size_t first, std::size_t end) {
    std::fill(pointers_.begin(), pointers_.end(), 0);
    for (std::size_t frame = first; frame < end; ++frame) {
      std::uint8_t* row = pointers_.data() + (frame - first) * row_bytes_;
      const std::size_t from = low(frame);
      read_classes(frame);
      for (std::size_t state = below(from); state < from; ++state) now_[state] = kNever;
      for (std::size_t state = from; state < from + band_; ++state) take(frame, state, row, state - from);
      omit(from, row);
      now_.swap(before_);
    }
  }

  void read_classes(std::size_t frame) {
    const float* values = in_.log_probs + frame * in_.classes;
    const double best = *std::max_element(values, values + in_.classes);
    for (std::size_t one = 0; one < in_.classes; ++one)
      class_[one] = std::max(options_.floor, double(values[one]) - best);
    at_border_ = std::max(class_[in_.blank], -options_.star_cost);
  }

  void take(std::size_t frame, std::size_t state, std::uint8_t* row, std::size_t place) {
    const bool is_token = state & 1;
    const std::size_t token = state / 2;
    double best = kNever;
    Pointer pointer = kStay;
    if (!frame) {
      if (state < 2) best = 0.0;
    } else {
      best = before_[state];
      if (state && before_[state - 1] > best) best = before_[state - 1], pointer = kStep;
      if (is_token && token && in_.tokens[token] != in_.tokens[token - 1] && before_[state - 2] > best)
        best = before_[state - 2], pointer = kSkip;
    }
    if (best == kNever) {
      now_[state] = kNever;
      return;
    }
    set(row, place, pointer);
    now_[state] = best + (is_token ? of_token(in_.tokens[token]) : of_gap(token));
  }

  double of_token(std::int32_t token) const {
    return token == kWildcard ? -options_.wildcard_cost : class_[std::size_t(token)];
  }

  double of_gap(std::size_t token) const { return (border_[token] ? at_border_ : class_[in_.blank]) - in_.gap_costs[token]; }

  // From border to border within the frame, in order, so that several units may be left out at once.
  void omit(std::size_t from, std::uint8_t* row) {
    auto unit = std::size_t(std::lower_bound(borders_.begin(), borders_.end(), (from + 1) / 2) - borders_.begin());
    for (; unit + 1 < borders_.size() && 2 * borders_[unit + 1] < from + band_; ++unit) {
      const std::size_t state = 2 * borders_[unit + 1], begin = 2 * groups_[unit].begin;
      leave_out(now_[2 * borders_[unit]] - in_.omit_costs[unit], state, row, state - from, kOmit);
      if (begin >= from) leave_out(now_[begin] - groups_[unit].cost, state, row, state - from, kOmitGroup);
    }
  }

  void leave_out(double score, std::size_t state, std::uint8_t* row, std::size_t place, Pointer pointer) {
    if (!(score > now_[state])) return;
    now_[state] = score;
    set(row, place, pointer);
  }

  static void set(std::uint8_t* row, std::size_t place, Pointer pointer) {
    const unsigned shift = 2 * (place & 3);
    row[place / 4] = std::uint8_t((row[place / 4] & ~(3u << shift)) | (unsigned(pointer) << shift));
  }

  std::size_t last_state(double& score) const {
    std::size_t state = states_ - 1;
    if (states_ > 1 && before_[state - 1] > before_[state]) --state;
    score = before_[state];
    if (score == kNever) throw std::invalid_argument("no path: the tokens do not fit into the frames, or the band");
    return state;
  }

  // The state before `frame`; `at` is the state that emits it.
  std::size_t back(std::size_t frame, std::size_t first, std::size_t state, std::int32_t& at) const {
    const std::uint8_t* row = pointers_.data() + (frame - first) * row_bytes_;
    for (;;) {
      const std::size_t place = state - low(frame);
      const auto pointer = Pointer((row[place / 4] >> (2 * (place & 3))) & 3);
      const bool group = pointer == kOmitGroup && !(state & 1);
      if (pointer != kOmit && !group) {
        at = std::int32_t(state);
        return state - pointer;
      }
      const auto unit = std::size_t(std::lower_bound(borders_.begin(), borders_.end(), state / 2) - borders_.begin()) - 1;
      state = 2 * (group ? groups_[unit].begin : borders_[unit]);
    }
  }

  const AlignInput& in_;
  const AlignOptions& options_;
  std::size_t states_, band_, row_bytes_, block_ = 1;
  std::vector<std::uint8_t> border_;  // whether the gap before a token lies between units
  std::vector<std::size_t> borders_;  // tokens after those gaps
  struct Group {
    std::size_t begin;  // its first token
    double cost;
  };
  std::vector<Group> groups_;  // of each unit; only the last one of a group can end it
  std::vector<double> now_, before_;  // scores after this frame and the last one
  std::vector<double> class_;         // of this frame
  double at_border_ = 0.0;
  std::vector<std::uint8_t> pointers_;  // of this block's frames, two bits for each state of the band
};

void check_costs(const std::vector<double>& costs) {
  for (const double cost : costs)
    if (!(cost >= 0)) throw std::invalid_argument("costs must not be negative");
}

void check(const AlignInput& in) {
  for (const std::int32_t token : in.tokens)
    if (token != kWildcard && (token < 0 || std::size_t(token) >= in.classes || std::size_t(token) == in.blank))
      throw std::invalid_argument("a token is out of range");
  std::size_t before = 0;
  for (const std::size_t end : in.unit_ends) {
    if (end <= before) throw std::invalid_argument("the ends of units must ascend");
    before = end;
  }
  if (before != in.tokens.size()) throw std::invalid_argument("the last unit must end with the tokens");
  if (in.unit_ends.size() != in.omit_costs.size()) throw std::invalid_argument("each unit needs a cost");
  if (in.group_ends.size() != in.group_costs.size()) throw std::invalid_argument("each group needs a cost");
  for (std::size_t group = 0; group < in.group_ends.size(); ++group) {
    if (group && in.group_ends[group] <= in.group_ends[group - 1])
      throw std::invalid_argument("the ends of groups must ascend");
    if (!std::binary_search(in.unit_ends.begin(), in.unit_ends.end(), in.group_ends[group]))
      throw std::invalid_argument("a group must end with a unit");
  }
  if (in.gap_costs.size() != in.tokens.size() + 1) throw std::invalid_argument("each gap needs a cost");
  for (const auto* costs : {&in.omit_costs, &in.group_costs, &in.gap_costs}) check_costs(*costs);
  if (in.blank >= in.classes) throw std::invalid_argument("the blank is out of range");
  for (std::size_t i = 0; i < in.frames * in.classes; ++i)
    if (!(in.log_probs[i] < std::numeric_limits<float>::infinity()))
      throw std::invalid_argument("log probabilities must be numbers");
}

}  // namespace

Alignment ctc_align(const AlignInput& input, const AlignOptions& options) {
  check(input);
  if (!(options.star_cost >= 0 && options.wildcard_cost >= 0 && options.floor < 0))
    throw std::invalid_argument("costs must not be negative, and the floor must be");
  if (!input.frames) {
    if (!input.tokens.empty()) throw std::invalid_argument("no path: the tokens do not fit into the frames, or the band");
    return {{}, 0.0};
  }
  return Search(input, options).run();
}

}  // namespace deepspeech
