#include "prefix_tree.hh"

#include <algorithm>
#include <stdexcept>

namespace deepspeech {
namespace {

template <typename Item>
void make_room(std::vector<Item>& items, std::size_t free_count, std::size_t count) {
  if (free_count >= count) return;
  const std::size_t needed = items.size() + count - free_count;
  if (needed >= kNone) throw std::length_error("the beam search holds too many prefixes");
  if (needed > items.capacity()) items.reserve(std::max(needed, 2 * items.capacity()));
}

}  // namespace

PrefixTree::PrefixTree() { nodes_.push_back({kNone, kNone, kNone, kNone, kNone, kNone}); }

void PrefixTree::reserve(std::size_t count) { make_room(nodes_, free_count_, count); }

Id PrefixTree::find(Id parent, std::uint32_t label) const {
  Id id = nodes_[parent].first_child;
  while (id != kNone && nodes_[id].label != label) id = nodes_[id].next_sibling;
  return id;
}

Id PrefixTree::child(Id parent, std::uint32_t label) {
  const Id known = find(parent, label);
  if (known != kNone) return known;

  const Id next = nodes_[parent].first_child;
  const Node node{parent, kNone, next, kNone, kNone, label};
  Id id = free_;
  if (id != kNone) {
    free_ = nodes_[id].parent;
    --free_count_;
    nodes_[id] = node;
  } else {
    id = static_cast<Id>(nodes_.size());
    nodes_.push_back(node);
  }
  if (next != kNone) nodes_[next].previous_sibling = id;
  nodes_[parent].first_child = id;
  return id;
}

void PrefixTree::unlink(const Node& node) {
  if (node.previous_sibling != kNone)
    nodes_[node.previous_sibling].next_sibling = node.next_sibling;
  else
    nodes_[node.parent].first_child = node.next_sibling;
  if (node.next_sibling != kNone) nodes_[node.next_sibling].previous_sibling = node.previous_sibling;
}

void PrefixTree::prune(Id node) {
  while (node != kRoot && nodes_[node].slot == kNone && nodes_[node].first_child == kNone) {
    const Id parent = nodes_[node].parent;
    unlink(nodes_[node]);
    nodes_[node].parent = free_;
    free_ = node;
    ++free_count_;
    node = parent;
  }
}

Id PrefixTree::ancestor(Id node, std::size_t generations) const {
  while (generations-- > 0) node = nodes_[node].parent;
  return node;
}

std::vector<std::uint32_t> PrefixTree::labels(Id node, std::size_t count) const {
  std::vector<std::uint32_t> labels(count);
  for (; count > 0; node = nodes_[node].parent) labels[--count] = nodes_[node].label;
  return labels;
}

TimeHistory::TimeHistory() { entries_.push_back({kNone, 0, 1}); }

void TimeHistory::reserve(std::size_t count) { make_room(entries_, free_count_, count); }

Id TimeHistory::add(Id past, std::uint32_t frame) {
  retain(past);
  const Entry entry{past, frame, 1};
  if (free_ != kNone) {
    const Id id = free_;
    free_ = entries_[id].past;
    --free_count_;
    entries_[id] = entry;
    return id;
  }
  entries_.push_back(entry);
  return static_cast<Id>(entries_.size() - 1);
}

void TimeHistory::release(Id entry) {
  while (--entries_[entry].uses == 0) {  // the start holds a use of its own and ends the walk
    const Id past = entries_[entry].past;
    entries_[entry].past = free_;
    free_ = entry;
    ++free_count_;
    entry = past;
  }
}

std::vector<std::uint32_t> TimeHistory::frames(Id entry, std::size_t count) const {
  std::vector<std::uint32_t> frames(count);
  for (; count > 0; entry = entries_[entry].past) frames[--count] = entries_[entry].frame;
  return frames;
}

}  // namespace deepspeech
