#include "ngram.hh"

#include <algorithm>
#include <cmath>

namespace deepspeech {
namespace {

constexpr std::uint64_t kRestProbingWeightBytes = 12;  // probability, backoff, and a rest cost, which is not used here
constexpr unsigned kMostQuantizationBits = 25;

// A backoff of minus zero says: nothing longer begins with this n-gram.
bool continues(float backoff) { return backoff != 0.0f || !std::signbit(backoff); }

// Hash tables use the sign of a probability to say that nothing longer ends in the n-gram.
bool ends_nothing_longer(float stored) { return std::signbit(stored); }
float probability_of(float stored) { return -std::fabs(stored); }

template <typename Search>
NgramScore score_with(const Search& search, std::size_t order, const NgramState& state, std::uint32_t word,
                      NgramState& next) {
  NgramState after{};
  float probability = 0.0f, backoff = 0.0f;
  typename Search::Node node = search.unigram(word, probability, backoff);
  std::uint32_t matched = 1;
  after.backoffs[0] = backoff;
  after.length = continues(backoff) ? 1 : 0;
  for (std::uint32_t k = 0; k < state.length && !node.leaf; ++k) {
    if (k + 2 == order) {
      if (search.longest(state.words[k], node, probability)) matched = k + 2;
      break;
    }
    if (!search.middle(k + 2, state.words[k], node, probability, backoff)) break;
    matched = k + 2;
    after.backoffs[k + 1] = backoff;
    if (continues(backoff)) after.length = k + 2;
  }
  for (std::uint32_t k = matched - 1; k < state.length; ++k) probability += state.backoffs[k];
  after.words[0] = word;
  if (after.length > 1) std::copy(state.words, state.words + after.length - 1, after.words + 1);
  next = after;
  return {probability, matched};
}

std::variant<ProbingSearch, TrieSearch> make_search(Cursor& cursor, const KenlmHeader& header) {
  if (header.probing()) return ProbingSearch(cursor, header);
  return TrieSearch(cursor, header);
}

}  // namespace

ProbingSearch::ProbingSearch(Cursor& cursor, const KenlmHeader& header)
    : weight_bytes_(header.type == KenlmType::kProbing ? kProbingWeightBytes : kRestProbingWeightBytes) {
  unigrams_ = cursor.take(header.counts[0] + 1, weight_bytes_);
  for (std::size_t n = 1; n + 1 < header.order; ++n)
    middle_.emplace_back(cursor, header.buckets(header.counts[n]), weight_bytes_);
  longest_ = HashTable(cursor, header.buckets(header.counts.back()), 4);
}

ProbingSearch::Node ProbingSearch::unigram(std::uint32_t word, float& probability, float& backoff) const {
  const std::uint8_t* weights = unigrams_ + word * weight_bytes_;
  const float stored = load<float>(weights);
  probability = probability_of(stored);
  backoff = load<float>(weights + 4);
  return {word, ends_nothing_longer(stored)};
}

bool ProbingSearch::middle(std::size_t order, std::uint32_t earlier, Node& node, float& probability,
                           float& backoff) const {
  node.key = longer_key(node.key, earlier);
  const std::uint8_t* weights = middle_[order - 2].find(node.key);
  if (weights == nullptr) return false;
  const float stored = load<float>(weights);
  probability = probability_of(stored);
  backoff = load<float>(weights + 4);
  node.leaf = ends_nothing_longer(stored);
  return true;
}

bool ProbingSearch::longest(std::uint32_t earlier, const Node& node, float& probability) const {
  const std::uint8_t* weights = longest_.find(longer_key(node.key, earlier));
  if (weights != nullptr) probability = probability_of(load<float>(weights));
  return weights != nullptr;
}

TrieSearch::TrieSearch(Cursor& cursor, const KenlmHeader& header) : bigrams_(header.counts[1]) {
  Quantization bits;
  std::vector<Quantization> quantization(header.order + 1);
  if (header.quantized()) {
    const std::uint8_t* start = cursor.take(8, 1);
    bits.probability_bits = start[1];
    bits.backoff_bits = start[2];
    if (start[0] != 2 || bits.probability_bits < 1 || bits.probability_bits > kMostQuantizationBits ||
        bits.backoff_bits < 1 || bits.backoff_bits > kMostQuantizationBits)
      throw FormatError("is damaged: its quantization cannot be");
    for (std::size_t n = 2; n <= header.order; ++n) {
      quantization[n] = bits;
      quantization[n].probabilities = cursor.take(1ull << bits.probability_bits, 4);
      if (n < header.order) quantization[n].backoffs = cursor.take(1ull << bits.backoff_bits, 4);
    }
  }
  unigrams_ = cursor.take(header.counts[0] + 2, kTrieUnigramBytes);
  int chop_limit = -1;
  const unsigned word_bits = bits_of(header.counts[0]);
  for (std::size_t n = 2; n <= header.order; ++n) {
    const bool longest = n == header.order;
    if (header.array_pointers() && n == 2 && !longest) {
      Cursor ahead = cursor;
      chop_limit = ahead.take(2, 1)[1];
    }
    const std::uint64_t next_entries = longest ? 0 : header.counts[n];
    const TrieShape shape{header.counts[n - 1], next_entries, word_bits, quantization[n], longest, chop_limit};
    levels_.emplace_back(cursor, shape);
  }
}

TrieSearch::Node TrieSearch::unigram(std::uint32_t word, float& probability, float& backoff) const {
  const std::uint8_t* record = unigram_record(word);
  probability = load<float>(record);
  backoff = load<float>(record + 4);
  const Range earlier{load<std::uint64_t>(record + 8), load<std::uint64_t>(record + 8 + kTrieUnigramBytes)};
  return {earlier, earlier.empty() || earlier.end > bigrams_};
}

bool TrieSearch::middle(std::size_t order, std::uint32_t earlier, Node& node, float& probability,
                        float& backoff) const {
  const TrieLevel& level = levels_[order - 2];
  std::uint64_t position;
  if (!level.find(earlier, node.earlier, position)) return false;
  probability = level.probability(position);
  backoff = level.backoff(position);
  node.earlier = level.children(position);
  node.leaf = node.earlier.empty();
  return true;
}

bool TrieSearch::longest(std::uint32_t earlier, const Node& node, float& probability) const {
  std::uint64_t position;
  if (!levels_.back().find(earlier, node.earlier, position)) return false;
  probability = levels_.back().probability(position);
  return true;
}

NgramModel::NgramModel(std::shared_ptr<const MappedFile> file) : NgramModel(file, Cursor(*file, 0)) {}

NgramModel::NgramModel(std::shared_ptr<const MappedFile> file, Cursor cursor)
    : file_(std::move(file)),
      header_(read_kenlm_header(*file_, cursor)),
      vocabulary_(cursor, header_),
      search_(make_search(cursor, header_)),
      end_(cursor.offset()) {
  const std::uint32_t begin = id("<s>");
  NgramState state{};
  score(state, begin, state);
  begin_.words[0] = begin;
  begin_.backoffs[0] = state.backoffs[0];
  begin_.length = 1;
}

std::pair<unsigned, unsigned> NgramModel::bits() const {
  const auto* trie = std::get_if<TrieSearch>(&search_);
  if (trie == nullptr) return {0, 0};
  const Quantization& q = trie->level(2).shape().quantization;
  return {q.probability_bits, q.backoff_bits};
}

NgramScore NgramModel::score(const NgramState& state, std::uint32_t word, NgramState& next) const {
  return std::visit(
      [&](const auto& search) { return score_with(search, header_.order, state, word, next); }, search_);
}

}  // namespace deepspeech
