// The part of the beam search that follows pieces of words along dictionary and phrases.
#include <algorithm>

#include "beam.hh"

namespace deepspeech {

// Pieces of words, with a scorer, phrases, or both: each is spelled along the dictionary and along the phrases. What is
// earned by ending a word is the same for every piece that starts the next.
void Beam::extend_spelled() {
  float best = kNever;
  word_ends_.clear();
  for (Id slot = 0; slot < prefixes_.size(); ++slot) {
    word_ends_.push_back(word_end(slot));
    best = std::max(best, prefixes_[slot].score + boost(slot) + std::max(0.0f, word_ends_.back().worth));
  }
  classes_.rank(threshold_ - best - kSlack);
  for (Id slot = 0; slot < prefixes_.size(); ++slot) spell_on(slot);
}

Beam::WordEnd Beam::word_end(Id slot) {
  WordEnd end{true, false, 0.0f, 0.0f};
  if (!language_) return end;
  Position& position = positions_[slot];
  const bool allow_oov = context_graph_ && context_graph_->ends_word(context_states_[slot].state);
  end.allowed = allow_oov || language_->may_start_word(position);
  end.brings = end.allowed && position.unit_length > 0;
  if (!end.brings) return end;
  end.bonus = language_->bonus(position, tree_, prefixes_[slot].node, kNone, allow_oov);
  end.worth = with_unit(0.0f, end.bonus);
  return end;
}

void Beam::spell_on(Id slot) {
  const Prefix& prefix = prefixes_[slot];
  ++round_;
  for (Id child = prefix.first_child; child != kNone; child = prefixes_[child].next_sibling)
    taken_[prefixes_[child].label] = round_;  // stay() has added this extension to the child
  if (context_graph_)
    context_graph_->each_expected_piece(context_states_[slot], [&](std::uint32_t token) {
      if (taken_[token] == round_) return;
      taken_[token] = round_;
      offer_piece(slot, token);
    });
  const float most = prefix.score + boost(slot) + std::max(0.0f, word_ends_[slot].worth) + kSlack;
  for (const ClassScores::Ranked& next : classes_.ranked()) {
    if (next.log + most < threshold_) break;
    if (taken_[next.label] != round_) offer_piece(slot, next.label);
  }
}

void Beam::offer_piece(Id slot, std::uint32_t token) {
  const Prefix& prefix = prefixes_[slot];
  const WordEnd& end = word_ends_[slot];
  const bool starts = language_ && language_->starts_word(token), ends_word = starts && end.brings;
  if (starts && !end.allowed) return;
  float score = classes_.log(token) + (token == prefix.label ? prefix.blank : prefix.score);
  if (ends_word) score = with_unit(score, end.bonus);
  const float boost =
      context_graph_ ? context_graph_->boost(context_graph_->extend_piece(context_states_[slot], token)) : 0.0f;
  if (score == kNever || score + boost < threshold_) return;
  if (language_ && language_->walk(positions_[slot], token) == language_->outside() &&
      !(context_graph_ && context_graph_->expects_piece(context_states_[slot], token)))
    return;
  offer({score + boost, token, slot, true, ends_word ? end.bonus : 0.0f});
}

}  // namespace deepspeech
