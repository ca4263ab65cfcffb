#include "dictionary.hh"

#include <algorithm>
#include <cmath>
#include <string>

namespace deepspeech {
namespace {

constexpr std::int32_t kMagic = 2125659606;
constexpr std::int32_t kAligned = 4;      // flag: states and arcs begin at multiples of 16
constexpr std::int32_t kSymbolTables = 3;  // flags of tables that would follow the header
constexpr std::int32_t kNoSpace = -1;       // the old packager's label for a space that is not there
constexpr std::uint64_t kStateBytes = 20;
constexpr std::uint64_t kArcBytes = 16;

void expect(bool sound) {
  if (!sound) throw FormatError("holds a damaged dictionary; build the scorer again");
}

std::string read_text(Cursor& cursor) {
  const std::int32_t length = cursor.read<std::int32_t>();
  expect(length >= 0 && length < 100);
  return std::string(reinterpret_cast<const char*>(cursor.take(static_cast<std::uint64_t>(length), 1)),
                     static_cast<std::size_t>(length));
}

}  // namespace

Dictionary::Dictionary(Cursor cursor) {
  expect(cursor.read<std::int32_t>() == kMagic);
  expect(read_text(cursor) == "const" && read_text(cursor) == "standard");
  const std::int32_t version = cursor.read<std::int32_t>(), flags = cursor.read<std::int32_t>();
  expect((version == 1 || version == 2) && (flags & kSymbolTables) == 0);
  cursor.read<std::uint64_t>();  // properties
  const std::int64_t start = cursor.read<std::int64_t>(), states = cursor.read<std::int64_t>(),
                     arcs = cursor.read<std::int64_t>();
  expect(states >= 1 && states < 0xFFFFFFFF && start >= 0 && start < states && arcs >= 0);
  start_ = static_cast<std::uint32_t>(start);
  const bool aligned = version == 1 || (flags & kAligned) != 0;
  if (aligned) cursor.align(16);
  const std::uint8_t* state_records = cursor.take(static_cast<std::uint64_t>(states), kStateBytes);
  if (aligned) cursor.align(16);
  const std::uint8_t* arc_records = cursor.take(static_cast<std::uint64_t>(arcs), kArcBytes);

  first_arcs_.resize(static_cast<std::size_t>(states) + 2, 0);
  read_arcs(state_records, arc_records, static_cast<std::uint64_t>(arcs));
}

void Dictionary::read_arcs(const std::uint8_t* states, const std::uint8_t* arcs, std::uint64_t arc_count) {
  std::vector<bool> is_final(this->states());
  for (std::size_t state = 0; state < is_final.size(); ++state) {
    const std::uint8_t* record = states + state * kStateBytes;
    is_final[state] = !std::isinf(load<float>(record));
    const std::uint64_t first = load<std::uint32_t>(record + 4), count = load<std::uint32_t>(record + 8);
    expect(first + count <= arc_count && arcs_.size() + count <= arc_count);
    std::int32_t previous = 0;  // 0 is the empty label, which a dictionary does not use
    for (std::uint64_t i = first; i < first + count; ++i) {
      const std::uint8_t* arc = arcs + i * kArcBytes;
      const std::int32_t label = load<std::int32_t>(arc), next = load<std::int32_t>(arc + 12);
      if (label == kNoSpace) throw FormatError("was packaged for words with an alphabet that has no space");
      expect(label > previous && next >= 0 && static_cast<std::size_t>(next) < is_final.size());
      previous = label;
      arcs_.push_back({static_cast<std::uint32_t>(label) - 1, static_cast<std::uint32_t>(next)});
    }
    first_arcs_[state + 1] = arcs_.size();
  }
  first_arcs_.back() = arcs_.size();
  join_words(is_final);
}

// After a word the next may begin.
void Dictionary::join_words(const std::vector<bool>& is_final) {
  bool several = false;
  for (Arc& arc : arcs_) {
    labels_ = std::max(labels_, arc.label + 1);
    if (!is_final[arc.next]) continue;
    arc.next = start_;
    several = several || (last_label_ != kNoLabel && last_label_ != arc.label);
    last_label_ = arc.label;
  }
  if (several) last_label_ = kNoLabel;
}

std::uint64_t Dictionary::words() const {
  constexpr std::uint64_t unknown = ~0ull, under_way = ~0ull - 1, most = 1ull << 62;
  std::vector<std::uint64_t> words(states(), unknown);
  std::vector<std::uint32_t> path{start_};  // states whose paths have to be counted first
  while (!path.empty()) {
    const std::uint32_t state = path.back();
    std::uint64_t sum = 0;
    words[state] = under_way;
    for (const Arc& arc : arcs(state)) {
      const std::uint64_t further = arc.next == start_ ? 1 : words[arc.next];
      if (further == under_way) return 0;
      if (further == unknown)
        path.push_back(arc.next);
      else
        sum = std::min(sum + further, most);
    }
    if (path.back() == state) {
      words[state] = sum;
      path.pop_back();
    }
  }
  return words[start_];
}

const Dictionary::Arc* Dictionary::find(std::uint32_t state, std::uint32_t label) const {
  const Arcs outgoing = arcs(state);
  const Arc* found = std::lower_bound(outgoing.begin(), outgoing.end(), label,
                                      [](const Arc& arc, std::uint32_t wanted) { return arc.label < wanted; });
  return found != outgoing.end() && found->label == label ? found : nullptr;
}

}  // namespace deepspeech
