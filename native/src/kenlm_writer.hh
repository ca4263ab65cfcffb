// Writes KenLM's binary files from n-grams that come in pieces: tries, quantized or not, and hash tables.
//
// Format: KenLM lm/binary_format.cc, lm/search_trie.cc, lm/search_hashed.cc, lm/quantize.cc; the files equal those of
// its `build_binary -v` byte for byte. The file is filled in place through memory, so that the system decides how much
// of it stays there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ngram.hh"

namespace deepspeech {

struct KenlmPlan {
  KenlmHeader header;
  unsigned probability_bits;  // of quantized types
  unsigned backoff_bits;
  unsigned array_bits;  // of types with array pointers: at most so many bits are kept apart
};

// Bytes of the file. Throws FormatError for a plan that no file can follow.
std::uint64_t kenlm_bytes(const KenlmPlan& plan);

// N-grams as they come, `rows` of them: ids oldest word first, logarithms to base 10.
struct NgramChunk {
  std::size_t order;
  std::size_t rows;
  const std::uint32_t* ids;  // [rows, order]
  const float* probabilities;
  const float* backoffs;  // unused in the longest order
};

// The means of `bins` equally filled parts of `count` ascending `values`; an empty part repeats the mean before it.
std::vector<float> bin_means(const float* values, std::size_t count, std::size_t bins);

// Search tables that are being filled. Orders come one after the other, from 1.
class NgramTables {
 public:
  virtual ~NgramTables() = default;
  virtual void word(std::uint32_t id, std::uint64_t hash) = 0;
  virtual void bins(std::size_t order, const std::vector<float>& probabilities, const std::vector<float>& backoffs) = 0;
  // Row number `row` of its order.
  virtual void add(std::size_t order, std::uint64_t row, const std::uint32_t* ids, float probability,
                   float backoff) = 0;
  virtual void close(std::size_t order) = 0;
};

class KenlmWriter {
 public:
  // `path` is an existing file of kenlm_bytes(plan) zeros.
  KenlmWriter(const std::string& path, const KenlmPlan& plan);

  // Words by ascending id, from 0, the unknown word. Tries need ids that ascend with the words' hashes.
  void words(const std::vector<std::string>& spellings);

  // Quantized types: the values of one order from 2, before its rows.
  void bins(std::size_t order, const std::vector<float>& probabilities, const std::vector<float>& backoffs);

  // Rows of each order, from 1. Tries need them sorted by ids, newest word first.
  void rows(const NgramChunk& rows);

  // Throws where anything is missing.
  void finish();

 private:
  void close_order();

  MappedFile file_;
  KenlmPlan plan_;
  std::unique_ptr<NgramTables> tables_;
  std::uint64_t words_ = 0;
  std::size_t order_ = 1;   // whose rows come
  std::uint64_t rows_ = 0;  // of it have come
};

}  // namespace deepspeech
