// Text to numbers of words: the first stage of a language model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deepspeech {

constexpr std::uint32_t kUnknown = 0, kSentenceBegin = 1, kSentenceEnd = 2;

// Words numbered in order of appearance. As in KenLM, words are the same when their 64-bit hashes are.
class WordList {
 public:
  WordList();

  static constexpr std::uint32_t kAbsent = 0xFFFFFFFFu;

  std::uint32_t find(std::string_view word) const;
  std::uint32_t find_or_add(std::string_view word, bool& added);
  std::size_t size() const { return hashes_.size(); }
  const std::vector<std::uint64_t>& hashes() const { return hashes_; }
  std::string_view word(std::uint32_t number) const {
    return std::string_view(text_.data() + starts_[number], starts_[number + 1] - starts_[number]);
  }

 private:
  std::size_t slot(std::uint64_t hash) const;
  void grow();

  std::vector<std::uint64_t> hashes_, starts_;
  std::vector<std::uint32_t> slots_;
  std::string text_;
};

// Cuts lines into words at spaces, tabs, carriage returns and NUL, as lmplz does, and counts them.
class Corpus {
 public:
  // `markers_are_space`: `<s>`, `</s>` and `<unk>` in the text count as space; otherwise they are refused.
  explicit Corpus(bool markers_are_space);

  // Whole lines; the last may lack its end. Appends each word's number, and kSentenceEnd for each line.
  // Throws std::invalid_argument with number of line and cause.
  void read(std::string_view lines, std::vector<std::uint32_t>& numbers);

  // Numbers lines from 1 again.
  void start_file() { line_ = 0; }

  const WordList& words() const { return words_; }
  const std::vector<std::uint64_t>& occurrences() const { return occurrences_; }

 private:
  void add(std::string_view word, std::vector<std::uint32_t>& numbers);

  bool markers_are_space_;
  std::uint64_t line_ = 0;
  WordList words_;
  std::vector<std::uint64_t> occurrences_;
};

// Whether these bytes are UTF-8 as Unicode defines it (no surrogates, nothing overlong).
bool is_utf8(std::string_view bytes);

}  // namespace deepspeech
