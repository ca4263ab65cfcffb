// The part of the beam search that commits the past: prunes what differs from it, and finds what all prefixes share.
#include <algorithm>
#include <stdexcept>

#include "beam.hh"

namespace deepspeech {
namespace {

constexpr std::uint32_t kOpenLabels = 1024;  // labels that stay open; what is further back is committed

}  // namespace

// Prefixes that differ from the best one only in its distant past leave the beam: what follows scores the same after
// both, so they cannot overtake it. Kept, they would each hold all text since: hours of it, times the beam's width.
void Beam::commit_past() {
  Id first = 0;
  for (Id slot = 1; slot < prefixes_.size(); ++slot)
    if (prefixes_[slot].score + boost(slot) > prefixes_[first].score + boost(first)) first = slot;
  const Prefix& best = prefixes_[first];
  if (best.length <= kOpenLabels) return;
  keep_after(tree_.ancestor(best.node, kOpenLabels), best.length - kOpenLabels);
}

void Beam::commit(const std::vector<std::uint32_t>& labels, std::uint32_t skip, const std::string& word_starts) {
  const Prefix& any = prefixes_.front();
  if (any.length < skip) throw std::invalid_argument("more labels are skipped than all sequences share");
  Id node = tree_.ancestor(any.node, any.length - skip);
  for (const std::uint32_t label : labels) {
    node = tree_.find(node, label);
    if (node == kNone) return;
  }
  keep_after(node, skip + static_cast<std::uint32_t>(labels.size()), word_starts);
}

// The last entry on the way of every prefix to the start, of two trees that know only the way back. `own` is a prefix's
// entry, one for each of its labels, `past` the one before an entry.
template <class Own, class Past>
Beam::Trunk Beam::shared(Own own, Past past) const {
  Trunk trunk{own(prefixes_.front()), prefixes_.front().length};
  for (const Prefix& prefix : prefixes_) {
    Id entry = own(prefix);
    for (std::uint32_t length = prefix.length; length > trunk.length; --length) entry = past(entry);
    for (; trunk.length > prefix.length; --trunk.length) trunk.entry = past(trunk.entry);
    for (; trunk.entry != entry; --trunk.length) {
      trunk.entry = past(trunk.entry);
      entry = past(entry);
    }
  }
  return trunk;
}

Beam::Trunk Beam::trunk() const {
  return shared([](const Prefix& prefix) { return prefix.node; }, [this](Id node) { return tree_.parent(node); });
}

std::vector<std::uint32_t> Beam::committed_prefix(std::uint32_t skip) const {
  const Trunk all = trunk();
  return tree_.labels(all.entry, all.length > skip ? all.length - skip : 0);
}

// New times begin with those of a prefix in the beam, so what all of these share stays.
std::uint32_t Beam::fixed() const {
  const Trunk times =
      shared([](const Prefix& prefix) { return prefix.times; }, [this](Id entry) { return history_.past(entry); });
  return std::min(trunk().length, times.length);
}

// Keeps the prefixes that begin with the sequence of `node`, which has `length` labels.
void Beam::keep_after(Id node, std::uint32_t length, const std::string& word_starts) {
  const auto starts = [&](std::uint32_t label) { return label < word_starts.size() && word_starts[label] != 0; };
  bool any = false;
  for (Prefix& prefix : prefixes_) {
    prefix.stays = prefix.length >= length && tree_.ancestor(prefix.node, prefix.length - length) == node;
    if (prefix.stays && !word_starts.empty())
      prefix.stays = prefix.length > length && starts(tree_.label(tree_.ancestor(prefix.node, prefix.length - length - 1)));
    any = any || prefix.stays;
  }
  if (!any) return;
  free_slots_.reserve(prefixes_.size());
  fill_free_slots();
}

}  // namespace deepspeech
