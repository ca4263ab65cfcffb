#include "dictionary_writer.hh"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

namespace deepspeech {
namespace {

constexpr std::int32_t kMagic = 2125659606;
constexpr std::int32_t kVersion = 1;
constexpr std::int32_t kAligned = 4;
// OpenFST's: an expanded, deterministic, acyclic, unweighted acceptor, sorted by labels and by states.
constexpr std::uint64_t kProperties = 0xa56a5a950001ull;
constexpr std::size_t kAlignment = 16;

template <typename Number>
void append(std::string& content, Number number) {
  content.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void append_text(std::string& content, std::string_view text) {
  append(content, static_cast<std::int32_t>(text.size()));
  content.append(text);
}

void align(std::string& content, std::uint64_t offset) {
  content.append((kAlignment - (offset + content.size()) % kAlignment) % kAlignment, '\0');
}

std::size_t mix(std::size_t hash, std::uint64_t value) {
  const std::size_t product = (hash ^ value) * 0x9e3779b97f4a7c15ull;  // 2^64 / golden ratio
  return product ^ (product >> 29);
}

// Bytes of the UTF-8 character that begins `text`; text that is not UTF-8 counts byte by byte.
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  return std::min(bytes, text.size());
}

bool is_mark(const std::string& word) { return word == "<s>" || word == "</s>" || word == "<unk>"; }

WrittenDictionary write(std::vector<Labels>& entries, std::uint64_t offset) {
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  WordAutomaton automaton;
  for (const Labels& entry : entries) automaton.add(entry);
  std::string content = automaton.finish(offset);
  return {std::move(content), entries.size(), automaton.states(), automaton.arcs(), {}};
}

}  // namespace

std::size_t WordAutomaton::Hash::operator()(std::uint32_t state) const {
  const State& s = automaton->states_[state];
  std::size_t hash = s.is_final ? 1 : 0;
  for (std::uint32_t i = 0; i < s.arc_count; ++i) {
    const Arc& arc = automaton->arcs_[s.first_arc + i];
    hash = mix(mix(hash, arc.label), arc.next);
  }
  return hash;
}

bool WordAutomaton::Same::operator()(std::uint32_t a, std::uint32_t b) const {
  const State &left = automaton->states_[a], &right = automaton->states_[b];
  if (left.is_final != right.is_final || left.arc_count != right.arc_count) return false;
  const Arc* arcs = automaton->arcs_.data();
  return std::equal(arcs + left.first_arc, arcs + left.first_arc + left.arc_count, arcs + right.first_arc);
}

WordAutomaton::WordAutomaton() : known_(64, Hash{this}, Same{this}), path_(1) {}

void WordAutomaton::add(const Labels& word) {
  const auto [mine, other] = std::mismatch(word.begin(), word.end(), last_.begin(), last_.end());
  if (mine == word.end() || (other != last_.end() && *mine < *other))
    throw std::logic_error("words of an automaton must come sorted");
  const auto shared = static_cast<std::size_t>(mine - word.begin());
  close_below(shared);
  for (std::size_t depth = shared; depth < word.size(); ++depth) {
    path_[depth].arcs.push_back({word[depth], 0});
    path_.emplace_back();
  }
  path_.back().is_final = true;
  last_ = word;
}

// No word to come passes the states of the path below `depth`.
void WordAutomaton::close_below(std::size_t depth) {
  while (path_.size() > depth + 1) {
    const std::uint32_t state = close(path_.back());
    path_.pop_back();
    path_.back().arcs.back().next = state;
  }
}

std::uint32_t WordAutomaton::close(const Open& open) {
  const auto state = static_cast<std::uint32_t>(states_.size());
  states_.push_back({arcs_.size(), static_cast<std::uint32_t>(open.arcs.size()), open.is_final});
  arcs_.insert(arcs_.end(), open.arcs.begin(), open.arcs.end());
  const auto [known, is_new] = known_.insert(state);
  if (!is_new) {
    arcs_.resize(states_.back().first_arc);
    states_.pop_back();
  }
  return *known;
}

std::string WordAutomaton::finish(std::uint64_t offset) {
  close_below(0);
  close(path_.front());
  if (arcs_.size() > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("too many words");
  const auto count = static_cast<std::uint32_t>(states_.size());
  std::string content;
  append(content, kMagic);
  append_text(content, "const");
  append_text(content, "standard");
  append(content, kVersion);
  append(content, kAligned);
  append(content, kProperties);
  append(content, std::int64_t{0});  // the start: states are written from the last to the first
  append(content, static_cast<std::int64_t>(count));
  append(content, static_cast<std::int64_t>(arcs_.size()));
  align(content, offset);
  std::uint32_t first_arc = 0;
  for (std::uint32_t state = count; state-- > 0;) {
    append(content, states_[state].is_final ? 0.0f : std::numeric_limits<float>::infinity());
    append(content, first_arc);
    append(content, states_[state].arc_count);
    append(content, std::uint64_t{0});  // arcs without label, in and out
    first_arc += states_[state].arc_count;
  }
  align(content, offset);
  for (std::uint32_t state = count; state-- > 0;) {
    for (std::uint32_t i = 0; i < states_[state].arc_count; ++i) {
      const Arc& arc = arcs_[states_[state].first_arc + i];
      append(content, arc.label + 1);
      append(content, arc.label + 1);
      append(content, 0.0f);
      append(content, count - 1 - arc.next);
    }
  }
  return content;
}

WrittenDictionary write_words(const std::vector<std::string>& words, const std::vector<std::string>& labels,
                              std::uint32_t space, std::uint64_t offset) {
  std::unordered_map<std::string_view, std::uint32_t> ids;
  for (std::size_t id = 0; id < labels.size(); ++id) ids[labels[id]] = static_cast<std::uint32_t>(id);
  std::vector<Labels> entries;
  std::vector<std::string> skipped;
  for (const std::string& word : words) {
    if (word.empty() || is_mark(word)) continue;
    Labels entry;
    std::string_view rest = word;
    while (!rest.empty()) {
      const std::size_t bytes = character_bytes(rest);
      const auto found = ids.find(rest.substr(0, bytes));
      if (found == ids.end()) break;
      entry.push_back(found->second);
      rest.remove_prefix(bytes);
    }
    if (!rest.empty()) {
      skipped.push_back(word);
      continue;
    }
    entry.push_back(space);
    entries.push_back(std::move(entry));
  }
  WrittenDictionary written = write(entries, offset);
  written.skipped = std::move(skipped);
  return written;
}

WrittenDictionary write_bytes(const std::vector<std::string>& units, std::uint64_t offset) {
  std::vector<Labels> entries;
  std::vector<std::string> skipped;
  for (const std::string& unit : units) {
    if (unit.empty() || is_mark(unit)) continue;
    if (unit.find('\0') != std::string::npos) {
      skipped.push_back(unit);
      continue;
    }
    Labels entry;
    for (const char byte : unit) entry.push_back(static_cast<unsigned char>(byte) - 1u);
    entries.push_back(std::move(entry));
  }
  WrittenDictionary written = write(entries, offset);
  written.skipped = std::move(skipped);
  return written;
}

}  // namespace deepspeech
