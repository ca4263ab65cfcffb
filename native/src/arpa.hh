// The ARPA text format of back-off models: lines of n-grams made and understood.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "corpus.hh"

namespace deepspeech {

// Makes lines of n-grams.
class ArpaLines {
 public:
  void add_word(std::string_view word);

  // `ids` [rows, order], oldest word first; numbers in the shortest form that reads back the same.
  // Throws std::out_of_range for an id without a word.
  std::string of(const std::uint32_t* ids, std::size_t order, const float* probabilities, const float* backoffs,
                 std::size_t rows, bool with_backoffs) const;

 private:
  std::string text_;
  std::vector<std::size_t> starts_{0};
};

// Reads whole lines of a file, one after the other, and collects its n-grams.
class ArpaReader {
 public:
  struct Rows {
    std::vector<std::uint32_t> numbers;  // of words, in order of appearance, oldest word first
    std::vector<float> probabilities, backoffs;
  };

  // Both throw std::invalid_argument with number of line and cause.
  void read(std::string_view lines);
  void finish() const;

  // N-grams the file announces, by order: complete, or none yet.
  std::vector<std::uint64_t> announced() const { return rows_.empty() ? std::vector<std::uint64_t>() : announced_; }
  Rows& rows(std::size_t n) { return rows_[n - 1]; }
  const WordList& words() const { return words_; }

 private:
  enum class Part { kBefore, kCounts, kNgrams, kAfter };

  void line(std::string_view line);
  void count_line(std::string_view line);
  void heading(std::string_view line);
  void ngram(std::string_view line);
  std::uint32_t word(std::string_view word);
  void end_of_section() const;
  [[noreturn]] void refuse(const std::string& cause) const;

  Part part_ = Part::kBefore;
  std::uint64_t line_ = 0;
  std::size_t order_ = 0;  // of the n-grams being read
  std::uint64_t found_ = 0;
  std::vector<std::uint64_t> announced_;
  std::vector<Rows> rows_;
  WordList words_;
};

}  // namespace deepspeech
