#include "phrases.hh"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace deepspeech {
namespace {

constexpr float kStrongest = 100.0f;            // with the next, keeps boosts where float32 tells them apart
constexpr std::size_t kLongest = 1000;          // labels
constexpr std::size_t kMostLabels = 10'000'000;  // of all phrases

}  // namespace

Phrases::Phrases(const std::vector<Phrase>& phrases, std::uint32_t space,
                 std::vector<std::vector<std::uint32_t>> pieces)
    : space_(space), states_(2), pieces_(std::move(pieces)) {
  std::size_t total = 0;
  for (const Phrase& phrase : phrases) {
    check(phrase);
    total += phrase.labels.size();
    if (total > kMostLabels) throw std::invalid_argument("there are too many phrases");
    if (phrase.strength > 0.0f) insert(phrase);
  }
  std::vector<Id> order{kRoot};  // shorter ones first: each state looks at shorter ones
  for (std::size_t i = 0; i < order.size(); ++i)
    for (const Arc& arc : states_[order[i]].arcs) {
      join(arc.next, order[i], arc.label);
      order.push_back(arc.next);
    }
  for (std::uint32_t token = 0; token < pieces_.size(); ++token) {
    const std::vector<std::uint32_t>& letters = pieces_[token];
    const bool starts = letters.size() > 1 && letters[0] == space_;  // else the space is itself within a phrase
    if (!letters.empty()) (starts ? starting_ : inside_)[letters[starts]].push_back(token);
  }
}

void Phrases::check(const Phrase& phrase) const {
  if (phrase.labels.empty()) throw std::invalid_argument("a phrase is empty");
  if (phrase.labels.size() > kLongest)
    throw std::invalid_argument("a phrase has more than " + std::to_string(kLongest) + " letters");
  if (!(phrase.strength >= 0.0f && phrase.strength <= kStrongest))
    throw std::invalid_argument("the strength of a phrase must be from 0 to 100");
  std::uint32_t previous = space_;
  for (const std::uint32_t label : phrase.labels) {
    if (label == kNone) throw std::invalid_argument("a phrase holds a label that no alphabet has");
    if (whole_words() && label == space_ && previous == space_)
      throw std::invalid_argument("the words of a phrase must be parted by one space");
    previous = label;
  }
  if (whole_words() && previous == space_) throw std::invalid_argument("a phrase must not end with a space");
}

void Phrases::insert(const Phrase& phrase) {
  Id at = kRoot;
  for (const std::uint32_t label : phrase.labels) {
    labels_ = std::max(labels_, label + 1);
    const Arc* known = own_arc(at, label);
    if (known != nullptr) {
      at = known->next;
    } else {
      const Id added = static_cast<Id>(states_.size());
      states_.emplace_back();
      states_[added].depth = states_[at].depth + 1;
      std::vector<Arc>& arcs = states_[at].arcs;
      const auto place = std::find_if(arcs.begin(), arcs.end(), [label](const Arc& arc) { return arc.label > label; });
      arcs.insert(place, {label, added});
      at = added;
    }
    states_[at].strength = std::max(states_[at].strength, phrase.strength);
  }
  states_[at].own_strength = std::max(states_[at].own_strength, phrase.strength);
}

// What a state is worth, after its parent and all shorter states.
void Phrases::join(Id id, Id parent, std::uint32_t label) {
  State& state = states_[id];
  if (parent == kRoot)
    state.shorter = whole_words() ? kElsewhere : kRoot;
  else
    state.shorter = next(states_[parent].shorter, label);
  const State &before = states_[parent], &shorter = states_[state.shorter];
  state.inside = before.inside + (!whole_words() || label == space_ ? before.whole : 0.0f);
  const float labels = static_cast<float>(state.depth);
  state.is_whole = state.own_strength > 0.0f || shorter.is_whole;
  state.whole = std::max(shorter.whole, state.own_strength * labels - state.inside);
  // Without words a phrase is over with its last label, and earned for then.
  const float earned = state.inside + (whole_words() ? 0.0f : state.whole);
  state.loan = std::max(shorter.loan, state.strength * labels - earned);
}

const Phrases::Arc* Phrases::own_arc(Id state, std::uint32_t label) const {
  const std::vector<Arc>& arcs = states_[state].arcs;
  const auto found = std::lower_bound(arcs.begin(), arcs.end(), label,
                                      [](const Arc& arc, std::uint32_t wanted) { return arc.label < wanted; });
  return found != arcs.end() && found->label == label ? &*found : nullptr;
}

// The arc of the longest suffix that has one.
const Phrases::Arc* Phrases::find(Id state, std::uint32_t label) const {
  for (; state != kNone; state = states_[state].shorter)
    if (const Arc* arc = own_arc(state, label)) return arc;
  return nullptr;
}

Id Phrases::next(Id state, std::uint32_t label) const {
  if (const Arc* arc = find(state, label)) return arc->next;
  return whole_words() && label != space_ ? kElsewhere : kRoot;
}

PhrasePosition Phrases::extend_piece(const PhrasePosition& position, std::uint32_t token) const {
  PhrasePosition after = position;
  for (const std::uint32_t letter : pieces_[token]) {
    after = extend(after, letter);
    if (after.state == kElsewhere) break;  // until the word ends, which it does not within a piece
  }
  return after;
}

bool Phrases::expects_piece(const PhrasePosition& position, std::uint32_t token) const {
  PhrasePosition at = position;
  for (const std::uint32_t letter : pieces_[token]) {
    if (letter != space_ && !expects(at.state, letter)) return false;
    at = extend(at, letter);
  }
  return true;
}

}  // namespace deepspeech
