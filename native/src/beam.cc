#include "beam.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace deepspeech {
namespace {

constexpr std::size_t kWidest = 10'000'000;
constexpr double kSilence = 0.999;             // leading frames with at least this much blank are not searched
constexpr std::uint32_t kCommitFrames = 1024;  // between two commits of the past
constexpr float kShift = 16384.0f;             // a power of two, so that shifting is exact

float log_add(float a, float b) {
  const float high = std::max(a, b), low = std::min(a, b);
  // Below this difference 1 + exp rounds to 1; it also catches kNever.
  if (!(low - high > -17.5f)) return high;
  return high + std::log(1.0f + std::exp(low - high));
}

}  // namespace

Beam::Beam(const BeamOptions& options)
    : width_(options.width),
      beam_threshold_(options.threshold),
      classes_(options.classes, options.cutoff),
      taken_(options.classes, 0) {
  if (options.width < 1) throw std::invalid_argument("beam_width must be at least 1");
  if (options.width > kWidest) throw std::invalid_argument("the beam is too wide");
  if (!(options.threshold > 0.0f)) throw std::invalid_argument("beam_threshold must be above 0");
  Prefix root{};
  root.score = root.blank = 0.0f;
  root.nonblank = kNever;
  root.label = kNone;
  root.node = PrefixTree::kRoot;
  root.times = TimeHistory::kStart;
  prefixes_.push_back(root);
  if (options.language) {
    if (options.language->tokens() + 1 != options.classes)
      throw std::invalid_argument("the scorer was prepared for another number of classes");
    language_.emplace(options.language);
    most_by_unit_ = options.language->most_by_unit();
    positions_.push_back(language_->start());
    language_->retain(positions_.back());
  }
  if (options.context_graph) {
    if (!options.context_graph->fit(options.classes)) throw std::invalid_argument("phrases hold labels of no class");
    context_graph_ = options.context_graph;
    context_states_.push_back(context_graph_->start());
    boosts_.resize(options.classes);
  }
  spelled_ = (language_ && language_->has_pieces()) || (context_graph_ && context_graph_->has_pieces());
  if (spelled_ && language_ && context_graph_ && language_->has_pieces() != context_graph_->has_pieces())
    throw std::invalid_argument("phrases and scorer were prepared for different tokens");
  tree_.set_slot(PrefixTree::kRoot, 0);
  history_.retain(TimeHistory::kStart);
}

void Beam::check(const float* probabilities, std::size_t frames) const {
  if (frames > kNone - frames_) throw std::length_error("the stream is too long");
  const std::size_t count = frames * classes_.classes();
  for (std::size_t i = 0; i < count; ++i) {
    if (probabilities[i] >= 0.0f && probabilities[i] <= 1.001f) continue;
    throw std::invalid_argument("frame " + std::to_string(frames_ + i / classes_.classes()) + ", class " +
                                std::to_string(i % classes_.classes()) + ": " + std::to_string(probabilities[i]) +
                                " is not a probability");
  }
}

void Beam::feed(const float* probabilities, std::size_t frames) {
  check(probabilities, frames);
  for (std::size_t t = 0; t < frames; ++t) advance(probabilities + t * classes_.classes());
}

void Beam::advance(const float* probabilities) {
  const std::uint32_t frame = frames_++;
  started_ = started_ || probabilities[classes_.blank()] < kSilence;
  if (!started_) return;
  classes_.read(probabilities);
  link_family();
  set_cutoff(probabilities[classes_.blank()]);
  stay();
  extend();
  drop_far();
  select();
  replace_beam(frame);
  if (frames_ % kCommitFrames == 0) commit_past();
  shift_scores();
  if (context_graph_) shift_boosts();
}

void Beam::link_family() {
  for (Prefix& prefix : prefixes_) prefix.first_child = kNone;
  for (Id slot = 0; slot < prefixes_.size(); ++slot) {
    Prefix& prefix = prefixes_[slot];
    const Id parent_node = tree_.parent(prefix.node);
    prefix.parent = parent_node == kNone ? kNone : tree_.slot(parent_node);
    if (prefix.parent == kNone) continue;
    prefix.next_sibling = prefixes_[prefix.parent].first_child;
    prefixes_[prefix.parent].first_child = slot;
  }
}

// With a language the old decoder left out of account what even a blank and the best bonus would not bring near the
// worst prefix of a full beam. Sums over alignments depend on it.
void Beam::set_cutoff(float blank) {
  cutoff_ = kNever;
  if (!language_ || spelled_ || prefixes_.size() < width_) return;
  float worst = prefixes_.front().score + boost(0);
  for (Id slot = 0; slot < prefixes_.size(); ++slot) worst = std::min(worst, prefixes_[slot].score + boost(slot));
  const double beta = language_->language().beta;
  cutoff_ = static_cast<float>(worst + std::log(static_cast<double>(blank)) - std::max(0.0, beta));
}

// Two additions, rounded one after the other as in the old decoder.
float Beam::with_unit(float score, float bonus) const {
  score += bonus;
  return score + language_->language().beta;
}

// Score of a prefix's last label coming, in this frame, after the prefix without it.
float Beam::arrival(Id slot, float boost) const {
  const Prefix& prefix = prefixes_[slot];
  if (prefix.parent == kNone) return kNever;
  const Prefix& parent = prefixes_[prefix.parent];
  const float log_label = classes_.log(prefix.label);
  if (!within(log_label, parent.score + boost)) return kNever;
  // After the same label only a blank lets a new one begin.
  const float score = log_label + (parent.label == prefix.label ? parent.blank : parent.score);
  if (!language_ || !positions_[slot].ends_unit) return score;
  return with_unit(score, positions_[slot].bonus);
}

// Whether the label's time moves to this frame: if arriving beats staying. Of equals the one wins that the old decoder
// came to first; with a language it went from better to worse prefixes, else from children to parents.
bool Beam::time_moves(const Prefix& prefix, float repeated, float arrived) const {
  if (arrived == kNever || arrived < repeated) return false;
  if (arrived == repeated) {
    const Prefix& parent = prefixes_[prefix.parent];
    if (!language_ || parent.score < prefix.score) return false;
    if (parent.score == prefix.score && parent.label > prefix.label) return false;
  }
  return prefix.next_nonblank >= prefix.next_blank || classes_.blank_before(prefix.label);
}

// Scores of prefixes that are in the beam already: a blank, the same label again, or their last label arriving from
// the prefix before it.
void Beam::stay() {
  candidates_.clear();
  threshold_ = kNever;
  const float log_blank = classes_.log(classes_.blank());
  for (Id slot = 0; slot < prefixes_.size(); ++slot) {
    Prefix& prefix = prefixes_[slot];
    const float boost = this->boost(slot), boosted = prefix.score + boost;
    const float arrived = arrival(slot, boost);
    float repeated = kNever;
    if (prefix.label != kNone && within(classes_.log(prefix.label), boosted))
      repeated = classes_.log(prefix.label) + prefix.nonblank;
    prefix.next_blank = within(log_blank, boosted) ? log_blank + prefix.score : kNever;
    prefix.next_nonblank = log_add(repeated, arrived);
    prefix.next_score = log_add(prefix.next_blank, prefix.next_nonblank);
    prefix.time_moves = time_moves(prefix, repeated, arrived);
    prefix.stays = false;
    if (prefix.next_score > kNever)
      candidates_.push_back({prefix.next_score + boost, prefix.label, slot, false, 0.0f});
  }
}

// Prefixes that are not in the beam yet: one in it and one more label.
void Beam::extend() {
  if (candidates_.size() == width_)
    threshold_ = std::max_element(candidates_.begin(), candidates_.end(), Better())->score;
  drop_far();
  set_room();
  if (spelled_) return extend_spelled();
  if (context_graph_) return extend_expecting();
  if (language_) {
    const float highest = classes_.highest();
    if (classes_.few()) classes_.rank(kNever);
    for (Id slot = 0; slot < prefixes_.size(); ++slot)
      if (within(highest, prefixes_[slot].score)) extend_along(slot);
    return;
  }
  float best = kNever;
  for (const Prefix& prefix : prefixes_) best = std::max(best, prefix.score);
  classes_.rank(threshold_ - best - kSlack);
  for (Id slot = 0; slot < prefixes_.size(); ++slot) extend_freely(slot);
}

void Beam::extend_freely(Id slot) {
  const Prefix& prefix = prefixes_[slot];
  ++round_;
  for (Id child = prefix.first_child; child != kNone; child = prefixes_[child].next_sibling)
    taken_[prefixes_[child].label] = round_;  // stay() has added this extension to the child
  for (const ClassScores::Ranked& next : classes_.ranked()) {
    if (next.log + prefix.score < threshold_) break;
    if (taken_[next.label] == round_) continue;
    const float score = next.log + (next.label == prefix.label ? prefix.blank : prefix.score);
    offer({score, next.label, slot, true, 0.0f});
  }
}

bool Beam::has_child(const Prefix& prefix, std::uint32_t label) const {
  Id child = prefix.first_child;
  while (child != kNone && prefixes_[child].label != label) child = prefixes_[child].next_sibling;
  return child != kNone;
}

void Beam::extend_along(Id slot) {
  const Prefix& prefix = prefixes_[slot];
  Position& position = positions_[slot];
  const float least = threshold_ - prefix.score - kSlack;  // of a label that brings no bonus
  const float least_ending = least - most_by_unit_;
  const auto extend_by = [&](std::uint32_t label) {
    const float log = classes_.log(label);
    const bool ends_unit = language_->ends_unit(position, label);
    if (log < (ends_unit ? least_ending : least)) return;
    const float score = log + (label == prefix.label ? prefix.blank : prefix.score);
    if (score == kNever || !within(log, prefix.score) || has_child(prefix, label)) return;
    if (!ends_unit) return offer({score, label, slot, true, 0.0f});
    const float bonus = language_->bonus(position, tree_, prefix.node, label);
    offer({with_unit(score, bonus), label, slot, true, bonus});
  };
  const Dictionary::Arcs arcs = language_->arcs(position);
  if (!classes_.few() || arcs.end() - arcs.begin() <= static_cast<std::ptrdiff_t>(classes_.ranked().size())) {
    for (const Dictionary::Arc& arc : arcs) extend_by(arc.label);
    return;
  }
  for (const ClassScores::Ranked& next : classes_.ranked())
    if (language_->allows(position, next.label)) extend_by(next.label);
}

void Beam::offer(const Candidate& candidate) {
  if (!(candidate.score >= threshold_) || candidate.score == kNever) return;
  candidates_.push_back(candidate);
  if (candidates_.size() < room_) return;  // seldom enough that selecting costs little
  drop_far();
  if (candidates_.size() >= 2 * width_ + 64) {
    select();
    threshold_ = std::max(threshold_, candidates_.back().score);
  }
  set_room();
}

void Beam::keep(Prefix& prefix, std::uint32_t frame) {
  prefix.stays = true;
  prefix.score = prefix.next_score;
  prefix.blank = prefix.next_blank;
  prefix.nonblank = prefix.next_nonblank;
  if (prefix.time_moves) prefix.next_times = history_.add(prefixes_[prefix.parent].times, frame);
}

// An extension's score without the boost of phrases, as it was before the boost was added.
float Beam::bare_score(const Candidate& candidate) const {
  const Prefix& past = prefixes_[candidate.slot];
  const float score = classes_.log(candidate.label) + (candidate.label == past.label ? past.blank : past.score);
  const bool ends_unit = language_ && language_->ends_unit(positions_[candidate.slot], candidate.label);
  return ends_unit ? with_unit(score, candidate.bonus) : score;
}

void Beam::add(const Candidate& candidate, std::uint32_t frame) {
  const Prefix past = prefixes_[candidate.slot];
  float score = candidate.score;
  bool allow_oov = false;
  if (context_graph_) {
    const ContextState context_state = context_states_[candidate.slot];
    score = bare_score(candidate);
    if (spelled_) {
      allow_oov = context_graph_->ends_word(context_state.state);
      context_states_.push_back(context_graph_->extend_piece(context_state, candidate.label));
    } else {
      allow_oov = context_graph_->expects(context_state.state, candidate.label);
      context_states_.push_back(context_graph_->extend(context_state, candidate.label));
    }
  }
  if (language_) {
    const Position position = positions_[candidate.slot];
    positions_.push_back(language_->extend(position, tree_, past.node, candidate.label, candidate.bonus, allow_oov));
  }
  Prefix prefix{};
  prefix.stays = true;
  prefix.score = prefix.nonblank = score;
  prefix.blank = kNever;
  prefix.label = candidate.label;
  prefix.length = past.length + 1;
  prefix.node = tree_.child(past.node, candidate.label);
  prefix.times = history_.add(past.times, frame);
  tree_.set_slot(prefix.node, static_cast<Id>(prefixes_.size()));
  prefixes_.push_back(prefix);
}

// Replaces the beam by the candidates. Reserves memory first, so that later steps cannot fail half-way.
void Beam::replace_beam(std::uint32_t frame) {
  if (candidates_.empty()) return;  // nothing fits this frame, which can happen with cut-off classes: pass over it
  const std::size_t old = prefixes_.size(), room = candidates_.size();
  tree_.reserve(room);
  history_.reserve(room);
  prefixes_.reserve(old + room);
  free_slots_.reserve(old);
  if (language_) {
    positions_.reserve(old + room);
    language_->reserve(room);
  }
  if (context_graph_) context_states_.reserve(old + room);
  for (const Candidate& candidate : candidates_)
    if (candidate.extension) add(candidate, frame);
  for (const Candidate& candidate : candidates_)
    if (!candidate.extension) keep(prefixes_[candidate.slot], frame);
  for (Id slot = 0; slot < old; ++slot) {
    Prefix& prefix = prefixes_[slot];
    if (!prefix.stays || !prefix.time_moves) continue;
    history_.release(prefix.times);
    prefix.times = prefix.next_times;
  }
  fill_free_slots();
}

// Removes prefixes that do not stay: the last ones move into their slots.
void Beam::fill_free_slots() {
  free_slots_.clear();
  for (Id slot = 0; slot < prefixes_.size(); ++slot)
    if (!prefixes_[slot].stays) free_slots_.push_back(slot);
  for (; !free_slots_.empty(); free_slots_.pop_back()) {
    const Id freed = free_slots_.back(), last = static_cast<Id>(prefixes_.size() - 1);
    const Id node = prefixes_[freed].node;
    history_.release(prefixes_[freed].times);
    tree_.set_slot(node, kNone);
    tree_.prune(node);
    if (language_) {
      language_->release(positions_[freed]);
      positions_[freed] = positions_[last];
      positions_.pop_back();
    }
    if (context_graph_) {
      context_states_[freed] = context_states_[last];
      context_states_.pop_back();
    }
    if (freed != last) {
      prefixes_[freed] = prefixes_[last];
      tree_.set_slot(prefixes_[freed].node, freed);
    }
    prefixes_.pop_back();
  }
}

// In a stream of hours scores grow until float32 no longer tells them apart; what all have in common is taken out.
void Beam::shift_scores() {
  float best = kNever;
  for (const Prefix& prefix : prefixes_) best = std::max(best, prefix.score);
  if (std::fabs(best) <= kShift) return;
  const float shift = std::copysign(kShift, best);
  for (Prefix& prefix : prefixes_) {
    prefix.score -= shift;
    prefix.blank -= shift;
    prefix.nonblank -= shift;
  }
  shifted_ += shift;
}

// What all prefixes have earned is only compared, never reported.
void Beam::shift_boosts() {
  float most = 0.0f;
  for (const ContextState& context_state : context_states_) most = std::max(most, context_state.earned);
  if (most <= kShift) return;
  for (ContextState& context_state : context_states_) context_state.earned -= kShift;
}

std::vector<Hypothesis> Beam::best(std::size_t count, std::uint32_t skip) const {
  std::vector<Candidate> order;
  order.reserve(prefixes_.size());
  for (Id slot = 0; slot < prefixes_.size(); ++slot) {
    const Prefix& prefix = prefixes_[slot];
    const bool allow_oov = context_graph_ && context_graph_->ends_word(context_states_[slot].state);
    const float bonus = language_ ? language_->final_bonus(positions_[slot], tree_, prefix.node, allow_oov) : 0.0f;
    const float boost = context_graph_ ? context_graph_->final_boost(context_states_[slot]) : 0.0f;
    order.push_back({prefix.score + bonus + boost, prefix.label, slot, false, bonus});
  }
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), Better());
  std::vector<Hypothesis> best;
  best.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Prefix& prefix = prefixes_[order[i].slot];
    const float score = prefix.score + order[i].bonus;
    const std::uint32_t rest = prefix.length > skip ? prefix.length - skip : 0;
    best.push_back({tree_.labels(prefix.node, rest), history_.frames(prefix.times, rest), shifted_ + score});
  }
  return best;
}

}  // namespace deepspeech
