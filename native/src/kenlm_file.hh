// KenLM's binary file: what its header says, and the numbers of its words.
//
// Format: KenLM lm/binary_format.cc, lm/vocab.cc; the n-grams themselves are in ngram.hh.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mapped_file.hh"
#include "ngram_tables.hh"

namespace deepspeech {

constexpr std::size_t kMaxOrder = 8;
constexpr std::uint32_t kUnknownWord = 0;

enum class KenlmType : std::uint32_t {
  kProbing,
  kRestProbing,
  kTrie,
  kQuantTrie,
  kArrayTrie,
  kQuantArrayTrie,
};

struct KenlmHeader {
  std::size_t order;
  KenlmType type;
  float probing_multiplier;
  bool has_strings;                   // the words themselves follow the n-grams
  std::vector<std::uint64_t> counts;  // n-grams of each order, from 1

  bool probing() const { return type == KenlmType::kProbing || type == KenlmType::kRestProbing; }
  bool quantized() const { return type == KenlmType::kQuantTrie || type == KenlmType::kQuantArrayTrie; }
  bool array_pointers() const { return type == KenlmType::kArrayTrie || type == KenlmType::kQuantArrayTrie; }

  // Buckets of a hash table for `entries`.
  std::uint64_t buckets(std::uint64_t entries) const;
};

// Reads the header; the cursor passes over it. Throws FormatError, which says what the file is instead if it can tell.
KenlmHeader read_kenlm_header(const MappedFile& file, Cursor& cursor);

// Bytes of a header, and what writes so many at `at`.
std::uint64_t kenlm_header_bytes(std::size_t order);
void write_kenlm_header(const KenlmHeader& header, std::uint8_t* at);

// Numbers of words, by hash; their spelling is not kept.
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(Cursor& cursor, const KenlmHeader& header);

  // kUnknownWord for what is not there.
  std::uint32_t id(std::string_view word) const;

 private:
  bool probing_ = false;
  std::uint64_t words_ = 0;  // ids stay below
  HashTable table_;
  const std::uint8_t* hashes_ = nullptr;  // sorted; id = position + 1
  std::uint64_t hash_count_ = 0;
};

}  // namespace deepspeech
