// The part of the beam search that follows hot phrases, along the dictionary or freely.
#include <algorithm>

#include "beam.hh"

namespace deepspeech {

// The same with phrases: a candidate's score counts what its text has earned.
void Beam::extend_expecting() {
  if (language_) {
    const float highest = classes_.highest();
    for (Id slot = 0; slot < prefixes_.size(); ++slot) expect_along(slot, highest);
    return;
  }
  float best = kNever;
  for (Id slot = 0; slot < prefixes_.size(); ++slot)
    best = std::max(best, prefixes_[slot].score + context_states_[slot].earned);
  classes_.rank(threshold_ - best - kSlack);
  for (Id slot = 0; slot < prefixes_.size(); ++slot) expect_freely(slot);
}

void Beam::expect_freely(Id slot) {
  const Prefix& prefix = prefixes_[slot];
  const float earned = context_states_[slot].earned;
  ++round_;
  for (Id child = prefix.first_child; child != kNone; child = prefixes_[child].next_sibling)
    taken_[prefixes_[child].label] = round_;  // stay() has added this extension to the child
  context_graph_->each_expected(context_states_[slot], [&](std::uint32_t label, const ContextState& after) {
    if (taken_[label] == round_) return;
    taken_[label] = round_;
    const float score = classes_.log(label) + (label == prefix.label ? prefix.blank : prefix.score);
    offer({score + context_graph_->boost(after), label, slot, true, 0.0f});
  });
  for (const ClassScores::Ranked& next : classes_.ranked()) {
    if (next.log + prefix.score + earned < threshold_) break;
    if (taken_[next.label] == round_) continue;
    const float score = next.log + (next.label == prefix.label ? prefix.blank : prefix.score);
    offer({score + earned, next.label, slot, true, 0.0f});
  }
}

// Where the dictionary does not go on, phrases may.
void Beam::expect_along(Id slot, float highest) {
  const Position& position = positions_[slot];
  const float earned = context_states_[slot].earned;
  ++round_;
  expected_.clear();
  context_graph_->each_expected(context_states_[slot], [&](std::uint32_t label, const ContextState& after) {
    if (taken_[label] == round_) return;
    taken_[label] = round_;
    boosts_[label] = context_graph_->boost(after);
    expected_.push_back(label);
  });
  if (expected_.empty() && !within(highest, prefixes_[slot].score + earned)) return;
  for (const Dictionary::Arc& arc : language_->arcs(position)) {
    const bool expected = taken_[arc.label] == round_;
    offer_along(slot, arc.label, expected ? boosts_[arc.label] : earned, expected);
  }
  for (const std::uint32_t label : expected_)
    if (!language_->allows(position, label)) offer_along(slot, label, boosts_[label], true);
}

void Beam::offer_along(Id slot, std::uint32_t label, float boost, bool allow_oov) {
  const Prefix& prefix = prefixes_[slot];
  const float log = classes_.log(label);
  const bool ends_unit = language_->ends_unit(positions_[slot], label);
  if (!ends_unit && log + prefix.score + boost < threshold_) return;
  const float score = log + (label == prefix.label ? prefix.blank : prefix.score);
  if (score == kNever || !within(log, prefix.score + boost) || has_child(prefix, label)) return;
  if (!ends_unit) return offer({score + boost, label, slot, true, 0.0f});
  const float bonus = language_->bonus(positions_[slot], tree_, prefix.node, label, allow_oov);
  offer({with_unit(score, bonus) + boost, label, slot, true, bonus});
}

}  // namespace deepspeech
