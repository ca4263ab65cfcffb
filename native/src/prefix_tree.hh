// What the beams remember: the letters of every live prefix, and the frames in which they were heard.
//
// Both are trees with links to the parent only as far as reading needs them, held in one array each. Entries that no
// live prefix needs any more are reused, so that a stream of hours holds its text and little else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace deepspeech {

using Id = std::uint32_t;
constexpr Id kNone = 0xFFFFFFFFu;

// One node per distinct label sequence that is in the beam or leads to one that is.
class PrefixTree {
 public:
  static constexpr Id kRoot = 0;  // the empty sequence; never freed

  PrefixTree();

  // Makes room, so that the next `count` calls of child() cannot fail.
  void reserve(std::size_t count);

  // The node of `parent`'s sequence followed by `label`, new where there is none.
  Id child(Id parent, std::uint32_t label);

  // The same, kNone where there is none.
  Id find(Id parent, std::uint32_t label) const;

  Id parent(Id node) const { return nodes_[node].parent; }
  std::uint32_t label(Id node) const { return nodes_[node].label; }
  Id ancestor(Id node, std::size_t generations) const;

  // Position in the beam, kNone for a sequence that is only on the way to others.
  Id slot(Id node) const { return nodes_[node].slot; }
  void set_slot(Id node, Id slot) { nodes_[node].slot = slot; }

  // Frees a node without slot or children, and its ancestors that are then without use.
  void prune(Id node);

  // The last `count` labels of the node's sequence, which has as many.
  std::vector<std::uint32_t> labels(Id node, std::size_t count) const;
  std::size_t size() const { return nodes_.size() - free_count_; }

 private:
  struct Node {
    Id parent;  // of a free node: the next free one
    Id first_child;
    Id next_sibling;
    Id previous_sibling;
    Id slot;
    std::uint32_t label;
  };

  void unlink(const Node& node);

  std::vector<Node> nodes_;
  Id free_ = kNone;
  std::size_t free_count_ = 0;
};

// Frame numbers of the labels of a prefix, newest first; prefixes share their common past. Entries count their users.
class TimeHistory {
 public:
  static constexpr Id kStart = 0;  // before the first label; never freed

  TimeHistory();

  // Makes room, so that the next `count` calls of add() cannot fail.
  void reserve(std::size_t count);

  // `past` followed by `frame`; the caller holds one use of the result and keeps its own of `past`.
  Id add(Id past, std::uint32_t frame);
  void retain(Id entry) { ++entries_[entry].uses; }
  void release(Id entry);

  Id past(Id entry) const { return entries_[entry].past; }

  // The last `count` frames up to an entry, which has as many.
  std::vector<std::uint32_t> frames(Id entry, std::size_t count) const;
  std::size_t size() const { return entries_.size() - free_count_; }

 private:
  struct Entry {
    Id past;  // of a free entry: the next free one
    std::uint32_t frame;
    std::uint32_t uses;
  };

  std::vector<Entry> entries_;
  Id free_ = kNone;
  std::size_t free_count_ = 0;
};

}  // namespace deepspeech
