#include "arpa.hh"

#include <charconv>
#include <cmath>
#include <cstring>
#include <stdexcept>

#ifdef __APPLE__
#include <xlocale.h>
#endif

namespace deepspeech {
namespace {

constexpr std::size_t kLongestOrder = 6;
constexpr std::size_t kMostFields = kLongestOrder + 2;

template <typename T>
bool number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

#ifdef __APPLE__
// Apple's std::from_chars came to read floats years after the others'.
bool number(std::string_view text, float& value) {
  const std::string copy(text);
  char* end = nullptr;
  value = ::strtof_l(copy.c_str(), &end, LC_C_LOCALE);
  return !copy.empty() && end == copy.c_str() + copy.size();
}
#endif

// Cuts at spaces and tabs; how many fields there are, of which `fields` holds as many as fit.
std::size_t split(std::string_view line, std::string_view (&fields)[kMostFields + 1]) {
  std::size_t count = 0;
  const char* at = line.data();
  const char* const end = at + line.size();
  while (at < end) {
    while (at < end && (*at == ' ' || *at == '\t')) ++at;
    const char* const start = at;
    while (at < end && *at != ' ' && *at != '\t') ++at;
    if (at > start && count <= kMostFields) fields[count++] = std::string_view(start, static_cast<std::size_t>(at - start));
  }
  return count;
}

void append(std::string& text, float value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value == 0 ? 0.0f : value).ptr;
  text.append(digits, end);
}

}  // namespace

void ArpaLines::add_word(std::string_view word) {
  text_.append(word);
  starts_.push_back(text_.size());
}

std::string ArpaLines::of(const std::uint32_t* ids, std::size_t order, const float* probabilities,
                          const float* backoffs, std::size_t rows, bool with_backoffs) const {
  std::string lines;
  lines.reserve(rows * (order * 8 + 24));
  for (std::size_t row = 0; row < rows; ++row) {
    append(lines, probabilities[row]);
    for (std::size_t i = 0; i < order; ++i) {
      const std::uint32_t id = *ids++;
      if (id + 1 >= starts_.size()) throw std::out_of_range("no such word");
      lines.push_back(i == 0 ? '\t' : ' ');
      lines.append(text_, starts_[id], starts_[id + 1] - starts_[id]);
    }
    if (with_backoffs) {
      lines.push_back('\t');
      append(lines, backoffs[row]);
    }
    lines.push_back('\n');
  }
  return lines;
}

void ArpaReader::refuse(const std::string& cause) const {
  throw std::invalid_argument("line " + std::to_string(line_) + " " + cause);
}

void ArpaReader::read(std::string_view lines) {
  while (!lines.empty()) {
    ++line_;
    const std::size_t end = lines.find('\n');
    std::string_view one = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    while (!one.empty() && (one.back() == '\r' || one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (!one.empty()) line(one);
  }
}

void ArpaReader::finish() const {
  if (part_ != Part::kAfter) throw std::invalid_argument("ends early, after line " + std::to_string(line_));
}

void ArpaReader::line(std::string_view line) {
  switch (part_) {
    case Part::kBefore:
      if (line != "\\data\\") refuse("should be \\data\\, with which ARPA files begin");
      part_ = Part::kCounts;
      return;
    case Part::kAfter:
      refuse("comes after the end of the model");
    case Part::kCounts:
    case Part::kNgrams:
      break;
  }
  if (line.front() == '\\')
    heading(line);
  else if (part_ == Part::kCounts)
    count_line(line);
  else
    ngram(line);
}

void ArpaReader::count_line(std::string_view line) {
  const std::string expected = "ngram " + std::to_string(announced_.size() + 1) + "=";
  std::uint64_t count;
  if (line.substr(0, expected.size()) != expected || !number(line.substr(expected.size()), count))
    refuse("should be '" + expected + "' and a number");
  announced_.push_back(count);
}

void ArpaReader::end_of_section() const {
  if (order_ > 0 && found_ != announced_[order_ - 1])
    refuse("ends the " + std::to_string(order_) + "-grams after " + std::to_string(found_) + " of the " +
           std::to_string(announced_[order_ - 1]) + " that the file announces");
}

void ArpaReader::heading(std::string_view line) {
  if (part_ == Part::kCounts) {
    if (announced_.size() < 2 || announced_.size() > kLongestOrder)
      refuse("ends a header of " + std::to_string(announced_.size()) + " orders; models of 2 to " +
             std::to_string(kLongestOrder) + " can be used");
    rows_.resize(announced_.size());
    part_ = Part::kNgrams;
  }
  end_of_section();
  if (order_ == announced_.size()) {
    if (line != "\\end\\") refuse("should be \\end\\");
    part_ = Part::kAfter;
    return;
  }
  ++order_;
  found_ = 0;
  const std::string expected = "\\" + std::to_string(order_) + "-grams:";
  if (line != expected) refuse("should be " + expected);
}

void ArpaReader::ngram(std::string_view line) {
  std::string_view fields[kMostFields + 1];
  const std::size_t count = split(line, fields);
  if (count != order_ + 1 && count != order_ + 2)
    refuse("should hold a number, " + std::to_string(order_) + " words and perhaps a back-off, but has " +
           std::to_string(count) + " parts");
  float probability, backoff = 0;
  if (!number(fields[0], probability) || !std::isfinite(probability))
    refuse("begins with '" + std::string(fields[0]) + "', which is no number");
  if (probability > 0) refuse("has log10 probability " + std::string(fields[0]) + ", which is above 0");
  if (count == order_ + 2 && (!number(fields[order_ + 1], backoff) || !std::isfinite(backoff)))
    refuse("ends with '" + std::string(fields[order_ + 1]) + "', which is no number");
  if (order_ == announced_.size() && backoff != 0) refuse("has a back-off, which n-grams of the highest order have not");
  if (++found_ > announced_[order_ - 1])
    refuse("is one more " + std::to_string(order_) + "-gram than the file announces");
  Rows& rows = rows_[order_ - 1];
  for (std::size_t i = 1; i <= order_; ++i) rows.numbers.push_back(word(fields[i]));
  rows.probabilities.push_back(probability);
  rows.backoffs.push_back(backoff);
}

std::uint32_t ArpaReader::word(std::string_view word) {
  if (word == "<UNK>") word = "<unk>";
  if (order_ > 1) {
    const std::uint32_t found = words_.find(word);
    if (found == WordList::kAbsent) refuse("holds '" + std::string(word) + "', which is none of the 1-grams");
    return found;
  }
  bool added;
  const std::uint32_t found = words_.find_or_add(word, added);
  if (!added) refuse("holds '" + std::string(word) + "' for the second time");
  if (!is_utf8(word)) refuse("is no UTF-8; convert the file first, with iconv for example");
  return found;
}

}  // namespace deepspeech
