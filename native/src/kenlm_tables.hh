// What the tables of KenLM's binary files have in common while they are filled; private to the writer.
#pragma once

#include <cstring>
#include <memory>
#include <string>

#include "kenlm_writer.hh"

namespace deepspeech {

constexpr float kNoExtension = -0.0f;  // a backoff of zero where nothing longer begins with the n-gram
constexpr float kExtension = 0.0f;

inline std::string ngrams_of(std::size_t order) { return std::to_string(order) + "-grams"; }

[[noreturn]] inline void refuse_context(std::size_t order) {
  throw FormatError("has " + ngrams_of(order) + " whose first words are not among its " + ngrams_of(order - 1));
}

[[noreturn]] inline void refuse_suffix(std::size_t order) {
  throw FormatError("has " + ngrams_of(order) + " whose last words are not among its " + ngrams_of(order - 1));
}

inline std::uint32_t pattern_of(float number) {
  std::uint32_t pattern;
  std::memcpy(&pattern, &number, sizeof pattern);
  return pattern;
}

inline std::uint64_t table_bytes(const KenlmHeader& header, std::uint64_t entries, std::uint64_t value_bytes) {
  return header.buckets(entries) * (8 + value_bytes);
}

// Hash tables for all orders, from `at` on.
std::unique_ptr<NgramTables> probing_tables(std::uint8_t* at, const KenlmHeader& header);

}  // namespace deepspeech
