#include "kenlm_writer.hh"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kenlm_tables.hh"
#include "word_hash.hh"

namespace deepspeech {
namespace {

constexpr std::uint64_t kNoExtensionBin = 0;
constexpr std::uint64_t kExtensionBin = 1;
constexpr std::uint64_t kReservedBins = 2;
constexpr std::uint8_t kQuantizationVersion = 2;

std::uint64_t quantization_bytes(const KenlmPlan& plan) {
  const std::uint64_t probabilities = 4ull << plan.probability_bits, backoffs = 4ull << plan.backoff_bits;
  return 8 + (plan.header.order - 2) * (probabilities + backoffs) + probabilities;
}

// One level of a trie, being filled from front to back.
class LevelFiller {
 public:
  LevelFiller(const MappedFile& file, const TrieLevel& level, unsigned array_bits)
      : layout_(level.layout()), entries_(file.changeable(level.entries())) {
    if (layout_.high_count == 0) return;
    file.changeable(level.table())[1] = static_cast<std::uint8_t>(array_bits);
    high_parts_ = file.changeable(level.high_parts());
  }

  void word(std::uint64_t position, std::uint32_t id) { put(position, 0, layout_.probability_at, id); }
  void probability(std::uint64_t position, std::uint64_t value) {
    put(position, layout_.probability_at, layout_.probability_bits, value);
  }
  void backoff(std::uint64_t position, std::uint64_t value) {
    put(position, layout_.backoff_at, layout_.backoff_bits, value);
  }
  std::uint64_t backoff(std::uint64_t position) const {
    return get(position, layout_.backoff_at, layout_.backoff_bits);
  }

  // Entries that have no pointer yet, up to and with `position`, get this one.
  void point(std::uint64_t position, std::uint64_t next) {
    for (; pointed_ <= position; ++pointed_) {
      if (high_parts_ != nullptr)
        for (const std::uint64_t high = next >> layout_.next_bits; high_written_ <= high; ++high_written_)
          store(high_parts_ + 8 * high_written_, pointed_);
      put(pointed_, layout_.next_at, layout_.next_bits, next & ((1ull << layout_.next_bits) - 1));
    }
  }

 private:
  std::uint64_t get(std::uint64_t position, unsigned offset, unsigned width) const {
    const std::uint64_t bit = position * layout_.entry_bits + offset;
    return (load<std::uint64_t>(entries_ + (bit >> 3)) >> (bit & 7)) & ((1ull << width) - 1);
  }

  void put(std::uint64_t position, unsigned offset, unsigned width, std::uint64_t value) {
    const std::uint64_t bit = position * layout_.entry_bits + offset;
    const std::uint64_t mask = ((1ull << width) - 1) << (bit & 7);
    std::uint8_t* at = entries_ + (bit >> 3);
    store(at, (load<std::uint64_t>(at) & ~mask) | (value << (bit & 7)));
  }

  TrieLayout layout_;
  std::uint8_t* entries_;
  std::uint8_t* high_parts_ = nullptr;
  std::uint64_t pointed_ = 0;
  std::uint64_t high_written_ = 0;
};

std::uint64_t nearest(const std::vector<float>& centers, float value) {
  const auto above = std::lower_bound(centers.begin(), centers.end(), value);
  if (above == centers.begin()) return 0;
  if (above == centers.end()) return centers.size() - 1;
  return static_cast<std::uint64_t>(above - centers.begin()) - (value - *(above - 1) < *above - value ? 1 : 0);
}

class TrieTables : public NgramTables {
 public:
  TrieTables(const MappedFile& file, Cursor& cursor, const KenlmPlan& plan)
      : file_(file), header_(plan.header), search_(prepared(cursor, plan)) {
    for (std::size_t n = 2; n <= header_.order; ++n)
      levels_.emplace_back(file, search_.level(n), plan.array_bits);
    bins_.resize(header_.order + 1);
  }

  void word(std::uint32_t id, std::uint64_t hash) override {
    if (id > 1 && hash <= last_hash_) throw FormatError("names words that do not ascend by their hashes");
    last_hash_ = hash;
    store(hashes_ + 8 * (id - 1), hash);
  }

  void bins(std::size_t order, const std::vector<float>& probabilities, const std::vector<float>& backoffs) override {
    const Quantization& q = search_.level(order).shape().quantization;
    const bool longest = order == header_.order;
    if (q.probability_bits == 0 || probabilities.size() != 1ull << q.probability_bits ||
        (!longest && backoffs.size() + kReservedBins != 1ull << q.backoff_bits))
      throw FormatError("is quantized to another number of values");
    bins_[order] = {probabilities, backoffs};
    std::memcpy(file_.changeable(q.probabilities), probabilities.data(), 4 * probabilities.size());
    if (longest) return;
    std::uint8_t* table = file_.changeable(q.backoffs);
    store(table + 4 * kNoExtensionBin, kNoExtension);
    store(table + 4 * kExtensionBin, kExtension);
    std::memcpy(table + 4 * kReservedBins, backoffs.data(), 4 * backoffs.size());
  }

  void add(std::size_t order, std::uint64_t row, const std::uint32_t* ids, float probability, float backoff) override {
    if (order == 1) {
      std::uint8_t* record = unigram(ids[0]);
      store(record, probability);
      store(record + 4, backoff);
      return;
    }
    place(order, row, ids);
    extend(order, ids);
    LevelFiller& level = levels_[order - 2];
    level.word(row, ids[0]);
    const Bins& bins = bins_[order];
    const bool quantized = header_.quantized();
    if (quantized && bins.probabilities.empty()) throw FormatError("is to be quantized, but to no values");
    level.probability(row, quantized ? nearest(bins.probabilities, probability) : pattern_of(probability) & 0x7FFFFFFF);
    if (order == header_.order) return;
    if (!quantized)
      level.backoff(row, pattern_of(backoff));
    else
      level.backoff(row, backoff == 0.0f ? kNoExtensionBin : kReservedBins + nearest(bins.backoffs, backoff));
  }

  // The entries of the order before that got no pointer have nothing longer.
  void close(std::size_t order) override {
    if (order > 1) point(order - 1, header_.counts[order - 2], header_.counts[order - 1]);
    parent_ = 0;
    has_last_ = false;
  }

 private:
  struct Bins {
    std::vector<float> probabilities;
    std::vector<float> backoffs;
  };

  // Writes what the reader of the tables needs to know, and lets it find them.
  TrieSearch prepared(Cursor& cursor, const KenlmPlan& plan) {
    std::uint8_t* at = file_.changeable(cursor.here());
    store(at, header_.counts[0] - 1);
    hashes_ = at + 8;
    Vocabulary(cursor, header_);
    at = file_.changeable(cursor.here());
    if (header_.quantized()) {
      at[0] = kQuantizationVersion;
      at[1] = static_cast<std::uint8_t>(plan.probability_bits);
      at[2] = static_cast<std::uint8_t>(plan.backoff_bits);
      at += quantization_bytes(plan);
    }
    // Where bigrams begin the reader expects how far their pointers may be split.
    if (header_.array_pointers() && header_.order > 2)
      at[(header_.counts[0] + 2) * kTrieUnigramBytes + 1] = static_cast<std::uint8_t>(plan.array_bits);
    return TrieSearch(cursor, header_);
  }

  std::uint8_t* unigram(std::uint64_t word) { return file_.changeable(search_.unigram_record(word)); }

  // Position of an n-gram, ids oldest first, in an order that has been filled.
  bool locate(const std::uint32_t* ids, std::size_t order, std::uint64_t& position) const {
    position = ids[order - 1];
    if (order == 1) return true;
    const std::uint8_t* record = search_.unigram_record(position);
    Range range{load<std::uint64_t>(record + 8), load<std::uint64_t>(record + 8 + kTrieUnigramBytes)};
    for (std::size_t n = 2; n <= order; ++n) {
      const TrieLevel& level = search_.level(n);
      if (!level.find(ids[order - n], range, position)) return false;
      if (n < order) range = level.children(position);
    }
    return true;
  }

  // Finds the n-gram's parent, its last words, and checks that rows come in order.
  void place(std::size_t order, std::uint64_t row, const std::uint32_t* ids) {
    const bool same_parent = has_last_ && std::equal(ids + 1, ids + order, last_ + 1);
    if (same_parent && ids[0] <= last_[0]) throw FormatError("has n-grams that are not sorted, or twice");
    if (!same_parent) {
      std::uint64_t parent;
      if (!locate(ids + 1, order - 1, parent)) refuse_suffix(order);
      if (has_last_ && parent <= parent_) throw FormatError("has n-grams that are not sorted");
      parent_ = parent;
      point(order - 1, parent, row);
    }
    std::copy(ids, ids + order, last_);
    has_last_ = true;
  }

  // The first words of the n-gram have something longer.
  void extend(std::size_t order, const std::uint32_t* ids) {
    std::uint64_t context;
    if (!locate(ids, order - 1, context)) refuse_context(order);
    if (order == 2) {
      std::uint8_t* backoff = unigram(context) + 4;
      if (load<std::uint32_t>(backoff) == pattern_of(kNoExtension)) store(backoff, kExtension);
      return;
    }
    LevelFiller& level = levels_[order - 3];
    const std::uint64_t none = header_.quantized() ? kNoExtensionBin : pattern_of(kNoExtension);
    if (level.backoff(context) == none) level.backoff(context, header_.quantized() ? kExtensionBin : 0);
  }

  void point(std::size_t order, std::uint64_t position, std::uint64_t next) {
    if (order > 1) return levels_[order - 2].point(position, next);
    for (; unigrams_pointed_ <= position; ++unigrams_pointed_) store(unigram(unigrams_pointed_) + 8, next);
  }

  const MappedFile& file_;
  KenlmHeader header_;
  std::uint8_t* hashes_;
  std::uint64_t last_hash_ = 0;
  TrieSearch search_;
  std::vector<LevelFiller> levels_;  // from bigrams
  std::vector<Bins> bins_;           // by order
  std::uint64_t unigrams_pointed_ = 0;
  std::uint64_t parent_ = 0;
  std::uint32_t last_[kMaxOrder] = {};
  bool has_last_ = false;
};

}  // namespace

std::uint64_t kenlm_bytes(const KenlmPlan& plan) {
  const KenlmHeader& header = plan.header;
  const std::uint64_t words = header.counts[0];
  std::uint64_t bytes = kenlm_header_bytes(header.order);
  if (header.probing()) {
    bytes += 8 + table_bytes(header, words, 4) + (words + 1) * kProbingWeightBytes;
    for (std::size_t n = 2; n <= header.order; ++n)
      bytes += table_bytes(header, header.counts[n - 1], n == header.order ? 4 : kProbingWeightBytes);
    return bytes;
  }
  bytes += 8 + 8 * words + (words + 2) * kTrieUnigramBytes;
  Quantization bits;
  if (header.quantized()) {
    bytes += quantization_bytes(plan);
    bits.probability_bits = plan.probability_bits;
    bits.backoff_bits = plan.backoff_bits;
  }
  const int chop_limit = header.array_pointers() ? static_cast<int>(plan.array_bits) : -1;
  for (std::size_t n = 2; n <= header.order; ++n) {
    const bool longest = n == header.order;
    const TrieLayout layout = lay_out(
        {header.counts[n - 1], longest ? 0 : header.counts[n], bits_of(words), bits, longest, chop_limit});
    bytes += layout.table_bytes + layout.entry_bytes;
  }
  return bytes;
}

std::vector<float> bin_means(const float* values, std::size_t count, std::size_t bins) {
  std::vector<float> means;
  std::uint64_t begin = 0;
  for (std::uint64_t bin = 0; bin < bins; ++bin) {
    const std::uint64_t end = count * (bin + 1) / bins;
    if (begin == end) {
      means.push_back(means.empty() ? -std::numeric_limits<float>::infinity() : means.back());
      continue;
    }
    double sum = 0.0;
    for (std::uint64_t i = begin; i < end; ++i) sum += values[i];
    means.push_back(static_cast<float>(sum / static_cast<double>(end - begin)));
    begin = end;
  }
  return means;
}

KenlmWriter::KenlmWriter(const std::string& path, const KenlmPlan& plan)
    : file_(path, MappedFile::Access::kChange), plan_(plan) {
  const KenlmHeader& header = plan.header;
  if (file_.size() != kenlm_bytes(plan)) throw FormatError("has not the size that it needs");
  write_kenlm_header(header, file_.changeable(file_.data()));
  Cursor cursor(file_, kenlm_header_bytes(header.order));
  if (header.probing())
    tables_ = probing_tables(file_.changeable(cursor.here()), header);
  else
    tables_ = std::make_unique<TrieTables>(file_, cursor, plan);
}

void KenlmWriter::words(const std::vector<std::string>& spellings) {
  for (const std::string& spelling : spellings) {
    if (words_ == plan_.header.counts[0]) throw FormatError("has more words than it counts");
    if (words_ > 0) tables_->word(static_cast<std::uint32_t>(words_), word_hash(spelling));
    ++words_;
  }
}

void KenlmWriter::bins(std::size_t order, const std::vector<float>& probabilities,
                       const std::vector<float>& backoffs) {
  if (order < 2 || order > plan_.header.order) throw FormatError("is quantized from order 2");
  tables_->bins(order, probabilities, backoffs);
}

void KenlmWriter::rows(const NgramChunk& rows) {
  if (rows.order == order_ + 1 && order_ < plan_.header.order) close_order();
  if (rows.order != order_) throw FormatError("has n-grams that do not come order by order");
  const bool longest = order_ == plan_.header.order;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (rows_ == plan_.header.counts[order_ - 1])
      throw FormatError("has more " + ngrams_of(order_) + " than it counts");
    const std::uint32_t* ids = rows.ids + row * order_;
    for (std::size_t i = 0; i < order_; ++i)
      if (ids[i] >= plan_.header.counts[0]) throw FormatError("has n-grams of words that it does not name");
    if (order_ == 1 && ids[0] != rows_) throw FormatError("has unigrams that are not sorted by their words");
    const float probability = rows.probabilities[row], backoff = longest ? 0.0f : rows.backoffs[row];
    if (!(probability <= 0.0f) || std::isinf(probability) || !std::isfinite(backoff))
      throw FormatError("has probabilities that are no logarithms of such");
    tables_->add(order_, rows_, ids, probability, backoff == 0.0f ? kNoExtension : backoff);
    ++rows_;
  }
}

void KenlmWriter::close_order() {
  const std::uint64_t counted = plan_.header.counts[order_ - 1];
  if (rows_ != counted)
    throw FormatError("has " + std::to_string(rows_) + " " + ngrams_of(order_) + ", but counts " +
                      std::to_string(counted));
  tables_->close(order_);
  ++order_;
  rows_ = 0;
}

void KenlmWriter::finish() {
  if (words_ != plan_.header.counts[0]) throw FormatError("has fewer words than it counts");
  while (order_ <= plan_.header.order) close_order();
}

}  // namespace deepspeech
