// The part of the beam search that follows pieces of words along dictionary and phrases.
#include <algorithm>

#include "beam.hh"

namespace deepspeech {

// Pieces of words, with a scorer, phrases, or both: each is spelled along the dictionary and along the phrases. What is
// earned by ending a word is the same for every piece that starts the next.
void Beam::extend_spelled() {
  const float reach = phrases_ ? phrases_->most_of_a_piece() : 0.0f;
  float best = kNever;
  word_ends_.clear();
  for (Id slot = 0; slot < prefixes_.size(); ++slot) {
    WordEnd end{true, false, 0.0f, 0.0f};
    if (language_) {
      Position& position = positions_[slot];
      const bool welcome = phrases_ && phrases_->ends_word(standings_[slot].state);
      end.allowed = welcome || language_->may_start_word(position);
      end.brings = end.allowed && position.unit_length > 0;
      if (end.brings) end.bonus = language_->bonus(position, tree_, prefixes_[slot].node, kNone, welcome);
      if (end.brings) end.worth = with_unit(0.0f, end.bonus);
    }
    word_ends_.push_back(end);
    best = std::max(best, prefixes_[slot].score + boost(slot) + std::max(0.0f, end.worth));
  }
  classes_.rank(threshold_ - best - reach - kSlack);
  for (Id slot = 0; slot < prefixes_.size(); ++slot) spell_on(slot, reach);
}

void Beam::spell_on(Id slot, float reach) {
  const Prefix& prefix = prefixes_[slot];
  const WordEnd& end = word_ends_[slot];
  const float most = prefix.score + boost(slot) + std::max(0.0f, end.worth) + kSlack;
  ++round_;
  for (Id child = prefix.first_child; child != kNone; child = prefixes_[child].next_sibling)
    taken_[prefixes_[child].label] = round_;  // stay() has added this extension to the child
  for (const ClassScores::Ranked& next : classes_.ranked()) {
    if (next.log + most + reach < threshold_) break;
    if (taken_[next.label] == round_ || (phrases_ && next.log + most + phrases_->most(next.label) < threshold_)) continue;
    const bool starts = language_ && language_->starts_word(next.label);
    if (starts && !end.allowed) continue;
    float score = next.log + (next.label == prefix.label ? prefix.blank : prefix.score);
    if (starts && end.brings) score = with_unit(score, end.bonus);
    const float boost = phrases_ ? phrases_->boost(phrases_->extend_piece(standings_[slot], next.label)) : 0.0f;
    if (!(score + boost >= threshold_)) continue;
    if (language_ && language_->walk(positions_[slot], next.label) == language_->outside() &&
        !(phrases_ && phrases_->expects_piece(standings_[slot], next.label)))
      continue;
    offer({score + boost, next.label, slot, true, starts && end.brings ? end.bonus : 0.0f});
  }
}

}  // namespace deepspeech
