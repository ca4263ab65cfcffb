// The part of the writer of KenLM's binary files that fills hash tables.
#include <cmath>

#include "kenlm_tables.hh"

namespace deepspeech {
namespace {

// A hash table with linear probing, being filled.
class HashFiller {
 public:
  HashFiller() = default;
  HashFiller(std::uint8_t* base, std::uint64_t buckets, std::uint64_t value_bytes)
      : base_(base), buckets_(buckets), stride_(8 + value_bytes) {}

  // Where the value of a new key goes, null where the key is there already.
  std::uint8_t* insert(std::uint64_t key) {
    std::uint8_t* entry = slot(key);
    if (load<std::uint64_t>(entry) == key) return nullptr;
    store(entry, key);
    return entry + 8;
  }

  std::uint8_t* find(std::uint64_t key) {
    std::uint8_t* entry = slot(key);
    return load<std::uint64_t>(entry) == key ? entry + 8 : nullptr;
  }

 private:
  // There is always an empty bucket: a table has more of them than entries.
  std::uint8_t* slot(std::uint64_t key) {
    std::uint64_t bucket = key % buckets_;
    for (;;) {
      std::uint8_t* entry = base_ + bucket * stride_;
      const std::uint64_t found = load<std::uint64_t>(entry);
      if (found == key || found == 0) return entry;
      if (++bucket == buckets_) bucket = 0;
    }
  }

  std::uint8_t* base_ = nullptr;
  std::uint64_t buckets_ = 0;
  std::uint64_t stride_ = 0;
};

class ProbingTables : public NgramTables {
 public:
  ProbingTables(std::uint8_t* at, const KenlmHeader& header) : order_(header.order) {
    const std::uint64_t words = header.counts[0];
    store(at + 4, static_cast<std::uint32_t>(words));
    vocabulary_ = HashFiller(at + 8, header.buckets(words), 4);
    at += 8 + table_bytes(header, words, 4);
    unigrams_ = at;
    at += (words + 1) * kProbingWeightBytes;
    for (std::size_t n = 2; n <= order_; ++n) {
      const std::uint64_t value_bytes = n == order_ ? 4 : kProbingWeightBytes, entries = header.counts[n - 1];
      longer_.emplace_back(at, header.buckets(entries), value_bytes);
      at += table_bytes(header, entries, value_bytes);
    }
  }

  void word(std::uint32_t id, std::uint64_t hash) override {
    std::uint8_t* value = vocabulary_.insert(hash);
    if (value == nullptr) throw FormatError("names a word twice");
    store(value, id);
  }

  void bins(std::size_t, const std::vector<float>&, const std::vector<float>&) override {
    throw FormatError("cannot be quantized: hash tables are not");
  }

  void add(std::size_t order, std::uint64_t, const std::uint32_t* ids, float probability, float backoff) override {
    if (order == 1) {
      store(unigrams_ + ids[0] * kProbingWeightBytes, probability);
      store(unigrams_ + ids[0] * kProbingWeightBytes + 4, backoff);
      return;
    }
    std::uint8_t* context = find(ids, order - 1);
    if (context == nullptr) refuse_context(order);
    if (pattern_of(load<float>(context + 4)) == pattern_of(kNoExtension)) store(context + 4, kExtension);
    std::uint8_t* suffix = find(ids + 1, order - 1);
    if (suffix == nullptr) refuse_suffix(order);
    store(suffix, std::fabs(load<float>(suffix)));
    std::uint8_t* value = longer_[order - 2].insert(key_of(ids, order));
    if (value == nullptr) throw FormatError("names an n-gram twice");
    store(value, -std::fabs(probability));
    if (order < order_) store(value + 4, backoff);
  }

  void close(std::size_t) override {}

 private:
  static std::uint64_t key_of(const std::uint32_t* ids, std::size_t order) {
    std::uint64_t key = ids[order - 1];
    for (std::size_t i = order - 1; i-- > 0;) key = longer_key(key, ids[i]);
    return key;
  }

  std::uint8_t* find(const std::uint32_t* ids, std::size_t order) {
    return order == 1 ? unigrams_ + ids[0] * kProbingWeightBytes : longer_[order - 2].find(key_of(ids, order));
  }

  std::size_t order_;
  HashFiller vocabulary_;
  std::uint8_t* unigrams_;
  std::vector<HashFiller> longer_;  // from bigrams
};

}  // namespace

std::unique_ptr<NgramTables> probing_tables(std::uint8_t* at, const KenlmHeader& header) {
  return std::make_unique<ProbingTables>(at, header);
}

}  // namespace deepspeech
