#include "scorer_file.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>

#include "ngram.hh"
#include "word_hash.hh"

namespace fuzz {
namespace {

using deepspeech::Cursor;
using deepspeech::KenlmHeader;
using deepspeech::KenlmType;
using deepspeech::MappedFile;

constexpr std::size_t kTrailerBytes = 25;
constexpr std::size_t kHeadBytes = 65;
constexpr std::size_t kStatesAt = 49;  // in the head: numbers of states and arcs
constexpr std::size_t kArcsAt = 57;
constexpr std::size_t kRoom = 1 << 14;  // for models whose header asks for more than is there

void align(Bytes& file) { file.resize((file.size() + 15) / 16 * 16); }

void add(Bytes& file, const Bytes& part) { file.insert(file.end(), part.begin(), part.end()); }

Bytes cut(const Bytes& file, std::uint64_t at, std::uint64_t count) {
  const MappedFile mapped(file.data(), file.size());
  const std::uint8_t* start = Cursor(mapped, at).take(count, 1);
  return Bytes(start, start + count);
}

std::uint64_t model_end(const Bytes& file) {
  return deepspeech::NgramModel(std::make_shared<const MappedFile>(file.data(), file.size())).end();
}

float logarithm(Chance& chance) { return -4.0f * chance.fraction(); }

// A backoff: also the two zeros, which mean different things.
float backoff(Chance& chance) { return chance.once_in(3) ? (chance.once_in(2) ? 0.0f : -0.0f) : logarithm(chance); }

struct Plan {
  std::vector<std::string> words;  // without <unk>, in the order of their ids
  KenlmHeader header;
  bool bytes_mode;
};

Plan draw_plan(Chance& chance) {
  Plan plan;
  plan.bytes_mode = chance.once_in(5);
  std::vector<std::string> units = {"a", "b", "ab", "ba", "bb", "aba", "abb", "bab"};
  if (plan.bytes_mode) units = {"a", "b", " ", "é", "ß", "日", "本", "😀"};
  units.resize(chance.between(1, units.size()));
  plan.words = {"<s>", "</s>"};
  plan.words.insert(plan.words.end(), units.begin(), units.end());
  KenlmHeader& header = plan.header;
  header.order = chance.between(2, chance.once_in(4) ? deepspeech::kMaxOrder : 4);
  header.type = static_cast<KenlmType>(chance.below(6));
  header.probing_multiplier = chance.one_of({1.0f, 1.5f, 1.5f, 2.5f});
  header.has_strings = false;
  header.counts.push_back(plan.words.size() + 1);
  for (std::size_t n = 2; n <= header.order; ++n) header.counts.push_back(chance.between(1, 20));
  if (!header.probing())
    std::sort(plan.words.begin(), plan.words.end(), [](const std::string& a, const std::string& b) {
      return deepspeech::word_hash(a) < deepspeech::word_hash(b);
    });
  return plan;
}

Bytes file_header(const KenlmHeader& header) {
  const std::string magic = "mmap lm http://kheafield.com/code format version 5\n";
  Bytes bytes(magic.begin(), magic.end());
  bytes.resize(56);
  for (const float number : {0.0f, 1.0f, -0.5f}) append(bytes, number);
  for (const std::uint32_t number : {1u, 0xFFFFFFFFu, 0u}) append(bytes, number);
  append(bytes, std::uint64_t{1});
  append(bytes, static_cast<std::uint32_t>(header.order));
  append(bytes, header.probing_multiplier);
  append(bytes, static_cast<std::uint32_t>(header.type));
  append(bytes, std::uint32_t{0});
  append(bytes, header.probing() ? 0u : 1u);
  for (const std::uint64_t count : header.counts) append(bytes, count);
  bytes.resize((bytes.size() + 7) / 8 * 8);
  return bytes;
}

// A table with linear probing.
Bytes hash_table(const std::map<std::uint64_t, Bytes>& entries, std::uint64_t buckets, std::size_t value_bytes) {
  const std::size_t stride = 8 + value_bytes;
  Bytes table(buckets * stride);
  for (const auto& [key, value] : entries) {
    std::uint64_t bucket = key % buckets;
    while (get<std::uint64_t>(table, bucket * stride) != 0) bucket = (bucket + 1) % buckets;
    put(table, bucket * stride, key);
    std::copy(value.begin(), value.end(), table.begin() + static_cast<std::ptrdiff_t>(bucket * stride + 8));
  }
  return table;
}

Bytes weights(Chance& chance, std::size_t bytes) {
  Bytes value;
  append(value, logarithm(chance) * (chance.once_in(2) ? 1.0f : -1.0f));
  if (bytes >= 8) append(value, backoff(chance));
  if (bytes >= 12) append(value, logarithm(chance));
  return value;
}

Bytes invent_probing(const Plan& plan, Chance& chance) {
  const KenlmHeader& header = plan.header;
  const std::size_t weight_bytes = header.type == KenlmType::kProbing ? 8 : 12;
  Bytes model = file_header(header);
  append(model, std::uint32_t{0});
  append(model, static_cast<std::uint32_t>(header.counts[0]));
  std::map<std::uint64_t, Bytes> ids;
  for (std::uint32_t i = 0; i < plan.words.size(); ++i) append(ids[deepspeech::word_hash(plan.words[i])], i + 1);
  add(model, hash_table(ids, header.buckets(header.counts[0]), 4));
  for (std::uint64_t word = 0; word <= header.counts[0]; ++word) add(model, weights(chance, weight_bytes));
  // N-grams that grow from each other, as the search looks for them: by the newest word, then further back.
  std::vector<std::uint64_t> keys;
  for (std::uint64_t word = 0; word < header.counts[0]; ++word) keys.push_back(word);
  for (std::size_t n = 2; n <= header.order; ++n) {
    const std::size_t bytes = n == header.order ? 4 : weight_bytes;
    std::map<std::uint64_t, Bytes> entries;
    for (std::uint64_t i = 0; i < header.counts[n - 1]; ++i) {
      const std::uint64_t newer = keys[chance.below(keys.size())], earlier = chance.below(header.counts[0]);
      const std::uint64_t key = (newer * 8978948897894561157ull) ^ ((1 + earlier) * 17894857484156487943ull);
      entries[key] = weights(chance, bytes);
    }
    add(model, hash_table(entries, header.buckets(header.counts[n - 1]), bytes));
    keys.clear();
    for (const auto& [key, value] : entries) keys.push_back(key);
  }
  return model;
}

Bytes invent_trie(const Plan& plan, Chance& chance) {
  const KenlmHeader& header = plan.header;
  Bytes model = file_header(header);
  append(model, static_cast<std::uint64_t>(plan.words.size()));
  for (const std::string& word : plan.words) append(model, deepspeech::word_hash(word));
  append(model, std::uint64_t{0});
  if (header.quantized()) {
    const std::uint64_t probability_bits = chance.between(1, 8), backoff_bits = chance.between(1, 8);
    append(model, 2 | (probability_bits << 8) | (backoff_bits << 16));
    for (std::size_t n = 2; n <= header.order; ++n) {
      for (std::uint64_t i = 0; i < 1ull << probability_bits; ++i) append(model, logarithm(chance));
      for (std::uint64_t i = 0; n < header.order && i < 1ull << backoff_bits; ++i) append(model, backoff(chance));
    }
  }
  std::uint64_t next = 0;
  for (std::uint64_t word = 0; word < header.counts[0] + 2; ++word) {
    append(model, logarithm(chance));
    append(model, backoff(chance));
    append(model, next);
    next = std::min(header.counts[1], next + chance.below(4));
  }
  const std::size_t levels = model.size();
  if (header.array_pointers()) append(model, static_cast<std::uint16_t>(chance.below(40) << 8));
  const std::size_t drawn = model.size();
  model.resize(levels + kRoom);
  model.resize(model_end(model));
  // Entries are a few bits each, so that what is drawn makes n-grams that are met.
  for (std::size_t at = drawn; at < model.size(); ++at)
    model[at] = chance.once_in(3) ? 0 : static_cast<std::uint8_t>(chance.bits());
  return model;
}

struct Tree {
  std::vector<std::map<std::uint32_t, std::uint32_t>> arcs{1};  // of each state: label + 1, next state
  std::vector<bool> finals{false};

  void add(const std::vector<std::uint32_t>& labels) {
    std::uint32_t state = 0;
    for (const std::uint32_t label : labels) {
      const auto added = arcs[state].emplace(label + 1, static_cast<std::uint32_t>(arcs.size()));
      state = added.first->second;
      if (!added.second) continue;
      arcs.emplace_back();
      finals.push_back(false);
    }
    finals[state] = true;
  }
};

// Letters are a, b, and the space, which comes last; in bytes mode bytes.
std::vector<std::uint32_t> labels_of(const std::string& word, bool bytes_mode) {
  std::vector<std::uint32_t> labels;
  for (const char character : word)
    labels.push_back(bytes_mode ? static_cast<std::uint8_t>(character) - 1u
                                : static_cast<std::uint32_t>(character - 'a'));
  if (!bytes_mode) labels.push_back(2);
  return labels;
}

void write_dictionary(const Tree& tree, Parts& parts) {
  std::uint32_t first = 0;
  for (std::size_t state = 0; state < tree.arcs.size(); ++state) {
    const auto count = static_cast<std::uint32_t>(tree.arcs[state].size());
    append(parts.states, tree.finals[state] ? 0.0f : std::numeric_limits<float>::infinity());
    for (const std::uint32_t number : {first, count, 0u, 0u}) append(parts.states, number);
    first += count;
    for (const auto& [label, next] : tree.arcs[state])
      for (const std::uint32_t number : {label, label, 0u, next}) append(parts.arcs, number);
  }
  append(parts.head, std::int32_t{2125659606});
  for (const std::string text : {"const", "standard"}) {
    append(parts.head, static_cast<std::int32_t>(text.size()));
    parts.head.insert(parts.head.end(), text.begin(), text.end());
  }
  for (const std::int32_t number : {1, 4}) append(parts.head, number);
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{tree.arcs.size()},
                                     std::uint64_t{first}})
    append(parts.head, number);
}

}  // namespace

Bytes join(const Parts& parts) {
  Bytes file = parts.model;
  add(file, parts.trailer);
  add(file, parts.head);
  align(file);
  add(file, parts.states);
  align(file);
  add(file, parts.arcs);
  return file;
}

Parts split(const Bytes& file) {
  const std::uint64_t end = model_end(file);
  Parts parts;
  parts.model = cut(file, 0, end);
  parts.trailer = cut(file, end, kTrailerBytes);
  parts.head = cut(file, end + kTrailerBytes, kHeadBytes);
  const std::uint64_t states_at = (end + kTrailerBytes + kHeadBytes + 15) / 16 * 16;
  parts.states = cut(file, states_at, 20 * get<std::uint64_t>(parts.head, kStatesAt));
  const std::uint64_t arcs_at = (states_at + parts.states.size() + 15) / 16 * 16;
  parts.arcs = cut(file, arcs_at, 16 * get<std::uint64_t>(parts.head, kArcsAt));
  return parts;
}

void refit(Bytes& model, Chance& chance) {
  const std::size_t there = model.size();
  Bytes longer = model;
  longer.resize(there + kRoom);
  try {
    longer.resize(model_end(longer));
  } catch (const deepspeech::FormatError&) {
    return;  // cannot be known
  }
  for (std::size_t at = there; at < longer.size(); ++at) longer[at] = static_cast<std::uint8_t>(chance.bits());
  model = std::move(longer);
}

Parts invent(Chance& chance) {
  const Plan plan = draw_plan(chance);
  Parts parts;
  parts.model = plan.header.probing() ? invent_probing(plan, chance) : invent_trie(plan, chance);
  for (const char character : {'E', 'I', 'R', 'T'}) append(parts.trailer, character);
  append(parts.trailer, std::int32_t{6});
  append(parts.trailer, static_cast<std::uint8_t>(plan.bytes_mode));
  append(parts.trailer, static_cast<double>(2.0f * chance.fraction()));
  append(parts.trailer, static_cast<double>(3.0f * chance.fraction()));
  Tree tree;
  for (const std::string& word : plan.words)
    if (word[0] != '<') tree.add(labels_of(word, plan.bytes_mode));
  write_dictionary(tree, parts);
  return parts;
}

}  // namespace fuzz
